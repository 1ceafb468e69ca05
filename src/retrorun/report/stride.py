"""One stride of the simulated runner as a strip of figures, forward and backward at one scale.

The runner faces right in every picture: forward the figures follow each other to the right,
backward to the left. Figures would cover each other where they are run, so they are drawn four
times as far apart; a body and its forces are true to scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.report.markup import Markup, el, join, number
from retrorun.report.stride_body import (
    Parts,
    arrow,
    box,
    facts,
    line,
    moved,
    parts_of,
    sheet,
    text,
    trunk_turn,
    turned,
    turns,
)
from retrorun.simulation.stride import Stride

#: The one scale of all strips, and how much farther apart than run the figures stand.
_PIXELS_PER_M, _APART = 104.0, 4.0
#: Length of a body weight [m], and the least force that is drawn [body weights].
_M_PER_WEIGHT, _LEAST_FORCE = 0.32, 0.4
_EDGE, _NARROWEST = 32.0, 860.0
#: From the head of a strip down to its ground, and on to the strip's end.
_GROUND, _BELOW = 228.0, 104.0
#: Figures of a strip, evenly spaced in time; the next would be the first again.
_FIGURES = 10


def strip_svg(stride: Stride) -> str:
    """One stride as ten figures along the way, with the ground's force on each."""
    width = _width(stride)
    key, key_height = _key(width, stride.direction)
    height = _EDGE + _GROUND + _BELOW + key_height
    return sheet(
        width,
        height,
        el("g", _strip(stride, width), transform=moved(0, _EDGE - 8)),
        el("g", key, transform=moved(0, _EDGE + _GROUND + _BELOW)),
        title=_title(stride),
        told=_told(stride),
        look=stride.direction,
    )


def pair_svg(forward: Stride, backward: Stride) -> str:
    """Both directions, one above the other, at one scale."""
    width = max(_width(forward), _width(backward))
    same = abs(forward.speed_m_s - backward.speed_m_s) < 0.005
    at = f" at {number(forward.speed_m_s, 2)} m/s" if same else ""
    title = f"One stride forward and backward{at}, simulated"
    strip = _GROUND + _BELOW
    key, key_height = _key(width, "")
    marks = [text(_EDGE, 48, title, "title")]
    for place, one in enumerate((forward, backward)):
        top = 68 + place * (strip + 14)
        if place:
            marks.append(line("grid", (_EDGE, top - 18), (width - _EDGE, top - 18)))
        marks.append(el("g", _strip(one, width), transform=moved(0, top), class_=one.direction))
    marks.append(el("g", key, transform=moved(0, 68 + 2 * strip + 22)))
    return sheet(
        width,
        68 + 2 * strip + 22 + key_height,
        *marks,
        title=title,
        told=" ".join(_told(one) for one in (forward, backward)),
        look="pair",
    )


def _title(stride: Stride) -> str:
    return f"One stride running {stride.direction}, simulated"


def _told(stride: Stride) -> str:
    """The strip in words."""
    way = "right" if stride.direction == "forward" else "left"
    lifted = f"{100 * stride.contact_share:.0f} % of the stride"
    return (
        f"Running {stride.direction}: {facts(stride)}."
        f" The runner faces right and runs to the {way}."
        f" The right foot is on the ground for {lifted}; the ground pushes with at most"
        f" {number(float(stride.force_up_bw.max()), 1)} body weights."
        f" The knee bends up to {number(float(stride.angles_deg['knee'].max()))}°,"
        f" the hip goes from {number(float(stride.angles_deg['hip'].min()))}°"
        f" to {number(float(stride.angles_deg['hip'].max()))}°."
    )


def _samples(stride: Stride) -> tuple[int, ...]:
    """Where in the stride the figures are."""
    return tuple(round(n / _FIGURES * (len(stride.time_s) - 1)) for n in range(_FIGURES))


def _shift(stride: Stride, sample: int) -> float:
    """By how much a figure is moved along the way so that figures stand apart [m]."""
    return (_APART - 1.0) * stride.velocity_m_s * float(stride.time_s[sample])


def _reach(stride: Stride) -> tuple[float, float]:
    """From the leftmost to the rightmost point of all figures [m]."""
    xs = [stride.outline_m[sample, 0] + _shift(stride, sample) for sample in _samples(stride)]
    return float(np.min(xs)), float(np.max(xs))


def _width(stride: Stride) -> float:
    low, high = _reach(stride)
    return max(_NARROWEST, (high - low) * _PIXELS_PER_M + 2 * _EDGE + 24)


def _strip(stride: Stride, width: float) -> Markup:
    """Head, figures and ground of one stride, from y = 0 down."""
    low, high = _reach(stride)
    origin = width / 2 - (low + high) / 2 * _PIXELS_PER_M
    parts = parts_of(stride, _PIXELS_PER_M)
    marks = [
        text(_EDGE, 16, f"Running {stride.direction}", "head"),
        text(_EDGE + 176, 16, f"simulated · {facts(stride)}", "s"),
        *(_figure(stride, parts, sample, origin) for sample in _samples(stride)),
        # The sole gives way under load; what of it is below the ground is not drawn.
        box("paper", _EDGE - 8, _GROUND, width - 2 * _EDGE + 16, 12),
        box("earth", _EDGE - 8, _GROUND, width - 2 * _EDGE + 16, 6),
        line("ground", (_EDGE - 8, _GROUND), (width - _EDGE + 8, _GROUND)),
    ]
    for sample in _samples(stride):
        marks += _pushes(stride, sample, origin)
        hip = float(stride.outline_m[sample, 0, 0]) + _shift(stride, sample)
        when = f"{stride.percent[sample]:.0f} %"
        marks.append(text(origin + hip * _PIXELS_PER_M, _GROUND + 24, when, "s m"))
    return join([*marks, _contacts(stride, origin), _ways(stride, width)])


