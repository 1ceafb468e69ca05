"""What the logs of phone apps have in common: one table a sensor, in any dialect of CSV.

Separator, decimal mark, encoding and order of the columns are found from the file. A file that
cannot be read becomes a `Problem`, so that one damaged sensor does not lose the others.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import Unreadable
from retrorun.formats.sources import MB, Limits, Source
from retrorun.recording import Problem

Numbers = NDArray[np.float64]

STANDARD_GRAVITY_M_S2 = 9.80665
#: Averaged over a stride, the specific force of anybody who stands, walks or runs is gravity,
#: and what is left once gravity is removed is nearly nothing; this lies between. [m/s²]
GRAVITY_INCLUDED_M_S2 = 5.0
#: Long enough for several steps, short enough for a phone that turns. [s]
STEADY_S = 2.0
#: Gravity, as an app estimates it, may be missing for this long before it is unknown. [s]
LONGEST_GAP_S = 0.5
#: No recording is from after this, the year 2100. [Unix s]
LAST_MOMENT_S = 4.2e9
#: Tables of words (annotations, metadata) are far smaller than this. [bytes]
TEXT_BYTES = 4 * MB

_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NOT_NUMBERS = ["NaN", "nan", "null", "NULL", "NA", "None", "-", ""]


@dataclass(frozen=True, slots=True)
class Table:
    """The numeric columns of one file, NaN where a cell is empty or no number."""

    where: str  #: the file, as a person knows it
    columns: Mapping[str, Numbers]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def get(self, *names: str) -> Numbers | None:
        """The first of several columns that is there and holds any number."""
        for name in names:
            column = self.columns.get(name)
            if column is not None and not np.all(np.isnan(column)):
                return column
        return None

    def vectors(self, *names: str) -> Numbers | None:
        """Columns side by side (n, axes); None where one of them is missing."""
        found = [self.get(name) for name in names]
        columns = [column for column in found if column is not None]
        return np.column_stack(columns) if len(columns) == len(names) else None

    def where_true(self, rows: NDArray[np.bool_]) -> Table:
        return Table(self.where, {name: column[rows] for name, column in self.columns.items()})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the first line of a table is written, and where the rows begin."""

    names: tuple[str, ...]
    separator: str
    header_lines: int


