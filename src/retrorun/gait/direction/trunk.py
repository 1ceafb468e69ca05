"""Direction from the trunk: sacrum, waist or chest, axes unknown.

Two questions, two mechanisms.

*Which way does the person face?* The trunk turns about the vertical with every stride. A sensor
that sits behind that axis is flung to the side by the turning (Euler's acceleration w' x r), and
the other way round if it sits in front. By the mirror symmetry of gait everything else that goes
with the turning points to the side as well, so the mean of (horizontal acceleration)' times yaw
rate is a vector to the left at the sacrum and to the right at the chest: one vector gives the side
axis and its sign. Seen on 18 of 18 recordings of the lower back of six people.

*Which way does the person move?* Each step brakes and then pushes along the line of travel, in a
phase to the bounce that is known, and that differs between walking and running.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction.heard import Heard, from_laws
from retrorun.gait.direction.laws import STEP, WIDE, Signals
from retrorun.signals import bandpass

Signal = NDArray[np.float32]

#: Root mean square of the bounce at which the laws of walking give way to those of running, and
#: the width of the passage: walking makes 1 to 3, running 4 to 8. [m/s²]
RUN_BOUNCE_M_S2, PASSAGE_M_S2 = 3.4, 0.4


def trunk(signals: Signals, moves: NDArray[np.bool_]) -> Heard:
    """Phase of the push along the line ahead to the bounce; the law changes from walk to run.

    Walking is a vault over a stiff leg: the push comes as the trunk sinks. Running is a bounce:
    the push comes as it rises. A·W, the trunk's nodding against its push, is a habit.
    """
    ahead, bounce = ("A'", STEP), ("V", STEP)
    quadrature = signals.product(ahead, bounce)
    in_phase = signals.product(("A", STEP), bounce)
    jolt = np.clip(signals.product(("V'", WIDE), ("V'", WIDE), ("A'", WIDE)), -1, 1)
    brake = np.clip(signals.product(ahead, ("A'", WIDE), ("A'", WIDE)), -1, 1)
    running = _running(signals)
    walk_law = -0.5 * quadrature - 0.25 * in_phase - 0.5 * brake - 0.5 * jolt
    law = (1 - running) * walk_law + running * (quadrature - 0.5 * jolt)
    habits = (signals.product(("A", STEP), ("W", WIDE)),)
    return from_laws((law,), (1.0,), moves=moves, habits=habits)


def _running(signals: Signals) -> Signal:
    """Probability of running from the size of the bounce alone, (m,)."""
    low_hz, high_hz = WIDE
    bounce = bandpass(signals.raw["V"], rate_hz=signals.rate_hz, low_hz=low_hz, high_hz=high_hz)
    size = np.sqrt(np.maximum(signals.mean(bounce**2), 0))[signals.at]
    share = 1 / (1 + np.exp(-(size - RUN_BOUNCE_M_S2) / PASSAGE_M_S2))
    return share.astype(np.float32)
