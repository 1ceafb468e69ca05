"""The runner on the spot, one stride in a loop, slowed down, with the muscles of the near leg.

Where somebody asks for less motion the picture stands still, at the strongest push.
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
    smooth,
    spindle,
    text,
    trunk_turn,
    turns,
)
from retrorun.report.stride_muscles import BELLIES
from retrorun.report.stride_tracks import SLOWER, Tracks
from retrorun.simulation.stride import Stride

Array = NDArray[np.float64]

_WIDTH, _HEIGHT, _EDGE = 830.0, 560.0, 32.0
_PIXELS_PER_M, _CENTRE, _GROUND = 214.0, 236.0, 478.0
#: The list of the muscles: left end of names and bars, first row, height of a row.
_NAMES, _BARS, _BAR, _TOP, _ROW = 492.0, 668.0, 120.0, 138.0, 36.0
_M_PER_WEIGHT, _LEAST_FORCE = 0.32, 0.15

_STYLE = """
.stride .skin{fill:var(--earth);stroke:var(--d);stroke-width:1.8;stroke-linejoin:round}
.stride .back{fill:var(--paper);stroke:var(--trunk);stroke-width:1.5;stroke-linejoin:round}
.stride .torso{fill:var(--earth);stroke:var(--trunk);stroke-width:1.5;stroke-linejoin:round}
.stride .rest{stroke:var(--trunk);stroke-width:.7}
.stride .mark{stroke:var(--line);stroke-width:2;fill:none}
"""


def _turn(degrees: float) -> str:
    return f"transform:rotate({-degrees:.1f}deg)"


def _place(x: float, y: float) -> str:
    return f"transform:translate({x:.1f}px,{y:.1f}px)"


def animation_svg(stride: Stride) -> str:
    """The runner on a treadmill, four times slower, with activations and ground force."""
    tracks = Tracks(stride)
    title = f"Running {stride.direction} on the spot, simulated, {SLOWER} times slower"
    marks = [
        text(_EDGE, 50, f"Running {stride.direction}", "title"),
        text(_EDGE, 74, f"simulated · {facts(stride)}", "s"),
        _belt(stride, tracks),
        _runner(stride, tracks),
        _floor(),
        *(_push(stride, tracks, side) for side in ("left", "right")),
        _ways(stride),
        _muscles(stride, tracks),
        _clock(stride, tracks),
        _notes(stride),
    ]
    return sheet(
        _WIDTH,
        _HEIGHT,
        *marks,
        title=title,
        told=_told(stride),
        look=stride.direction,
        style=_STYLE + tracks.style,
    )


def _told(stride: Stride) -> str:
    """The animation in words: who works when."""
    peaks = "; ".join(
        f"{BELLIES[name].name} {100 * values.max():.0f} %"
        f" at {stride.percent[values.argmax()]:.0f} %"
        for name, values in stride.activation.items()
        if name in BELLIES
    )
    way = "right" if stride.direction == "forward" else "left"
    return (
        f"{facts(stride)}. The runner faces right; the ground passes by as for somebody who runs to"
        f" the {way}. Highest activation of the right leg's muscles, and when in the stride from"
        f" the landing of the right foot: {peaks}."
    )


# --- the runner ------------------------------------------------------------------------------


def _runner(stride: Stride, tracks: Tracks) -> Markup:
    """The body, moved with its hip."""
    parts = parts_of(stride, _PIXELS_PER_M)
    hip = stride.in_place_m[:, :, 0]
    x, y = _across(hip[:, 0]), _GROUND - hip[:, 1] * _PIXELS_PER_M
    head, trunk = (el("path", d=one, class_="torso") for one in (parts.head, parts.trunk))
    return tracks.group(
        "hip",
        (x, y),
        _place,
        _leg(stride, parts, tracks, "left"),
        tracks.group("trunk", (trunk_turn(stride),), _turn, head, trunk),
        _leg(stride, parts, tracks, "right"),
    )


def _across(x: Array) -> Array:
    """Pixels from the left, the middle of the hip's way in the centre."""
    return np.asarray(_CENTRE + x * _PIXELS_PER_M)


