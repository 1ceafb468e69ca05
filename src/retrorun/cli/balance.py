"""`retrorun balance`: how much somebody sways while standing, and whether that changed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrorun.cli.inputs import Files, LimitMb, Progress
from retrorun.cli.output import fail, new_console, one_of

if TYPE_CHECKING:
    from retrorun.standing import Trial


def balance(
    files: Files,
    stance: Annotated[
        str | None,
        typer.Option(
            help="How you stood: eyes_open, eyes_closed, tandem, one_leg.", metavar="STANCE"
        ),
    ] = None,
    than: Annotated[
        list[Path] | None,
        typer.Option(help="Earlier trials of the same stance, to compare with.", metavar="FILE"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    limit_mb: LimitMb = None,
) -> None:
    """See how much you sway while standing, from a phone held to the chest.

    Give three trials or more of one stance: only then is it known how well they repeat.

    Example: [bold]retrorun balance one.zip two.zip three.zip --stance eyes_open[/bold]

    Compared: [bold]retrorun balance july/ --than june/ --stance eyes_open[/bold]
    """
    from retrorun.standing import STANCES, balance, to_json

    one_of("--stance", stance, STANCES)
    now = Progress(files, limit_mb=limit_mb)
    trials = _standing(now)
    earlier = None
    if than:
        before = Progress(than, limit_mb=limit_mb)
        earlier = _standing(before)
        now.failures += before.failures
        now.inputs += before.inputs
    _some_judged(files, trials)
    found = balance(trials, stance=stance, earlier=earlier)
    if json:
        print(to_json(found), flush=True)
    else:
        from retrorun.report.standing import show_balance

        show_balance(found, console=new_console())
    shown = [*found.now.trials, *(found.compared.earlier.trials if found.compared else ())]
    lost = sum(trial.sway is None for trial in shown)
    if lost:
        said = f"{lost} of {len(shown)} trials not judged; the reasons stand beside them"
        print(f"retrorun: {said}", file=sys.stderr)
    now.end()
    if lost:
        raise typer.Exit(1)


def _standing(recordings: Progress) -> list[Trial]:
    """The trials of some inputs; where none can be read, the program ends with the reason."""
    from retrorun.standing import trial_of

    trials = list(recordings.through(trial_of))
    if not trials:
        recordings.end()
    return trials


def _some_judged(files: list[Path], trials: list[Trial]) -> None:
    """Without a single trial there is nothing to show."""
    if any(trial.sway is not None for trial in trials):
        return
    first = f"{trials[0].file}: not judged: {trials[0].reason}"
    how = "Stand still for 40 s, the phone flat on the breastbone"
    if len(trials) == 1:
        fail(f"{first}. {how}")
    names = ", ".join(str(path) for path in files)
    fail(f"{names}: none of {len(trials)} trials could be judged; first: {first}. {how}")
