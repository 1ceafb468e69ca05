"""Where and how fast: distance, speed, altitude and gradient from positions and odometers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.signals import usual_step_s

Floats = NDArray[np.float64]

#: Mean radius of the WGS 84 ellipsoid; the error of the sphere is below 0.5 %. [m]
EARTH_RADIUS_M = 6_371_008.8


def step_distance_m(latitude_deg: Floats, longitude_deg: Floats) -> Floats:
    """Great-circle distance from each position to the one before.

    Parameters
    ----------
    latitude_deg, longitude_deg : (n,)
        Positions, WGS 84. NaN where there was none.

    Returns
    -------
    (n,) metres; 0 at the first position and where the position is missing: the way across a
    gap is counted at the position after it, as the straight line.

    References
    ----------
    sinnott1984, the haversine formula, exact on the sphere and stable for short distances.

    Examples
    --------
    >>> step_distance_m(np.array([0.0, 0.0]), np.array([0.0, 1.0])).round(0)
    array([     0., 111195.])
    """
    out = np.zeros(len(latitude_deg))
    known = np.flatnonzero(np.isfinite(latitude_deg) & np.isfinite(longitude_deg))
    latitude = np.radians(latitude_deg[known])
    longitude = np.radians(longitude_deg[known])
    half = (
        np.sin(np.diff(latitude) / 2) ** 2
        + np.cos(latitude[1:]) * np.cos(latitude[:-1]) * np.sin(np.diff(longitude) / 2) ** 2
    )
    out[known[1:]] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return out


def on_plane_m(latitude_deg: Floats, longitude_deg: Floats) -> tuple[Floats, Floats]:
    """Metres east and north of the first known position, (n,) each; NaN where there was none.

    On a plane, so only for the reach of a run: east is 1 % off some 50 km north of its middle.
    """
    known = np.flatnonzero(np.isfinite(latitude_deg) & np.isfinite(longitude_deg))
    if not len(known):
        return np.full(len(latitude_deg), np.nan), np.full(len(latitude_deg), np.nan)
    a_degree_m = np.radians(1.0) * EARTH_RADIUS_M
    shrunk = np.cos(np.radians(np.median(latitude_deg[known])))
    # The 180th meridian is no wall: Fiji's islands lie on both sides.
    east_deg = (longitude_deg - longitude_deg[known[0]] + 180) % 360 - 180
    north_deg = latitude_deg - latitude_deg[known[0]]
    return a_degree_m * shrunk * east_deg, a_degree_m * north_deg


def on_grid(time_s: Floats, values: Floats, *, grid_s: Floats, longest_gap_s: float) -> Floats:
    """Values at the times of a grid: linear between samples, NaN across gaps and outside.

    A gap is a stretch longer than `longest_gap_s` without a finite value. Samples that share a
    time are averaged.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(grid_s), np.nan)
    times, where = np.unique(time_s[known], return_inverse=True)
    counts = np.bincount(where)
    means = np.bincount(where, weights=values[known]) / counts
    out = np.interp(grid_s, times, means, left=np.nan, right=np.nan)
    after = np.clip(np.searchsorted(times, grid_s, side="left"), 0, len(times) - 1)
    before = np.maximum(np.searchsorted(times, grid_s, side="right") - 1, 0)
    inside = times[after] - times[before] <= longest_gap_s
    return np.where(inside, out, np.nan)


def longest_gap_s(time_s: Floats, *, at_least_s: float = 10.0, at_most_s: float = 60.0) -> float:
    """Longest stretch between samples that is still the device's own rhythm, not a loss. [s]

    Watches that record "smartly" write every 1 to 8 s, simplified tracks every 10 to 30 s; so a
    gap is three times the usual step, within these bounds.
    """
    return float(min(max(3 * usual_step_s(time_s), at_least_s), at_most_s))


