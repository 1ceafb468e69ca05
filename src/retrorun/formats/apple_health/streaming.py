"""The stream of an export's XML: workouts first, then the records that fall into one."""

from __future__ import annotations

import zipfile
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import Unreadable
from retrorun.formats import xml
from retrorun.formats.sources import MB, Source
from retrorun.recording import Problem

#: What names of quantities begin with.
TYPE = "HKQuantityTypeIdentifier"

#: Records of a workout -> channel, and the units they come in with what makes them ours.
QUANTITIES: Mapping[str, tuple[str, Mapping[str, float]]] = {
    f"{TYPE}HeartRate": ("heart_rate_bpm", {"count/min": 1.0, "count/s": 60.0}),
    f"{TYPE}RunningSpeed": (
        "speed_m_s", {"m/s": 1.0, "km/hr": 1 / 3.6, "km/h": 1 / 3.6, "mi/hr": 0.44704}
    ),
    f"{TYPE}RunningPower": ("power_w", {"W": 1.0, "kW": 1e3}),
    f"{TYPE}RunningGroundContactTime": ("contact_time_s", {"ms": 1e-3, "s": 1.0}),
    f"{TYPE}RunningVerticalOscillation": (
        "vertical_oscillation_m", {"cm": 0.01, "m": 1.0, "mm": 1e-3, "in": 0.0254}
    ),
    # What Apple calls the stride of a runner is the distance of a single step.
    f"{TYPE}RunningStrideLength": (
        "step_length_m", {"m": 1.0, "cm": 0.01, "ft": 0.3048, "in": 0.0254}
    ),
    f"{TYPE}StepCount": ("cadence_steps_min", {"count": 1.0}),
    f"{TYPE}DistanceWalkingRunning": (
        "distance_m", {"m": 1.0, "km": 1e3, "mi": 1609.344, "ft": 0.3048, "yd": 0.9144}
    ),
}  # fmt: skip

#: Times have whole seconds, so an interval may stick out by one at either end. [s]
ROUNDED_S = 1.0

_CHUNK_BYTES = 1 << 18

#: The document type is a few kilobytes before the first record.
_HEAD_BYTES = MB

#: Characters that XML forbids; iOS 16 writes some of them into names.
_CONTROL = bytes(set(range(32)) - {9, 10, 13})


def stream(source: Source, target: Any, *, limit_bytes: int) -> list[Problem]:
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


# --- workouts --------------------------------------------------------------------------------


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
class Workout:
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


class Workouts:
    """First pass: the workouts, from the parser's `start` and `end` of elements."""

    def __init__(self) -> None:
        self.found: list[Workout] = []
        self.without_time = 0
        self._now: Workout | None = None
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins: a workout, or something within the one that is open."""
        if tag == "Workout":
            self._open(dict(attributes))
        elif self._now is not None:
            self._depth += 1
            self._add(tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
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
        self._now = Workout(facts, start_s, end_s)
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


# --- records ---------------------------------------------------------------------------------


class Records:
    """Second pass: the records that lie within a workout; the rest is not kept."""

    def __init__(self, workouts: list[Workout]) -> None:
        self._workouts = workouts  # by their start
        self._starts = [workout.start_s - ROUNDED_S for workout in workouts]
        #: The latest end of this workout and all before it: where the search may stop.
        self._ends = list(accumulate((w.end_s + ROUNDED_S for w in workouts), max))

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A record; it is kept for every workout that it lies in."""
        if tag != "Record":
            return
        known = QUANTITIES.get(attributes.get("type", ""))
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
            if end_s <= self._workouts[index].end_s + ROUNDED_S:
                _keep(self._workouts[index], known, attributes, start_s, end_s)

    def end(self, tag: str) -> None:
        """Nothing: every fact of a record is an attribute."""

    def close(self) -> None:
        """Asked for by the parser; nothing to finish."""


def _keep(
    workout: Workout,
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


# --- times -----------------------------------------------------------------------------------

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
