"""One recording: named channels that tick on their own clocks, frozen once made.

Times are seconds since the start of the recording, float64. A channel's name ends in its
unit (`CHANNELS`, `sensor_channel`); values are SI except where the field's own unit is
universal (beats, steps and revolutions a minute, degrees).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput

#: Scalar channels, with what each one is.
CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "latitude_deg": "geographic latitude, WGS 84",
        "longitude_deg": "geographic longitude, WGS 84",
        "altitude_m": "altitude above mean sea level as the device gives it",
        "position_accuracy_m": "horizontal accuracy that the device claims",
        "course_deg": "direction of travel over ground, clockwise from north",
        "heading_deg": "direction the device points to, clockwise from north",
        "distance_m": "distance since the start, as the device counts it",
        "speed_m_s": "speed over ground or belt, never negative",
        "gradient": "rise over run",
        "heart_rate_bpm": "heart rate",
        "rr_interval_s": "time between two heart beats, at the later beat",
        "cadence_steps_min": "steps a minute, both feet",
        "cadence_rev_min": "revolutions or strokes a minute, where the sport has no steps",
        "power_w": "mechanical power as the device estimates it",
        "temperature_c": "air or device temperature",
        "contact_time_s": "time one foot stays on the ground in a step",
        "contact_balance": "share of contact time on the left foot",
        "step_length_m": "distance from one initial contact to the next of the other foot",
        "vertical_oscillation_m": "vertical excursion of the trunk within a step",
        "vertical_ratio": "vertical oscillation over step length",
        "form_power_w": "power that a foot pod attributes to vertical movement",
        "leg_stiffness_n_m": "spring stiffness of the leg",
        "respiration_rate_breaths_min": "breaths a minute",
    }
)

PLACEMENTS = (
    "sacrum", "waist", "chest", "pocket",
    *(f"{side}_{part}" for side in ("left", "right")
      for part in ("thigh", "shank", "foot", "wrist", "upper_arm")),
    "hand", "phone",
)  # fmt: skip

#: What a body-worn sensor measures: kind of channel -> its axes.
SENSOR_AXES: Mapping[str, str] = MappingProxyType(
    {"acc_m_s2": "xyz", "gyro_rad_s": "xyz", "mag_ut": "xyz", "orientation": "xyzw"}
)

_SENSOR = re.compile(rf"({'|'.join(PLACEMENTS)})_({'|'.join(SENSOR_AXES)})")


def sensor_channel(name: str) -> tuple[str, str] | None:
    """Split `sacrum_acc_m_s2` into ``("sacrum", "acc_m_s2")``; None for any other name."""
    match = _SENSOR.fullmatch(name)
    return (match[1], match[2]) if match else None


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time [start_s, end_s) in seconds since the start of the recording."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not self.end_s >= self.start_s:
            raise BadInput("end_s", self.end_s, f"at least start_s ({self.start_s})")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """Samples of one quantity on one clock.

    `time_s` is (n,) and never falls; `values` is (n,), or (n, 3) or (n, 4) for the axes of a
    body-worn sensor. NaN where the device gave nothing. Both are made read-only. Several
    channels of one device share the very same `time_s` array. `unit` is set only where the
    name cannot carry it: fields that third-party apps invent (`developer.*`).
    """

    time_s: NDArray[np.float64]
    values: NDArray[np.floating]
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.time_s.ndim != 1 or self.values.ndim not in (1, 2):
            raise BadInput("values", self.values.shape, "of shape (n,) or (n, axes)")
        if len(self.time_s) != len(self.values):
            raise BadInput("values", len(self.values), f"as long as time_s ({len(self.time_s)})")
        if np.any(np.diff(self.time_s) < 0):
            raise BadInput("time_s", "falling somewhere", "sorted", "Sort the samples by time.")
        self.time_s.flags.writeable = False
        self.values.flags.writeable = False

    @property
    def samples(self) -> int:
        return len(self.time_s)

    @property
    def missing(self) -> int:
        """Rows in which any axis is NaN."""
        absent = np.isnan(self.values)
        return int(np.count_nonzero(absent if absent.ndim == 1 else absent.any(axis=1)))

    @property
    def rate_hz(self) -> float | None:
        """Median sampling rate; None where there are fewer than two different times."""
        step_s = np.diff(self.time_s)
        step_s = step_s[step_s > 0]
        return float(1.0 / np.median(step_s)) if len(step_s) else None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was wrong with a recording, where, and what it does to the result."""

    what: str
    where: str
    effect: str


