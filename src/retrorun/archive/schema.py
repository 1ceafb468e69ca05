"""What is known, as tables. `migrations` bring an older database here; SQLite and PostgreSQL alike.

Times are UTC. JSON is text, so that both databases give back what was put in, byte for byte.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect

from retrorun.errors import BadInput

#: Names of constraints, so that migrations can speak of them on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment. SQLite forgets the time zone of what it is given: all moments are kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise BadInput("time", value, "aware of its time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


#: Hexadecimal digits of a SHA-256.
DIGEST = 64

athletes = Table(
    "athletes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
)

#: Files as they came, in the store of originals.
originals = Table(
    "originals",
    metadata,
    Column("digest", String(DIGEST), primary_key=True),
    Column("athlete_id", ForeignKey("athletes.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Column("refused", Text),  # why nothing could be read of it; then it is kept all the same
)

#: An outing of an athlete, told by one recording or by several devices at once.
activities = Table(
    "activities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("athlete_id", ForeignKey("athletes.id", ondelete="CASCADE"), nullable=False),
    Column("start_time", UtcTime),  # empty where no device's clock was set
    Column("title", Text, nullable=False),
    Column("rpe", Float),
    Column("worn", String(20)),  # where the athlete says that the phone was
    # Counts every change of the athlete's: two windows that edit at once notice each other.
    Column("revision", Integer, nullable=False, server_default="0"),
    CheckConstraint("rpe >= 0 AND rpe <= 10", name="rpe_range"),
    Index("ix_activities_athlete_id_start_time", "athlete_id", "start_time"),
)

#: One recording, its channels in the store of recordings.
recordings = Table(
    "recordings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "activity_id", ForeignKey("activities.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("original", String(DIGEST), nullable=False, index=True),
    Column("part", Integer, nullable=False),  # of a file that holds several
    Column("digest", String(DIGEST), nullable=False),  # of the Parquet file
    Column("file", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("sport", Text),
    Column("start_time", UtcTime),
    Column("duration_s", Float, nullable=False),
    Column("offset_s", Float, nullable=False),  # of its clock on that of the activity
    UniqueConstraint("activity_id", "original", "part"),
)

#: What the athlete says happened, in the order in which it was said; undone ones stay.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "activity_id", ForeignKey("activities.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("start_s", Float, nullable=False),
    Column("end_s", Float, nullable=False),
    Column("motion", String(10)),
    Column("direction", String(10)),
    Column("made_at", UtcTime, nullable=False),
    Column("undone", Boolean, nullable=False, server_default=false()),
    CheckConstraint("end_s > start_s", name="span_order"),
)

#: The newest analysis of an activity; all of it can be computed again.
analyses = Table(
    "analyses",
    metadata,
    Column("activity_id", ForeignKey("activities.id", ondelete="CASCADE"), primary_key=True),
    Column("program", String(40), nullable=False),  # the version that computed it
    Column("made_at", UtcTime, nullable=False),
    Column("session", Text, nullable=False),  # JSON, the public contract
    Column("sport", Text),
    Column("duration_s", Float, nullable=False),
    Column("forward_s", Float, nullable=False),
    Column("backward_s", Float, nullable=False),
    Column("distance_m", Float),
    Column("energy_kcal", Float),
)
