"""What the simulated runner does: a warm-up, 8 x (forward, backward), a cool-down, on a track.

Nothing here is a result. Speeds, cadences and heart rates are plausible values chosen for a
friendly example (`SCIENCE` has backward cadence 1.11 times the forward one at a speed and the
heart working harder); the analysis never reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.examples.body import Movement, movement
from retrorun.examples.bouts import Bout

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the activity at one speed; motion and direction as in `labels.csv`."""

    name: str
    duration_s: int
    motion: Literal["still", "walk", "run"]
    direction: Literal["forward", "backward", ""]
    speed_m_s: float
    heart_rate_bpm: float  #: what the heart would settle at


def _parts() -> tuple[Part, ...]:
    warm_up = (
        Part("Ready", 15, "still", "", 0.0, 75.0),
        Part("Warm-up walk", 120, "walk", "forward", 1.4, 100.0),
        Part("Warm-up run", 240, "run", "forward", 2.6, 138.0),
    )
    forward = Part("Forward", 60, "run", "forward", 2.7, 145.0)
    backward = Part("Backward", 45, "run", "backward", 2.0, 150.0)
    rest = Part("Stand", 15, "still", "", 0.0, 110.0)
    cool_down = (
        Part("Cool-down run", 90, "run", "forward", 2.4, 135.0),
        # As slow as backward: without it, heart rates at the same speed cannot be compared.
        Part("Slow run", 120, "run", "forward", 1.9, 125.0),
        Part("Cool-down walk", 120, "walk", "forward", 1.3, 100.0),
        Part("Done", 15, "still", "", 0.0, 85.0),
    )
    return (*warm_up, *(forward, backward, rest) * 8, *cool_down)


@dataclass(frozen=True)
class Story:
    """One activity: what the body did, and one row a second of what a watch makes of it."""

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
    def moved(self) -> Movement:
        """What the body did, on a 400 m track: it turns round to go on backward the same way."""
        backward = [part.direction == "backward" for part in self.parts]
        turns_deg = 180.0 * np.diff(np.array([False, *backward], dtype=np.float64))
        bouts = [
            Bout(
                duration_s=part.duration_s,
                motion=part.motion,
                direction=part.direction,
                speed_m_s=part.speed_m_s,
                turn_deg=float(turn_deg),
            )
            for part, turn_deg in zip(self.parts, turns_deg, strict=True)
        ]
        return movement(bouts, path=_track, seed=self.seed)

    @cached_property
    def time_s(self) -> Floats:
        return np.arange(self.duration_s + 1, dtype=np.float64)

    def _per_second(self, of_parts: Sequence[float]) -> Floats:
        values = np.repeat(np.array(of_parts, dtype=float), np.diff(self.starts_s))
        return np.append(values, values[-1])

    def _pace(self, run: Floats) -> Floats:
        """Growth a second of what runs on the movement's clock, within half a second around."""
        edges_s = np.append(self.time_s, self.duration_s + 1.0) - 0.5
        edges_s = np.clip(edges_s, 0.0, self.duration_s)
        pace: Floats = np.diff(np.interp(edges_s, self.moved.time_s(), run)) / np.diff(edges_s)
        return pace

    @cached_property
    def speed_m_s(self) -> Floats:
        return self._pace(self.moved.along_m)

    @cached_property
    def distance_m(self) -> Floats:
        return np.interp(self.time_s, self.moved.time_s(), self.moved.along_m)

    @cached_property
    def cadence_steps_min(self) -> Floats:
        """As a watch tells it: to about a step, and 0 while standing."""
        noise = np.random.default_rng(self.seed).normal(0, 1.0, len(self.time_s))
        steps = 120.0 * self._pace(self.moved.phase) + noise
        return np.where(self._per_second([part.motion != "still" for part in self.parts]), steps, 0)

    @cached_property
    def heart_rate_bpm(self) -> Floats:
        """Heart rate that follows the demand with half a minute's delay, drifting up slowly."""
        asked = self._per_second([part.heart_rate_bpm for part in self.parts])
        settled = _follow(asked, time_constant_s=35.0, start=72.0)
        drift = 6.0 * self.time_s / self.time_s[-1]
        noise = np.random.default_rng(self.seed + 1).normal(0, 0.7, len(settled))
        beats: Floats = np.round(settled + drift + noise)
        return beats

    def position(self, *, seed: int, noise_m: float) -> tuple[Floats, Floats]:
        """Latitude and longitude along the track, wandering as GPS does (slowly, by metres)."""
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
    half = straight + np.pi * radius
    halves = np.floor(distance_m / half)
    way = distance_m - halves * half
    angle = np.maximum(way - straight, 0.0) / radius
    side = 1.0 - 2.0 * (halves % 2)  # the second half is the first one turned round
    east = np.minimum(way, straight) + radius * np.sin(angle) - straight / 2
    return straight / 2 + side * east, -side * radius * np.cos(angle)


def _follow(target: Floats, *, time_constant_s: float, start: float) -> Floats:
    """A first-order lag behind the target, at 1 Hz."""
    from scipy.signal import lfilter

    keep = float(np.exp(-1.0 / time_constant_s))
    out: Floats
    out, _ = lfilter([1 - keep], [1, -keep], target, zi=[keep * start])
    return out
