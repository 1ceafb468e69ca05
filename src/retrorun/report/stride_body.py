"""The body of the simulated runner for pictures: rounded parts, where they stand, the style.

Each part is drawn once in its own frame, in metres for a person 1 m tall and y down as on paper;
a figure turns and moves the parts. The model has no arms: their mass is the trunk's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.report.markup import Markup, el, number
from retrorun.simulation.stride import POINTS, Stride

Array = NDArray[np.float64]
Points = Sequence[tuple[float, float]]

#: Colours of the session's page (`session.css`), light and dark. Everything is below `.stride`, so
#: that a page may hold several of these pictures beside others.
STYLE = """\
.stride text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
fill:var(--ink)}.stride .title{font-size:21px;font-weight:650}.stride .head{font-weight:650;
font-size:16px;fill:var(--dt)}.stride .name{font-weight:600}.stride .s{font-size:13px;
fill:var(--muted)}.stride .way{font-weight:600;fill:var(--dt)}.stride .m{text-anchor:middle}
.stride .e{text-anchor:end}.stride .paper{fill:var(--paper)}.stride .grid{stroke:var(--grid);
fill:none}.stride .zero{stroke:var(--line);fill:none}.stride .ground{stroke:var(--muted);
stroke-width:1.5;fill:none}.stride .earth{fill:var(--earth)}.stride .near{fill:var(--d)}
.stride .far{fill:var(--p)}.stride .trunk{fill:var(--trunk)}.stride .rim{stroke:var(--paper);
stroke-width:1.2;stroke-linejoin:round}.stride .seam{stroke:none}
.stride .push{stroke:var(--ink);stroke-width:2;fill:none}
.stride .halo{stroke:var(--paper);stroke-width:5;fill:none;opacity:.7}
.stride .tip{fill:var(--ink)}.stride .travel{stroke:var(--d);stroke-width:2.5;fill:none}
.stride .travel-tip{fill:var(--d)}.stride .thin{stroke:var(--muted);fill:none}
.stride .thin-tip{fill:var(--muted)}.stride .curve{stroke:var(--d);fill:none;stroke-width:2.4;
stroke-linejoin:round}.stride .wash{fill:var(--d);opacity:.09}.stride .bar{fill:var(--d)}
.stride .track{fill:var(--earth)}.stride .rest{fill:var(--rest)}.stride .active{fill:var(--active)}
.stride .forward,.stride.forward{--d:var(--f);--dt:var(--f);--p:var(--fp)}
.stride .backward,.stride.backward{--d:var(--b);--dt:var(--bt);--p:var(--bp)}
.stride{--paper:#fff;--ink:#1c2630;--muted:#5b6875;--line:#c9d0d7;--grid:#e7ebee;--earth:#eef1f3;
--f:#2a6fb5;--fp:#b3cde7;--b:#d9580d;--bt:#b04405;--bp:#f4c6a6;--trunk:#a9b3bd;--rest:#e9edf0;
--active:#a1123f}
@media(prefers-color-scheme:dark){.stride{--paper:#191f26;--ink:#e5eaef;--muted:#a3b0bd;
--line:#46525e;--grid:#29323b;--earth:#222a32;--f:#64a5e6;--fp:#34597d;--b:#ff9148;--bt:#ffa365;
--bp:#7a4726;--trunk:#687684;--rest:#3a4652;--active:#ff6f91}}"""

#: How far heel, ball and tip of the outline are above a sole that lies flat (`skeleton`) [m].
_ABOVE_M = {"heel": 0.020, "ball": 0.025, "tip": 0.005}

#: Parts in metres for a body of 1 m: x forward, y down from the part's joint.
_TRUNK = (
    *((0.058, 0.022), (0.064, -0.030), (0.053, -0.105), (0.064, -0.185), (0.063, -0.235)),
    *((0.046, -0.282), (0.030, -0.308), (0.029, -0.350), (-0.024, -0.356), (-0.032, -0.318)),
    *((-0.056, -0.288), (-0.067, -0.225), (-0.061, -0.165), (-0.044, -0.095), (-0.060, -0.035)),
    *((-0.062, 0.018), (-0.030, 0.046), (0.030, 0.046)),
)
_HEAD = (
    *((0.010, -0.472), (0.043, -0.456), (0.058, -0.420), (0.060, -0.408), (0.073, -0.393)),
    *((0.059, -0.386), (0.058, -0.365), (0.046, -0.346), (0.014, -0.338), (-0.028, -0.352)),
    *((-0.049, -0.388), (-0.051, -0.426), (-0.030, -0.461)),
)
#: Along thigh and shank y counts lengths of the part.
_THIGH = (
    *((0.000, -0.19), (0.042, -0.12), (0.056, 0.10), (0.053, 0.36), (0.043, 0.68), (0.034, 0.92)),
    *((0.028, 1.06), (0.000, 1.11), (-0.027, 1.05), (-0.033, 0.88), (-0.044, 0.60)),
    *((-0.055, 0.30), (-0.061, 0.05), (-0.044, -0.13)),
)
_SHANK = (
    *((0.000, -0.12), (0.027, -0.08), (0.034, 0.03), (0.029, 0.18), (0.025, 0.45)),
    *((0.019, 0.80), (0.019, 0.98), (0.000, 1.07), (-0.019, 0.98), (-0.017, 0.82)),
    *((-0.026, 0.60), (-0.040, 0.36), (-0.039, 0.18), (-0.029, 0.00), (-0.022, -0.09)),
)


def smooth(points: Points) -> str:
    """A closed round line through points (Catmull and Rom's), as a path of an SVG."""
    at = np.asarray(points, dtype=float)
    before, after = np.roll(at, 1, axis=0), np.roll(at, -1, axis=0)
    out, into = at + (after - before) / 6, after - (np.roll(at, -2, axis=0) - at) / 6
    pieces = [
        "C" + " ".join(f"{v:.1f}" for v in (*a, *b, *c))
        for a, b, c in zip(out, into, after, strict=True)
    ]
    return f"M{at[0, 0]:.1f} {at[0, 1]:.1f}" + "".join(pieces) + "Z"


def spindle(start: tuple[float, float], end: tuple[float, float], width: float) -> Points:
    """The belly of a muscle between two points."""
    a, b = np.asarray(start), np.asarray(end)
    side = np.array([-(b - a)[1], (b - a)[0]]) / np.hypot(*(b - a)) * width / 2
    shares = ((0.0, 0.0), (0.2, 0.72), (0.45, 1.0), (0.75, 0.62), (1.0, 0.0))
    there = [a + share * (b - a) + wide * side for share, wide in shares]
    back = [a + share * (b - a) - wide * side for share, wide in shares[-2:0:-1]]
    return [(float(x), float(y)) for x, y in (*there, *back)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Shapes (paths) and joints of a person in pixels, each in the frame of its part."""

    trunk: str
    head: str
    thigh: str
    shank: str
    foot: str
    toes: str
    knee: tuple[float, float]
    ankle: tuple[float, float]
    ball: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How the parts of one leg stand through a stride, counterclockwise from upright [deg] (n,)."""

    thigh: Array
    shank: Array
    foot: Array
    toes: Array


def _vector(stride: Stride, start: str, end: str) -> tuple[Array, Array]:
    a, b = POINTS.index(start), POINTS.index(end)
    vector = stride.outline_m[:, :, b] - stride.outline_m[:, :, a]
    return vector[:, 0], vector[:, 1]


def _degrees(y: Array, x: Array) -> Array:
    return np.asarray(np.degrees(np.unwrap(np.arctan2(y, x))))


def trunk_turn(stride: Stride) -> Array:
    """Of the trunk, counterclockwise from upright [deg] (n,)."""
    x, y = _vector(stride, "hip", "head")
    return _degrees(-x, y)


def turns(stride: Stride, side: str) -> Turns:
    """Of the parts of one leg."""

    def hanging(start: str, end: str) -> Array:
        x, y = _vector(stride, start, f"{side}_{end}")
        return _degrees(x, -y)

    def lying(start: str, end: str) -> Array:
        x, y = _vector(stride, f"{side}_{start}", f"{side}_{end}")
        rise = (_ABOVE_M[end] - _ABOVE_M[start]) / np.hypot(x, y)
        return _degrees(y, x) - np.degrees(np.arcsin(rise))

    return Turns(
        thigh=hanging("hip", "knee"),
        shank=hanging(f"{side}_knee", "ankle"),
        foot=lying("heel", "ball"),
        toes=lying("ball", "tip"),
    )


def parts_of(stride: Stride, pixels_per_m: float) -> Parts:
    """The parts of the person who runs the stride."""
    size = stride.height_m * pixels_per_m
    thigh, shank = (
        float(np.hypot(*(axis[0] for axis in _vector(stride, start, end))))
        for start, end in (("hip", "right_knee"), ("right_knee", "right_ankle"))
    )
    heel, ball = (_seen_from_ankle(stride, end) for end in ("heel", "ball"))
    tip = float(np.hypot(*(axis[0] for axis in _vector(stride, "right_ball", "right_tip"))))
    return Parts(
        trunk=smooth([(x * size, y * size) for x, y in _TRUNK]),
        head=smooth([(x * size, y * size) for x, y in _HEAD]),
        thigh=smooth([(x * size, y * thigh * pixels_per_m) for x, y in _THIGH]),
        shank=smooth([(x * size, y * shank * pixels_per_m) for x, y in _SHANK]),
        foot=smooth([(x * pixels_per_m, y * pixels_per_m) for x, y in _shoe(heel, ball)]),
        toes=smooth([(x * pixels_per_m, y * pixels_per_m) for x, y in _toe_box(tip)]),
        knee=(0.0, thigh * pixels_per_m),
        ankle=(0.0, shank * pixels_per_m),
        ball=(ball[0] * pixels_per_m, ball[1] * pixels_per_m),
    )


def _seen_from_ankle(stride: Stride, point: str) -> tuple[float, float]:
    """A point of the right foot [m], x forward and y down, when the foot lies flat."""
    x, y = (float(axis[0]) for axis in _vector(stride, "right_ankle", f"right_{point}"))
    turn = np.radians(turns(stride, "right").foot[0])
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    return cos * x + sin * y, sin * x - cos * y


def _shoe(heel: tuple[float, float], ball: tuple[float, float]) -> Points:
    """The shoe up to the ball [m], seen from the ankle."""
    back, front, sole = heel[0], ball[0], heel[1] + _ABOVE_M["heel"]
    return (
        *((0.036, -0.012), (0.052, 0.006), (0.45 * front + 0.030, 0.3 * sole)),
        *((front, sole - 0.052), (front + 0.018, sole - 0.030), (front + 0.014, sole - 0.004)),
        *((front - 0.02, sole), (0.4 * front, sole - 0.004), (back + 0.035, sole)),
        *((back - 0.008, sole - 0.002), (back - 0.022, sole - 0.022), (back - 0.012, 0.36 * sole)),
        *((back + 0.014, -0.004), (-0.018, -0.022), (0.012, -0.024)),
    )


def _toe_box(length: float) -> Points:
    """The front of the shoe [m], seen from the ball."""
    return (
        *((-0.018, -0.024), (0.012, -0.025), (0.5 * length, -0.014), (length, 0.000)),
        *((length + 0.012, 0.014), (length, 0.0245), (0.5 * length, 0.025), (0.0, 0.025)),
        *((-0.018, 0.022), (-0.026, 0.0)),
    )


# --- marks -----------------------------------------------------------------------------------


def turned(degrees: float) -> str:
    """A turn counterclockwise; SVG counts clockwise."""
    return f"rotate({-degrees:.1f})"


def moved(x: float, y: float) -> str:
    return f"translate({x:.1f} {y:.1f})"


def text(x: float, y: float, words: str, look: str | None = None) -> Markup:
    return el("text", words, x=f"{x:.1f}", y=f"{y:.1f}", class_=look)


def line(look: str, *points: tuple[float, float]) -> Markup:
    return el("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), class_=look)


def box(look: str, x: float, y: float, width: float, height: float, rx: float = 0) -> Markup:
    size = {"x": x, "y": y, "width": width, "height": height}
    return el("rect", class_=look, rx=rx or None, **{k: f"{v:.1f}" for k, v in size.items()})


def arrow(
    start: tuple[float, float], end: tuple[float, float], look: str, tip: str, size: float = 6
) -> Markup:
    """A line with a head at its end."""
    a, b = np.asarray(start), np.asarray(end)
    way = (b - a) / max(float(np.hypot(*(b - a))), 1e-9)
    side, neck = np.array([-way[1], way[0]]), b - way * size * 1.5
    head = (b, neck + side * size * 0.62, neck - side * size * 0.62)
    shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in head)
    return Markup(line(look, start, (neck[0], neck[1])) + el("polygon", points=shape, class_=tip))


def sheet(
    width: float, height: float, *marks: Markup, title: str, told: str, look: str, style: str = ""
) -> str:
    """A whole picture on its own paper, with words for those who do not see it."""
    key = "-".join(["stride", *look.split()])
    drawn = el(
        "svg",
        el("title", title, id=f"{key}-title"),
        el("desc", told, id=f"{key}-desc"),
        el("style", Markup(STYLE + style)),
        el("rect", class_="paper", width=f"{width:.0f}", height=f"{height:.0f}", rx=12),
        *marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        class_=f"stride {look}".rstrip(),
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
    )
    return f"{drawn}\n"


def facts(stride: Stride) -> str:
    """Speed, cadence, slope and step length in words."""
    slope = f" · slope {stride.gradient * 100:+.0f} %".replace("-", "−") if stride.gradient else ""
    return (
        f"{number(stride.speed_m_s, 2)} m/s ({number(stride.speed_m_s * 3.6, 1)} km/h)"
        f" · {number(stride.cadence_steps_min)} steps a minute"
        f" · steps of {number(stride.length_m / 2, 2)} m{slope}"
    )
