"""The pictures of `why/direction.md`, drawn from the simulated person of `retrorun.examples`.

No recording of anybody is read. Each picture is a small SVG that brings its own paper, so it reads
on light and on dark pages. `python docs/make_pictures.py` makes them with all others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.examples.body import Movement, movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import worn
from retrorun.gait.contacts import GRAVITY_M_S2
from retrorun.gait.direction import decoder, frame, laws
from retrorun.gait.direction.sources import hear
from retrorun.gait.direction.states import STEP_S, Seen, Sensor
from retrorun.gait.worn import worn_sensor
from retrorun.signals import decimate

Floats = NDArray[np.float64]
Curve = NDArray[np.floating]

WAYS: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")
RATE_HZ = 100.0
SPEED_M_S = {"forward": 2.6, "backward": 2.0}

#: Colours of the session's page (`report/session.css`), light and dark.
STYLE = """\
text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
.s{font-size:12px;fill:var(--muted)}.b{font-weight:600}.m{text-anchor:middle}.e{text-anchor:end}
.paper{fill:var(--paper)}.grid{stroke:var(--grid);fill:none}.axis{stroke:var(--muted);fill:none}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.thin{stroke-width:1.2;opacity:.5}
.forward{stroke:var(--f)}.backward{stroke:var(--b)}.ink{stroke:var(--ink)}
.Fforward{fill:var(--f)}.Fbackward{fill:var(--b)}.Fink{fill:var(--ink)}.soft{opacity:.22}
.body{fill:var(--line);stroke:var(--muted)}.dash{stroke-dasharray:5 4}
.tip{marker-end:url(#h)}.behind{stroke:var(--t)}.Fbehind{fill:var(--t)}.front{stroke:var(--p)}.Ffront{fill:var(--p)}
svg{--paper:#fff;--ink:#1c2630;--muted:#5b6875;--grid:#e2e6ea;--line:#eef1f3;--f:#2a6fb5;--b:#c94f08;\
--t:#1b786b;--p:#7a4db0}
@media(prefers-color-scheme:dark){svg{--paper:#191f26;--ink:#e5eaef;--muted:#a3b0bd;--grid:#303a44;\
--line:#2a323b;--f:#64a5e6;--b:#ff9148;--t:#58c7b5;--p:#bd97ea}}"""


@dataclass(slots=True)
class Drawing:
    """An SVG that grows by one mark at a time; lengths in pixels from the upper left."""

    width: int
    height: int
    title: str
    marks: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, look: str = "") -> None:
        self.marks.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{look}">{words}</text>')

    def box(self, x: float, y: float, width: float, height: float, look: str) -> None:
        self.marks.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
            f' class="{look}"/>'
        )

    def path(self, way: str, look: str) -> None:
        self.marks.append(f'<path d="{way}" class="{look}"/>')

    def line(self, x: Curve, y: Curve, look: str) -> None:
        self.path("M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)), look)

    def area(self, x: Curve, y: Curve, base: float, look: str) -> None:
        edge = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))
        self.path(f"M{x[0]:.1f} {base:.1f}L{edge}L{x[-1]:.1f} {base:.1f}Z", look)

    def across(self, x: float, width: float, y: float, look: str = "grid") -> None:
        self.path(f"M{x:.1f} {y:.1f}h{width:.1f}", look)

    def write(self, path: Path) -> None:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
            f' width="{self.width}" height="{self.height}" role="img">'
        )
        paper = '<rect width="100%" height="100%" rx="8" class="paper"/>'
        body = "\n".join(self.marks)
        path.write_text(
            f"{head}<title>{self.title}</title><style>{STYLE}</style>{paper}\n{body}\n</svg>\n",
            encoding="utf-8",
        )


def draw_direction(folder: Path) -> None:
    """Draw all of them into a folder."""
    draw: dict[str, Callable[[], Drawing]] = {
        "shank": shank_skewness,
        "foot": foot_products,
        "trunk": trunk_lever,
        "session": simulated_session,
    }
    for name, make in draw.items():
        make().write(folder / f"direction-{name}.svg")


# --- (a) the shank ----------------------------------------------------------------------------


def shank_skewness() -> Drawing:
    """How fast the shank swings, with the share of time at each speed beside it."""
    out = Drawing(860, 330, "Simulated: turning of the shank over two strides, and its spread")
    middle, scale = 165.0, 0.155  # pixels; pixels a degree each second
    for k, way in enumerate(WAYS):
        left = 62.0 + 415 * k
        time_s, rows = _two_strides("left_shank", way)
        swing = -np.degrees(rows[:, 1])  # the lower end ahead is positive
        out.text(left, 30, f"running {way}", f"b F{way}")
        for level in (-600, -300, 0, 300, 600):
            height = middle - scale * level
            out.across(left, 330, height, "axis" if level == 0 else "grid")
            if k == 0:
                out.text(
                    left - 8, height + 4, f"{level:+d}".replace("-", "−") if level else "0", "s e"
                )
        x = left + 240 * time_s / time_s[-1]
        y = middle - scale * swing
        out.area(x, y, middle, f"F{way} soft")
        out.line(x, y, f"line {way}")
        share, edges = np.histogram(swing, bins=np.arange(-690, 700, 60))
        for count, edge in zip(share, edges[:-1], strict=True):
            if count:
                size = 70 * count / share.max()
                out.box(left + 258, middle - scale * (edge + 56), size, scale * 52, f"F{way}")
        out.text(left, 292, f"two strides, {time_s[-1]:.2f} s", "s")
        out.text(left + 258, 292, "share of time", "s")
        skew = float(np.mean((swing / np.sqrt(np.mean(swing**2))) ** 3))
        out.text(left, 314, f"skewness {_signed(skew)}", f"b F{way}")
        tail = "the quick swing goes ahead" if skew > 0 else "the quick swing goes back"
        out.text(left + 135, 314, tail, "s")
    out.text(16, 44, "°/s", "s")
    return out


# --- (b) the foot -----------------------------------------------------------------------------


def foot_products() -> Drawing:
    """V, A and W of the foot, and the product A·W that keeps its sign."""
    out = Drawing(860, 530, "Simulated: V, A, W of a foot over two strides, and the product A·W")
    for k, way in enumerate(WAYS):
        left = 118.0 + 370 * k
        signals, here = _signals("left_foot", way)
        x = left + 345 * np.linspace(0, 1, len(signals["V", laws.WIDE][here]))
        out.text(left, 30, f"walking {way}", f"b F{way}")
        for row, name in enumerate(("V, up", "A, ahead", "W, turning", "A·W")):
            middle = 92 + 112.0 * row
            out.across(left, 345, middle, "axis")
            if k == 0:
                out.text(left - 12, middle + 5, name, "b e")
            if row < 3:
                letter = "VAW"[row]
                out.line(x, middle - 14 * signals[letter, laws.WIDE][here], f"line thin {way}")
                out.line(x, middle - 20 * signals[letter, laws.STRIDE][here], f"line {way}")
        product = signals["A", laws.STRIDE] * signals["W", laws.STRIDE]
        out.area(x, middle - 28 * product[here], middle, f"F{way} soft")
        out.line(x, middle - 28 * product[here], f"line {way}")
        mean = float(product[here].mean())
        out.across(left, 345, middle - 28 * mean, "line ink dash")
        out.text(left + 345, 520, f"mean {_signed(mean)}", f"b e F{way}")
        out.text(left, 520, f"two strides, {len(x) / laws.LAW_RATE_HZ:.1f} s", "s")
    return out


# --- (c) the trunk ----------------------------------------------------------------------------


def trunk_lever() -> Drawing:
    """A pelvis from above: what its turning does to a sensor behind and to one in front."""
    out = Drawing(860, 400, "A pelvis seen from above, and how its turning flings two sensors")
    out.marks.append(
        '<defs><marker id="h" viewBox="0 0 10 10" refX="7" refY="5" markerWidth="5"'
        ' markerHeight="5" orient="auto"><path d="M0 0L10 5L0 10Z" fill="context-stroke"/>'
        "</marker></defs>"
    )
    x, y = 430, 175
    out.path(f"M{x} 72V22", "ink line tip")
    out.text(x + 14, 34, "ahead", "b")
    out.path(f"M{x - 165} {y}h-60", "axis line tip")
    out.text(x - 226, y - 10, "left", "s")
    out.path(
        f"M{x - 150} {y}c0 -52 52 -72 96 -62c30 8 78 8 108 0c44 -10 96 10 96 62"
        "c0 50 -46 76 -96 66c-34 -8 -74 -8 -108 0c-50 10 -96 -16 -96 -66z",
        "body line",
    )
    out.path(f"M{x} {y - 66}V{y + 66}", "axis dash")
    out.marks.append(f'<circle cx="{x}" cy="{y}" r="5" class="Fink"/>')
    out.path(f"M{x + 32} {y + 18}A37 37 0 0 0 {x - 35} {y - 12}", "ink line tip")
    out.text(x + 165, y - 4, "the pelvis turns to the left,")
    out.text(x + 165, y + 16, "ever faster, about the dot")
    for look, side, words, told in (
        ("behind", 1, "sensor on the lower back", "behind the axis: pushed to the right"),
        ("front", -1, "sensor in front", "ahead of the axis: pushed to the left"),
    ):
        at = y + 76 * side
        out.box(x - 13, at - 9, 26, 18, f"F{look}")
        out.path(f"M{x + 20 * side} {at}h{100 * side}", f"line {look} tip")
        anchor = "" if side > 0 else " e"
        out.text(x + 132 * side, at + (5 if side > 0 else -12), words, f"b F{look}{anchor}")
        out.text(x + 132 * side, at + (24 if side > 0 else 7), told, f"s{anchor}")
    for k, line in enumerate(
        (
            "When the pelvis turns the other way, both pushes turn over as well. So the change",
            "of the push, times the turning, has one sign behind the axis and the other in front.",
            "That sign tells where left is, and so which way the person faces.",
        )
    ):
        out.text(x, 332 + 22 * k, line, "m")
    return out


# --- (d) a session ----------------------------------------------------------------------------


def simulated_session() -> Drawing:
    """Probability of backward over 8 x (forward, backward), from one shank."""
    bouts = [Bout(duration_s=8, motion="still")]
    for k in range(8):
        gait: Literal["walk", "run"] = "walk" if k < 4 else "run"
        speed = {"walk": (1.3, 0.9), "run": (2.6, 2.0)}[gait]
        for way, speed_m_s, lasts_s in zip(WAYS, speed, (20 - k, 12 - k), strict=True):
            bouts.append(Bout(duration_s=lasts_s, motion=gait, direction=way, speed_m_s=speed_m_s))
    bouts.append(Bout(duration_s=8, motion="still"))
    moved = movement(bouts, seed=1)
    time_s, chance = _backward(moved, "left_shank")
    out = Drawing(860, 290, "Simulated: probability of backward from one shank, and the truth")
    left, top, wide, high = 52.0, 52.0, 790.0, 170.0
    pixels = wide / moved.duration_s
    for bout, start_s in zip(moved.bouts, moved.starts_s, strict=False):
        if bout.direction == "backward":
            out.box(left + pixels * start_s, top, pixels * bout.duration_s, high, "Fbackward soft")
    for level in (0.0, 0.25, 0.5, 0.75, 1.0):
        out.across(left, wide, top + high * (1 - level), "grid")
        out.text(left - 8, top + high * (1 - level) + 4, f"{level:g}", "s e")
    for level in (1 - decoder.SAID_FROM, decoder.SAID_FROM):
        out.across(left, wide, top + high * (1 - level), "axis dash")
    out.text(left + wide, 30, "between the dashed lines: unknown", "s e")
    for run in np.split(np.arange(len(chance)), np.flatnonzero(np.diff(np.isnan(chance))) + 1):
        if not np.isnan(chance[run[0]]):
            kept = run[::2]
            x = left + pixels * time_s[kept]
            out.line(x, top + high * (1 - chance[kept]), "line ink")
    out.text(left, 30, "probability of backward, one shank", "b")
    out.box(left + 300, 19, 18, 13, "Fbackward soft")
    out.text(left + 325, 30, "truly backward", "Fbackward b")
    middle = moved.starts_s[9] * pixels + left
    out.path(f"M{middle:.0f} {top}v{high}", "axis dash")
    out.text(middle - 8, top + high + 40, "walking", "s e")
    out.text(middle + 8, top + high + 40, "running", "s")
    for minute in range(int(moved.duration_s // 30) + 1):
        out.text(left + pixels * 30 * minute, top + high + 20, f"{30 * minute}", "s m")
    out.text(left + wide, top + high + 40, "s", "s e")
    return out


def _backward(moved: Movement, placement: str) -> tuple[Floats, Floats]:
    """Times of the decoder's steps and its probability of backward there, NaN while still."""
    time_s, acc, gyro = worn(moved, placement, rate_hz=RATE_HZ, seed=1)
    sensor = Sensor(time_s=time_s, acc_m_s2=acc, gyro_rad_s=gyro)
    seconds = round(moved.duration_s)
    seen = worn_sensor(
        time_s, acc, placement=placement, seconds=seconds, gyro_time_s=time_s, gyro_rad_s=gyro
    )
    steps = round(seconds / STEP_S)
    judged = decoder.decide(
        hear(Seen(steps=steps, sensors={placement: sensor})),
        np.repeat(seen.code, round(1 / STEP_S)),
        np.full(steps, np.nan),
    )
    return (np.arange(steps, dtype=np.float64) + 0.5) * STEP_S, judged.backward.astype(np.float64)


# --- strides of the simulated person ----------------------------------------------------------


def _two_strides(placement: str, way: Literal["forward", "backward"]) -> tuple[Curve, Floats]:
    """Time from a contact on, and turning (n, 3) in the segment's axes, of two running strides."""
    bout = Bout(duration_s=12, motion="run", direction=way, speed_m_s=SPEED_M_S[way])
    moved = movement([bout], seed=1)
    time_s, _, gyro = worn(moved, placement, rate_hz=RATE_HZ, seed=1)
    contacts = moved.touches("left").initial_s
    here = (time_s >= contacts[5]) & (time_s < contacts[7])
    return time_s[here] - contacts[5], gyro[here]


def _signals(placement: str, way: Literal["forward", "backward"]) -> tuple[laws.Signals, slice]:
    """V, A and W as the laws see them, walking, and two strides from a contact on."""
    speed_m_s = {"forward": 1.3, "backward": 0.9}[way]
    moved = movement(
        [Bout(duration_s=16, motion="walk", direction=way, speed_m_s=speed_m_s)], seed=1
    )
    _, acc, gyro = worn(moved, placement, rate_hz=2 * laws.LAW_RATE_HZ, seed=1)
    up = frame.up(acc, gyro, rate_hz=2 * laws.LAW_RATE_HZ)
    left = np.array([0.0, 1.0, 0.0])  # the sensor sits straight; the laws would find this axis
    ahead = np.cross(left, up)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    both = {
        "V": np.einsum("ij,ij->i", acc, up) - GRAVITY_M_S2,
        "A": np.einsum("ij,ij->i", acc, ahead),
        "W": gyro @ left,
    }
    raw = {
        name: decimate(values[:, None], rate_hz=50.0, lowest_hz=laws.LAW_RATE_HZ)[0][:, 0]
        for name, values in both.items()
    }
    contacts = moved.touches("left").initial_s
    first, last = (round(contacts[k] * laws.LAW_RATE_HZ) for k in (5, 7))
    signals = laws.Signals(raw=raw, rate_hz=laws.LAW_RATE_HZ, at=np.arange(len(raw["V"])))
    return signals, slice(first, last)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
