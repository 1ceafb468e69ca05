"""What a session says to the world: the public contract, and its JSON and JSON Schema.

A key once published is not renamed. What cannot be known is null, and `recording.problems` says
why. Units are in the names; energy is in kilocalories only here, at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar, dataclass_transform

from retrorun.recording import Problem

MotionName = Literal["still", "walk", "run", "other"]
DirectionName = Literal["forward", "backward", "sideways", "unknown"]
SourceName = Literal["sensors", "watch", "laps", "athlete", "assumed"]
MuscleGroup = Literal[
    "quadriceps", "glutes", "hamstrings", "hip_flexors", "calves", "tibialis_anterior"
]

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def published(cls: type[_T]) -> type[_T]:
    """A frozen dataclass whose attribute docstrings become descriptions in the schema."""
    cls.__pydantic_config__ = {"use_attribute_docstrings": True}  # type: ignore[attr-defined]
    return dataclass(frozen=True, kw_only=True)(cls)


@published
class Estimate:
    """A value with its 90 % interval."""

    value: float
    low: float
    high: float


@published
class FormEstimate:
    """A value with its 90 % interval, and the number of strides it rests on."""

    value: float
    low: float
    high: float
    strides: int


@published
class ChannelSummary:
    """How much of a channel there is."""

    rate_hz: float | None
    """Median sampling rate; null where times do not tell."""
    samples: int
    missing: int
    """Samples without a value."""


@published
class RecordingSummary:
    """What was recorded, and everything that was wrong with it."""

    file: str
    format: str
    device: str
    sport: str | None
    start_time: datetime | None
    """RFC 3339; null where the device's clock was not set."""
    duration_s: float
    simulated: bool
    """Made by a computer, not recorded on a person."""
    channels: Mapping[str, ChannelSummary]
    problems: tuple[Problem, ...]


@published
class Segment:
    """A stretch of one motion in one direction, [start_s, end_s)."""

    start_s: float
    end_s: float
    motion: MotionName
    direction: DirectionName | None
    probability: float | None
    """Of the direction."""
    source: SourceName | None
    """What told the direction."""
    distance_m: float | None
    speed_m_s: float | None
    gradient: float | None
    cadence_steps_min: float | None
    heart_rate_bpm: float | None
    energy_kcal: Estimate | None


@published
class DirectionTotals:
    """Time and distance by direction; standing still counts nowhere."""

    forward_s: float
    backward_s: float
    sideways_s: float
    unknown_s: float
    assumed_s: float
    """The part of forward_s that is only assumed."""
    forward_m: float
    backward_m: float
    sideways_m: float
    unknown_m: float


@published
class SameHeartRate:
    """All forward for the same time at the same heart rate: a hypothesis.

    Hearts were seen to run ahead of the oxygen backward, so forward it is as much energy or more.
    """

    kcal: Estimate
    distance_m: Estimate


@published
class Narrowing:
    """What a fact about the athlete would do to the interval of the total."""

    field: str
    """Key of athlete.toml."""
    now_percent: float
    """Half of the 90 % interval, as a share of the total, today."""
    then_percent: float
    """The same with this fact known."""


@published
class Energy:
    """Metabolic energy above nothing (gross) unless named net (above standing)."""

    total_kcal: Estimate
    """Forward, backward, standing and what moved in an unknown direction."""
    forward_kcal: Estimate
    backward_kcal: Estimate
    still_kcal: Estimate
    unknown_kcal: Estimate
    net_total_kcal: Estimate
    same_speed_all_forward_kcal: Estimate
    backward_extra_kcal: Estimate
    """The backward part minus the same part forward; errors that both share cancel in it."""
    same_heart_rate_all_forward: SameHeartRate | None
    judged_s: float
    not_judged_s: float
    method: str
    answer: str
    """The comparison in one sentence."""
    would_narrow: tuple[Narrowing, ...]
    """Facts about the athlete that are not known, the most useful first."""


@published
class Zone:
    """Time spent between two heart rates."""

    name: str
    low_bpm: float
    high_bpm: float
    time_s: float


@published
class Load:
    """Training load by three methods; each null where its input is missing."""

    trimp: float | None
    edwards: float | None
    session_rpe: float | None


@published
class SameSpeed:
    """Heart rate at the same speed in both directions, running where there was any."""

    motion: Literal["walk", "run"]
    speed_m_s: float
    """The speed both are stated at: the mean of the backward one."""
    forward_bpm: Estimate
    backward_bpm: Estimate
    difference_bpm: Estimate
    """Backward minus forward; its interval is its own, not that of the two."""


