"""Every vendor error in our words: what is tried again, what is not, and what no message tells."""

from __future__ import annotations

import pytest
import urllib3.exceptions
from botocore import exceptions as vendor

from storage import errors
from storage.blobs import SECOND_US, Lock, check_key, decode_metadata, encode_metadata
from storage.s3 import translated

NOW_US = 1_795_380_000_000_000
DATE = "Sun, 22 Nov 2026 20:40:00 GMT"


def answer(status: int, code: str, date: str | None = None) -> vendor.ClientError:
    headers = {"date": date} if date else {}
    response = {
        "Error": {"Code": code, "Message": "secret words of /bucket/v1/kg-1"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return vendor.ClientError(response, "PutObject")


def said(error: Exception, now_us: int = NOW_US) -> errors.StoreError:
    return translated("PutObject", error, lambda: now_us)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", errors.Missing),
        (404, "NoSuchVersion", errors.Missing),
        (404, "NoSuchUpload", errors.Missing),
        (404, "404", errors.Missing),
        (405, "MethodNotAllowed", errors.Missing),
        (404, "NoSuchBucket", errors.Permanent),
        (412, "PreconditionFailed", errors.Exists),
        (412, "412", errors.Exists),
        (409, "ConditionalRequestConflict", errors.Transient),
        (409, "OperationAborted", errors.Transient),
        (400, "BadDigest", errors.Corrupt),
        (400, "XAmzContentChecksumMismatch", errors.Corrupt),
        (400, "ObjectLocked", errors.Locked),
        (403, "AccessDenied", errors.Denied),
        (403, "SignatureDoesNotMatch", errors.Denied),
        (403, "InvalidAccessKeyId", errors.Denied),
        (400, "ExpiredToken", errors.Denied),
        (403, "403", errors.Denied),
        (400, "RequestTimeout", errors.Transient),
        (429, "Whatever", errors.Transient),
        (500, "InternalError", errors.Transient),
        (503, "SlowDown", errors.Transient),
        (507, "InsufficientStorage", errors.Transient),
        (400, "InvalidRequest", errors.Permanent),
        (501, "", errors.Transient),
        (400, "", errors.Permanent),
    ],
)
def test_an_answer_becomes_one_of_our_errors(status: int, code: str, kind: type[errors.StoreError]) -> None:
    error = said(answer(status, code))
    assert type(error) is kind
    assert error.ambiguous is (kind is errors.Transient)
    assert "secret" not in str(error)
    assert "kg-1" not in str(error)


def test_u6_a_skewed_clock_is_told_apart_with_its_skew() -> None:
    fast = said(answer(403, "RequestTimeTooSkewed", DATE), NOW_US + 3600 * SECOND_US)
    assert isinstance(fast, errors.ClockSkewed)
    assert fast.skew_us == 3600 * SECOND_US
    unknown = said(answer(403, "RequestTimeTooSkewed"))
    assert isinstance(unknown, errors.ClockSkewed)
    assert unknown.skew_us is None


def test_u6_a_refused_head_has_no_words_so_the_date_tells_skew_from_denial() -> None:
    assert isinstance(said(answer(403, "403", DATE), NOW_US + 3600 * SECOND_US), errors.ClockSkewed)
    assert isinstance(said(answer(403, "403", DATE), NOW_US + 60 * SECOND_US), errors.Denied)


@pytest.mark.parametrize(
    "error",
    [
        vendor.EndpointConnectionError(endpoint_url="http://user:secret@store"),
        vendor.ConnectTimeoutError(endpoint_url="http://user:secret@store"),
    ],
)
def test_a_request_that_never_left_is_transient_and_not_ambiguous(error: Exception) -> None:
    mapped = said(error)
    assert type(mapped) is errors.Transient
    assert mapped.ambiguous is False
    assert "secret" not in str(mapped)


@pytest.mark.parametrize(
    "error",
    [
        vendor.ReadTimeoutError(endpoint_url="http://user:secret@store"),
        vendor.ConnectionClosedError(endpoint_url="http://user:secret@store"),
        vendor.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        vendor.HTTPClientError(error=OSError("reset")),
        urllib3.exceptions.ProtocolError("secret"),
    ],
)
def test_u5_a_request_whose_answer_was_lost_is_ambiguous(error: Exception) -> None:
    mapped = said(error)
    assert type(mapped) is errors.Transient
    assert mapped.ambiguous is True
    assert "secret" not in str(mapped)


def test_missing_credentials_and_our_own_mistakes_are_not_tried_again() -> None:
    assert type(said(vendor.NoCredentialsError())) is errors.Denied
    assert type(said(vendor.ParamValidationError(report="x"))) is errors.Permanent


def test_a_lock_ends_at_a_whole_second_never_earlier_than_asked() -> None:
    assert Lock.until("governance", 1_000_001).retain_until_us == 2_000_000
    assert Lock.until("governance", 2_000_000).retain_until_us == 2_000_000
    with pytest.raises(ValueError, match="whole second"):
        Lock("governance", 1_000_001)


def test_metadata_is_plain_ascii_on_the_wire_and_readable_where_it_can_be() -> None:
    encoded = encode_metadata({"a": 'codec=avc1.64001f; {"x": 1}', "b": "№ 3", "c": "", "d": "%"})
    assert encoded == {"a": 'codec=avc1.64001f;%20{"x":%201}', "b": "%E2%84%96%203", "c": "%", "d": "%25"}
    assert decode_metadata(encoded) == {"a": 'codec=avc1.64001f; {"x": 1}', "b": "№ 3", "c": "", "d": "%"}


def test_the_keys_of_the_contract_are_keys() -> None:
    for key in (
        "v1/kg-1/cam-1/2026/11/22/0001795380636812-0123456789abcdef.mp4",
        "v1/kg-1/cam-1/2026/11/22/manifest/cam-1.2026-11-22.a1.SHA256SUMS",
        "v1/kg-1/seals/main/2026-11-22/SEAL.2026-11-22.txt",
        "v1/kg-1/audit/2026-11-22T14/HEAD.txt",
    ):
        assert check_key(key) == key
