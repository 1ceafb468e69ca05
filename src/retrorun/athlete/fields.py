"""The keys of the profile: how each is asked for and written, what it may be, what it brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sex = Literal["female", "male"]
CalibrationDirection = Literal["forward", "backward"]


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

#: The fields that are asked for, by name; calibration is not one of them.
FIELD = {field.name: field for field in FIELDS}
#: What the numbers of a calibration point may be.
POINT_RANGES = {
    "heart_rate_bpm": Range(lowest=30, highest=230, unit="beats per minute"),
    "vo2_ml_kg_min": Range(lowest=1, highest=100, unit="ml/kg/min"),
}
