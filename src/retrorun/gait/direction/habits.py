"""Signs that differ from one person to the next, learned within a recording against a law.

A habit is a product that turns over with time, so backward gait has the opposite sign of this
person's forward gait; which of the two signs is forward, the person has to show.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction import markov

Signal = NDArray[np.float32]

#: Two states, forward and backward, for the purpose of learning only: bouts of 45 s and 5 s, so
#: that a tenth of the time is backward in the long run. [1 a step of 0.1 s]
_SWITCH = np.array([[1 - 1 / 450, 1 / 450], [1 / 50, 1 - 1 / 50]])
_START = np.array([0.9, 0.1])

#: Rounds of learning; the signs no longer change after the second.
_ROUNDS = 2

#: What one step gains where a habit stands as far off zero as it usually does, and its sign has
#: always gone with the law. [nats]
HABIT_GAIN = 1.2


def with_habits(
    forward: Signal, habits: tuple[Signal, ...], moves: NDArray[np.bool_], *, most: float
) -> tuple[Signal, float]:
    """Log-odds of forward per step, (m,), from a law and from habits whose signs it teaches.

    A habit counts by how constantly it goes with the law, from 0 (by chance) to 1 (always); the
    mean of those constancies comes back too.
    """
    if not moves.any():
        return forward, 0.0
    sizes = [max(float(np.sqrt(np.mean(habit[moves] ** 2))), 1e-6) for habit in habits]
    total, constancies = forward, [0.0]
    for _ in range(_ROUNDS):
        odds = np.where(moves, total, 0.0)
        chance = markov.posterior(np.stack([odds / 2, -odds / 2], axis=1), _SWITCH, _START)
        way = (chance[:, 0] - chance[:, 1]).astype(np.float32)
        total, constancies = forward.copy(), []
        for habit, size in zip(habits, sizes, strict=True):
            seen = habit[moves]
            constancy = float((seen * way[moves]).sum() / max(float(np.abs(seen).sum()), 1e-9))
            constancies.append(abs(constancy))
            total += np.float32(HABIT_GAIN * constancy / size) * habit
        total = np.clip(total, -most, most)
    return total, float(np.mean(constancies))
