"""Round steps for axes; apart from the drawings, so that who needs it loads nothing else."""

from __future__ import annotations

import math


def nice(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `value`.

    >>> [nice(x) for x in (0.3, 1.0, 7.0, 210.0)]
    [0.5, 1.0, 10.0, 500.0]
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= value * (1 - 1e-9))
