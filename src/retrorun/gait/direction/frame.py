"""Where up, sideways and ahead are in the axes of a sensor that may sit anyhow.

Up follows from gravity. Of the horizontal directions the *line* to the side is found from the
movement; which of its two ends is left is another question, answered by `legs` and `trunk`.
All signals here are on a uniform clock without gaps.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.contacts import GRAVITY_M_S2
from retrorun.signals import bandpass, norm, running_mean

Signal = NDArray[np.floating]

#: Time in which gravity overrules the gyroscope: longer than a stride, shorter than the drift of a
#: phone's gyroscope (0.01 rad/s) takes to matter. [s]
TILT_TIME_S = 1.5

_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])  #: axes of a cross product

#: Somebody moves where the acceleration spreads more than sway does (see `motion.STILL_M_S2`), or
#: the limb turns faster than it does in standing. [m/s², rad/s]
MOVING_M_S2, MOVING_RAD_S = 0.6, 0.35

#: Length of the windows in which movement is judged: one stride of walking. [s]
WINDOW_S = 1.2

#: Stretch of movement over which the tilt and the side axis of a wearing are compared. [s]
BLOCK_S = 20.0

#: A sensor is worn anew where the mean tilt changes by more than this (people crouch and lean by
#: less), or the line to the side by more than that, for two blocks on end. [rad]
NEW_TILT_RAD, NEW_SIDE_RAD = float(np.radians(75)), float(np.radians(50))


#: A block shows its side axis where the vectors lie along it so constantly. [-]
CLEAR = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Wearing:
    """Samples [start, end) in which a sensor sat the same way on the body."""

    start: int
    end: int
    side: NDArray[np.float64]  #: (3,) unit vector to a side, perpendicular to up
    constancy: float  #: how constantly that side was seen: 0 by chance, 1 always


def up(acc_m_s2: Signal, gyro_rad_s: Signal, *, rate_hz: float) -> NDArray[np.float32]:
    """Unit vector to the sky in sensor axes, (n, 3), from gravity and turning.

    Solves u' = -w x u + (a/g - u)/T forward and on reversed time, and takes the mean: neither
    lags behind. Blocks are solved side by side, each after a run-up that forgets its start.
    """
    forth = _up_one_way(acc_m_s2, gyro_rad_s, rate_hz=rate_hz)
    back = _up_one_way(acc_m_s2[::-1], -gyro_rad_s[::-1], rate_hz=rate_hz)[::-1]
    both = forth + back
    both /= np.maximum(norm(both), 1e-6)[:, None]
    return both


def _up_one_way(acc: Signal, gyro: Signal, *, rate_hz: float) -> NDArray[np.float32]:
    """Forward in time only; columns are worked as (3, blocks) so that no loop is over samples."""
    samples = len(acc)
    run_up = round(5 * TILT_TIME_S * rate_hz)
    block = max(run_up, 1)  # as long as the run-up: fewer steps outweigh the double work
    count = -(-samples // block)
    gravities = _padded(acc, run_up, count * block - samples) / np.float32(GRAVITY_M_S2)
    angles = _padded(gyro, run_up, count * block - samples) / np.float32(rate_hz)
    angles[:, :run_up] = 0
    pull = np.float32(1 / (TILT_TIME_S * rate_hz))
    first_second = max(round(rate_hz), 1)
    now = np.stack([gravities[:, k::block][:, :count] for k in range(first_second)]).mean(axis=0)
    out = np.empty((3, count, block), dtype=np.float32)
    for k in range(run_up + block):
        now = _turned(now, angles[:, k::block][:, :count])
        now += pull * (gravities[:, k::block][:, :count] - now)
        if k >= run_up:
            out[:, :, k - run_up] = now
    return np.ascontiguousarray(out.reshape(3, -1)[:, :samples].T)


def _padded(values: Signal, before: int, after: int) -> NDArray[np.float32]:
    """(3, before + n + after), the ends repeated."""
    columns = np.ascontiguousarray(values.T, dtype=np.float32)
    return np.pad(columns, ((0, 0), (before, after)), mode="edge")


def _turned(vectors: Signal, angle: Signal) -> NDArray[np.float32]:
    """Vectors (3, k) fixed in space, seen from a frame that turned by small angles (3, k).

    The second order is kept: a foot turns by a fifth of a radian between two samples.
    """
    once = _cross(vectors, angle)
    twice = _cross(once, angle)
    twice *= np.float32(0.5)
    twice += once
    twice += vectors
    return twice


def _cross(a: Signal, b: Signal) -> NDArray[np.float32]:
    """Cross product of columns (3, k); numpy's own takes five times as long on these."""
    out: NDArray[np.float32] = a[_NEXT] * b[_AFTER]
    out -= a[_AFTER] * b[_NEXT]
    return out


def moving(acc_m_s2: Signal, gyro_rad_s: Signal, *, rate_hz: float) -> NDArray[np.bool_]:
    """Whether the wearer moves, (n,), judged over a window of 1.2 s."""

    def mean(values: Signal) -> Signal:
        return running_mean(values, rate_hz=rate_hz, window_s=WINDOW_S)

    acc = acc_m_s2 - acc_m_s2.mean(axis=0)  # float32 squares stay small
    variance = mean(np.einsum("ij,ij->i", acc, acc)) - np.sum(mean(acc) ** 2, axis=1)
    turning = mean(norm(gyro_rad_s))
    moves: NDArray[np.bool_] = (variance > MOVING_M_S2**2) | (turning > MOVING_RAD_S)
    return moves


