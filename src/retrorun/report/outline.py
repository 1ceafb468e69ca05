"""The map: the outline of the track from above, in the tones of its bands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrorun.report.drawing import legend, path, runs
from retrorun.report.markup import Markup, el, join
from retrorun.report.picture import MAP_HEIGHT, MAP_WIDTH, Band, Floats, Picture, Track
from retrorun.report.scale import nice
from retrorun.units import kilometres

#: The track on the map has at most so many points.
_MAP_POINTS = 6000

#: What is drawn over the rest on the map comes last.
_DRAWN_LAST = ("unjudged", "still", "other", "walk", "run",
               "unknown", "assumed", "forward", "sideways", "backward")  # fmt: skip


def outline(picture: Picture, track: Track) -> Markup:
    """The map as a drawing, with a legend where no curve has one."""
    across = MAP_WIDTH * track.metres_per_unit
    said = f"Seen from above, north is up; the frame is {kilometres(across)} wide."
    drawn = el(
        "svg",
        el("title", "Outline of the track", id="title-map"),
        el("desc", said, id="desc-map"),
        _track_paths(picture, track),
        _start_and_end(track),
        _scale_bar(track),
        el("circle", r=13, id="here", class_="here", visibility="hidden"),
        viewBox=f"0 0 {MAP_WIDTH} {MAP_HEIGHT}",
        role="img",
        aria_labelledby="title-map desc-map",
    )
    # Beside curves, their legend serves both.
    return el("div", drawn, "" if picture.panels else legend(picture.bands), class_="map")


def _track_paths(picture: Picture, track: Track) -> Markup:
    """The way as one path a tone, the one that matters most on top."""
    every = -(-len(track.x) // _MAP_POINTS)
    x, y = track.x[::every], track.y[::every]
    tones = _tone_at(np.arange(0.0, len(track.x), every), picture.bands)
    paths: dict[int, list[str]] = {}
    for run in runs(tones):
        # One point more, so that the next tone begins where this one ends.
        part = slice(run.start, run.stop + 1)
        paths.setdefault(int(tones[run.start]), []).append(path(x[part], y[part]))
    return join(
        el("path", d=d, class_=f"way {_DRAWN_LAST[tone]}")
        for tone, pieces in sorted(paths.items())
        if (d := "".join(pieces))
    )


def _tone_at(time_s: Floats, bands: Sequence[Band]) -> NDArray[np.int_]:
    """The place in `_DRAWN_LAST` of the tone of every moment."""
    if not bands:
        return np.zeros(len(time_s), dtype=int)
    starts, ends = (np.array([getattr(b, edge) for b in bands]) for edge in ("start_s", "end_s"))
    codes = np.array([_DRAWN_LAST.index(band.tone) for band in bands])
    at = np.searchsorted(starts, time_s, side="right") - 1
    return np.where((at >= 0) & (time_s < ends[at]), codes[at], 0)


def _start_and_end(track: Track) -> Markup:
    known = np.flatnonzero(np.isfinite(track.x))
    (x0, y0), (x1, y1) = ((float(track.x[i]), float(track.y[i])) for i in known[[0, -1]])
    together = math.hypot(x1 - x0, y1 - y0) < 70
    marks = [
        el("rect", x=f"{x1 - 11:.0f}", y=f"{y1 - 11:.0f}", width=22, height=22, class_="mark end"),
        el("circle", cx=f"{x0:.0f}", cy=f"{y0:.0f}", r=12, class_="mark"),
        _place_name("Start and end" if together else "Start", x0, y0),
    ]
    return join(marks if together else [*marks, _place_name("End", x1, y1)])


def _place_name(name: str, x: float, y: float) -> Markup:
    """A name beside its mark, on the side that has room for it."""
    left = x > MAP_WIDTH * 0.7
    return el(
        "text", name, x=f"{x + (-24 if left else 24):.0f}", y=f"{y + 11:.0f}",
        text_anchor="end" if left else "start",
    )  # fmt: skip


def _scale_bar(track: Track) -> Markup:
    longest_m = 0.3 * MAP_WIDTH * track.metres_per_unit
    length_m = nice(longest_m / 2.5)
    units = length_m / track.metres_per_unit
    name = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    y = MAP_HEIGHT - 34
    return join(
        (
            el("path", d=f"M34 {y - 12}V{y}h{units:.1f}v-12", class_="scale"),
            el("text", name, x=34, y=y - 22, class_="small"),
            el("text", "N ↑", x=MAP_WIDTH - 34, y=62, text_anchor="end", class_="small"),
        )
    )