@dataclass(frozen=True, slots=True)
class Device:
    """What recorded; serial numbers are left out on purpose, they identify a person."""

    manufacturer: str | None = None
    product: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.manufacturer, self.product) if part) or "unknown"


@dataclass(frozen=True, slots=True)
class Lap:
    """A lap as the device or the athlete marked it, or one executed step of a workout."""

    span: Span
    name: str | None = None
    notes: str | None = None
    intensity: str | None = None
    step_index: int | None = None  #: index into `Recording.workout`, where the device told


@dataclass(frozen=True, slots=True)
class WorkoutStep:
    """One step of the planned workout that the device carried."""

    name: str | None = None
    notes: str | None = None
    intensity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTotals:
    """What the device itself summed up; for comparison, never for computing."""

    distance_m: float | None = None
    timer_s: float | None = None
    elapsed_s: float | None = None
    energy_kcal: float | None = None
    ascent_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Everything one file told about one activity, before any analysis."""

    file: str
    format: str
    channels: Mapping[str, Channel]
    start_time: datetime | None = None  #: aware; None where the device's clock was not set
    utc_offset_s: float | None = None  #: the athlete's clock minus UTC, where the file tells
    sport: str | None = None
    device: Device = field(default_factory=Device)
    pauses: tuple[Span, ...] = ()
    laps: tuple[Lap, ...] = ()
    workout: tuple[WorkoutStep, ...] = ()
    workout_name: str | None = None
    totals: DeviceTotals = field(default_factory=DeviceTotals)
    simulated: bool = False
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if self.start_time is not None and self.start_time.tzinfo is None:
            raise BadInput("start_time", self.start_time, "aware of its time zone")
        object.__setattr__(self, "channels", MappingProxyType(dict(self.channels)))

    @property
    def duration_s(self) -> float:
        """Time of the last sample of any channel; without samples, end of the last lap. [s]"""
        ends = [float(c.time_s[-1]) for c in self.channels.values() if c.samples]
        return max(ends or [lap.span.end_s for lap in self.laps], default=0.0)

    @property
    def placements(self) -> tuple[str, ...]:
        """Where on the body a sensor was worn, in the order of `PLACEMENTS`."""
        worn = {split[0] for name in self.channels if (split := sensor_channel(name))}
        return tuple(place for place in PLACEMENTS if place in worn)

    def get(self, name: str) -> Channel | None:
        return self.channels.get(name)

    def worn_at(self, placement: str) -> Recording:
        """The same recording, its phone said to be worn at `placement` (`left_shank`, ...)."""
        if placement not in PLACEMENTS:
            raise BadInput("worn", placement, f"one of {', '.join(PLACEMENTS)}")
        if "phone" not in self.placements:
            return self
        if placement in self.placements:
            raise BadInput("worn", placement, "a place where no other sensor of the file is worn")
        moved = {
            f"{placement}{name.removeprefix('phone')}" if sensor_channel(name) else name: channel
            for name, channel in self.channels.items()
            if not (split := sensor_channel(name)) or split[0] == "phone"
        }
        others = {
            name: channel
            for name, channel in self.channels.items()
            if (split := sensor_channel(name)) and split[0] != "phone"
        }
        return replace(self, channels={**moved, **others})
