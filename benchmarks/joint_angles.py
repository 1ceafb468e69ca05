"""The simulated runner's joint angles against captured ones: ``python -m benchmarks.joint_angles``.

The captured angles of hip, knee and ankle (three people of the LaFAN1 motion capture, put on a
robot's body) are read from ``$RETRORUN_DATA`` or ``../shared/data`` and never copied: only figures
of the comparison are kept, no curve. The robot never straightens its knee, so means are removed:
shapes and ranges of motion are compared, not levels.

How strides are cut. A stretch is running of one direction by the recording's own labels, at 1.8
to 4 m/s throughout; "running" there means no more than "faster than 1.8 m/s". From its beginning
a window of at most 2 s is searched for the step, the lag of 0.25 to 0.5 s at which each leg does
what the other did before: the largest mean correlation over the six angles, kept where it is a
maximum with worse lags on both sides and at least 0.7. A stride ends about two steps on (within
15 %), where the posture is nearest to its beginning's; the next window starts there, or 0.1 s
later where there was no stride. So a stretch of one stride suffices, a stride starts at whatever
phase the stretch does, and its end need not meet its beginning (the seam, told in the table, is
left as it is). Stretches that hold less than a stride, that turn so
sharply that the legs differ, or that are no running at all drop out here, unseen by the
simulation; the table says how much time was kept.

How they are compared. A stride of one leg is resampled to 101 points and shifted circularly until
the mean of its three correlations is largest: one shift for all joints. Whatever is compared has
this freedom, so a correlation means something only beside the controls: the simulated stride of
the other direction, the simulated forward stride played in reverse, and the captured strides of
other people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT, data_folder, print_table, save
from retrorun.simulation.body import COORDINATES, JOINTS
from retrorun.simulation.conditions import Conditions, Direction, usual_cadence_steps_min

Floats = NDArray[np.float64]

RATE_HZ = 100.0
POINTS = 101
LABELS: dict[Direction, int] = {"forward": 3, "backward": 4}
SPEEDS_M_S = (1.8, 4.0)
STEP_S = (0.25, 0.5)
WINDOW_S = 2.0
ALIKE = 0.7
ARRAYS = ("hip_flexion_rad", "knee_flexion_rad", "ankle_dorsiflexion_rad")
#: Speeds at which the table has gaits on the level [m/s].
SOLVED_M_S = (1.5, 2.0, 2.67, 3.33, 4.0)
#: Stand in for the shipped table until there is one.
UNSHIPPED: dict[Direction, str] = {
    "forward": "base-forward-2.67-+0.00-156.npy",
    "backward": "base-backward-2.67-+0.00-192.npy",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stride:
    """One captured stride of both legs."""

    person: str
    direction: Direction
    speed_m_s: float
    stride_s: float
    angles_deg: Floats  #: (right and left, joints, 101)
    seam_deg: float  #: between end and beginning, root mean square over the angles


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What was cut from one clip."""

    strides: list[Stride]
    stretches: dict[Direction, int]  #: of at least two of the shortest steps
    seconds: dict[Direction, float]  #: of these stretches


