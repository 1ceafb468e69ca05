"""The command line. It parses words, opens files and prints; every number comes from below.

Each command is a room of its name; `inputs` is what they read, `output` how they print and fail.
What a command needs is imported when it runs, so that help and version come at once.

Exit status: 0 done; 1 some of several inputs failed, the rest done; 2 nothing could be done.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from retrorun.cli import (
    analyze,
    archive,
    athlete,
    balance,
    evidence,
    example,
    read,
    schema,
    simulate,
)
from retrorun.cli.output import fail

app = typer.Typer(
    name="retrorun",
    help="Measure what running backwards does, for you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

# In the order of the help.
app.command()(analyze.analyze)
app.command()(read.read)
app.command()(schema.schema)
app.command()(example.example)
app.command()(athlete.athlete)
app.command()(balance.balance)
app.command()(evidence.evidence)
app.command()(simulate.simulate)
app.command("import")(archive.import_)
app.command("list")(archive.list_)
app.command()(archive.show)
app.command()(archive.reanalyze)
app.command()(archive.check)
app.command()(archive.erase)

#: The status of a program that was stopped with Ctrl-C.
_INTERRUPTED = 130


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"retrorun {version('retrorun')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """What every command shares."""


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
        fail(error.format_message())
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader went away: `| head`
            sys.exit(0)
        fail(f"output: {error.strerror}; wanted a place that can be written")
    except SystemExit as left:
        # The reader went away (`| head`): Typer leaves with 1, which here means failed inputs.
        sys.exit(0 if left.code == 1 else left.code)
    if status == _INTERRUPTED:
        print("retrorun: interrupted; what was written so far is whole", file=sys.stderr)
    sys.exit(status)
