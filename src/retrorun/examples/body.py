"""A simulated person who walks, runs and turns along a path: where every segment is, and the truth.

This is a SIMULATION (see `cycle`): it makes example recordings whose truth is known, and says
nothing about people. Bouts follow each other with cross-fades of a second, in which feet slide;
turning drags the feet round, too. Within a bout a foot on the ground stays where it is.

World: east, north, up, in m. Headings and courses are in degrees clockwise from north.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from retrorun.errors import BadInput
from retrorun.examples.bouts import BLEND_S, STAIRS_SLOPE, WAY_DEG, Bout
from retrorun.examples.cycle import POINTS, Gait, cycle
from retrorun.examples.skeleton import COLUMNS, Body, Joint, about, segment_pose

Floats = NDArray[np.float64]
#: East and north [m] after a distance [m] along a path that is as long as it says, (n,) each.
Path = Callable[[Floats], tuple[Floats, Floats]]

#: The clock on which movements are differentiated. [Hz]
FINE_HZ = 400.0

#: Samples of that clock before the start and after the end, for derivatives and filters.
PAD = 40

#: Nobody turns faster on average, unless over less than `BLEND_S`. [deg/s]
TURN_DEG_S = 120.0

#: Steady strides vary by 1-5 %; cadence and speed wander together by this. [-]
WANDER, WANDER_S = 0.01, 1.5

#: So do the turns and tilts of trunk and arms, from step to step. [-]
LIVELY, LIVELY_S = 0.08, 0.6

#: Step of the truth. [s]
TRUTH_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What really happened in every step [k, k + 1) x 0.1 s; values at its middle, (m,)."""

    time_s: Floats  #: start of the step
    motion: NDArray[np.str_]
    direction: NDArray[np.str_]
    settled: NDArray[np.bool_]  #: not within a cross-fade or a turn
    east_m: Floats
    north_m: Floats
    up_m: Floats
    speed_m_s: Floats
    course_deg: Floats  #: NaN where nobody travels
    heading_deg: Floats
    cadence_steps_min: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Touches:
    """Contacts of one foot with the ground."""

    initial_s: Floats  #: (k,)
    final_s: Floats  #: (k,) end of the same contact; NaN where the bout ended before
    shock: Floats  #: (k,) how hard it landed; 1 is forward running


