"""Judging: facts, waivers, registers, judgements; looks and impairments; outages and alerts; reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _institution(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id"), nullable=nullable)


def _camera(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=nullable)


def upgrade() -> None:
    """Create everything."""
    _compliance()
    _health()
    _alerts()
    _reports()


def _compliance() -> None:
    op.create_table(
        "declared_facts",
        _number(),
        _institution(),
        _camera(nullable=True),
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("declared_by", sa.Text, nullable=False),
        sa.Column("declared_us", sa.BigInteger, nullable=False),
        sa.Column("valid_until_us", sa.BigInteger),
        sa.Column("withdrawn_us", sa.BigInteger),
        sa.Column("withdrawn_by", sa.Text),
    )
    op.create_index("declared_facts_of_institution", "declared_facts", ["institution", "fact"])
    op.create_table(
        "waivers",
        _number(),
        _institution(),
        _camera(nullable=True),
        sa.Column("standard", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("waived_by", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("waived_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_us", sa.BigInteger),
        sa.Column("withdrawn_by", sa.Text),
    )
    op.create_index("waivers_of_institution", "waivers", ["institution"])
    op.create_table(
        "process_events",
        _number(),
        _institution(),
        _camera(nullable=True),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("done_us", sa.BigInteger),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("noted_by", sa.Text, nullable=False),
        sa.Column("noted_us", sa.BigInteger, nullable=False),
        sa.Column("done_by", sa.Text),
    )
    op.create_index("process_events_of_institution", "process_events", ["institution", "process", "at_us"])
    op.create_table(
        "gap_explanations",
        _number(),
        _camera(),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("explained_by", sa.Text, nullable=False),
        sa.Column("explained_us", sa.BigInteger, nullable=False),
    )
    op.create_index("gap_explanations_of_camera", "gap_explanations", ["camera", "start_us"])
    op.create_table(
        "camera_days",
        _camera(),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("listed_us", sa.BigInteger, nullable=False),
        sa.Column("book", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("camera", "start_us"),
    )
    _forget_changed_days()
    op.create_table(
        "judgements",
        _number(),
        _institution(),
        sa.Column("standard", sa.Text, nullable=False),
        sa.Column("edition", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("judged_us", sa.BigInteger, nullable=False),
    )
    op.create_index("one_judgement", "judgements", ["institution", "standard", "day"], unique=True)


def _forget_changed_days() -> None:
    """Let every change of a segment, by whatever way, take away the day that was summed up with it."""
    columns = ("state", "locked", "stored_us", "start_us", "end_us")
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    given_up = "OLD.state = 'stored' AND NEW.state = 'released'"  # the spool's copy is gone, the store's is as it was
    events = (
        ("new", "INSERT", "", "NEW"),
        ("changed", f"UPDATE OF {', '.join(columns)}", f"WHEN ({differs}) AND NOT ({given_up})", "OLD"),
        ("gone", "DELETE", "", "OLD"),
    )
    for name, event, when, row in events:
        forget = (
            f"DELETE FROM camera_days WHERE camera = {row}.camera"  # noqa: S608 - of the words above
            f" AND start_us <= {row}.start_us AND end_us > {row}.start_us"
        )
        op.execute(
            f"CREATE TRIGGER segment_{name}_forgets_its_day AFTER {event} ON segments {when} BEGIN {forget}; END"
        )


def _health() -> None:
    op.create_table(
        "looks",
        _camera(),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("measured", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("camera", "at_us"),
    )
    op.create_index("looks_by_time", "looks", ["at_us"])
    op.create_table(
        "impairments",
        _number(),
        _camera(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("last_seen_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger),
        sa.Column("precision_us", sa.BigInteger, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    op.create_index("impairments_of_camera", "impairments", ["camera", "start_us"])
    unended = sa.text("end_us IS NULL")
    op.create_index(
        "one_open_impairment",
        "impairments",
        ["camera", "kind"],
        unique=True,
        sqlite_where=unended,
        postgresql_where=unended,
    )
    op.create_table(
        "night_pictures",
        _number(),
        _camera(),
        sa.Column("taken_us", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("image", sa.LargeBinary),
        sa.Column("approved_us", sa.BigInteger),
        sa.Column("approved_by", sa.Text),
    )
    op.create_index("night_pictures_of_camera", "night_pictures", ["camera", "number"])


def _alerts() -> None:
    op.create_table(
        "calendars",
        _number(),
        sa.Column("site", sa.Text, sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("windows", sa.Text, nullable=False),
        sa.Column("holidays", sa.Text, nullable=False),
        sa.Column("holiday_windows", sa.Text, nullable=False),
        sa.Column("from_us", sa.BigInteger, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_us", sa.BigInteger, nullable=False),
    )
    op.create_index("calendars_of_site", "calendars", ["site", "from_us"])
    op.create_table(
        "maintenance",
        _number(),
        _institution(),
        sa.Column("site", sa.Text, sa.ForeignKey("sites.id")),
        _camera(nullable=True),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("planned_by", sa.Text, nullable=False),
        sa.Column("planned_us", sa.BigInteger, nullable=False),
        sa.Column("cancelled_us", sa.BigInteger),
        sa.Column("cancelled_by", sa.Text),
    )
    op.create_index("maintenance_by_time", "maintenance", ["end_us", "institution"])
    op.create_table(
        "outages",
        _number(),
        _institution(),
        sa.Column("site", sa.Text, sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("cameras", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("detected_us", sa.BigInteger, nullable=False),
        sa.Column("notified_us", sa.BigInteger),
        sa.Column("end_us", sa.BigInteger),
        sa.Column("reported_us", sa.BigInteger),
        sa.Column("reported_by", sa.Text),
        sa.Column("reported_to", sa.Text),
    )
    op.create_index("outages_by_time", "outages", ["institution", "start_us"])
    op.create_table(
        "alerts",
        _number(),
        _institution(nullable=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("outage", sa.BigInteger),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("noticed_us", sa.BigInteger),
        sa.Column("acknowledged_us", sa.BigInteger),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("resolved_us", sa.BigInteger),
    )
    unresolved = sa.text("resolved_us IS NULL")
    op.create_index(
        "one_open_alert",
        "alerts",
        ["code", "subject"],
        unique=True,
        sqlite_where=unresolved,
        postgresql_where=unresolved,
    )
    op.create_index("alerts_by_time", "alerts", ["opened_us"])
    op.create_table(
        "notices",
        _number(),
        sa.Column("alert", sa.BigInteger, sa.ForeignKey("alerts.number"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.Boolean, nullable=False),
        sa.Column("sent_us", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_us", sa.BigInteger),
        sa.Column("error", sa.Text),
    )
    op.create_index("one_notice", "notices", ["alert", "kind", "round", "channel"], unique=True)
    op.create_index("notices_to_send", "notices", ["next_us"])


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        _institution(nullable=True),
        _camera(nullable=True),
        sa.Column("region", sa.Text),
        sa.Column("standard", sa.Text),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("institutions", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_index("reports_by_time", "reports", ["made_us"])
    op.create_index("reports_of_institution", "reports", ["institution", "kind", "made_us"])
