"""The states of the decoder, what a source may look at, and what it hands over.

A source is a function of `Seen`: it gives one `Evidence` for every witness it heard, and an empty
tuple where it knows nothing. Log-likelihoods are natural logarithms, relative within a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction.baseline import ForwardBaseline

Floats = NDArray[np.float64]
Vectors = NDArray[np.floating]
T = TypeVar("T", bound=np.generic)

STILL, FORWARD_WALK, BACKWARD_WALK, FORWARD_RUN, BACKWARD_RUN, SIDEWAYS, OTHER = range(7)
STATES = 7

Way = Literal["forward", "backward", "sideways"]
SaidMotion = Literal["still", "walk", "run", "other"]
Told = Literal["athlete", "laps", "sensors", "watch"]

#: The states of moving one way.
STATES_OF: Mapping[Way, tuple[int, ...]] = MappingProxyType(
    {
        "forward": (FORWARD_WALK, FORWARD_RUN),
        "backward": (BACKWARD_WALK, BACKWARD_RUN),
        "sideways": (SIDEWAYS,),
    }
)

#: Length of one step of the decoder, and how many make a second. [s, -]
STEP_S = 0.1
PER_SECOND = round(1 / STEP_S)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensor:
    """One body-worn sensor on its own clock; axes may point anywhere."""

    time_s: Floats  #: (n,), never falls
    acc_m_s2: Vectors  #: (n, 3), specific force, gravity included
    gyro_rad_s: Vectors  #: (n, 3) at the same times


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person or a lap's name says of a stretch of time; None where it says nothing."""

    start_s: float
    end_s: float
    way: Way | None = None
    motion: SaidMotion | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What sources may look at. Everything but the length is optional.

    The curves are (m,) on whole seconds, NaN where nothing was measured.
    """

    steps: int  #: of `STEP_S`, from the start of the recording
    sensors: Mapping[str, Sensor] = field(default_factory=lambda: MappingProxyType({}))
    labels: tuple[Said, ...] = ()
    laps: tuple[Said, ...] = ()
    curves: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    baseline: ForwardBaseline | None = None  #: of this athlete, from parts known to be forward


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What one witness says of every step of the decoder."""

    witness: str  #: for people: `left_foot`, `lap names`
    told: Told  #: the source of the public contract
    log_likelihood: NDArray[np.float32]  #: (steps, 7); a row of zeros says nothing
    heard: NDArray[np.bool_]  #: (steps,) where the witness could judge at all
    yaw_rad_s: NDArray[np.float32] | None = None  #: (steps,) turning about the vertical
    expected: bool = False  #: whether silence of this witness makes the direction unknown
    reliability: float = 1.0  #: how often what it says holds at all, however sure it is of it
    reason: str | None = None  #: why it judged less than it might have


#: Every source has this call.
Source = Callable[[Seen], tuple[Evidence, ...]]


def steps_between(start_s: float, end_s: float, *, steps: int) -> slice:
    """Those of the decoder's steps whose middle lies in [start_s, end_s)."""
    ends = np.clip(np.array([start_s, end_s]), 0.0, (steps + 1) * STEP_S)
    first, last = np.clip(np.ceil(ends / STEP_S - 0.5), 0, steps).astype(int).tolist()
    return slice(first, last)


def each_step(seconds: NDArray[T], *, steps: int) -> NDArray[T]:
    """What is known of whole seconds, (m, ...), for every step, (steps, ...); zero after them."""
    out = np.zeros((steps, *seconds.shape[1:]), dtype=seconds.dtype)
    repeated = np.repeat(seconds, PER_SECOND, axis=0)[:steps]
    out[: len(repeated)] = repeated
    return out


def two_ways(log_odds: Vectors, *, run_log_odds: Vectors | None = None) -> NDArray[np.float32]:
    """(n, 7) log-likelihoods from (n,) log-odds of backward against forward.

    `run_log_odds` are those that hold if the person runs, where they differ from walking.
    """
    run = log_odds if run_log_odds is None else run_log_odds
    out = np.zeros((len(log_odds), STATES), dtype=np.float32)
    out[:, FORWARD_WALK], out[:, BACKWARD_WALK] = -log_odds / 2, log_odds / 2
    out[:, FORWARD_RUN], out[:, BACKWARD_RUN] = -run / 2, run / 2
    return out
