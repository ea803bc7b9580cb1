"""Tables of compliance: declared facts, waivers, registers, explained gaps, judgements. Part of `tables`.

Promises what `tables` promises.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from camera_gateway.catalogue.tables import metadata

declared_facts = Table(
    "declared_facts",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("camera", Text, ForeignKey("cameras.id")),
    Column("fact", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("declared_by", Text, nullable=False),
    Column("declared_us", BigInteger, nullable=False),
    Column("valid_until_us", BigInteger),
    Column("withdrawn_us", BigInteger),
    Column("withdrawn_by", Text),
    Index("declared_facts_of_institution", "institution", "fact"),
)

waivers = Table(
    "waivers",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("camera", Text, ForeignKey("cameras.id")),
    Column("standard", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waived_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("waived_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("withdrawn_us", BigInteger),
    Column("withdrawn_by", Text),
    Index("waivers_of_institution", "institution"),
)

process_events = Table(
    "process_events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("camera", Text, ForeignKey("cameras.id")),
    Column("process", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("done_us", BigInteger),
    Column("evidence", Text, nullable=False),
    Column("noted_by", Text, nullable=False),
    Column("noted_us", BigInteger, nullable=False),
    Column("done_by", Text),
    Index("process_events_of_institution", "institution", "process", "at_us"),
)

gap_explanations = Table(
    "gap_explanations",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("words", Text, nullable=False),
    Column("explained_by", Text, nullable=False),
    Column("explained_us", BigInteger, nullable=False),
    Index("gap_explanations_of_camera", "camera", "start_us"),
)

camera_days = Table(
    "camera_days",
    metadata,
    Column("camera", Text, ForeignKey("cameras.id"), primary_key=True),
    Column("start_us", BigInteger, primary_key=True),
    Column("end_us", BigInteger, nullable=False),
    Column("day", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("listed_us", BigInteger, nullable=False),
    Column("book", Text, nullable=False),
)

judgements = Table(
    "judgements",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("standard", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("judged_us", BigInteger, nullable=False),
    Index("one_judgement", "institution", "standard", "day", unique=True),
)
