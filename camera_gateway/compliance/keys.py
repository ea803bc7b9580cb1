"""The words of the schema: which keys a file, a rule and its inner tables may have, which metrics there are. Pure data.

A word that does not stand here is an error of the file, so that a slip of the pen never judges nobody.
"""

from __future__ import annotations

from camera_gateway.domain.camera import Zone

OF_FILE = frozenset(
    [
        "schema",
        "id",
        "title",
        "jurisdiction",
        "authority",
        "number",
        "date",
        "registered",
        "url",
        "edition",
        "in_force_from",
        "in_force_to",
        "in_force_note",
        "supersedes",
        "basis",
        "text_status",
        "institutions",
        "optional",
        "source",
        "group",
        "rule",
    ]
)
OF_SOURCE = frozenset({"key", "url"})
OF_GROUP = frozenset({"id", "clause", "verified", "source", "all", "any"})
OF_CONDITION = frozenset({"field", "in", "eq", "lt", "le", "gt", "ge"})
OF_RULE = frozenset(
    [
        "id",
        "clause",
        "title",
        "note",
        "kind",
        "scope",
        "metric",
        "op",
        "value",
        "unit",
        "by",
        "table",
        "aggregate",
        "day",
        "schedule",
        "accruing_until",
        "except",
        "when",
        "required_zones",
        "forbidden_zones",
        "trigger",
        "threshold",
        "deadline",
        "every",
        "also_every",
        "report_within",
        "process",
        "from",
        "to",
        "until",
        "include",
        "evidence",
        "probe",
        "severity",
        "verified",
        "source",
        "source_url",
        "text_needed",
        "in_force_from",
        "in_force_to",
        "supersedes",
        "model_verified",
        "modelled_on",
    ]
)
OF_AGGREGATE = frozenset({"fn", "window", "over"})
OF_DAY = frozenset({"min_recorded_ratio", "max_gap_s"})
OF_SCHEDULE = frozenset({"tz", "from", "to", "max_to", "on"})
OF_WHEN = frozenset({"group", "zone", "camera_role", "institution"})
OF_ZONE = frozenset({"zone", "min_cameras", "each"})
OF_DEADLINE = frozenset({"unstated"})

FUNCTIONS = ("min", "p5", "mean", "max")
OPERATORS = (">=", "<=", "==", "in", "not_in")
SCOPES = ("camera", "institution")
UNITS_OF_AGE = ("d", "w", "mo", "y")

ZONES_NAMED: dict[str, frozenset[Zone]] = {
    **{zone.value: frozenset({zone}) for zone in Zone},
    # a text that says "entrances" means all of them; one that tells them apart has a word for each
    "entrance": frozenset({Zone.ENTRANCE, Zone.ENTRANCE_EMERGENCY}),
    "entrance_main": frozenset({Zone.ENTRANCE}),
}
"""What a standard's word for a zone means in the register."""

CAMERA_METRICS = {
    # metric: its unit, None where it has none
    "stream.resolution": "px",
    "stream.fps": "1/s",
    "stream.codec": None,
    "stream.bitrate": "bit/s",
    "stream.gop_s": "s",
    "stream.audio": None,
    "archive.recorded_ratio": None,
    "archive.max_gap": "s",
    "archive.gap_total": "s",
    "archive.gap_count": None,
    "archive.complete_days": "d",
    "archive.oldest_age": "d",
    "archive.integrity_ratio": None,
    "camera.uptime": None,
    "time.offset_abs": "s",
    "image.px_per_m": "px/m",
    "image.dark": None,
    "image.blurred": None,
    "image.obstructed": None,
    "image.view_changed": None,
    "image.day_night": None,
}
INSTITUTION_METRICS = {
    "alert.detect_delay": "s",
    "alert.notify_delay": "s",
    "alert.device_failure_delay": "s",
    "incident.repair_time": "s",
    "incident.report_delay": "s",
    "storage.versioned": None,
    "storage.hold": None,
}
METRICS = {**CAMERA_METRICS, **INSTITUTION_METRICS}
