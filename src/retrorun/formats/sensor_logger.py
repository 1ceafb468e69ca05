"""Sensor Logger (Kelvin Choi), the phone app: zip or folder of CSV, combined CSV, JSON.

Times are nanoseconds since 1970 (`time`) next to seconds since the start (`seconds_elapsed`).
`Accelerometer` is without gravity, `Gravity` is the rest, `TotalAcceleration` (Android) is both.
On Android they point the way of a specific force; on iOS all are the other way round and
orientations count from x = north, unless the app was set to "standardise units & frames".
Sources: the app's own UNITS.md, COORDINATES.md and CROSSPLATFORM.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats import phone_tables
from retrorun.formats.assemble import Columns, Stretch, assemble
from retrorun.formats.phone_tables import Numbers, Table
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Device, Problem, Recording

NAME = "Sensor Logger"

#: Names of sensors as the app writes them, in lower case: what is read, and in which order it
#: is looked for in a file's name (`Back0626WristMotion.csv`).
_READ = (
    "totalacceleration", "accelerometeruncalibrated", "accelerometer", "gravity",
    "gyroscopeuncalibrated", "gyroscope", "magnetometeruncalibrated", "magnetometer",
    "orientation", "watchlocation", "location", "compass", "heartrate", "wristmotion",
)  # fmt: skip
#: Tables of words.
_METADATA, _ANNOTATION = "metadata", "annotation"

_AXES = ("x", "y", "z")
_QUATERNION = ("qx", "qy", "qz", "qw")
#: Columns without which a table is of no use, where they are not x, y and z.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "orientation": _QUATERNION,
    "location": ("latitude", "longitude"),
    "watchlocation": ("latitude", "longitude"),
    "heartrate": ("bpm",),
    "compass": ("magneticbearing",),
    "wristmotion": (),
}
#: Cells of the first line that only this app writes.
_CLOCKS = ("seconds_elapsed", "secondselapsed")


@dataclass(slots=True)
class _Log:
    """Everything an export holds, whatever its form."""

    tables: dict[str, Table] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    annotations: list[dict[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unused: set[str] = field(default_factory=set)


def recognises(head: bytes) -> bool:
    """A table with `seconds_elapsed`, or the JSON export."""
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")):
        return b'"sensor"' in head and b'"seconds_elapsed"' in head
    return any(name.lower() in _CLOCKS for name in phone_tables.header(head))


def claims(tree: Tree) -> Set[str]:
    """The tables of one recording: CSV named after sensors, one at least with a clock."""
    tables = {n: s for n, s in tree.members.items() if "/" not in n and n.lower().endswith(".csv")}
    sensors = [source for name, source in tables.items() if _sensor_of(name) in _READ]
    return set(tables) if phone_tables.any_recognised(_has_clock, sensors) else set()


def _has_clock(head: bytes) -> bool:
    return any(name.lower() in ("time", *_CLOCKS) for name in phone_tables.header(head))


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """One file: the combined CSV, the JSON export, or the CSV of one sensor on its own."""
    log = _Log()
    if source.head().lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")):
        _read_json(source, log, limits=limits)
    else:
        table = _lower(phone_tables.read_table(source, limits=limits))
        name = _sensor_of(source.file)
        _split(table, log)
        if not log.tables:
            log.unused.clear()
            log.tables = {name if name in _READ else "unnamed": table}
    yield _recording(log, name=source.name)


def read_folder(tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    """The CSV files of one recording, one a sensor."""
    log = _Log()
    wanted: dict[str, Source] = {}
    for name, source in tree.members.items():
        sensor = _sensor_of(name)
        if sensor in (_METADATA, _ANNOTATION):
            _read_words(source, sensor, log)
        elif sensor in _READ and sensor not in wanted:
            wanted[sensor] = source
        else:
            log.unused.add(PurePosixPath(name).stem)
    tables, problems = phone_tables.read_tables(wanted, limits=limits)
    log.tables = {name: _lower(table) for name, table in tables.items()}
    log.problems += problems
    yield _recording(log, name=tree.name)


def _sensor_of(file: str) -> str:
    """`Accelerometer.csv`, `walk_Accelerometer.csv` -> `accelerometer`; else the stem."""
    stem = PurePosixPath(file).stem.lower()
    known = (*_READ, _METADATA, _ANNOTATION)
    if stem in known or "watch" in stem or "headphone" in stem:
        return stem
    return next((name for name in known if stem.endswith(name)), stem)


def _lower(table: Table) -> Table:
    return Table(table.where, {name.lower(): column for name, column in table.columns.items()})


def _read_words(source: Source, sensor: str, log: _Log) -> None:
    try:
        rows = phone_tables.read_words(source)
    except Unreadable as error:
        log.problems.append(phone_tables.unread(source, error))
        return
    if sensor == _ANNOTATION:
        log.annotations = rows
    elif rows:
        log.metadata = {key.lower(): value.strip() for key, value in rows[0].items()}


def _split(table: Table, log: _Log) -> None:
    """The combined CSV as one table a sensor; columns are `<sensor>_<column>`."""
    groups: dict[str, dict[str, Numbers]] = {}
    shared = {}
    for name, column in table.columns.items():
        if name in _CLOCKS or name == "time":
            shared["time" if name == "time" else "seconds_elapsed"] = column
        elif "_" in name:
            sensor, _, part = name.partition("_")
            groups.setdefault(sensor, {})[part] = column
    for sensor, columns in groups.items():
        held = np.any(~np.isnan(np.column_stack(list(columns.values()))), axis=1)
        if sensor not in _READ:
            log.unused.add(sensor)
        elif np.any(held):
            own = Table(f"{sensor} in {table.where}", shared | columns)
            log.tables[sensor] = own.where_true(np.asarray(held))


def _read_json(source: Source, log: _Log, *, limits: Limits) -> None:
    """The JSON export: a list of flat objects, one a sample, every value a text."""
    text = phone_tables.text_of(source.read(limit_bytes=limits.xml_bytes))
    samples: dict[str, list[dict[str, Any]]] = {}
    for row in _objects(text, source, log):
        samples.setdefault(str(row.get("sensor", "")).lower(), []).append(row)
    for sensor, rows in samples.items():
        if sensor == _METADATA:
            log.metadata = {key.lower(): str(value) for key, value in rows[0].items()}
        elif sensor == _ANNOTATION:
            log.annotations = [{key: str(value) for key, value in row.items()} for row in rows]
        elif sensor in _READ:
            names = {name for row in rows[:100] for name in row} - {"sensor"}
            columns = {n.lower(): _floats([row.get(n) for row in rows]) for n in sorted(names)}
            log.tables[sensor] = Table(f"{sensor} in {source.file}", columns)
        else:
            log.unused.add(sensor)


def _objects(text: str, source: Source, log: _Log) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        try:
            rows = json.loads(text[: text.rfind("}") + 1] + "]")
        except (ValueError, RecursionError) as error:
            raise Unreadable(
                source.name, f"damaged JSON ({error})", "an intact file", "Export it again."
            ) from None
        log.problems.append(Problem("cut JSON", source.file, "read up to its last whole sample"))
    if isinstance(rows, dict):
        rows = rows.get("payload", [rows])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _floats(values: Iterable[object]) -> Numbers:
    return np.array([_float(value) for value in values], dtype=np.float64)


def _float(value: object) -> float:
    try:
        return float(value) if isinstance(value, (str, int, float)) and value != "" else np.nan
    except ValueError:
        return np.nan


@dataclass(slots=True)
class _Frame:
    """How the recording phone counts: what its values are multiplied by, and where north is."""

    sign: float
    x_is_north: bool


def _recording(log: _Log, *, name: str) -> Recording:
    _drop_incomplete(log)
    start_s = _start_s(log)
    clocks = {
        sensor: phone_tables.believable(_clock(table, start_s, log))
        for sensor, table in log.tables.items()
    }
    frame, problems = _frame(log, clocks)
    log.problems += problems
    columns = [
        *_phone(log, clocks, frame),
        *_location(log, clocks),
        *_scalars(log, clocks),
    ]
    if not any(part.sensors for part in columns):
        columns += _wrist(log, clocks)
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
        utc_offset_s=_utc_offset_s(log.metadata, start_s),
        device=_device(log.metadata),
        file=PurePosixPath(name).name,
        format=NAME,
    )


def _drop_incomplete(log: _Log) -> None:
    """Tables that lack one of their columns are no sensors."""
    for sensor, table in list(log.tables.items()):
        missing = [name for name in _NEEDED.get(sensor, _AXES) if table.get(name) is None]
        if missing:
            del log.tables[sensor]
            log.problems.append(
                Problem(f"no column {', '.join(missing)}", table.where, "sensor left out")
            )


def _nothing(log: _Log, name: str) -> Unreadable:
    if log.problems:
        what = "; ".join(f"{problem.what} ({problem.where})" for problem in log.problems[:4])
        return Unreadable(
            name,
            f"nothing of this Sensor Logger export is usable: {what}",
            "movement with gravity, a position or a heart rate",
            "Switch on Accelerometer and Gravity (or Total Acceleration) and Location in the app.",
        )
    return NotAnActivity(name, "a Sensor Logger file without movement, position or heart rate")


@dataclass(slots=True)
class _Part:
    columns: Columns
    sensors: bool  #: whether it is what a body-worn sensor measured


#: A sensor's clock this far from the recording's start counts from some other moment. [s]
_OTHER_CLOCK_S = 7 * 86_400.0


def _clock(table: Table, start_s: float | None, log: _Log) -> Numbers:
    """Unix time where the file knows it, else seconds since the start."""
    unix_s = _unix_s(table.get("time"))
    elapsed_s = table.get(*_CLOCKS)
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


#: A time above the first number (about 1973 in that unit) counts so many in a second.
_UNITS_OF_TIME = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))


def _relative_start(clocks: Mapping[str, Numbers]) -> float | None:
    known = [clock for clock in clocks.values() if np.isfinite(clock).any()]
    return None if any(phone_tables.middle(clock) > 1e8 for clock in known) else 0.0


def _frame(log: _Log, clocks: Mapping[str, Numbers]) -> tuple[_Frame, list[Problem]]:
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
    return _Frame(seen or declared or 1.0, x_is_north), problems


def _sign_seen(tables: Mapping[str, Table], clocks: Mapping[str, Numbers]) -> float | None:
    """+1 where the orientation turns gravity upwards (a specific force), -1 where down."""
    orientation = tables.get("orientation")
    turn = orientation.vectors(*_QUATERNION) if orientation else None
    for sensor in ("gravity", "totalacceleration", "accelerometeruncalibrated"):
        table = tables.get(sensor)
        pull = table.vectors(*_AXES) if table else None
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


def _phone(log: _Log, clocks: Mapping[str, Numbers], frame: _Frame) -> Iterator[_Part]:
    force = _specific_force(log, clocks)
    if force is not None:
        sensor, force_m_s2 = force
        values = phone_tables.single(frame.sign * force_m_s2)
        yield _part(log.tables[sensor], clocks[sensor], {"phone_acc_m_s2": values})
    for sensor, channel in (("gyroscope", "phone_gyro_rad_s"), ("magnetometer", "phone_mag_ut")):
        found = _calibrated(log, sensor)
        if found is not None:
            used, values_3 = found
            values = phone_tables.single(values_3)
            yield _part(log.tables[used], clocks[used], {channel: values})
    turn = _turn(log, frame)
    if turn is not None:
        yield _part(log.tables["orientation"], clocks["orientation"], {"phone_orientation": turn})


def _part(
    table: Table,
    clock: Numbers,
    values: dict[str, NDArray[np.floating]],
    *,
    sensors: bool = True,
) -> _Part:
    return _Part(Columns(clock, values, what=f"samples of {table.where}"), sensors)


def _specific_force(log: _Log, clocks: Mapping[str, Numbers]) -> tuple[str, Numbers] | None:
    """The sensor whose clock it has, and the acceleration with gravity, sign as recorded."""
    for sensor in ("totalacceleration", "unnamed"):
        table = log.tables.get(sensor)
        total = table.vectors(*_AXES) if table else None
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


def _linear_and_gravity(log: _Log, clocks: Mapping[str, Numbers]) -> tuple[str, Numbers] | None:
    table, pull = log.tables.get("accelerometer"), log.tables.get("gravity")
    linear = table.vectors(*_AXES) if table else None
    gravity = pull.vectors(*_AXES) if pull else None
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


def _uncalibrated_force(log: _Log, clocks: Mapping[str, Numbers]) -> tuple[str, Numbers] | None:
    found = _uncalibrated(log, "accelerometer")
    if found is None:
        return None
    sensor, force = found
    size = phone_tables.steady_size(clocks[sensor], force)
    force, problems = phone_tables.in_m_s2(force, gravity_size=size, where=sensor)
    log.problems += problems
    return sensor, force


def _calibrated(log: _Log, sensor: str) -> tuple[str, Numbers] | None:
    table = log.tables.get(sensor)
    values = table.vectors(*_AXES) if table else None
    return (sensor, values) if values is not None else _uncalibrated(log, sensor)


def _uncalibrated(log: _Log, sensor: str) -> tuple[str, Numbers] | None:
    table = log.tables.get(f"{sensor}uncalibrated")
    values = table.vectors(*_AXES) if table else None
    if table is None or values is None:
        return None
    log.problems.append(
        Problem(f"{sensor} only as raw values", table.where, "used; its bias is not removed")
    )
    return f"{sensor}uncalibrated", values


def _turn(log: _Log, frame: _Frame) -> NDArray[np.float32] | None:
    """Orientation as x, y, z, w, sensor to a world of x east, y north, z up."""
    table = log.tables.get("orientation")
    turn = table.vectors(*_QUATERNION) if table else None
    if turn is None or not frame.x_is_north:
        return phone_tables.single(turn) if turn is not None else None
    # A quarter turn about the vertical: from x north, y west to x east, y north.
    x, y, z, w = turn.T
    return phone_tables.single(np.column_stack([x - y, y + x, z + w, w - z]) * np.sqrt(0.5))


def _location(log: _Log, clocks: Mapping[str, Numbers]) -> Iterator[_Part]:
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
        yield _part(table, clocks[sensor], values, sensors=False)
        return


def _not_negative(column: Numbers | None) -> Numbers | None:
    return None if column is None else np.where(column < 0, np.nan, column)


def _scalars(log: _Log, clocks: Mapping[str, Numbers]) -> Iterator[_Part]:
    for sensor, name, channel in (
        ("heartrate", "bpm", "heart_rate_bpm"),
        ("compass", "magneticbearing", "heading_deg"),
    ):
        table = log.tables.get(sensor)
        column = _not_negative(table.get(name)) if table else None
        if table is not None and column is not None:
            yield _part(table, clocks[sensor], {channel: column}, sensors=False)


def _wrist(log: _Log, clocks: Mapping[str, Numbers]) -> list[_Part]:
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
    return [_part(table, clock, values)]


def _laps(annotations: list[dict[str, str]], parts: list[_Part]) -> list[Stretch]:
    """Each annotation names the time from it to the next one."""
    marks = []
    for row in annotations:
        row = {key.lower(): value for key, value in row.items()}
        unix_s = _unix_s(np.array([_float(row.get("time", ""))]))
        if unix_s is not None:
            marks.append((float(unix_s[0]), row.get("text", "").strip() or None))
    marks.sort(key=lambda mark: mark[0])
    known = [part.columns.unix_s[np.isfinite(part.columns.unix_s)] for part in parts]
    end_s = max((float(clock.max()) for clock in known if len(clock)), default=0.0)
    until = [start for start, _ in marks[1:]] + [max(end_s, marks[-1][0])] if marks else []
    return [
        Stretch(start, end, {"name": text}) for (start, text), end in zip(marks, until, strict=True)
    ]


def _start_s(log: _Log) -> float | None:
    """When the recording was started, Unix time: as the metadata or any table say. [s]"""
    unix_s = _unix_s(np.array([_float(log.metadata.get("recording epoch time", ""))]))
    if unix_s is not None:
        return float(unix_s[0])
    for table in log.tables.values():
        unix_s, elapsed_s = _unix_s(table.get("time")), table.get(*_CLOCKS)
        if unix_s is not None and elapsed_s is not None:
            start_s = phone_tables.middle(unix_s - elapsed_s)
            if np.isfinite(start_s):
                return start_s
    return None


def _utc_offset_s(metadata: Mapping[str, str], start_s: float | None) -> float | None:
    from zoneinfo import ZoneInfo

    zone = metadata.get("recording timezone", "")
    if not zone or start_s is None:
        return None
    try:
        offset = datetime.fromtimestamp(start_s, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError, OverflowError):
        return None  # a zone that this computer does not know
    return offset.total_seconds() if offset is not None else None


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
