"""How long the service's TLS certificate is still good. Reads the file that the settings name; never the key.

Promises no error: a file that cannot be read says nothing here, the service would not have started with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography import x509

from camera_gateway.clock import US, from_datetime, rfc3339
from camera_gateway.domain.retention import DAY_US

if TYPE_CHECKING:
    from camera_gateway.clock import Clock
    from camera_gateway.settings.schema import ApiSettings


def end_us(settings: ApiSettings) -> int | None:
    """Return when the certificate ends, µs UTC; None without TLS."""
    if settings.tls_cert_file is None:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(settings.tls_cert_file.read_bytes())
    except (OSError, ValueError):
        return None
    return from_datetime(certificate.not_valid_after_utc)


def days_left(settings: ApiSettings, clock: Clock) -> int | None:
    """Return for how many whole days it is still good, 0 and below when it has ended; None without TLS."""
    end = end_us(settings)
    return None if end is None else (end - clock.now_us()) // DAY_US


def described(settings: ApiSettings) -> dict[str, Any] | None:
    """Return file and end for JSON; None without TLS."""
    end = end_us(settings)
    return None if end is None else {"file": str(settings.tls_cert_file), "ends": rfc3339(end // US * US)}
