"""A workout as a recording: its samples, its route, its pauses, laps and totals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import Unreadable
from retrorun.formats import xml
from retrorun.formats.apple_health.streaming import QUANTITIES, ROUNDED_S, TYPE, Workout, unix_s
from retrorun.formats.assemble import Columns, Stretch, assemble, zone_offset_s
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Device, DeviceTotals, Problem, Recording

NAME = "Apple Health"

_LENGTHS = {**QUANTITIES[f"{TYPE}DistanceWalkingRunning"][1], "cm": 0.01}
_DURATIONS_S = {"min": 60.0, "s": 1.0, "sec": 1.0, "hr": 3600.0}
_ENERGIES_KCAL = {"kcal": 1.0, "Cal": 1.0, "kJ": 1 / 4.184, "J": 1 / 4184.0, "cal": 1e-3}

#: Steps are counted over at least so long for a cadence: rounding then costs below 4 %. [s]
_CADENCE_OVER_S = 30.0


def recording_of(
    workout: Workout, source: Source, tree: Tree, *, problems: list[Problem], limits: Limits
) -> Recording:
    """One workout with its route; `problems` are those of the whole export."""
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


# --- samples ---------------------------------------------------------------------------------


def _samples(workout: Workout, channel: str, problems: list[Problem]) -> Columns | None:
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
        if not abs(start - until_s) <= ROUNDED_S:
            begin_s, counted = start, 0.0
        until_s, counted = end, counted + count
        if until_s - begin_s >= _CADENCE_OVER_S:
            times_s.append((begin_s + until_s) / 2)
            cadence.append(60.0 * counted / (until_s - begin_s))
            begin_s, counted = until_s, 0.0
    return np.array(times_s), np.array(cadence)


# --- positions -------------------------------------------------------------------------------

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
    workout: Workout, tree: Tree, problems: list[Problem], *, limits: Limits
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


def _within(times_s: NDArray[np.float64], workout: Workout) -> bool:
    """Some exports stamp every point with the moment of the export."""
    known = times_s[np.isfinite(times_s)]
    inside = (known > workout.start_s - 600.0) & (known < workout.end_s + 600.0)
    return len(known) > 0 and bool(np.count_nonzero(inside) > len(known) / 2)


# --- facts -----------------------------------------------------------------------------------


def _pauses(workout: Workout) -> list[Stretch]:
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


def _events(workout: Workout) -> list[tuple[float, str, float]]:
    """When, what, how long, in the order of time."""
    found = []
    for event in workout.events:
        when_s = unix_s(event.get("date"))
        if np.isfinite(when_s):
            kind = event.get("type", "").removeprefix("HKWorkoutEventType")
            scale = _DURATIONS_S.get(event.get("durationUnit", "min"), np.nan)
            found.append((when_s, kind, xml.number(event.get("duration")) * scale))
    return sorted(found, key=lambda event: event[0])


def _laps(workout: Workout) -> list[Stretch]:
    """Laps with their length, as they are written since iOS 11."""
    return [
        Stretch(when_s, when_s + length_s)
        for when_s, kind, length_s in _events(workout)
        if kind == "Lap" and length_s > 0
    ]


def _totals(workout: Workout) -> DeviceTotals:
    facts, metadata = workout.facts, workout.metadata
    sums = {s.get("type", "").removeprefix(TYPE): s for s in workout.statistics if s.get("sum")}
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


def _utc_offset_s(workout: Workout) -> float | None:
    """Of the zone the workout was in; else of the zone the export was made in."""
    named_s = zone_offset_s(workout.metadata.get("HKTimeZone"), at_unix_s=workout.start_s)
    if named_s is not None:
        return named_s
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
