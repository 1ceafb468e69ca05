"""Sensor Logger (Kelvin Choi), the phone app: zip or folder of CSV, combined CSV, JSON.

Whatever the form, it becomes one `log`; of that, `movement` is what a body-worn sensor felt, and
`recordings` is the rest and the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import PurePosixPath

from retrorun.formats import phone_tables
from retrorun.formats.sensor_logger.log import (
    ANNOTATION,
    CLOCKS,
    METADATA,
    READ,
    Log,
    add_combined,
    add_json,
    add_words,
    lower_case,
    sensor_of,
)
from retrorun.formats.sensor_logger.recordings import NAME, recording_of
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Recording

__all__ = ["NAME", "claims", "read", "read_folder", "recognises"]


def recognises(head: bytes) -> bool:
    """A table with `seconds_elapsed`, or the JSON export."""
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")):
        return b'"sensor"' in head and b'"seconds_elapsed"' in head
    return any(name.lower() in CLOCKS for name in phone_tables.header(head))


def claims(tree: Tree) -> Set[str]:
    """The tables of one recording: CSV named after sensors, one at least with a clock."""
    tables = {n: s for n, s in tree.members.items() if "/" not in n and n.lower().endswith(".csv")}
    sensors = [source for name, source in tables.items() if sensor_of(name) in READ]
    return set(tables) if phone_tables.any_recognised(_has_clock, sensors) else set()


def _has_clock(head: bytes) -> bool:
    return any(name.lower() in ("time", *CLOCKS) for name in phone_tables.header(head))


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    """One file: the combined CSV, the JSON export, or the CSV of one sensor on its own."""
    log = Log()
    if source.head().lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")):
        add_json(source, log, limits=limits)
    else:
        table = lower_case(phone_tables.read_table(source, limits=limits))
        name = sensor_of(source.file)
        add_combined(table, log)
        if not log.tables:
            log.unused.clear()
            log.tables = {name if name in READ else "unnamed": table}
    yield recording_of(log, name=source.name)


def read_folder(tree: Tree, *, limits: Limits) -> Iterator[Recording]:
    """The CSV files of one recording, one a sensor."""
    log = Log()
    wanted: dict[str, Source] = {}
    for name, source in tree.members.items():
        sensor = sensor_of(name)
        if sensor in (METADATA, ANNOTATION):
            add_words(source, sensor, log)
        elif sensor in READ and sensor not in wanted:
            wanted[sensor] = source
        else:
            log.unused.add(PurePosixPath(name).stem)
    tables, problems = phone_tables.read_tables(wanted, limits=limits)
    log.tables = {name: lower_case(table) for name, table in tables.items()}
    log.problems += problems
    yield recording_of(log, name=tree.name)
