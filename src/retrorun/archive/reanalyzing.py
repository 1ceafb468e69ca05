"""Analyse again what is kept: after an upgrade, or when more is known of the athlete.

What the athlete said stays: corrections, how hard it felt, where the phone was.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select, update

from retrorun.archive.archive import OWNER, Archive, dated, program
from retrorun.archive.database import writing
from retrorun.archive.preparing import Analysis, analysed
from retrorun.archive.recording_file import read_recording
from retrorun.archive.schema import activities, analyses, corrections, recordings
from retrorun.archive.workers import Task, Workers
from retrorun.athlete import Athlete
from retrorun.errors import Defect, RetrorunError
from retrorun.gait.direction.states import Said

#: Activities that wait for each process.
_AHEAD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reanalyzed:
    """What became of one activity; `failed` says why it kept its old analysis."""

    number: int
    title: str
    failed: str | None


def reanalyze(
    archive: Archive,
    *,
    athlete: Athlete | None = None,
    everything: bool = False,
    processes: int | None = None,
) -> Iterator[Reanalyzed]:
    """Analyse the activities that another version of retrorun has analysed, or all of them."""
    wanted = (
        select(
            activities.c.id,
            activities.c.title,
            activities.c.rpe,
            activities.c.worn,
            recordings.c.digest,
        )
        .join(recordings)
        .join(analyses, analyses.c.activity_id == activities.c.id)
        .where(activities.c.athlete_id == OWNER)
        .order_by(activities.c.id)
    )
    if not everything:
        wanted = wanted.where(analyses.c.program != program())
    with archive.reading() as connection:
        rows = connection.execute(wanted).all()
        said = {row.id: _said(connection.execute(_corrections(row.id)).all()) for row in rows}
    with Workers(processes or os.cpu_count() or 1) as workers:
        queue: deque[tuple[int, str, Task[Analysis]]] = deque()
        for row in rows:
            path = archive.recordings.path(row.digest)
            task = workers.submit(analyse_again, path, athlete, said[row.id], row.rpe, row.worn)
            queue.append((row.id, row.title, task))
            while len(queue) > _AHEAD * workers.count:
                yield _finish(archive, *queue.popleft())
        while queue:
            yield _finish(archive, *queue.popleft())


def analyse_again(
    parquet: Path,
    athlete: Athlete | None,
    labels: tuple[Said, ...],
    rpe: float | None,
    worn: str | None,
) -> Analysis:
    """The analysis of a kept recording; runs in a process of its own."""
    recording = read_recording(parquet)
    if worn is not None:
        recording = recording.worn_at(worn)
    try:
        return analysed(recording, athlete, labels=labels, rpe=rpe)
    except RetrorunError:
        raise
    except Exception as error:
        if os.environ.get("RETRORUN_DEBUG"):
            raise
        raise Defect(recording.file, error) from error


def _finish(archive: Archive, number: int, title: str, task: Task[Analysis]) -> Reanalyzed:
    try:
        found = task.result()
    except RetrorunError as error:
        return Reanalyzed(number=number, title=title, failed=str(error))
    with writing(archive.engine) as connection:
        connection.execute(
            update(analyses).where(analyses.c.activity_id == number).values(dated(found))
        )
    return Reanalyzed(number=number, title=title, failed=None)


def _corrections(number: int) -> Select[Any]:
    return (
        select(corrections)
        .where(corrections.c.activity_id == number, ~corrections.c.undone)
        .order_by(corrections.c.id)
    )


def _said(rows: Sequence[Any]) -> tuple[Said, ...]:
    return tuple(
        Said(start_s=row.start_s, end_s=row.end_s, way=row.direction, motion=row.motion)
        for row in rows
    )
