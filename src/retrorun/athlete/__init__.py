"""Who runs: the profile in `athlete.toml`, that a person writes, answers or passes from Python.

Every key is optional: what is not known is None, and whoever needs it says what that costs.
Calibration points are pairs of heart rate and oxygen uptake that were measured together.

`fields` names the keys, `values` holds what is known, `checks` refuses what cannot be, `words`
talks with people, and `file` reads and writes.
"""

from __future__ import annotations

from retrorun.athlete.checks import LONGEST_NAME, OLDEST_YEARS
from retrorun.athlete.fields import (
    CALIBRATION_BRINGS,
    FIELDS,
    NAMES,
    CalibrationDirection,
    Field,
    Range,
    Sex,
)
from retrorun.athlete.file import (
    LARGEST_BYTES,
    default_path,
    home,
    read_athlete,
    to_toml,
    write_athlete,
)
from retrorun.athlete.values import Athlete, CalibrationPoint
from retrorun.athlete.words import answered, as_text, brings, forgotten

__all__ = [
    "CALIBRATION_BRINGS",
    "FIELDS",
    "LARGEST_BYTES",
    "LONGEST_NAME",
    "NAMES",
    "OLDEST_YEARS",
    "Athlete",
    "CalibrationDirection",
    "CalibrationPoint",
    "Field",
    "Range",
    "Sex",
    "answered",
    "as_text",
    "brings",
    "default_path",
    "forgotten",
    "home",
    "read_athlete",
    "to_toml",
    "write_athlete",
]
