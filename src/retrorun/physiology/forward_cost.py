"""What walking and running forward costs: published equations, gross, per kilogram.

The values are those of the two equations that rest on the most people (looney2019 for walking,
looney2025 for running). The others are older, and disagree with them by up to a seventh; how far
they do at a speed and slope is the error that the forward baseline is given there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Energy of a litre of oxygen: between 19.5 for fat and 21.1 for carbohydrate (livesey1988). [J/ml]
OXYGEN_J_ML = 20.9

#: Standing (looney2019); abe2015 has 1.67, the resting unit of acsm2017 is 1.22. [W/kg]
STANDING_W_KG = 1.44
#: Half the difference between the highest and the lowest of the three. [W/kg]
STANDING_SD_W_KG = 0.22

#: Where an equation speaks alone it is trusted no further than they agree elsewhere: the root mean
#: square on the level of acsm2017 from 0.83 to 1.67 m/s, and of it and minetti2002 from 1.8
#: to 5.2 m/s, running.
LEAST_DISAGREEMENT_WALKING, LEAST_DISAGREEMENT_RUNNING = 0.11, 0.07


def watts_of_oxygen(vo2_ml_kg_min: Floats | float) -> Floats:
    """Metabolic power of an oxygen uptake. [W/kg]

    >>> round(float(watts_of_oxygen(35.0)), 2)
    12.19
    """
    return np.asarray(vo2_ml_kg_min, dtype=np.float64) * OXYGEN_J_ML / 60


def walking_w_kg(speed_m_s: Floats, gradient: Floats) -> Floats:
    """Gross power of forward walking (looney2019). (n,) [W/kg]

    Made from published group means and checked on 95 adults up to 1.96 m/s (standard error 0.20
    W/kg) and slopes from -0.40 to 0.45 (0.42 W/kg).
    """
    percent = 100 * gradient
    level = STANDING_W_KG + 1.94 * speed_m_s**0.43 + 0.24 * speed_m_s**4
    slope = 0.34 * speed_m_s * percent * (1 - 1.05 ** (1 - 1.1 ** (percent + 32)))
    return level + slope


def running_w_kg(speed_m_s: Floats, gradient: Floats) -> Floats:
    """Gross power of forward running (looney2023 on the level, looney2025 on slopes). (n,) [W/kg]

    Fitted to 466 runners around 3.5 m/s and slopes from -0.45 upward.
    """
    level = 4.43 + 1.51 * speed_m_s + 0.37 * speed_m_s**2
    share = 1 - 1.133 ** (1 - 1.056 ** (100 * gradient + 43))
    return level + 30.43 * speed_m_s * gradient * share


def walking_disagreement(speed_m_s: Floats, gradient: Floats) -> Floats:
    """How far the other equations lie from `walking_w_kg`, as a share of it. (n,)"""
    others = [acsm_walking(speed_m_s, gradient), minetti_walking(speed_m_s, gradient)]
    return _disagreement(
        walking_w_kg(speed_m_s, gradient), others, least=LEAST_DISAGREEMENT_WALKING
    )


def running_disagreement(speed_m_s: Floats, gradient: Floats) -> Floats:
    """How far the other equations lie from `running_w_kg`, as a share of it. (n,)"""
    others = [acsm_running(speed_m_s, gradient), minetti_running(speed_m_s, gradient)]
    return _disagreement(
        running_w_kg(speed_m_s, gradient), others, least=LEAST_DISAGREEMENT_RUNNING
    )


def acsm_walking(speed_m_s: Floats, gradient: Floats) -> Floats:
    """The equation of acsm2017, NaN outside 0.83 to 1.67 m/s and downhill. (n,) [W/kg]"""
    vo2 = 3.5 + 0.1 * speed_m_s * 60 + 1.8 * speed_m_s * 60 * gradient
    valid = (speed_m_s >= 0.83) & (speed_m_s <= 1.67) & (gradient >= 0)
    return np.where(valid, watts_of_oxygen(vo2), np.nan)


def acsm_running(speed_m_s: Floats, gradient: Floats) -> Floats:
    """The equation of acsm2017, NaN below 1.33 m/s and downhill. (n,) [W/kg]"""
    vo2 = 3.5 + 0.2 * speed_m_s * 60 + 0.9 * speed_m_s * 60 * gradient
    return np.where((speed_m_s >= 1.33) & (gradient >= 0), watts_of_oxygen(vo2), np.nan)


def minetti_running(speed_m_s: Floats, gradient: Floats) -> Floats:
    """The polynomial of minetti2002 over standing, NaN beyond slopes of 0.45. (n,) [W/kg]"""
    i = gradient
    cost = 155.4 * i**5 - 30.4 * i**4 - 43.3 * i**3 + 46.3 * i**2 + 19.5 * i + 3.6
    return np.where(np.abs(i) <= 0.45, STANDING_W_KG + cost * speed_m_s, np.nan)


def minetti_walking(speed_m_s: Floats, gradient: Floats) -> Floats:
    """What a slope adds by the polynomial of minetti2002, over the level value. (n,) [W/kg]

    Its own level value holds for no single speed, so only the difference is taken; NaN on the
    level, where it says nothing, and beyond slopes of 0.45.
    """
    i = gradient
    more = 280.5 * i**5 - 58.7 * i**4 - 76.8 * i**3 + 51.9 * i**2 + 19.6 * i
    found = walking_w_kg(speed_m_s, np.zeros_like(gradient)) + more * speed_m_s
    return np.where((np.abs(i) <= 0.45) & (i != 0), found, np.nan)


def _disagreement(chosen: Floats, others: Sequence[Floats], *, least: float) -> Floats:
    away = np.stack([np.where(np.isfinite(other), other / chosen - 1, 0.0) for other in others])
    speak = np.stack([np.isfinite(other) for other in others]).sum(axis=0)
    with np.errstate(invalid="ignore"):
        spread = np.sqrt((away**2).sum(axis=0) / speak)
    found: Floats = np.fmax(spread, least)
    return found
