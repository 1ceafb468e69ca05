"""Every source of evidence there is, the weightiest first."""

from __future__ import annotations

from retrorun.gait.direction.athlete import athlete_labels
from retrorun.gait.direction.dynamics import heart_rate_for_speed, running_dynamics
from retrorun.gait.direction.heading import heading_against_course
from retrorun.gait.direction.names import lap_names
from retrorun.gait.direction.sensors import arm_sensors, leg_sensors, trunk_sensors
from retrorun.gait.direction.states import Evidence, Seen, Source

#: Those that compare with how this athlete moves forward, and are silent until that is known.
BY_BASELINE: tuple[Source, ...] = (running_dynamics, heart_rate_for_speed)

SOURCES: tuple[Source, ...] = (
    athlete_labels,
    lap_names,
    leg_sensors,
    trunk_sensors,
    arm_sensors,
    heading_against_course,
    *BY_BASELINE,
)


def hear(seen: Seen, sources: tuple[Source, ...] = SOURCES) -> tuple[Evidence, ...]:
    """What the sources say."""
    return tuple(evidence for source in sources for evidence in source(seen))


def hear_again(seen: Seen, before: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """What was said before, with what the watch says now that a baseline is known.

    The others do not look at it, and listening to sensors is nearly all the work.
    """
    kept = tuple(evidence for evidence in before if evidence.told != "watch")
    return kept + hear(seen, BY_BASELINE)
