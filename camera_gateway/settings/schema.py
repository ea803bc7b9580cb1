"""Every setting of `gateway.toml`: type, default, unit, and why the default is what it is.

Promises that what has been parsed here is whole and consistent, so that nobody checks again. The reference page and
the example file are made of these descriptions (`reference`). Reads no file and no environment; knows no secret,
only the files that hold them.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, model_validator

from camera_gateway.domain.alert import Audience, Severity
from camera_gateway.domain.bandwidth import Share, parse_bandwidth
from camera_gateway.domain.camera import parse_networks
from camera_gateway.domain.ids import parse_slug
from camera_gateway.domain.retention import Defaults
from camera_gateway.domain.schedule import parse_schedule, zone
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from pydantic.config import JsonDict

PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_MIB = 1 << 20
_MAX_PORT = 65_535
_EMBEDDED_SPAN = 10_000 + 4
"""The embedded store opens five ports from `port` on, and each of them again 10000 higher."""


def _setting(default: Any, what: str, why: str, *, unit: str = "", example: str = "", **limits: Any) -> Any:  # noqa: ANN401 - as Field
    """Declare a setting: what it does, why its default is right, its unit, an example where the default is None."""
    extra: JsonDict = {"why": why, "unit": unit, "example": example}
    return Field(default, description=what, json_schema_extra=extra, **limits)


def _refused_as_value_error(error: InvalidInput) -> ValueError:
    return ValueError(f"{error.message}; {error.hint}" if error.hint else error.message)


def _windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        parse_schedule(texts)
    except InvalidInput as error:
        raise _refused_as_value_error(error) from error
    return texts


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return parse_networks(texts)
    except InvalidInput as error:
        raise _refused_as_value_error(error) from error


def _catalogue_url(url: str) -> str:
    if url.startswith("postgresql"):
        msg = "a catalogue in PostgreSQL is not there yet; this version keeps it in SQLite: sqlite:///catalogue.sqlite"
        raise ValueError(msg)
    if not url.startswith("sqlite:///") or url == "sqlite:///":
        msg = "not an address of a catalogue; for example sqlite:///catalogue.sqlite"
        raise ValueError(msg)
    return url


def _zone(name: str) -> str:
    try:
        zone(name)
    except InvalidInput as error:
        raise _refused_as_value_error(error) from error
    return name


def _slug(text: str) -> str:
    try:
        return parse_slug(text, "site")
    except InvalidInput as error:
        raise _refused_as_value_error(error) from error


def _bandwidth(value: object) -> int | Share:
    try:
        return parse_bandwidth(value)
    except InvalidInput as error:
        raise _refused_as_value_error(error) from error


def _some_bandwidth(value: int | Share) -> int | Share:
    if value == Share(0):
        msg = "0% inside the windows would never upload; to hold footage back, write windows"
        raise ValueError(msg)
    return value


Rate = Annotated[int | Share, PlainValidator(_bandwidth)]
Windows = Annotated[tuple[str, ...], AfterValidator(_windows)]
Networks = Annotated[tuple[str, ...], AfterValidator(_networks)]
Port = Annotated[int, Field(ge=1, le=_MAX_PORT)]


class Section(BaseModel):
    """A section of the file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteSettings(Section):
    """The installation, and what a new site gets when nothing else is said."""

    data_dir: Path = _setting(
        Path("/var/lib/camera-gateway"),
        "Directory of the catalogue, the keys, the spool and the embedded store.",
        "The usual place of a service's state on Linux; wants to be on the largest disk.",
    )
    id: Annotated[str, AfterValidator(_slug)] = _setting(
        "gateway",
        "Id of this installation, on every line of its log.",
        "One gateway needs no better name; give each its own where logs of several meet.",
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = _setting(
        "Asia/Almaty",
        "tzdata zone of a site that is added without one: schedules and reports follow its wall clock.",
        "The whole of Kazakhstan keeps this time since March 2024.",
    )
    allowed_networks: Networks = _setting(
        PRIVATE_NETWORKS,
        "Networks (CIDR) in which cameras of a site that is added without its own may be. "
        "Link-local, multicast and metadata addresses never are; loopback only when a network inside it is listed.",
        "Cameras live on private addresses; a wider list lets a camera's URL reach servers that are none.",
    )


class SpoolSettings(Section):
    """The durable local queue."""

    quota_bytes: int = _setting(
        0,
        "Most that sealed segments may take; 0: what the disk gives, less the reserve.",
        "A disk of its own needs no quota; set one where the spool shares the disk.",
        unit="bytes",
        ge=0,
    )
    reserve_bytes: int = _setting(
        512 * _MIB,
        "Always left free on the spool's disk for the catalogue and the audit log.",
        "A full disk may cost footage, never the record of what was lost.",
        unit="bytes",
        ge=16 * _MIB,
    )
    min_local_hours: float = _setting(
        1.0,
        "A stored segment's local copy is kept at least this long after its end.",
        "The last hour is what is looked at most; every further hour takes disk from the backlog of an outage.",
        unit="hours",
        ge=0,
    )


class RecorderSettings(Section):
    """Recording."""

    schedule: Windows = _setting(
        ("daily 00:00-24:00",),
        "Weekly recording windows of cameras without their own, in the site's time.",
        "The rules ask for round-the-clock recording; anything less should be a decision.",
        min_length=1,
    )
    segment_s: float = _setting(
        60.0,
        "Length after which a segment ends at the next keyframe.",
        "Short enough that an upload is soon repeated, long enough that 10 cameras make 14,400 objects a day.",
        unit="seconds",
        ge=2,
        le=900,
    )
    cameras_per_shard: int = _setting(
        150,
        "Cameras that one recorder process takes.",
        "A fifth of what one core was measured to carry at 4 Mbit/s: room for bursts and for a reconnect of all.",
        unit="cameras",
        ge=1,
        le=2_000,
    )
    max_shards: int = _setting(
        0,
        "Most recorder processes; 0: one per core.",
        "More processes than cores only take turns.",
        unit="processes",
        ge=0,
        le=256,
    )
    read_interval_min_ms: int = _setting(
        20,
        "Shortest time between two reads of a camera's socket.",
        "Used while the arrival time of packets is the only clock a camera gives.",
        unit="milliseconds",
        ge=5,
        le=1_000,
    )
    read_interval_max_ms: int = _setting(
        300,
        "Longest time between two reads of a camera's socket.",
        "Few, large reads are what makes recording cheap; beyond this, cameras with small buffers stall.",
        unit="milliseconds",
        ge=5,
        le=1_000,
    )
    stall_s: float = _setting(
        10.0,
        "Silence after which a camera counts as stalled and is connected anew.",
        "Longer than any healthy pause between packets, shorter than anybody wants to be blind.",
        unit="seconds",
        ge=1,
        le=300,
    )
    connect_timeout_s: float = _setting(
        5.0,
        "Time for the TCP connection and for each answer of the RTSP handshake.",
        "A camera on the same network answers in milliseconds; one that needs more is in trouble.",
        unit="seconds",
        ge=0.5,
        le=60,
    )
    audio: bool = _setting(
        True,  # noqa: FBT003 - the default of a switch
        "Whether sound is recorded with the picture, where the camera sends it.",
        "What the camera sends is kept whole unless somebody decides otherwise.",
    )

    @model_validator(mode="after")
    def _intervals_in_order(self) -> RecorderSettings:
        if self.read_interval_min_ms > self.read_interval_max_ms:
            msg = "read_interval_min_ms is above read_interval_max_ms"
            raise ValueError(msg)
        return self


class StoreSettings(Section):
    """Where footage is kept."""

    kind: Literal["embedded", "s3", "directory"] = _setting(
        "embedded",
        "The kind of store: a SeaweedFS of our own, any S3-compatible service, or a directory.",
        "Works at once on one machine. It is neither off site nor safe from a shell on this host; doctor says so.",
    )
    endpoint: str | None = _setting(
        None,
        "URL of the S3 service, for kind s3.",
        "None: the address that the region implies.",
        example="https://s3.example.kz",
    )
    region: str = _setting(
        "us-east-1",
        "Region that requests are signed for.",
        "What most S3-compatible services expect when they know no regions.",
        min_length=1,
    )
    bucket: str = _setting(
        "camera-gateway",
        "Bucket for footage: versioned, with object lock.",
        "The embedded store makes it; elsewhere the administrator names one.",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    )
    path_style: bool = _setting(
        True,  # noqa: FBT003 - the default of a switch
        "Whether the bucket is named in the path of a URL rather than in its host name.",
        "Needs no wildcard DNS or certificate, and every service but the newest buckets of AWS takes it.",
    )
    access_key_file: Path | None = _setting(
        None,
        "File with the access key, for kind s3; or the systemd credential store.access_key.",
        "Secrets are never written into this file.",
        example="/etc/camera-gateway/store.access_key",
    )
    secret_key_file: Path | None = _setting(
        None,
        "File with the secret key, for kind s3; or the systemd credential store.secret_key.",
        "Secrets are never written into this file.",
        example="/etc/camera-gateway/store.secret_key",
    )
    object_lock: Literal["governance", "compliance", "none"] = _setting(
        "governance",
        "Mode of the lock that every object is put with until its retain-until.",
        "Keeps footage from every ordinary deletion, and a mistake can still be undone by a key that may bypass it.",
    )
    port: Port = _setting(
        8333,
        "First of five loopback ports of the embedded store; it uses five more from 10000 above it on.",
        "The store's own default.",
        unit="TCP port",
    )
    directory: Path | None = _setting(
        None,
        "The directory, for kind directory.",
        "For a disk or a mount that is backed up by other means.",
        example="/mnt/footage",
    )

    @model_validator(mode="after")
    def _whole(self) -> StoreSettings:
        if self.kind == "s3" and (self.access_key_file is None or self.secret_key_file is None):
            msg = 'kind = "s3" needs access_key_file and secret_key_file'
            raise ValueError(msg)
        if self.kind == "directory" and self.directory is None:
            msg = 'kind = "directory" needs directory'
            raise ValueError(msg)
        if self.kind == "embedded" and self.port + _EMBEDDED_SPAN > _MAX_PORT:
            msg = f"port must be at most {_MAX_PORT - _EMBEDDED_SPAN}: the store opens ports 10000 above it"
            raise ValueError(msg)
        if self.endpoint is not None and not self.endpoint.startswith(("http://", "https://")):
            msg = "endpoint must begin with http:// or https://"
            raise ValueError(msg)
        return self


class UploadSettings(Section):
    """When and how fast segments go to the store."""

    windows: Windows = _setting(
        ("daily 00:00-24:00",),
        "Weekly upload windows of sites without their own, in the site's time.",
        "Footage that is elsewhere at once is safe at once.",
    )
    bandwidth_bps: Annotated[Rate, AfterValidator(_some_bandwidth)] = _setting(
        0,
        "Most that uploads take inside the windows: bits per second, or a share of the measured uplink such as "
        '"30%"; 0: no limit. A share is no limit until some megabytes have shown what the uplink carries; '
        "it is measured again every four hours by a transfer inside a window that nothing limits.",
        "A line of its own needs none.",
        unit="bits per second",
    )
    bandwidth_outside_bps: Rate = _setting(
        0,
        "Most that uploads take outside the windows: bits per second, or a share of the measured uplink such as "
        '"10%"; 0 or "0%": the spool holds until the next window.',
        "Who sets windows wants the line free outside them.",
        unit="bits per second",
    )
    priority: Literal["oldest-first", "newest-first"] = _setting(
        "oldest-first",
        "Which segments of a camera go first when there is a backlog.",
        "The oldest is the next to be lost when the disk fills.",
    )
    workers: int = _setting(
        4,
        "Uploads at the same time.",
        "A few at once hide the waiting for answers; many would only compete for the same line.",
        unit="uploads",
        ge=1,
        le=64,
    )
    when_full: Literal["drop-oldest", "deny-new"] = _setting(
        "drop-oldest",
        "What a full spool gives up: the oldest segments that are not yet stored, or new recording. "
        "Either is a gap with the cause spool-full.",
        "After an outage the last days are worth more than the first.",
    )


class CatalogueSettings(Section):
    """The database."""

    url: Annotated[str, AfterValidator(_catalogue_url)] = _setting(
        "sqlite:///catalogue.sqlite",
        "Where the catalogue is; a relative file lies in the data directory.",
        "One gateway needs no database server.",
    )


class RetentionSettings(Section):
    """How long footage is kept."""

    floor_days: int = _setting(
        30,
        "Days that footage must be kept.",
        "What the rules for schools and kindergartens ask for; raise it where another standard asks for more.",
        unit="days",
        ge=1,
        le=3_650,
    )
    margin_days: int = _setting(
        2,
        "Days added to the floor, so that no clock or delayed sweep undercuts it.",
        "Deletion at 30 days sharp fails the rule on the first slow day.",
        unit="days",
        ge=0,
        le=365,
    )

    ceiling_days: int = _setting(
        0,
        "Days after which footage must be gone; 0: the floor, the margin and 14 days more.",
        "Footage of children that is kept too long is a violation as well; two weeks outlast an outage.",
        unit="days",
        ge=0,
        le=3_650,
    )
    sweep: Literal["automatic", "manual"] = _setting(
        "automatic",
        "Whether what is due is deleted each hour within the brake, or only by a person with the digest of a plan.",
        "Nobody sweeps by hand for years; an hour's share is small enough for the brake to mean something.",
    )
    brake_objects: int = _setting(
        10_000,
        "Most objects that are deleted in an hour without a second person.",
        "166 cameras with segments of a minute need no more; a wrong rule for a whole archive would.",
        unit="objects",
        ge=1,
    )
    brake_percent: float = _setting(
        10.0,
        "Most of a site's objects that one sweep deletes without a second person.",
        "A day is 3 % of a month; more than three days at once means that something was different.",
        unit="percent",
        gt=0,
        le=100,
    )
    price_per_gb_month: float = _setting(
        0.0,
        "What the store asks for a gigabyte and month, in your currency; 0: not known.",
        "So that a legal hold can say beforehand what it will cost.",
        unit="currency",
        ge=0,
    )

    seal_days: int = _setting(
        3_650,
        "Days for which seals and manifests are locked, from the end of their day. They hold no pictures.",
        "A case may come years after the footage has gone; ten years outlast most limitation periods, and cost 3 kB"
        " a site and day. Whoever bounds locks in the bucket's policy must allow it for these keys.",
        unit="days",
        ge=1,
        le=36_500,
    )

    def defaults(self) -> Defaults:
        """Return the rule beneath all rules of the catalogue."""
        return Defaults(self.floor_days, self.margin_days, self.ceiling_days or None)

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> RetentionSettings:
        if self.ceiling_days and self.ceiling_days < self.floor_days:
            msg = f"ceiling_days {self.ceiling_days} is below floor_days {self.floor_days}"
            raise ValueError(msg)
        return self


class WitnessSettings(Section):
    """The second party that gets a copy of each seal: without one, root on this host could rewrite history."""

    kind: Literal["none", "directory", "s3", "mail"] = _setting(
        "none",
        "What the second party keeps copies in: nothing, a directory, a bucket in an account of its own, a mailbox.",
        "Nobody can be named by default; every seal says witness: NONE until somebody is.",
    )
    name: str = _setting(
        "second party",
        "What seals call it, for example the auditor's office.",
        "Whoever reads a seal wants to know whom to ask for the copy.",
        min_length=1,
        max_length=100,
    )
    directory: Path | None = _setting(
        None,
        "The directory, for kind directory; it must exist.",
        "For a disk or a mount that the second party controls.",
        example="/mnt/auditor/seals",
    )
    endpoint: str | None = _setting(
        None,
        "URL of the S3 service, for kind s3.",
        "None: the address that the region implies.",
        example="https://s3.auditor.example.kz",
        pattern=r"^https?://",
    )
    region: str = _setting(
        "us-east-1",
        "Region that requests are signed for.",
        "What most S3-compatible services expect when they know no regions.",
        min_length=1,
    )
    bucket: str = _setting(
        "camera-gateway-seals",
        "Bucket for copies of seals, made by the second party.",
        "Says what it is for.",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    )
    path_style: bool = _setting(
        True,  # noqa: FBT003 - the default of a switch
        "Whether the bucket is named in the path of a URL rather than in its host name.",
        "Needs no wildcard DNS or certificate, and every service but the newest buckets of AWS takes it.",
    )
    object_lock: Literal["governance", "compliance", "none"] = _setting(
        "none",
        "Mode of the lock that copies are put with; the bucket must have object lock for another one than none.",
        "What protects the copy is that another account owns it.",
    )
    access_key_file: Path | None = _setting(
        None,
        "File with the access key, for kind s3.",
        "Secrets are never written into this file.",
        example="/etc/camera-gateway/witness.access_key",
    )
    secret_key_file: Path | None = _setting(
        None,
        "File with the secret key, for kind s3.",
        "Secrets are never written into this file.",
        example="/etc/camera-gateway/witness.secret_key",
    )
    mail_to: str | None = _setting(
        None,
        "Address of the second party's mailbox, for kind mail; each seal is one message with two attachments.",
        "A mailbox is a copy that nobody here can take back, and it costs nothing.",
        example="seals@auditor.example.kz",
        pattern=r"^[^@\s]+@[^@\s]+$",
    )
    mail_from: str | None = _setting(
        None,
        "Address that the messages come from, for kind mail.",
        "The second party recognises its installation by it.",
        example="camera-gateway@kindergarten.example.kz",
        pattern=r"^[^@\s]+@[^@\s]+$",
    )
    smtp_host: str | None = _setting(
        None, "Server that takes the mail, for kind mail.", "Nobody can be named by default.", example="smtp.example.kz"
    )
    smtp_port: Port = _setting(587, "Its port.", "Where mail is handed in (RFC 6409).", unit="TCP port")
    smtp_tls: Literal["starttls", "tls", "none"] = _setting(
        "starttls",
        "How the line is protected; with none there is no account either, and the server is one of this network.",
        "A seal is no secret, but the account is, and nobody on the way should drop a copy.",
    )
    smtp_user: str | None = _setting(
        None, "Account at the server.", "None: the server takes mail from this host without one.", example="seals"
    )
    smtp_password_file: Path | None = _setting(
        None,
        "File with the account's password.",
        "Secrets are never written into this file.",
        example="/etc/camera-gateway/witness.smtp_password",
    )

    @model_validator(mode="after")
    def _whole(self) -> WitnessSettings:
        if self.kind == "mail" and None in (self.mail_to, self.mail_from, self.smtp_host):
            msg = 'kind = "mail" needs mail_to, mail_from and smtp_host'
            raise ValueError(msg)
        if (self.smtp_user is None) != (self.smtp_password_file is None):
            msg = "smtp_user and smtp_password_file go together"
            raise ValueError(msg)
        if self.smtp_user is not None and self.smtp_tls == "none":
            msg = 'smtp_user needs smtp_tls = "starttls" or "tls": a password is never sent in the clear'
            raise ValueError(msg)
        if self.kind == "s3" and (self.access_key_file is None or self.secret_key_file is None):
            msg = 'kind = "s3" needs access_key_file and secret_key_file'
            raise ValueError(msg)
        if self.kind == "directory" and self.directory is None:
            msg = 'kind = "directory" needs directory'
            raise ValueError(msg)
        return self


class StandardsSettings(Section):
    """The rule books."""

    directory: Path | None = _setting(
        None,
        "Directory with standards of your own (TOML), beside those that are shipped.",
        "The shipped ones are always there.",
        example="/etc/camera-gateway/standards",
    )
    enabled: tuple[str, ...] = _setting(
        (),
        "Ids of the standards that are offered; empty: all.",
        "Nobody should miss a rule by a forgotten list.",
    )


class HealthSettings(Section):
    """Health of pictures: nothing to set in this version."""


class ChannelSettings(Section):
    """One way to reach somebody. Repeat the table for each; without one, alerts stand in the portal alone."""

    name: str = _setting(
        ...,
        "How the channel is called in the portal, in the log and in metrics.",
        "Chosen by you.",
        example="duty",
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
    )
    url_file: Path = _setting(
        ...,
        "File with the address in apprise's form, for example mailtos://user:password@smtp.example.kz?to=…, "
        "tgram://token/chat or jsons://host/path.",
        "An address holds passwords and tokens; secrets are never written into this file.",
        example="/etc/camera-gateway/alerts.duty.url",
    )
    audience: Audience = _setting(
        Audience.IT,
        "Whose affairs it is told of.",
        "What breaks is mended by IT staff first.",
    )
    level: int = _setting(
        0,
        "0: told at once. A higher level is told when nobody has acknowledged for so many times `escalate_after_min`.",
        "Who is to act hears first; who is to ask why nobody did, later.",
        ge=0,
        le=9,
    )
    min_severity: Severity = _setting(
        Severity.WARNING,
        "The least that it is told of.",
        "What is only worth knowing stands in the portal.",
    )
    institutions: tuple[str, ...] = _setting(
        (),
        "Ids of the institutions whose alerts it is told of; empty: all, and what concerns the whole installation.",
        "One installation is mostly one office's affair.",
    )
    language: Literal["kk", "ru", "en"] | None = _setting(
        None, "Language of its messages.", "None: as [alerts] says.", example="ru"
    )


class AlertsSettings(Section):
    """Alerts: who is told of what is wrong, by which way, and when."""

    channels: tuple[ChannelSettings, ...] = _setting(
        (),
        "Ways to reach people, each a table [[alerts.channels]]; its keys are below.",
        "Nobody's address can be known by default; what is wrong stands in the portal all the same.",
    )
    language: Literal["kk", "ru", "en"] = _setting(
        "ru", "Language of messages.", "Read by everybody who is on duty; each channel may have its own."
    )
    quiet_windows: Windows = _setting(
        (),
        "Quiet hours: weekly windows, in the time of [site], in which only what is critical is told; the rest waits.",
        "None: whoever wants to sleep says when.",
    )
    debounce_s: int = _setting(
        60,
        "A loss this short is none: the camera has reconnected.",
        "A camera that restarts is back within a minute.",
        unit="seconds",
        ge=1,
        le=3_600,
    )
    settle_s: int = _setting(
        120,
        "What was lost must be back for so long to count as repaired; what comes and goes meanwhile is one alert.",
        "Longer than the pause of a cable with a loose contact.",
        unit="seconds",
        ge=1,
        le=3_600,
    )
    escalate_after_min: int = _setting(
        30,
        "After so long without an acknowledgement the next level is told; 0: never.",
        "Time to come to a desk, short of the four hours after which a loss is to be reported.",
        unit="minutes",
        ge=0,
        le=1_440,
    )
    remind_after_h: float = _setting(
        24.0,
        "What nobody has acknowledged is told again after so long; 0: never.",
        "Once a day is remembered; more often is switched off.",
        unit="hours",
        ge=0,
        le=720,
    )

    @model_validator(mode="after")
    def _names_differ(self) -> AlertsSettings:
        names = [channel.name for channel in self.channels]
        if len(set(names)) < len(names):
            msg = "two channels have the same name"
            raise ValueError(msg)
        return self


class ApiSettings(Section):
    """The HTTP service."""

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on. Beyond loopback only with TLS.",
        "Nobody else sees the service until somebody decides so.",
        min_length=1,
    )
    port: Port = _setting(
        8080,
        "Port to listen on.",
        "Needs no privilege.",
        unit="TCP port",
    )
    tls_cert_file: Path | None = _setting(
        None,
        "Certificate chain (PEM).",
        "None: no TLS, and so loopback only.",
        example="/etc/camera-gateway/tls/cert.pem",
    )
    tls_key_file: Path | None = _setting(
        None,
        "Private key of the certificate (PEM).",
        "None: no TLS, and so loopback only.",
        example="/etc/camera-gateway/tls/key.pem",
    )

    @property
    def tls(self) -> bool:
        """Whether the service speaks TLS."""
        return self.tls_cert_file is not None

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> ApiSettings:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            msg = "tls_cert_file and tls_key_file go together"
            raise ValueError(msg)
        if not self.tls and not _is_loopback(self.host):
            msg = f"host {self.host} is beyond loopback: set tls_cert_file and tls_key_file"
            raise ValueError(msg)
        return self


