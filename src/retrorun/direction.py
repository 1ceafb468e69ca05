"""Which way somebody moved, for a recording: unpacks channels for `gait.direction`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.gait.direction.athlete import with_said_motion
from retrorun.gait.direction.baseline import ForwardBaseline, fit_baseline, merge_baselines
from retrorun.gait.direction.decoder import Judged
from retrorun.gait.direction.names import said_by_name
from retrorun.gait.direction.sources import hear, hear_again
from retrorun.gait.direction.states import PER_SECOND as PER_SECOND  # for whoever reads `Judged`
from retrorun.gait.direction.states import STEP_S, Evidence, Said, Seen, Sensor
from retrorun.gait.track import longest_gap_s, on_grid
from retrorun.recording import Problem, Recording
from retrorun.signals import at_times, runs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One motion in one direction, [start_s, end_s)."""

    start_s: float
    end_s: float
    motion: np.int8  #: code of `motion.NAMES`
    way: np.int8  #: code of `decoder.WAYS`, or NO_WAY
    probability: float
    source: np.int8  #: code of `decoder.SOURCES`


def judge(
    recording: Recording,
    *,
    curves: Mapping[str, Floats],
    labels: tuple[Said, ...],
    baseline: ForwardBaseline | None,
    problems: list[Problem],
) -> Judged:
    """Motion and direction in steps of 0.1 s from everything the recording has.

    `curves` (m,) are what is known on whole seconds, `motion` among them; `baseline` is how this
    athlete runs forward, from other recordings. What is known to be forward in this one is added
    to it. What witnesses could not judge goes to `problems`.
    """
    code = curves["motion"].astype(np.int8)
    fine = with_said_motion(np.repeat(code, PER_SECOND), labels)
    speed_m_s = np.repeat(curves["speed_m_s"], PER_SECOND)
    seen = Seen(
        steps=len(fine),
        sensors=_sensors(recording),
        labels=labels,
        laps=_laps(recording),
        curves={**curves, **_angles(recording, curves["time_s"])},
        baseline=baseline,
    )
    evidence = hear(seen)
    judged = decoder.decide(evidence, fine, speed_m_s)
    habits = _own_baseline(judged, curves)
    if habits is not None and np.any(judged.source == decoder.ASSUMED):
        merged = merge_baselines([habits] if baseline is None else [baseline, habits])
        more = hear_again(replace(seen, baseline=merged), evidence)
        if len(more) > len(evidence) or baseline is not None:
            evidence = more
            judged = decoder.decide(evidence, fine, speed_m_s)
    _say(evidence, problems)
    return judged


def _own_baseline(judged: Judged, curves: Mapping[str, Floats]) -> ForwardBaseline | None:
    """How the athlete moves forward in this recording, where somebody told that it was forward."""
    told = (judged.way == decoder.FORWARD) & (judged.source != decoder.ASSUMED)
    told &= judged.source != decoder.WATCH
    forward = told[PER_SECOND // 2 :: PER_SECOND]
    return fit_baseline(curves, forward) if forward.any() else None


def stretches(judged: Judged, *, end_s: float) -> list[Stretch]:
    """Stretches of one motion, direction and source, in order; what was not judged is left out."""
    # Who told is of no matter where there is no direction.
    source = np.where(judged.way == decoder.NO_WAY, decoder.ASSUMED, judged.source)
    source = _without_slivers(source, judged.motion.astype(np.int32) * 10 + judged.way)
    codes = (judged.motion.astype(np.int32) * 10 + judged.way) * 10 + source
    return [
        Stretch(
            start_s=round(first * STEP_S, 1),
            end_s=min(round(last * STEP_S, 1), end_s),
            motion=judged.motion[first],
            way=judged.way[first],
            probability=float(judged.probability[first:last].mean(dtype=np.float64)),
            source=source[first],
        )
        for first, last in zip(*(edge.tolist() for edge in runs(codes)), strict=True)
        if judged.motion[first] != motion.NOT_JUDGED and round(first * STEP_S, 1) < end_s
    ]


#: A change of source alone that is shorter is no stretch of its own (convention). [s]
_SLIVER_S = 1.0


def _without_slivers(source: NDArray[np.int8], moves: NDArray[np.int32]) -> NDArray[np.int8]:
    """Sources, where a short one between equal moves takes the place of its neighbour. All (n,)."""
    source = source.copy()
    for first, last in zip(*(edge.tolist() for edge in runs(moves * 10 + source)), strict=True):
        if (last - first) * STEP_S >= _SLIVER_S:
            continue
        for beside in (last, first - 1):
            if 0 <= beside < len(moves) and moves[beside] == moves[first]:
                source[first:last] = source[beside]
                break
    return source


def _sensors(recording: Recording) -> dict[str, Sensor]:
    """Body-worn sensors with their gyroscope at the accelerometer's times."""
    found = {}
    for placement in recording.placements:
        acc, gyro = recording.get(f"{placement}_acc_m_s2"), recording.get(f"{placement}_gyro_rad_s")
        if acc is None or acc.samples < 2:
            continue
        turning = (
            np.full(acc.values.shape, np.nan, dtype=np.float32)
            if gyro is None or not gyro.samples
            else at_times(acc.time_s, gyro.time_s, gyro.values)
        )
        found[placement] = Sensor(time_s=acc.time_s, acc_m_s2=acc.values, gyro_rad_s=turning)
    return found


def _laps(recording: Recording) -> tuple[Said, ...]:
    """What laps, and the steps of the workout that they executed, say by their names and notes."""
    said = []
    for lap in recording.laps:
        step = (
            recording.workout[lap.step_index]
            if lap.step_index is not None and 0 <= lap.step_index < len(recording.workout)
            else None
        )
        texts = [lap.name, lap.notes, *((step.name, step.notes) if step else ())]
        ways = {said_by_name(text)[0] for text in texts if text} - {None}
        if len(ways) == 1:
            (way,) = ways
            said.append(Said(start_s=lap.span.start_s, end_s=lap.span.end_s, way=way))
    return tuple(said)


def _angles(recording: Recording, time_s: Floats) -> dict[str, Floats]:
    """Heading and course of the device in degrees on a grid, interpolated on the circle."""
    found = {}
    for name in ("heading_deg", "course_deg"):
        channel = recording.get(name)
        if channel is None:
            continue
        angle = np.radians(channel.values.astype(np.float64))
        gap_s = longest_gap_s(channel.time_s, at_least_s=2.0)
        east, north = (
            on_grid(channel.time_s, part, grid_s=time_s, longest_gap_s=gap_s)
            for part in (np.sin(angle), np.cos(angle))
        )
        found[name] = np.degrees(np.arctan2(east, north)) % 360
    return found


#: Said with every direction that a body-worn sensor told.
NEVER_CHECKED = Problem(
    "direction from body-worn sensors",
    "segments",
    "never checked on a real recording of backward running: none was available",
)


def _say(evidence: Sequence[Evidence], problems: list[Problem]) -> None:
    """What witnesses could not judge, and how far those that could were ever checked."""
    for item in evidence:
        if item.reason is not None:
            effect = "heard in part" if item.heard.any() else "not heard: direction from others"
            problems.append(Problem("direction of a witness", item.reason, effect))
    if any(item.told == "sensors" and item.heard.any() for item in evidence):
        problems.append(NEVER_CHECKED)
