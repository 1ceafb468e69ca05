"""A whole stride of a simulated gait in even steps of time: what pictures are drawn from.

A solution is one step; the second step is the first with left and right exchanged, further on by
one step length. This room needs NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.body import CONTACT_N, COORDINATES, JOINTS, SWAPPED, Body
from retrorun.simulation.conditions import Conditions, Direction
from retrorun.simulation.events import contact

if TYPE_CHECKING:
    from retrorun.simulation.gait import Course

Array = NDArray[np.float64]

#: Samples of a stride, both ends included: one for each per cent.
SAMPLES = 101
#: Points of the outline, in the order of `skeleton`; the left leg's are the last five.
POINTS = (
    *("hip", "head"),
    *(
        f"{side}_{p}"
        for side in ("right", "left")
        for p in ("knee", "ankle", "heel", "ball", "tip")
    ),
)
#: Points of the outline after left and right change roles.
_SWAPPED_POINTS = (0, 1, 7, 8, 9, 10, 11, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """Both steps of a runner from one landing of the right foot to the next.

    Samples are evenly spaced and hold both ends: the last is the first, a stride further on. x is
    forward, where the runner faces; curves are of the right leg, `left` gives those of the other.
    """

    direction: Direction
    speed_m_s: float
    cadence_steps_min: float
    gradient: float
    height_m: float
    time_s: Array  #: (n,) from 0
    outline_m: Array  #: (n, 2, 12) in the world, points as in `POINTS`; the hip starts at x = 0
    angles_deg: Mapping[str, Array]  #: hip, knee, ankle (n,); flexion, flexion, toes up
    force_up_bw: Array  #: (n,) of the ground on the right foot [body weights]
    force_along_bw: Array  #: (n,) along x: forward positive, whichever way the runner runs
    pressure_m: Array  #: (n,) x of the centre of pressure; NaN while the foot is in the air
    contact_share: float  #: of the stride, from the landing to when the foot lifts
    activation: Mapping[str, Array]  #: of each muscle (n,), 0 to 1
    group_activation: Mapping[str, Array]  #: mean of a group's muscles, weighted by their mass

    @property
    def percent(self) -> Array:
        """Of the stride, 0 at the landing of the right foot (n,)."""
        return np.asarray(100.0 * self.time_s / self.time_s[-1])

    @property
    def velocity_m_s(self) -> float:
        """Along x: negative backward."""
        return self.speed_m_s if self.direction == "forward" else -self.speed_m_s

    @property
    def length_m(self) -> float:
        """Way of a stride, two steps, never negative."""
        return float(self.speed_m_s * self.time_s[-1])

    @property
    def flies(self) -> bool:
        """Whether there is a time at which no foot is on the ground."""
        return self.contact_share < 0.5

    @property
    def in_place_m(self) -> Array:
        """The outline (n, 2, 12) as on a treadmill: its mean speed taken away."""
        outline = self.outline_m.copy()
        outline[:, 0, :] -= (self.velocity_m_s * self.time_s)[:, None]
        return outline

    @property
    def on_ground(self) -> NDArray[np.bool_]:
        """Whether the right foot is (n,)."""
        return np.asarray(self.percent % 100.0 < 100.0 * self.contact_share)

    def left(self, values: Array) -> Array:
        """A curve (n,) of the right leg as the left leg has it: half a stride apart."""
        half = len(values) // 2
        return np.concatenate([values[half:], values[1 : half + 1]])


@dataclass(frozen=True, slots=True)
class _Clock:
    """Reads curves of a step as curves of the right leg through a stride, from its landing."""

    step_s: Array  #: times of the course
    period_s: float
    landing_s: float = 0.0

    @property
    def time_s(self) -> Array:
        return np.concatenate([self.step_s, self.step_s + self.period_s / 2])

    def sampled(self, first: Array, second: Array) -> Array:
        """(SAMPLES, ...) of a value that is `first` in the first step and `second` in the next."""
        joined = np.concatenate([first, second])
        at = self.landing_s + np.linspace(0.0, self.period_s, SAMPLES)
        columns = joined.reshape(len(joined), -1).T
        read = [np.interp(at, self.time_s, one, period=self.period_s) for one in columns]
        return np.stack(read, axis=-1).reshape(SAMPLES, *joined.shape[1:])


def stride(course: Course, conditions: Conditions, person: Body) -> Stride:
    """Two steps of a solution, turned so that the right foot's landing comes first.

    Of several contacts in a stride the one after the longest time in the air is the landing.
    """
    period = 2 * conditions.step_time_s
    force = course.seen["ground_force_n"]  # (points, 2 directions, 2 sides)
    whole = _Clock(course.time_s, period)
    landing, lifting = contact(whole.time_s, np.concatenate(list(force[:, 1].T)), period)
    clock = _Clock(course.time_s, period, landing)
    along, up = (clock.sampled(force[:, axis, 0], force[:, axis, 1]) for axis in (0, 1))
    # As on a treadmill every curve repeats itself; the way is added again afterwards.
    here = conditions.velocity_m_s * course.time_s
    way = conditions.velocity_m_s * np.linspace(0.0, period, SAMPLES)
    outline = course.seen["outline_m"].copy()
    outline[:, 0, :] -= here[:, None]
    points = clock.sampled(outline, outline[:, :, _SWAPPED_POINTS])
    points[:, 0, :] += way[:, None]
    moment = course.seen["ground_moment_nm"] - force[:, 1] * here[:, None]
    pressed = clock.sampled(moment[:, 0], moment[:, 1]) / np.where(up > CONTACT_N / 2, up, np.nan)
    start = points[0, 0, 0]
    points[:, 0, :] -= start
    activation = _activation(course.columns, person, clock)
    return Stride(
        direction=conditions.direction,
        speed_m_s=conditions.speed_m_s,
        cadence_steps_min=conditions.cadence_steps_min,
        gradient=conditions.gradient,
        height_m=person.height_m,
        time_s=np.linspace(0.0, period, SAMPLES),
        outline_m=points,
        angles_deg=_angles(course.columns, clock),
        force_up_bw=up / person.weight_n,
        force_along_bw=along / person.weight_n,
        pressure_m=pressed + way - start,
        contact_share=(lifting - landing) / period,
        activation=activation,
        group_activation=_by_group(activation, person),
    )


def _angles(columns: Array, clock: _Clock) -> dict[str, Array]:
    """Of the right leg (SAMPLES,) [deg]."""
    coordinates = np.degrees(columns[:, : len(COORDINATES)])
    mirrored = coordinates[:, SWAPPED]
    places = {joint: COORDINATES.index(f"right_{joint}") for joint in JOINTS}
    return {
        joint: clock.sampled(coordinates[:, at], mirrored[:, at]) for joint, at in places.items()
    }


def _activation(columns: Array, person: Body, clock: _Clock) -> dict[str, Array]:
    """Of the right leg's muscles (SAMPLES,): in a column they follow coordinates and rates."""
    count, first = len(person.muscles), 2 * len(COORDINATES)
    right = columns[:, first : first + count]
    left = columns[:, first + count : first + 2 * count]
    read = clock.sampled(right, left)
    return {muscle.name: read[:, place] for place, muscle in enumerate(person.muscles)}


def _by_group(activation: Mapping[str, Array], person: Body) -> dict[str, Array]:
    """Mean activation of the muscles of a group, each as heavy as it is."""
    found = {}
    for group in dict.fromkeys(muscle.group for muscle in person.muscles):
        members = [muscle for muscle in person.muscles if muscle.group == group]
        total = sum(muscle.mass_kg for muscle in members)
        found[group] = np.sum(
            [activation[muscle.name] * muscle.mass_kg / total for muscle in members], axis=0
        )
    return found