@dataclass(frozen=True, kw_only=True, eq=False)
class Movement:
    """What `movement` makes. Arrays are on the fine clock; sample i is at (i - PAD) / 400 s."""

    bouts: tuple[Bout, ...]
    body: Body
    path: Path
    seed: int
    phase: Floats  #: (n,) cycles since the start; whole numbers are the left foot's contacts
    along_m: Floats  #: (n,) on the path
    aside_m: Floats  #: (n,) to the left of the path
    up_m: Floats  #: (n,) climbed
    facing_rad: Floats  #: (n,) body against the path, counterclockwise

    @cached_property
    def starts_s(self) -> Floats:
        """Start of every bout, and the end of the last."""
        return np.concatenate([[0.0], np.cumsum([bout.duration_s for bout in self.bouts])])

    @property
    def duration_s(self) -> float:
        return float(self.starts_s[-1])

    @property
    def samples(self) -> int:
        """Of the fine clock."""
        return len(self.phase)

    def time_s(self, start: int = 0, end: int | None = None) -> Floats:
        """Times of some samples of the fine clock."""
        return (np.arange(start, self.samples if end is None else end) - PAD) / FINE_HZ

    def shares(self, start: int, end: int) -> Iterator[tuple[Bout, slice, Floats]]:
        """Bouts active in some samples: where in them, and with which weight (they add to 1)."""
        return _shares(self.bouts, self.starts_s, self.time_s(start, end))

    def root(self, start: int, end: int) -> tuple[Floats, Floats]:
        """Point on the ground below the person, (n, 3), and the body's angle from east, (n,)."""
        along = self.along_m[start:end]
        here, tangent = _on_path(self.path, along)
        aside = self.aside_m[start:end]
        east = here[0] - aside * np.sin(tangent)
        north = here[1] + aside * np.cos(tangent)
        place = np.stack([east, north, self.up_m[start:end]], axis=1)
        return place, tangent + self.facing_rad[start:end]

    def joints(self, start: int, end: int) -> Floats:
        """The columns of `Joint` for some samples, with a standing person's sway, (n, 21)."""
        out = np.zeros((end - start, COLUMNS))
        phase = self.phase[start:end] % 1.0
        for bout, where, weight in self.shares(start, end):
            out[where] += weight[:, None] * _spline(bout.gait(self.body))(phase[where])
        time_s = self.time_s(start, end)
        for columns in _LIVELY_COLUMNS:
            out[:, columns] *= 1 + self._lively(time_s)[:, None]
        sway = self._sway(time_s)
        out[:, Joint.PELVIS_X] += sway[:, 0]
        out[:, Joint.PELVIS_Y] += sway[:, 1]
        out[:, Joint.TRUNK_PITCH] += sway[:, 0]  # 1 rad per metre: about its ankles
        out[:, Joint.TRUNK_ROLL] -= sway[:, 1]
        return out

    @cached_property
    def _sway(self) -> CubicSpline:
        """Millimetres over seconds, as anybody who stands; ahead and to the left. [m]"""
        return smooth_noise(
            [self.seed, 2], size=0.004, spacing_s=1.2, end_s=self.duration_s, axes=2
        )

    @cached_property
    def _lively(self) -> CubicSpline:
        return smooth_noise([self.seed, 3], size=LIVELY, spacing_s=LIVELY_S, end_s=self.duration_s)

    def moving(self, start: int, end: int) -> Floats:
        """0 where the person stands, 1 where not, (n,)."""
        out = np.zeros(end - start)
        for bout, where, weight in self.shares(start, end):
            out[where] += weight * (bout.steps_min > 0)
        return out

    @cached_property
    def truth(self) -> Truth:
        """Motion, place and headings every 0.1 s."""
        time_s = TRUTH_S * np.arange(round(self.duration_s / TRUTH_S), dtype=np.float64)
        fine = np.round((time_s + TRUTH_S / 2) * FINE_HZ).astype(int) + PAD
        index = np.searchsorted(self.starts_s, time_s + TRUTH_S / 2, side="right") - 1
        place, angle = (part[fine] for part in self.root(0, self.samples))
        speed, course = self._velocity(fine)
        step_hz = np.gradient(self.phase, 1 / FINE_HZ)[fine]
        return Truth(
            time_s=time_s,
            motion=np.array([bout.motion for bout in self.bouts])[index],
            direction=np.array([bout.direction for bout in self.bouts])[index],
            settled=self._settled(time_s + TRUTH_S / 2),
            east_m=place[:, 0],
            north_m=place[:, 1],
            up_m=place[:, 2],
            speed_m_s=speed,
            course_deg=course,
            heading_deg=compass_deg(angle),
            cadence_steps_min=120.0 * step_hz,
        )

    def _velocity(self, fine: NDArray[np.intp]) -> tuple[Floats, Floats]:
        along, aside = (np.gradient(x, 1 / FINE_HZ)[fine] for x in (self.along_m, self.aside_m))
        speed = np.hypot(along, aside)
        course = _on_path(self.path, self.along_m)[1][fine] + np.arctan2(aside, along)
        return speed, np.where(speed > 0.05, compass_deg(course), np.nan)

    def _settled(self, time_s: Floats) -> NDArray[np.bool_]:
        settled = np.ones(len(time_s), dtype=bool)
        for bout, start in zip(self.bouts[1:], self.starts_s[1:-1], strict=True):
            settled &= np.abs(time_s - start) > _turn_s(bout) / 2
        return settled

    def touches(self, side: Literal["left", "right"]) -> Touches:
        """True contacts of a foot; in cross-fades they are nominal."""
        found: list[Floats] = []
        edges = np.round(self.starts_s * FINE_HZ).astype(int) + PAD
        for bout, first, last in zip(self.bouts, edges, edges[1:], strict=False):
            if bout.steps_min == 0:
                continue
            time_s = self.time_s(first, last + 1)
            shift = 0.5 if side == "right" and not bout.style.together else 0.0
            own = (2 if bout.style.together else 1) * self.phase[first : last + 1] + shift
            count = np.arange(np.floor(own[0]) + 1, np.ceil(own[-1]))
            ends = count + bout.gait(self.body).duty
            final = np.where(ends < own[-1], np.interp(ends, own, time_s), np.nan)
            shock = np.full(len(count), bout.style.shock)
            found.append(np.stack([np.interp(count, own, time_s), final, shock]))
        initial, final, shock = np.concatenate([np.empty((3, 0)), *found], axis=1)
        return Touches(initial_s=initial, final_s=final, shock=shock)

    def pose(self, segment: str, start: int, end: int) -> tuple[Floats, Floats]:
        """A segment's upper joint in the world, (n, 3), and its axes as columns, (n, 3, 3).

        For the names see `segment_pose`. Axes are ahead, left and up when standing straight.
        """
        place, angle = self.root(start, end)
        origin, axes = segment_pose(self.joints(start, end), self.body, segment)
        facing = about("z", angle)
        return place + np.einsum("nij,nj->ni", facing, origin), facing @ axes


def movement(
    bouts: Sequence[Bout], *, path: Path | None = None, seed: int = 1, height_m: float = 1.75
) -> Movement:
    """A person doing one bout after another along a path (without one: straight north).

    Memory grows with the duration: 16 kB a second.
    """
    if not bouts:
        raise BadInput("bouts", "none", "at least one")
    if not 1.2 <= height_m <= 2.2:
        raise BadInput("height_m", height_m, "between 1.2 and 2.2", "A grown person's height.")
    starts = np.concatenate([[0.0], np.cumsum([bout.duration_s for bout in bouts])])
    time_s = (np.arange(round(starts[-1] * FINE_HZ) + 2 * PAD + 1) - PAD) / FINE_HZ
    facing, settled_facing = _facing(bouts, starts, time_s)
    pace = np.zeros((len(time_s), 4))  # cycles, along, aside, up per second
    for k, (bout, where, weight) in enumerate(_shares(bouts, starts, time_s, all_of_them=True)):
        pace[where] += weight[:, None] * _pace(bout, settled_facing[k])
    wander = smooth_noise([seed, 1], size=WANDER, spacing_s=WANDER_S, end_s=float(starts[-1]))
    pace *= 1 + wander(time_s)[:, None]
    run = np.concatenate([np.zeros((1, 4)), np.cumsum((pace[1:] + pace[:-1]) / 2, axis=0)])
    run = (run - run[PAD]) / FINE_HZ
    return Movement(
        bouts=tuple(bouts),
        body=Body(height_m=height_m),
        path=path if path is not None else _north,
        seed=seed,
        phase=run[:, 0],
        along_m=run[:, 1],
        aside_m=run[:, 2],
        up_m=run[:, 3],
        facing_rad=facing,
    )


