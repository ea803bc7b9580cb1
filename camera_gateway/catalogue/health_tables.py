"""The catalogue's tables of picture health: looks, impairments, reference pictures of the night. Part of `tables`.

Promises what `tables` promises.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from camera_gateway.catalogue.tables import metadata

looks = Table(
    "looks",
    metadata,
    Column("camera", Text, ForeignKey("cameras.id"), primary_key=True),
    Column("at_us", BigInteger, primary_key=True),
    Column("segment", Text),
    Column("outcome", Text, nullable=False),
    Column("measured", Text, nullable=False),
    Index("looks_by_time", "at_us"),
)

impairments = Table(
    "impairments",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
    Column("end_us", BigInteger),
    Column("precision_us", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
    Index("impairments_of_camera", "camera", "start_us"),
    Index(
        "one_open_impairment",
        "camera",
        "kind",
        unique=True,
        sqlite_where=text("end_us IS NULL"),
        postgresql_where=text("end_us IS NULL"),
    ),
)

night_pictures = Table(
    "night_pictures",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("taken_us", BigInteger, nullable=False),
    Column("segment", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("image", LargeBinary),
    Column("approved_us", BigInteger),
    Column("approved_by", Text),
    Index("night_pictures_of_camera", "camera", "number"),
)
