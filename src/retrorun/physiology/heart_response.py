"""Heart rate at the same speed, forward and backward, and its drift: one fit, honest intervals.

The heart follows the work late, and falls more slowly than it rises. Means over stretches would
therefore mix what was done now with what was done before. Here a steady heart rate

    rest + moving + speed + backward + slope + other motion + drift

is fitted through the lag of the heart; see `heart_lag`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.physiology.heart_lag import Estimate, Fit, fit_lagged
from retrorun.signals import runs, true_runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Speed gaps up to this are bridged by a line (convention). [s]
BRIDGE_S = 10
#: Speed counts as the mean over this long, within one stretch of one direction: errors of a
#: measured speed would otherwise pass for changes of pace that the heart does not answer, and
#: hide that it answers the true ones. Convention. [s]
PACE_S = 61
#: Least time of either direction with heart rate and speed known (convention). [s]
LEAST_S = 120
#: A stretch counts from this on, and there must be so many backward (convention).
LEAST_STRETCH_S, LEAST_STRETCHES = 30, 2
#: Forward, at least so many seconds must have been as fast, and so many as slow, as the mean
#: backward speed, give or take a margin: nothing is extrapolated. Convention.
LEAST_AT_SPEED_S, SPEED_MARGIN_M_S = 60, 0.1
#: A left-over spread above this is no response to speed and direction (convention). [bpm]
WIDEST_SPREAD_BPM = 10.0
#: Half an interval above this answers nothing (convention). [bpm]
WIDEST_HALF_BPM = 25.0
#: Drift is not told from less moving time and less time between first and last (convention). [s]
LEAST_DRIFT_MOVING_S, LEAST_DRIFT_SPAN_S = 600, 1200
#: Half an interval of the drift above this answers nothing (convention). [bpm/h]
WIDEST_DRIFT_BPM_H = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SameSpeed:
    """Steady heart rate at one speed on the level, at the mean moment of the backward time."""

    speed_m_s: float  #: the mean speed backward
    forward_bpm: Estimate
    backward_bpm: Estimate
    difference_bpm: Estimate  #: backward minus forward, with its own interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How the heart answered; what is None says why in the reason next to it."""

    same_speed: SameSpeed | None
    same_speed_reason: str  #: empty where it was judged
    drift_bpm_h: Estimate | None  #: rise of the heart rate at the same work, an hour
    drift_reason: str
    rise_s: float | None  #: time constants of the likeliest fit
    fall_s: float | None
    spread_bpm: float | None  #: standard deviation of what is left over


def response(
    heart_rate_bpm: Floats,
    *,
    speed_m_s: Floats,
    gradient: Floats,
    moving: Bools,
    forward: Bools,
    backward: Bools,
) -> Response:
    """Heart rate at the same speed forward and backward, and its drift, from one session.

    All are (n,) on a grid of one second. `heart_rate_bpm` is clean, NaN where not known;
    `moving` are the seconds of the one motion that is judged (running, or walking), `forward` and
    `backward` those of either direction. An unknown gradient counts as level. Every second
    outside `moving` is rest, or other motion as far as a speed is known for it; they belong into
    the arrays, for the heart remembers them.

    The speed counts linearly and alike in both directions, which holds near the mean backward
    speed, where the values are stated. The interval covers the noise of this session only: not
    another day, nor an error of the strap or of the speed (0.1 m/s too much in one direction
    shifts the difference by some 2 bpm). In made sessions it holds the truth in 9 of 10 with
    repetitions of two minutes, or shorter ones with rests between; at a minute or less without
    rests, where the answer hangs on how fast the heart falls, in some 17 of 20.
    """
    moving = moving & np.isfinite(heart_rate_bpm).any()
    speed = _pace(_bridged(speed_m_s), moving=moving, forward=forward, backward=backward)
    seen = moving & np.isfinite(speed) & np.isfinite(heart_rate_bpm)
    same_reason = _why_not_same_speed(
        speed, seen=seen, forward=forward & moving, backward=backward & moving
    )
    drift_reason = _why_not_drift(seen)
    if same_reason and drift_reason:
        return _nothing(same_reason, drift_reason)

    at = backward if not same_reason else seen
    stated_m_s = float(speed[seen & at].mean())
    stated_s = float(np.flatnonzero(seen & at).mean())
    work = _work(
        speed - stated_m_s,
        gradient=gradient,
        other_m_s=np.where(moving | ~np.isfinite(speed_m_s), 0.0, speed_m_s),
        moving=moving,
        forward=forward,
        backward=backward,
        speed_m_s=speed,
        since_s=np.arange(float(len(speed))) - stated_s,
    )
    lost = moving & ~np.isfinite(speed)
    fit = fit_lagged(heart_rate_bpm, work=work, lost=lost)
    if fit is None:
        reason = "too little heart rate is known while its cause is"
        return _nothing(same_reason or reason, drift_reason or reason)
    if fit.spread_bpm > WIDEST_SPREAD_BPM:
        reason = (
            f"the heart rate strays by {fit.spread_bpm:.0f} bpm from anything that speed and"
            " direction explain"
        )
        return _nothing(same_reason or reason, drift_reason or reason)

    same = None if same_reason else _same_speed(fit, stated_m_s)
    if not same_reason and same is None:
        same_reason = "direction cannot be told from time or speed in this session"
    drift = None if drift_reason else fit.of(_DRIFT)
    if drift is not None and _half(drift) > WIDEST_DRIFT_BPM_H:
        drift, drift_reason = None, "drift cannot be told from what was done in this session"
    return Response(
        same_speed=same,
        same_speed_reason=same_reason,
        drift_bpm_h=drift,
        drift_reason=drift_reason,
        rise_s=fit.rise_s,
        fall_s=fit.fall_s,
        spread_bpm=fit.spread_bpm,
    )


