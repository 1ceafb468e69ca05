"""A log as a recording: clocks, positions, heart rate, laps, and which phone it was.

Times are nanoseconds since 1970 (`time`) next to seconds since the start (`seconds_elapsed`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats import phone_tables
from retrorun.formats.assemble import Stretch, assemble, zone_offset_s
from retrorun.formats.phone_tables import Numbers, Table
from retrorun.formats.sensor_logger.log import CLOCKS, Log, drop_incomplete, float_of
from retrorun.formats.sensor_logger.movement import Part, frame_of, part, phone_parts, wrist_parts
from retrorun.recording import Device, Problem, Recording

NAME = "Sensor Logger"


def recording_of(log: Log, *, name: str) -> Recording:
    """Everything usable of a log; raises `Unreadable` where that is nothing."""
    drop_incomplete(log)
    start_s = _start_s(log)
    clocks = {
        sensor: phone_tables.believable(_clock(table, start_s, log))
        for sensor, table in log.tables.items()
    }
    frame, problems = frame_of(log, clocks)
    log.problems += problems
    columns = [
        *phone_parts(log, clocks, frame),
        *_location(log, clocks),
        *_scalars(log, clocks),
    ]
    if not any(part.sensors for part in columns):
        columns += wrist_parts(log, clocks)
    elif "wristmotion" in log.tables:
        log.problems.append(
            Problem(
                "a watch was worn on a wrist", "WristMotion", "left out: its side is not recorded"
            )
        )
    if not columns:
        raise _nothing(log, name)
    log.problems += phone_tables.left_out(log.unused, what="sensors that retrorun does not use")
    return assemble(
        columns=[part.columns for part in columns],
        problems=log.problems,
        start_unix_s=start_s if start_s is not None else _relative_start(clocks),
        laps=_laps(log.annotations, columns),
        utc_offset_s=zone_offset_s(log.metadata.get("recording timezone"), at_unix_s=start_s),
        device=_device(log.metadata),
        file=PurePosixPath(name).name,
        format=NAME,
    )


def _nothing(log: Log, name: str) -> Unreadable:
    if log.problems:
        what = "; ".join(f"{problem.what} ({problem.where})" for problem in log.problems[:4])
        return Unreadable(
            name,
            f"nothing of this Sensor Logger export is usable: {what}",
            "movement with gravity, a position or a heart rate",
            "Switch on Accelerometer and Gravity (or Total Acceleration) and Location in the app.",
        )
    return NotAnActivity(name, "a Sensor Logger file without movement, position or heart rate")


# --- clocks ----------------------------------------------------------------------------------

#: A sensor's clock this far from the recording's start counts from some other moment. [s]
_OTHER_CLOCK_S = 7 * 86_400.0


def _clock(table: Table, start_s: float | None, log: Log) -> Numbers:
    """Unix time where the file knows it, else seconds since the start."""
    unix_s = _unix_s(table.get("time"))
    elapsed_s = table.get(*CLOCKS)
    if unix_s is not None and (
        start_s is None or abs(phone_tables.middle(unix_s) - start_s) < _OTHER_CLOCK_S
    ):
        return unix_s
    if elapsed_s is None:
        return unix_s if unix_s is not None else np.full(table.rows, np.nan)
    if unix_s is not None:
        log.problems.append(
            Problem("a clock of its own", table.where, "its seconds since the start are used")
        )
    return elapsed_s + (start_s or 0.0)


#: A time above the first number (about 1973 in that unit) counts so many in a second.
_UNITS_OF_TIME = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))


def _unix_s(time: Numbers | None) -> Numbers | None:
    """Times in nano-, micro-, milliseconds or seconds since 1970; None where they are neither."""
    if time is None:
        return None
    if not np.isfinite(time).any():
        return None
    size = phone_tables.middle(time)
    scale = next((s for least, s in _UNITS_OF_TIME if size > least), None)
    unix_s = phone_tables.believable(time / scale) if scale is not None else None
    return unix_s if unix_s is not None and np.isfinite(unix_s).any() else None


def _relative_start(clocks: Mapping[str, Numbers]) -> float | None:
    known = [clock for clock in clocks.values() if np.isfinite(clock).any()]
    return None if any(phone_tables.middle(clock) > 1e8 for clock in known) else 0.0


def _start_s(log: Log) -> float | None:
    """When the recording was started, Unix time: as the metadata or any table say. [s]"""
    unix_s = _unix_s(np.array([float_of(log.metadata.get("recording epoch time", ""))]))
    if unix_s is not None:
        return float(unix_s[0])
    for table in log.tables.values():
        unix_s, elapsed_s = _unix_s(table.get("time")), table.get(*CLOCKS)
        if unix_s is not None and elapsed_s is not None:
            start_s = phone_tables.middle(unix_s - elapsed_s)
            if np.isfinite(start_s):
                return start_s
    return None


# --- positions, heart rate, heading ----------------------------------------------------------


def _location(log: Log, clocks: Mapping[str, Numbers]) -> Iterator[Part]:
    """Positions of the phone, or of the watch where the phone has none."""
    for sensor, above_sea, above_ellipsoid in (
        ("location", "altitudeabovemeansealevel", "altitude"),
        ("watchlocation", "altitude", "ellipsoidalaltitude"),
    ):
        table = log.tables.get(sensor)
        if table is None:
            continue
        altitude = table.get(above_sea)
        if altitude is None:
            altitude = table.get(above_ellipsoid)
            if altitude is not None:
                log.problems.append(
                    Problem(
                        "altitude above the ellipsoid, not the sea",
                        table.where,
                        "off by up to 100 m everywhere alike; climbs are right",
                    )
                )
        found: dict[str, Numbers | None] = {
            "latitude_deg": table.get("latitude"),
            "longitude_deg": table.get("longitude"),
            "altitude_m": altitude,
            # Negative where invalid, says the app.
            "speed_m_s": _not_negative(table.get("speed")),
            "course_deg": _not_negative(table.get("bearing", "course")),
            "position_accuracy_m": _not_negative(table.get("horizontalaccuracy")),
        }
        values: dict[str, NDArray[np.floating]] = {
            name: column for name, column in found.items() if column is not None
        }
        yield part(table, clocks[sensor], values, sensors=False)
        return


def _scalars(log: Log, clocks: Mapping[str, Numbers]) -> Iterator[Part]:
    for sensor, name, channel in (
        ("heartrate", "bpm", "heart_rate_bpm"),
        ("compass", "magneticbearing", "heading_deg"),
    ):
        table = log.tables.get(sensor)
        column = _not_negative(table.get(name)) if table else None
        if table is not None and column is not None:
            yield part(table, clocks[sensor], {channel: column}, sensors=False)


def _not_negative(column: Numbers | None) -> Numbers | None:
    return None if column is None else np.where(column < 0, np.nan, column)


# --- laps and device -------------------------------------------------------------------------


def _laps(annotations: list[dict[str, str]], parts: list[Part]) -> list[Stretch]:
    """Each annotation names the time from it to the next one."""
    marks = []
    for row in annotations:
        row = {key.lower(): value for key, value in row.items()}
        unix_s = _unix_s(np.array([float_of(row.get("time", ""))]))
        if unix_s is not None:
            marks.append((float(unix_s[0]), row.get("text", "").strip() or None))
    marks.sort(key=lambda mark: mark[0])
    known = [part.columns.unix_s[np.isfinite(part.columns.unix_s)] for part in parts]
    end_s = max((float(clock.max()) for clock in known if len(clock)), default=0.0)
    until = [start for start, _ in marks[1:]] + [max(end_s, marks[-1][0])] if marks else []
    return [
        Stretch(start, end, {"name": text}) for (start, text), end in zip(marks, until, strict=True)
    ]


_APPLE = re.compile(
    r"(?:iPhone|iPad)(?: ?\d+,\d+| (?:\d{1,2}e?|SE|X[SR]?)(?: (?:Pro Max|Pro|Plus|Max|mini))?)?"
)


def _device(metadata: Mapping[str, str]) -> Device:
    """The model; iPhones are often named after their owner, who is left out."""
    name = metadata.get("device name") or None
    if metadata.get("platform", "").lower() != "ios":
        return Device(None, name)
    model = _APPLE.search(name or "")
    return Device("Apple", model[0] if model else None)