def _leg(stride: Stride, parts: Parts, tracks: Tracks, side: str) -> Markup:
    """One leg from the hip down; the near one shows its muscles."""
    turn = turns(stride, "right")  # the left leg's are the same, later
    look = "skin" if side == "right" else "back"

    near = side == "right"
    toes = tracks.group(
        "toes", (turn.toes - turn.foot,), _turn, _shape(parts.toes, look), side=side
    )
    foot = tracks.group(
        "foot",
        (turn.foot - turn.shank,),
        _turn,
        _hung(parts.ball, toes),
        _shape(parts.foot, look),
        side=side,
    )
    shank = tracks.group(
        "shank",
        (turn.shank - turn.thigh,),
        _turn,
        _hung(parts.ankle, foot),
        _shape(parts.shank, look),
        _bellies(stride, parts, tracks, "shank") if near else "",
        side=side,
    )
    return tracks.group(
        "thigh",
        (turn.thigh,),
        _turn,
        _hung(parts.knee, shank),
        _shape(parts.thigh, look),
        _bellies(stride, parts, tracks, "thigh") if near else "",
        side=side,
    )


def _shape(path: str, look: str) -> Markup:
    return el("path", d=path, class_=look)


def _hung(joint: tuple[float, float], inside: Markup) -> Markup:
    """What hangs on a joint of the part before."""
    return el("g", inside, transform=moved(*joint))


def _bellies(stride: Stride, parts: Parts, tracks: Tracks, on: str) -> Markup:
    """The muscles of a part: at rest, and above it the active colour, as strong as they work."""
    size = stride.height_m * _PIXELS_PER_M
    length = parts.knee[1] if on == "thigh" else parts.ankle[1]
    marks = []
    for name, belly in BELLIES.items():
        if belly.on != on or name not in stride.activation:
            continue
        ends = [(x * size, y * length) for x, y in (belly.start, belly.end)]
        shape = smooth(spindle(ends[0], ends[1], belly.width * size))
        marks.append(el("path", d=shape, class_="rest"))
        active = el("path", d=shape, class_="active")
        marks.append(_lit(tracks, name, stride.activation[name], active))
    return join(marks)


def _lit(tracks: Tracks, name: str, activation: Array, *inside: Markup) -> Markup:
    return tracks.group(f"lit-{name}", (activation,), lambda a: f"opacity:{a:.2f}", *inside)


# --- the ground ------------------------------------------------------------------------------


def _belt(stride: Stride, tracks: Tracks) -> Markup:
    """Marks on the ground, about half a metre apart, that pass by as fast as the runner runs."""
    left, right = _EDGE, _NAMES - 40
    count = max(round(stride.length_m / 0.5), 1)
    gap = stride.length_m / count * _PIXELS_PER_M
    way = -stride.velocity_m_s * stride.time_s * _PIXELS_PER_M
    reach = int((right - left) / gap) + count + 2
    # Beginning far enough outside, the marks fill the belt wherever they are.
    first = left - gap if stride.direction == "forward" else left - (count + 1) * gap
    marks = [
        line("mark", (first + n * gap, _GROUND + 3), (first + n * gap - 8, _GROUND + 15))
        for n in range(reach + 1)
    ]
    clip = f"stride-{stride.direction}-belt"
    passing = tracks.group("belt", (way,), lambda x: f"transform:translateX({x:.1f}px)", *marks)
    return join(
        [
            el("clipPath", box("", left, _GROUND, right - left, 18), id=clip),
            box("paper", left, _GROUND, right - left, 18),
            el("g", passing, clip_path=f"url(#{clip})"),
        ]
    )


def _floor() -> Markup:
    return line("ground", (_EDGE, _GROUND), (_NAMES - 40, _GROUND))


