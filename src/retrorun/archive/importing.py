"""Files into the archive: each once, each whole or not at all, whatever happens meanwhile.

For every input: its bytes are kept; a process of its own reads and analyses them; one transaction
names all that came of it. Only then is the input told to be in the archive. What was told is there
after a kill, and a second import of the same files goes on where the first one stopped.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, insert, select

from retrorun.archive.archive import OWNER, Archive, dated, now
from retrorun.archive.database import writing
from retrorun.archive.original import original, original_name
from retrorun.archive.preparing import Contents, Prepared, prepare
from retrorun.archive.schema import activities, analyses, originals, recordings
from retrorun.archive.workers import Crashed, Task, Workers
from retrorun.athlete import Athlete
from retrorun.errors import Unreadable
from retrorun.formats import Input, Limits, inputs

#: Inputs that are read ahead for each process.
_AHEAD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one input."""

    name: str
    outcome: Literal["new", "known", "refused"]
    activities: tuple[int, ...] = ()  #: numbers of those that are new
    refused: tuple[str, ...] = ()  #: why all of it, or a part, could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtWork:
    """An input whose bytes are kept and that is being read."""

    name: str
    digest: str
    file_name: str
    task: Task[Contents]


def import_paths(
    archive: Archive,
    paths: Iterable[Path],
    *,
    athlete: Athlete | None = None,
    limits: Limits | None = None,
    processes: int | None = None,
) -> Iterator[Imported]:
    """Bring files, folders and exports in; every input is told of once it is safe.

    Raises `InUse` where another process writes.
    """
    limits = limits or Limits()
    found = (item for path in paths for item in inputs(path, limits=limits))
    with archive.alone(), Workers(processes or os.cpu_count() or 1) as workers:
        queue: deque[_AtWork] = deque()
        for item in found:
            taken = _take(archive, item, workers, athlete, limits, queue)
            if isinstance(taken, Imported):
                yield taken
                continue
            queue.append(taken)
            while len(queue) > _AHEAD * workers.count:
                yield _finish(archive, queue.popleft())
        while queue:
            yield _finish(archive, queue.popleft())


def _take(
    archive: Archive,
    item: Input,
    workers: Workers,
    athlete: Athlete | None,
    limits: Limits,
    queue: Iterable[_AtWork],
) -> _AtWork | Imported:
    """Keep the bytes of an input and let them be read; or say what it is without."""
    if not item.sources:  # it could not even be opened
        return _refused(item.name, *(str(outcome) for outcome in item.outcomes()))
    try:
        with original(item) as stream:
            digest = archive.originals.keep(stream)
    except (OSError, Unreadable, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        return _refused(item.name, f"{item.name}: {error}")
    with archive.reading() as connection:
        known = connection.scalar(
            select(originals.c.digest).where(
                originals.c.digest == digest, originals.c.athlete_id == OWNER
            )
        )
    if known or any(other.digest == digest for other in queue):
        return Imported(name=item.name, outcome="known")
    name = original_name(item)
    path = archive.originals.path(digest)
    task = workers.submit(prepare, path, name, archive.staging, athlete, limits)
    return _AtWork(name=item.name, digest=digest, file_name=name, task=task)


def _finish(archive: Archive, work: _AtWork) -> Imported:
    """Keep what came of an input, all in one transaction."""
    try:
        contents = work.task.result()
    except Crashed as error:
        contents = Contents(prepared=(), refused=(f"{work.name}: {error}",))
    if not contents.prepared:
        archive.originals.forget(work.digest)
        return _refused(work.name, *contents.refused)
    kept = [(one, _keep(archive, one.parquet)) for one in contents.prepared]
    with writing(archive.engine) as connection:
        connection.execute(
            insert(originals).values(
                digest=work.digest,
                athlete_id=OWNER,
                name=work.file_name,
                size_bytes=archive.originals.path(work.digest).stat().st_size,
                kept_at=now(),
                refused="\n".join(contents.refused) or None,
            )
        )
        numbers = [_add(connection, work.digest, one, digest) for one, digest in kept]
    return Imported(
        name=work.name, outcome="new", activities=tuple(numbers), refused=contents.refused
    )


def _keep(archive: Archive, parquet: Path) -> str:
    with parquet.open("rb") as file:
        digest = archive.recordings.keep(file)
    parquet.unlink()
    return digest


def _add(connection: Connection, original_digest: str, one: Prepared, digest: str) -> int:
    """One recording as an activity of its own, with its analysis; the activity's number."""
    added = insert(activities).values(
        athlete_id=OWNER, start_time=one.start_time, title=Path(one.file).name
    )
    number = int(connection.execute(added.returning(activities.c.id)).scalar_one())
    connection.execute(
        insert(recordings).values(
            activity_id=number,
            original=original_digest,
            part=one.part,
            digest=digest,
            file=one.file,
            format=one.format,
            device=one.device,
            sport=one.sport,
            start_time=one.start_time,
            duration_s=one.duration_s,
            offset_s=0.0,
        )
    )
    connection.execute(
        insert(analyses).values(
            activity_id=number,
            sport=one.sport,
            duration_s=one.duration_s,
            **dated(one.analysis),
        )
    )
    return number


def _refused(name: str, *why: str) -> Imported:
    return Imported(name=name, outcome="refused", refused=why or (f"{name}: nothing in it",))
