"""Apple Health export: `export.xml` of any size, and the routes beside it.

The file lists millions of records, then the workouts, so it is streamed twice: first for the
workouts, then for the records that fall into one. Nothing else is kept. Each workout is one
recording: heart rate and running dynamics from the records, positions from
`workout-routes/*.gpx`. The file is named in the phone's language; its twin keeps the ending
`_cda.xml`. Its document type is left unread: the one of iOS 16 is malformed.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats import xml
from retrorun.formats.assemble import Columns, Stretch, assemble
from retrorun.formats.phone_tables import any_recognised
from retrorun.formats.sources import MB, Limits, Source, Tree
from retrorun.recording import Device, DeviceTotals, Problem, Recording

NAME = "Apple Health"

_TYPE = "HKQuantityTypeIdentifier"

#: Records of a workout -> channel, and the units they come in with what makes them ours.
_QUANTITIES: Mapping[str, tuple[str, Mapping[str, float]]] = {
    f"{_TYPE}HeartRate": ("heart_rate_bpm", {"count/min": 1.0, "count/s": 60.0}),
    f"{_TYPE}RunningSpeed": (
        "speed_m_s", {"m/s": 1.0, "km/hr": 1 / 3.6, "km/h": 1 / 3.6, "mi/hr": 0.44704}
    ),
    f"{_TYPE}RunningPower": ("power_w", {"W": 1.0, "kW": 1e3}),
    f"{_TYPE}RunningGroundContactTime": ("contact_time_s", {"ms": 1e-3, "s": 1.0}),
    f"{_TYPE}RunningVerticalOscillation": (
        "vertical_oscillation_m", {"cm": 0.01, "m": 1.0, "mm": 1e-3, "in": 0.0254}
    ),
    # What Apple calls the stride of a runner is the distance of a single step.
    f"{_TYPE}RunningStrideLength": (
        "step_length_m", {"m": 1.0, "cm": 0.01, "ft": 0.3048, "in": 0.0254}
    ),
    f"{_TYPE}StepCount": ("cadence_steps_min", {"count": 1.0}),
    f"{_TYPE}DistanceWalkingRunning": (
        "distance_m", {"m": 1.0, "km": 1e3, "mi": 1609.344, "ft": 0.3048, "yd": 0.9144}
    ),
}  # fmt: skip
_LENGTHS = {**_QUANTITIES[f"{_TYPE}DistanceWalkingRunning"][1], "cm": 0.01}
_DURATIONS_S = {"min": 60.0, "s": 1.0, "sec": 1.0, "hr": 3600.0}
_ENERGIES_KCAL = {"kcal": 1.0, "Cal": 1.0, "kJ": 1 / 4.184, "J": 1 / 4184.0, "cal": 1e-3}

#: Times have whole seconds, so an interval may stick out by one at either end. [s]
_ROUNDED_S = 1.0
#: Steps are counted over at least so long for a cadence: rounding then costs below 4 %. [s]
_CADENCE_OVER_S = 30.0

_CHUNK_BYTES = 1 << 18
#: The document type is a few kilobytes before the first record.
_HEAD_BYTES = MB
#: Characters that XML forbids; iOS 16 writes some of them into names.
_CONTROL = bytes(set(range(32)) - {9, 10, 13})

_ROOT = re.compile(rb"<(?:!DOCTYPE\s+)?HealthData\b")


def recognises(head: bytes) -> bool:
    """By its first element or, as the document type is long, by the name of that."""
    return _ROOT.search(head.replace(b"\0", b"")) is not None


def claims(tree: Tree) -> Set[str]:
    """The export's file, known by its content, its clinical twin and the routes beside it."""
    files = {n: s for n, s in tree.members.items() if "/" not in n and n.lower().endswith(".xml")}
    if not any_recognised(recognises, files.values()):
        return set()
    return set(files) | {name for name in tree.members if name.startswith("workout-routes/")}


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """The export file without the folder it lies in: all but the routes."""
    yield from _recordings(source, Tree(source.name), limits=limits)


