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
from retrorun.formats.native import Panic, no_panic
from retrorun.formats.sources import Limits, Source
from retrorun.recording import CHANNELS, PLACEMENTS, Device, Problem, Recording

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
    """The one recording of a table; raises `Unreadable` where no column of it is a channel."""
    table, device = _table(source, limits=limits)
    if "time_s" not in table.columns:
        raise NotAnActivity(source.name, "a table without a column time_s")
    if table.height == 0:
        raise Unreadable(source.name, "a table without rows", "at least one sample")
    problems: list[Problem] = []
    time_s, scale = _seconds(_numbers(table["time_s"]))
    if not np.isfinite(time_s).any():
        raise Unreadable(
            source.name, "time_s without a number in it", "seconds, from the start or since 1970"
        )
    if scale != 1.0:
        problems.append(
            Problem(f"time_s counts {1 / scale:.0e} s", "whole file", "taken as such, since 1970")
        )
    groups = channel_columns(table.columns)
    problems += _left_out(table.columns, groups)
    if not groups:
        raise Unreadable(
            source.name,
            "a table in which no column is a channel"
            + (f" ({problems[-1].where}: {problems[-1].what})" if problems else ""),
            "columns named as the inertial log has them",
            "See docs/reference/formats.md.",
        )
    columns = list(_columns(table, time_s, groups))
    yield assemble(
        columns=columns,
        problems=problems,
        start_unix_s=None if np.nanmedian(time_s) > _SINCE_1970_S else 0.0,
        device=device,
        file=source.file,
        format=NAME,
    )


#: A time above this counts from 1970, a smaller one from the start (1e8 s is three years). [s]
_SINCE_1970_S = 1e8


def _seconds(time: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Times since 1970 in milli-, micro- or nanoseconds as seconds, and the factor used."""
    known = time[np.isfinite(time)]
    size = float(np.median(np.abs(known))) if len(known) else 0.0
    scale = next(
        (s for least, s in ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3)) if size > least), 1.0
    )
    return time * scale, scale


def _columns(
    table: polars.DataFrame, time_s: NDArray[np.float64], groups: Mapping[str, list[str]]
) -> Iterator[Columns]:
    """Sensors share the clock of the rows; a scalar filled in only now and then has its own."""
    every_row: dict[str, NDArray[np.floating]] = {}
    for name, columns in groups.items():
        values = _values(table, columns)
        known = np.isfinite(values) if values.ndim == 1 else np.ones(len(values), dtype=bool)
        if values.ndim == 1 and 0 < np.count_nonzero(known) < len(known) / 2:
            yield Columns(time_s[known], {name: values[known]}, what=name)
        else:
            every_row[name] = values
    yield Columns(time_s, every_row)


def _left_out(columns: list[str], groups: Mapping[str, list[str]]) -> list[Problem]:
    used = {column for group in groups.values() for column in group} | _NOT_CHANNELS
    rest = [column for column in columns if column not in used]
    lone = [column for column in rest if _AXIS.fullmatch(column)]
    problems = []
    if lone:
        problems.append(Problem("a sensor without all its axes", _names(lone), "left out"))
    unknown = [column for column in rest if column not in lone]
    if unknown:
        problems.append(Problem("columns of unknown meaning", _names(unknown), "left out"))
    return problems


def _names(columns: list[str]) -> str:
    return ", ".join(name[:40] for name in columns[:5]) + (" …" if len(columns) > 5 else "")


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
        return _numbers(table[columns[0]])
    out = np.empty((table.height, len(columns)), dtype=np.float32)
    for index, column in enumerate(columns):
        out[:, index] = _numbers(table[column])
    return out


def _numbers(column: polars.Series) -> NDArray[np.float64]:
    """Numbers, or texts that are numbers; NaN for everything else."""
    import polars as pl

    if column.dtype in (pl.Float64(), pl.Float32()):
        return column.to_numpy()
    if column.dtype.is_numeric() or column.dtype in (pl.Boolean(), pl.String()):
        return column.cast(pl.Float64(), strict=False).to_numpy()
    return np.full(len(column), np.nan)


def _table(source: Source, *, limits: Limits) -> tuple[polars.DataFrame, Device]:
    """The table, and what recorded it, which only Parquet has room for: its metadata `device`."""
    import polars as pl

    if source.size is not None and source.size > limits.table_bytes:
        raise source.too_large(limits.table_bytes)
    data = source.path or source.read(limit_bytes=limits.table_bytes)
    head = source.head()
    try:
        with no_panic():
            if not head.startswith(b"PAR1"):
                return _csv(data, head), Device()
            name = pl.read_parquet_metadata(data).get("device", "")
            return pl.read_parquet(data), Device(product=name[:100] or None)
    except (pl.exceptions.PolarsError, OSError, ValueError, Panic) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(
            source.name, f"not a table that can be read ({why[:200]})", "CSV or Parquet"
        ) from None


def _csv(data: object, head: bytes) -> polars.DataFrame:
    """CSV with commas, semicolons or tabs; a name that stands twice keeps its first column."""
    import polars as pl

    lines = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").splitlines()
    first, second = lines[0], lines[1] if len(lines) > 1 else ""
    separator = max(",;\t", key=first.count)
    names = [cell.strip(' \r"') for cell in first.split(separator)]
    unique = [n if n not in names[:i] else f"{n} ({i})" for i, n in enumerate(names)]
    decimal_comma = separator != "," and re.search(r"\d,\d", second) is not None
    schema: dict[str, pl.DataType] = {
        name: pl.Float32()
        if _AXIS.fullmatch(name)
        else pl.Float64()
        if name in CHANNELS or name == "time_s"
        else pl.String()
        for name in unique
    }
    return pl.read_csv(
        data,  # type: ignore[arg-type]
        has_header=False,
        skip_rows=1,
        separator=separator,
        decimal_comma=decimal_comma,
        schema=schema,
        ignore_errors=True,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        quote_char=None if b'"' not in head else '"',
        null_values=["NaN", "nan", "NA", ""],
    )
