"""Direction from one leg: foot, shank, thigh or trouser pocket, worn on either side, anyhow.

The laws are products of class *direction*, *travel* and *facing* (see `laws`). Which of them hold
at a placement was chosen by looking at computed sensors of three people; that the signs carry over
was seen on both feet of six people who walked forward, and is reported for the shanks of ten and
for A·W at their thighs. Nothing is fitted: gains are round numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction import markov
from retrorun.gait.direction.heard import Heard, from_laws
from retrorun.gait.direction.laws import STEP, STRIDE, WIDE, Signals

Signal = NDArray[np.float32]


def foot(signals: Signals, moves: NDArray[np.bool_]) -> Heard:
    """The toes dip further than they rise, whichever way one walks: that is the facing."""
    turn, angle = ("W", WIDE), ("integral W", WIDE)
    facing = signals.product(angle, angle, angle) + signals.product(turn, turn, angle)
    side = _side(facing, moves)
    laws = (
        signals.product(("A", STRIDE), ("W", STRIDE)),
        side * signals.product(("V", STRIDE), ("W", STRIDE)),
        signals.product(("V", WIDE), turn, angle),
    )
    return from_laws(laws, (1.0, 1.0, 0.5), moves=moves)


def shank(signals: Signals, moves: NDArray[np.bool_]) -> Heard:
    """A knee bends one way only, so the shank swings high behind: that is the facing."""
    facing = -signals.product(("V", WIDE), ("integral W", WIDE)) - signals.product(
        ("V'", WIDE), ("W", WIDE)
    )
    side = _side(facing, moves)
    swing = signals.product(("W", WIDE), ("W", WIDE), ("W", WIDE))
    laws = (
        signals.product(("A", WIDE), ("W", WIDE)),
        signals.product(("A", STRIDE), ("W", STRIDE)),
        side * signals.product(("V", STRIDE), ("W", STRIDE)),
        -side * signals.product(("A", STRIDE), ("V'", STRIDE)),
        -side * np.clip(swing, -1, 1),
    )
    return from_laws(laws, (1.0, 0.5, 0.5, 0.5, 0.4), moves=moves)


def thigh(signals: Signals, moves: NDArray[np.bool_]) -> Heard:
    """One law that holds for everybody, A·W, and habits whose sign each person has to show.

    The habits are products of class *direction* and *travel* that are the same for one person all
    the time but not for all people (the skewness of the thigh's turning has the forward sign in
    22 of 38 thighs of runners): their sign is learned against the law.
    """
    law = signals.product(("A", WIDE), ("W", WIDE))
    habits = (
        signals.product(("W", STRIDE), ("V", STEP), ("integral W", WIDE)),
        signals.product(("V", STRIDE), ("V", STRIDE), ("V'", STEP)),
        signals.product(("V", STRIDE), ("A", STRIDE), ("W", STEP)),
        signals.product(("W", WIDE), ("W", WIDE), ("W", WIDE)),
        signals.product(("A", STRIDE), ("A", STRIDE), ("A'", STEP)),
    )
    return from_laws((law,), (1.0,), moves=moves, habits=habits)


#: A sensor is put on the other way round once in half an hour, if ever. [1 a step of 0.1 s]
_TURNED = np.array([[1 - 1 / 18_000, 1 / 18_000], [1 / 18_000, 1 - 1 / 18_000]])

#: What one step says of the facing where the product is 1: windows overlap twelvefold. [nats]
_FACING_GAIN = 0.5


def _side(facing: Signal, moves: NDArray[np.bool_]) -> Signal:
    """Which way the side axis points, -1 to 1, (m,): nearly always one way for a whole wearing."""
    odds = np.where(moves, np.clip(_FACING_GAIN * facing, -0.5, 0.5), 0)
    chance = markov.posterior(np.stack([odds / 2, -odds / 2], axis=1), _TURNED, np.full(2, 0.5))
    return (chance[:, 0] - chance[:, 1]).astype(np.float32)