def _figure(stride: Stride, parts: Parts, sample: int, origin: float) -> Markup:
    """The runner at a sample, left leg first so that the right covers it."""
    hip = stride.outline_m[sample, :, 0]
    x = origin + (float(hip[0]) + _shift(stride, sample)) * _PIXELS_PER_M
    trunk = el(
        "g",
        el("path", d=parts.head),
        el("path", d=parts.trunk),
        transform=turned(float(trunk_turn(stride)[sample])),
        class_="trunk rim",
    )
    return el(
        "g",
        leg(stride, parts, sample, "left", "far rim"),
        trunk,
        leg(stride, parts, sample, "right", "near rim"),
        transform=moved(x, _GROUND - float(hip[1]) * _PIXELS_PER_M),
    )


def leg(stride: Stride, parts: Parts, sample: int, side: str, look: str) -> Markup:
    """One leg from the hip down: each part hangs on the one before."""
    turn = turns(stride, side)
    thigh, shank, foot, toes = (
        float(values[sample]) for values in (turn.thigh, turn.shank, turn.foot, turn.toes)
    )
    front = el(
        "g",
        el("path", d=parts.toes, class_="seam"),
        transform=f"{moved(*parts.ball)} {turned(toes - foot)}",
    )
    shoe = el(
        "g",
        el("path", d=parts.foot),
        front,
        transform=f"{moved(*parts.ankle)} {turned(foot - shank)}",
    )
    lower = el(
        "g",
        shoe,
        el("path", d=parts.shank),
        transform=f"{moved(*parts.knee)} {turned(shank - thigh)}",
    )
    return el("g", lower, el("path", d=parts.thigh), transform=turned(thigh), class_=look)


def _pushes(stride: Stride, sample: int, origin: float) -> list[Markup]:
    """The ground's force on each foot that is down, from the centre of pressure."""
    marks = []
    for side in ("right", "left"):
        up, along, at = (
            float((curve if side == "right" else stride.left(curve))[sample])
            for curve in (stride.force_up_bw, stride.force_along_bw, _pressure_in_place(stride))
        )
        if not (up > _LEAST_FORCE and np.isfinite(at)):
            continue
        way = stride.velocity_m_s * float(stride.time_s[sample])
        start = (origin + (at + way + _shift(stride, sample)) * _PIXELS_PER_M, _GROUND)
        reach = _M_PER_WEIGHT * _PIXELS_PER_M
        end = (start[0] + along * reach, start[1] - up * reach)
        marks += [
            line("halo", start, (end[0] - 0.1 * (end[0] - start[0]), end[1] + 6)),
            arrow(start, end, "push", "tip"),
        ]
    return marks


def _pressure_in_place(stride: Stride) -> NDArray[np.float64]:
    return np.asarray(stride.pressure_m - stride.velocity_m_s * stride.time_s)


def _contacts(stride: Stride, origin: float) -> Markup:
    """Bars below the figures: while which foot is on the ground."""
    pace = _APART * stride.velocity_m_s * float(stride.time_s[-1]) * _PIXELS_PER_M
    marks = []
    for side, look, start in (("right", "near", 0.0), ("left", "far", 0.5)):
        ends = (origin + pace * start, origin + pace * (start + stride.contact_share))
        y = _GROUND + (34 if stride.flies or side == "right" else 42)
        marks.append(box(look, min(ends), y, abs(ends[1] - ends[0]), 5, 2.5))
        words = f"{side} foot on the ground, to {100 * (start + stride.contact_share):.0f} %"
        marks.append(text(sum(ends) / 2, _GROUND + 56, words, "s m"))
    return join(marks)


def _ways(stride: Stride, width: float) -> Markup:
    """Where the runner runs and where she faces, below the ground."""
    y, middle = _GROUND + 84, width / 2
    ahead = stride.direction == "forward"
    runs = f"runs {stride.direction}"
    if ahead:
        marks = (
            text(middle - 10, y + 5, runs, "way e"),
            arrow((middle, y), (middle + 90, y), "travel", "travel-tip", 7),
        )
        faces = middle + 130
    else:
        marks = (
            arrow((middle - 120, y), (middle - 210, y), "travel", "travel-tip", 7),
            text(middle - 108, y + 5, runs, "way"),
        )
        faces = middle + 60
    return join(
        [
            *marks,
            text(faces, y + 5, "faces", "s"),
            arrow((faces + 38, y), (faces + 90, y), "thin", "thin-tip", 5),
        ]
    )


def _key(width: float, look: str) -> tuple[Markup, float]:
    """What the marks mean, and the height that takes."""
    y = 8.0
    reach = _M_PER_WEIGHT * _PIXELS_PER_M
    marks = [
        line("grid", (_EDGE, y), (width - _EDGE, y)),
        arrow((_EDGE + 6, y + 26 + reach), (_EDGE + 6, y + 26), "push", "tip"),
        text(_EDGE + 20, y + 40, "push of the ground on the foot:", "s"),
        text(_EDGE + 20, y + 56, "this long is one body weight", "s"),
        line("ground", (_EDGE + 230, y + 34), (_EDGE + 230 + _PIXELS_PER_M / 2, y + 34)),
        text(_EDGE + 230, y + 56, "½ m of the body", "s"),
        text(_EDGE + 360, y + 40, "Full colour: right leg, the nearer one. Dimmed: left leg.", "s"),
        text(
            _EDGE + 360,
            y + 56,
            f"Figures stand {_APART:.0f} times as far apart as run. The model has no arms.",
            "s",
        ),
    ]
    return join(marks), y + 82
