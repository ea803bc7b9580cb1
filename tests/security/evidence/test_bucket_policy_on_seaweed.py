"""The writer's bucket policy on a real SeaweedFS: what it enforces, and the one thing that it does not know."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.seaweed import Seaweed

from camera_gateway.clock import SystemClock, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = Path(__file__).parents[3] / "config" / "bucket" / "writer.json"
ACCOUNT = "000000000000"
BUCKET = "policy"
KEY = "v1/kg-12/cam-01/2026/11/22/1795219200000000-0123456789abcdef.mp4"


def client(server: Seaweed, access: str, secret: str) -> Any:  # noqa: ANN401 - untyped vendor class
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The writer's client, once the policy is in force; loopback has no TLS, so that one statement is left out."""
    server = Seaweed(tmp_path_factory.mktemp("weed"))
    path = server.directory / "s3.json"
    document = json.loads(path.read_text())
    keys = {"accessKey": "writerkey", "secretKey": "writersecret"}
    document["identities"].append({"name": "camera-gateway-writer", "credentials": [keys], "actions": []})
    path.write_text(json.dumps(document))
    policy = json.loads(POLICY.read_text().replace("BUCKET", BUCKET).replace("ACCOUNT", ACCOUNT))
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "OnlyOverTls"]
    with server:
        keeper = client(server, server.access_key, server.secret_key)
        keeper.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        keeper.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
        yield client(server, keys["accessKey"], keys["secretKey"])
        keeper.close()


def put(writer: Any, key: str, days: int) -> str:  # noqa: ANN401 - untyped vendor class
    until = to_datetime(SystemClock().now_us()) + timedelta(days=days)
    answer = writer.put_object(
        Bucket=BUCKET, Key=key, Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until
    )
    return str(answer["VersionId"])


def refused(call: Any, **arguments: Any) -> None:  # noqa: ANN401 - untyped vendor calls
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_the_writer_puts_locked_footage_and_does_nothing_else(writer: Any) -> None:  # noqa: ANN401 - as above
    version = put(writer, KEY, 30)
    refused(writer.delete_object, Bucket=BUCKET, Key=KEY)
    refused(writer.delete_object, Bucket=BUCKET, Key=KEY, VersionId=version, BypassGovernanceRetention=True)
    refused(writer.get_object, Bucket=BUCKET, Key=KEY)
    refused(writer.put_object, Bucket=BUCKET, Key="elsewhere/x", Body=b"x")
    refused(writer.delete_bucket_policy, Bucket=BUCKET)


def test_seaweed_does_not_know_the_bound_on_locks_so_the_guide_says_that_it_is_not_enforced_there(
    writer: Any,  # noqa: ANN401 - as above
) -> None:
    put(writer, KEY.replace("cam-01", "cam-02"), 500)
    guide = (POLICY.parents[2] / "docs" / "guide" / "administrator.md").read_text()
    assert "SeaweedFS 4.48 does not know this condition" in guide
