"""The catalogue's tables of outages: calendars, planned maintenance, outages, alerts, notices. Part of `tables`.

Promises what `tables` promises.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from camera_gateway.catalogue.tables import metadata

calendars = Table(
    "calendars",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("windows", Text, nullable=False),
    Column("holidays", Text, nullable=False),
    Column("holiday_windows", Text, nullable=False),
    Column("from_us", BigInteger, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    Index("calendars_of_site", "site", "from_us"),
)

maintenance = Table(
    "maintenance",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("site", Text, ForeignKey("sites.id")),
    Column("camera", Text, ForeignKey("cameras.id")),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("planned_by", Text, nullable=False),
    Column("planned_us", BigInteger, nullable=False),
    Column("cancelled_us", BigInteger),
    Column("cancelled_by", Text),
    Index("maintenance_by_time", "end_us", "institution"),
)

outages = Table(
    "outages",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("cameras", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("detected_us", BigInteger, nullable=False),
    Column("notified_us", BigInteger),
    Column("end_us", BigInteger),
    Column("reported_us", BigInteger),
    Column("reported_by", Text),
    Column("reported_to", Text),
    Index("outages_by_time", "institution", "start_us"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id")),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("outage", BigInteger),
    Column("opened_us", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("noticed_us", BigInteger),
    Column("acknowledged_us", BigInteger),
    Column("acknowledged_by", Text),
    Column("resolved_us", BigInteger),
    Index(
        "one_open_alert",
        "code",
        "subject",
        unique=True,
        sqlite_where=text("resolved_us IS NULL"),
        postgresql_where=text("resolved_us IS NULL"),
    ),
    Index("alerts_by_time", "opened_us"),
)

notices = Table(
    "notices",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("alert", BigInteger, ForeignKey("alerts.number"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("sent", Boolean, nullable=False),
    Column("sent_us", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("next_us", BigInteger),
    Column("error", Text),
    Index("one_notice", "alert", "kind", "round", "channel", unique=True),
    Index("notices_to_send", "next_us"),
)
