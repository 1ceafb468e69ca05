"""The command line. It parses words, opens files and prints; every number comes from below.

Exit status: 0 done; 1 some of several inputs failed, the rest done; 2 nothing could be done.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from rich.console import Console

    from retrorun.athlete import Athlete, Field
    from retrorun.formats import Outcome
    from retrorun.gait.direction.states import Said
    from retrorun.recording import Recording
    from retrorun.session import History, Session
    from retrorun.standing import Trial

app = typer.Typer(
    name="retrorun",
    help="Measure what running backwards does, for you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

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


def main() -> None:
    """Run the command line; every foreseen failure is one line on standard error."""
    # A stream that the caller closed is None: what is said then goes nowhere.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    try:
        status = app(standalone_mode=False) or 0
        sys.stdout.flush()
    except TyperException as error:
        if not error.format_message():  # the help was asked for by saying nothing
            sys.exit(2)
        _fail(error.format_message())
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader went away: `| head`
            sys.exit(0)
        _fail(f"output: {error.strerror}; wanted a place that can be written")
    except SystemExit as left:
        # The reader went away (`| head`): Typer leaves with 1, which here means failed inputs.
        sys.exit(0 if left.code == 1 else left.code)
    if status == _INTERRUPTED:
        print("retrorun: interrupted; what was written so far is whole", file=sys.stderr)
    sys.exit(status)


#: The status of a program that was stopped with Ctrl-C.
_INTERRUPTED = 130


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"retrorun {installed('retrorun')}")
        raise typer.Exit


@app.command()
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
    from retrorun.session import analyse

    if sum([json, html is not None, csv is not None]) > 1:
        _fail("choose one of --json, --html and --csv; wanted at most one way of printing")
    for out in (html, csv):
        if out is not None and out.exists():
            _fail(f"{out}: exists already; wanted a new name. Nothing is ever written over")
    said = _labels(labels)
    sessions = _Progress(files, limit_mb=limit_mb)
    if labels is not None:
        _only_one(files)

    _known_place(worn)
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

        _written(csv, lambda part: write_segments(part, printed))
    elif html is not None:
        _written(html, lambda part: _pages(part, printed))
    else:
        from retrorun.report.terminal import show_session

        console = _console()
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
        _fail(str(error))


def _history(folder: Path, *, limit_mb: float | None) -> History | None:
    """How the person runs forward, from earlier recordings; what cannot be read is left out."""
    from retrorun.session import analyse, history_of

    earlier = _Progress([folder], limit_mb=limit_mb)
    history = history_of(earlier.through(analyse))
    if not earlier.given:
        _fail(f"--history {folder}: no recording in it that can be read; wanted earlier runs")
    return history


def _athlete(path: Path | None) -> Athlete | None:
    """The profile that was named, or else the one that is kept; None where there is none."""
    from retrorun.athlete import default_path, read_athlete
    from retrorun.errors import BadInput

    try:
        return read_athlete(default_path() if path is None else path)
    except BadInput as error:
        if path is None and isinstance(error.__cause__, FileNotFoundError):
            return None
        _fail(str(error))


def _only_one(files: list[Path]) -> None:
    """Labels are of one recording: times of another would be nonsense."""
    if len(files) > 1 or files[0].is_dir():
        _fail("--labels belongs to one recording; wanted one file beside it")


def _known_place(worn: str | None) -> None:
    from retrorun.recording import PLACEMENTS

    if worn is not None and worn not in PLACEMENTS:
        _fail(f"--worn is {worn!r}; wanted one of {', '.join(PLACEMENTS)}")


@app.command()
def read(files: Files, limit_mb: LimitMb = None) -> None:
    """Show what is in a file: channels, rates, gaps, problems.

    Example: [bold]retrorun read sensor-log.zip[/bold]
    """
    from retrorun.report.terminal import show_recording

    console = _console()
    recordings = _Progress(files, limit_mb=limit_mb)
    for recording in recordings:
        show_recording(recording, console=console)
    recordings.end()


@app.command()
def schema() -> None:
    """Print the JSON Schema of what `analyze --json` prints.

    Example: [bold]retrorun schema > session.schema.json[/bold]
    """
    import json as json_module

    from retrorun.contract import json_schema

    print(json_module.dumps(json_schema(), indent=2))


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder to write into.")],
) -> None:
    """Write simulated recordings with their truth, to try things out.

    Example: [bold]retrorun example try-me && retrorun analyze try-me[/bold]
    """
    from retrorun.errors import BadInput
    from retrorun.examples import write_examples

    try:
        written = write_examples(folder)
    except BadInput as error:
        _fail(str(error))
    except OSError as error:
        why = error.strerror or str(error)
        _fail(f"{folder}: {why}; wanted a folder that can be written. Choose another")
    print(f"Simulated recordings, not of a person, in {folder}:")
    for path, what in written:
        print(f"  {path.name:28} {what}")


@app.command()
def athlete(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Another file than the usual one.", show_default=False),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print what is known, and what the rest would bring.")
    ] = False,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Yours.")] = None,
    sex: Annotated[str | None, typer.Option(metavar="SEX", help="female or male.")] = None,
    birth_date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Such as 1990-05-31.")
    ] = None,
    mass_kg: Annotated[str | None, typer.Option(metavar="KG", help="Body mass.")] = None,
    height_m: Annotated[str | None, typer.Option(metavar="M", help="Such as 1.75.")] = None,
    resting_heart_rate_bpm: Annotated[
        str | None, typer.Option(metavar="BPM", help="As after waking up.")
    ] = None,
    max_heart_rate_bpm: Annotated[
        str | None, typer.Option(metavar="BPM", help="Highest that you measured.")
    ] = None,
    threshold_heart_rate_bpm: Annotated[
        str | None, typer.Option(metavar="BPM", help="Held for an hour.")
    ] = None,
    vo2max_ml_kg_min: Annotated[
        str | None, typer.Option(metavar="VO2", help="From a laboratory or a watch.")
    ] = None,
    backward_experience_hours: Annotated[
        str | None, typer.Option(metavar="H", help="Roughly.")
    ] = None,
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
        _fail("--show only prints; wanted it without fields to set")
    path = file or default_path()
    try:
        stored = _stored_athlete(path)
        if show and file and stored is None:
            _fail(f"{file}: there is no such file; wanted a profile. `retrorun athlete` makes one")
        known = stored or Athlete()
        if answers:
            known = answered(known, answers)
        elif not show and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
            known = _asked_athlete(known, path)
        if known != stored and not show:
            write_athlete(known, path)
            print(f"Written: {path}")
    except BadInput as error:
        _fail(str(error))
    _show_athlete(known, path)


def _stored_athlete(path: Path) -> Athlete | None:
    """The profile in a file; None where there is no file."""
    from retrorun.athlete import read_athlete
    from retrorun.errors import BadInput

    try:
        return read_athlete(path)
    except BadInput as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


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
        _fail("the questions ended early; wanted an answer or Enter. Nothing was written")
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


@app.command()
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

    if stance is not None and stance not in STANCES:
        _fail(f"--stance is {stance!r}; wanted one of {', '.join(STANCES)}")
    now = _Progress(files, limit_mb=limit_mb)
    trials = _standing(now)
    earlier = None
    if than:
        before = _Progress(than, limit_mb=limit_mb)
        earlier = _standing(before)
        now.failures += before.failures
        now.inputs += before.inputs
    _some_judged(files, trials)
    found = balance(trials, stance=stance, earlier=earlier)
    if json:
        print(to_json(found), flush=True)
    else:
        from retrorun.report.standing import show_balance

        show_balance(found, console=_console())
    shown = [*found.now.trials, *(found.compared.earlier.trials if found.compared else ())]
    lost = sum(trial.sway is None for trial in shown)
    if lost:
        said = f"{lost} of {len(shown)} trials not judged; the reasons stand beside them"
        print(f"retrorun: {said}", file=sys.stderr)
    now.end()
    if lost:
        raise typer.Exit(1)


def _standing(recordings: _Progress) -> list[Trial]:
    """The trials of some inputs; where none can be read, the program ends with the reason."""
    from retrorun.errors import Defect
    from retrorun.standing import trial_of

    trials = []
    for recording in recordings:
        try:
            trials.append(trial_of(recording))
        except Exception as error:
            if os.environ.get("RETRORUN_DEBUG"):
                raise
            recordings.given -= 1
            recordings.failures.append(str(Defect(recording.file, error)))
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
        _fail(f"{first}. {how}")
    names = ", ".join(str(path) for path in files)
    _fail(f"{names}: none of {len(trials)} trials could be judged; first: {first}. {how}")


@app.command()
def evidence(
    claim: Annotated[
        str | None,
        typer.Argument(metavar="CLAIM", help="One claim; without it, all.", show_default=False),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="A picture of the claim's figures: forest plots.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what people say about running backward, and what studies found.

    Example: [bold]retrorun evidence calories[/bold]

    As a picture: [bold]retrorun evidence calories --svg calories.svg[/bold]
    """
    from retrorun.evidence.library import claims

    if json and svg is not None:
        _fail("choose one of --json and --svg; wanted at most one way of printing")
    if svg is not None and (svg.exists() or not svg.name):
        _fail(f"--svg {svg}: exists already; wanted a new name. Nothing is ever written over")
    if claim is None:
        _all_claims(json=json, svg=svg)
        return
    if claim not in claims():
        _fail(f"evidence {claim!r}: no such claim; nearest: {', '.join(_nearest(claim))}")
    said = claims()[claim]
    if json:
        from retrorun.evidence.as_json import one_claim

        _print_object(one_claim(said))
    elif svg is not None:
        from retrorun.evidence.summary import summarise
        from retrorun.report import forest

        if not said.outcomes:
            drawn = ", ".join(key for key, other in claims().items() if other.outcomes)
            _fail(f"evidence {claim}: no study gives a figure to draw; wanted one of {drawn}")
        picture = forest.svg(said, [summarise(outcome) for outcome in said.outcomes])
        _written(svg, lambda part: bool(part.write_text(picture, encoding="utf-8")))
    else:
        from retrorun.report.evidence import show_claim

        show_claim(said, console=_console())


