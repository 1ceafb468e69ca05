"""What every part of the page is made of: elements, numbers as text, names of tones.

Text from a recording is hostile until escaped: every element is made by `el`, which escapes
whatever is not `Markup` already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from retrorun import contract

# --- elements --------------------------------------------------------------------------------


class Markup(str):
    """Text that is markup already; every other text is escaped on its way into the page."""

    __slots__ = ()


#: Elements of HTML that hold nothing and have no end tag.
_VOID = frozenset({"input"})


def el(name: str, *inside: object, **attributes: object) -> Markup:
    """An element; an attribute that is None is left away, `class_` and `data_at` mean what
    HTML writes `class` and `data-at`.

    >>> el("p", "1 < 2", class_="quiet", id=None)
    '<p class="quiet">1 &lt; 2</p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{join(inside)}</{name}>")


def join(parts: Iterable[object]) -> Markup:
    """Parts one after the other; what is not markup already is escaped."""
    return Markup("".join(p if isinstance(p, Markup) else escape(str(p)) for p in parts))


def card(title: str, *inside: object, long: bool = False) -> Markup:
    """A box of the page with its title; a long one takes the whole width."""
    return el("section", el("h2", title), *inside, class_="card long" if long else "card")


# --- numbers ---------------------------------------------------------------------------------


def moment(seconds: float) -> str:
    """A moment of the recording.

    >>> moment(65.9)
    '0:01:05'
    """
    whole = math.floor(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """A number with so many digits after the point, and its unit; a dash where not known."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.{digits}f}{' ' if unit else ''}{unit}".replace("-", "−")


# --- tones -----------------------------------------------------------------------------------

#: Directions as tones of the style sheet, and how people read them.
DIRECTIONS = {
    "forward": "forward",
    "assumed": "forward (assumed)",
    "backward": "backward",
    "sideways": "sideways",
    "unknown": "direction unknown",
}
#: The same for motions.
MOTIONS = {"run": "run", "walk": "walk", "still": "still", "other": "other movement"}

#: Every tone, in the order of the legend.
TONES = {**DIRECTIONS, **MOTIONS, "unjudged": "not judged"}


def direction_tone(segment: contract.Segment) -> str | None:
    """The tone of a segment's direction; None where it stood still or is not judged."""
    if segment.direction is None or segment.motion == "still":
        return None
    assumed = segment.direction == "forward" and segment.source == "assumed"
    return "assumed" if assumed else segment.direction


def swatch(tone: str, name: str) -> Markup:
    """A name beside a patch of its tone."""
    return join((el("span", class_=f"swatch {tone}", aria_hidden="true"), name))