def yaw_rate(gyro_rad_s: Signal, up_axis: Signal, *, rate_hz: float) -> NDArray[np.float32]:
    """How fast the wearer turns about the vertical, mean of a stride, (n,) [rad/s]."""
    yaw = np.einsum("ij,ij->i", gyro_rad_s, up_axis)
    mean: NDArray[np.float32] = running_mean(yaw, rate_hz=rate_hz, window_s=WINDOW_S)
    return mean


def hinge(gyro_rad_s: Signal, up_axis: Signal, *, rate_hz: float) -> NDArray[np.float32]:
    """Turning of a limb about horizontal axes, (n, 3): a leg's lies along the line to the side.

    The band holds a stride and its harmonics. Without the projection on the horizontal plane the
    rolling of the foot and the yaw of bends would pull the axis away.
    """
    turning = bandpass(gyro_rad_s, rate_hz=rate_hz, low_hz=0.4, high_hz=6.0)
    return _horizontal(turning, up_axis)


def flung(
    acc_m_s2: Signal, gyro_rad_s: Signal, up_axis: Signal, *, rate_hz: float
) -> NDArray[np.float32]:
    """Change of horizontal acceleration times yaw rate, standardised, (n, 3).

    A sensor behind the vertical axis of the trunk is flung to the side by the trunk's turning
    (Euler's acceleration, w' x r), one in front to the other side. Everything else that goes with
    the turning points to the side as well, by the mirror symmetry of gait. So the mean is a vector
    to the left behind the axis, and to the right in front of it.
    """

    def mean(values: Signal) -> Signal:
        return running_mean(values, rate_hz=rate_hz, window_s=WINDOW_S)

    level = bandpass(_horizontal(acc_m_s2, up_axis), rate_hz=rate_hz, low_hz=0.5, high_hz=8.0)
    jerk = np.gradient(level, axis=0) * np.float32(rate_hz)
    yaw = np.einsum("ij,ij->i", gyro_rad_s, up_axis)
    yaw = bandpass(yaw, rate_hz=rate_hz, low_hz=0.5, high_hz=8.0)
    size = np.sqrt(mean(np.einsum("ij,ij->i", jerk, jerk)) * mean(yaw**2)) + np.float32(1e-3)
    out: NDArray[np.float32] = mean(jerk * yaw[:, None]) / size[:, None]
    return out


def wearings(
    up_axis: Signal,
    seen: Signal,
    moves: NDArray[np.bool_],
    *,
    rate_hz: float,
    signed: bool,
) -> list[Wearing]:
    """Cut a recording where the sensor is worn anew; find the side axis of every part.

    `seen` (n, 3) are vectors along the side axis: of one sign (`flung`), whose mean counts, or
    of both (`hinge`, not `signed`), whose principal axis counts.
    """
    index = np.flatnonzero(moves)[::2]  # every other sample shows a tilt and an axis as well
    if not len(index):
        return []
    parts = np.array_split(index, max(round(2 * len(index) / (BLOCK_S * rate_hz)), 1))
    first_rows = np.cumsum([0, *(len(part) for part in parts[:-1])])
    rows = seen[index]
    ups = np.array(
        [_unit(u) for u in np.add.reduceat(up_axis[index], first_rows, dtype=np.float64)]
    )
    sums = np.add.reduceat(
        rows if signed else np.einsum("ij,ik->ijk", rows, rows), first_rows, dtype=np.float64
    )
    sizes = np.add.reduceat(norm(rows), first_rows, dtype=np.float64)
    sides = np.array([_side_axis(total) for total in sums])
    clear = [_constancy(*pair, signed=signed) > CLEAR for pair in zip(sums, sizes, strict=True)]
    bounds = _new_wearings(ups, sides, np.array(clear), signed=signed)
    found = []
    for first, last in itertools.pairwise(bounds):
        total = sums[first:last].sum(axis=0)
        found.append(
            Wearing(
                start=int(parts[first][0]) if first else 0,
                end=int(parts[last][0]) if last < len(parts) else len(up_axis),
                side=_side_axis(total),
                constancy=_constancy(total, float(sizes[first:last].sum()), signed=signed),
            )
        )
    return found


def _new_wearings(
    ups: NDArray[np.float64],
    sides: NDArray[np.float64],
    clear: NDArray[np.bool_],
    *,
    signed: bool,
) -> list[int]:
    """Blocks at which a new wearing begins, and the number of blocks."""
    bounds, tilt, side = [0], 0, 0
    for k in range(1, len(ups) - 1):
        after = slice(k, k + 2)
        if not clear[side]:
            side = k
        along = sides[after] @ sides[side]
        turned = ((along if signed else np.abs(along)) < np.cos(NEW_SIDE_RAD)) & clear[after]
        tilted = ups[after] @ ups[tilt] < np.cos(NEW_TILT_RAD)
        if tilted.all() or (turned.all() and clear[side]):
            bounds.append(k)
            tilt = side = k
    return [*bounds, len(ups)]


def _constancy(total: NDArray[np.float64], size: float, *, signed: bool) -> float:
    """How constantly vectors lay along their common axis: 0 (0.5 unsigned) by chance, 1 always."""
    if signed:
        return float(np.linalg.norm(total)) / max(size, 1e-9)
    sizes = np.linalg.eigvalsh(total)
    return float(sizes[-1] / max(float(sizes.sum()), 1e-12))


def _side_axis(total: NDArray[np.float64]) -> NDArray[np.float64]:
    axis: NDArray[np.float64] = total if total.ndim == 1 else np.linalg.eigh(total)[1][:, -1]
    return _unit(axis)


def _horizontal(vectors: Signal, up_axis: Signal) -> NDArray[np.float32]:
    level: NDArray[np.float32] = (
        vectors - np.einsum("ij,ij->i", vectors, up_axis)[:, None] * up_axis
    )
    return level


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit
