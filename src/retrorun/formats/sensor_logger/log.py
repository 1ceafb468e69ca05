"""An export of Sensor Logger, whatever its form, as one log: a table a sensor, and words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from retrorun.errors import Unreadable
from retrorun.formats import phone_tables
from retrorun.formats.phone_tables import Numbers, Table
from retrorun.formats.sources import Limits, Source
from retrorun.recording import Problem

#: Names of sensors as the app writes them, in lower case: what is read, and in which order it
#: is looked for in a file's name (`Back0626WristMotion.csv`).
READ = (
    "totalacceleration", "accelerometeruncalibrated", "accelerometer", "gravity",
    "gyroscopeuncalibrated", "gyroscope", "magnetometeruncalibrated", "magnetometer",
    "orientation", "watchlocation", "location", "compass", "heartrate", "wristmotion",
)  # fmt: skip

#: Tables of words.
METADATA, ANNOTATION = "metadata", "annotation"

#: Columns of vectors, and of orientations, which turn the sensor to the world.
AXES = ("x", "y", "z")
QUATERNION = ("qx", "qy", "qz", "qw")

#: Columns without which a table is of no use, where they are not x, y and z.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "orientation": QUATERNION,
    "location": ("latitude", "longitude"),
    "watchlocation": ("latitude", "longitude"),
    "heartrate": ("bpm",),
    "compass": ("magneticbearing",),
    "wristmotion": (),
}

#: Cells of the first line that only this app writes.
CLOCKS = ("seconds_elapsed", "secondselapsed")


@dataclass(slots=True)
class Log:
    """Everything an export holds, whatever its form."""

    tables: dict[str, Table] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    annotations: list[dict[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unused: set[str] = field(default_factory=set)


def sensor_of(file: str) -> str:
    """`Accelerometer.csv`, `walk_Accelerometer.csv` -> `accelerometer`; else the stem."""
    stem = PurePosixPath(file).stem.lower()
    known = (*READ, METADATA, ANNOTATION)
    if stem in known or "watch" in stem or "headphone" in stem:
        return stem
    return next((name for name in known if stem.endswith(name)), stem)


def lower_case(table: Table) -> Table:
    """The same table with names in lower case: the app has written both."""
    return Table(table.where, {name.lower(): column for name, column in table.columns.items()})


def add_words(source: Source, sensor: str, log: Log) -> None:
    """Put annotations or metadata into the log; a damaged file becomes a problem."""
    try:
        rows = phone_tables.read_words(source)
    except Unreadable as error:
        log.problems.append(phone_tables.unread(source, error))
        return
    if sensor == ANNOTATION:
        log.annotations = rows
    elif rows:
        log.metadata = {key.lower(): value.strip() for key, value in rows[0].items()}


def add_combined(table: Table, log: Log) -> None:
    """The combined CSV as one table a sensor; columns are `<sensor>_<column>`."""
    groups: dict[str, dict[str, Numbers]] = {}
    shared = {}
    for name, column in table.columns.items():
        if name in CLOCKS or name == "time":
            shared["time" if name == "time" else "seconds_elapsed"] = column
        elif "_" in name:
            sensor, _, part = name.partition("_")
            groups.setdefault(sensor, {})[part] = column
    for sensor, columns in groups.items():
        held = np.any(~np.isnan(np.column_stack(list(columns.values()))), axis=1)
        if sensor not in READ:
            log.unused.add(sensor)
        elif np.any(held):
            own = Table(f"{sensor} in {table.where}", shared | columns)
            log.tables[sensor] = own.where_true(np.asarray(held))


def add_json(source: Source, log: Log, *, limits: Limits) -> None:
    """The JSON export: a list of flat objects, one a sample, every value a text."""
    text = phone_tables.text_of(source.read(limit_bytes=limits.xml_bytes))
    samples: dict[str, list[dict[str, Any]]] = {}
    for row in _objects(text, source, log):
        samples.setdefault(str(row.get("sensor", "")).lower(), []).append(row)
    for sensor, rows in samples.items():
        if sensor == METADATA:
            log.metadata = {key.lower(): str(value) for key, value in rows[0].items()}
        elif sensor == ANNOTATION:
            log.annotations = [{key: str(value) for key, value in row.items()} for row in rows]
        elif sensor in READ:
            names = {name for row in rows[:100] for name in row} - {"sensor"}
            columns = {n.lower(): _floats([row.get(n) for row in rows]) for n in sorted(names)}
            log.tables[sensor] = Table(f"{sensor} in {source.file}", columns)
        else:
            log.unused.add(sensor)


def _objects(text: str, source: Source, log: Log) -> list[dict[str, Any]]:
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
    return np.array([float_of(value) for value in values], dtype=np.float64)


def float_of(value: object) -> float:
    """A number out of a cell of words; NaN where it is none."""
    try:
        return float(value) if isinstance(value, (str, int, float)) and value != "" else np.nan
    except ValueError:
        return np.nan


def drop_incomplete(log: Log) -> None:
    """Tables that lack one of their columns are no sensors."""
    for sensor, table in list(log.tables.items()):
        missing = [name for name in _NEEDED.get(sensor, AXES) if table.get(name) is None]
        if missing:
            del log.tables[sensor]
            log.problems.append(
                Problem(f"no column {', '.join(missing)}", table.where, "sensor left out")
            )
