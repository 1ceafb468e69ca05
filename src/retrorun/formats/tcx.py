"""TCX, Garmin's older XML: each `Activity` (or `Course`) is one recording."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.formats import xml
from retrorun.formats.assemble import Columns, Stretch, assemble
from retrorun.formats.cadence import steps_or_revolutions
from retrorun.formats.sources import Limits, Source
from retrorun.recording import Device, DeviceTotals, Problem, Recording

NAME = "TCX"

_FIELDS: dict[str, str] = {
    "latitude_deg": "LatitudeDegrees",
    "longitude_deg": "LongitudeDegrees",
    "altitude_m": "AltitudeMeters",
    "distance_m": "DistanceMeters",
    "heart_rate_bpm": "Value",
    "speed_m_s": "Speed",
    "power_w": "Watts",
}
_CADENCE = ("RunCadence", "Cadence")


def recognises(head: bytes) -> bool:
    return xml.root_is(head, "TrainingCenterDatabase")


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """Every activity of the file, those inside a multisport session too."""
    root, problems = xml.parse(source, limit_bytes=limits.xml_bytes)
    given = 0
    for activity in root.iter():
        kind = xml.local(activity.tag)
        if kind not in ("Activity", "Course"):
            continue
        found = problems
        if kind == "Course":
            found = (*problems, Problem("a course", "whole file", "a plan, not a recording"))
        given += 1
        yield _recording(activity, source=source, problems=found)
    if not given:
        raise xml.nothing(source, "a TCX file without an activity", problems)


def _recording(
    activity: xml.Element, *, source: Source, problems: tuple[Problem, ...]
) -> Recording:
    laps = list(xml.children(activity, "Lap"))
    tracks = [track for track in activity.iter() if xml.local(track.tag) == "Track"]
    per_track = [[_point(p) for p in xml.children(t, "Trackpoint")] for t in tracks]
    points = [point for track in per_track for point in track]
    sport = activity.get("Sport")
    unix_s = xml.moments([point.get("Time") for point in points])
    return assemble(
        columns=[Columns(unix_s, _values(points, sport=sport), what="track points")],
        problems=problems,
        start_unix_s=_finite(xml.moment(laps[0].get("StartTime"))) if laps else None,
        laps=[lap for element in laps if (lap := _lap(element)) is not None],
        pauses=_breaks(per_track),
        file=source.file,
        format=NAME,
        sport=sport,
        device=Device(None, xml.text(activity, "Creator", "Name")),
        totals=_totals(laps),
    )


def _point(element: xml.Element) -> dict[str, str]:
    point: dict[str, str] = {}
    for part in element.iterdescendants():
        if part.text:
            point.setdefault(xml.local(part.tag), part.text.strip())
    return point


def _values(points: list[dict[str, str]], *, sport: str | None) -> dict[str, NDArray[np.floating]]:
    present = {name for point in points for name in point}
    values: dict[str, NDArray[np.floating]] = {
        channel: xml.numbers([point.get(name) for point in points])
        for channel, name in _FIELDS.items()
        if name in present
    }
    name = next((n for n in _CADENCE if n in present), None)
    if name is not None:
        per_minute = xml.numbers([point.get(name) for point in points])
        # RunCadence says by its name that feet made it, whatever the sport is called.
        channel, cadence = steps_or_revolutions(
            per_minute, sport="running" if name == "RunCadence" else sport
        )
        values[channel] = cadence
    return values


def _lap(element: xml.Element) -> Stretch | None:
    start_s = xml.moment(element.get("StartTime"))
    total_s = xml.number(xml.text(element, "TotalTimeSeconds"))
    if not np.isfinite(start_s) or not np.isfinite(total_s):
        return None
    about: dict[str, Any] = {
        "notes": xml.text(element, "Notes"),
        "intensity": xml.text(element, "Intensity"),
    }
    return Stretch(start_s, start_s + total_s, about)


def _totals(laps: list[xml.Element]) -> DeviceTotals:
    def total(name: str) -> float | None:
        values = xml.numbers([xml.text(lap, name) for lap in laps])
        return float(np.nansum(values)) if np.isfinite(values).any() else None

    return DeviceTotals(
        distance_m=total("DistanceMeters"),
        timer_s=total("TotalTimeSeconds"),
        energy_kcal=total("Calories"),
    )


def _breaks(tracks: list[list[dict[str, str]]]) -> Iterator[Stretch]:
    """Within a lap a new `Track` begins after a pause; without one there is no time between."""
    ends = [(xml.moment(t[0].get("Time")), xml.moment(t[-1].get("Time"))) for t in tracks if t]
    for (_, before_s), (after_s, _) in pairwise(ends):
        if after_s - before_s > 10.0:
            yield Stretch(before_s, after_s)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