def running_mean(values: Floats, *, samples: int) -> Floats:
    """Centred mean of the finite values in a window; NaN where the window holds none."""
    if samples <= 1 or not len(values):
        return values
    known = np.isfinite(values)
    ones = np.concatenate([[0], np.cumsum(known)])
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    index = np.arange(len(values))
    first = np.maximum(index - samples // 2, 0)
    last = np.minimum(index + samples // 2 + 1, len(values))
    count = ones[last] - ones[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, (sums[last] - sums[first]) / count, np.nan)


def smooth_altitude(altitude_m: Floats, distance_m: Floats, *, over_m: float = 50.0) -> Floats:
    """Altitude averaged over a stretch of way, so that noise makes no hills.

    `altitude_m` and `distance_m` are (n,) on one grid, distance never falling. A barometer
    steps by 0.2 m and GPS altitude wanders by metres within a minute: both are slower than the
    ground changes over some 50 m (minetti2002 measured slopes, not bumps). NaN stays NaN.
    """
    known = np.isfinite(altitude_m) & np.isfinite(distance_m)
    out = np.full(len(altitude_m), np.nan)
    if not known.any():
        return out
    way = distance_m[known]
    sums = np.concatenate([[0.0], np.cumsum(altitude_m[known])])
    first = np.searchsorted(way, way - over_m / 2, side="left")
    last = np.searchsorted(way, way + over_m / 2, side="right")
    out[known] = (sums[last] - sums[first]) / (last - first)
    return out


def gradient(altitude_m: Floats, distance_m: Floats, *, over_m: float = 50.0) -> Floats:
    """Rise over run along the way, between points half a stretch before and after.

    NaN where fewer than half of `over_m` were covered around a point: standing has no slope.
    """
    known = np.isfinite(altitude_m) & np.isfinite(distance_m)
    out = np.full(len(altitude_m), np.nan)
    if np.count_nonzero(known) < 2:
        return out
    way, height = distance_m[known], altitude_m[known]
    first = np.searchsorted(way, way - over_m / 2, side="left")
    last = np.minimum(np.searchsorted(way, way + over_m / 2, side="right"), len(way)) - 1
    run = way[last] - way[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(run >= over_m / 2, (height[last] - height[first]) / run, np.nan)
    out[known] = slope
    return out


def ascent_m(smoothed_altitude_m: Floats, *, threshold_m: float = 2.0) -> float:
    """Metres climbed, counting only rises of at least `threshold_m` between turning points."""
    height = smoothed_altitude_m[np.isfinite(smoothed_altitude_m)]
    climbed, low, high = 0.0, np.inf, -np.inf
    for h in height[np.flatnonzero(np.diff(height, prepend=np.nan) != 0)]:
        if h < low:
            low = high = h
        elif h > high:
            high = h
        elif high - h >= threshold_m:
            climbed += high - low if high - low >= threshold_m else 0.0
            low = high = h
    return climbed + (high - low if high - low >= threshold_m else 0.0)


def moved_in_pause(
    time_s: Floats,
    *,
    pauses: NDArray[np.float64],
    odometer_m: Floats | None = None,
    inferred_from_s: float = 20.0,
) -> NDArray[np.bool_]:
    """Which steps between positions were made while the device was not counting.

    `time_s` is (n,); `pauses` (k, 2) starts and ends. A step belongs to a pause that covers more
    than half of it. Where an odometer on the same clock is given, a step of at least
    `inferred_from_s` in which it did not advance is a pause too: TCX does not write them.
    """
    before = np.concatenate([time_s[:1], time_s[:-1]])
    length_s = time_s - before
    paused = np.zeros(len(time_s), dtype=bool)
    for start_s, end_s in pauses:
        overlap_s = np.minimum(time_s, end_s) - np.maximum(before, start_s)
        paused |= (length_s > 0) & (overlap_s > length_s / 2)
    if odometer_m is not None:
        advance_m = np.diff(odometer_m, prepend=odometer_m[:1])
        paused |= (length_s >= inferred_from_s) & (advance_m < 0.1 * length_s)
    return paused


def advance(odometer_m: Floats) -> tuple[Floats, int]:
    """Metres gained at each reading, and how often the odometer fell (it restarted).

    (n,) in and out. A fall adds nothing; a missing reading adds nothing, and the next one adds
    what came since. What the odometer shows at its first reading was covered before: not counted.
    """
    known = np.flatnonzero(np.isfinite(odometer_m))
    out = np.zeros(len(odometer_m))
    gained = np.diff(odometer_m[known])
    out[known[1:]] = np.maximum(gained, 0.0)
    return out, int(np.count_nonzero(gained < -1.0))


def pieces_of(
    time_s: Floats, *, broken_before: NDArray[np.bool_], longest_gap_s: float
) -> NDArray[np.intp]:
    """Number of the unbroken piece that each reading belongs to, (n,) rising from 0.

    A piece ends at a gap and where `broken_before` a reading the device did not count.
    """
    gap = np.diff(time_s, prepend=time_s[:1]) > longest_gap_s
    return np.cumsum(gap | broken_before)


def speed_from_distance(
    time_s: Floats,
    travelled_m: Floats,
    *,
    grid_s: Floats,
    piece: NDArray[np.intp],
    over_s: float = 10.0,
) -> Floats:
    """Speed at the times of a grid: metres gained in a window around each, over its length.

    Ten seconds average out the wander of GPS without hiding a repetition. The window never
    reaches over the end of a piece (`pieces_of`); between pieces the speed is NaN. [m/s]
    """
    if not len(time_s):
        return np.full(len(grid_s), np.nan)
    at = np.clip(np.searchsorted(time_s, grid_s, side="right") - 1, 0, len(time_s) - 1)
    after = np.minimum(at + 1, len(time_s) - 1)
    begins = time_s[np.searchsorted(piece, piece)]
    ends = time_s[np.searchsorted(piece, piece, side="right") - 1]
    inside = (grid_s >= time_s[0]) & (grid_s <= ends[at])
    inside &= (piece[at] == piece[after]) | (grid_s == time_s[at])
    first = np.maximum(grid_s - over_s / 2, begins[at])
    last = np.minimum(grid_s + over_s / 2, ends[at])
    gained = np.interp(last, time_s, travelled_m) - np.interp(first, time_s, travelled_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(inside & (last > first), gained / (last - first), np.nan)


def net_speed(
    time_s: Floats,
    latitude_deg: Floats,
    longitude_deg: Floats,
    *,
    grid_s: Floats,
    piece: NDArray[np.intp],
    over_s: float = 8.0,
) -> Floats:
    """Speed at the times of a grid as the straight line across a window, over its length.

    Where only positions tell, their noise makes a way even of standing; the straight line over
    8 s does not add it up, and in the bend of a running track it is 2 % short. [m/s]
    """
    lines = [
        speed_from_distance(time_s, way, grid_s=grid_s, piece=piece, over_s=over_s)
        for way in on_plane_m(latitude_deg, longitude_deg)
    ]
    return np.hypot(*lines)


def teleports(
    time_s: Floats, latitude_deg: Floats, longitude_deg: Floats, *, fastest_m_s: float
) -> NDArray[np.bool_]:
    """Positions that could only be reached and left faster than anybody moves; (n,) known ones.

    A position is one if the way to it and the way from it are both too fast, and the way past
    it is not.
    """
    bad = np.zeros(len(time_s), dtype=bool)
    if len(time_s) < 3:
        return bad
    step_m = step_distance_m(latitude_deg, longitude_deg)[1:]
    step_s = np.maximum(np.diff(time_s), 1.0)
    too_fast = step_m > fastest_m_s * step_s
    for middle in np.flatnonzero(too_fast[:-1] & too_fast[1:]) + 1:
        around = [middle - 1, middle + 1]
        past_m = step_distance_m(latitude_deg[around], longitude_deg[around])[1]
        bad[middle] = past_m <= fastest_m_s * max(time_s[middle + 1] - time_s[middle - 1], 1.0)
    return bad
