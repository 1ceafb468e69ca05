"""What the simulated runner does: a warm-up, 8 x (forward, backward), a cool-down, on a track.

Nothing here is a result. Speeds, cadences and heart rates are plausible values chosen for a
friendly example (`SCIENCE` has backward cadence 1.11 times the forward one at a speed and the
heart working harder); the analysis never reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the activity at one speed."""

    name: str
    duration_s: int
    motion: str
    direction: str
    speed_m_s: float
    cadence_steps_min: float
    heart_rate_bpm: float  #: what the heart would settle at


def _parts() -> tuple[Part, ...]:
    warm_up = (
        Part("Ready", 15, "still", "", 0.0, 0.0, 75.0),
        Part("Warm-up walk", 120, "walk", "forward", 1.4, 112.0, 100.0),
        Part("Warm-up run", 240, "run", "forward", 2.6, 164.0, 138.0),
    )
    forward = Part("Forward", 60, "run", "forward", 2.7, 166.0, 145.0)
    backward = Part("Backward", 45, "run", "backward", 2.0, 176.0, 160.0)
    rest = Part("Stand", 15, "still", "", 0.0, 0.0, 110.0)
    cool_down = (
        Part("Cool-down run", 180, "run", "forward", 2.4, 160.0, 135.0),
        Part("Cool-down walk", 120, "walk", "forward", 1.3, 108.0, 100.0),
        Part("Done", 15, "still", "", 0.0, 0.0, 85.0),
    )
    return (*warm_up, *(forward, backward, rest) * 8, *cool_down)


@dataclass(frozen=True)
class Story:
    """One activity, one row a second; the truth, and what sensors with noise make of it."""

    seed: int = 20260501
    parts: tuple[Part, ...] = _parts()
    start_latitude_deg: float = 52.0902
    start_longitude_deg: float = 5.1214

    @cached_property
    def starts_s(self) -> list[int]:
        """Start of each part, and the end of the last."""
        return [0, *np.cumsum([part.duration_s for part in self.parts]).tolist()]

    @property
    def duration_s(self) -> int:
        return self.starts_s[-1]

    @cached_property
    def time_s(self) -> Floats:
        return np.arange(self.duration_s + 1, dtype=np.float64)

    def _per_second(self, field: str) -> Floats:
        values = np.repeat(
            [float(getattr(part, field)) for part in self.parts],
            [part.duration_s for part in self.parts],
        )
        return np.append(values, values[-1])

    @cached_property
    def speed_m_s(self) -> Floats:
        """Speed that needs about two seconds to change, as legs do."""
        return _follow(self._per_second("speed_m_s"), time_constant_s=1.5, start=0.0)

    @cached_property
    def distance_m(self) -> Floats:
        steps = (self.speed_m_s[1:] + self.speed_m_s[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(steps)])

    @cached_property
    def cadence_steps_min(self) -> Floats:
        moving = self._per_second("cadence_steps_min")
        noise = np.random.default_rng(self.seed).normal(0, 1.0, len(moving))
        return np.where(moving > 0, moving + noise, 0.0)

    @cached_property
    def heart_rate_bpm(self) -> Floats:
        """Heart rate that follows the demand with half a minute's delay, drifting up slowly."""
        settled = _follow(self._per_second("heart_rate_bpm"), time_constant_s=35.0, start=72.0)
        drift = 6.0 * self.time_s / self.time_s[-1]
        noise = np.random.default_rng(self.seed + 1).normal(0, 0.7, len(settled))
        beats: Floats = np.round(settled + drift + noise)
        return beats

    def position(self, *, seed: int, noise_m: float) -> tuple[Floats, Floats]:
        """Latitude and longitude on a 400 m track, wandering as GPS does (slowly, by metres)."""
        east, north = _track(self.distance_m)
        rng = np.random.default_rng(seed)
        wander = np.stack([
            _follow(rng.normal(0, noise_m * 8, len(east)), time_constant_s=30.0, start=0.0)
            for _ in range(2)
        ])  # fmt: skip
        metres_per_degree = 111_195.0
        latitude = self.start_latitude_deg + (north + wander[0]) / metres_per_degree
        longitude = self.start_longitude_deg + (east + wander[1]) / (
            metres_per_degree * np.cos(np.radians(self.start_latitude_deg))
        )
        return latitude, longitude


def _track(distance_m: Floats) -> tuple[Floats, Floats]:
    """East and north [m] after a distance on a standard track: straights of 84.39 m."""
    straight, radius = 84.39, 36.8
    bend = np.pi * radius
    lap = distance_m % (2 * (straight + bend))
    half = lap >= straight + bend
    way = np.where(half, lap - straight - bend, lap)
    angle = np.clip((way - straight) / radius, 0, np.pi)
    east = np.minimum(way, straight) + radius * np.sin(angle)
    north = radius * (1 - np.cos(angle)) - radius
    return np.where(half, straight - east, east), np.where(half, -north, north)


def _follow(target: Floats, *, time_constant_s: float, start: float) -> Floats:
    """A first-order lag behind the target, at 1 Hz."""
    from scipy.signal import lfilter

    keep = float(np.exp(-1.0 / time_constant_s))
    out: Floats
    out, _ = lfilter([1 - keep], [1, -keep], target, zi=[keep * start])
    return out
