"""`retrorun athlete`: who runs, from options or by asking, kept in a file of theirs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrorun.cli.inputs import stored_athlete
from retrorun.cli.output import fail

if TYPE_CHECKING:
    from retrorun.athlete import Athlete, Field


def _field(metavar: str, tip: str) -> Any:
    """The option of a field. It is text: `retrorun.athlete` understands 70,5 and names mistakes."""
    return typer.Option(metavar=metavar, help=tip)


def athlete(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Another file than the usual one.", show_default=False),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print what is known, and what the rest would bring.")
    ] = False,
    name: Annotated[str | None, _field("NAME", "Yours.")] = None,
    sex: Annotated[str | None, _field("SEX", "female or male.")] = None,
    birth_date: Annotated[str | None, _field("DATE", "Such as 1990-05-31.")] = None,
    mass_kg: Annotated[str | None, _field("KG", "Body mass.")] = None,
    height_m: Annotated[str | None, _field("M", "Such as 1.75.")] = None,
    resting_heart_rate_bpm: Annotated[str | None, _field("BPM", "As after waking up.")] = None,
    max_heart_rate_bpm: Annotated[str | None, _field("BPM", "Highest that you measured.")] = None,
    threshold_heart_rate_bpm: Annotated[str | None, _field("BPM", "Held for an hour.")] = None,
    vo2max_ml_kg_min: Annotated[str | None, _field("VO2", "From a laboratory or a watch.")] = None,
    backward_experience_hours: Annotated[str | None, _field("H", "Roughly.")] = None,
) -> None:
    """Say who runs, so that the figures become yours. Nothing is required.

    In a terminal it asks, and Enter skips a question. Options set their fields without asking.

    Example: [bold]retrorun athlete --mass-kg 70 --max-heart-rate-bpm 190[/bold]
    """
    from retrorun.athlete import Athlete, answered, default_path, write_athlete
    from retrorun.errors import BadInput

    options = {
        "name": name,
        "sex": sex,
        "birth_date": birth_date,
        "mass_kg": mass_kg,
        "height_m": height_m,
        "resting_heart_rate_bpm": resting_heart_rate_bpm,
        "max_heart_rate_bpm": max_heart_rate_bpm,
        "threshold_heart_rate_bpm": threshold_heart_rate_bpm,
        "vo2max_ml_kg_min": vo2max_ml_kg_min,
        "backward_experience_hours": backward_experience_hours,
    }
    answers = {name: text for name, text in options.items() if text is not None}
    if show and answers:
        fail("--show only prints; wanted it without fields to set")
    path = file or default_path()
    try:
        stored = stored_athlete(path)
        if show and file and stored is None:
            fail(f"{file}: there is no such file; wanted a profile. `retrorun athlete` makes one")
        known = stored or Athlete()
        if answers:
            known = answered(known, answers)
        elif not show and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
            known = _asked_athlete(known, path)
        if known != stored and not show:
            write_athlete(known, path)
            print(f"Written: {path}")
    except BadInput as error:
        fail(str(error))
    _show_athlete(known, path)


def _asked_athlete(known: Athlete, path: Path) -> Athlete:
    """The athlete after every question; whoever stops before the last one changes nothing."""
    from retrorun.athlete import FIELDS

    print(f"Your profile: {path}")
    print("Enter skips a question or keeps what stands in [ ]; - forgets it. All stays here.")
    try:
        for field in FIELDS:
            known = _asked(known, field)
    except EOFError:
        print()
        fail("the questions ended early; wanted an answer or Enter. Nothing was written")
    except KeyboardInterrupt:
        print()
        raise
    return known


def _asked(known: Athlete, field: Field) -> Athlete:
    """The athlete with one more answer; a wrong one is explained and asked for again."""
    from retrorun.athlete import answered, as_text, forgotten
    from retrorun.errors import BadInput

    present = as_text(known, field.name)
    while True:
        try:
            answer = input(f"{field.asks} [{present}]: " if present else f"{field.asks}: ").strip()
            if answer == "-":
                return forgotten(known, field.name)
            return answered(known, {field.name: answer}) if answer else known
        except BadInput as error:
            print(f"  {error}")
        except UnicodeDecodeError:
            print("  That could not be read as UTF-8. Type it again.")


def _show_athlete(known: Athlete, path: Path) -> None:
    """What is known, and what each thing that is not would bring."""
    from retrorun.athlete import NAMES, as_text, brings

    missing = known.missing()
    print(f"Known in {path}:" if len(missing) < len(NAMES) else f"Nothing known yet in {path}.")
    for name in NAMES:
        if name not in missing:
            print(f"  {name:26} {as_text(known, name)}")
    if missing:
        print("Not known, and what each would bring:")
    for name in missing:
        print(f"  {name:26} {brings(name)}")
