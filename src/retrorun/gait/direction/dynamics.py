"""Backward by what a watch counts: steps, contact times and heart beats odd for the speed.

Two weak witnesses. They compare each second with this athlete's own forward baseline and know of
backward movement only what small studies say. Whatever else makes the step quicker or the heart
beat faster at a speed looks the same: drills, a slope that is not known, a receiver among houses, a
hot day. So what they say is tempered and bounded: neither makes a short stretch backward alone.

Nothing is said without a baseline, at speeds that it does not hold, on slopes, and of the steps of
walking, for which no study gives a ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.gait import motion
from retrorun.gait.direction.baseline import Bools, Floats, Line, forward_at, read
from retrorun.gait.direction.states import PER_SECOND, Evidence, Seen, each_step, two_ways

#: Cadence backward over forward at the same speed: 1.113 pooled over 13 runners on a treadmill
#: (study E6 of `SCIENCE.md`, S), up to 1.37 at 5 m/s (Brennan 2026, second hand). Taken as one
#: standard deviation to either side of their middle, so that 1.0 is two below it. [-]
CADENCE_RATIO = (1.113, 1.37)
#: Contact time backward over forward: one over it rises by 22 % at 3.0 m/s (0.82, derived from
#: Wright & Weyand 2001, n = 4); at top speed it is no shorter (Weyand 2010), so the spread is
#: taken wide. One standard deviation to either side; the upper is a convention. [-]
CONTACT_RATIO = (0.80, 0.92)
#: Oxygen uptake backward over forward at the same speed: running 1.29 (E6, n = 13) to 1.35 (E3,
#: n = 4; E5, n = 8); walking 1.31 to 1.41 (W7, n = 10, uphill). [-]
OXYGEN_RATIO = {int(motion.WALK): (1.31, 1.41), int(motion.RUN): (1.29, 1.35)}
#: Its spread between people: the standard error of 6 % of four (E3) is 12 % for one. Derived. [-]
OXYGEN_SPREAD = 0.12

#: How often the ratios hold for a person at all: of the 13 runners of E6 only the mean is known,
#: and a quick step forward looks the same. No more than a sensor on the trunk. Convention. [-]
RELIABILITY = 0.85

#: Share of forward seconds that may be anything, and over what they lie. Convention. [-, -, bpm]
ANYTHING, ANYWHERE_LOG, ANYWHERE_BPM = 0.05, 1.0, 100.0
#: Errors of a watch's cadence and speed last about 10 s, those of a heart rate a minute: a second
#: counts this much of an independent one. [-]
TEMPER, HEART_TEMPER = 1 / 10, 1 / 60
#: Nor does a second ever say more than this. The decoder, which expects bouts of 5 s, asks for 0.18
#: a second to stay backward and some 10 for a bout: of the steps about a minute (at 0.5 half a
#: minute would do), and the heart alone can never do it. Conventions. [nats/s]
MOST, HEART_MOST = 0.35, 0.05
#: A baseline by which backward makes a smaller difference than this tells nothing. [bpm]
LEAST_BPM = 5.0

#: What differs from the baseline for a quarter of an hour to either side is the day, the heat or
#: tiredness, as far as this many spreads between days; the rest may be movement. Conventions.
#: [minutes, -]
DRIFT_MINUTES, DRIFT_SPREADS = 31, 2.0
#: Minutes that are needed of those. [-]
DRIFT_LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Expected:
    """How far from the forward line the two ways lie, (m,) in units of the quantity."""

    departure: Floats
    forward_spread: float
    backward: Floats
    backward_spread: Floats


def running_dynamics(seen: Seen) -> tuple[Evidence, ...]:
    """What cadence and contact time say for the speed, running; step length where cadence lacks.

    Contact time follows cadence, so the two are averaged, not added. At most 0.35 nats a second.
    An empty tuple without a baseline, or where no second can be judged.
    """
    if seen.baseline is None:
        return ()
    ratios = {"cadence": CADENCE_RATIO, "contact_time": CONTACT_RATIO}
    found = [
        _log_odds(_of_steps(seen, line, name, ratio), anywhere=ANYWHERE_LOG)
        for name, ratio in ratios.items()
        if (line := getattr(seen.baseline.run, name)) is not None
    ]
    rows, heard = _shared_out(seen, found, temper=TEMPER, most=MOST)
    if not heard.any():
        return ()
    return (
        Evidence(
            witness="running dynamics",
            told="watch",
            log_likelihood=rows,
            heard=heard,
            reliability=RELIABILITY,
        ),
    )


def heart_rate_for_speed(seen: Seen) -> tuple[Evidence, ...]:
    """What the heart rate says for the speed in steady stretches, walking and running.

    Backward at a speed takes the oxygen of forward at 1.29 to 1.35 times that speed, so the
    athlete's own slope against speed gives the difference to expect; where that is below 5 bpm
    nothing is said. At most 0.05 nats a second: it supports other witnesses and decides nothing, so
    it is nowhere heard as one that could judge. An empty tuple where it has nothing to say.
    """
    if seen.baseline is None:
        return ()
    gaits = {motion.WALK: seen.baseline.walk, motion.RUN: seen.baseline.run}
    found = [
        _log_odds(_of_heart(seen, gait.heart_rate, int(code)), anywhere=ANYWHERE_BPM)
        for code, gait in gaits.items()
        if gait.heart_rate is not None
    ]
    rows, said = _shared_out(seen, found, temper=HEART_TEMPER, most=HEART_MOST)
    if not said.any():
        return ()
    # Heard, it would weaken what a foot says and make the direction known where nobody can tell it.
    unheard = np.zeros(seen.steps, dtype=bool)
    return (Evidence(witness="heart rate", told="watch", log_likelihood=rows, heard=unheard),)


def _of_steps(seen: Seen, line: Line, name: str, ratio: tuple[float, float]) -> _Expected:
    found = read(seen.curves, name, gait=int(motion.RUN))
    departure = found.value - forward_at(line, found.speed_m_s)
    low, high = np.log(ratio)
    spread = float(np.hypot(line.spread, line.between_days))
    return _Expected(
        departure=departure - _drift(departure, most=DRIFT_SPREADS * line.between_days),
        forward_spread=spread,
        backward=np.full(len(departure), (low + high) / 2),
        backward_spread=np.full(len(departure), np.hypot(spread, (high - low) / 2)),
    )


def _of_heart(seen: Seen, line: Line, gait: int) -> _Expected:
    found = read(seen.curves, "heart_rate", gait=gait)
    departure = found.value - forward_at(line, found.speed_m_s)
    low, high = OXYGEN_RATIO[gait]
    # Beats a minute for each doubling of the speed, and so of the oxygen above standing.
    doubling = line.coefficients[1] * found.speed_m_s
    backward = doubling * ((low + high) / 2 - 1)
    spread = float(np.hypot(line.spread, line.between_days))
    told = backward >= LEAST_BPM
    return _Expected(
        departure=np.where(
            told, departure - _drift(departure, most=DRIFT_SPREADS * line.between_days), np.nan
        ),
        forward_spread=spread,
        backward=backward,
        backward_spread=np.hypot(spread, OXYGEN_SPREAD * doubling),
    )


def _drift(departure: Floats, *, most: float) -> Floats:
    """What lasts: the median of the minutes around, never more than `most`; 0 where few are known.

    (m,) from (m,).
    """
    if not len(departure):
        return departure
    minutes = -(-len(departure) // 60)
    padded = np.full(60 * minutes, np.nan)
    padded[: len(departure)] = departure
    each = _median(padded.reshape(minutes, 60), least=20)
    reach = DRIFT_MINUTES // 2
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(each, reach, constant_values=np.nan), DRIFT_MINUTES
    )
    lasting = np.nan_to_num(_median(around, least=DRIFT_LEAST))
    drift: Floats = np.repeat(np.clip(lasting, -most, most), 60)[: len(departure)]
    return drift


def _median(rows: Floats, *, least: int) -> Floats:
    """Median of what is known in each row; NaN where that is less than `least` values."""
    enough = np.isfinite(rows).sum(axis=1) >= least
    out = np.full(len(rows), np.nan)
    out[enough] = np.nanmedian(rows[enough], axis=1)
    return out


def _log_odds(expected: _Expected, *, anywhere: float) -> Floats:
    """Of backward against forward for independent seconds, (m,); NaN where nothing is judged."""
    zero = np.zeros(len(expected.departure))
    forward = _density(expected.departure, zero + expected.forward_spread, anywhere=anywhere)
    away = expected.departure - expected.backward
    log_odds: Floats = _density(away, expected.backward_spread, anywhere=anywhere) - forward
    return log_odds


def _density(away: Floats, spread: Floats, *, anywhere: float) -> Floats:
    """Logarithm of a normal density on a floor of anything."""
    peak = np.exp(-((away / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))
    density: Floats = np.log((1 - ANYTHING) * peak + ANYTHING / anywhere)
    return density


def _shared_out(
    seen: Seen, found: list[Floats], *, temper: float, most: float
) -> tuple[NDArray[np.float32], Bools]:
    """The mean of what is known of each second, tempered, bounded and shared out among its steps.

    (steps, 7) log-likelihoods and (steps,) where anything was known.
    """
    each = np.stack(found) if found else np.empty((1, 0))
    count = np.isfinite(each).sum(axis=0)
    mean = np.nansum(each, axis=0) / np.maximum(count, 1)
    said = np.clip(temper * mean, -most, most) / PER_SECOND
    rows = two_ways(each_step(said, steps=seen.steps))
    return rows, each_step(count > 0, steps=seen.steps)
