"""Who runs: the profile in `athlete.toml`, that a person writes, answers or passes from Python.

Every key is optional: what is not known is None, and whoever needs it says what that costs.
Calibration points are pairs of heart rate and oxygen uptake that were measured together.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any, Literal, get_args

from retrorun.errors import BadInput

Sex = Literal["female", "male"]
CalibrationDirection = Literal["forward", "backward"]

#: Nobody writes more by hand; a larger file is something else. [bytes]
LARGEST_BYTES = 1_000_000
LONGEST_NAME = 100
#: Nobody is known to have lived longer than 122 years. [years]
OLDEST_YEARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a number may be. The bounds are conventions: wide enough for every athlete we can
    think of, narrow enough to catch another unit or a slip of the finger."""

    lowest: float
    highest: float
    unit: str

    def __str__(self) -> str:
        return f"a number from {self.lowest:g} to {self.highest:g} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of the profile: how to ask for it, how it is written, what knowing it brings."""

    name: str
    asks: str
    brings: str
    example: str  #: as it stands in the file
    range: Range | None = None  #: of a number
    hint: str = ""


#: In the order in which they are asked and written.
FIELDS: tuple[Field, ...] = (
    Field(
        name="name",
        asks="Your name",
        brings="Says whose profile this is; no figure depends on it.",
        example='"Ada"',
    ),
    Field(
        name="sex",
        asks="Sex, female or male",
        brings="Formulas for training load and energy that differ between women and men.",
        example='"female"',
        hint="Leave it out where neither fits: then the formulas for everybody serve.",
    ),
    Field(
        name="birth_date",
        asks="Birth date, as 1990-05-31",
        brings="Your age, and with it a guess of your highest heart rate while that is unknown.",
        example="1990-05-31",
    ),
    Field(
        name="mass_kg",
        asks="Body mass in kg",
        brings="Energy for your body; without it an average serves and the interval is wider.",
        example="70",
        range=Range(lowest=20, highest=350, unit="kg"),
        hint="In kilograms: pounds divided by 2.2.",
    ),
    Field(
        name="height_m",
        asks="Height in m",
        brings="Steps and the simulated runner in proportion to your body.",
        example="1.75",
        range=Range(lowest=0.8, highest=2.6, unit="m"),
        hint="In metres, such as 1.75.",
    ),
    Field(
        name="resting_heart_rate_bpm",
        asks="Heart rate at rest, as after waking up, in beats per minute",
        brings="How hard a heart rate is for you: training load and zones start from here.",
        example="55",
        range=Range(lowest=25, highest=120, unit="beats per minute"),
    ),
    Field(
        name="max_heart_rate_bpm",
        asks="Highest heart rate you have measured at full effort, in beats per minute",
        brings="The upper end of your zones; a guess from age is often wrong by ten beats.",
        example="190",
        range=Range(lowest=80, highest=230, unit="beats per minute"),
    ),
    Field(
        name="threshold_heart_rate_bpm",
        asks="Heart rate that you can just hold for an hour, in beats per minute",
        brings="Zones around the effort that you can hold, instead of shares of the highest.",
        example="170",
        range=Range(lowest=60, highest=225, unit="beats per minute"),
    ),
    Field(
        name="vo2max_ml_kg_min",
        asks="VO2max in ml/kg/min, from a laboratory or a watch",
        brings="Heart rate turned into oxygen and energy on your own scale.",
        example="45",
        range=Range(lowest=10, highest=100, unit="ml/kg/min"),
    ),
    Field(
        name="backward_experience_hours",
        asks="Hours that you have run backward in your life, roughly",
        brings="What a beginner pays for being new to it, and how gently a plan begins.",
        example="0",
        range=Range(lowest=0, highest=20_000, unit="hours"),
    ),
)
CALIBRATION_BRINGS = (
    "Energy from your own heart: heart rate and oxygen that were measured together."
)

#: Every key of the file, in its order.
NAMES: tuple[str, ...] = (*(field.name for field in FIELDS), "calibration")

