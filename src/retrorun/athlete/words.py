"""The profile in the words of people: their answers in, readable text out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from retrorun.athlete.checks import digits, shown
from retrorun.athlete.fields import CALIBRATION_BRINGS, FIELD
from retrorun.athlete.values import Athlete
from retrorun.errors import BadInput


def brings(name: str) -> str:
    """What it brings to know a field of the profile, in one line."""
    return CALIBRATION_BRINGS if name == "calibration" else FIELD[name].brings


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
    return value.isoformat() if isinstance(value, date) else digits(value)


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
    allowed = FIELD[name].range
    if name == "sex":
        return {"f": "female", "m": "male"}.get(text.casefold(), text)
    if allowed is None:
        return text
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        example = f"Write it like {FIELD[name].example}."
        raise BadInput(name, shown(text), str(allowed), example) from None