def _push(stride: Stride, tracks: Tracks, side: str) -> Markup:
    """The ground's force on a foot: at the centre of pressure, turned, as large as it is strong."""
    up, along = stride.force_up_bw, stride.force_along_bw
    at = stride.pressure_m - stride.velocity_m_s * stride.time_s
    known = np.isfinite(at)
    # In the air there is no arrow; it waits where the foot lifted or will land.
    at = np.interp(stride.percent, stride.percent[known], at[known], period=100.0)
    size = np.hypot(up, along)
    size = np.where(size > _LEAST_FORCE, size, 0.0)
    turn = np.where(size > 0, np.degrees(np.arctan2(along, np.maximum(up, 1e-9))), 0.0)
    reach = _M_PER_WEIGHT * _PIXELS_PER_M
    shape = (
        *((-0.7, 0.0), (-0.7, 7 - reach), (-2.7, 7 - reach), (0.0, -reach)),
        *((2.7, 7 - reach), (0.7, 7 - reach), (0.7, 0.0)),
    )
    drawn = el("polygon", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in shape), class_="tip")

    def stands(x: float, degrees: float, weights: float) -> str:
        place = f"translate({x:.1f}px,{_GROUND:.0f}px)"
        return f"transform:{place} rotate({degrees:.1f}deg) scale({weights:.2f})"

    return tracks.group("push", (_across(at), turn, size), stands, drawn, side=side)


# --- around the runner -----------------------------------------------------------------------


def _ways(stride: Stride) -> Markup:
    """Where the runner would run, and where she faces: left and right of her head."""
    y, faces = 118.0, _CENTRE + 84
    ends = [(_EDGE, y + 14), (_EDGE + 100, y + 14)]
    if stride.direction == "backward":
        ends.reverse()
    return join(
        [
            text(_EDGE, y, f"runs {stride.direction}", "way"),
            arrow(ends[0], ends[1], "travel", "travel-tip", 7),
            text(faces, y, "faces", "s"),
            arrow((faces, y + 14), (faces + 60, y + 14), "thin", "thin-tip", 5),
        ]
    )


def _muscles(stride: Stride, tracks: Tracks) -> Markup:
    """Names of the near leg's muscles with bars that follow their activation."""
    marks = [
        text(_NAMES, _TOP - 26, "Muscles of the right leg", "name"),
        text(_BARS + _BAR, _TOP - 26, "activation", "s e"),
    ]
    for row, name in enumerate(name for name in BELLIES if name in stride.activation):
        y = _TOP + row * _ROW
        bar = box("active", 0, 0, _BAR, 12)
        longer = tracks.group(
            f"bar-{name}",
            (stride.activation[name],),
            lambda a: f"transform:scaleX({a:.2f})",
            bar,
        )
        marks += [
            text(_NAMES, y + 4, BELLIES[name].name),
            text(_NAMES, y + 19, BELLIES[name].place, "s"),
            box("track", _BARS, y - 1, _BAR, 12),
            el("g", longer, transform=moved(_BARS, y - 1)),
        ]
    return join(marks)


def _clock(stride: Stride, tracks: Tracks) -> Markup:
    """The stride from left to right, the time each foot is down, and where the loop is."""
    left, right, y = _EDGE, _NAMES - 40, _GROUND + 42
    wide = right - left
    marks = []
    for side, look, start in (("right", "near", 0.0), ("left", "far", 0.5)):
        length = wide * min(stride.contact_share, 1 - start)
        marks += [
            box(look, left + wide * start, y, length, 6, 3),
            text(left + wide * start, y + 24, f"{side} foot on the ground", "s"),
        ]
    hand = line("push", (0, y - 6), (0, y + 12))
    marks.append(
        tracks.group(
            "clock",
            (left + wide * stride.percent / 100,),
            lambda x: f"transform:translateX({x:.1f}px)",
            hand,
        )
    )
    return join(marks)


def _notes(stride: Stride) -> Markup:
    """What one has to know, below the muscles."""
    words = (
        f"One stride of {number(float(stride.time_s[-1]), 2)} s, {SLOWER} times slower.",
        "Arrow: push of the ground on the foot,",
        f"at most {number(float(stride.force_up_bw.max()), 1)} body weights.",
        "The model has no arms.",
    )
    top = _TOP + len(BELLIES) * _ROW + 22
    return join(text(_NAMES, top + 18 * n, one, "s") for n, one in enumerate(words))
