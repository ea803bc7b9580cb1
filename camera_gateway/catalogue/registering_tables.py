"""The catalogue's tables of registering: passports, pictures, the identity of devices, imports. Part of `tables`.

Promises what `tables` promises. Pictures lie in the catalogue, with their hash, because they are few and small: one
that is approved for each viewpoint; of those before only the hash stays.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from camera_gateway.catalogue.tables import metadata

passports = Table(
    "passports",
    metadata,
    Column("camera", Text, ForeignKey("cameras.id"), primary_key=True),
    Column("place", Text, nullable=False),
    Column("role", Text),
    Column("mounted_on", Text),
    Column("note", Text, nullable=False),
)

pictures = Table(
    "pictures",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("taken_us", BigInteger, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("image", LargeBinary),
    Column("approved_us", BigInteger),
    Column("approved_by", Text),
    Index("pictures_of_camera", "camera", "number"),
)

device_identities = Table(
    "device_identities",
    metadata,
    Column("device", Text, ForeignKey("devices.id"), primary_key=True),
    Column("vendor", Text),
    Column("model", Text),
    Column("firmware", Text),
    Column("serial", Text),
    Column("mac", Text),
    Column("server", Text),
    Column("sps", Text),
    Column("onvif_port", Integer),
    Column("noted_us", BigInteger, nullable=False),
    Column("checked_us", BigInteger, nullable=False),
)

identity_changes = Table(
    "identity_changes",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("device", Text, ForeignKey("devices.id"), nullable=False),
    Column("cause", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("noticed_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("settled_us", BigInteger),
    Column("settled_by", Text),
    Column("settled_as", Text),
    Column("reason", Text),
    Index(
        "one_open_identity_change",
        "device",
        unique=True,
        sqlite_where=text("settled_us IS NULL"),
        postgresql_where=text("settled_us IS NULL"),
    ),
)

import_runs = Table(
    "import_runs",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("good", Boolean, nullable=False),
    Column("results", Text, nullable=False),
    Column("planned", Text),
    Column("confirmed_us", BigInteger),
    Column("confirmed_by", Text),
    Index("import_runs_by_time", "made_us"),
)
