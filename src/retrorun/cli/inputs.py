"""What the commands are given: recordings one by one, and the profile that is kept."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from retrorun.cli.output import fail, new_console

if TYPE_CHECKING:
    from retrorun.athlete import Athlete
    from retrorun.formats import Outcome
    from retrorun.recording import Recording

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", help="Recordings, folders or exports (zip).", show_default=False
    ),
]
LimitMb = Annotated[
    float | None,
    typer.Option("--limit-mb", help="Largest file accepted, of any kind, decompressed.", min=0.001),
]

Found = TypeVar("Found")
Item = TypeVar("Item")


class Progress:
    """Recordings of several inputs one by one; failures are counted, not raised."""

    def __init__(self, paths: list[Path], *, limit_mb: float | None) -> None:
        self.paths, self.limit_mb = paths, limit_mb
        self.failures: list[str] = []
        self.inputs = self.given = 0

    def __iter__(self) -> Iterator[Recording]:
        from retrorun import formats
        from retrorun.errors import Unreadable

        if self.limit_mb is not None and not math.isfinite(self.limit_mb):
            fail(f"--limit-mb is {self.limit_mb}; wanted the largest size in MB")
        limits = (
            formats.Limits()
            if self.limit_mb is None
            else formats.Limits.of_megabytes(self.limit_mb)
        )
        found = [item for path in self.paths for item in formats.inputs(path, limits=limits)]
        self.inputs = len(found)
        for item in _bar(found):
            outcome: Outcome
            for outcome in item.outcomes():
                if isinstance(outcome, Unreadable):
                    self.failures.append(str(outcome))
                else:
                    self.given += 1
                    yield outcome

    def through(self, find: Callable[[Recording], Found]) -> Iterator[Found]:
        """What is found in each recording; a defect of ours costs one of them, not the others."""
        from retrorun.errors import Defect

        for recording in self:
            try:
                found = find(recording)
            except Exception as error:
                if os.environ.get("RETRORUN_DEBUG"):
                    raise
                self.given -= 1
                self.failures.append(str(Defect(recording.file, error)))
            else:
                yield found

    def end(self) -> None:
        """Name what failed, and leave with the status that says so."""
        if not self.given:
            self._nothing()
        self.say_left_out()
        if self.failures:
            raise typer.Exit(1)

    def say_left_out(self) -> None:
        """Name what could not be read, on standard error."""
        if self.failures:
            from retrorun.report.terminal import show_failures

            show_failures(self.failures, inputs=self.inputs, console=new_console(stderr=True))

    def _nothing(self) -> NoReturn:
        if len(self.failures) == 1:
            fail(self.failures[0])
        names = ", ".join(str(path) for path in self.paths)
        if self.failures:
            fail(f"{names}: none of {self.inputs} inputs could be read; first: {self.failures[0]}")
        fail(f"{names}: no recording in it; wanted activities, sensor logs or an export")


def _bar(items: list[Item]) -> Iterator[Item]:
    """The items, with a progress bar on standard error where there are many and a person looks."""
    if len(items) < 3 or not sys.stderr.isatty():
        yield from items
        return
    from rich.progress import track

    yield from track(items, description="Reading", console=new_console(stderr=True), transient=True)


def stored_athlete(path: Path | None = None) -> Athlete | None:
    """The profile in a file, by default the usual one; None where there is no file."""
    from retrorun.athlete import default_path, read_athlete
    from retrorun.errors import BadInput

    try:
        return read_athlete(path or default_path())
    except BadInput as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
