"""phyphox (RWTH Aachen), the physics app: zip or folder of CSV tables, or one of them.

A table is one sensor or several, its header like `"Time (s)","Acceleration x (m/s^2)"`; separator
and decimal mark are the user's choice. Times count from the start of the experiment and stand
still while it is paused; `meta/time.csv` says what time of day that was. On iOS and Android alike
accelerations point the way of a specific force, and orientations turn to x east, y north, z up
(the app converts them: its ExperimentSensorInput). `Linear Acceleration` is without gravity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats import phone_tables
from retrorun.formats.assemble import Columns, Stretch, assemble
from retrorun.formats.phone_tables import Numbers, Table
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Device, Problem, Recording

NAME = "phyphox"

_HEADER = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]")
_AXIS = re.compile(r"(?:^|[\s_-])([xyz])(?:$|[\s_-])")

#: Units as they are written -> kind of vector, and what makes it SI.
_VECTOR_UNITS: Mapping[str, tuple[str, float]] = {
    "m/s^2": ("acceleration", 1.0), "m/s2": ("acceleration", 1.0), "ms^-2": ("acceleration", 1.0),
    "rad/s": ("gyroscope", 1.0), "°/s": ("gyroscope", np.pi / 180),
    "deg/s": ("gyroscope", np.pi / 180), "µt": ("magnetometer", 1.0),
    "μt": ("magnetometer", 1.0), "ut": ("magnetometer", 1.0),
}  # fmt: skip
_WITHOUT_GRAVITY = re.compile(r"lin[eé]a|liniow|линейн|(?:without|ohne|sans|sin|senza|zonder) g")
_ONLY_GRAVITY = re.compile(r"(?<!with )(?<!mit )(?<!avec )(?:gravi|schwer|zwaarte|重力)")

#: First letters of a column's name in the languages of the app -> what it is, first match wins;
#: an empty channel is known and of no use.
_SCALARS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("abs", "betrag", "vertical", "vertikale", "satellit"), ""),
    (("horizontal", "accuracy", "genauigkeit"), "position_accuracy_m"),
    (("lat", "breit", "szer"), "latitude_deg"),
    (("lon", "läng", "laeng", "dług"), "longitude_deg"),
    (("height", "alt", "höhe", "hoehe", "hauteur", "quota", "elev", "hoogte"), "altitude_m"),
    (("veloc", "speed", "geschw", "vitesse", "snelh"), "speed_m_s"),
    (("direc", "richt", "direz", "course", "bearing"), "course_deg"),
)  # fmt: skip
_CHANNELS = {"gyroscope": "phone_gyro_rad_s", "magnetometer": "phone_mag_ut"}
_QUATERNION = ("x", "y", "z", "w")


@dataclass(slots=True)
class _Sheet:
    """One table, and what its columns are."""

    table: Table
    time_s: Numbers
    vectors: dict[str, Numbers] = field(default_factory=dict)  #: kind -> (n, axes), SI
    scalars: dict[str, Numbers] = field(default_factory=dict)  #: channel -> (n,)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """Which columns of a table are what."""

    time: tuple[str, float] | None
    vectors: Mapping[str, Mapping[str, tuple[str, float]]]  #: kind -> axis -> column, scale
    scalars: Mapping[str, tuple[str, float]]
    unknown: tuple[str, ...]

    @property
    def useful(self) -> bool:
        complete = any(set(axes) >= set("xyz") for axes in self.vectors.values())
        place = {"latitude_deg", "longitude_deg"} <= set(self.scalars)
        return self.time is not None and (complete or place)


def recognises(head: bytes) -> bool:
    """A table whose first line has a time in seconds and a vector or a position with units."""
    return _meaning(phone_tables.header(head), stem="").useful


def claims(tree: Tree) -> Set[str]:
    """The tables of one experiment and what is told of them in `meta/`."""
    tables = {n: s for n, s in tree.members.items() if "/" not in n and _is_table(n)}
    if not phone_tables.any_recognised(recognises, tables.values()):
        return set()
    return set(tables) | {name for name in tree.members if name.startswith("meta/")}


def _is_table(name: str) -> bool:
    return name.lower().endswith((".csv", ".txt", ".tsv"))


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    sheet = _sheet(phone_tables.read_table(source, limits=limits))
    yield _recording([sheet], _Meta(), [], name=source.name)


def read_folder(tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    wanted = {
        name: source for name, source in tree.members.items() if "/" not in name and _is_table(name)
    }
    tables, problems = phone_tables.read_tables(wanted, limits=limits)
    meta, lost = _meta(tree)
    sheets = [_sheet(table) for table in tables.values()]
    yield _recording(sheets, meta, [*problems, *lost], name=tree.name)


# Columns.


def _meaning(names: Iterable[str], *, stem: str) -> _Meaning:
    time = None
    vectors: dict[str, dict[str, tuple[str, float]]] = {}
    scalars: dict[str, tuple[str, float]] = {}
    unknown = []
    for column in names:
        name, unit = _parts(column)
        axis = _AXIS.search(name)
        if time is None and unit in ("s", "ms") and axis is None:
            time = (column, 1e-3 if unit == "ms" else 1.0)
        elif axis is not None and unit is not None and unit in _VECTOR_UNITS:
            kind, scale = _VECTOR_UNITS[unit]
            if kind == "acceleration":
                kind = _kind_of_acceleration(name, stem=stem)
            vectors.setdefault(kind, {}).setdefault(axis[1], (column, scale))
        elif unit is None and name in _QUATERNION:
            vectors.setdefault("orientation", {})[name] = (column, 1.0)
        elif (channel := _scalar(name)) is not None and axis is None:
            if channel:
                scalars.setdefault(channel, (column, 1 / 3.6 if unit == "km/h" else 1.0))
        else:
            unknown.append(column)
    if set(vectors.get("orientation", ())) != set(_QUATERNION):
        unknown += [column for column, _ in vectors.pop("orientation", {}).values()]
    return _Meaning(time, vectors, scalars, tuple(unknown))


def _parts(column: str) -> tuple[str, str | None]:
    """`Acceleration x (m/s²)` -> `acceleration x`, `m/s^2`; no unit is None."""
    match = _HEADER.fullmatch(column.strip())
    if match is None:
        return column.strip().lower(), None
    unit = match["unit"].strip().lower().replace("²", "^2").replace(" ", "").replace("·", "")
    return match["name"].strip().lower(), unit


def _kind_of_acceleration(name: str, *, stem: str) -> str:
    """With gravity, without it, or only it; a bare `X (m/s^2)` is what its file is called."""
    told = stem.lower() if name in _QUATERNION else name
    if _WITHOUT_GRAVITY.search(told):
        return "linear"
    return "gravity" if _ONLY_GRAVITY.search(told) else "acceleration"


def _scalar(name: str) -> str | None:
    return next((channel for firsts, channel in _SCALARS if name.startswith(firsts)), None)


def _sheet(table: Table) -> _Sheet:
    meaning = _meaning(table.columns, stem=PurePosixPath(table.where).stem)
    time = table.get(meaning.time[0]) if meaning.time else None
    if meaning.time is None or time is None:
        return _Sheet(table, np.full(table.rows, np.nan), unknown=list(table.columns))
    time_s = time * meaning.time[1]
    # Shorter columns are padded with NaN below.
    held = np.isfinite(time_s)
    table, time_s = table.where_true(held), time_s[held]
    sheet = _Sheet(table, time_s, unknown=list(meaning.unknown))
    for kind, axes in meaning.vectors.items():
        order = _QUATERNION if kind == "orientation" else "xyz"
        vectors = table.vectors(*(axes[a][0] for a in order)) if set(order) <= set(axes) else None
        if vectors is None:
            sheet.unknown += [column for column, _ in axes.values()]
        else:
            sheet.vectors[kind] = vectors * axes["x"][1]
    for channel, (name, scale) in meaning.scalars.items():
        column = table.get(name)
        if column is not None:
            sheet.scalars[channel] = column * scale
    return sheet


# The clock, and what it was that recorded.


@dataclass(slots=True)
class _Meta:
    """Moments at which the experiment was started and paused, and the device."""

    starts: list[tuple[float, float]] = field(default_factory=list)  #: experiment s, Unix s
    pauses: list[Stretch] = field(default_factory=list)
    utc_offset_s: float | None = None
    device: Device = field(default_factory=Device)

    def unix_s(self, time_s: Numbers) -> Numbers:
        """Experiment time, which stands still in a pause, as Unix time."""
        if not self.starts:
            return phone_tables.believable(time_s)
        experiment, unix = np.array(self.starts).T
        at = np.clip(np.searchsorted(experiment, time_s, side="right") - 1, 0, None)
        return phone_tables.believable(unix[at] + (time_s - experiment[at]))


def _meta(tree: Tree) -> tuple[_Meta, list[Problem]]:
    meta, problems = _Meta(), []
    for name, use in (("meta/time.csv", _use_times), ("meta/device.csv", _use_device)):
        source = tree.members.get(name)
        if source is None:
            continue
        try:
            use(phone_tables.read_words(source), meta)
        except Unreadable as error:
            problems.append(phone_tables.unread(source, error))
    if not meta.starts:
        problems.append(
            Problem("no start in meta/time.csv", tree.name, "pauses unknown, if there were any")
        )
    return meta, problems


def _use_times(rows: list[dict[str, str]], meta: _Meta) -> None:
    paused_unix_s = None
    for row in rows:
        experiment_s = _number(row.get("experiment time"))
        unix_s = _number(row.get("system time"))
        if experiment_s is None or unix_s is None or not 0 < unix_s < phone_tables.LAST_MOMENT_S:
            continue
        event = row.get("event", "").upper()
        if event == "START":
            if meta.starts and experiment_s < meta.starts[-1][0]:
                continue
            meta.starts.append((experiment_s, unix_s))
            if paused_unix_s is not None:
                meta.pauses.append(Stretch(paused_unix_s, unix_s))
            paused_unix_s = None
        elif event == "PAUSE":
            paused_unix_s = unix_s
        offset_s = _utc_offset_s(row.get("system time text", ""))
        meta.utc_offset_s = offset_s if meta.utc_offset_s is None else meta.utc_offset_s


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").strip().replace(",", "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _utc_offset_s(text: str) -> float | None:
    """`… UTC+02:00` -> 7200."""
    match = re.search(r"UTC\s*(?:([+-])(\d{2}):?(\d{2})|Z)", text)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 3600.0 + int(minutes) * 60.0) if sign else 0.0


def _use_device(rows: list[dict[str, str]], meta: _Meta) -> None:
    facts = {row.get("property", ""): row.get("value", "").strip() for row in rows}
    maker = facts.get("deviceManufacturer") or facts.get("deviceBrand")
    meta.device = Device(maker or None, facts.get("deviceModel") or None)


# The recording.


def _recording(
    sheets: list[_Sheet], meta: _Meta, problems: list[Problem], *, name: str
) -> Recording:
    found = list(problems)
    columns = [
        *_force(sheets, meta, found),
        *_vectors(sheets, meta, found),
        *(_columns(s, meta, dict(s.scalars)) for s in sheets if s.scalars),
    ]
    if not columns:
        raise _nothing(found, name)
    unknown = [f"{column} in {s.table.where}" for s in sheets for column in s.unknown]
    found += phone_tables.left_out(unknown, what="columns that retrorun does not use")
    return assemble(
        columns=columns,
        problems=found,
        start_unix_s=meta.starts[0][1] if meta.starts else 0.0,
        pauses=meta.pauses,
        utc_offset_s=meta.utc_offset_s,
        device=meta.device,
        file=PurePosixPath(name).name,
        format=NAME,
    )


def _nothing(problems: list[Problem], name: str) -> Unreadable:
    if not problems:
        return NotAnActivity(name, "a phyphox table without movement or position")
    what = "; ".join(f"{problem.what} ({problem.where})" for problem in problems[:4])
    return Unreadable(
        name,
        f"nothing of this phyphox export is usable: {what}",
        "acceleration with gravity, rotation or a position",
        "Record with “Acceleration (with g)”, “Gyroscope” or “Location”, and export CSV.",
    )


def _columns(sheet: _Sheet, meta: _Meta, values: dict[str, NDArray[np.floating]]) -> Columns:
    return Columns(meta.unix_s(sheet.time_s), values, what=f"rows of {sheet.table.where}")


def _longest(
    sheets: list[_Sheet], kind: str, problems: list[Problem]
) -> tuple[_Sheet, Numbers] | None:
    """Of several tables with the same kind of vector the longest."""
    given = [(sheet, sheet.vectors[kind]) for sheet in sheets if kind in sheet.vectors]
    if not given:
        return None
    best = max(given, key=lambda pair: len(pair[1]))
    others = [sheet.table.where for sheet, _ in given if sheet is not best[0]]
    if others:
        problems.append(Problem(f"{kind} given more than once", ", ".join(others), "left out"))
    return best


def _force(sheets: list[_Sheet], meta: _Meta, problems: list[Problem]) -> Iterator[Columns]:
    """The specific force: measured with gravity, or put together from the two parts."""
    total = _longest(sheets, "acceleration", problems)
    linear = _longest(sheets, "linear", problems)
    gravity = _longest(sheets, "gravity", problems)
    if total is not None:
        size = phone_tables.steady_size(total[0].time_s, total[1])
        if not size > phone_tables.GRAVITY_INCLUDED_M_S2:
            linear, total = total, None
    if total is None and linear is not None and gravity is not None:
        sheet, values = linear
        pull = phone_tables.at_times(gravity[0].time_s, gravity[1], sheet.time_s)
        total = sheet, values + pull
    if total is not None:
        values_32 = phone_tables.single(total[1])
        yield _columns(total[0], meta, {"phone_acc_m_s2": values_32})
    elif linear is not None:
        problems.append(
            Problem(
                "acceleration without gravity",
                linear[0].table.where,
                "left out: the direction of gravity is unknown",
            )
        )


def _vectors(sheets: list[_Sheet], meta: _Meta, problems: list[Problem]) -> Iterator[Columns]:
    for kind, channel in (*_CHANNELS.items(), ("orientation", "phone_orientation")):
        found = _longest(sheets, kind, problems)
        if found is not None:
            sheet, values = found
            yield _columns(sheet, meta, {channel: phone_tables.single(values)})