@published
class HeartLimit:
    """A limit of the athlete's heart rate, told or estimated."""

    value: float
    low: float
    high: float
    source: Literal["athlete", "estimated"]
    method: str


@published
class HeartLimits:
    """What zones and load are measured against."""

    resting_bpm: HeartLimit | None
    threshold_bpm: HeartLimit | None
    max_bpm: HeartLimit | None


@published
class Recovery:
    """How far the heart rate fell in the minute after a repetition."""

    end_s: float
    """End of the repetition."""
    direction: DirectionName
    drop_bpm: float


@published
class Heart:
    """What the heart did, artefacts removed."""

    mean_bpm: float | None
    """Null where the heart is here for its session-RPE alone."""
    max_bpm: float | None
    limits: HeartLimits
    vo2max_ml_kg_min: HeartLimit | None
    """Fitness: as the athlete knows it, or a rough estimate from the limits."""
    zones_by: Literal["max", "reserve", "threshold"] | None
    zones: tuple[Zone, ...] | None
    load: Load | None
    same_speed: SameSpeed | None
    drift_bpm_h: Estimate | None
    """Rise of the heart rate at the same speed, a hour."""
    recoveries: tuple[Recovery, ...]
    judged_s: float
    """Time with a believable heart rate."""
    dropouts: int
    """Samples removed because the sensor gave nothing or the impossible."""
    spikes: int
    """Samples removed because they jump away from their neighbours."""
    locked_s: float
    """Time removed because the sensor counted steps instead of beats."""


@published
class MuscleWork:
    """Work of one muscle group in the session."""

    metabolic_kj: Estimate
    concentric_kj: Estimate
    eccentric_kj: Estimate
    """Negative: the muscle is stretched."""
    isometric_share: Estimate


@published
class MuscleRatios:
    """Work of one muscle group over that of the same way forward, named as in `MuscleWork`.

    Each is null where forward has next to nothing to compare with.
    """

    metabolic_kj: Estimate | None
    concentric_kj: Estimate | None
    eccentric_kj: Estimate | None
    isometric_share: Estimate | None


@published
class Muscle:
    """Work by muscle group in running, from the simulated runner."""

    groups: Mapping[MuscleGroup, MuscleWork | None]
    compared_with_all_forward: Mapping[MuscleGroup, MuscleRatios | None]
    """The session over the same session all forward, at the same speeds and slopes."""
    backward_against_forward: Mapping[MuscleGroup, MuscleRatios | None] | None
    """The backward part alone over the same part forward; null where none was judged."""
    interval: Literal["variants"]
    """Ranges over model variants, not 90 % intervals."""
    confidence: str
    judged_s: float
    not_judged_s: float
    """Time on the move that is in no work of muscles; `recording.problems` says why."""


@published
class Form:
    """How the person moved, over the strides of one direction."""

    motion: Literal["walk", "run"]
    """The gait these figures are of: running where there was any, else walking."""
    cadence_steps_min: FormEstimate | None
    step_length_m: FormEstimate | None
    contact_time_s: FormEstimate | None
    flight_time_s: FormEstimate | None
    stride_time_variability: FormEstimate | None
    """Coefficient of variation of stride times."""
    step_asymmetry: FormEstimate | None
    """Difference of left and right step times over their mean, never negative."""
    harmonic_ratio: FormEstimate | None
    """Smoothness of the trunk's vertical acceleration: even over odd harmonics of the stride."""
    local_divergence: FormEstimate | None
    """Short-term exponent by which neighbouring strides part, a stride; higher is less stable."""
    trunk_lean_deg: FormEstimate | None
    """Against the athlete's own standing; forward is positive."""


@published
class FormByDirection:
    """Form for each direction; `unknown` where the direction was not found."""

    forward: Form | None
    backward: Form | None
    unknown: Form | None


@published
class SessionReport:
    """One activity, analysed."""

    recording: RecordingSummary
    segments: tuple[Segment, ...]
    distance_m: float | None
    """Distance covered on foot or wheel, by the best channel there is."""
    moving_s: float | None
    """Time that was not still."""
    ascent_m: float | None
    not_judged_s: float
    """Time for which no channel told whether and how the person moved."""
    direction: DirectionTotals | None
    energy: Energy | None
    heart: Heart | None
    muscle: Muscle | None
    form: FormByDirection | None


def to_json(report: SessionReport) -> str:
    """The session as one line of JSON."""
    line: bytes = _adapter().dump_json(report)
    return line.decode()


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `to_json` prints."""
    schema: dict[str, Any] = _adapter().json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "retrorun session"
    return schema


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(SessionReport)
