"""Apple Health export: `export.xml` of any size, and the routes beside it.

The file lists millions of records, then the workouts, so it is streamed twice: first for the
workouts, then for the records that fall into one. Nothing else is kept. Each workout is one
recording: heart rate and running dynamics from the records, positions from
`workout-routes/*.gpx`. The file is named in the phone's language; its twin keeps the ending
`_cda.xml`. Its document type is left unread: the one of iOS 16 is malformed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats.apple_health.recordings import NAME, recording_of
from retrorun.formats.apple_health.streaming import Records, Workouts, stream
from retrorun.formats.phone_tables import any_recognised
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Problem, Recording

__all__ = ["NAME", "claims", "read", "read_folder", "recognises"]

_ROOT = re.compile(rb"<(?:!DOCTYPE\s+)?HealthData\b")


def recognises(head: bytes) -> bool:
    """By its first element or, as the document type is long, by the name of that."""
    return _ROOT.search(head.replace(b"\0", b"")) is not None


def claims(tree: Tree) -> Set[str]:
    """The export's file, known by its content, its clinical twin and the routes beside it."""
    files = {n: s for n, s in tree.members.items() if "/" not in n and n.lower().endswith(".xml")}
    if not any_recognised(recognises, files.values()):
        return set()
    return set(files) | {name for name in tree.members if name.startswith("workout-routes/")}


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """The export file without the folder it lies in: all but the routes."""
    yield from _recordings(source, Tree(source.name), limits=limits)


def read_folder(tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    """Every workout of the export, with its route."""
    yield from _recordings(_main_file(tree), tree, limits=limits)


def _main_file(tree: Tree) -> Source:
    failure = None
    for name, source in tree.members.items():
        if "/" in name or not name.lower().endswith(".xml") or name.lower().endswith("_cda.xml"):
            continue
        try:
            if recognises(source.head()):
                return source
        except Unreadable as error:
            failure = error
    raise failure or NotAnActivity(tree.name, "a folder without the file of an Apple Health export")


def _recordings(source: Source, tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    workouts = Workouts()
    problems = stream(source, workouts, limit_bytes=limits.health_export_bytes)
    found = sorted(workouts.found, key=lambda workout: workout.start_s)
    if workouts.without_time:
        problems.append(
            Problem("workouts without start and end", f"{workouts.without_time}", "left out")
        )
    if not found:
        raise _no_workout(source, problems)
    stream(source, Records(found), limit_bytes=limits.health_export_bytes)
    while found:
        # Each is let go once it was given, so that a long export does not pile up.
        yield recording_of(found.pop(0), source, tree, problems=problems, limits=limits)


def _no_workout(source: Source, problems: list[Problem]) -> Unreadable:
    if not problems:
        return NotAnActivity(source.name, "an Apple Health export without a workout")
    first = problems[0]
    return Unreadable(
        source.name,
        f"no workout found; {first.what} ({first.where})",
        "a whole export: workouts are at its end",
        "Export it again from the Health app.",
    )