def _all_claims(*, json: bool, svg: Path | None) -> None:
    if svg is not None:
        _fail("--svg draws one claim; wanted its name. `retrorun evidence` lists them")
    if json:
        from retrorun.evidence.as_json import all_claims

        _print_object(all_claims())
    else:
        from retrorun.report.evidence import show_claims

        show_claims(_console())


def _nearest(claim: str) -> list[str]:
    """The claims whose names or words are most like a name that is none of them."""
    from difflib import SequenceMatcher

    from retrorun.evidence.library import claims

    def likeness(key: str) -> float:
        words = [key, *key.split("_"), *claims()[key].claim.lower().rstrip(".").split()]
        return max(SequenceMatcher(None, claim.lower(), word).ratio() for word in words)

    return sorted(claims(), key=likeness, reverse=True)[:3]


def _print_object(content: dict[str, Any]) -> None:
    import json as json_module

    print(json_module.dumps(content, ensure_ascii=False, allow_nan=False))


class _Progress:
    """Recordings of several inputs one by one; failures are counted, not raised."""

    def __init__(self, paths: list[Path], *, limit_mb: float | None) -> None:
        self.paths, self.limit_mb = paths, limit_mb
        self.failures: list[str] = []
        self.inputs = self.given = 0

    def __iter__(self) -> Iterator[Recording]:
        from retrorun import formats
        from retrorun.errors import Unreadable

        if self.limit_mb is not None and not math.isfinite(self.limit_mb):
            _fail(f"--limit-mb is {self.limit_mb}; wanted the largest size in MB")
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

    def through(self, analyse: Callable[[Recording], Session]) -> Iterator[Session]:
        """The sessions of the recordings; a defect of ours costs one of them, not the others."""
        from retrorun.errors import Defect

        for recording in self:
            try:
                session = analyse(recording)
            except Exception as error:
                if os.environ.get("RETRORUN_DEBUG"):
                    raise
                self.given -= 1
                self.failures.append(str(Defect(recording.file, error)))
            else:
                yield session

    def end(self) -> None:
        """Name what failed, and leave with the status that says so."""
        if not self.given:
            self._nothing()
        if self.failures:
            from retrorun.report.terminal import show_failures

            show_failures(self.failures, inputs=self.inputs, console=_console(stderr=True))
            raise typer.Exit(1)

    def _nothing(self) -> NoReturn:
        if len(self.failures) == 1:
            _fail(self.failures[0])
        names = ", ".join(str(path) for path in self.paths)
        if self.failures:
            _fail(f"{names}: none of {self.inputs} inputs could be read; first: {self.failures[0]}")
        _fail(f"{names}: no recording in it; wanted activities, sensor logs or an export")


