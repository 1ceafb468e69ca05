"""Which motion: still, walk, run or other, from one accelerometer anywhere or from speed.

Every threshold is physical or published and carries its origin; none is fitted to recordings.
Only the length of the acceleration vector is used, so the sensor's axes may point anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrorun.errors import BadInput
from retrorun.signals import blocks, check_rate, decimate, norm, runs, usual_step_s

STILL, WALK, RUN, OTHER, NOT_JUDGED = np.arange(5, dtype=np.int8)

#: Code -> the word people read; NOT_JUDGED is where the recording could not tell.
NAMES: Mapping[int, str] = MappingProxyType(
    {0: "still", 1: "walk", 2: "run", 3: "other", 4: "not_judged"}
)

LEGS = ("foot", "shank", "thigh", "pocket")  #: placements where the stride repeats, not the step
ARMS = ("wrist", "hand", "upper_arm")  #: placements where either may dominate

#: Sampling rates that are studied here. [Hz]
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 25.0, 400.0

#: A sensor whose nominal rate is the lowest may be this much below it. [-]
RATE_TOLERANCE = 0.98

#: Length of the window in which a period is looked for: two slow strides or eight quick steps. [s]
WINDOW_S = 3.0

#: Standard deviation of the acceleration vector below which nobody takes a step: sway and sensor
#: noise stay below 0.3, the slowest step at the trunk makes about 1. [m/s²]
STILL_M_S2 = 0.6

#: Autocorrelation from which a movement counts as periodic: a window holds about 75 independent
#: samples, so chance makes 0.12 (one standard deviation); three of them are 0.35. [-]
PERIODIC = 0.35

#: Human cadence: slow walking of frail people to sprinting. [steps/min]
LOWEST_CADENCE, HIGHEST_CADENCE = 60.0, 280.0

#: A longer period at the arms is a stride's: slow walking takes 80 steps a minute. [s]
LONGEST_STEP_S = 0.75

#: Above this cadence people run, whatever the speed: walking is 90-140, running 150-200, and a
#: backward shuffle at 150 is a run. Race walkers are the known exception. [steps/min]
RUN_CADENCE = 150.0

#: Walkers seldom step faster; between this and the cadence of a run, what was before goes on,
#: so that a slow jog at 148 steps a minute does not flicker. [steps/min]
QUICKEST_WALK_CADENCE = 140.0

#: Below this cadence nobody runs. [steps/min]
LOWEST_RUN_CADENCE = 125.0

#: Root mean square of the vertical acceleration of a bounce that just never leaves the ground:
#: a half-sine force of mean g over the whole step has g·√(π²/8 − 1) = 0.48 g. Flight makes it
#: larger, in either direction; walking, an inverted pendulum, stays below 0.4 g. [m/s²]
BOUNCE_M_S2 = 9.81 * float(np.sqrt(np.pi**2 / 8 - 1))

#: Walking stays below this root mean square of the bounce. [m/s²]
WALK_BOUNCE_M_S2 = 0.4 * 9.81

#: Speed that GPS noise or a shift of weight can show while somebody stands. [m/s]
STILL_M_S = 0.3

#: Preferred walk-run transition forward is about 2.0 m/s; hysteresis around it. [m/s]
RUN_ABOVE_M_S, WALK_BELOW_M_S = 2.2, 1.9

#: Faster than anybody ever ran (12.4 m/s): a vehicle. [m/s]
FASTEST_M_S = 12.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """Motion of equal epochs; epoch k is [k, k + 1) · `epoch_s` after the first sample."""

    epoch_s: float
    code: NDArray[np.int8]  #: (m,) see `NAMES`
    cadence_steps_min: NDArray[np.float64]  #: (m,) both feet; NaN where nothing repeats
    periodicity: NDArray[np.float64]  #: (m,) how sure: 0 chance, 1 perfectly repeated


def part_of(placement: str) -> str:
    """The part of the body without its side: `left_foot` is a `foot`."""
    return placement.removeprefix("left_").removeprefix("right_")


def rate_to_judge_hz(time_s: NDArray[np.float64]) -> float:
    """Rate at which a sensor's samples at (n,) times are judged; below the lowest where they are
    too few. What follows resamples: a clock that is a little slow, or too quick, is put right.
    """
    step_s = usual_step_s(time_s)
    rate_hz = 1 / step_s if step_s else 0.0
    if rate_hz < RATE_TOLERANCE * LOWEST_RATE_HZ:
        return rate_hz
    return min(max(rate_hz, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)


def motion_from_acceleration(
    acc_m_s2: NDArray[np.floating],
    *,
    rate_hz: float,
    placement: str,
    gyro_rad_s: NDArray[np.floating] | None = None,
    epoch_s: float = 1.0,
    minimum_s: float = 3.0,
) -> Motion:
    """Motion and cadence of every epoch from one body-worn sensor, axes unknown.

    Parameters
    ----------
    acc_m_s2 : (n, 3)
        Specific force, gravity included. Rows with NaN are gaps.
    rate_hz : float
        Sampling rate, 25 to 400 Hz.
    placement : str
        Where it is worn; ``left_`` and ``right_`` may be left out. At the legs the stride
        repeats, so the cadence is twice what repeats there.
    gyro_rad_s : (n, 3), optional
        Angular velocity; at the legs it repeats more clearly than the acceleration.
    epoch_s, minimum_s : float
        Length of an epoch; a motion shorter than `minimum_s` gives way to
        what surrounds it.

    Returns
    -------
    Motion, one value an epoch. An epoch of which more than a quarter is missing, or whose
    window of 3 s is, is NOT_JUDGED. Running in place and race walking count as running.
    """
    check_rate(rate_hz, low_hz=LOWEST_RATE_HZ, high_hz=HIGHEST_RATE_HZ)
    if gyro_rad_s is not None and len(gyro_rad_s) != len(acc_m_s2):
        raise BadInput("gyro_rad_s", len(gyro_rad_s), f"as long as acc_m_s2 ({len(acc_m_s2)})")
    if not 0.2 <= epoch_s <= WINDOW_S:
        raise BadInput("epoch_s", epoch_s, f"between 0.2 and {WINDOW_S:g}")
    part = part_of(placement)
    acc, rate = decimate(acc_m_s2, rate_hz=rate_hz, lowest_hz=LOWEST_RATE_HZ)
    epochs = int(len(acc_m_s2) / rate_hz / epoch_s + 1e-9)
    spread = _spread(acc, rate_hz=rate, epoch_s=epoch_s, epochs=epochs)
    bounce = norm(acc)
    repeats = bounce
    if part in LEGS and gyro_rad_s is not None:
        repeats = norm(decimate(gyro_rad_s, rate_hz=rate_hz, lowest_hz=LOWEST_RATE_HZ)[0])
    found = [
        _rhythm(
            repeats, bounce, rate_hz=rate, epoch_s=epoch_s, first=b.start, last=b.end, part=part
        )
        for b in blocks(epochs, rate_hz=1.0, block_s=4096, margin_s=0)
    ]
    cadence, periodicity, rms = (
        np.concatenate([f[k] for f in found]) if found else np.empty(0) for k in range(3)
    )
    code = _judge(cadence, rms=rms, spread=spread, part=part)
    code = merge_short(code, shortest=max(1, round(minimum_s / epoch_s)))
    cadence[(code == STILL) | (code == NOT_JUDGED)] = np.nan
    return Motion(epoch_s=epoch_s, code=code, cadence_steps_min=cadence, periodicity=periodicity)


def _judge(
    cadence: NDArray[np.float64],
    *,
    rms: NDArray[np.float64],
    spread: NDArray[np.float64],
    part: str,
) -> NDArray[np.int8]:
    """Code of every epoch; the length of a leg's acceleration says nothing about flight."""
    bouncing = (rms >= BOUNCE_M_S2) & (cadence >= LOWEST_RUN_CADENCE) & (part not in LEGS)
    code = np.full(len(cadence), OTHER)
    code[np.isfinite(cadence)] = WALK
    code[(cadence >= RUN_CADENCE) | bouncing] = RUN
    code[spread < STILL_M_S2] = STILL
    code[np.isnan(spread) | np.isnan(rms)] = NOT_JUDGED
    return code


