"""What the sensors of a phone or watch felt: specific force, turning, magnetic field, attitude.

`Accelerometer` is without gravity, `Gravity` is the rest, `TotalAcceleration` (Android) is both.
On Android they point the way of a specific force; on iOS all are the other way round and
orientations count from x = north, unless the app was set to "standardise units & frames".
Sources: the app's own UNITS.md, COORDINATES.md and CROSSPLATFORM.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.formats import phone_tables
from retrorun.formats.assemble import Columns
from retrorun.formats.phone_tables import Numbers, Table
from retrorun.formats.sensor_logger.log import AXES, QUATERNION, Log
from retrorun.recording import Problem


@dataclass(slots=True)
class Part:
    """Samples of one sensor, by channel, and what kind of sensor it is."""

    columns: Columns
    sensors: bool  #: whether it is what a body-worn sensor measured


def part(
    table: Table,
    clock: Numbers,
    values: dict[str, NDArray[np.floating]],
    *,
    sensors: bool = True,
) -> Part:
    """Samples of one table, by channel, on its clock. [s]"""
    return Part(Columns(clock, values, what=f"samples of {table.where}"), sensors)


@dataclass(slots=True)
class Frame:
    """How the recording phone counts: what its values are multiplied by, and where north is."""

    sign: float
    x_is_north: bool


def frame_of(log: Log, clocks: Mapping[str, Numbers]) -> tuple[Frame, list[Problem]]:
    """The sign of the accelerations: as the metadata declare, checked by the orientation."""
    platform = log.metadata.get("platform", "").lower()
    standard = log.metadata.get("standardisation", "").lower() == "true"
    declared = None
    if platform == "ios" and not standard:
        declared = -1.0
    elif platform or standard or "totalacceleration" in log.tables:
        declared = 1.0
    seen = _sign_seen(log.tables, clocks)
    x_is_north = not standard and (platform == "ios" or (platform == "" and seen == -1.0))
    moves = {"accelerometer", "accelerometeruncalibrated", "totalacceleration"} & set(log.tables)
    problems = []
    if declared is None and seen is None and moves:
        problems.append(
            Problem(
                "phone of unknown kind",
                "no Metadata.csv",
                "read as from Android; from an iPhone, all accelerations would be upside down",
            )
        )
    elif declared is not None and seen is not None and declared != seen and moves:
        problems.append(
            Problem(
                "accelerations point the other way than the metadata say",
                "compared with Orientation",
                "turned, so that gravity agrees with the orientation",
            )
        )
    return Frame(seen or declared or 1.0, x_is_north), problems


def _sign_seen(tables: Mapping[str, Table], clocks: Mapping[str, Numbers]) -> float | None:
    """+1 where the orientation turns gravity upwards (a specific force), -1 where down."""
    orientation = tables.get("orientation")
    turn = orientation.vectors(*QUATERNION) if orientation else None
    for sensor in ("gravity", "totalacceleration", "accelerometeruncalibrated"):
        table = tables.get(sensor)
        pull = table.vectors(*AXES) if table else None
        if turn is not None and pull is not None:
            pull = phone_tables.at_times(clocks[sensor], pull, clocks["orientation"])
            return _sign_of_up(turn, pull)
    return None


def _sign_of_up(turn: Numbers, pull: Numbers) -> float | None:
    """Which way a quaternion x, y, z, w (sensor to world) turns vectors, up (+1) or down (-1)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y, z, w = turn.T / np.linalg.norm(turn, axis=1)
        a, b, c = pull.T / np.linalg.norm(pull, axis=1)
        up = 2 * (x * z - w * y) * a + 2 * (y * z + w * x) * b + (1 - 2 * (x * x + y * y)) * c
    up = up[np.isfinite(up)]
    if not len(up) or abs(float(np.median(up))) < 0.5:
        return None
    return float(np.sign(np.median(up)))


def phone_parts(log: Log, clocks: Mapping[str, Numbers], frame: Frame) -> Iterator[Part]:
    """Specific force [m/s²], turning [rad/s], magnetic field [µT] and orientation of the phone."""
    force = _specific_force(log, clocks)
    if force is not None:
        sensor, force_m_s2 = force
        values = phone_tables.single(frame.sign * force_m_s2)
        yield part(log.tables[sensor], clocks[sensor], {"phone_acc_m_s2": values})
    for sensor, channel in (("gyroscope", "phone_gyro_rad_s"), ("magnetometer", "phone_mag_ut")):
        found = _calibrated(log, sensor)
        if found is not None:
            used, values_3 = found
            values = phone_tables.single(values_3)
            yield part(log.tables[used], clocks[used], {channel: values})
    turn = _turn(log, frame)
    if turn is not None:
        yield part(log.tables["orientation"], clocks["orientation"], {"phone_orientation": turn})


