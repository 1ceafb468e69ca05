"""Forget: one activity or everything, on the disk too."""

from __future__ import annotations

from sqlalchemy import delete, select

from retrorun.archive.archive import OWNER, Archive
from retrorun.archive.database import forget_deleted, writing
from retrorun.archive.schema import activities, originals, recordings
from retrorun.errors import BadInput


def erase(archive: Archive, number: int | None) -> int:
    """Erase an activity by its number, or all for None; how many were erased.

    A file that also holds other activities stays until the last of them is erased. Copies that you
    exported, and what the disk itself keeps of deleted files, are beyond reach.

    Raises `BadInput` for a number that is no activity's, `InUse` where another process writes.
    """
    mine = activities.c.athlete_id == OWNER
    with archive.alone():
        with writing(archive.engine) as connection:
            wanted = mine if number is None else mine & (activities.c.id == number)
            count = connection.execute(delete(activities).where(wanted)).rowcount
            if number is not None and not count:
                raise BadInput("number", number, "that of an activity", "`retrorun list` has them.")
            unused = originals.c.digest.not_in(select(recordings.c.original))
            connection.execute(delete(originals).where(originals.c.athlete_id == OWNER, unused))
        archive.sweep()
    forget_deleted(archive.engine)
    return count
