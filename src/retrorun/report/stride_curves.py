"""Curves of one stride, forward and backward in the colours of the directions, over each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from retrorun.report.markup import Markup, el, join, number
from retrorun.report.scale import nice
from retrorun.report.stride_body import box, facts, line, sheet, text
from retrorun.simulation.stride import Stride

Array = NDArray[np.float64]

_EDGE, _COLUMNS = 32.0, 3
_WIDE, _HIGH = 232.0, 116.0
#: From one panel to the next, across and down; the first one's place.
_ACROSS, _DOWN, _LEFT, _TOP = 284.0, 190.0, 66.0, 142.0
_WIDTH = _LEFT + (_COLUMNS - 1) * _ACROSS + _WIDE + _EDGE

#: Groups of muscles in plain words.
_GROUPS = {
    "glutes": "Gluteus maximus",
    "hamstrings": "Hamstrings",
    "hip_flexors": "Hip flexors (iliopsoas)",
    "quadriceps": "Quadriceps",
    "calves": "Calves",
    "tibialis_anterior": "Tibialis anterior",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One small plot: what it shows, its unit, and what up and down mean."""

    title: str
    unit: str
    values: Callable[[Stride], Array]
    up: str = ""
    down: str = ""
    low: float | None = None
    high: float | None = None


def _along_the_way(stride: Stride) -> Array:
    """Force that drives the runner on: positive along the way run, negative brakes."""
    return stride.force_along_bw * math.copysign(1.0, stride.velocity_m_s)


def _angle(joint: str, stride: Stride) -> Array:
    return stride.angles_deg[joint]


def _force_up(stride: Stride) -> Array:
    return stride.force_up_bw


def _percent_active(group: str, stride: Stride) -> Array:
    return 100 * stride.group_activation[group]


def _panels(strides: Sequence[Stride]) -> list[_Panel]:
    joints = [
        _Panel(title=joint.capitalize(), unit=unit, values=partial(_angle, joint))
        for joint, unit in (("hip", "° flexed"), ("knee", "° flexed"), ("ankle", "° toes up"))
    ]
    forces = [
        _Panel(title="Ground force, upward", unit="× weight", values=_force_up, low=0.0),
        _Panel(
            title="Ground force, level",
            unit="× weight",
            values=_along_the_way,
            up="drives on",
            down="brakes",
        ),
    ]
    groups = [
        _Panel(
            title=_GROUPS.get(group, group.replace("_", " ").capitalize()),
            unit="% active",
            values=partial(_percent_active, group),
            low=0.0,
            high=100.0,
        )
        for group in strides[0].group_activation
    ]
    return [*joints, *forces, *groups]


def curves_svg(strides: Sequence[Stride]) -> str:
    """Angles, forces and activations of the right leg against the share of the stride.

    One stride, or one of each direction.
    """
    panels = _panels(strides)
    # The sixth place explains the marks; the muscles begin a row of their own.
    places = [n if n < 5 else n + 1 for n in range(len(panels))]
    rows = math.ceil((places[-1] + 1) / _COLUMNS)
    height = _TOP + rows * _DOWN - 22
    speeds = {number(one.speed_m_s, 2) for one in strides}
    title = (
        f"The right leg through one stride{f' at {speeds.pop()} m/s' if len(speeds) == 1 else ''}"
    )
    marks = [
        text(_EDGE, 48, title, "title"),
        text(_EDGE, 72, "Simulated; from a landing of the right foot to the next.", "s"),
    ]
    for place, panel in zip(places, panels, strict=True):
        x, y = _corner(place)
        marks.append(_plot(panel, strides, x, y))
    marks.append(_key(strides, *_corner(5)))
    return sheet(
        _WIDTH,
        height,
        *marks,
        title=f"{title}, simulated",
        told=" ".join(_told(one) for one in strides),
        look="curves",
    )


