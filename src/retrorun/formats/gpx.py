"""GPX, the exchange format for tracks: each `trk` is one recording."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from retrorun.formats import xml
from retrorun.formats.assemble import Columns, Stretch, assemble
from retrorun.formats.cadence import steps_or_revolutions
from retrorun.formats.sources import Limits, Source
from retrorun.recording import Device, Problem, Recording

NAME = "GPX"

#: Channel <- element names of the point or of its extensions, first present wins; the many
#: spellings are Garmin's, Cluetrust's, Strava's, OpenTracks' and Suunto's.
_FIELDS: dict[str, tuple[str, ...]] = {
    "altitude_m": ("ele", "altitude"),
    "heart_rate_bpm": ("hr", "heartrate", "heartRate", "HeartRateBpm"),
    "power_w": ("power", "PowerInWatts", "watts"),
    "temperature_c": ("atemp", "temp", "Temperature", "wtemp"),
    "speed_m_s": ("speed",),
    "course_deg": ("course", "bearing"),
    "distance_m": ("distance",),
}
_CADENCE = ("cad", "cadence", "RunCadence")


def recognises(head: bytes) -> bool:
    return xml.root_is(head, "gpx")


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """Every track and route of the file; a route, or a track without times, is only a line."""
    root, problems = xml.parse(source, limit_bytes=limits.xml_bytes)
    device = Device(None, root.get("creator"))
    metadata_time = xml.text(root, "metadata", "time") or xml.text(root, "time")
    given = 0
    for line in root.iterchildren():
        kind = xml.local(line.tag)
        if kind not in ("trk", "rte"):
            continue
        recording = _recording(
            line, source=source, problems=problems, device=device, start=metadata_time
        )
        if recording is not None:
            given += 1
            yield recording
    if not given:
        raise xml.nothing(source, "a GPX file without a track point", problems)


def _recording(
    line: xml.Element,
    *,
    source: Source,
    problems: tuple[Problem, ...],
    device: Device,
    start: str | None,
) -> Recording | None:
    is_route = xml.local(line.tag) == "rte"
    segments = [line] if is_route else list(xml.children(line, "trkseg"))
    rows = [_points(segment, "rtept" if is_route else "trkpt") for segment in segments]
    points = [point for segment in rows for point in segment]
    if not points:
        return None
    sport = xml.text(line, "type")
    found = list(problems)
    if is_route:
        found.append(Problem("a route", "whole file", "a plan, not a recording"))
    unix_s = xml.moments([point.get("time") for point in points])
    return assemble(
        columns=[Columns(unix_s, _values(points, sport=sport), what="track points")],
        problems=found,
        start_unix_s=None if np.isfinite(unix_s).any() else _finite(xml.moment(start)),
        pauses=_breaks(unix_s, [len(segment) for segment in rows]),
        file=source.file,
        format=NAME,
        sport=sport,
        device=device,
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _points(segment: xml.Element, name: str) -> list[dict[str, str]]:
    """Each point as texts by local name; extensions are flattened, the first of a name stays."""
    points = []
    for element in segment.iterchildren():
        if xml.local(element.tag) != name:
            continue
        point: dict[str, str] = {"lat": element.get("lat", ""), "lon": element.get("lon", "")}
        for part in element.iterdescendants():
            if part.text:
                point.setdefault(xml.local(part.tag), part.text.strip())
        points.append(point)
    return points


def _values(points: list[dict[str, str]], *, sport: str | None) -> dict[str, NDArray[np.floating]]:
    values: dict[str, NDArray[np.floating]] = {
        "latitude_deg": xml.numbers([point["lat"] for point in points]),
        "longitude_deg": xml.numbers([point["lon"] for point in points]),
    }
    present = {name for point in points for name in point}
    for channel, names in _FIELDS.items():
        name = next((n for n in names if n in present), None)
        if name is not None:
            values[channel] = xml.numbers([point.get(name) for point in points])
    name = next((n for n in _CADENCE if n in present), None)
    if name is not None:
        per_minute = xml.numbers([point.get(name) for point in points])
        channel, cadence = steps_or_revolutions(per_minute, sport=sport)
        values[channel] = cadence
    return values


def _breaks(unix_s: NDArray[np.float64], lengths: list[int]) -> Iterator[Stretch]:
    """The time between two segments: the receiver was paused or lost its fix."""
    ends = np.cumsum(lengths)
    for end in ends[:-1]:
        if 0 < end < len(unix_s) and unix_s[end] > unix_s[end - 1]:
            yield Stretch(float(unix_s[end - 1]), float(unix_s[end]))
