"""M12: what a leaked key of each principal may do, read from config/bucket/*.json."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "config" / "bucket"
PRINCIPALS = ("writer", "reader", "reaper")
BUCKET = "arn:aws:s3:::BUCKET"
FOOTAGE = f"{BUCKET}/v1/kg-1/cam-1/2026/11/22/0001795380636812-0123456789abcdef.mp4"

ALLOWED = {
    "s3:PutObject": {"writer"},
    "s3:PutObjectRetention": {"writer"},
    "s3:PutObjectLegalHold": {"writer"},
    "s3:AbortMultipartUpload": {"writer"},
    "s3:GetObject": {"reader"},
    "s3:GetObjectVersion": {"reader"},
    "s3:GetObjectRetention": {"reader", "reaper"},
    "s3:GetObjectLegalHold": {"reader", "reaper"},
    "s3:DeleteObjectVersion": {"reaper"},
    "s3:ListBucket": {"writer", "reader", "reaper"},
    "s3:ListBucketVersions": {"reader", "reaper"},
    "s3:DeleteObject": set(),
    "s3:BypassGovernanceRetention": set(),
    "s3:PutBucketPolicy": set(),
    "s3:PutBucketVersioning": set(),
    "s3:PutBucketObjectLockConfiguration": set(),
    "s3:PutBucketPublicAccessBlock": set(),
    "s3:PutLifecycleConfiguration": set(),
    "s3:DeleteBucket": set(),
    "s3:PutObjectAcl": set(),
}
ON_THE_BUCKET = ("s3:ListBucket", "s3:ListBucketVersions", "s3:PutBucket", "s3:DeleteBucket", "s3:PutLifecycle")


def statements(principal: str) -> list[dict[str, object]]:
    policy = json.loads((FOLDER / f"{principal}.json").read_text(encoding="utf-8"))
    assert policy["Version"] == "2012-10-17"
    found: list[dict[str, object]] = policy["Statement"]
    return found


def matches(statement: dict[str, object], action: str, resource: str) -> bool:
    actions, resources = statement["Action"], statement["Resource"]
    assert isinstance(actions, list)
    assert isinstance(resources, list)
    return any(fnmatchcase(action, a) for a in actions) and any(fnmatchcase(resource, r) for r in resources)


def decide(principal: str, action: str, resource: str) -> bool:
    """Whether the policy alone allows it: an unconditional Deny wins, else an Allow is needed."""
    fitting = [s for s in statements(principal) if matches(s, action, resource) and "Condition" not in s]
    effects = {s["Effect"] for s in fitting}
    return effects == {"Allow"}


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("action", sorted(ALLOWED))
def test_m12_each_principal_may_do_its_own_work_and_nothing_else(principal: str, action: str) -> None:
    resource = BUCKET if action.startswith(ON_THE_BUCKET) else FOOTAGE
    assert decide(principal, action, resource) is (principal in ALLOWED[action])


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_m12_nothing_is_granted_by_a_wildcard_or_to_everybody(principal: str) -> None:
    for statement in statements(principal):
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::ACCOUNT:user/camera-gateway-{principal}"}
        if statement["Effect"] == "Allow":
            assert not any("*" in action for action in statement["Action"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_m12_hiding_unlocking_and_reconfiguring_are_denied_and_not_only_left_out(principal: str) -> None:
    for action in ("s3:DeleteObject", "s3:BypassGovernanceRetention", "s3:PutBucketPolicy"):
        resource = BUCKET if action == "s3:PutBucketPolicy" else FOOTAGE
        assert any(s["Effect"] == "Deny" and matches(s, action, resource) for s in statements(principal))


def test_r2_the_writer_cannot_lock_for_longer_than_the_policy() -> None:
    (bound,) = [s for s in statements("writer") if s["Sid"] == "NoLockLongerThanThePolicy"]
    assert bound["Effect"] == "Deny"
    assert bound["Condition"] == {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "400"}}
    assert bound["Action"] == ["s3:PutObject", "s3:PutObjectRetention"]
    assert bound["Resource"] == ["arn:aws:s3:::BUCKET/v1/*.mp4"], "footage; seals hold no pictures and stay ten years"
    (widest,) = [s for s in statements("writer") if s["Sid"] == "NoLockLongerThanThatOfSeals"]
    assert widest["Effect"] == "Deny"
    assert widest["Condition"] == {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "3700"}}
    assert (widest["Action"], widest["Resource"]) == (bound["Action"], ["arn:aws:s3:::BUCKET/*"])


def test_there_are_three_principals() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(PRINCIPALS)
