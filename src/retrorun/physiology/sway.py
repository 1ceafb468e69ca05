"""The standing test: how much somebody sways in one stance, from a phone held to the chest.

Protocol: stand still for 40 s with the phone flat against the breastbone (eyes open or closed, one
foot before the other, on one leg), three times or more; 30 s of each count. The figures describe
the sway of this person with this phone. They say nothing about health or the risk of falling, and
differ between two people, two phones or two ways of holding one for reasons of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, stdtrit

from retrorun.gait.motion import (
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    RUN,
    WALK,
    motion_from_acceleration,
)
from retrorun.physiology.balance import believable, rate_of
from retrorun.signals import (
    Piece,
    at_times,
    lowpass,
    norm,
    running_mean,
    true_runs,
    uniform_pieces,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Sway lies below; what is above is the heart, the hand and the sensor (mancini2012). [Hz]
CUTOFF_HZ = 3.5

#: Steady standing that is needed, and the most that is used: trials of 30 s are usual
#: (mancini2012, phoneapp2021), 20 s remained of 30 where the ends were cut off (convention). [s]
SHORTEST_S, LONGEST_S = 20.0, 30.0

#: Cut off at both ends of the steady part: the arm comes to rest (convention). [s]
SETTLE_S = 2.0

#: A moment is an event (step, touch, knock) if it leaves what is usual in this recording by so many
#: times its median and by more than a floor: slow tilts by 2 degrees, knocks by the weakest
#: footfall at the trunk, turning by `frame.MOVING_RAD_S` (convention). [-, m/s², m/s², rad/s]
EVENT_TIMES, SLOW_M_S2, FAST_M_S2, TURN_RAD_S = 6.0, 0.4, 1.0, 0.35

#: Time around an event that does not count, and over which what came before is forgotten. [s]
AROUND_S, MEMORY_S = 0.5, 5.0

#: Nobody stands so still; a phone on a table does (convention). [m/s²]
STILLEST_M_S2 = 0.015

#: The usual size at the trunk, standing or walking; in units of g, or without gravity, it is not.
#: As wide as `worn` has it. [m/s²]
GRAVITY_M_S2 = (6.0, 14.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sway:
    """Sway of one stance: horizontal acceleration below 3.5 Hz, its mean taken out."""

    start_s: float  #: where the steady part begins
    seconds: float  #: how long it is
    rms_m_s2: float  #: root mean square of the size
    path_m_s3: float  #: way of the acceleration a second, which is the mean size of the jerk
    area_m2_s4: float  #: of the ellipse that holds 95 % of it, were it normal
    frequency_hz: float  #: rounds a second at the mean distance that would make the same way


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """What a recording of one stance gave: sway or a reason, and what happened in it."""

    sway: Sway | None
    reason: str | None = None
    events_s: tuple[float, ...] = ()  #: steps, touches and knocks inside the recording


def stance(
    time_s: ArrayLike,
    acc_m_s2: ArrayLike,
    *,
    gyro_time_s: ArrayLike | None = None,
    gyro_rad_s: ArrayLike | None = None,
) -> Stance:
    """Sway in the longest steady part of a recording of somebody standing.

    Parameters
    ----------
    time_s, acc_m_s2 : (n,), (n, 3)
        Specific force of the phone, axes any way, 25 to 400 Hz, gaps allowed. [m/s²]
    gyro_time_s, gyro_rad_s : (m,), (m, 3), optional
        Angular velocity; it helps to see the phone being handled and enters no figure.

    Returns
    -------
    Stance; `sway` is None, and `reason` says why, where no 20 s are steady. At most the first
    30 s of the steady part are used: the root mean square and the area grow with the time
    somebody is watched. A lean makes sway larger than its angle times g, the more so the quicker
    it is: acceleration is what was measured, and it stays acceleration.
    """
    time, acc = believable(time_s, acc_m_s2)
    rate_hz = rate_of(time)
    why = _unusable(acc, rate_hz)
    if why is not None:
        return Stance(sway=None, reason=why)
    rate_hz = min(max(rate_hz, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)
    rows = acc
    if gyro_time_s is not None and gyro_rad_s is not None:
        clock, turning = believable(gyro_time_s, gyro_rad_s)
        if len(clock):
            rows = np.hstack([acc, np.nan_to_num(at_times(time, clock, turning))])
    found = [
        _Looked(piece, rate_hz)
        for piece in uniform_pieces(time, rows, rate_hz=rate_hz, gap_s=max(0.1, 2.5 / rate_hz))
        if len(piece.values) > rate_hz
    ]
    if not found:
        return Stance(sway=None, reason="no second without a gap")
    best = max(found, key=lambda looked: looked.seconds)
    events = tuple(sorted(round(at, 1) for looked in found for at in looked.events_s))
    if best.seconds < SHORTEST_S:
        return Stance(sway=None, reason=_why_short(found, events), events_s=events)
    sway = _sway(best)
    if sway.rms_m_s2 < STILLEST_M_S2:
        reason = "stiller than anybody stands: was the phone laid down?"
        return Stance(sway=None, reason=reason, events_s=events)
    return Stance(sway=sway, events_s=events)


def _unusable(acc: Floats, rate_hz: float) -> str | None:
    if len(acc) < 2:
        return "no acceleration"
    if rate_hz < 0.98 * LOWEST_RATE_HZ:
        return f"sampled at {rate_hz:.3g} Hz, wanted at least {LOWEST_RATE_HZ:g}"
    if float(np.ptp(acc, axis=0).max()) < 1e-6:
        return "every sample is the same: a frozen sensor"
    usual = float(np.median(norm(acc)))
    low, high = GRAVITY_M_S2
    if not low <= usual <= high:
        hint = " (in units of g?)" if 0.9 <= usual <= 1.1 else ""
        return f"its usual size is {usual:.3g} m/s², wanted about 9.81: gravity included{hint}"
    return None


class _Looked:
    """A gap-free piece, looked through for walking and events, and its longest steady part."""

    def __init__(self, piece: Piece, rate_hz: float) -> None:
        acc = piece.values[:, :3].astype(np.float64)
        self.rate_hz = rate_hz
        self.start_s = piece.start_s
        self.slow = lowpass(acc, rate_hz=rate_hz, cutoff_hz=CUTOFF_HZ)
        self.walking = _walking(acc, rate_hz)
        gyro = piece.values[:, 3:] if piece.values.shape[1] > 3 else None
        jumps = _leaves_the_usual(acc, self.slow, gyro, rate_hz) & ~self.walking
        around = 2 * round(AROUND_S * rate_hz) + 1
        near = np.convolve(jumps, np.ones(around), mode="same")[: len(jumps)] > 0.5
        calm = ~near & ~self.walking
        begins, ends = true_runs(near)
        settle = round(SETTLE_S * rate_hz)
        # Taking up the phone and laying it down are no events.
        middles = (begins + ends) / 2
        inner = (begins > settle) & (ends < len(acc) - settle)
        self.events_s = [piece.start_s + float(at) / rate_hz for at in middles[inner]]
        begins, ends = true_runs(calm)
        longest = int((ends - begins).argmax()) if len(begins) else None
        self.begin = 0 if longest is None else int(begins[longest]) + settle
        self.end = 0 if longest is None else int(ends[longest]) - settle

    @property
    def seconds(self) -> float:
        return max(float(self.end - self.begin) / self.rate_hz, 0.0)


def _walking(acc: Floats, rate_hz: float) -> Bools:
    """Samples in which steps repeat."""
    code = motion_from_acceleration(acc, rate_hz=rate_hz, placement="chest").code
    epoch = np.minimum((np.arange(len(acc)) / rate_hz).astype(int), max(len(code) - 1, 0))
    walks: Bools = np.isin(code, (WALK, RUN))[epoch]
    return walks


def _leaves_the_usual(
    acc: Floats, slow: Floats, gyro: NDArray[np.floating] | None, rate_hz: float
) -> Bools:
    """Moments that stand out of the sway, of what is quicker than it, or of the turning."""

    def out(sizes: NDArray[np.floating], floor: float) -> Bools:
        return np.asarray(sizes > max(floor, EVENT_TIMES * float(np.median(sizes))))

    drift = running_mean(slow, rate_hz=rate_hz, window_s=MEMORY_S)
    found = out(norm(slow - drift), SLOW_M_S2) | out(norm(acc - slow), FAST_M_S2)
    if gyro is not None and gyro.shape[1] == 3:
        found |= out(norm(gyro), TURN_RAD_S)
    return found


def _why_short(found: Sequence[_Looked], events: tuple[float, ...]) -> str:
    walked = sum(float(looked.walking.sum()) / looked.rate_hz for looked in found)
    steady = max(looked.seconds for looked in found)
    # Rounded down: 19.8 s would be said to be the 20 that are wanted.
    why = f"{math.floor(steady)} s of steady standing, wanted at least {SHORTEST_S:.0f}"
    if walked >= 1:
        why += f"; {walked:.0f} s of walking"
    if events:
        times = ", ".join(f"{at:.0f}" for at in events[:5])
        why += f"; a step, touch or knock at {times}{' ...' if len(events) > 5 else ''} s"
    if len(found) > 1:
        why += f"; {len(found) - 1} gaps"
    return why


def _sway(looked: _Looked) -> Sway:
    longest = round(LONGEST_S * looked.rate_hz)
    rows = looked.slow[looked.begin : min(looked.end, looked.begin + longest)]
    mean = rows.mean(axis=0)
    # The two directions across the mean are the horizontal plane, turned anyhow.
    across = np.linalg.svd(mean[None, :])[2][1:]
    level = (rows - mean) @ across.T
    seconds = len(rows) / looked.rate_hz
    distance = norm(level)
    way = float(norm(np.diff(level, axis=0)).sum()) * len(rows) / (len(rows) - 1)
    spread = max(float(np.linalg.det(np.cov(level.T))), 0.0)
    return Sway(
        start_s=looked.start_s + looked.begin / looked.rate_hz,
        seconds=seconds,
        rms_m_s2=float(np.sqrt(np.mean(distance**2))),
        path_m_s3=way / seconds,
        # Chi-square with two degrees of freedom: 95 % lie within 5.99 (prieto1996).
        area_m2_s4=float(np.pi * chdtri(2, 0.05) * np.sqrt(spread)),
        # mancini2012, table 2: MF = PATH / (2 pi DIST T).
        frequency_hz=way / seconds / (2 * np.pi * max(float(distance.mean()), 1e-9)),
    )


# --- repeated trials --------------------------------------------------------------------------

#: Figures of a `Sway` that are repeated.
FIGURES = ("rms_m_s2", "path_m_s3", "area_m2_s4", "frequency_hz")

#: Fewer trials do not tell how well somebody repeats (hopkins2000).
FEWEST_TRIALS = 3

#: Trials whose steady parts differ more in length are not alike (convention). [-]
SAME_LENGTH = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """One figure over trials of the same stance."""

    mean: float
    low: float  #: 90 % interval of the mean
    high: float
    typical_error: float  #: standard deviation from trial to trial (hopkins2000)
    typical_error_high: float  #: the largest that fits these trials (95 %, one-sided)
    smallest_change: float  #: two single trials must differ by more (weir2005, here 90 %)
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatability:
    """Figures over trials by name, or why there are none."""

    figures: dict[str, Repeated] | None
    reason: str | None = None


def repeatability(trials: Sequence[Sway]) -> Repeatability:
    """Mean, typical error and smallest real change of every figure, from this person's trials.

    Trials of one day are of one day: at home, sway repeats far worse from day to day (see
    `PUBLISHED`). The first trial of a new stance is best left out: people still learn it
    (staab2013).
    """
    n = len(trials)
    if n < FEWEST_TRIALS:
        return Repeatability(
            figures=None,
            reason=f"{n} {'trial' if n == 1 else 'trials'}, wanted at least {FEWEST_TRIALS}",
        )
    seconds = [trial.seconds for trial in trials]
    if max(seconds) > (1 + SAME_LENGTH) * min(seconds):
        why = f"steady parts of {min(seconds):.0f} to {max(seconds):.0f} s cannot be compared"
        return Repeatability(figures=None, reason=why)
    return Repeatability(figures={name: _repeated(trials, name) for name in FIGURES})


def _repeated(trials: Sequence[Sway], name: str) -> Repeated:
    values = np.array([getattr(trial, name) for trial in trials], dtype=np.float64)
    n, quantile = len(values), float(stdtrit(len(values) - 1, 0.95))
    mean, error = float(values.mean()), float(values.std(ddof=1))
    half = quantile * error / np.sqrt(n)
    return Repeated(
        mean=mean,
        low=mean - half,
        high=mean + half,
        typical_error=error,
        typical_error_high=float(error * np.sqrt((n - 1) / chdtri(n - 1, 0.95))),
        smallest_change=quantile * float(np.sqrt(2)) * error,
        trials=n,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of two means, the second minus the first, with its 90 % interval."""

    value: float
    low: float
    high: float