_FIELD = {field.name: field for field in FIELDS}
_POINT_RANGES = {
    "heart_rate_bpm": Range(lowest=30, highest=230, unit="beats per minute"),
    "vo2_ml_kg_min": Range(lowest=1, highest=100, unit="ml/kg/min"),
}
#: Heart rates that must rise from one to the next.
_RISING = ("resting_heart_rate_bpm", "threshold_heart_rate_bpm", "max_heart_rate_bpm")
#: Words that people use for ours, when a key is not known.
_OUR_WORDS = {"weight": "mass", "gender": "sex", "hr": "heart_rate", "birthday": "birth_date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPoint:
    """A steady heart rate and the oxygen uptake measured with it.

    >>> CalibrationPoint(heart_rate_bpm=150, vo2_ml_kg_min=35).direction
    'forward'
    """

    heart_rate_bpm: float
    vo2_ml_kg_min: float
    direction: CalibrationDirection = "forward"

    def __post_init__(self) -> None:
        for name, allowed in _POINT_RANGES.items():
            _set(self, name, _number(name, getattr(self, name), allowed))
        if self.direction not in get_args(CalibrationDirection):
            raise BadInput("direction", _shown(self.direction), '"forward" or "backward"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Athlete:
    """What is known of the person who runs; None is not known. Raises `BadInput` on nonsense.

    >>> Athlete(birth_date=date(1990, 5, 31), mass_kg=70).age_years(date(2020, 5, 31))
    30.0
    """

    name: str | None = None
    sex: Sex | None = None
    birth_date: date | None = None  #: text such as "1990-05-31" is taken as well
    mass_kg: float | None = None
    height_m: float | None = None
    resting_heart_rate_bpm: float | None = None
    max_heart_rate_bpm: float | None = None
    threshold_heart_rate_bpm: float | None = None
    vo2max_ml_kg_min: float | None = None
    backward_experience_hours: float | None = None
    calibration: tuple[CalibrationPoint, ...] = ()

    def __post_init__(self) -> None:
        if self.name is not None:
            _set(self, "name", _clean_name(self.name))
        if self.sex is not None:
            _set(self, "sex", _sex(self.sex))
        if self.birth_date is not None:
            _set(self, "birth_date", _birth_date(self.birth_date))
        for field in FIELDS:
            value = getattr(self, field.name)
            if field.range is not None and value is not None:
                _set(self, field.name, _number(field.name, value, field.range, hint=field.hint))
        _set(self, "calibration", _points(self.calibration))
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        known = [(name, getattr(self, name)) for name in _RISING]
        known = [(name, bpm) for name, bpm in known if bpm is not None]
        for (low, low_bpm), (high, high_bpm) in pairwise(known):
            if low_bpm >= high_bpm:
                wanted = f"above {low}, which is {_digits(low_bpm)}"
                raise BadInput(high, _digits(high_bpm), wanted, "Correct one of the two.")
        highest_bpm = max((p.heart_rate_bpm for p in self.calibration), default=0.0)
        if self.max_heart_rate_bpm is not None and self.max_heart_rate_bpm < highest_bpm:
            raise BadInput(
                "max_heart_rate_bpm",
                _digits(self.max_heart_rate_bpm),
                f"at least the highest heart rate of a calibration point, {_digits(highest_bpm)}",
                "Correct one of the two.",
            )

    def age_years(self, on: date) -> float | None:
        """Age on a day, whole on each birthday; None without a birth date, and before birth."""
        if isinstance(on, datetime):
            on = on.date()
        if self.birth_date is None or on < self.birth_date:
            return None
        years = on.year - self.birth_date.year
        last = _birthday(self.birth_date, on.year)
        if last > on:
            years -= 1
            last = _birthday(self.birth_date, on.year - 1)
        return years + (on - last).days / 365.25

    def missing(self) -> tuple[str, ...]:
        """Names of what is not known, in the order of the file."""
        return tuple(name for name in NAMES if getattr(self, name) in (None, ()))


def brings(name: str) -> str:
    """What it brings to know a field of the profile, in one line."""
    return CALIBRATION_BRINGS if name == "calibration" else _FIELD[name].brings


def as_text(athlete: Athlete, name: str) -> str:
    """A field for people; empty where it is not known.

    >>> as_text(Athlete(mass_kg=70), "mass_kg"), as_text(Athlete(), "mass_kg")
    ('70', '')
    """
    value = getattr(athlete, name)
    if name == "calibration":
        return f"{len(value)} point{'s' * (len(value) > 1)}" if value else ""
    if value is None or isinstance(value, str):
        return value or ""
    return value.isoformat() if isinstance(value, date) else _digits(value)


def answered(athlete: Athlete, answers: Mapping[str, str]) -> Athlete:
    """The athlete with fields as a person types them: `70,5` and `f` are understood.

    >>> answered(Athlete(), {"mass_kg": "70,5", "sex": "f"}).mass_kg
    70.5
    """
    return replace(athlete, **{name: _typed(name, text) for name, text in answers.items()})


def forgotten(athlete: Athlete, name: str) -> Athlete:
    """The athlete without a field."""
    nothing: dict[str, Any] = {name: () if name == "calibration" else None}
    return replace(athlete, **nothing)


def _typed(name: str, text: str) -> Any:
    """An answer in the type of its field."""
    text = text.strip()
    allowed = _FIELD[name].range
    if name == "sex":
        return {"f": "female", "m": "male"}.get(text.casefold(), text)
    if allowed is None:
        return text
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        example = f"Write it like {_FIELD[name].example}."
        raise BadInput(name, _shown(text), str(allowed), example) from None


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
        raise BadInput("calibration", _shown(points), wanted)
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
        values: dict[str, Any] = dict.fromkeys(_POINT_RANGES) | table
        return CalibrationPoint(**values)
    except BadInput as error:
        raise _in(error, f"It is calibration point {number}.") from error


def _known(table: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse a key that nobody would read, with the one that was probably meant."""
    for key in table:
        if key in names:
            continue
        if key in _FIELD:  # below [[calibration]] every key belongs to the point
            hint = f"Put {key} above the first [[calibration]]."
        else:
            ours = "_".join(_OUR_WORDS.get(word, word) for word in key.casefold().split("_"))
            near = difflib.get_close_matches(ours, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Take it out."
        raise BadInput("a key", _shown(key), f"one of {', '.join(names)}", hint)


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
    return value.isoformat() if isinstance(value, date) else _digits(value)


def _digits(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def _shown(value: object) -> str:
    """A value of anybody's, short and on one line."""
    try:
        text = _digits(value) if isinstance(value, float) else repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _set(record: object, name: str, value: object) -> None:
    object.__setattr__(record, name, value)  # frozen, but still being made


def _number(name: str, value: object, allowed: Range, *, hint: str = "") -> float:
    if value is None:
        raise BadInput(name, "missing", str(allowed))
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        with suppress(OverflowError):
            number = float(value)
    if allowed.lowest <= number <= allowed.highest:
        return number + 0.0  # no minus before a zero
    if isinstance(value, str):
        hint = "Write the number without quotes."
    elif name == "height_m" and allowed.lowest <= number / 100 <= allowed.highest:
        hint = f"That looks like centimetres: write {_digits(number / 100)}."
    raise BadInput(name, _shown(value), str(allowed), hint)


def _clean_name(given: object) -> str:
    """A name on one line. The joiners that Persian and Indian scripts need are letters to us."""
    if not isinstance(given, str):
        raise BadInput("name", _shown(given), "text", 'Write it in quotes, like "Ada".')
    name = " ".join(given.split())
    if not name:
        raise BadInput("name", "empty", "a name", "Leave it out where there is none.")
    if len(name) > LONGEST_NAME:
        raise BadInput("name", _shown(name), f"at most {LONGEST_NAME} characters")
    if not all(
        c.isprintable() or c in "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}" for c in name
    ):
        raise BadInput("name", _shown(name), "without control characters", "Type it again.")
    return name


def _sex(given: object) -> str:
    word = given.strip().casefold() if isinstance(given, str) else None
    if word not in get_args(Sex):
        raise BadInput("sex", _shown(given), '"female" or "male"', _FIELD["sex"].hint)
    return str(word)


def _birth_date(given: object) -> date:
    born: object = given
    if isinstance(given, datetime):
        born = given.date()
    elif isinstance(given, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", given.strip()):
        with suppress(ValueError):
            born = date.fromisoformat(given.strip())
    if not isinstance(born, date):
        wanted = "a day of the calendar, year-month-day"
        raise BadInput("birth_date", _shown(given), wanted, "Write it like 1990-05-31.")
    today = date.today()
    if born > today:
        raise BadInput("birth_date", born, f"a day before today ({today})", "Check the year.")
    if _birthday(born, min(born.year + OLDEST_YEARS, date.max.year)) < today:
        wanted = f"a day of the last {OLDEST_YEARS} years"
        raise BadInput("birth_date", born, wanted, "Check the year.")
    return born


def _points(given: object) -> tuple[CalibrationPoint, ...]:
    points = tuple(given) if isinstance(given, Iterable) else (given,)
    for point in points:
        if not isinstance(point, CalibrationPoint):
            raise BadInput("calibration", _shown(point), "made of CalibrationPoint")
    return points


def _birthday(born: date, year: int) -> date:
    """The birthday in a year; of a 29 February it is 1 March where there is none."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
