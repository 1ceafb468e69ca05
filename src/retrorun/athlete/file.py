"""The file `athlete.toml`: where it lies, how it is read, how it is written."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from retrorun.athlete.checks import digits, shown
from retrorun.athlete.fields import CALIBRATION_BRINGS, FIELD, FIELDS, NAMES, POINT_RANGES
from retrorun.athlete.values import Athlete, CalibrationPoint
from retrorun.errors import BadInput

#: Nobody writes more by hand; a larger file is something else. [bytes]
LARGEST_BYTES = 1_000_000
#: Words that people use for ours, when a key is not known.
_OUR_WORDS = {"weight": "mass", "gender": "sex", "hr": "heart_rate", "birthday": "birth_date"}


def home() -> Path:
    """Where retrorun keeps what is yours: `RETRORUN_HOME`, or the platform's place for it."""
    if chosen := os.environ.get("RETRORUN_HOME"):
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("retrorun", appauthor=False)


def default_path() -> Path:
    """The profile that is used when no other is named."""
    return home() / "athlete.toml"


def read_athlete(path: Path) -> Athlete:
    """The profile in a file. Raises `BadInput` naming the key or line that cannot be used."""
    table = _table(path)
    try:
        _known(table, NAMES)
        points = _tables(table.pop("calibration", []))
        calibration = tuple(_point(point, number) for number, point in enumerate(points, 1))
        return Athlete(**table, calibration=calibration)
    except BadInput as error:
        raise _in(error, f"In {path}.") from error


def _tables(points: object) -> list[dict[str, Any]]:
    wanted = "points that begin with [[calibration]]"
    if isinstance(points, dict):
        raise BadInput("calibration", "one table", wanted, "Write the brackets twice.")
    if not (isinstance(points, list) and all(isinstance(point, dict) for point in points)):
        raise BadInput("calibration", shown(points), wanted)
    return points


def _table(path: Path) -> dict[str, Any]:
    """The content of a TOML file."""
    data = _content(path)
    if len(data) > LARGEST_BYTES:
        raise BadInput("athlete", path, f"a file below {LARGEST_BYTES // 1_000_000} MB")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        remedy = "Save it as UTF-8 in your editor."
        raise BadInput("athlete", path, "text in UTF-8", remedy) from error
    except (ValueError, RecursionError) as error:  # a value of thousands of digits or brackets
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "too long a value"
        remedy = 'Write mass_kg = 70.5 with a point, and words in quotes: sex = "female".'
        raise BadInput("athlete", path, f"TOML: {why}", remedy) from error


def _content(path: Path) -> bytes:
    """As much of a file as can be a profile, and a byte more."""
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError as error:
        remedy = "`retrorun athlete FILE` writes one."
        raise BadInput("athlete", path, "a file that exists", remedy) from error
    except IsADirectoryError as error:
        remedy = f"Give {path / 'athlete.toml'}."
        raise BadInput("athlete", path, "a file, not a folder", remedy) from error
    except OSError as error:
        raise BadInput("athlete", path, f"a file that can be read ({error.strerror})") from error


def _point(table: dict[str, Any], number: int) -> CalibrationPoint:
    try:
        _known(table, [field.name for field in fields(CalibrationPoint)])
        values: dict[str, Any] = dict.fromkeys(POINT_RANGES) | table
        return CalibrationPoint(**values)
    except BadInput as error:
        raise _in(error, f"It is calibration point {number}.") from error


def _known(table: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse a key that nobody would read, with the one that was probably meant."""
    for key in table:
        if key in names:
            continue
        if key in FIELD:  # below [[calibration]] every key belongs to the point
            hint = f"Put {key} above the first [[calibration]]."
        else:
            ours = "_".join(_OUR_WORDS.get(word, word) for word in key.casefold().split("_"))
            near = difflib.get_close_matches(ours, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Take it out."
        raise BadInput("a key", shown(key), f"one of {', '.join(names)}", hint)


def _in(error: BadInput, where: str) -> BadInput:
    return BadInput(error.name, error.given, error.wanted, f"{error.hint} {where}".strip())


def write_athlete(athlete: Athlete, path: Path) -> None:
    """Write the profile whole or not at all, readable for its owner alone: it tells of health.

    What stood in the file is replaced, a person's own comments too. A link is followed.
    """
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            raise BadInput("athlete", path, "a file, not a folder or device")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(to_toml(athlete))
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        why = getattr(error, "strerror", None) or error
        raise BadInput("athlete", path, f"a file that can be written ({why})") from error


_HEAD = """\
# Who runs: what retrorun may know of you. Every line is optional.
# To fill one in, take away the "#" before the key and write your value.
# `retrorun athlete` asks the same questions and writes this file anew: comments of
# your own are then lost. `retrorun athlete --show` says what is known. It all stays here.
"""

_POINT_EXAMPLE = """\
# [[calibration]]
# heart_rate_bpm = 150
# vo2_ml_kg_min = 35
# direction = "forward"  # or "backward"
"""


def to_toml(athlete: Athlete) -> str:
    """The file of an athlete: every key with what it brings, unknown ones as comments."""
    parts = [_HEAD]
    for field in FIELDS:
        value = getattr(athlete, field.name)
        line = f"# {field.name} = {field.example}"
        if value is not None:
            line = f"{field.name} = {_toml(value)}"
        parts.append(f"# {field.asks}.\n# {field.brings}\n{line}\n")
    parts.append(f"# Any number of these, below all other keys.\n# {CALIBRATION_BRINGS}\n")
    parts[-1] += "" if athlete.calibration else _POINT_EXAMPLE
    parts += [
        "[[calibration]]\n"
        + "".join(f"{f.name} = {_toml(getattr(point, f.name))}\n" for f in fields(point))
        for point in athlete.calibration
    ]
    return "\n".join(parts)


def _toml(value: str | float | date) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # names are printable: JSON's escapes serve
    return value.isoformat() if isinstance(value, date) else digits(value)
