"""What the athlete says happened when: `labels.csv`.

Columns `start_s,end_s,motion,direction`; times are seconds from the start of the recording; motion
or direction may be empty where the athlete says nothing of it. Of rows that overlap the later row
of the file counts, so a correction can be added at the end.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any, get_args

from retrorun.errors import BadInput
from retrorun.gait.direction.states import Said, SaidMotion, Way

COLUMNS = ("start_s", "end_s", "motion", "direction")
WAYS: tuple[str, ...] = get_args(Way)
MOTIONS: tuple[str, ...] = get_args(SaidMotion)

#: Nobody writes more by hand; a larger file is something else. [bytes]
LARGEST_BYTES = 10_000_000


def read_labels(path: Path) -> tuple[Said, ...]:
    """The rows of a labels file. Raises `BadInput` naming the line that cannot be used."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BadInput("labels", path, f"a table below {LARGEST_BYTES // 1_000_000} MB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput("labels", path, f"a file that can be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInput("labels", path, "text in UTF-8") from error
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise BadInput(
            "labels", path, f"a first line {','.join(COLUMNS)}", f"Missing: {', '.join(missing)}."
        )
    try:
        return tuple(_said(row, f"{path}, line {reader.line_num}") for row in reader)
    except csv.Error as error:
        raise BadInput("labels", path, f"a table in CSV ({error})") from error


def _said(row: dict[str, Any], where: str) -> Said:
    start_s, end_s = _seconds(row, "start_s", where), _seconds(row, "end_s", where)
    if end_s <= start_s:
        raise BadInput("end_s", end_s, f"after start_s ({start_s:g})", f"In {where}.")
    return Said(
        start_s=start_s,
        end_s=end_s,
        way=_word(row, "direction", WAYS, where),
        motion=_word(row, "motion", MOTIONS, where),
    )


def _seconds(row: dict[str, Any], name: str, where: str) -> float:
    try:
        value = float(row[name] or "")
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise BadInput(name, row[name], "seconds from the start of the recording", f"In {where}.")
    return value


def _word(row: dict[str, Any], name: str, words: tuple[str, ...], where: str) -> Any:
    word = (row[name] or "").strip().casefold()
    if not word or word == "unknown":
        return None
    if word not in words:
        raise BadInput(name, row[name], f"empty or one of {', '.join(words)}", f"In {where}.")
    return word