def _told(stride: Stride) -> str:
    """The curves of one stride in words: how far each joint goes and when muscles work most."""
    joints = "; ".join(
        f"{joint} {number(float(values.min()))}° to {number(float(values.max()))}°"
        for joint, values in stride.angles_deg.items()
    )
    groups = "; ".join(
        f"{_GROUPS.get(group, group)} {100 * values.max():.0f} %"
        f" at {stride.percent[values.argmax()]:.0f} %"
        for group, values in stride.group_activation.items()
    )
    return (
        f"Running {stride.direction}, {facts(stride)}: {joints}; the ground pushes with at most"
        f" {number(float(stride.force_up_bw.max()), 1)} body weights;"
        f" the foot lifts at {100 * stride.contact_share:.0f} % of the stride."
        f" Highest activation and when: {groups}."
    )


def _corner(place: int) -> tuple[float, float]:
    return _LEFT + place % _COLUMNS * _ACROSS, _TOP + place // _COLUMNS * _DOWN


def _plot(panel: _Panel, strides: Sequence[Stride], x: float, y: float) -> Markup:
    """One panel, its upper left corner at x, y."""
    curves = [panel.values(one) for one in strides]
    low, high, step = _range(panel, curves)

    def height(value: float) -> float:
        return y + _HIGH * (high - value) / (high - low)

    marks = [text(x - 34, y - 18, panel.title, "name"), text(x + _WIDE, y - 18, panel.unit, "s e")]
    for one in strides:
        stance = box("wash", x, y, _WIDE * one.contact_share, _HIGH)
        marks.append(el("g", stance, class_=one.direction))
    for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        at = height(n * step)
        marks.append(line("zero" if n == 0 else "grid", (x, at), (x + _WIDE, at)))
        marks.append(text(x - 8, at + 4, f"{n * step:g}".replace("-", "−"), "s e"))
    for percent in (0, 25, 50, 75, 100):
        at = x + _WIDE * percent / 100
        marks.append(line("grid", (at, y), (at, y + _HIGH)))
        if percent % 50 == 0:
            look = {0: "s", 100: "s e"}.get(percent, "s m")
            marks.append(text(at, y + _HIGH + 30, f"{percent} %", look))
    for place, (one, values) in enumerate(zip(strides, curves, strict=True)):
        points = [
            (x + _WIDE * float(p) / 100, height(float(v)))
            for p, v in zip(one.percent, values, strict=True)
            if np.isfinite(v)
        ]
        stood = box("bar", x, y + _HIGH + 4 + 6 * place, _WIDE * one.contact_share, 4, 2)
        marks.append(el("g", line("curve", *points), stood, class_=one.direction))
    if panel.up:
        marks.append(text(x + _WIDE - 4, y + 13, f"{panel.up} ↑", "s e"))
        marks.append(text(x + _WIDE - 4, y + _HIGH - 5, f"{panel.down} ↓", "s e"))
    return join(marks)


def _range(panel: _Panel, curves: Sequence[Array]) -> tuple[float, float, float]:
    """Round ends that hold all curves, and the step between lines."""
    low = min(float(np.nanmin(one)) for one in curves) if panel.low is None else panel.low
    high = max(float(np.nanmax(one)) for one in curves) if panel.high is None else panel.high
    step = nice(max(high - low, 1e-3) / 4)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _key(strides: Sequence[Stride], x: float, y: float) -> Markup:
    """What the colours and bars mean."""
    marks = []
    left = x - 34
    for one in strides:
        about = (
            f"{number(one.speed_m_s, 2)} m/s, {number(one.cadence_steps_min)} steps a minute",
            f"on the ground to {100 * one.contact_share:.0f} % (bar, shade)",
        )
        marks.append(
            el(
                "g",
                line("curve", (left, y - 4), (left + 34, y - 4)),
                box("bar", left, y + 12, 34, 4, 2),
                text(left + 44, y, one.direction, "way"),
                *(text(left + 44, y + 18 + 17 * n, words, "s") for n, words in enumerate(about)),
                class_=one.direction,
            )
        )
        y += 64
    return join(marks)