def difference(first: Repeated, second: Repeated) -> Difference:
    """Change from one set of trials to another (eyes open to closed, this month to next).

    Welch's interval: both sets keep their own spread. It holds what varies from trial to trial
    and not what varies from day to day.
    """
    errors = [r.typical_error**2 / r.trials for r in (first, second)]
    total = sum(errors)
    value = second.mean - first.mean
    if total <= 0:
        return Difference(value=value, low=value, high=value)
    sets = (first, second)
    free = total**2 / sum(e**2 / (r.trials - 1) for e, r in zip(errors, sets, strict=True))
    half = float(stdtrit(free, 0.95) * np.sqrt(total))
    return Difference(value=value, low=value - half, high=value + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How well others repeated: intraclass correlation, and smallest detectable change."""

    study: str
    where: str
    figure: str
    icc: tuple[float, float] | None = None
    change_percent: tuple[float, float] | None = None  #: of the value, 95 % confidence


#: For reading beside one's own trials, never in place of them: no study measured this phone.
PUBLISHED = (
    Published(study="mancini2012", where="low back, same day", figure="jerk", icc=(0.87, 0.87)),
    Published(
        study="mancini2012", where="low back, same day", figure="time domain", icc=(0.60, 0.89)
    ),
    Published(
        study="williams2016",
        where="sacrum, same day",
        figure="path",
        icc=(0.68, 0.89),
        change_percent=(5.3, 8.1),
    ),
    Published(
        study="reynard2019",
        where="breastbone, mean of four",
        figure="mean amplitude",
        icc=(0.85, 0.85),
    ),
    Published(
        study="phoneapp2021",
        where="phone in a pocket, same day",
        figure="rms and path",
        icc=(0.69, 0.97),
    ),
    Published(
        study="phoneapp2021",
        where="phone in a pocket, days at home",
        figure="all",
        icc=(0.14, 0.79),
    ),
    Published(
        study="gyko2024",
        where="trunk sensor",
        figure="all",
        icc=(0.04, 0.92),
        change_percent=(30.0, 132.0),
    ),
)