def compass_deg(angle_rad: Floats) -> Floats:
    """Clockwise from north in [0, 360), from counterclockwise from east."""
    clockwise: Floats = np.mod(90.0 - np.degrees(angle_rad), 360.0)
    return clockwise


def smooth_noise(
    seed: Sequence[int], *, size: float, spacing_s: float, end_s: float, axes: int = 0
) -> CubicSpline:
    """Noise that wanders smoothly: a spline through independent normal values of this size."""
    knots = np.arange(-2, int(end_s / spacing_s) + 4) * spacing_s
    shape = (len(knots), axes) if axes else (len(knots),)
    return CubicSpline(knots, np.random.default_rng(list(seed)).normal(0, size, shape))


_LIVELY_COLUMNS = (
    slice(Joint.PELVIS_YAW, Joint.TRUNK_ROLL + 1),
    slice(Joint.LEFT_ARM, Joint.RIGHT_ARM + 2),
)


def _north(along_m: Floats) -> tuple[Floats, Floats]:
    return np.zeros(len(along_m)), along_m


def _on_path(path: Path, along_m: Floats) -> tuple[tuple[Floats, Floats], Floats]:
    """Place on the path, and its direction counterclockwise from east, continuous."""
    before, after = path(along_m - 0.05), path(along_m + 0.05)
    angle = np.arctan2(after[1] - before[1], after[0] - before[0])
    return path(along_m), np.unwrap(angle)


def _smooth_step(x: Floats) -> Floats:
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def _shares(
    bouts: Sequence[Bout], starts: Floats, time_s: Floats, *, all_of_them: bool = False
) -> Iterator[tuple[Bout, slice, Floats]]:
    """Weights of the bouts that are active at some times; of all, empty ones too, if asked."""
    for k, bout in enumerate(bouts):
        begins = -np.inf if k == 0 else starts[k] - BLEND_S / 2
        ceases = np.inf if k == len(bouts) - 1 else starts[k + 1] + BLEND_S / 2
        first, last = np.searchsorted(time_s, [begins, ceases]).tolist()
        if first == last and not all_of_them:
            continue
        now = time_s[first:last]
        weight = np.ones(len(now))
        if k > 0:
            weight = _smooth_step((now - begins) / BLEND_S)
        if k < len(bouts) - 1:
            weight = weight - _smooth_step((now - ceases) / BLEND_S + 1)
        yield bout, slice(first, last), weight


def _turn_s(bout: Bout) -> float:
    return max(BLEND_S, abs(bout.turn_deg) / TURN_DEG_S) if bout.motion != "turn" else BLEND_S


def _facing(bouts: Sequence[Bout], starts: Floats, time_s: Floats) -> tuple[Floats, Floats]:
    """Body against path: over time, and once each bout has turned. [rad, counterclockwise]"""
    turned = -np.radians([bout.turn_deg for bout in bouts])
    facing = np.zeros(len(time_s))
    for k, (bout, turn) in enumerate(zip(bouts, turned, strict=True)):
        begins, lasts_s = starts[k] - _turn_s(bout) / 2, _turn_s(bout)
        if bout.motion == "turn":
            begins, lasts_s = starts[k], bout.duration_s
        elif k == 0:
            begins = -np.inf
        first, last = np.searchsorted(time_s, [begins, begins + lasts_s]).tolist()
        facing[first:last] += turn * _smooth_step((time_s[first:last] - begins) / lasts_s)
        facing[last:] += turn
    return facing, np.cumsum(turned)


def _pace(bout: Bout, facing_rad: float) -> Floats:
    """Cycles, and metres along, aside (left) and up, each second."""
    way = np.radians(WAY_DEG[bout.direction]) + facing_rad
    up = STAIRS_SLOPE if bout.motion == "stairs" else 0.0
    ahead = bout.speed_m_s * np.array([np.cos(way), np.sin(way), up])
    return np.concatenate([[bout.steps_min / 120.0], ahead])


@lru_cache(maxsize=256)
def _spline(gait: Gait) -> CubicSpline:
    """The cycle between its points, smooth to the second derivative."""
    table = cycle(gait)
    closed = np.concatenate([table, table[:1]])
    return CubicSpline(np.arange(POINTS + 1) / POINTS, closed, bc_type="periodic")
