"""`retrorun import`, `list`, `show`, `reanalyze` and `check`: the archive on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from retrorun.cli.inputs import Files, LimitMb, stored_athlete
from retrorun.cli.output import fail, new_console

if TYPE_CHECKING:
    from rich.table import Table

    from retrorun.archive.archive import Archive
    from retrorun.archive.importing import Imported
    from retrorun.archive.reading import Listed


@contextmanager
def _archive() -> Iterator[Archive]:
    """The user's archive; what keeps it from being used is one line."""
    from retrorun.archive.archive import opened
    from retrorun.errors import RetrorunError

    try:
        with opened() as found:
            yield found
    except RetrorunError as error:
        fail(str(error))
    except BrokenPipeError:  # the reader of what we print went away: no fault of the archive
        raise
    except OSError as error:
        fail(f"{error.filename or 'archive'}: {error.strerror}; wanted a place that can be written")


def import_(files: Files, limit_mb: LimitMb = None) -> None:
    """Bring recordings, folders or whole exports into your archive.

    What is there already is recognised. Stopped half way, it goes on where it was.

    Example: [bold]retrorun import export.zip runs/[/bold]
    """
    from retrorun.archive.importing import import_paths
    from retrorun.formats import Limits

    limits = Limits() if limit_mb is None else Limits.of_megabytes(limit_mb)
    count = {"new": 0, "known": 0, "refused": 0}
    with _archive() as archive:
        athlete = stored_athlete()
        for one in import_paths(archive, files, athlete=athlete, limits=limits):
            count[one.outcome] += 1
            _tell(one)
    print(f"{count['new']} new, {count['known']} known already, {count['refused']} not readable")
    if not count["new"] + count["known"]:
        fail("nothing was imported; wanted activities, sensor logs or an export")
    if count["refused"]:
        raise typer.Exit(1)


def _tell(one: Imported) -> None:
    """One line as soon as an input is safe."""
    numbers = ", ".join(str(number) for number in one.activities)
    what = f"activity {numbers}" if numbers else one.outcome
    print(f"{one.name}: {what}", flush=True)
    for why in one.refused:
        print(f"  {why}", flush=True)


def list_(
    json: Annotated[bool, typer.Option("--json", help="One JSON object an activity.")] = False,
) -> None:
    """List your activities, the newest first.

    Example: [bold]retrorun list[/bold]
    """
    from dataclasses import asdict

    from retrorun.archive.reading import listed

    with _archive() as archive:
        found = list(listed(archive))
    if json:
        from pydantic_core import to_json

        for one in found:
            print(to_json(asdict(one)).decode())
        return
    new_console().print(_table(found))


def _table(found: Sequence[Listed]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from retrorun.formats.sources import printable
    from retrorun.units import clock

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right")
    table.add_column("start (UTC)")
    for name in ("time", "km", "backward", "kcal"):
        table.add_column(name, justify="right")
    table.add_column("what")
    for one in found:
        table.add_row(
            str(one.number),
            "unknown" if one.start_time is None else f"{one.start_time:%Y-%m-%d %H:%M}",
            clock(one.duration_s),
            "" if one.distance_m is None else f"{one.distance_m / 1000:.2f}",
            clock(one.backward_s) if one.backward_s else "",
            "" if one.energy_kcal is None else f"{one.energy_kcal:.0f}",
            Text(printable(one.title)),
        )
    return table


def show(
    number: Annotated[int, typer.Argument(help="As `retrorun list` has it.")],
    json: Annotated[bool, typer.Option("--json", help="The session as JSON.")] = False,
) -> None:
    """Show one activity of your archive.

    Example: [bold]retrorun show 12[/bold]
    """
    from retrorun.archive.reading import shown

    with _archive() as archive:
        found = shown(archive, number)
        if json:
            print(found.session)
            return
        from retrorun.archive.recording_file import read_recording
        from retrorun.report.terminal import show_session
        from retrorun.session import analyse

        athlete = stored_athlete()
        recording = read_recording(archive.recordings.path(found.recordings[0].digest))
        show_session(analyse(recording, athlete=athlete), console=new_console())


def reanalyze(
    everything: Annotated[
        bool, typer.Option("--all", help="Also what this version has analysed already.")
    ] = False,
) -> None:
    """Analyse your archive again: after an upgrade, or with --all when your profile has changed.

    Your corrections stay.

    Example: [bold]retrorun reanalyze --all[/bold]
    """
    from retrorun.archive.reanalyzing import reanalyze as again

    failed = count = 0
    with _archive() as archive:
        athlete = stored_athlete()
        for one in again(archive, athlete=athlete, everything=everything):
            count += 1
            if one.failed is not None:
                failed += 1
                print(f"{one.number} {one.title}: {one.failed}", flush=True)
    print(f"{count - failed} analysed again, {failed} keep their old analysis")
    if failed:
        raise typer.Exit(1)


def erase(
    number: Annotated[
        int | None,
        typer.Argument(
            help="As `retrorun list` has it; without it, everything.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase one activity from your archive, or all of them. There is no way back.

    Example: [bold]retrorun erase 12[/bold]
    """
    from retrorun.archive.erasing import erase as forget

    what = "all activities" if number is None else f"activity {number}"
    if not yes:
        if not (sys.stdin and sys.stdin.isatty()):
            fail(f"{what} would be erased for good; wanted --yes where nobody can be asked")
        if input(f"Erase {what} for good? Type yes: ").strip() != "yes":
            fail("nothing was erased")
    with _archive() as archive:
        count = forget(archive, number)
    print(f"{count} erased")


def check() -> None:
    """See whether your archive is whole: every file there, unchanged, and known.

    Example: [bold]retrorun check[/bold]
    """
    from retrorun.archive.checking import faults

    with _archive() as archive, archive.alone():  # what a kill has left is no fault
        found = list(faults(archive))
    for fault in found:
        print(f"{fault.what}. {fault.remedy}")
    if found:
        raise typer.Exit(1)
    print("Whole: every file is there, unchanged and known.")