def read_folder(tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    """Every workout of the export, with its route."""
    yield from _recordings(_main_file(tree), tree, limits=limits)


def _main_file(tree: Tree) -> Source:
    failure = None
    for name, source in tree.members.items():
        if "/" in name or not name.lower().endswith(".xml") or name.lower().endswith("_cda.xml"):
            continue
        try:
            if recognises(source.head()):
                return source
        except Unreadable as error:
            failure = error
    raise failure or NotAnActivity(tree.name, "a folder without the file of an Apple Health export")


def _recordings(source: Source, tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    workouts = _Workouts()
    problems = _stream(source, workouts, limit_bytes=limits.health_export_bytes)
    found = sorted(workouts.found, key=lambda workout: workout.start_s)
    if workouts.without_time:
        problems.append(
            Problem("workouts without start and end", f"{workouts.without_time}", "left out")
        )
    if not found:
        raise _no_workout(source, problems)
    _stream(source, _Records(found), limit_bytes=limits.health_export_bytes)
    while found:
        # Each is let go once it was given, so that a long export does not pile up.
        yield _recording(found.pop(0), source, tree, problems=problems, limits=limits)


def _no_workout(source: Source, problems: list[Problem]) -> Unreadable:
    if not problems:
        return NotAnActivity(source.name, "an Apple Health export without a workout")
    first = problems[0]
    return Unreadable(
        source.name,
        f"no workout found; {first.what} ({first.where})",
        "a whole export: workouts are at its end",
        "Export it again from the Health app.",
    )


# Streaming.


def _stream(source: Source, target: Any, *, limit_bytes: int) -> list[Problem]:
    """Feed the file to a target with `start` and `end`, and say what was wrong with it."""
    from lxml import etree

    parser = etree.XMLParser(
        target=target, recover=True, resolve_entities=False, no_network=True, load_dtd=False
    )
    problems: list[Problem] = []
    try:
        for chunk in _chunks(source, problems, limit_bytes=limit_bytes):
            parser.feed(chunk)
        parser.close()
    except etree.XMLSyntaxError as error:
        problems.append(Problem("damaged XML", str(error), "read as far as it goes"))
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        problems.append(Problem("damaged archive", str(error), "read as far as it goes"))
    except (OSError, RuntimeError, NotImplementedError) as error:
        raise Unreadable(
            source.name, f"cannot be read ({error})", "an intact export", "Copy it again."
        ) from None
    errors = list(parser.feed_error_log)
    if errors and not problems:
        where = f"line {errors[0].line}: {errors[0].message.strip()}"
        problems.append(Problem("damaged XML", where, "read as far as it goes"))
    return problems


def _chunks(source: Source, problems: list[Problem], *, limit_bytes: int) -> Iterator[bytes]:
    """The file without its document type and without characters that XML forbids."""
    given = 0
    with source.open() as stream:
        head = b""
        while b"<HealthData" not in head and len(head) < _HEAD_BYTES:
            chunk = stream.read(_CHUNK_BYTES)
            if not chunk:
                break
            head += chunk
        chunk = _without_document_type(head, problems)
        while chunk:
            given += len(chunk)
            if given > limit_bytes:
                raise source.too_large(limit_bytes)
            yield chunk.translate(None, _CONTROL)
            chunk = stream.read(_CHUNK_BYTES)


def _without_document_type(head: bytes, problems: list[Problem]) -> bytes:
    begin, end = head.find(b"<!DOCTYPE"), head.find(b"<HealthData")
    if not 0 <= begin < end:
        return head
    if b"<!ENTITY" in head[begin:end]:
        problems.append(
            Problem("the file defines XML entities", "its head", "left unresolved, for safety")
        )
    return head[:begin] + head[end:]


@dataclass(slots=True)
class _Series:
    """Samples of one quantity from one source: from, until, value."""

    start_s: array[float] = field(default_factory=lambda: array("d"))
    end_s: array[float] = field(default_factory=lambda: array("d"))
    value: array[float] = field(default_factory=lambda: array("d"))

    def add(self, start_s: float, end_s: float, value: float) -> None:
        self.start_s.append(start_s)
        self.end_s.append(end_s)
        self.value.append(value)

    def sorted(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        start_s, end_s, value = (np.array(a) for a in (self.start_s, self.end_s, self.value))
        order = np.argsort(start_s, kind="stable")
        return start_s[order], end_s[order], value[order]


@dataclass(slots=True, eq=False)
class _Workout:
    """What the export says of one workout, and the records that fall into it."""

    facts: dict[str, str]
    start_s: float
    end_s: float
    metadata: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, str]] = field(default_factory=list)
    statistics: list[dict[str, str]] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    points: list[dict[str, str]] = field(default_factory=list)
    samples: dict[str, dict[str, _Series]] = field(default_factory=dict)  #: channel -> source
    strange_units: set[str] = field(default_factory=set)


class _Workouts:
    """First pass: the workouts, from the parser's `start` and `end` of elements."""

    def __init__(self) -> None:
        self.found: list[_Workout] = []
        self.without_time = 0
        self._now: _Workout | None = None
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Workout":
            self._open(dict(attributes))
        elif self._now is not None:
            self._depth += 1
            self._add(tag, attributes)

    def end(self, tag: str) -> None:
        if tag == "Workout":
            self._now = None
        elif self._now is not None:
            self._depth -= 1

    def close(self) -> None:
        """Asked for by the parser; nothing to finish."""

    def _open(self, facts: dict[str, str]) -> None:
        start_s, end_s = unix_s(facts.get("startDate")), unix_s(facts.get("endDate"))
        self._depth = 0
        if not start_s <= end_s:
            self.without_time += 1
            self._now = None
            return
        self._now = _Workout(facts, start_s, end_s)
        self.found.append(self._now)

    def _add(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A child of the workout itself, or of its route; parts of a multisport are skipped."""
        now = self._now
        if now is None:
            return
        if self._depth == 1 and tag == "MetadataEntry":
            now.metadata[attributes.get("key", "")] = attributes.get("value", "")
        elif self._depth == 1 and tag == "WorkoutEvent":
            now.events.append(dict(attributes))
        elif self._depth == 1 and tag == "WorkoutStatistics":
            now.statistics.append(dict(attributes))
        elif tag == "FileReference":
            now.routes.append(attributes.get("path", ""))
        elif tag == "Location":
            now.points.append(dict(attributes))


class _Records:
    """Second pass: the records that lie within a workout; the rest is not kept."""

    def __init__(self, workouts: list[_Workout]) -> None:
        self._workouts = workouts  # by their start
        self._starts = [workout.start_s - _ROUNDED_S for workout in workouts]
        #: The latest end of this workout and all before it: where the search may stop.
        self._ends = list(accumulate((w.end_s + _ROUNDED_S for w in workouts), max))

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag != "Record":
            return
        known = _QUANTITIES.get(attributes.get("type", ""))
        if known is None:
            return
        start_s = unix_s(attributes.get("startDate"))
        last = bisect_right(self._starts, start_s) - 1  # no workout holds a NaN
        if last < 0 or not start_s <= self._ends[last]:
            return
        end_s = unix_s(attributes.get("endDate"))
        end_s = end_s if end_s >= start_s else start_s
        for index in range(last, -1, -1):
            if self._ends[index] < start_s:
                break
            if end_s <= self._workouts[index].end_s + _ROUNDED_S:
                _keep(self._workouts[index], known, attributes, start_s, end_s)

    def end(self, tag: str) -> None:
        """Nothing: every fact of a record is an attribute."""

    def close(self) -> None:
        """Asked for by the parser; nothing to finish."""


def _keep(
    workout: _Workout,
    known: tuple[str, Mapping[str, float]],
    attributes: Mapping[str, str],
    start_s: float,
    end_s: float,
) -> None:
    channel, units = known
    unit = attributes.get("unit", "")
    if unit not in units:
        workout.strange_units.add(f"{channel} in “{unit[:20]}”")
        return
    value = xml.number(attributes.get("value"))
    if np.isfinite(value):
        sources = workout.samples.setdefault(channel, {})
        series = sources.setdefault(attributes.get("sourceName", ""), _Series())
        series.add(start_s, end_s, value * units[unit])


#: Local midnights already worked out: `2024-05-01`, ` +0200` -> Unix time.
_MIDNIGHTS: dict[tuple[str, str], float] = {}


def unix_s(text: str | None) -> float:
    """Unix time of `2024-05-01 10:00:00 +0200`, the way the export writes it; else NaN. [s]

    >>> unix_s("2024-05-01 10:00:00 +0200")
    1714550400.0
    """
    if text is None:
        return np.nan
    key = text[:10], text[19:]
    try:
        if key not in _MIDNIGHTS:
            if len(_MIDNIGHTS) > 100_000:
                _MIDNIGHTS.clear()
            _MIDNIGHTS[key] = xml.moment(f"{key[0]}T00:00:00{key[1].strip()}")
        return _MIDNIGHTS[key] + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
    except ValueError:
        return xml.moment(text)


# One workout.


def _recording(
    workout: _Workout, source: Source, tree: Tree, *, problems: list[Problem], limits: Limits
) -> Recording:
    found = list(problems)
    place = _place(workout, tree, found, limits=limits)
    columns = [part for part in (place,) if part is not None]
    given = set(place.values) if place is not None else set()
    for channel in sorted(workout.samples):
        if channel in given:
            continue  # the route has it once a second
        part = _samples(workout, channel, found)
        columns += [part] if part is not None else []
    if workout.strange_units:
        units = ", ".join(sorted(workout.strange_units)[:5])
        found.append(Problem("unknown units", units, "left out"))
    if not columns:
        found.append(Problem("a workout without samples", "whole workout", "only its totals"))
    return assemble(
        columns=columns,
        problems=found,
        start_unix_s=workout.start_s,
        pauses=_pauses(workout),
        laps=_laps(workout),
        utc_offset_s=_utc_offset_s(workout),
        sport=_sport(workout.facts.get("workoutActivityType", "")),
        device=_device(workout.facts.get("device", "")),
        totals=_totals(workout),
        file=source.file,
        format=NAME,
    )


def _samples(workout: _Workout, channel: str, problems: list[Problem]) -> Columns | None:
    """The series of the source that recorded the workout, else of the busiest one."""
    sources = workout.samples[channel]
    own = workout.facts.get("sourceName", "")
    best = own if own in sources else max(sources, key=lambda name: len(sources[name].value))
    others = sum(len(series.value) for name, series in sources.items() if name != best)
    if others:
        problems.append(
            Problem(
                f"{channel} from several sources",
                f"{others} samples of {len(sources) - 1} others",
                "left out: they would count twice",
            )
        )
    start_s, end_s, value = sources[best].sorted()
    times_s: NDArray[np.float64] = (start_s + end_s) / 2
    if channel == "cadence_steps_min":
        times_s, value = _cadence(start_s, end_s, value)
    elif channel == "distance_m":
        times_s = np.concatenate([start_s[:1], np.maximum.accumulate(end_s)])
        value = np.concatenate([[0.0], np.cumsum(value)])
    values: dict[str, NDArray[np.floating]] = {channel: value}
    return Columns(times_s, values, what=f"{channel} records") if len(times_s) else None


def _cadence(
    start_s: NDArray[np.float64], end_s: NDArray[np.float64], steps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Steps a minute over unbroken stretches of counts, long enough for whole seconds."""
    times_s, cadence = [], []
    begin_s, counted = np.nan, 0.0
    until_s = np.nan
    for start, end, count in zip(start_s.tolist(), end_s.tolist(), steps.tolist(), strict=True):
        if not abs(start - until_s) <= _ROUNDED_S:
            begin_s, counted = start, 0.0
        until_s, counted = end, counted + count
        if until_s - begin_s >= _CADENCE_OVER_S:
            times_s.append((begin_s + until_s) / 2)
            cadence.append(60.0 * counted / (until_s - begin_s))
            begin_s, counted = until_s, 0.0
    return np.array(times_s), np.array(cadence)


# Positions.

_POINT: Mapping[str, tuple[str, ...]] = {
    "latitude_deg": ("lat", "latitude"),
    "longitude_deg": ("lon", "longitude"),
    "altitude_m": ("ele", "altitude"),
    "speed_m_s": ("speed",),
    "course_deg": ("course",),
    "position_accuracy_m": ("hAcc", "horizontalAccuracy"),
}
#: Negative where the phone did not know.
_NEVER_NEGATIVE = {"speed_m_s", "course_deg", "position_accuracy_m"}


def _place(
    workout: _Workout, tree: Tree, problems: list[Problem], *, limits: Limits
) -> Columns | None:
    """Points of all routes of the workout; exports of before iOS 13 have them in the XML."""
    points = list(workout.points)
    for path in workout.routes:
        route = tree.members.get(path.lstrip("/"))
        if route is None:
            where = path or "its file is not named"
            problems.append(Problem("route not in the export", where, "positions unknown"))
            continue
        try:
            root, forgiven = xml.parse(route, limit_bytes=limits.xml_bytes)
        except Unreadable as error:
            problems.append(Problem("route could not be read", f"{path}: {error.found}", "lost"))
            continue
        problems += forgiven
        points += _track_points(root)
    if not points:
        return None
    times_s = np.array([_time_of(point) for point in points])
    if not _within(times_s, workout):
        problems.append(
            Problem("route with times outside its workout", f"{len(points)} points", "left out")
        )
        return None
    values: dict[str, NDArray[np.floating]] = {}
    for channel, names in _POINT.items():
        column = xml.numbers([next((p[n] for n in names if n in p), None) for p in points])
        if channel in _NEVER_NEGATIVE:
            column = np.where(column < 0, np.nan, column)
        if not np.all(np.isnan(column)):
            values[channel] = column
    return Columns(times_s, values, what="points of the route")


def _track_points(root: xml.Element) -> Iterator[dict[str, str]]:
    for element in root.iter("{*}trkpt"):
        point = {"lat": element.get("lat", ""), "lon": element.get("lon", "")}
        for part in element.iterdescendants():
            if part.text:
                point.setdefault(xml.local(part.tag), part.text.strip())
        yield point


def _time_of(point: Mapping[str, str]) -> float:
    return xml.moment(point["time"]) if "time" in point else unix_s(point.get("date"))


def _within(times_s: NDArray[np.float64], workout: _Workout) -> bool:
    """Some exports stamp every point with the moment of the export."""
    known = times_s[np.isfinite(times_s)]
    inside = (known > workout.start_s - 600.0) & (known < workout.end_s + 600.0)
    return len(known) > 0 and bool(np.count_nonzero(inside) > len(known) / 2)


# Facts.


def _pauses(workout: _Workout) -> list[Stretch]:
    """Pauses by hand and by the watch itself, joined where they overlap."""
    spans = []
    for begin, end in (("Pause", "Resume"), ("MotionPaused", "MotionResumed")):
        since: float | None = None
        for when_s, kind, _ in _events(workout):
            if kind == begin and since is None:
                since = when_s
            elif kind == end and since is not None:
                spans.append((since, when_s))
                since = None
        if since is not None and since < workout.end_s:
            spans.append((since, workout.end_s))
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end_s)
        else:
            joined.append((start_s, end_s))
    return [Stretch(start_s, end_s) for start_s, end_s in joined]


def _events(workout: _Workout) -> list[tuple[float, str, float]]:
    """When, what, how long, in the order of time."""
    found = []
    for event in workout.events:
        when_s = unix_s(event.get("date"))
        if np.isfinite(when_s):
            kind = event.get("type", "").removeprefix("HKWorkoutEventType")
            scale = _DURATIONS_S.get(event.get("durationUnit", "min"), np.nan)
            found.append((when_s, kind, xml.number(event.get("duration")) * scale))
    return sorted(found, key=lambda event: event[0])


def _laps(workout: _Workout) -> list[Stretch]:
    """Laps with their length, as they are written since iOS 11."""
    return [
        Stretch(when_s, when_s + length_s)
        for when_s, kind, length_s in _events(workout)
        if kind == "Lap" and length_s > 0
    ]


def _totals(workout: _Workout) -> DeviceTotals:
    facts, metadata = workout.facts, workout.metadata
    sums = {s.get("type", "").removeprefix(_TYPE): s for s in workout.statistics if s.get("sum")}
    distance = next((s for name, s in sums.items() if name.startswith("Distance")), None)
    energy = sums.get("ActiveEnergyBurned")
    climb, _, climb_unit = metadata.get("HKElevationAscended", "").partition(" ")
    return DeviceTotals(
        distance_m=_amount(distance["sum"], distance.get("unit"), _LENGTHS)
        if distance
        else _amount(facts.get("totalDistance"), facts.get("totalDistanceUnit"), _LENGTHS),
        timer_s=_amount(facts.get("duration"), facts.get("durationUnit", "min"), _DURATIONS_S),
        elapsed_s=workout.end_s - workout.start_s,
        energy_kcal=_amount(energy["sum"], energy.get("unit"), _ENERGIES_KCAL)
        if energy
        else _amount(
            facts.get("totalEnergyBurned"), facts.get("totalEnergyBurnedUnit"), _ENERGIES_KCAL
        ),
        ascent_m=_amount(climb, climb_unit, _LENGTHS),
    )


def _amount(text: str | None, unit: str | None, units: Mapping[str, float]) -> float | None:
    value = xml.number(text) * units.get(unit or "", np.nan)
    return float(value) if np.isfinite(value) and value > 0 else None


def _utc_offset_s(workout: _Workout) -> float | None:
    """Of the zone the workout was in; else of the zone the export was made in."""
    from zoneinfo import ZoneInfo

    zone = workout.metadata.get("HKTimeZone")
    if zone:
        try:
            when = datetime.fromtimestamp(workout.start_s, UTC).astimezone(ZoneInfo(zone))
            offset = when.utcoffset()
            return offset.total_seconds() if offset is not None else None
        except (KeyError, ValueError, OSError, OverflowError):
            pass  # a zone that this computer does not know
    match = re.search(r"([+-])(\d{2}):?(\d{2})$", workout.facts.get("startDate", "").strip())
    if match is None:
        return None
    size_s = int(match[2]) * 3600.0 + int(match[3]) * 60.0
    return -size_s if match[1] == "-" else size_s


def _sport(activity: str) -> str | None:
    """`HKWorkoutActivityTypeHighIntensityIntervalTraining` -> high intensity interval training."""
    name = activity.removeprefix("HKWorkoutActivityType")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() or None


def _device(text: str) -> Device:
    """Maker and model out of `<<HKDevice: 0x…>, name:…, manufacturer:…, hardware:Watch6,2, …>`.

    The name and the source are left out: they often hold the name of the owner.
    """
    facts = {
        key: match[1].strip()
        for key in ("manufacturer", "model", "hardware")
        if (match := re.search(rf"\b{key}:(.*?)(?=, \w[\w ]*:|>|$)", text))
    }
    return Device(facts.get("manufacturer"), facts.get("hardware") or facts.get("model"))
