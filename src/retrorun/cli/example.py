"""`retrorun example`: simulated recordings to try things out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrorun.cli.output import fail


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
        fail(str(error))
    except OSError as error:
        why = error.strerror or str(error)
        fail(f"{folder}: {why}; wanted a folder that can be written. Choose another")
    print(f"Simulated recordings, not of a person, in {folder}:")
    for path, what in written:
        print(f"  {path.name:28} {what}")
