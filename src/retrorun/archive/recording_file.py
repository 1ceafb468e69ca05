"""A recording as one Parquet file, and back, without loss.

One row a sample. `clock` tells the channels that tick together from the others, `time_s` is their
time; every other column is a channel, or one axis of a sensor (`sacrum_acc_m_s2.x`), empty in the
rows of other clocks. What is not a sample (laps, device, problems) stands as JSON in the file's
own metadata under `retrorun`. DuckDB, Polars or R read the file as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from retrorun.errors import Unreadable
from retrorun.recording import (
    Channel,
    Device,
    DeviceTotals,
    Lap,
    Problem,
    Recording,
    Span,
    WorkoutStep,
)

#: Key of the file's metadata, and the version of what stands there.
KEY, VERSION = "retrorun", 1
_CLOCK, _TIME = "clock", "time_s"
_AXES = "xyzw"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """Where a channel stands, and what a column cannot say."""

    name: str
    clock: int
    axes: int  #: 0 for one value a sample
    dtype: str
    unit: str | None

    @property
    def columns(self) -> list[str]:
        return [f"{self.name}.{axis}" for axis in _AXES[: self.axes]] or [self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """All of a recording that is no sample; the fields are those of `Recording`."""

    version: int
    file: str
    format: str
    start_time: datetime | None
    utc_offset_s: float | None
    sport: str | None
    device: Device
    pauses: tuple[Span, ...]
    laps: tuple[Lap, ...]
    workout: tuple[WorkoutStep, ...]
    workout_name: str | None
    totals: DeviceTotals
    simulated: bool
    problems: tuple[Problem, ...]
    channels: tuple[_Stored, ...]


_HEAD: TypeAdapter[_Head] = TypeAdapter(_Head)
_KEPT = [field.name for field in fields(_Head) if field.name not in ("version", "channels")]


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording to `path`; what stood there is overwritten."""
    clocks: list[NDArray[np.float64]] = []
    stored = [
        _Stored(
            name=name,
            clock=_clock_of(channel.time_s, clocks),
            axes=0 if channel.values.ndim == 1 else channel.values.shape[1],
            dtype=channel.values.dtype.name,
            unit=channel.unit,
        )
        for name, channel in recording.channels.items()
    ]
    tables = [
        _table(number, time_s, [one for one in stored if one.clock == number], recording)
        for number, time_s in enumerate(clocks)
    ]
    head = _Head(
        version=VERSION,
        channels=tuple(stored),
        **{name: getattr(recording, name) for name in _KEPT},
    )
    whole = pl.concat(tables, how="diagonal") if tables else pl.DataFrame()
    whole.write_parquet(
        path, compression="zstd", metadata={KEY: _HEAD.dump_json(head).decode("utf-8")}
    )


def read_recording(path: Path) -> Recording:
    """The recording that `write_recording` wrote.

    Raises `Unreadable` where the file is damaged, is none of ours, or comes from a newer version.
    """
    try:
        head = _HEAD.validate_json(pl.read_parquet_metadata(path)[KEY])
        if head.version != VERSION:
            raise Unreadable(
                str(path),
                f"a recording of version {head.version}",
                f"version {VERSION} at most",
                "Install a newer retrorun.",
            )
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError, KeyError, ValidationError) as error:
        found = f"no whole recording ({type(error).__name__})"
        raise Unreadable(str(path), found, "a Parquet file written by retrorun") from error
    return Recording(
        channels=_channels(table, head.channels),
        **{name: getattr(head, name) for name in _KEPT},
    )


def _clock_of(time_s: NDArray[np.float64], clocks: list[NDArray[np.float64]]) -> int:
    """Index of a clock; a new one is added where no channel has ticked so before."""
    for number, known in enumerate(clocks):
        if known is time_s or np.array_equal(known, time_s):
            return number
    clocks.append(time_s)
    return len(clocks) - 1


def _table(
    number: int, time_s: NDArray[np.float64], stored: list[_Stored], recording: Recording
) -> pl.DataFrame:
    """The samples of one clock."""
    columns: dict[str, Any] = {
        _CLOCK: np.full(len(time_s), number, dtype=np.uint16),
        _TIME: time_s,
    }
    for one in stored:
        values = recording.channels[one.name].values
        sides = [values] if one.axes == 0 else list(values.T)
        columns |= dict(zip(one.columns, sides, strict=True))
    return pl.DataFrame(columns)


def _channels(table: pl.DataFrame, stored: tuple[_Stored, ...]) -> dict[str, Channel]:
    """Channels in their old order; those of one clock share one array of times."""
    rows = {
        number: table.filter(pl.col(_CLOCK) == number) for number in {one.clock for one in stored}
    }
    times = {number: part[_TIME].to_numpy().copy() for number, part in rows.items()}
    found = {}
    for one in stored:
        sides = [rows[one.clock][column].to_numpy() for column in one.columns]
        values = sides[0].copy() if one.axes == 0 else np.column_stack(sides)
        found[one.name] = Channel(times[one.clock], values.astype(one.dtype, copy=False), one.unit)
    return found