def text_of(data: bytes) -> str:
    """Decoded whatever the encoding; what cannot be decoded is replaced."""
    encoding = next((e for bom, e in _BOMS.items() if data.startswith(bom)), None)
    if encoding is None and data[:200].count(b"\0") > len(data[:200]) // 3:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    if encoding is not None:
        return data.decode(encoding, "replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The head of a file may be cut within a character.
        cut = error.reason == "unexpected end of data" and error.start > len(data) - 4
        return data.decode("utf-8" if cut else "cp1252", "replace")


def dialect(head: str) -> Dialect | None:
    """The names in the first line that is not blank; None where there is none."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", head), start=1):
        if not line.strip(" \t\0") or line.lower().startswith("sep="):
            continue
        separator = max(",;\t", key=line.count)
        cells = next(csv.reader([line.replace("\0", "")], delimiter=separator), [])
        return Dialect(tuple(cell.strip(" '\"\ufeff") for cell in cells), separator, number)
    return None


def header(head: bytes) -> tuple[str, ...]:
    """Names of the columns of a table, from its first bytes; empty for what is no table."""
    try:
        found = dialect(text_of(head))
    except csv.Error:
        return ()
    return found.names if found else ()


def read_table(source: Source, *, limits: Limits) -> Table:
    """Every column as numbers; raises `Unreadable` where there is no number at all."""
    data = source.read(limit_bytes=limits.table_bytes)
    if not data.startswith(b"\xef\xbb\xbf") and (data[:2] in _BOMS or b"\0" in data[:200]):
        data = text_of(data).encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    try:
        found = dialect(text_of(data[:65_536]))
    except csv.Error as error:
        raise Unreadable(source.name, f"no table ({error})", "a table of numbers") from None
    if found is None:
        raise Unreadable(source.name, "an empty file", "a table of numbers")
    columns = _numbers(data, found, name=source.name)
    table = Table(source.file, columns)
    if table.rows == 0:
        raise Unreadable(source.name, "a header without rows", "at least one sample")
    if all(np.all(np.isnan(column)) for column in columns.values()):
        raise Unreadable(source.name, "a table without any number", "at least one sample")
    return table


def _numbers(data: bytes, found: Dialect, *, name: str) -> dict[str, Numbers]:
    import polars as pl

    names = _unique(found.names)
    lines = data.split(b"\n", found.header_lines)
    body = lines[-1] if len(lines) > found.header_lines else b""
    decimal_comma = found.separator != "," and bool(re.search(rb"\d,\d", body[:8192]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # malformed rows become NaN, which is counted
            frame = pl.read_csv(
                body or b"\n",
                has_header=False,
                separator=found.separator,
                decimal_comma=decimal_comma,
                # An odd number of quotes would swallow everything after the last one.
                quote_char='"' if body.count(b'"') % 2 == 0 else None,
                schema={column: pl.Float64() for column in names},
                ignore_errors=True,
                truncate_ragged_lines=True,
                encoding="utf8-lossy",
                null_values=_NOT_NUMBERS,
            )
    except pl.exceptions.NoDataError:
        return {column: np.empty(0) for column in names}
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(name, f"no table that can be read ({why})", "a CSV file") from None
    return {
        column: frame[column].fill_null(float("nan")).to_numpy().astype(np.float64, copy=False)
        for column in names
    }


def _unique(names: Iterable[str]) -> list[str]:
    """Column names made different: the second `x` becomes `x#2`."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return result


def read_words(source: Source) -> list[dict[str, str]]:
    """The rows of a small table of words, such as metadata; raises `Unreadable`."""
    text = text_of(source.read(limit_bytes=TEXT_BYTES)).replace("\0", "")
    try:
        found = dialect(text)
        if found is None:
            return []
        lines = text.splitlines()[found.header_lines :]
        rows = list(csv.reader(lines, delimiter=found.separator))
    except csv.Error as error:
        raise Unreadable(source.name, f"no table ({error})", "a CSV file") from None
    return [dict(zip(found.names, row, strict=False)) for row in rows if row]


def read_tables(
    sources: Mapping[str, Source], *, limits: Limits
) -> tuple[dict[str, Table], list[Problem]]:
    """The tables that can be read, by the names they are asked for, and what was lost."""
    tables: dict[str, Table] = {}
    problems = []
    for name, source in sources.items():
        try:
            tables[name] = read_table(source, limits=limits)
        except Unreadable as error:
            problems.append(unread(source, error))
    return tables, problems


def unread(source: Source, error: Unreadable) -> Problem:
    return Problem(
        f"{source.file} could not be read", error.found, "left out; the other files were read"
    )


def any_recognised(recognises: Callable[[bytes], bool], sources: Iterable[Source]) -> bool:
    """Whether any of several files begins as a format wants it."""
    for source in sources:
        with suppress(Unreadable):
            if recognises(source.head()):
                return True
    return False


def left_out(names: Iterable[str], *, what: str) -> list[Problem]:
    """One problem that names what is not used; none where everything is."""
    given = sorted(name for name in names if name)
    if not given:
        return []
    return [Problem(what, ", ".join(given[:8]) + (" …" if len(given) > 8 else ""), "left out")]


def at_times(time_s: Numbers, values: Numbers, wanted_s: Numbers) -> Numbers:
    """Vectors (n, axes) in any order, interpolated at other times; NaN where unknown for long."""
    from retrorun import signals  # brings scipy, which reading can do without

    if np.array_equal(time_s, wanted_s):
        return values
    known = np.flatnonzero(np.isfinite(time_s))
    order = known[np.argsort(time_s[known], kind="stable")]
    return signals.at_times(wanted_s, time_s[order], values[order], within_s=LONGEST_GAP_S)


def believable(time_s: Numbers) -> Numbers:
    """Times between 1970 and 2100 or so; any other becomes NaN, which is counted later."""
    return np.where(np.abs(time_s) < LAST_MOMENT_S, time_s, np.nan)


def middle(values: Numbers) -> float:
    """Median of what is known; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def steady_size(time_s: Numbers, vectors: Numbers) -> float:
    """Size of what stays of vectors (n, 3) when averaged over some steps; NaN if unknown.

    Of a specific force it is gravity, of a linear acceleration nearly 0, in the unit given.
    """
    known = np.isfinite(time_s) & np.isfinite(vectors).all(axis=1)
    if not known.any():
        return np.nan
    _, index = np.unique(np.floor(time_s[known] / STEADY_S), return_inverse=True)
    counts = np.bincount(index)
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.column_stack([np.bincount(index, axis) / counts for axis in vectors[known].T])
        return float(np.median(np.linalg.norm(means, axis=1)))


def in_m_s2(vectors: Numbers, *, gravity_size: float, where: str) -> tuple[Numbers, list[Problem]]:
    """Accelerations in m/s², judged by the size of gravity in them: 1 in g, 9.8 in m/s²."""
    if 0.5 < gravity_size < 2.0:
        found = Problem("acceleration in g", where, f"multiplied by {STANDARD_GRAVITY_M_S2} m/s²")
        return vectors * STANDARD_GRAVITY_M_S2, [found]
    return vectors, []


def single(values: Numbers) -> NDArray[np.float32]:
    """Sensors keep single precision: 24 bits are finer than any sensor, and half the memory."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
