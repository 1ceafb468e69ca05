"""What an archive knows, read: the list of activities, and one activity whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from retrorun.archive.archive import OWNER, Archive
from retrorun.archive.schema import activities, analyses, recordings
from retrorun.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list."""

    number: int
    start_time: datetime | None
    title: str
    sport: str | None
    duration_s: float
    distance_m: float | None
    forward_s: float
    backward_s: float
    energy_kcal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A recording of an activity, and where it came from."""

    file: str
    format: str
    device: str
    digest: str  #: of its Parquet file in the store of recordings
    original: str  #: of the file as it came, in the store of originals


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One activity."""

    listed: Listed
    session: str  #: JSON, the public contract
    program: str  #: the version of retrorun that analysed it
    recordings: tuple[Kept, ...]


_COLUMNS = (
    activities.c.id.label("number"),
    activities.c.start_time,
    activities.c.title,
    *(analyses.c[name] for name in Listed.__slots__ if name in analyses.c),
)


def listed(archive: Archive) -> Iterator[Listed]:
    """Every activity of the owner, the newest first; those without a date at the end."""
    wanted = (
        select(*_COLUMNS)
        .join(analyses)
        .where(activities.c.athlete_id == OWNER)
        .order_by(activities.c.start_time.desc().nulls_last(), activities.c.id.desc())
    )
    with archive.reading() as connection:
        for row in connection.execute(wanted):
            yield Listed(**row._mapping)


def shown(archive: Archive, number: int) -> Shown:
    """One activity by its number.

    Raises `BadInput` where there is none.
    """
    one = select(*_COLUMNS, analyses.c.session, analyses.c.program).join(analyses)
    parts = select(*(recordings.c[name] for name in Kept.__slots__))
    with archive.reading() as connection:
        row = connection.execute(
            one.where(activities.c.id == number, activities.c.athlete_id == OWNER)
        ).one_or_none()
        if row is None:
            raise BadInput("number", number, "that of an activity", "`retrorun list` has them.")
        found = connection.execute(
            parts.where(recordings.c.activity_id == number).order_by(recordings.c.id)
        )
        kept = tuple(Kept(**part._mapping) for part in found)
    told = dict(row._mapping)
    session, program = told.pop("session"), told.pop("program")
    return Shown(listed=Listed(**told), session=session, program=program, recordings=kept)