def _spread(
    acc: NDArray[np.floating], *, rate_hz: float, epoch_s: float, epochs: int
) -> NDArray[np.float64]:
    """Standard deviation of the acceleration vector within every epoch; NaN if a quarter is."""
    edge = np.minimum(np.round(np.arange(epochs + 1) * epoch_s * rate_hz).astype(int), len(acc))
    valid = np.isfinite(acc).all(axis=1)
    clean = np.where(valid[:, None], acc, 0.0).astype(np.float64)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        running = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
        between: NDArray[np.float64] = running[edge[1:]] - running[edge[:-1]]
        return between

    count = total(valid[:, None].astype(np.float64))[:, 0]
    known = np.maximum(count, 1.0)
    mean = total(clean) / known[:, None]
    variance = total(clean**2).sum(axis=1) / known - (mean**2).sum(axis=1)
    enough = count >= 0.75 * epoch_s * rate_hz
    return np.where(enough, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _rhythm(
    repeats: NDArray[np.floating],
    bounce: NDArray[np.floating],
    *,
    rate_hz: float,
    epoch_s: float,
    first: int,
    last: int,
    part: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Cadence, periodicity and rms of the bounce in the window around each of some epochs."""
    width = min(round(WINDOW_S * rate_hz), len(repeats))
    centre = (np.arange(first, last) + 0.5) * epoch_s * rate_hz
    start = np.clip(np.round(centre - width / 2).astype(int), 0, len(repeats) - width)
    at = start[:, None] + np.arange(width)
    signal, missing = _centred(repeats[at])
    rms = np.sqrt(np.mean(_centred(bounce[at])[0] ** 2, axis=1) / np.maximum(1 - missing, 1e-9))
    rms[missing > 0.25] = np.nan
    lag, height = _period(_autocorrelation(signal), rate_hz=rate_hz, part=part, rms=rms)
    per_lag = 120.0 if part in LEGS else 60.0
    cadence = np.full(len(lag), np.nan)
    np.divide(per_lag, lag, out=cadence, where=(height >= PERIODIC) & (missing <= 0.25))
    cadence[(cadence < LOWEST_CADENCE) | (cadence > HIGHEST_CADENCE)] = np.nan
    return cadence, height, rms


def _centred(windows: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Windows about their own mean, missing samples at it, and the share that is missing."""
    valid = np.isfinite(windows)
    count = np.maximum(valid.sum(axis=1), 1)
    mean = np.where(valid, windows, 0.0).sum(axis=1) / count
    return np.where(valid, windows - mean[:, None], 0.0), 1.0 - valid.mean(axis=1)


def _autocorrelation(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unbiased autocorrelation of every row, 1 at lag 0, up to two thirds of the row."""
    width = windows.shape[1]
    lags = 2 * width // 3 + 1
    size = 1 << (width + lags - 2).bit_length()  # so long that no lag asked for wraps round
    spectrum = np.fft.rfft(windows, size, axis=1)
    raw = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)[:, :lags]
    power = np.maximum(raw[:, :1], np.finfo(np.float64).tiny)
    unbiased: NDArray[np.float64] = raw / power * (width / (width - np.arange(lags)))
    return unbiased


def _period(
    correlation: NDArray[np.float64], *, rate_hz: float, part: str, rms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lag of the step (legs: of the stride) and the correlation there; NaN and 0 without one.

    Of the peaks above 0.7 of the highest the earliest is taken: later ones are its
    multiples. At the arms the swing repeats every stride: the period is halved where it is too
    long for a step, or the bounce too strong for walking and the cadence too low for running;
    it is doubled where the cadence is running's and the bounce walking's: a harmonic.
    """
    period_s = (0.42, 2.0) if part in LEGS else (0.21, 1.3 if part in ARMS else 1.0)
    low = max(1, int(period_s[0] * rate_hz))
    high = min(correlation.shape[1] - 1, int(np.ceil(period_s[1] * rate_hz)))
    lag, height = np.full(len(correlation), np.nan), np.zeros(len(correlation))
    if high <= low + 1:
        return lag, height
    inner = correlation[:, low:high]
    peak = (inner >= correlation[:, low - 1 : high - 1]) & (
        inner > correlation[:, low + 1 : high + 1]
    )
    best = np.where(peak, inner, -1.0).max(axis=1)
    some = np.flatnonzero(best > 0)
    where = np.argmax(peak & (inner >= 0.7 * best[:, None]), axis=1)[some]
    left, top, right = (correlation[some, low + where + k] for k in (-1, 0, 1))
    bend = left - 2 * top + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros(len(some)), where=bend < 0)
    lag[some], height[some] = (low + where + shift) / rate_hz, np.minimum(top, 1.0)
    if part in ARMS:
        no_walk = (rms >= WALK_BOUNCE_M_S2) & (60.0 / lag < LOWEST_RUN_CADENCE)
        lag = np.where((lag > LONGEST_STEP_S) | no_walk, lag / 2, lag)
        calm = (rms < WALK_BOUNCE_M_S2) & (60.0 / lag >= RUN_CADENCE)
        lag = np.where(calm, 2 * lag, lag)
    return lag, height


def motion_from_speed(
    speed_m_s: ArrayLike,
    *,
    rate_hz: float = 1.0,
    cadence_steps_min: ArrayLike | None = None,
    minimum_s: float = 3.0,
) -> NDArray[np.int8]:
    """Motion of every sample from speed and, where known, cadence.

    Parameters
    ----------
    speed_m_s : (n,)
        Speed, never negative. NaN where it is not known: NOT_JUDGED.
    rate_hz : float
        Samples a second, about 1.
    cadence_steps_min : (n,), optional
        Steps a minute, both feet; NaN where it is not known.
    minimum_s : float
        A motion shorter than this gives way to what surrounds it.

    Returns
    -------
    (n,) codes. Below 0.3 m/s still. With a cadence: at least 150 steps/min run, below 125
    walk; between, and without one, the speed tells, with hysteresis: run from 2.2 m/s until it
    falls below 1.9 m/s, or below 140 steps/min where there is a cadence. That transition is
    the forward one; backward it is lower, so slow backward running without a cadence is called
    walking. Above 12.5 m/s other.

    Examples
    --------
    >>> motion_from_speed([0.0, 0, 0, 3, 3, 3, 2.0, 2, 2, np.nan])
    array([0, 0, 0, 2, 2, 2, 2, 2, 2, 4], dtype=int8)
    """
    check_rate(rate_hz)
    speed = np.asarray(speed_m_s, dtype=np.float64)
    cadence = np.full(len(speed), np.nan)
    if cadence_steps_min is not None:
        cadence = np.asarray(cadence_steps_min, dtype=np.float64)
        if len(cadence) != len(speed):
            raise BadInput("cadence_steps_min", len(cadence), f"as long as speed ({len(speed)})")
    stepping = np.isfinite(cadence) & (cadence >= LOWEST_CADENCE)
    sure_run = np.where(stepping, cadence >= RUN_CADENCE, False) | (
        (speed >= RUN_ABOVE_M_S) & ~(stepping & (cadence < LOWEST_RUN_CADENCE))
    )
    quick = stepping & (cadence >= QUICKEST_WALK_CADENCE)
    sure_walk = ~sure_run & (
        ((speed < WALK_BELOW_M_S) & ~quick) | (stepping & (cadence < LOWEST_RUN_CADENCE))
    )
    code = np.full(len(speed), -1, dtype=np.int8)
    code[sure_walk] = WALK
    code[sure_run] = RUN
    code[speed < STILL_M_S] = STILL
    code[speed > FASTEST_M_S] = OTHER
    code[~(speed >= 0)] = NOT_JUDGED
    return merge_short(_hold(code), shortest=max(1, round(minimum_s * rate_hz)))


def _hold(code: NDArray[np.int8]) -> NDArray[np.int8]:
    """Fill undecided samples (-1), which lie in the hysteresis band, with the gait before them.

    Where no gait came before since the last gap, the middle of the band has not been crossed
    from above: walk.
    """
    decided = np.where(code >= 0, np.arange(len(code)), -1)
    last = np.maximum.accumulate(decided) if len(code) else decided
    held = np.where(last >= 0, code[np.maximum(last, 0)], WALK)
    held = np.where((code < 0) & (held != RUN), WALK, held)
    return held.astype(np.int8)


def merge_short(code: NDArray[np.int8], *, shortest: int) -> NDArray[np.int8]:
    """Give every sample the most frequent code of the 2 · `shortest` − 1 samples around it.

    A run of at least `shortest` samples between two such runs stays exactly as it is; shorter
    ones give way, and flicker between two codes settles on one of them. A tie changes nothing.
    What is still shorter takes on the long run before it (at the start, the one after it).
    NOT_JUDGED is never changed, and nothing is carried across it.

    >>> merge_short(np.array([1, 1, 1, 2, 1, 1, 1, 2, 2, 2], dtype=np.int8), shortest=3)
    array([1, 1, 1, 1, 1, 1, 1, 2, 2, 2], dtype=int8)
    """
    merged = code.copy()
    gap = code == NOT_JUDGED
    for start, end in zip(*runs(gap), strict=True):
        if not gap[start]:
            settled = _majority(code[start:end], reach=shortest - 1)
            merged[start:end] = _absorb(settled, shortest=shortest)
    return merged


def _absorb(code: NDArray[np.int8], *, shortest: int) -> NDArray[np.int8]:
    start, end = runs(code)
    long = end - start >= shortest
    if not long.any():
        return code
    before = np.maximum.accumulate(np.where(long, np.arange(len(start)), -1))
    source = np.where(before >= 0, before, np.argmax(long))
    absorbed: NDArray[np.int8] = np.repeat(code[start[source]], end - start)
    return absorbed


def _majority(code: NDArray[np.int8], *, reach: int) -> NDArray[np.int8]:
    edge = np.arange(len(code))
    first, last = np.maximum(edge - reach, 0), np.minimum(edge + reach + 1, len(code))
    one_hot = (code == np.arange(NOT_JUDGED)[:, None]).astype(np.int32)
    running = np.cumsum(np.pad(one_hot, ((0, 0), (1, 0))), axis=1)
    votes = 2 * (running[:, last] - running[:, first]) + one_hot  # a tie goes to what is there
    most: NDArray[np.int8] = np.argmax(votes, axis=0).astype(np.int8)
    return most


def spans(code: NDArray[np.int8]) -> list[tuple[int, int, int]]:
    """Half-open sample spans ``(start, end, code)`` that tile a series of codes.

    >>> spans(np.array([0, 0, 2, 2, 2, 4], dtype=np.int8))
    [(0, 2, 0), (2, 5, 2), (5, 6, 4)]
    """
    start, end = runs(code)
    return list(zip(start.tolist(), end.tolist(), code[start].tolist(), strict=True))
