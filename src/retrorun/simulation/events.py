"""When a foot lands and lifts, by a threshold of force: one definition for figures and pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput
from retrorun.simulation.body import CONTACT_N

Array = NDArray[np.float64]


def contact(time_s: Array, up_n: Array, period_s: float) -> tuple[float, float]:
    """When the foot lands and when, after that, it lifts [s]; both by the threshold of force.

    Between samples the force is taken as a straight line. Of several contacts in a stride the one
    after the longest time in the air is the landing.

    Parameters
    ----------
    time_s, up_n : array, (n,)
        A whole stride and its vertical force [N].
    period_s : float
        Length of the stride.

    Raises
    ------
    BadInput
        When the foot is never on the ground or never off it.

    Examples
    --------
    >>> time = np.arange(0.0, 0.7, 0.1)
    >>> contact(time, np.array([0.0, 0.0, 100.0, 900.0, 100.0, 0.0, 0.0]), 0.7)
    (0.15000000000000002, 0.45)
    """
    on = up_n > CONTACT_N
    if on.all() or not on.any():
        raise BadInput(
            "ground_force_n", "never" if not on.any() else "always", "above 50 N at times"
        )
    crossings = np.flatnonzero(on != np.roll(on, 1))
    before = (time_s[crossings - 1], up_n[crossings - 1])
    gap = (time_s[crossings] - before[0]) % period_s
    share = (CONTACT_N - before[1]) / (up_n[crossings] - before[1])
    at = before[0] + share * gap
    landings = on[crossings]
    in_air = (at - np.roll(at, 1)) % period_s
    first = int(np.argmax(np.where(landings, in_air, -1.0)))
    landing = float(at[first] % period_s)
    on_ground = float((at[(first + 1) % len(at)] - at[first]) % period_s)
    return landing, landing + on_ground
