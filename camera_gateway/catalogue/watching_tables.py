"""The catalogue's table of fragment indexes: where in each segment a player can begin. Part of `tables`.

What it holds can always be made again from the segments themselves, so that a rebuilt catalogue may lack it.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from camera_gateway.catalogue.tables import metadata

fragment_indexes = Table(
    "fragment_indexes",
    metadata,
    Column("segment", Text, ForeignKey("segments.segment"), primary_key=True),
    Column("fragments", Text, nullable=False),
)
