"""`retrorun analyze`: what happened in a recording, as text, JSON, a table or a page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrorun.cli.inputs import Files, LimitMb, Progress, stored_athlete
from retrorun.cli.output import exists_already, fail, new_console, one_of, written

if TYPE_CHECKING:
    from retrorun.athlete import Athlete
    from retrorun.gait.direction.states import Said
    from retrorun.recording import Recording
    from retrorun.session import History, Session


def analyze(
    files: Files,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a session.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="One self-contained page, or a folder of pages for several.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="A table with one row a segment.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="What you say happened: start_s,end_s,motion,direction. It overrides."),
    ] = None,
    worn: Annotated[
        str | None,
        typer.Option(
            help="Where the phone was: left_shank, right_foot, pocket, sacrum, ...",
            metavar="PLACE",
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(help="Earlier runs of the same person: how they run forward.", metavar="DIR"),
    ] = None,
    athlete: Annotated[
        Path | None,
        typer.Option(help="Who ran (`retrorun athlete`); without it, the profile you keep."),
    ] = None,
    rpe: Annotated[
        float | None, typer.Option(help="How hard it felt, from 0 (rest) to 10.", min=0, max=10)
    ] = None,
    limit_mb: LimitMb = None,
) -> None:
    """Find out what happened in a recording.

    Example: [bold]retrorun analyze morning-run.fit[/bold]

    With labels: [bold]retrorun analyze run.zip --worn left_shank --labels labels.csv[/bold]
    """
    from retrorun.recording import PLACEMENTS
    from retrorun.session import analyse

    if sum([json, html is not None, csv is not None]) > 1:
        fail("choose one of --json, --html and --csv; wanted at most one way of printing")
    for out in (html, csv):
        if out is not None and out.exists():
            exists_already(out)
    said = _labels(labels)
    sessions = Progress(files, limit_mb=limit_mb)
    if labels is not None:
        _only_one(files)

    one_of("--worn", worn, PLACEMENTS)
    earlier = None if history is None else _history(history, limit_mb=limit_mb)
    who = _athlete(athlete)

    def judged(recording: Recording) -> Session:
        placed = recording if worn is None else recording.worn_at(worn)
        return analyse(placed, athlete=who, labels=said, history=earlier, rpe=rpe)

    printed = sessions.through(judged)
    if json:
        from retrorun.contract import to_json

        for session in printed:
            print(to_json(session), flush=True)
    elif csv is not None:
        from retrorun.report.segments_csv import write_segments

        written(csv, lambda part: write_segments(part, printed))
    elif html is not None:
        written(html, lambda part: _pages(part, printed))
    else:
        from retrorun.report.terminal import show_session

        console = new_console()
        for session in printed:
            show_session(session, console=console)
    sessions.end()


def _labels(path: Path | None) -> tuple[Said, ...]:
    """What the athlete says; a file that cannot be used ends the program with its line."""
    if path is None:
        return ()
    from retrorun.errors import BadInput
    from retrorun.labels import read_labels

    try:
        return read_labels(path)
    except BadInput as error:
        fail(str(error))


def _history(folder: Path, *, limit_mb: float | None) -> History | None:
    """How the person runs forward, from earlier recordings; what cannot be read is left out."""
    from retrorun.session import analyse, history_of

    earlier = Progress([folder], limit_mb=limit_mb)
    history = history_of(earlier.through(analyse))
    if not earlier.given:
        fail(f"--history {folder}: no recording in it that can be read; wanted earlier runs")
    earlier.say_left_out()
    return history


def _athlete(path: Path | None) -> Athlete | None:
    """The profile that was named, or else the one that is kept; None where there is none."""
    from retrorun.athlete import read_athlete
    from retrorun.errors import BadInput

    try:
        return stored_athlete() if path is None else read_athlete(path)
    except BadInput as error:
        fail(str(error))


def _only_one(files: list[Path]) -> None:
    """Labels are of one recording: times of another would be nonsense."""
    if len(files) > 1 or files[0].is_dir():
        fail("--labels belongs to one recording; wanted one file beside it")


def _pages(out: Path, sessions: Iterator[Session]) -> bool:
    """One page at `out`; a folder of pages, named by the recordings, where there are several."""
    from retrorun.report.html import render

    first, second = next(sessions, None), next(sessions, None)
    if first is None:
        return False
    if second is None:
        out.write_text(render(first), encoding="utf-8")
        return True
    out.mkdir()
    for number, session in enumerate(chain((first, second), sessions), start=1):
        stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in session.recording.file)
        page = out / f"{number:04}-{stem[:100]}.html"
        page.write_text(render(session), encoding="utf-8")
    return True
