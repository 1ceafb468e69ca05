"""The cursor over curves and map: its slider, and the numbers that the script reads for it."""

from __future__ import annotations

import json
import math

import numpy as np

from retrorun import contract
from retrorun.curves import Curves
from retrorun.report.drawing import axis_of
from retrorun.report.markup import DIRECTIONS, MOTIONS, Markup, direction_tone, el
from retrorun.report.picture import Floats, Panel, Picture, Track
from retrorun.session import Session

#: The cursor stops at most at so many moments.
_CURSOR_STOPS = 3600


def scrubber(picture: Picture) -> Markup:
    """The cursor as a slider, so that keyboards and screen readers have it too."""
    stops = _stops(picture)
    return el(
        "input", type="range", id="scrub", class_="scrub", min=0, max=stops - 1, step=1, value=0,
        aria_label="Moment of the recording", autocomplete="off", hidden="",
    )  # fmt: skip


def _step(picture: Picture) -> int:
    """Samples from one stop of the cursor to the next."""
    return -(-int(picture.span_s) // _CURSOR_STOPS)


def _stops(picture: Picture) -> int:
    return -(-int(picture.span_s) // _step(picture))


def cursor_data(session: Session, picture: Picture) -> Markup:
    """The block the cursor reads, as compact as it can be; nothing in it can end the block."""
    if not picture.panels:
        return Markup("")
    step = _step(picture)
    labels: dict[str, int] = {}
    spans = [
        [round(s.start_s, 1), round(s.end_s, 1), labels.setdefault(_label(s), len(labels))]
        for s in session.segments
    ]
    block = {
        "step_s": step,
        "span_s": picture.span_s,
        "panels": [_panel_data(panel, step) for panel in picture.panels],
        "gradient": _gradient_data(session.curves, step),
        "map": _map_data(picture.track, step),
        "segments": spans,
        "labels": list(labels),
        "laps": [[round(s.start_s, 1), round(s.end_s, 1), name] for name, s in session.laps],
    }
    text = json.dumps(block, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return el("script", Markup(text), type="application/json", id="data")


def _label(segment: contract.Segment) -> str:
    way = direction_tone(segment)
    return MOTIONS[segment.motion] + (f", {DIRECTIONS[way]}" if way else "")


def _panel_data(panel: Panel, step: int) -> dict[str, object]:
    axis = axis_of(panel)
    return {
        "key": panel.key,
        "title": panel.title,
        "unit": panel.unit,
        "digits": panel.digits,
        "low": round(axis.low, 2),
        "high": round(axis.high, 2),
        "values": _rounded(_means(panel.values, step), panel.digits),
    }


def _gradient_data(curves: Curves, step: int) -> list[float | None] | None:
    if not np.isfinite(curves.gradient).any():
        return None
    return _rounded(_means(curves.gradient * 100, step), 1)


def _map_data(track: Track | None, step: int) -> dict[str, list[float | None]] | None:
    if track is None:
        return None
    return {"x": _rounded(track.x[::step], 0), "y": _rounded(track.y[::step], 0)}


def _means(values: Floats, step: int) -> Floats:
    """Means of every `step` values, of those that are known."""
    padded = np.full(-(-len(values) // step) * step, np.nan)
    padded[: len(values)] = values
    blocks = padded.reshape(-1, step)
    known = np.isfinite(blocks)
    counts = known.sum(axis=1)
    sums = np.where(known, blocks, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _rounded(values: Floats, digits: int) -> list[float | None]:
    return [
        (round(x, digits) if digits else round(x)) if math.isfinite(x) else None
        for x in values.tolist()
    ]
