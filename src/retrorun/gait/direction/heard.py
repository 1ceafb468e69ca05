"""What the laws of one placement say, joined into log-odds for the decoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction.habits import with_habits

Signal = NDArray[np.float32]

#: What one decoder step gains in log-odds where a product agrees fully (1.0). On the feet of real
#: walkers the mean of a product is 0.44 to 0.67 and its spread from stride to stride about 0.2,
#: which makes 2 x 0.55 / 0.2² = 27 a stride; a stride has 12 steps. [nats]
GAIN = 2.0

#: No step of 0.1 s says more than this. [nats]
MOST = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the laws of a placement say over one wearing."""

    forward: Signal  #: (m,) log-odds of forward against backward for one step of the decoder
    agreement: float  #: of laws and habits with each other while moving: 0 none, 1 always


def from_laws(
    laws: tuple[Signal, ...],
    weights: tuple[float, ...],
    *,
    moves: NDArray[np.bool_],
    habits: tuple[Signal, ...] = (),
) -> Heard:
    """Join products (m,), each positive where it speaks for forward, and habits of either sign."""
    weighted = [np.float32(weight) * law for weight, law in zip(weights, laws, strict=True)]
    total = np.sum(weighted, axis=0)
    size = np.sum(np.abs(weighted), axis=0)
    agreement = float(np.abs(total[moves]).sum() / max(float(size[moves].sum()), 1e-9))
    forward = np.clip(GAIN * total, -MOST, MOST).astype(np.float32)
    if habits:
        forward, constancy = with_habits(forward, habits, moves, most=MOST)
        agreement = min(agreement, constancy)
    return Heard(forward=forward, agreement=agreement)