def _bar(items: list) -> Iterator:  # type: ignore[type-arg]
    """The items, with a progress bar on standard error where there are many and a person looks."""
    if len(items) < 3 or not sys.stderr.isatty():
        yield from items
        return
    from rich.progress import track

    yield from track(items, description="Reading", console=_console(stderr=True), transient=True)


def _written(out: Path, write: Callable[[Path], bool]) -> None:
    """Let `write` fill a place beside `out`, and give it its name only when it is whole."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        if write(part):
            _name(part, out)
            print(out)
    except FileExistsError:
        _fail(f"{out}: exists already; wanted a new name. Nothing is ever written over")
    except OSError as error:
        _fail(f"{out}: {error.strerror}; wanted a place that can be written. Choose another")
    finally:
        _remove(part)


def _name(part: Path, out: Path) -> None:
    if part.is_dir():
        part.rename(out)  # refuses a folder with something in it
    else:
        try:
            os.link(part, out)  # unlike a renaming, refuses what is there
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links, as on memory sticks
            with out.open("xb") as whole, part.open("rb") as content:
                shutil.copyfileobj(content, whole)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)


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
    for number, session in enumerate(_chain(first, second, sessions), start=1):
        stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in session.recording.file)
        page = out / f"{number:04}-{stem[:100]}.html"
        page.write_text(render(session), encoding="utf-8")
    return True


def _chain(first: Session, second: Session, rest: Iterator[Session]) -> Iterator[Session]:
    yield first
    yield second
    yield from rest


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # A pipe has no width of its own; 110 columns keep the tables whole.
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else 110)


def _fail(line: str) -> NoReturn:
    """One line on standard error, status 2."""
    whole = "".join(c if c.isprintable() else " " for c in line)
    print("retrorun: " + " ".join(whole.split()), file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
