"""Conversions to the units people use; only reports and the command line call these."""

from __future__ import annotations

import math


def clock(seconds: float) -> str:
    """A duration or a moment of the recording as people read it.

    >>> clock(59), clock(3723)
    ('0:59', '1:02:03')
    """
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def pace_min_km(speed_m_s: float | None) -> str:
    """Minutes a kilometre, or a dash below walking speed.

    >>> pace_min_km(3.0), pace_min_km(0.1)
    ('5:33', '–')
    """
    if speed_m_s is None or not math.isfinite(speed_m_s) or speed_m_s < 0.3:
        return "–"
    return clock(1000 / speed_m_s)


def kilometres(distance_m: float | None) -> str:
    """Distance as people say it.

    >>> kilometres(12345.6), kilometres(340)
    ('12.35 km', '340 m')
    """
    if distance_m is None or not math.isfinite(distance_m):
        return "–"
    return f"{distance_m / 1000:.2f} km" if distance_m >= 1000 else f"{distance_m:.0f} m"


#: One kilocalorie. [J]
KILOCALORIE_J = 4184.0


def kilocalories(joules: float) -> float:
    """Energy as people say it.

    >>> kilocalories(4184.0)
    1.0
    """
    return joules / KILOCALORIE_J
