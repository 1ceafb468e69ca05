"""Where the bellies of the leg's muscles are drawn, and what people call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Belly:
    """A spindle on thigh or shank: x and width in body heights, y in lengths of the part."""

    on: Literal["thigh", "shank"]
    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    name: str
    place: str  #: in plain words


#: By the model's names, from the hip down. A muscle over two joints lies where its belly is.
BELLIES = {
    "gluteus_maximus": Belly(
        "thigh", (-0.046, -0.17), (-0.030, 0.26), 0.034, "gluteus maximus", "buttock"
    ),
    "iliopsoas": Belly(
        "thigh", (0.030, -0.26), (0.014, 0.16), 0.022, "iliopsoas", "front of the hip"
    ),
    "rectus_femoris": Belly(
        "thigh", (0.038, 0.02), (0.028, 0.93), 0.019, "rectus femoris", "front of hip and thigh"
    ),
    "vasti": Belly("thigh", (0.016, 0.16), (0.016, 0.97), 0.026, "vasti", "front of the thigh"),
    "hamstrings": Belly(
        "thigh", (-0.040, 0.20), (-0.023, 0.99), 0.022, "hamstrings", "back of hip and thigh"
    ),
    "biceps_femoris_short_head": Belly(
        "thigh", (-0.010, 0.44), (-0.010, 1.02), 0.018, "biceps femoris, short", "back of the knee"
    ),
    "gastrocnemius": Belly(
        "shank", (-0.023, -0.02), (-0.018, 0.62), 0.022, "gastrocnemius", "calf, over the knee"
    ),
    "soleus": Belly(
        "shank", (-0.004, 0.16), (-0.012, 0.86), 0.019, "soleus", "calf, below the knee"
    ),
    "tibialis_anterior": Belly(
        "shank", (0.020, 0.10), (0.011, 0.84), 0.014, "tibialis anterior", "shin"
    ),
}
