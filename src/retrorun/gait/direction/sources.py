"""Every source of evidence there is, the weightiest first."""

from __future__ import annotations

from retrorun.gait.direction.athlete import athlete_labels
from retrorun.gait.direction.dynamics import heart_rate_for_speed, running_dynamics
from retrorun.gait.direction.heading import heading_against_course
from retrorun.gait.direction.names import lap_names
from retrorun.gait.direction.sensors import arm_sensors, leg_sensors, trunk_sensors
from retrorun.gait.direction.states import Evidence, Seen, Source

SOURCES: tuple[Source, ...] = (
    athlete_labels,
    lap_names,
    leg_sensors,
    trunk_sensors,
    arm_sensors,
    heading_against_course,
    running_dynamics,
    heart_rate_for_speed,
)


def hear(seen: Seen) -> tuple[Evidence, ...]:
    """What all sources say."""
    return tuple(evidence for source in SOURCES for evidence in source(seen))


def hear_again(seen: Seen, before: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """What was said before, with what the watch says now that a baseline is known."""
    kept = tuple(evidence for evidence in before if evidence.told != "watch")
    return kept + running_dynamics(seen) + heart_rate_for_speed(seen)
