"""Energy from heart rate, by the athlete's own line: heart rate against metabolic power.

Without a line of their own nobody's heart tells energy: the equation for everybody was off by
seven tenths forward and twofold backward in students who walked (kim2001). The line comes from a
test with oxygen measured, or from the athlete's forward running by speed and slope; the second
inherits the errors of the forward equations, and so says nothing new of the person's economy.

A line holds for the direction in which it was made. Backward, hearts beat faster than a forward
line would have them for the oxygen taken up (williford1998): read there, it would give a fifth
too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from retrorun.intervals import Z90
from retrorun.physiology.energy import CAUSES, Power
from retrorun.physiology.forward_cost import OXYGEN_J_ML, watts_of_oxygen
from retrorun.signals import true_runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: A line needs so many points over so wide a range (convention). [bpm]
FEWEST_POINTS, LEAST_SPAN_BPM = 3, 20.0
#: Beyond its points the line is believed for so far (convention). [bpm]
BEYOND_BPM = 10.0
#: Heat, sleep, coffee and drift move a heart from day to day by about so much of its power, on top
#: of the scatter about the line (convention).
DAY_TO_DAY_SD = 0.05
#: The energy of a litre of oxygen depends on the fuel (livesey1988): half of 19.5 to 21.1 kJ/l.
OXYGEN_SD = 0.5 * (21.1 - 19.5) / OXYGEN_J_ML
#: Effort that lasts so long has settled (convention); the heart follows the work by as much. [s]
SETTLED_S, LAG_S = 120, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Metabolic power as a line of heart rate, with the range it was fitted in."""

    intercept_w_kg: float
    slope_w_kg_bpm: float
    low_bpm: float
    high_bpm: float
    points: int
    #: Shared errors by cause, as shares of the power.
    errors: Mapping[str, float]

    def power(self, heart_rate_bpm: Floats) -> Power:
        """Power from heart rate, NaN outside the line's range and `BEYOND_BPM`. (n,)"""
        with np.errstate(invalid="ignore"):
            inside = (heart_rate_bpm >= self.low_bpm - BEYOND_BPM) & (
                heart_rate_bpm <= self.high_bpm + BEYOND_BPM
            )
        w_kg = np.where(inside, self.intercept_w_kg + self.slope_w_kg_bpm * heart_rate_bpm, np.nan)
        w_kg[~(w_kg > 0)] = np.nan
        errors = np.zeros((len(w_kg), len(CAUSES)))
        for cause, share in self.errors.items():
            errors[:, CAUSES.index(cause)] = w_kg * share
        return Power(w_kg=w_kg, errors_w_kg=errors, extrapolated=np.zeros(len(w_kg), dtype=bool))


def fit_tested(heart_rate_bpm: Floats, vo2_ml_kg_min: Floats) -> Line | None:
    """The line through points of a test with oxygen measured. Both (n,).

    None for fewer than `FEWEST_POINTS` points, a span of less than `LEAST_SPAN_BPM`, or a line
    that does not rise.
    """
    return _fit(heart_rate_bpm, watts_of_oxygen(vo2_ml_kg_min), {"heart_rate": OXYGEN_SD})


def fit_running(heart_rate_bpm: Floats, forward_run: Power, running_forward: Bools) -> Line | None:
    """The line of the athlete's own steady forward running, from curves of 1 s. All (n,).

    `forward_run` is the power by speed and slope. Means of whole minutes count, once a stretch
    has lasted `SETTLED_S`. None as for `fit_tested`.
    """
    usable = running_forward & forward_run.judged & np.isfinite(heart_rate_bpm)
    beats, watts, share = [], [], []
    for minute in _settled_minutes(usable):
        beats.append(float(heart_rate_bpm[minute].mean()))
        watts.append(float(forward_run.w_kg[minute].mean()))
        share.append(forward_run.errors_w_kg[minute].mean(axis=0) / watts[-1])
    if not beats:
        return None
    errors = dict(zip(CAUSES, np.mean(share, axis=0).tolist(), strict=True))
    return _fit(np.array(beats), np.array(watts), errors)