class AccessSettings(Section):
    """Accounts: how long a sign-in lasts, and where people reach the pages. There is no way without a second factor."""

    session_idle_minutes: int = _setting(
        15,
        "A session that nobody uses for so long has ended.",
        "Somebody who walks away from an office computer shows footage to whoever sits down.",
        unit="minutes",
        ge=1,
        le=480,
    )
    session_hours: int = _setting(
        8,
        "A session ends after so long, however busy it is.",
        "A working day.",
        unit="hours",
        ge=1,
        le=24,
    )
    link_hours: int = _setting(
        24,
        "A sign-in link that nobody has used for so long is good for nothing.",
        "Long enough to be handed over, short enough not to lie about.",
        unit="hours",
        ge=1,
        le=168,
    )
    portal_url: str | None = _setting(
        None,
        "Where people reach the pages; sign-in links begin with it.",
        "None: made of [api], for who sits at this machine.",
        example="https://cameras.example.kz/",
        pattern=r"https?://[^\s/?#]+/",
    )
    blocklist_file: Path | None = _setting(
        None,
        "Passwords that nobody may choose, one a line, for example of a list of leaked ones.",
        "None: common words, runs and names are recognised without it.",
        example="/etc/camera-gateway/passwords.txt",
    )

    @property
    def session_idle_us(self) -> int:
        """The idle limit in µs."""
        return self.session_idle_minutes * 60_000_000

    @property
    def session_us(self) -> int:
        """The absolute limit in µs."""
        return self.session_hours * 3_600_000_000

    @property
    def link_us(self) -> int:
        """The life of a sign-in link in µs."""
        return self.link_hours * 3_600_000_000


class Settings(Section):
    """All settings; what a file leaves out has its default."""

    site: SiteSettings = Field(default_factory=SiteSettings)
    spool: SpoolSettings = Field(default_factory=SpoolSettings)
    recorder: RecorderSettings = Field(default_factory=RecorderSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    upload: UploadSettings = Field(default_factory=UploadSettings)
    catalogue: CatalogueSettings = Field(default_factory=CatalogueSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    witness: WitnessSettings = Field(default_factory=WitnessSettings)
    standards: StandardsSettings = Field(default_factory=StandardsSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)
    alerts: AlertsSettings = Field(default_factory=AlertsSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    access: AccessSettings = Field(default_factory=AccessSettings)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
