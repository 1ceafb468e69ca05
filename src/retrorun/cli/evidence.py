"""`retrorun evidence`: what people say, and what studies found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from retrorun.cli.output import exists_already, fail, new_console, written


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
        fail("choose one of --json and --svg; wanted at most one way of printing")
    if svg is not None and (svg.exists() or not svg.name):
        exists_already(f"--svg {svg}")
    if claim is None:
        _all_claims(json=json, svg=svg)
        return
    if claim not in claims():
        fail(f"evidence {claim!r}: no such claim; nearest: {', '.join(_nearest(claim))}")
    said = claims()[claim]
    if json:
        from retrorun.evidence.as_json import one_claim

        _print_object(one_claim(said))
    elif svg is not None:
        from retrorun.evidence.summary import summarise
        from retrorun.report import forest

        if not said.outcomes:
            drawn = ", ".join(key for key, other in claims().items() if other.outcomes)
            fail(f"evidence {claim}: no study gives a figure to draw; wanted one of {drawn}")
        picture = forest.svg(said, [summarise(outcome) for outcome in said.outcomes])
        written(svg, lambda part: bool(part.write_text(picture, encoding="utf-8")))
    else:
        from retrorun.report.evidence import show_claim

        show_claim(said, console=new_console())


def _all_claims(*, json: bool, svg: Path | None) -> None:
    if svg is not None:
        fail("--svg draws one claim; wanted its name. `retrorun evidence` lists them")
    if json:
        from retrorun.evidence.as_json import all_claims

        _print_object(all_claims())
    else:
        from retrorun.report.evidence import show_claims

        show_claims(new_console())


def _nearest(claim: str) -> list[str]:
    """The claims whose names or words are most like a name that is none of them."""
    from difflib import SequenceMatcher

    from retrorun.evidence.library import claims

    def likeness(key: str) -> float:
        words = [key, *key.split("_"), *claims()[key].claim.lower().rstrip(".").split()]
        return max(SequenceMatcher(None, claim.lower(), word).ratio() for word in words)

    return sorted(claims(), key=likeness, reverse=True)[:3]


def _print_object(content: dict[str, Any]) -> None:
    import json

    print(json.dumps(content, ensure_ascii=False, allow_nan=False))
