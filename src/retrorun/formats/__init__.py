"""Any file to recordings. The kind is found from the content, not from the suffix.

`read` gives the one recording of a file; `read_all` those of a folder, an export, or a file that
holds several. Each reader is a module with `NAME`, `recognises` and `read`; adding a format is
adding a module and a line in `FILE_READERS` or `TREE_READERS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Protocol

from retrorun.errors import Defect, NotAnActivity, PartlyUnreadable, SeveralRecordings, Unreadable
from retrorun.formats import apple_health, fit, gpx, inertial_log, phyphox, sensor_logger, tcx
from retrorun.formats.sources import Limits, Source, Tree, open_path, open_source
from retrorun.recording import Problem, Recording

__all__ = ["Limits", "Recording", "inputs", "inputs_in", "outcomes", "read", "read_all"]


class FileReader(Protocol):
    """A format that fits in one stream of bytes."""

    NAME: str

    def recognises(self, head: bytes, /) -> bool: ...
    def read(self, source: Source, /, *, limits: Limits) -> Iterator[Recording]: ...


class TreeReader(Protocol):
    """A format that is a folder of files; `claims` names those it wants, none in a strange one."""

    NAME: str

    def claims(self, tree: Tree, /) -> Set[str]: ...
    def read_folder(self, tree: Tree, /, *, limits: Limits) -> Iterator[Recording]: ...


FILE_READERS: tuple[FileReader, ...] = (
    fit, tcx, gpx, apple_health, inertial_log, sensor_logger, phyphox,
)  # fmt: skip
TREE_READERS: tuple[TreeReader, ...] = (apple_health, phyphox, sensor_logger)

#: What one input can come to: a recording, or the reason why there is none.
Outcome = Recording | Unreadable


def read(path: str | PathLike[str], *, limits: Limits | None = None) -> Recording:
    """The one recording that a file holds.

    Raises `Unreadable` where nothing can be read, and `SeveralRecordings`, which names
    `read_all`, where there is more than one.
    """
    found: list[Recording] = []
    for outcome in outcomes(path, limits=limits):
        if isinstance(outcome, Unreadable):
            raise outcome
        found.append(outcome)
        if len(found) > 1:
            raise SeveralRecordings(
                str(path),
                "holds more than one recording",
                "a file with one",
                "Use retrorun.formats.read_all(path).",
            )
    if not found:
        raise NotAnActivity(str(path), "nothing in it that can be analysed")
    return found[0]


def read_all(
    path: str | PathLike[str],
    *,
    limits: Limits | None = None,
    failures: list[Unreadable] | None = None,
) -> Iterator[Recording]:
    """Every recording of a file, a folder or an export, one at a time.

    What cannot be read goes into `failures`; without that list, `PartlyUnreadable` is raised
    after the last recording (or the error itself, if it is the only input), so that no loss
    goes unnoticed.
    """
    lost: list[Unreadable] = [] if failures is None else failures
    given = 0
    for outcome in outcomes(path, limits=limits):
        if isinstance(outcome, Unreadable):
            lost.append(outcome)
        else:
            given += 1
            yield outcome
    if failures is None and lost:
        raise lost[0] if not given and len(lost) == 1 else PartlyUnreadable(str(path), lost)


def outcomes(path: str | PathLike[str], *, limits: Limits | None = None) -> Iterator[Outcome]:
    """Every recording below a path, and in its place the error of each input that failed."""
    limits = limits or Limits()
    for item in inputs(path, limits=limits):
        yield from item.outcomes()


class Input:
    """One thing to read: a file, a phone log of several files, an export; errors are values."""

    def __init__(
        self,
        name: str,
        parts: Iterator[Recording],
        *,
        ignorable: bool,
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        self.name = name
        #: The bytes it is made of, by name within it: one for a file, several for a phone log.
        self.sources: Mapping[str, Source] = sources or {}
        self._parts = parts
        self._ignorable = ignorable

    def outcomes(self) -> Iterator[Outcome]:
        """Its recordings; an error ends it. Files of other kinds are silent within a folder.

        A defect of ours must not stop the other files: it becomes an error that says so, and
        with RETRORUN_DEBUG set it is raised as it is.
        """
        try:
            yield from self._parts
        except NotAnActivity as error:
            if not self._ignorable:
                yield error
        except Unreadable as error:
            yield error
        except Exception as error:
            if os.environ.get("RETRORUN_DEBUG"):
                raise
            yield Defect(self.name, error)


def inputs(path: str | PathLike[str], *, limits: Limits | None = None) -> Iterator[Input]:
    """What there is to read below a path, without reading it yet: for progress bars."""
    limits = limits or Limits()
    yield from _opened(str(path), lambda: open_path(Path(path), limits=limits), limits)


def inputs_in(source: Source, *, limits: Limits | None = None) -> Iterator[Input]:
    """The same of one stream of bytes, which goes by the name of the source."""
    limits = limits or Limits()
    yield from _opened(source.name, lambda: open_source(source, limits=limits), limits)


def _opened(name: str, opening: Callable[[], Source | Tree], limits: Limits) -> Iterator[Input]:
    try:
        opened = opening()
    except Unreadable as error:
        yield Input(name, _raise(error), ignorable=False)
        return
    yield from _inputs(opened, limits=limits, depth=0)


def _inputs(opened: Source | Tree, *, limits: Limits, depth: int) -> Iterator[Input]:
    if isinstance(opened, Source):
        yield Input(
            opened.name,
            _read_file(opened, limits=limits),
            ignorable=depth > 0,
            sources={opened.file: opened},
        )
        return
    for error in opened.refused:
        yield Input(error.file, _raise(error), ignorable=False)
    taken: set[str] = set()
    for tree, reader, claimed in _claimed(opened):
        taken |= claimed
        yield Input(
            tree.name,
            reader.read_folder(tree, limits=limits),
            ignorable=False,
            sources=tree.members,
        )
    for name, source in opened.members.items():
        if name in taken:
            continue
        try:
            inner = open_source(source, limits=limits, depth=depth + 1)
        except Unreadable as error:
            yield Input(source.name, _raise(error), ignorable=False)
            continue
        yield from _inputs(inner, limits=limits, depth=depth + 1)


def _claimed(tree: Tree) -> Iterator[tuple[Tree, TreeReader, set[str]]]:
    """Folders that a reader wants as a whole, with just the members it wants and their names."""
    for folder in tree.folders_with(".csv", ".txt", ".tsv", ".xml"):
        inside = tree.under(folder)
        for reader in TREE_READERS:
            wanted = reader.claims(inside)
            if wanted:
                members = {name: inside.members[name] for name in sorted(wanted)}
                prefix = f"{folder}/" if folder else ""
                yield Tree(inside.name, members), reader, {prefix + name for name in wanted}
                break


def _read_file(source: Source, *, limits: Limits) -> Iterator[Recording]:
    head = source.head()
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise Unreadable(
            source.name,
            "an empty file" if not head else "nothing but blanks",
            "a recorded activity",
            "Copy it from the device again.",
        )
    reader = next((r for r in FILE_READERS if r.recognises(head)), None)
    if reader is None:
        if source.name.lower().endswith(_SUFFIXES):  # it says that it is one: not passed over
            raise Unreadable(
                source.name,
                _looks_like(head),
                "a recorded activity",
                "Copy it from the device again.",
            )
        raise NotAnActivity(source.name, _looks_like(head))
    for recording in reader.read(source, limits=limits):
        yield replace(recording, problems=(*recording.problems, *_unpacking(source)))


def _unpacking(source: Source) -> tuple[Problem, ...]:
    """What was lost while a gzip was opened."""
    return tuple(
        Problem("the compressed data are damaged", why, "read as far as they go")
        for why in source.damage
    )


_SUFFIXES = (".fit", ".tcx", ".gpx")


#: What files of other kinds begin with, for a helpful refusal.
_OTHER_KINDS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"<!DOCTYPE html": "a web page",
    b"<html": "a web page",
    b"SQLite format 3": "a SQLite database",
    b"{": "a JSON file",
}


def _looks_like(head: bytes) -> str:
    kind = next((k for magic, k in _OTHER_KINDS.items() if head.startswith(magic)), None)
    return kind or "of a kind that retrorun does not know"


def _raise(error: Unreadable) -> Iterator[Recording]:
    raise error
    yield  # makes this a generator, so that the error is met where the input is read
