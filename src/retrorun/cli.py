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
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from rich.console import Console

    from retrorun.formats import Outcome
    from retrorun.gait.direction.baseline import ForwardBaseline
    from retrorun.gait.direction.states import Said
    from retrorun.recording import Recording
    from retrorun.session import Session

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
    baseline = None if history is None else _baseline(history, limit_mb=limit_mb)

    def judged(recording: Recording) -> Session:
        placed = recording if worn is None else recording.worn_at(worn)
        return analyse(placed, labels=said, baseline=baseline)

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


def _baseline(folder: Path, *, limit_mb: float | None) -> ForwardBaseline | None:
    """How the person runs forward, from earlier recordings; what cannot be read is left out."""
    from retrorun.session import analyse, forward_baseline

    earlier = _Progress([folder], limit_mb=limit_mb)
    baseline = forward_baseline(earlier.through(analyse))
    if not earlier.given:
        _fail(f"--history {folder}: no recording in it that can be read; wanted earlier runs")
    return baseline


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
