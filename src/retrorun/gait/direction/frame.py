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
Floats = NDArray[np.float64]

#: Time in which gravity overrules the gyroscope: longer than a stride, shorter than the drift of a
#: phone's gyroscope (0.01 rad/s) takes to matter. [s]
TILT_TIME_S = 1.5

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
    side: Floats  #: (3,) unit vector to a side, perpendicular to up
    constancy: float  #: how constantly that side was seen: 0 by chance, 1 always


def up(acc_m_s2: Signal, gyro_rad_s: Signal, *, rate_hz: float) -> NDArray[np.float32]:
    """Unit vector to the sky in sensor axes, (n, 3), from gravity and turning.

    Solves u' = -w x u + (a/g - u)/T forward and on reversed time, and takes the mean: neither
    lags behind. All blocks are solved side by side, in both directions; the run-up of a block, in
    which it forgets its start, is the block before, so that no loop is over all samples.
    """
    samples, block = len(acc_m_s2), max(round(5 * TILT_TIME_S * rate_hz), 1)
    gravities = _both_ways(acc_m_s2, block) / np.float32(GRAVITY_M_S2)
    angles = _both_ways(gyro_rad_s, block) / np.float32(rate_hz)
    angles[:, :, 1] *= -1  # on reversed time a turn is reversed, gravity is not
    angles[..., 0] = 0  # before the first sample
    pull = np.float32(1 / (TILT_TIME_S * rate_hz))
    now = gravities[: max(round(rate_hz), 1), ..., :-1].mean(axis=0)
    out = np.empty_like(gravities[..., 1:])
    for blocks in (slice(0, -1), slice(1, None)):  # first all run-ups, then the blocks themselves
        for k in range(block):
            now = _turned(now, angles[k, ..., blocks])
            now += pull * (gravities[k, ..., blocks] - now)
            out[k] = now
    forth, back = (out[:, :, way].transpose(2, 0, 1).reshape(-1, 3)[:samples] for way in (0, 1))
    both: NDArray[np.float32] = forth + back[::-1]
    both /= np.maximum(norm(both), 1e-6)[:, None]
    return both


def _both_ways(values: Signal, block: int) -> NDArray[np.float32]:
    """Samples (n, 3) and the same reversed, as (block, 3, 2, blocks): a column for each block.

    The ends are repeated: by a block before the first one, and until the last is full.
    """
    samples = len(values)
    after = -samples % block
    both = np.stack([values, values[::-1]]).astype(np.float32, copy=False)
    padded = np.pad(both, ((0, 0), (block, after), (0, 0)), mode="edge")
    columns = padded.reshape(2, -1, block, 3).transpose(2, 3, 0, 1)
    return np.ascontiguousarray(columns)


def _turned(vectors: NDArray[np.float32], angle: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors (3, ...) fixed in space, seen from a frame that turned by small angles (3, ...).

    The second order is kept: a foot turns by a fifth of a radian between two samples.
    """
    once = _cross(vectors, angle)
    twice = _cross(once, angle)
    twice *= np.float32(0.5)
    twice += once
    twice += vectors
    return twice


def _cross(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cross product of columns (3, ...); numpy's own takes five times as long on these."""
    a, b = np.concatenate([a, a[:2]]), np.concatenate([b, b[:2]])
    out = a[1:4] * b[2:]
    out -= a[2:] * b[1:4]
    return out


def moving(acc_m_s2: Signal, gyro_rad_s: Signal, *, rate_hz: float) -> NDArray[np.bool_]:
    """Whether the wearer moves, (n,), judged over a window of 1.2 s."""

    def mean(values: Signal) -> Signal:
        return running_mean(values, rate_hz=rate_hz, window_s=WINDOW_S)

    acc = acc_m_s2 - acc_m_s2.mean(axis=0)  # float32 squares stay small
    around = mean(acc)
    variance = mean(np.einsum("ij,ij->i", acc, acc)) - np.einsum("ij,ij->i", around, around)
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
    ups = _unit(np.add.reduceat(up_axis[index], first_rows, dtype=np.float64))
    lying = rows if signed else np.einsum("ij,ik->ijk", rows, rows)
    sums = np.add.reduceat(lying, first_rows, dtype=np.float64)
    sizes = np.add.reduceat(norm(rows), first_rows, dtype=np.float64)
    sides, constancies = _side_axis(sums, sizes, signed=signed)
    bounds = _new_wearings(ups, sides, constancies > CLEAR, signed=signed)
    found = []
    for first, last in itertools.pairwise(bounds):
        whole = slice(first, last)
        side, constancy = _side_axis(sums[whole].sum(0), sizes[whole].sum(), signed=signed)
        found.append(
            Wearing(
                start=int(parts[first][0]) if first else 0,
                end=int(parts[last][0]) if last < len(parts) else len(up_axis),
                side=side,
                constancy=float(constancy),
            )
        )
    return found


def _new_wearings(
    ups: Floats,
    sides: Floats,
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


def _side_axis(total: Floats, size: Floats, *, signed: bool) -> tuple[Floats, Floats]:
    """The common axis of vectors, (..., 3), and how constantly they lay along it, (...).

    `total` is the sum of the vectors (..., 3), or of their outer products (..., 3, 3) where not
    `signed`; `size` (...) that of their lengths. By chance the constancy is 0 (0.5), at most 1.
    """
    if signed:
        return _unit(total), np.linalg.norm(total, axis=-1) / np.maximum(size, 1e-9)
    spread, axes = np.linalg.eigh(total)
    return axes[..., -1], spread[..., -1] / np.maximum(spread.sum(axis=-1), 1e-12)


def _horizontal(vectors: Signal, up_axis: Signal) -> NDArray[np.float32]:
    level: NDArray[np.float32] = (
        vectors - np.einsum("ij,ij->i", vectors, up_axis)[:, None] * up_axis
    )
    return level


def _unit(vectors: Floats) -> Floats:
    """Vectors (..., 3) made one long."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Floats = vectors / np.maximum(length, 1e-12)
    return unit
