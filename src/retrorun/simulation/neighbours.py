"""Solutions that are shipped as first guesses; needs NumPy only."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.conditions import Conditions, Direction

Array = NDArray[np.float64]


@cache
def _shipped() -> dict[tuple[Direction, float, float, float], Array]:
    """Numbers by direction, speed, gradient and cadence, as the sweep named them."""
    place = resources.files("retrorun.simulation") / "results" / "guesses.npz"
    found: dict[tuple[Direction, float, float, float], Array] = {}
    with place.open("rb") as file, np.load(file) as stored:
        for name in stored.files:
            # base-backward-2.67--0.05-180: the gradient carries its own sign.
            _, direction, speed, rest = name.split("-", 3)
            gradient, cadence = rest.rsplit("-", 1)
            key = (direction, float(speed), float(gradient), float(cadence))
            found[key] = stored[name].astype(float)
    return found


def exactly(conditions: Conditions) -> Array | None:
    """The shipped solution of these very conditions; None where there is none."""
    cadence = round(conditions.cadence_steps_min)
    return _shipped().get(
        (conditions.direction, conditions.speed_m_s, conditions.gradient, float(cadence))
    )


def by_distance(conditions: Conditions) -> list[Array]:
    """The shipped solutions of a direction as first guesses, the nearest to what is asked first."""
    candidates = [key for key in _shipped() if key[0] == conditions.direction]
    return [
        _shipped()[key] for key in sorted(candidates, key=lambda key: conditions.apart(*key[1:]))
    ]


def nearest(conditions: Conditions) -> Array | None:
    """The nearest of them; None where there is none."""
    return next(iter(by_distance(conditions)), None)
