"""What one thing may be: each check gives it back in its own type, or raises `BadInput`."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import date, datetime
from numbers import Real
from typing import get_args

from retrorun.athlete.fields import FIELD, Range, Sex
from retrorun.errors import BadInput

LONGEST_NAME = 100
#: Nobody is known to have lived longer than 122 years. [years]
OLDEST_YEARS = 120


def number_in(name: str, value: object, allowed: Range, *, hint: str = "") -> float:
    """A number within what is allowed; `hint` is the remedy where no better one is seen."""
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
        hint = f"That looks like centimetres: write {digits(number / 100)}."
    raise BadInput(name, shown(value), str(allowed), hint)


def clean_name(given: object) -> str:
    """A name on one line. The joiners that Persian and Indian scripts need are letters to us."""
    if not isinstance(given, str):
        raise BadInput("name", shown(given), "text", 'Write it in quotes, like "Ada".')
    name = " ".join(given.split())
    if not name:
        raise BadInput("name", "empty", "a name", "Leave it out where there is none.")
    if len(name) > LONGEST_NAME:
        raise BadInput("name", shown(name), f"at most {LONGEST_NAME} characters")
    if not all(
        c.isprintable() or c in "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}" for c in name
    ):
        raise BadInput("name", shown(name), "without control characters", "Type it again.")
    return name


def known_sex(given: object) -> str:
    """One of the words of `Sex`, however it is capitalised."""
    word = given.strip().casefold() if isinstance(given, str) else None
    if word not in get_args(Sex):
        raise BadInput("sex", shown(given), '"female" or "male"', FIELD["sex"].hint)
    return str(word)


def known_birth_date(given: object) -> date:
    """A day on which somebody who lives may have been born."""
    born: object = given
    if isinstance(given, datetime):
        born = given.date()
    elif isinstance(given, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", given.strip()):
        with suppress(ValueError):
            born = date.fromisoformat(given.strip())
    if not isinstance(born, date):
        wanted = "a day of the calendar, year-month-day"
        raise BadInput("birth_date", shown(given), wanted, "Write it like 1990-05-31.")
    today = date.today()
    if born > today:
        raise BadInput("birth_date", born, f"a day before today ({today})", "Check the year.")
    if birthday(born, min(born.year + OLDEST_YEARS, date.max.year)) < today:
        wanted = f"a day of the last {OLDEST_YEARS} years"
        raise BadInput("birth_date", born, wanted, "Check the year.")
    return born


def birthday(born: date, year: int) -> date:
    """The birthday in a year; of a 29 February it is 1 March where there is none."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def digits(number: float) -> str:
    """A number as short as it can be written without loss: 70, not 70.0."""
    return repr(float(number)).removesuffix(".0")


def shown(value: object) -> str:
    """A value of anybody's, short and on one line."""
    try:
        text = digits(value) if isinstance(value, float) else repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."