def merge(lines: list[Line]) -> Line | None:
    """One line from those of several sessions, weighted by their points, where all of them hold."""
    if not lines:
        return None
    weight = np.array([line.points for line in lines], dtype=np.float64)
    low, high = max(line.low_bpm for line in lines), min(line.high_bpm for line in lines)
    if high - low < LEAST_SPAN_BPM:
        return max(lines, key=lambda line: line.points)

    def mean(values: list[float]) -> float:
        return float(np.average(values, weights=weight))

    causes = sorted({cause for line in lines for cause in line.errors})
    return Line(
        intercept_w_kg=mean([line.intercept_w_kg for line in lines]),
        slope_w_kg_bpm=mean([line.slope_w_kg_bpm for line in lines]),
        low_bpm=low,
        high_bpm=high,
        points=int(weight.sum()),
        errors={cause: mean([line.errors.get(cause, 0.0) for line in lines]) for cause in causes},
    )


def joined(mechanical: Power, heart: Power) -> Power:
    """Both estimates weighted by their variances; where one is silent, the other alone. (n,)

    A cause that both share (the forward equations, where the line came from running) does not
    become smaller by joining: its errors add up before they are squared.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        variances = [(power.errors_w_kg**2).sum(axis=1) for power in (mechanical, heart)]
        weight = variances[1] / (variances[0] + variances[1])
    weight = np.where(mechanical.judged, np.where(heart.judged, weight, 1.0), 0.0)
    share = weight[:, None]
    return Power(
        w_kg=_part(mechanical.w_kg, weight) + _part(heart.w_kg, 1 - weight),
        errors_w_kg=_part(mechanical.errors_w_kg, share) + _part(heart.errors_w_kg, 1 - share),
        extrapolated=mechanical.extrapolated & (weight > 0),
    )


def _part(values: Floats, weight: Floats) -> Floats:
    """`values` times `weight`; a weight of nothing silences even what is not known."""
    return np.where(weight > 0, values, 0.0) * weight


def why_no_line(heart_rate_bpm: Floats, power: Floats) -> str:
    """Why points, both (n,), make no line; empty where they do."""
    if len(heart_rate_bpm) < FEWEST_POINTS:
        return f"{len(heart_rate_bpm)} points, wanted at least {FEWEST_POINTS}"
    if np.ptp(heart_rate_bpm) < LEAST_SPAN_BPM:
        return (
            f"they span {np.ptp(heart_rate_bpm):.0f} beats a minute, wanted at least"
            f" {LEAST_SPAN_BPM:.0f}"
        )
    if np.polyfit(heart_rate_bpm, power, 1)[0] <= 0:
        return "the oxygen does not rise with the heart rate"
    return ""


def _fit(beats: Floats, watts: Floats, errors: Mapping[str, float]) -> Line | None:
    if why_no_line(beats, watts):
        return None
    slope, intercept = np.polyfit(beats, watts, 1)
    free = len(beats) - 2
    scatter = float(np.sqrt(np.sum((watts - intercept - slope * beats) ** 2) / free))
    # With few points neither the line nor its scatter is sure.
    few = float(stdtrit(free, 0.95)) / Z90 * np.sqrt(1 + 1 / len(beats))
    own = np.hypot(few * scatter / float(np.mean(watts)), DAY_TO_DAY_SD)
    return Line(
        intercept_w_kg=float(intercept),
        slope_w_kg_bpm=float(slope),
        low_bpm=float(beats.min()),
        high_bpm=float(beats.max()),
        points=len(beats),
        errors={**errors, "heart_rate": float(np.hypot(own, errors.get("heart_rate", 0.0)))},
    )


def _settled_minutes(usable: Bools) -> list[slice]:
    """Whole minutes of stretches, after the first `SETTLED_S`."""
    return [
        slice(start, start + 60)
        for first, last in zip(*true_runs(usable), strict=True)
        for start in range(int(first) + SETTLED_S, int(last) - 59, 60)
    ]
