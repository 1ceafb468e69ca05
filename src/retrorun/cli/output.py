"""How the commands print, write files and fail: one line and a status, nothing written over."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from rich.console import Console


def new_console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # A pipe has no width of its own; 110 columns keep the tables whole.
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else 110)


def fail(line: str) -> NoReturn:
    """One line on standard error, status 2."""
    whole = "".join(c if c.isprintable() else " " for c in line)
    print("retrorun: " + " ".join(whole.split()), file=sys.stderr)
    sys.exit(2)


def exists_already(what: object) -> NoReturn:
    """What is there stays as it is."""
    fail(f"{what}: exists already; wanted a new name. Nothing is ever written over")


def one_of(option: str, given: str | None, known: Sequence[str]) -> None:
    """A word that is given must be one of those that we know."""
    if given is not None and given not in known:
        fail(f"{option} is {given!r}; wanted one of {', '.join(known)}")


def written(out: Path, write: Callable[[Path], bool]) -> None:
    """Let `write` fill a place beside `out`, and give it its name only when it is whole."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        if write(part):
            _name(part, out)
            print(out)
    except FileExistsError:
        exists_already(out)
    except OSError as error:
        fail(f"{out}: {error.strerror}; wanted a place that can be written. Choose another")
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
