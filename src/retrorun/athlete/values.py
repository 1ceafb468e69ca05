"""Who runs: what a person may say of themselves, refused where it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import get_args

from retrorun.athlete.checks import (
    birthday,
    clean_name,
    digits,
    known_birth_date,
    known_sex,
    number_in,
    shown,
)
from retrorun.athlete.fields import FIELDS, NAMES, POINT_RANGES, CalibrationDirection, Sex
from retrorun.errors import BadInput

#: Heart rates that must rise from one to the next.
_RISING = ("resting_heart_rate_bpm", "threshold_heart_rate_bpm", "max_heart_rate_bpm")


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
        for name, allowed in POINT_RANGES.items():
            _set(self, name, number_in(name, getattr(self, name), allowed))
        if self.direction not in get_args(CalibrationDirection):
            raise BadInput("direction", shown(self.direction), '"forward" or "backward"')


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
            _set(self, "name", clean_name(self.name))
        if self.sex is not None:
            _set(self, "sex", known_sex(self.sex))
        if self.birth_date is not None:
            _set(self, "birth_date", known_birth_date(self.birth_date))
        for field in FIELDS:
            value = getattr(self, field.name)
            if field.range is not None and value is not None:
                _set(self, field.name, number_in(field.name, value, field.range, hint=field.hint))
        _set(self, "calibration", _points(self.calibration))
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        known = [(name, getattr(self, name)) for name in _RISING]
        known = [(name, bpm) for name, bpm in known if bpm is not None]
        for (low, low_bpm), (high, high_bpm) in pairwise(known):
            if low_bpm >= high_bpm:
                wanted = f"above {low}, which is {digits(low_bpm)}"
                raise BadInput(high, digits(high_bpm), wanted, "Correct one of the two.")
        highest_bpm = max((p.heart_rate_bpm for p in self.calibration), default=0.0)
        if self.max_heart_rate_bpm is not None and self.max_heart_rate_bpm < highest_bpm:
            raise BadInput(
                "max_heart_rate_bpm",
                digits(self.max_heart_rate_bpm),
                f"at least the highest heart rate of a calibration point, {digits(highest_bpm)}",
                "Correct one of the two.",
            )

    def age_years(self, on: date) -> float | None:
        """Age on a day, whole on each birthday; None without a birth date, and before birth."""
        if isinstance(on, datetime):
            on = on.date()
        if self.birth_date is None or on < self.birth_date:
            return None
        years = on.year - self.birth_date.year
        last = birthday(self.birth_date, on.year)
        if last > on:
            years -= 1
            last = birthday(self.birth_date, on.year - 1)
        return years + (on - last).days / 365.25

    def missing(self) -> tuple[str, ...]:
        """Names of what is not known, in the order of the file."""
        return tuple(name for name in NAMES if getattr(self, name) in (None, ()))


def _points(given: object) -> tuple[CalibrationPoint, ...]:
    points = tuple(given) if isinstance(given, Iterable) else (given,)
    for point in points:
        if not isinstance(point, CalibrationPoint):
            raise BadInput("calibration", shown(point), "made of CalibrationPoint")
    return points


def _set(record: object, name: str, value: object) -> None:
    object.__setattr__(record, name, value)  # frozen, but still being made
