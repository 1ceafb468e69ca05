"""How far and how fast: the way of a recording on the grid of its session.

The one place that weighs the device's odometer, its positions and its speed against each other;
what each of them means is computed in `retrorun.gait.track`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrorun.gait import motion, track
from retrorun.recording import Problem, Recording
from retrorun.sports import off_foot

Floats = NDArray[np.float64]

#: A speed that no noise of standing shows. [m/s]
SURELY_MOVING_M_S = 1.0

#: On wheels and snow the fastest are slower. [m/s]
_FASTEST_M_S = 40.0

#: Nobody records standing still for longer; an indoor trainer does not count metres. [s]
_STANDING_FOR_LONG_S = 300

#: Two ways to measure the same distance that differ by more are worth a word.
_DISAGREEMENT = 0.05


def channel_on_grid(recording: Recording, name: str, time_s: Floats) -> Floats:
    """A channel at the times of a grid; NaN in its gaps and where there is none. (n,)"""
    channel = recording.get(name)
    if channel is None:
        return np.full(len(time_s), np.nan)
    return track.on_grid(
        channel.time_s,
        channel.values.astype(np.float64, copy=False),
        grid_s=time_s,
        longest_gap_s=track.longest_gap_s(channel.time_s),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Distance and speed on the grid of n cells."""

    edges_m: Floats  #: (n + 1,) since the start, at the edges of the cells, never falling
    covered: NDArray[np.bool_]  #: (n,) cells for which the distance is known
    speed_m_s: Floats  #: (n,)
    from_positions: bool  #: whose noise makes a way of standing, too
    total_m: float | None

    def standing(self, still: NDArray[np.bool_]) -> Way:
        """The same way with nothing covered while standing still."""
        if not self.from_positions:
            return self
        gained = np.where(still, 0.0, np.diff(self.edges_m))
        edges_m = np.concatenate([[0.0], np.cumsum(gained)])
        # A track without times has no cells, and its whole length all the same.
        return replace(self, edges_m=edges_m, total_m=edges_m[-1] if len(still) else self.total_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Positions:
    """Known positions without teleports, (k,), and what was travelled up to each of them."""

    time_s: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    travelled_m: Floats
    piece: NDArray[np.intp]


def way_of(recording: Recording, edges_s: Floats, problems: list[Problem]) -> Way:
    """Distance by the device's odometer, else from positions, else by adding up the speed."""
    cells_s = edges_s[:-1]
    positions = _positions(recording, problems)
    speed = channel_on_grid(recording, "speed_m_s", cells_s)
    if positions is not None and _stuck(positions, speed, problems):
        positions = None
    odometer = _odometer(recording, positions, problems)
    if odometer is not None:
        clock_s, travelled_m, piece = odometer
        derived = track.speed_from_distance(clock_s, travelled_m, grid_s=cells_s, piece=piece)
    elif positions is not None:
        clock_s, travelled_m = positions.time_s, positions.travelled_m
        derived = track.net_speed(
            clock_s,
            positions.latitude_deg,
            positions.longitude_deg,
            grid_s=cells_s,
            piece=positions.piece,
        )
    elif np.isfinite(speed).any():
        known = np.flatnonzero(np.isfinite(speed))
        clock_s = edges_s[known[0] : known[-1] + 2]
        gained_m = np.nan_to_num(speed[known[0] : known[-1] + 1]) * np.diff(clock_s)
        travelled_m, derived = np.concatenate([[0.0], np.cumsum(gained_m)]), speed
        problems.append(
            Problem("no distance, no position", "whole recording", "distance is speed added up")
        )
    else:
        problems.append(
            Problem("no position, distance or speed", "whole recording", "distance is null")
        )
        nothing = np.zeros(len(cells_s), dtype=bool)
        return Way(
            edges_m=np.zeros(len(edges_s)),
            covered=nothing,
            speed_m_s=speed,
            from_positions=False,
            total_m=None,
        )
    if np.nanmax(speed, initial=0.0) == 0.0 and np.isfinite(speed).any() and travelled_m[-1] > 50:
        problems.append(
            Problem("speed stuck at 0", "speed_m_s", "left out; speed is taken from the distance")
        )
        speed = derived
    # After a pause a watch shows its smoothed speed from 0 on, while the odometer runs already.
    behind = (speed < motion.STILL_M_S) & (derived > SURELY_MOVING_M_S)
    speed = np.where(np.isfinite(speed) & ~behind, speed, derived)
    too_fast = speed > _FASTEST_M_S
    if too_fast.any():
        speed[too_fast] = np.nan
        problems.append(
            Problem(
                f"speed above {_FASTEST_M_S:g} m/s",
                f"{np.count_nonzero(too_fast):,} s",
                "not judged: positions or their times are wrong",
            )
        )
    covered = (edges_s[1:] > clock_s[0]) & (cells_s < clock_s[-1])
    if positions is None and travelled_m[-1] < 1.0 and len(cells_s) > _STANDING_FOR_LONG_S:
        covered[:], speed = False, np.full(len(cells_s), np.nan)
        problems.append(
            Problem(
                "distance and speed stay at 0",
                "whole recording",
                "motion is not judged: a machine that counts none, more likely than standing",
            )
        )
    return Way(
        edges_m=np.interp(edges_s, clock_s, travelled_m),
        covered=covered,
        speed_m_s=speed,
        from_positions=odometer is None and positions is not None,
        total_m=float(travelled_m[-1]),
    )


def _positions(recording: Recording, problems: list[Problem]) -> _Positions | None:
    """Positions and the distance along them, pauses and teleports left out."""
    latitude, longitude = recording.get("latitude_deg"), recording.get("longitude_deg")
    if latitude is None or longitude is None or len(latitude.values) != len(longitude.values):
        return None
    known = np.isfinite(latitude.values) & np.isfinite(longitude.values)
    if not known.any():
        return None
    clock_s = latitude.time_s[known]
    place = [channel.values[known].astype(np.float64) for channel in (latitude, longitude)]
    fastest = _FASTEST_M_S if off_foot(recording.sport) else motion.FASTEST_M_S
    bad = track.teleports(clock_s, *place, fastest_m_s=fastest)
    if bad.any():
        problems.append(
            Problem(
                "positions that nobody could reach and leave in time",
                f"{np.count_nonzero(bad):,} of {len(bad):,}",
                "left out",
            )
        )
        clock_s, place = clock_s[~bad], [axis[~bad] for axis in place]
    paused = _moved_in_pause(recording, clock_s)
    step_m = np.where(paused, 0.0, track.step_distance_m(*place))
    return _Positions(
        time_s=clock_s,
        latitude_deg=place[0],
        longitude_deg=place[1],
        travelled_m=np.cumsum(step_m),
        piece=_pieces(clock_s, paused),
    )


def _stuck(positions: _Positions, speed: Floats, problems: list[Problem]) -> bool:
    """Whether the speed goes on where positions do not, as on a treadmill with one fix."""
    by_speed_m, moved_m = float(np.nansum(speed)), float(positions.travelled_m[-1])
    if by_speed_m <= 100 or moved_m >= 0.1 * by_speed_m:
        return False
    problems.append(
        Problem(
            "positions stand still",
            f"{moved_m:,.0f} m where the speed makes {by_speed_m:,.0f} m",
            "left out; distance is not taken from them",
        )
    )
    return True


def _moved_in_pause(recording: Recording, clock_s: Floats) -> NDArray[np.bool_]:
    odometer = recording.get("distance_m")
    return track.moved_in_pause(
        clock_s,
        pauses=_pause_bounds(recording),
        odometer_m=None
        if odometer is None
        else track.on_grid(
            odometer.time_s,
            odometer.values.astype(np.float64),
            grid_s=clock_s,
            longest_gap_s=np.inf,
        ),
    )


def _pause_bounds(recording: Recording) -> Floats:
    bounds = [(pause.start_s, pause.end_s) for pause in recording.pauses]
    return np.array(bounds, dtype=np.float64).reshape(-1, 2)


def _pieces(clock_s: Floats, paused: NDArray[np.bool_]) -> NDArray[np.intp]:
    return track.pieces_of(
        clock_s, broken_before=paused, longest_gap_s=track.longest_gap_s(clock_s)
    )


def _odometer(
    recording: Recording, positions: _Positions | None, problems: list[Problem]
) -> tuple[Floats, Floats, NDArray[np.intp]] | None:
    """Times, metres since the first reading, and pieces; None where it is missing or stuck."""
    channel = recording.get("distance_m")
    if channel is None:
        return None
    known = np.isfinite(channel.values)
    clock_s = channel.time_s[known]
    advance_m, resets = track.advance(channel.values[known].astype(np.float64))
    travelled_m = np.cumsum(advance_m)
    if resets:
        problems.append(
            Problem("the odometer falls", f"{resets} times", "only its advances are counted")
        )
    position_m = float(positions.travelled_m[-1]) if positions is not None else 0.0
    total_m = float(travelled_m[-1])
    if total_m < 0.1 * position_m and position_m > 100:
        problems.append(
            Problem(
                "the odometer stands still",
                f"{total_m:,.0f} m where positions moved {position_m:,.0f} m",
                "left out; distance is taken from positions",
            )
        )
        return None
    if position_m and total_m and abs(position_m / total_m - 1) > _DISAGREEMENT:
        problems.append(
            Problem(
                "positions and odometer disagree",
                f"{position_m:,.0f} m and {total_m:,.0f} m",
                "the odometer is used",
            )
        )
    paused = track.moved_in_pause(clock_s, pauses=_pause_bounds(recording))
    return clock_s, travelled_m, _pieces(clock_s, paused)


def position_distance_m(recording: Recording) -> float | None:
    """Distance from positions alone, to compare with what the device counted. [m]"""
    positions = _positions(recording, [])
    return None if positions is None else float(positions.travelled_m[-1])