def _specific_force(log: Log, clocks: Mapping[str, Numbers]) -> tuple[str, Numbers] | None:
    """The sensor whose clock it has, and the acceleration with gravity, sign as recorded."""
    for sensor in ("totalacceleration", "unnamed"):
        table = log.tables.get(sensor)
        total = table.vectors(*AXES) if table else None
        if table is not None and total is not None:
            size = phone_tables.steady_size(clocks[sensor], total)
            total, problems = phone_tables.in_m_s2(total, gravity_size=size, where=table.where)
            if (
                sensor == "unnamed"
                and not problems
                and not (size > phone_tables.GRAVITY_INCLUDED_M_S2)
            ):
                continue
            log.problems += problems
            return sensor, total
    return _linear_and_gravity(log, clocks) or _uncalibrated_force(log, clocks)


def _linear_and_gravity(log: Log, clocks: Mapping[str, Numbers]) -> tuple[str, Numbers] | None:
    table, pull = log.tables.get("accelerometer"), log.tables.get("gravity")
    linear = table.vectors(*AXES) if table else None
    gravity = pull.vectors(*AXES) if pull else None
    if table is None or linear is None:
        return None
    if gravity is None:
        log.problems.append(
            Problem(
                "acceleration without gravity",
                f"{table.where}; there is no Gravity to add",
                "left out: the direction of gravity is unknown",
            )
        )
        return None
    gravity = phone_tables.at_times(clocks["gravity"], gravity, clocks["accelerometer"])
    size = phone_tables.steady_size(clocks["accelerometer"], gravity)
    force, problems = phone_tables.in_m_s2(linear + gravity, gravity_size=size, where=table.where)
    log.problems += problems
    return "accelerometer", force


def _uncalibrated_force(log: Log, clocks: Mapping[str, Numbers]) -> tuple[str, Numbers] | None:
    found = _uncalibrated(log, "accelerometer")
    if found is None:
        return None
    sensor, force = found
    size = phone_tables.steady_size(clocks[sensor], force)
    force, problems = phone_tables.in_m_s2(force, gravity_size=size, where=sensor)
    log.problems += problems
    return sensor, force


def _calibrated(log: Log, sensor: str) -> tuple[str, Numbers] | None:
    table = log.tables.get(sensor)
    values = table.vectors(*AXES) if table else None
    return (sensor, values) if values is not None else _uncalibrated(log, sensor)


def _uncalibrated(log: Log, sensor: str) -> tuple[str, Numbers] | None:
    table = log.tables.get(f"{sensor}uncalibrated")
    values = table.vectors(*AXES) if table else None
    if table is None or values is None:
        return None
    log.problems.append(
        Problem(f"{sensor} only as raw values", table.where, "used; its bias is not removed")
    )
    return f"{sensor}uncalibrated", values


def _turn(log: Log, frame: Frame) -> NDArray[np.float32] | None:
    """Orientation as x, y, z, w, sensor to a world of x east, y north, z up."""
    table = log.tables.get("orientation")
    turn = table.vectors(*QUATERNION) if table else None
    if turn is None or not frame.x_is_north:
        return phone_tables.single(turn) if turn is not None else None
    # A quarter turn about the vertical: from x north, y west to x east, y north.
    x, y, z, w = turn.T
    return phone_tables.single(np.column_stack([x - y, y + x, z + w, w - z]) * np.sqrt(0.5))


def wrist_parts(log: Log, clocks: Mapping[str, Numbers]) -> list[Part]:
    """A watch: its side is not recorded, so it stands in for a phone at an unknown place."""
    table = log.tables.get("wristmotion")
    if table is None:
        return []
    values: dict[str, NDArray[np.floating]] = {}
    clock = clocks["wristmotion"]
    linear = table.vectors("accelerationx", "accelerationy", "accelerationz")
    gravity = table.vectors("gravityx", "gravityy", "gravityz")
    turn = table.vectors("quaternionx", "quaterniony", "quaternionz", "quaternionw")
    if linear is not None and gravity is not None:
        seen = _sign_of_up(turn, gravity) if turn is not None else None
        ios = log.metadata.get("platform", "ios").lower() != "android"
        standard = log.metadata.get("standardisation", "").lower() == "true"
        sign = seen or (-1.0 if ios and not standard else 1.0)
        force, problems = phone_tables.in_m_s2(
            linear + gravity,
            gravity_size=phone_tables.steady_size(clock, gravity),
            where=table.where,
        )
        log.problems += problems
        values["phone_acc_m_s2"] = phone_tables.single(sign * force)
    rate = table.vectors("rotationratex", "rotationratey", "rotationratez")
    if rate is not None:
        values["phone_gyro_rad_s"] = phone_tables.single(rate)
    if not values:
        return []
    log.problems.append(
        Problem(
            "a watch worn on a wrist, its side not recorded",
            table.where,
            "read as a device at an unknown place; its orientation has no north and is left out",
        )
    )
    return [part(table, clock, values)]