def _nothing(same_speed_reason: str, drift_reason: str) -> Response:
    return Response(
        same_speed=None,
        same_speed_reason=same_speed_reason,
        drift_bpm_h=None,
        drift_reason=drift_reason,
        rise_s=None,
        fall_s=None,
        spread_bpm=None,
    )


# --- what can be asked ------------------------------------------------------------------------


def _why_not_same_speed(speed_m_s: Floats, *, seen: Bools, forward: Bools, backward: Bools) -> str:
    """Why heart rates at the same speed cannot be compared; empty where they can."""
    for name, way in (("forward", forward), ("backward", backward)):
        known_s = int(np.count_nonzero(seen & way))
        if known_s < LEAST_S:
            return f"only {known_s} s {name} with heart rate and speed; {LEAST_S} s are needed"
    starts, ends = true_runs(backward)
    known = np.r_[0, np.cumsum(seen)]
    stretches = int(np.count_nonzero(known[ends] - known[starts] >= LEAST_STRETCH_S))
    if stretches < LEAST_STRETCHES:
        return (
            f"only {stretches} backward stretch of {LEAST_STRETCH_S} s or more;"
            f" {LEAST_STRETCHES} are needed to tell direction from time"
        )
    mean_m_s = float(speed_m_s[seen & backward].mean())
    ahead_m_s = speed_m_s[seen & forward]
    as_fast = np.count_nonzero(ahead_m_s >= mean_m_s - SPEED_MARGIN_M_S)
    as_slow = np.count_nonzero(ahead_m_s <= mean_m_s + SPEED_MARGIN_M_S)
    if min(as_fast, as_slow) < LEAST_AT_SPEED_S:
        faster = "slower" if as_fast < as_slow else "faster"
        return f"forward was always {faster} than the mean backward speed of {mean_m_s:.1f} m/s"
    return ""


def _why_not_drift(seen: Bools) -> str:
    at = np.flatnonzero(seen)
    if len(at) < LEAST_DRIFT_MOVING_S or at[-1] - at[0] < LEAST_DRIFT_SPAN_S:
        return (
            f"less than {LEAST_DRIFT_MOVING_S // 60} min of motion over"
            f" {LEAST_DRIFT_SPAN_S // 60} min with heart rate and speed"
        )
    return ""


# --- the model --------------------------------------------------------------------------------

#: Columns of the model.
_REST, _MOVING, _SPEED, _BACKWARD, _UNKNOWN, _SLOPE, _OTHER, _DRIFT = range(8)


def _pace(speed_m_s: Floats, *, moving: Bools, forward: Bools, backward: Bools) -> Floats:
    """Mean speed of the surrounding `PACE_S` within the stretch; NaN stays NaN."""
    known = np.isfinite(speed_m_s)
    kind = moving + 2 * (moving & forward) + 4 * (moving & backward)
    starts, ends = runs(kind)
    length = ends - starts
    at = np.arange(len(speed_m_s))
    low = np.maximum(at - PACE_S // 2, np.repeat(starts, length))
    high = np.minimum(at + PACE_S // 2 + 1, np.repeat(ends, length))
    total = np.r_[0.0, np.cumsum(np.where(known, speed_m_s, 0.0))]
    count = np.r_[0, np.cumsum(known)]
    mean = (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
    return np.where(known, mean, np.nan)


def _bridged(speed_m_s: Floats) -> Floats:
    """Speed with short gaps bridged by a line; longer ones stay NaN."""
    known = np.isfinite(speed_m_s)
    if not known.any():
        return speed_m_s
    at = np.arange(len(speed_m_s))
    line = np.interp(at, at[known], speed_m_s[known])
    starts, ends = true_runs(~known)
    long = np.zeros(len(known) + 1, np.int64)
    too_long = ends - starts > BRIDGE_S
    np.add.at(long, starts[too_long], 1)
    np.add.at(long, ends[too_long], -1)
    return np.where(np.cumsum(long[:-1]) > 0, np.nan, line)


def _work(
    from_stated_m_s: Floats,
    *,
    gradient: Floats,
    other_m_s: Floats,
    moving: Bools,
    forward: Bools,
    backward: Bools,
    speed_m_s: Floats,
    since_s: Floats,
) -> Floats:
    """What a steady heart rate depends on, (n, 8); zero where not known."""
    work = np.zeros((len(moving), 8))
    work[:, _REST] = 1.0
    work[:, _MOVING] = moving
    work[:, _SPEED] = np.where(moving, from_stated_m_s, 0.0)
    work[:, _BACKWARD] = moving & backward
    work[:, _UNKNOWN] = moving & ~forward & ~backward
    # The work against a slope goes with the climb a second; an unknown slope counts as level.
    work[:, _SLOPE] = np.where(moving, speed_m_s * gradient, 0.0)
    work[:, _OTHER] = other_m_s
    work[:, _DRIFT] = since_s / 3600.0
    return np.nan_to_num(work, copy=False, nan=0.0)


def _half(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2


def _same_speed(fit: Fit, speed_m_s: float) -> SameSpeed | None:
    found = SameSpeed(
        speed_m_s=speed_m_s,
        forward_bpm=fit.of(_REST, _MOVING),
        backward_bpm=fit.of(_REST, _MOVING, _BACKWARD),
        difference_bpm=fit.of(_BACKWARD),
    )
    halves = map(_half, (found.forward_bpm, found.backward_bpm, found.difference_bpm))
    return found if max(halves) <= WIDEST_HALF_BPM else None
