"""The inertial log: CSV or Parquet, one row a sample, SI; the format any sensor converts to.

Column names are in `retrorun.recording`: `time_s`, `<placement>_acc_<axis>_m_s2` and its like,
and any scalar channel. An optional `label` column is truth for benchmarks and is never read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats.assemble import Columns, assemble
from retrorun.formats.sources import Limits, Source
from retrorun.recording import CHANNELS, PLACEMENTS, Problem, Recording

if TYPE_CHECKING:
    import polars

NAME = "inertial log"

_AXIS = re.compile(
    rf"({'|'.join(PLACEMENTS)})_(?:(acc|gyro|mag)_([xyz])_(m_s2|rad_s|ut)|orientation_([xyzw]))"
)
_KIND = {"acc": "acc_m_s2", "gyro": "gyro_rad_s", "mag": "mag_ut"}
_NOT_CHANNELS = {"time_s", "label"}


def recognises(head: bytes) -> bool:
    """Parquet by its magic; CSV by a first line of column names with `time_s` among them."""
    if head.startswith(b"PAR1"):
        return True
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    return b"time_s" in [cell.strip(b' \r"') for cell in re.split(rb"[,;\t]", first)]


def read(source: Source, *, limits: Limits) -> Iterator[Recording]:
    table = _table(source, limits=limits)
    if "time_s" not in table.columns:
        raise NotAnActivity(source.name, "a table without a column time_s")
    if table.height == 0:
        raise Unreadable(source.name, "a table without rows", "at least one sample")
    time_s = table["time_s"].to_numpy()
    groups = channel_columns(table.columns)
    known = {column for columns in groups.values() for column in columns}
    unknown = [c for c in table.columns if c not in known | _NOT_CHANNELS]
    problems = []
    if unknown:
        names = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        problems.append(Problem("columns of unknown meaning", names, "left out"))
    yield relative_recording(
        time_s,
        {name: _values(table, columns) for name, columns in groups.items()},
        source=source,
        problems=problems,
    )


def relative_recording(
    time_s: NDArray[np.float64],
    values: Mapping[str, NDArray[np.floating]],
    *,
    source: Source,
    problems: list[Problem],
) -> Recording:
    """A recording whose times count from its start, or from 1970 where they are that large."""
    since_1970 = bool(np.nanmedian(time_s) > 1e8) if np.isfinite(time_s).any() else False
    return assemble(
        columns=[Columns(time_s, dict(values))],
        problems=problems,
        start_unix_s=None if since_1970 else 0.0,
        file=source.file,
        format=NAME,
    )


def channel_columns(columns: list[str]) -> dict[str, list[str]]:
    """Channel -> its columns in the order of the axes; incomplete sensors are not channels."""
    axes: dict[str, dict[str, str]] = {}
    scalars: dict[str, list[str]] = {}
    for column in columns:
        if match := _AXIS.fullmatch(column):
            place, kind, axis, _, turn = match.groups()
            name = f"{place}_{_KIND[kind]}" if kind else f"{place}_orientation"
            axes.setdefault(name, {})[axis or turn] = column
        elif column in CHANNELS:
            scalars[column] = [column]
    complete = {
        name: [found[axis] for axis in wanted]
        for name, found in axes.items()
        if set(wanted := "xyzw" if name.endswith("orientation") else "xyz") == set(found)
    }
    return scalars | complete


def _values(table: polars.DataFrame, columns: list[str]) -> NDArray[np.floating]:
    """Sensors keep single precision: 24 bits are finer than any sensor, and half the memory."""
    if len(columns) == 1:
        return table[columns[0]].cast(_float64(), strict=False).to_numpy()
    out = np.empty((table.height, len(columns)), dtype=np.float32)
    for index, column in enumerate(columns):
        out[:, index] = table[column].to_numpy()
    return out


def _float64() -> polars.DataType:
    import polars as pl

    return pl.Float64()


def _table(source: Source, *, limits: Limits) -> polars.DataFrame:
    import polars as pl

    if source.size is not None and source.size > limits.table_bytes:
        raise source.too_large(limits.table_bytes)
    data = source.path or source.read(limit_bytes=limits.table_bytes)
    head = source.head()
    try:
        return pl.read_parquet(data) if head.startswith(b"PAR1") else _csv(data, head)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(
            source.name, f"not a table that can be read ({why})", "CSV or Parquet"
        ) from None


def _csv(data: object, head: bytes) -> polars.DataFrame:
    import polars as pl

    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    separator = max(",;\t", key=first.count)
    names = [cell.strip(' \r"') for cell in first.split(separator)]
    sensor = {n: pl.Float32() for n in names if _AXIS.fullmatch(n)}
    scalar = {n: pl.Float64() for n in names if n in CHANNELS or n == "time_s"}
    return pl.read_csv(
        data,  # type: ignore[arg-type]
        separator=separator,
        decimal_comma=separator == ";",
        schema_overrides={**sensor, **scalar},
        ignore_errors=True,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        null_values=["NaN", "nan", "NA", ""],
    )