def step_samples(angles: Floats) -> int | None:
    """Samples after which each leg does what the other did; `angles` is (2, joints, samples)."""
    least, most = (round(RATE_HZ * limit_s) for limit_s in STEP_S)
    lags = range(least, min(most, (angles.shape[-1] - 1) // 2) + 1)
    if len(lags) < 3:
        return None
    alike = []
    for lag in lags:
        later, before = angles[:, :, lag:], angles[::-1, :, :-lag]
        later = later - later.mean(axis=2, keepdims=True)
        before = before - before.mean(axis=2, keepdims=True)
        size = np.sqrt((later**2).sum(axis=(0, 2)) * (before**2).sum(axis=(0, 2)))
        alike.append(((later * before).sum(axis=(0, 2)) / np.maximum(size, 1e-9)).mean())
    best = int(np.argmax(alike))
    inside = 0 < best < len(lags) - 1
    return lags[best] if inside and alike[best] >= ALIKE else None


def stride_samples(angles: Floats, step: int) -> int:
    """Samples to the posture nearest to the first, within 15 % of two steps."""
    lengths = np.arange(round(1.7 * step), min(round(2.3 * step), angles.shape[-1] - 1) + 1)
    apart = ((angles[:, :, lengths] - angles[:, :, :1]) ** 2).mean(axis=(0, 1))
    return int(lengths[apart.argmin()])


def stretches(label: NDArray[Any], speed_m_s: Floats, wanted: int) -> Iterator[tuple[int, int]]:
    """First sample and the one after the last of what has this label and a speed in range."""
    low, high = SPEEDS_M_S
    inside = (label == wanted) & (speed_m_s >= low) & (speed_m_s <= high)
    edges = np.flatnonzero(np.diff(inside, prepend=False, append=False)).tolist()
    yield from zip(edges[::2], edges[1::2], strict=True)


def resampled(values: Floats) -> Floats:
    """The last axis at 101 points from its first to its last sample."""
    there = np.linspace(0.0, values.shape[-1] - 1.0, POINTS)
    here = np.arange(values.shape[-1])
    return np.apply_along_axis(lambda row: np.interp(there, here, row), -1, values)


def cut(path: Path) -> Cut:
    """All strides of a clip; the person is the end of its name."""
    found = Cut(strides=[], stretches=dict.fromkeys(LABELS, 0), seconds=dict.fromkeys(LABELS, 0.0))
    with np.load(path) as clip:
        label = clip["label"]
        speed = np.abs(clip["forward_velocity_m_s"].astype(float))
        angles = np.degrees(
            [
                [clip[f"{side}_{name}"].astype(float) for name in ARRAYS]
                for side in ("right", "left")
            ]
        )
    for direction, wanted in LABELS.items():
        for start, end in stretches(label, speed, wanted):
            if end - start < 2 * STEP_S[0] * RATE_HZ:
                continue
            found.stretches[direction] += 1
            found.seconds[direction] += (end - start) / RATE_HZ
            at = start
            while at < end:
                step = step_samples(angles[:, :, at : min(at + round(WINDOW_S * RATE_HZ), end)])
                if step is None:
                    at += round(0.1 * RATE_HZ)
                    continue
                length = stride_samples(angles[:, :, at:end], step)
                whole = angles[:, :, at : at + length + 1]
                found.strides.append(
                    Stride(
                        person=path.stem.rpartition("_")[2],
                        direction=direction,
                        speed_m_s=float(speed[at : at + length].mean()),
                        stride_s=length / RATE_HZ,
                        angles_deg=resampled(whole),
                        seam_deg=float(np.sqrt(((whole[..., -1] - whole[..., 0]) ** 2).mean())),
                    )
                )
                at += length
    return found


def compare(candidates: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Correlation and RMS difference [deg] without means, (candidates, joints).

    `candidates` (k, joints, 101) and `target` (joints, 101); each candidate is shifted circularly,
    all joints together, to the largest mean correlation.
    """
    ours, theirs = (
        one[..., :-1] - one[..., :-1].mean(axis=-1, keepdims=True) for one in (candidates, target)
    )
    together = np.fft.rfft(ours) * np.conj(np.fft.rfft(theirs))
    shared = np.fft.irfft(together, n=POINTS - 1) / (POINTS - 1)
    our_power, their_power = (ours**2).mean(axis=-1), (theirs**2).mean(axis=-1)
    correlation = shared / np.maximum(np.sqrt(our_power * their_power), 1e-9)[..., None]
    shift = correlation.mean(axis=1).argmax(axis=-1)[:, None, None]
    best = np.take_along_axis(correlation, shift, axis=-1)[..., 0]
    covariance = np.take_along_axis(shared, shift, axis=-1)[..., 0]
    return best, np.sqrt(np.maximum(our_power + their_power - 2 * covariance, 0.0))


def reversed_in_time(angles: Floats) -> Floats:
    """A stride played from its end to its beginning."""
    return angles[..., ::-1]


# --- the simulated runner ------------------------------------------------------------------


@cache
def solved_m_s(direction: Direction) -> tuple[float, ...]:
    """Speeds of the finished solutions that are at hand."""
    shipped = ROOT / "src" / "retrorun" / "simulation" / "results" / "guesses.npz"
    if shipped.exists():
        return SOLVED_M_S
    if (ROOT / "out" / "sweep" / UNSHIPPED[direction]).exists():
        return (2.67,)
    sys.exit("benchmarks: no solution of the simulated runner; run `retrorun.simulation.sweep`")


@cache
def simulated(direction: Direction, speed_m_s: float) -> Floats:
    """A leg's stride (joints, 101) [deg] at one of the solved speeds, usual cadence, level."""
    from retrorun.simulation.neighbours import nearest
    from retrorun.simulation.solution import problem_for

    cadence = round(usual_cadence_steps_min(speed_m_s=speed_m_s, direction=direction), 1)
    asked = Conditions(speed_m_s=speed_m_s, direction=direction, cadence_steps_min=cadence)
    if solved_m_s(direction) == SOLVED_M_S:
        unknowns = nearest(asked)
        assert unknowns is not None
    else:
        unknowns = np.load(ROOT / "out" / "sweep" / UNSHIPPED[direction]).astype(float)
    problem = problem_for(asked)
    step_s = asked.step_time_s
    time_s, columns = problem.times_s(step_s), problem.columns(unknowns)
    # The left leg of this step is the right leg of the next.
    return np.array(
        [
            np.interp(
                np.linspace(0.0, 2 * step_s, POINTS),
                np.concatenate([time_s, time_s + step_s]),
                np.degrees(
                    [columns[:, COORDINATES.index(f"{side}_{joint}")] for side in ("right", "left")]
                ).ravel(),
                period=2 * step_s,
            )
            for joint in JOINTS
        ]
    )


def near_simulated(direction: Direction, target: Stride) -> Floats:
    """The simulated stride of nearest speed, (1, joints, 101)."""
    speed = min(solved_m_s(direction), key=lambda solved: abs(solved - target.speed_m_s))
    return simulated(direction, speed)[None]


# --- tables --------------------------------------------------------------------------------

Candidates = Callable[[Stride], Floats]


def of_others(strides: Sequence[Stride], direction: Direction) -> Candidates:
    """Legs' strides of people other than the one compared with, (k, joints, 101)."""

    @cache
    def without(person: str) -> Floats:
        others = [one for one in strides if one.direction == direction and one.person != person]
        return np.concatenate([one.angles_deg for one in others])

    return lambda target: without(target.person)


def compared(candidates: Candidates, targets: Sequence[Stride]) -> tuple[Floats, Floats]:
    """Correlation and RMS difference of every leg's stride, (2 × strides, joints)."""
    pairs = [compare(candidates(stride), leg) for stride in targets for leg in stride.angles_deg]
    # Of many candidates (other people's strides) the median one.
    return (
        np.array([np.median(correlation, axis=0) for correlation, _ in pairs]),
        np.array([np.median(rms, axis=0) for _, rms in pairs]),
    )


def spread(values: Floats, digits: int) -> str:
    """Median and range."""
    middle, low, high = np.median(values), values.min(), values.max()
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def table_of_strides(cuts: Sequence[Cut]) -> Iterator[dict[str, Any]]:
    """What there was to compare with."""
    for direction in LABELS:
        strides = [one for clip in cuts for one in clip.strides if one.direction == direction]
        people = sorted({one.person for one in strides})
        kept = sum(one.stride_s for one in strides)
        yield {
            "captured": direction,
            "stretches": sum(clip.stretches[direction] for clip in cuts),
            "strides": len(strides),
            "people": ", ".join(
                f"{sum(one.person == person for one in strides)} of {person}" for person in people
            ),
            "time kept": f"{kept / sum(clip.seconds[direction] for clip in cuts):.0%}",
            "speed m/s": spread(np.array([one.speed_m_s for one in strides]), 1),
            "stride s": spread(np.array([one.stride_s for one in strides]), 2),
            "seam deg": spread(np.array([one.seam_deg for one in strides]), 1),
        }


def table_of_ranges(strides: Sequence[Stride]) -> Iterator[dict[str, Any]]:
    """Ranges of motion [deg]: median and range of the captured, the simulated by speed."""
    for direction in LABELS:
        legs = np.concatenate([one.angles_deg for one in strides if one.direction == direction])
        for index, joint in enumerate(JOINTS):
            mine = (
                f"{np.ptp(simulated(direction, speed)[index]):.0f} at {speed:g}"
                for speed in solved_m_s(direction)
            )
            yield {
                "direction": direction,
                "joint": joint,
                "captured deg": spread(np.ptp(legs[:, index], axis=-1), 0),
                "simulated deg (m/s)": ", ".join(mine),
            }


def nearer(
    one: Floats, other: Floats, targets: Sequence[Stride], *, larger: bool
) -> tuple[float, dict[str, float]]:
    """Share of legs' strides to which the first is nearer, mean of the joints; and by person."""
    gain = (one - other).mean(axis=1) * (1.0 if larger else -1.0)
    people = np.repeat([target.person for target in targets], 2)
    return float((gain > 0).mean()), {
        str(person): round(float((gain[people == person] > 0).mean()), 2)
        for person in np.unique(people)
    }


def tables(cuts: Sequence[Cut]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """All tables with their headings."""
    strides = [one for clip in cuts for one in clip.strides]
    yield "strides; median (range)", list(table_of_strides(cuts))
    sources: dict[str, Candidates] = {
        "simulated forward": lambda target: near_simulated("forward", target),
        "simulated backward": lambda target: near_simulated("backward", target),
        "simulated forward, reversed": lambda target: reversed_in_time(
            near_simulated("forward", target)
        ),
        "other people's forward": of_others(strides, "forward"),
        "other people's backward": of_others(strides, "backward"),
        "other people's forward, reversed": lambda target: reversed_in_time(
            of_others_forward(target)
        ),
    }
    of_others_forward = sources["other people's forward"]
    alike: list[dict[str, Any]] = []
    apart: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    for direction in LABELS:
        targets = [one for one in strides if one.direction == direction]
        found = {name: compared(source, targets) for name, source in sources.items()}
        for name, (correlation, rms) in found.items():
            for rows, values, digits in ((alike, correlation, 2), (apart, rms, 1)):
                mean = values.mean(axis=1)
                rows.append(
                    {"captured": direction, "compared with it": name}
                    | {joint: spread(values[:, k], digits) for k, joint in enumerate(JOINTS)}
                    | {"mean": f"{np.median(mean):.{digits}f}"}
                )
        own = f"simulated {direction}"
        for other in sources:
            if other == own or (other.startswith("other") and "reversed" not in other):
                continue
            for measure, index in (("correlation", 0), ("RMS", 1)):
                share, by_person = nearer(
                    found[own][index], found[other][index], targets, larger=index == 0
                )
                verdicts.append(
                    {
                        "captured": direction,
                        "nearer": own,
                        "than": other,
                        "by": measure,
                        "of legs' strides": f"{share:.0%}",
                        "by person": ", ".join(
                            f"{who} {part:.0%}" for who, part in by_person.items()
                        ),
                    }
                )
    yield "Pearson correlation after alignment; median (range)", alike
    yield "RMS difference without means [deg]; median (range)", apart
    yield "whether the simulated stride is nearer to the captured ones than the controls", verdicts
    yield "ranges of motion; median (range)", list(table_of_ranges(strides))


def main() -> None:
    cuts = [cut(path) for path in sorted((data_folder() / "motion").glob("*.npz"))]
    kept: list[dict[str, Any]] = []
    for about, rows in tables(cuts):
        print(f"\n{about}")
        print_table(rows)
        kept += [{"table": about, **row} for row in rows]
    shipped = ", ".join(f"{speed:g}" for speed in solved_m_s("backward"))
    print(f"\nsimulated strides: level, usual cadence, the nearest of {shipped} m/s")
    save("joint_angles", kept)


if __name__ == "__main__":
    main()
