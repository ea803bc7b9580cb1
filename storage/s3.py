"""A blob store that speaks S3: the only importer of boto3 and botocore.

Promises BlobStore on Amazon S3 and what is compatible with it (SeaweedFS, MinIO, Ceph). It asks the
store once and never retries; every vendor error becomes one of storage.errors in `translated`.
Credentials come as values and appear in no message. Knows no camera.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions as vendor
import botocore.session
import urllib3.exceptions
from botocore.config import Config
from botocore.parsers import ResponseParserError

from storage import multipart, s3_lock
from storage.blobs import (
    Capabilities,
    Chunks,
    Receipt,
    check_canary_key,
    check_deletion,
    check_extension,
    check_key,
    encode_metadata,
)
from storage.checksum import from_header, to_header
from storage.errors import Denied, Missing, Permanent, StoreError, Transient
from storage.s3_answers import blob_info, check_bucket, lock_headers, retention_of, server_time_us
from storage.s3_errors import BeyondTheEnd, answered
from storage.s3_listing import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.client import BaseClient

    from storage.blobs import BlobInfo, ListedBlob, Lock, VersionInfo

READ_BYTES = 1 << 18
MULTIPART_FROM_BYTES = 64 << 20

_VENDOR_ERRORS = (
    vendor.BotoCoreError,
    vendor.ClientError,
    ResponseParserError,
    urllib3.exceptions.HTTPError,
)
_NOT_SENT = (
    vendor.EndpointConnectionError,
    vendor.ConnectTimeoutError,
    vendor.ProxyConnectionError,
)


@dataclass(frozen=True, slots=True, repr=False)
class S3Address:
    """Where the bucket is and who we are. Not shown by repr: it holds a secret."""

    endpoint: str | None
    region: str
    bucket: str
    access_key: str
    secret_key: str
    path_style: bool = True
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    connections: int = 16


class S3Store:
    """See BlobStore. `now_us` is our clock, to tell how far the store's is from it."""

    def __init__(
        self,
        address: S3Address,
        now_us: Callable[[], int],
        *,
        multipart_from_bytes: int = MULTIPART_FROM_BYTES,
        part_bytes: int = multipart.PART_BYTES,
        page: int = 1000,
    ) -> None:
        self._client = _client(address)
        self._bucket = address.bucket
        self._region = address.region
        self._now_us = now_us
        self._multipart_from_bytes = multipart_from_bytes
        self._part_bytes = part_bytes
        self._page = page

    @property
    def capabilities(self) -> Capabilities:
        """At best; the canary says what this one does."""
        return Capabilities(locks=True, checksums=True, own_clock=True)

    def ensure_bucket(self) -> bool:
        """Create the bucket with versions and object lock if it is absent; whether it was."""
        return s3_lock.ensure_bucket(self._call, self._bucket, region=self._region)

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str,
        metadata: Mapping[str, str] | None = None,
        lock: Lock | None = None,
        content_type: str = "application/octet-stream",
        pace: Callable[[int], None] | None = None,
    ) -> Receipt:
        """See BlobStore. A large file goes in parts, with a journal beside it."""
        check_key(key)
        headers: dict[str, object] = {
            "ContentType": content_type,
            "Metadata": encode_metadata(metadata or {}),
            **lock_headers(lock),
        }
        if isinstance(source, Path):
            size = source.stat().st_size
            if size >= self._multipart_from_bytes:
                return self._put_in_parts(key, source, size, sha256, headers, lock, pace)
        arguments = {"Key": key, "ChecksumSHA256": to_header(sha256), "IfNoneMatch": "*", **headers}
        if isinstance(source, Path):
            with source.open("rb") as file:
                body = multipart.PacedBody(file, pace)
                answer = self._call("PutObject", Bucket=self._bucket, Body=body, **arguments)
        else:
            size = len(source)
            if pace is not None:
                pace(size)
            answer = self._call("PutObject", Bucket=self._bucket, Body=source, **arguments)
        told = from_header(answer.get("ChecksumSHA256"))
        return Receipt(key, str(answer.get("VersionId", "null")), size, told, lock)

    def head(self, key: str, version_id: str | None = None) -> BlobInfo:
        """See BlobStore."""
        try:
            answer = self._call("HeadObject", **self._place(key, version_id), ChecksumMode="ENABLED")
        except Missing:
            check_bucket(self._call, self._bucket)
            raise
        return blob_info(key, answer)

    def get(
        self,
        key: str,
        *,
        version_id: str | None = None,
        start: int = 0,
        length: int | None = None,
        pace: Callable[[int], None] | None = None,
    ) -> Chunks:
        """See BlobStore (RFC 9110, section 14: byte ranges)."""
        arguments = self._place(key, version_id)
        if length == 0:
            self.head(key, version_id)
            return Chunks((), length=0)
        if start or length is not None:
            last = "" if length is None else str(start + length - 1)
            arguments["Range"] = f"bytes={start}-{last}"
        try:
            answer = self._call("GetObject", **arguments)
        except BeyondTheEnd:
            return Chunks((), length=0)
        body = answer["Body"]
        pieces = _received(body, pace)
        return Chunks(pieces, length=int(answer["ContentLength"]), close=body.close)

    def list(self, prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        """See BlobStore."""
        return self._listing().blobs(prefix, after or "")

    def list_versions(self, prefix: str, after: str | None = None) -> Iterator[VersionInfo]:
        """See BlobStore."""
        return self._listing().versions(prefix, after or "")

    def delete_version(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        try:
            info = self.head(key, version_id)
        except Missing:
            pass  # gone already, or a delete marker, which has no lock
        else:
            check_deletion(info.lock, hold=info.hold, now_us=self.server_time_us())
        self._call("DeleteObject", **self._place(key, version_id))

    def extend_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        if check_extension(self.head(key, version_id).lock, lock):
            self._put_retention(key, version_id, lock)

    def place_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._put_hold(key, version_id, "ON")

    def lift_hold(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._put_hold(key, version_id, "OFF")

    def try_delete(self, key: str, version_id: str) -> None:
        """See BlobStore."""
        self._call("DeleteObject", **self._place(check_canary_key(key), version_id))

    def try_shorten_lock(self, key: str, version_id: str, lock: Lock) -> None:
        """See BlobStore."""
        self._put_retention(check_canary_key(key), version_id, lock)

    def abort_stale_uploads(self, older_than_us: int) -> int:
        """See BlobStore."""
        return multipart.abort_stale(self._call, self._bucket, older_than_us)

    def versioning(self) -> bool:
        """See BlobStore."""
        return self._call("GetBucketVersioning", Bucket=self._bucket).get("Status") == "Enabled"

    def server_time_us(self) -> int:
        """See BlobStore."""
        return server_time_us(self._call, self._bucket, self._now_us)

    def close(self) -> None:
        """See BlobStore."""
        self._client.close()

    def _put_in_parts(
        self,
        key: str,
        source: Path,
        size: int,
        sha256: str,
        headers: Mapping[str, object],
        lock: Lock | None,
        pace: Callable[[int], None] | None,
    ) -> Receipt:
        version_id = multipart.upload(
            self._call,
            bucket=self._bucket,
            key=key,
            source=source,
            size=size,
            sha256=sha256,
            headers=headers,
            pace=pace,
            part_bytes=self._part_bytes,
        )
        if lock is not None:  # some stores pass over the lock headers of a multipart upload
            self.extend_lock(key, version_id, lock)
        return Receipt(key, version_id, size, None, lock)

    def _listing(self) -> Listing:
        return Listing(self._call, self._bucket, self._page)

    def _put_retention(self, key: str, version_id: str, lock: Lock) -> None:
        place = self._place(key, version_id)
        self._call("PutObjectRetention", **place, Retention=retention_of(lock))

    def _put_hold(self, key: str, version_id: str, status: str) -> None:
        self.head(key, version_id)  # SeaweedFS 4.48 answers 500 for a key that is not there
        place = self._place(key, version_id)
        self._call("PutObjectLegalHold", **place, LegalHold={"Status": status})

    def _place(self, key: str, version_id: str | None) -> dict[str, Any]:
        place = {"Bucket": self._bucket, "Key": check_key(key)}
        return place if version_id is None else {**place, "VersionId": version_id}

    def _call(self, operation: str, /, **arguments: object) -> Mapping[str, Any]:
        """Ask the store once, in our own errors."""
        method = getattr(self._client, vendor_method(operation))
        try:
            answer: Mapping[str, Any] = method(**arguments)
        except _VENDOR_ERRORS as error:
            body = arguments.get("Body")
            if isinstance(body, multipart.PacedBody) and body.error is not None:
                raise body.error from error
            raise translated(operation, error, self._now_us) from error
        return answer


def vendor_method(operation: str) -> str:
    """`ListObjectsV2` is called `list_objects_v2` by boto3."""
    return str(botocore.xform_name(operation))


def translated(operation: str, error: Exception, now_us: Callable[[], int]) -> StoreError:
    """Say a vendor's error in our words; the message names operation and code, nothing more."""
    if isinstance(error, vendor.ClientError):
        return answered(operation, error.response, now_us)
    word = f"{operation}: {type(error).__name__}"
    if isinstance(error, _NOT_SENT):
        return Transient(word)
    if isinstance(
        error,
        vendor.HTTPClientError
        | vendor.IncompleteReadError
        | vendor.ReadTimeoutError
        | vendor.ResponseStreamingError
        | ResponseParserError
        | urllib3.exceptions.HTTPError,
    ):
        return Transient(word, ambiguous=True)
    if isinstance(error, vendor.NoCredentialsError | vendor.PartialCredentialsError):
        return Denied(word)
    return Permanent(word)


def _received(body: Any, pace: Callable[[int], None] | None) -> Iterator[bytes]:  # noqa: ANN401 -- untyped vendor class
    try:
        for piece in body.iter_chunks(READ_BYTES):
            if pace is not None:
                pace(len(piece))
            yield piece
    except (vendor.BotoCoreError, urllib3.exceptions.HTTPError, OSError) as error:
        raise Transient(f"GetObject: {type(error).__name__}") from error


def _client(address: S3Address) -> BaseClient:
    """Make a client that looks at no file and no environment variable of the machine."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    style = "path" if address.path_style else "virtual"
    config = Config(
        signature_version="s3v4",
        connect_timeout=address.connect_timeout_s,
        read_timeout=address.read_timeout_s,
        max_pool_connections=address.connections,
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # The signed checksum header covers the body; hashing it twice would read it twice.
        s3={"addressing_style": style, "payload_signing_enabled": False},
        tcp_keepalive=True,
    )
    return boto3.session.Session(botocore_session=session).client(
        "s3",
        endpoint_url=address.endpoint,
        region_name=address.region,
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        config=config,
    )
