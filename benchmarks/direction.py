"""How well the direction is found: ``python -m benchmarks.direction`` (some six minutes).

Recordings are read from ``$RETRORUN_DATA`` or ``../shared/data`` and never copied. Most are
inertial sensors *computed* from motion capture, in steps of 0.1 s; what the truth calls `other`
(standing, turning, sideways, fighting) is not scored. `--quick` takes three clips and three
walks, `--speed` measures the speed alone, `--session` judges through `retrorun.session.analyse`
instead of the sources and the decoder themselves; none of these three is kept.
"""

from __future__ import annotations

import csv
import importlib.util
import itertools
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

from benchmarks.common import ROOT, data_folder, print_table, save
from benchmarks.contacts import pair, walks
from retrorun.gait import motion
from retrorun.gait.contacts import GRAVITY_M_S2
from retrorun.gait.direction import decoder
from retrorun.gait.direction.decoder import BACKWARD, FORWARD, NO_WAY, UNKNOWN, Judged
from retrorun.gait.direction.sources import hear
from retrorun.gait.direction.states import STEP_S, Seen, Sensor
from retrorun.gait.worn import TRUSTED
from retrorun.signals import true_runs, uniform_pieces

Row = dict[str, Any]
Mask = NDArray[np.bool_]
Vectors = NDArray[np.float32]

RATE_HZ = 100.0
#: Seed of every random orientation, gap and noise here.
SEED = 1
PARTS = ("foot", "shank", "thigh", "sacrum", "chest", "wrist")
TRUNK = ("sacrum", "chest")
#: Truth of the computed clips: 1 forward walk, 2 backward walk, 3 forward run, 4 backward run.
CLASSES = (1, 2, 3, 4)
WALKS, RUNS, FORWARDS, BACKWARDS = (1, 2), (3, 4), (1, 3), (2, 4)
#: A change of direction is found if one is said this near; the truth needs about half a second of
#: `other` to turn over, and no change is seen across a longer break than this. [s]
EDGE_S = 3.0
#: What is said with at least this probability is said with confidence. [-]
CONFIDENT = 0.9
#: Stretches of one true class that the second protocol scores, and what it leaves at their ends.
LONG_S, ENDS_S = 3.0, 0.5
BINS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

ABOUT = f"""\
# accuracy
Computed sensors (virtual, from motion capture of three people), 0.1 s steps, `other` not scored.
Nothing is fitted to a subject, so leaving one subject out changes no figure: the rows of a subject
are what a person gives whom no constant was fitted to. But which laws are used at a placement was
chosen with a look at these very recordings: all figures on computed sensors are OPTIMISTIC.
true axes: the sensors are not turned, which the code under test neither knows nor uses; random:
each is turned anyhow, once, seed {SEED}. Each side of the body is a recording of its own.
moving: walk*, run*, sprint*; fighting: fight*, jumps*. P precision, R recall, of backward.
macro F1: mean F1 of forward and backward walking and running. false s/h: seconds called backward in
an hour of forward movement. edge s: median error of the changes of direction found within
{EDGE_S:g} s; edges: share found. unknown: share of the scored time left unknown, or whose motion
was not judged; still: called standing still. Both count as not found.\
"""
APART = """\
# walking and running apart
Backward seconds, precision, recall, F1, false seconds an hour."""
LONG = f"""\
# long stretches
Only stretches of one true class of at least {LONG_S:g} s, {ENDS_S:g} s left out at both ends: the
clips' backward stretches last 1.1 s (median), and most of their seconds are changes of direction.
No backward run of this length is in the clips."""
PEOPLE = """\
# each person
Random axes; no constant was fitted to any of them."""
CALIBRATION = f"""\
# calibration
Stated probability of backward in bins, and the share that truly was (seconds in the bin). Where
nothing was judged there is no probability. right at {CONFIDENT:g}: of what was said forward or
backward with at least that probability, the share that was right."""
REAL = """\
# real forward recordings
Real sensors, real people, who only moved forward: every second called backward is false. most/h:
upper 95 % bound (one-sided, exact for a Poisson count) of false stretches an hour; most s/h: that
times the mean length of the false stretches, or 1 s (the shortest that is ever said) where there
was none. Stretches of one person come together: the true bound is higher. The
files of watches tell no direction of a body: forward is assumed there, which is no measurement."""
REVERSED = """\
# played backward
Real forward walking played backwards, acc(-t) and -gyro(-t): a check of signs, never truth."""
WRONG = f"""\
# declared as worn elsewhere
A sensor declared as worn elsewhere, left side, random axes. sure fwd, sure back: share of the
scored time said with a probability of at least {CONFIDENT:g}; sure wrong: said so, and wrong;
wrong: said with any probability, and wrong. The first rows are computed sensors (truth: the clip),
the last ones real walkers (truth: forward)."""
ROBUST = """\
# worse sensors
Computed sensors, random axes, all clips; left foot and sacrum."""
SPEED = """\
# speed
Six hours at 100 Hz of one foot, float32, start of the program not counted: sensor evidence, motion
and decoder. The peer finds steps, no direction. MB above input: peak memory over that of the
program with the recording loaded."""
LAST = """\
No real sensor recording of somebody running backward was available: every recall above is on
computed sensors. CONTRIBUTING.md says how to contribute one."""


# --- who judges -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What was said of every step, and why not more."""

    judged: Judged
    reasons: tuple[str, ...]


Judge = Callable[[Mapping[str, Sensor], int], Answer]


def by_sources(sensors: Mapping[str, Sensor], steps: int) -> Answer:
    """Sources, motion and decoder, called directly."""
    evidence = hear(Seen(steps=steps, sensors=sensors))
    code = motion_of(sensors, steps)
    judged = decoder.decide(evidence, code, np.full(steps, np.nan))
    return Answer(judged, tuple(item.reason for item in evidence if item.reason is not None))


def motion_of(sensors: Mapping[str, Sensor], steps: int) -> NDArray[np.int8]:
    """Motion codes of the steps: of the sensor most trusted for motion that could judge."""
    code = np.full(steps, motion.NOT_JUDGED, dtype=np.int8)
    for placement in sorted(sensors, key=lambda name: TRUSTED.index(motion.part_of(name))):
        sensor = sensors[placement]
        rate_hz = min(1 / float(np.median(np.diff(sensor.time_s))), motion.HIGHEST_RATE_HZ)
        if rate_hz < motion.LOWEST_RATE_HZ - 1e-6:
            continue
        turns = bool(np.isfinite(sensor.gyro_rad_s).any())
        rows = np.hstack([sensor.acc_m_s2, sensor.gyro_rad_s]) if turns else sensor.acc_m_s2
        for piece in uniform_pieces(sensor.time_s, rows, rate_hz=rate_hz, gap_s=0.1):
            found = motion.motion_from_acceleration(
                piece.values[:, :3],
                rate_hz=max(rate_hz, motion.LOWEST_RATE_HZ),
                placement=placement,
                gyro_rad_s=piece.values[:, 3:] if turns else None,
            )
            epoch = np.floor((np.arange(steps) + 0.5) * STEP_S - piece.start_s).astype(int)
            open_ = (epoch >= 0) & (epoch < len(found.code)) & (code == motion.NOT_JUDGED)
            code[open_] = found.code[epoch[open_]]
    return code


def by_session(sensors: Mapping[str, Sensor], steps: int) -> Answer:
    """Through the public way in: a recording with these channels, analysed."""
    from retrorun.recording import Channel, Recording
    from retrorun.session import analyse

    channels = {}
    for placement, sensor in sensors.items():
        channels[f"{placement}_acc_m_s2"] = Channel(sensor.time_s, sensor.acc_m_s2.copy())
        if np.isfinite(sensor.gyro_rad_s).any():
            channels[f"{placement}_gyro_rad_s"] = Channel(sensor.time_s, sensor.gyro_rad_s.copy())
    session = analyse(Recording(file="benchmark", format="benchmark", channels=channels))
    code = np.full(steps, motion.NOT_JUDGED, dtype=np.int8)
    way = np.full(steps, NO_WAY, dtype=np.int8)
    probability = np.full(steps, np.nan, dtype=np.float32)
    codes = {word: number for number, word in motion.NAMES.items()}
    ways = {word: number for number, word in decoder.WAYS.items()}
    for segment in session.segments:
        part = slice(*(round(edge_s / STEP_S) for edge_s in (segment.start_s, segment.end_s)))
        code[part] = codes[segment.motion]
        if segment.direction is not None:
            way[part] = ways[segment.direction]
        if segment.probability is not None:
            probability[part] = segment.probability
    judged = Judged(
        motion=code,
        way=way,
        probability=probability,
        backward=np.select(
            [way == BACKWARD, way == FORWARD], [probability, 1 - probability], np.nan
        ),
        source=np.full(steps, decoder.SENSORS, dtype=np.int8),
    )
    found = session.recording.problems
    return Answer(judged, tuple(problem.where for problem in found if "witness" in problem.what))


# --- recordings with known truth --------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A computed recording: truth by the step, values (n, 6) by the placement."""

    name: str
    subject: str
    label: NDArray[np.int8]
    values: Mapping[str, Vectors]

    @property
    def group(self) -> str:
        return "fighting" if self.name.startswith(("fight", "jump")) else "moving"


def clips(folder: Path, *, most: int | None = None) -> list[Clip]:
    """The computed recordings; the half-precision arrays become single precision."""
    with (folder / "motion" / "index.csv").open(encoding="utf-8") as text:
        subjects = {row["clip"]: row["subject"] for row in csv.DictReader(text)}
    found = []
    for path in sorted((folder / "motion").glob("*.npz"))[:most]:
        with np.load(path) as arrays:
            values = {
                name: arrays[name].astype(np.float32) for part in PARTS for name in names_of(part)
            }
            label = arrays["label"]
        steps = len(label) // 10
        found.append(Clip(path.stem, subjects[path.stem], label[5::10][:steps], values))
    return found


def names_of(part: str) -> tuple[str, ...]:
    return (part,) if part in TRUNK else (f"left_{part}", f"right_{part}")


def random_axes(*key: int) -> Rotation:
    return Rotation.random(rng=np.random.default_rng([SEED, *key]))


def sensor_of(values: NDArray[np.floating], turned: Rotation | None = None) -> Sensor:
    """A sensor on a 100 Hz clock whose axes were turned."""
    acc, gyro = values[:, :3].astype(np.float64), values[:, 3:].astype(np.float64)
    if turned is not None:
        acc, gyro = turned.apply(acc), turned.apply(gyro)
    return Sensor(
        time_s=np.arange(len(values)) / RATE_HZ,
        acc_m_s2=acc.astype(np.float32),
        gyro_rad_s=gyro.astype(np.float32),
    )


def worn_ways(worn: str) -> tuple[tuple[str, ...], ...]:
    """Sensors that are judged together, for every way the body offers."""
    if worn == "both feet":
        return (names_of("foot"),)
    if worn == "foot+sacrum":
        return tuple((foot, "sacrum") for foot in names_of("foot"))
    return tuple((name,) for name in names_of(worn))


# --- scores -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One recording with what was said of it."""

    clip: Clip
    answer: Answer

    @property
    def judged(self) -> Judged:
        return self.answer.judged


def run_clips(recordings: Sequence[Clip], worn: str, *, axes: str, judge: Judge) -> list[Result]:
    """Every recording judged by the sensors of one wearing."""
    out = []
    for number, clip in enumerate(recordings):
        for names in worn_ways(worn):
            sensors = {}
            for name in names:
                key = sorted(clip.values).index(name)
                turned = random_axes(number, key) if axes == "random" else None
                sensors[name] = sensor_of(clip.values[name], turned)
            out.append(Result(clip, judge(sensors, len(clip.label))))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scored steps of several recordings, one after the other, all (n,)."""

    label: NDArray[np.int8]
    motion: NDArray[np.int8]
    way: NDArray[np.int8]
    probability: NDArray[np.float32]
    backward: NDArray[np.float32]

    def only(self, labels: tuple[int, ...]) -> Scored:
        keep = np.isin(self.label, labels)
        return Scored(*(getattr(self, name)[keep] for name in self.__slots__))

    @property
    def truly(self) -> Mask:
        return np.isin(self.label, BACKWARDS)

    @property
    def said(self) -> Mask:
        said: Mask = self.way == BACKWARD
        return said


def scored(results: Iterable[Result], *, long: bool = False) -> Scored:
    keep = [(r, inside_long(r.clip.label) if long else r.clip.label > 0) for r in results]

    def joined(values: Callable[[Result], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([values(r)[mask] for r, mask in keep] or [np.empty(0)])

    return Scored(
        label=joined(lambda r: r.clip.label),
        motion=joined(lambda r: r.judged.motion),
        way=joined(lambda r: r.judged.way),
        probability=joined(lambda r: r.judged.probability),
        backward=joined(lambda r: r.judged.backward),
    )


def inside_long(label: NDArray[np.int8]) -> Mask:
    """The steps of the second protocol."""
    keep = np.zeros(len(label), dtype=bool)
    ends = round(ENDS_S / STEP_S)
    for one in CLASSES:
        for first, last in zip(*true_runs(label == one), strict=True):
            if (last - first) * STEP_S >= LONG_S - 1e-9:
                keep[first + ends : last - ends] = True
    return keep


def precision_recall_f1(said: Mask, truly: Mask) -> tuple[float | None, float | None, float | None]:
    """None where there is nothing to take a share of."""
    hits, called, true = count(said & truly), count(said), count(truly)
    return ratio(hits, called), ratio(hits, true), ratio(2 * hits, called + true)


def count(mask: NDArray[Any]) -> int:
    return int(np.count_nonzero(mask))


def ratio(part: float, whole: float, *, digits: int = 3) -> float | None:
    if not whole:
        return None
    return round(float(part) / float(whole), digits or None)


def macro_f1(steps: Scored) -> float | None:
    """Mean F1 of the classes that occur or were said; what is unknown is no class."""
    values = []
    for one in CLASSES:
        gait = motion.WALK if one in WALKS else motion.RUN
        way = BACKWARD if one in BACKWARDS else FORWARD
        said = (steps.motion == gait) & (steps.way == way)
        values.append(precision_recall_f1(said, steps.label == one)[2])
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 3) if known else None


def false_s_per_hour(steps: Scored) -> float | None:
    forward = steps.only(FORWARDS)
    return ratio(3600 * count(forward.said), len(forward.label), digits=0)


def changes(way: NDArray[np.int8]) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """When forward (0) turned to backward (1) or back, amid what lies between, and to which."""
    index = np.flatnonzero((way == FORWARD) | (way == BACKWARD))
    before, after = index[:-1], index[1:]
    turned = (way[before] != way[after]) & ((after - before - 1) * STEP_S <= EDGE_S)
    return (before[turned] + after[turned] + 1) / 2 * STEP_S, way[after[turned]]


def edge_figures(results: Iterable[Result]) -> tuple[float | None, float | None]:
    """Median error of the changes of direction that were found [s], and the share found."""
    errors: list[float] = []
    there = 0
    for result in results:
        label = result.clip.label
        truth = np.select([np.isin(label, FORWARDS), np.isin(label, BACKWARDS)], [0, 1], -1)
        true_s, true_way = changes(truth.astype(np.int8))
        said_s, said_way = changes(result.judged.way)
        there += len(true_s)
        for way in (FORWARD, BACKWARD):
            said, true = said_s[said_way == way], true_s[true_way == way]
            pairs = pair(said, true, tolerance_s=EDGE_S)
            errors += [abs(float(said[row] - true[column])) for row, column in pairs]
    return (round(float(np.median(errors)), 2) if errors else None), ratio(len(errors), there)


def shares(steps: Scored) -> Row:
    """Share of the time that got no direction: unknown or motion not judged, or called still."""
    n = len(steps.way)
    unknown = (steps.way == UNKNOWN) | (steps.motion == motion.NOT_JUDGED)
    return {
        "unknown": ratio(count(unknown), n),
        "still": ratio(count((steps.way == NO_WAY) & ~unknown), n),
    }


GROUPS: Mapping[str, Callable[[Result], bool]] = {
    "moving": lambda result: result.clip.group == "moving",
    "fighting": lambda result: result.clip.group == "fighting",
    "all": lambda result: True,
}


def figures(results: Sequence[Result], *, long: bool = False) -> Row:
    """The main figures of some recordings."""
    steps = scored(results, long=long)
    precision, recall, f1 = precision_recall_f1(steps.said, steps.truly)
    edge_s, found = (None, None) if long else edge_figures(results)
    return {
        "back s": round(count(steps.truly) * STEP_S),
        "P": precision,
        "R": recall,
        "F1": f1,
        "macro F1": macro_f1(steps),
        "false s/h": false_s_per_hour(steps),
        "edge s": edge_s,
        "edges": found,
        **shares(steps),
    }


def walk_and_run(results: Sequence[Result]) -> Row:
    """Backward walking and backward running, each among its own gait."""
    row: Row = {}
    for gait, labels in (("walk", WALKS), ("run", RUNS)):
        steps = scored(results).only(labels)
        row[f"{gait} s"] = round(count(steps.truly) * STEP_S)
        precision, recall, f1 = precision_recall_f1(steps.said, steps.truly)
        row |= {f"{gait} P": precision, f"{gait} R": recall, f"{gait} F1": f1}
        row[f"{gait} s/h"] = false_s_per_hour(steps)
    return row


def calibration(results: Sequence[Result]) -> tuple[Row, Row]:
    """Share truly backward of each bin of the stated probability, and the seconds in it."""
    steps = scored(results)
    share: Row = {}
    seconds: Row = {}
    for low, high in itertools.pairwise(BINS):
        top = 1.01 if high == BINS[-1] else high
        here = (steps.backward >= low) & (steps.backward < top)
        key = f"{low:g}-{high:g}"
        share[key] = ratio(count(here & steps.truly), count(here))
        seconds[key] = round(count(here) * STEP_S)
    sure = np.isin(steps.way, (FORWARD, BACKWARD)) & (steps.probability >= CONFIDENT)
    right = count(sure & (steps.said == steps.truly))
    share[f"right at {CONFIDENT:g}"] = ratio(right, count(sure))
    seconds[f"right at {CONFIDENT:g}"] = round(count(sure) * STEP_S)
    return share, seconds


# --- tables on computed sensors ---------------------------------------------------------------

WORN = (*PARTS, "both feet", "foot+sacrum")
Tables = Iterator[tuple[str, list[Row]]]


def computed_tables(recordings: Sequence[Clip], judge: Judge, worn: Sequence[str] = WORN) -> Tables:
    """Accuracy, long stretches, people and calibration."""
    judged = {
        (name, axes): run_clips(recordings, name, axes=axes, judge=judge)
        for name in worn
        for axes in (("true", "random") if name in PARTS else ("random",))
    }
    yield ABOUT, list(_by_group(judged, figures))
    yield APART, list(_by_group(judged, walk_and_run))
    turned = {worn: results for (worn, axes), results in judged.items() if axes == "random"}
    yield LONG, list(_long_rows(turned))
    yield PEOPLE, list(_by_person(turned))
    yield CALIBRATION, list(_calibration_rows(turned))


Judgements = Mapping[tuple[str, str], Sequence[Result]]


def _by_group(judged: Judgements, measure: Callable[[Sequence[Result]], Row]) -> Iterator[Row]:
    for (worn, axes), results in judged.items():
        for group, part in _parts(results, GROUPS):
            yield {"worn": worn, "axes": axes, "clips": group, **measure(part)}


def _parts(results: Sequence[Result], groups: Iterable[str]) -> Iterator[tuple[str, list[Result]]]:
    for group in groups:
        part = [result for result in results if GROUPS[group](result)]
        if part:
            yield group, part


def _long_rows(turned: Mapping[str, Sequence[Result]]) -> Iterator[Row]:
    for worn, results in turned.items():
        for group, part in _parts(results, GROUPS):
            row = figures(part, long=True)
            del row["edge s"], row["edges"]
            yield {"worn": worn, "clips": group, **row}


def _by_person(turned: Mapping[str, Sequence[Result]]) -> Iterator[Row]:
    for worn, results in turned.items():
        for subject in sorted({result.clip.subject for result in results}):
            of_one = [result for result in results if result.clip.subject == subject]
            for group, part in _parts(of_one, ("moving", "all")):
                yield {"worn": worn, "person": subject, "clips": group, **figures(part)}


def _calibration_rows(turned: Mapping[str, Sequence[Result]]) -> Iterator[Row]:
    for worn, results in turned.items():
        for group, part in _parts(results, ("moving", "all")):
            for kind, row in zip(("share", "seconds"), calibration(part), strict=True):
                yield {"worn": worn, "clips": group, "of the bin": kind, **row}


# --- sensors worn elsewhere, worse sensors ----------------------------------------------------


def wrong_placement(recordings: Sequence[Clip], judge: Judge, folder: Path) -> Iterator[Row]:
    """Every placement declared as every other; the right one for comparison."""
    for true in PARTS:
        for declared in PARTS:
            results = []
            for number, clip in enumerate(recordings):
                turned = random_axes(number, PARTS.index(true))
                sensor = sensor_of(clip.values[names_of(true)[0]], turned)
                answer = judge({names_of(declared)[0]: sensor}, len(clip.label))
                results.append(Result(clip, answer))
            yield {"sensors": "computed", **_declared_row(true, declared, results)}
    real = list(real_walks(folder, most=None if len(recordings) > 3 else 3))
    for true in ("foot", "sacrum"):
        for declared in PARTS:
            results = []
            for walk in real:
                for name in names_of(true):
                    answer = judge({names_of(declared)[0]: walk.sensors[name]}, len(walk.label))
                    results.append(Result(walk.as_clip(), answer))
            yield {"sensors": "real", **_declared_row(true, declared, results)}


def _declared_row(true: str, declared: str, results: Sequence[Result]) -> Row:
    steps = scored(results)
    n = len(steps.way)
    sure = steps.probability >= CONFIDENT
    forward, backward = sure & (steps.way == FORWARD), sure & (steps.way == BACKWARD)
    return {
        "worn at": true,
        "declared": declared,
        "sure fwd": ratio(count(forward), n),
        "sure back": ratio(count(backward), n),
        "sure wrong": ratio(count(forward & steps.truly | backward & ~steps.truly), n),
        "wrong": ratio(count(np.where(steps.truly, steps.way == FORWARD, steps.said)), n),
        **shares(steps),
        "reason (recordings)": usual_reason(results),
    }


def usual_reason(results: Sequence[Result]) -> str:
    """The most frequent reason, without the name of the sensor, and how often it was given."""
    said = Counter(
        reason.partition(": ")[2] or reason for r in results for reason in r.answer.reasons
    )
    if not said:
        return "–"
    (reason, times), *_ = said.most_common(1)
    return f"{times}/{len(results)} {reason}"[:30]


Change = Callable[[Sensor, np.random.Generator], Sensor]


def at_rate(rate_hz: float) -> Change:
    """Another sampling rate; nothing above 12 Hz is in these signals, so nothing folds down."""

    def change(sensor: Sensor, rng: np.random.Generator) -> Sensor:
        rows = np.hstack([sensor.acc_m_s2, sensor.gyro_rad_s])
        (piece,) = uniform_pieces(sensor.time_s, rows, rate_hz=rate_hz)
        return Sensor(
            time_s=np.arange(len(piece.values)) / rate_hz,
            acc_m_s2=piece.values[:, :3],
            gyro_rad_s=piece.values[:, 3:],
        )

    return change


def clipped(size_g: float) -> Change:
    def change(sensor: Sensor, rng: np.random.Generator) -> Sensor:
        most = size_g * GRAVITY_M_S2
        return replace(sensor, acc_m_s2=np.clip(sensor.acc_m_s2, -most, most))

    return change


def with_gaps(share: float, *, length_s: float) -> Change:
    """Rows are missing altogether, in gaps of one length at random places."""

    def change(sensor: Sensor, rng: np.random.Generator) -> Sensor:
        n, width = len(sensor.time_s), max(round(length_s * RATE_HZ), 1)
        lost = np.zeros(n, dtype=bool)
        while lost.mean() < share:
            first = int(rng.integers(n))
            lost[first : first + width] = True
        return Sensor(
            time_s=sensor.time_s[~lost],
            acc_m_s2=sensor.acc_m_s2[~lost],
            gyro_rad_s=sensor.gyro_rad_s[~lost],
        )

    return change


def worn_anew(sensor: Sensor, rng: np.random.Generator) -> Sensor:
    """Put on another way at half time."""
    turned, half = Rotation.random(rng=rng), len(sensor.time_s) // 2
    acc, gyro = (np.array(values) for values in (sensor.acc_m_s2, sensor.gyro_rad_s))
    for values in (acc, gyro):
        values[half:] = turned.apply(values[half:])
    return replace(sensor, acc_m_s2=acc, gyro_rad_s=gyro)


def noisy(sensor: Sensor, rng: np.random.Generator) -> Sensor:
    """Noise of 0.5 m/s² and 0.05 rad/s, biases of 0.3 m/s² and 0.03 rad/s on every axis."""

    def worse(values: NDArray[np.floating], noise: float, bias: float) -> Vectors:
        shift = bias * rng.choice([-1, 1], 3)
        return (values + rng.normal(0, noise, values.shape) + shift).astype(np.float32)

    return replace(
        sensor,
        acc_m_s2=worse(sensor.acc_m_s2, 0.5, 0.3),
        gyro_rad_s=worse(sensor.gyro_rad_s, 0.05, 0.03),
    )


CHANGES: Mapping[str, Change] = {
    "as it is, 100 Hz": lambda sensor, rng: sensor,
    **{f"{rate_hz:g} Hz": at_rate(rate_hz) for rate_hz in (25.0, 50.0, 200.0, 400.0, 18.0)},
    **{f"clipped at ±{size:g} g": clipped(size) for size in (2.0, 4.0, 8.0)},
    "5 % lost, single rows": with_gaps(0.05, length_s=0.01),
    "5 % lost, gaps of 0.5 s": with_gaps(0.05, length_s=0.5),
    "worn anew at half time": worn_anew,
    "noise and bias": noisy,
}


def robustness(recordings: Sequence[Clip], judge: Judge) -> Iterator[Row]:
    """Worse sensors."""
    for name in ("left_foot", "sacrum"):
        for what, change in CHANGES.items():
            results = []
            for number, clip in enumerate(recordings):
                rng = np.random.default_rng([SEED, number])
                turned = random_axes(number, sorted(clip.values).index(name))
                sensor = change(sensor_of(clip.values[name], turned), rng)
                results.append(Result(clip, judge({name: sensor}, len(clip.label))))
            steps = scored(results)
            precision, recall, f1 = precision_recall_f1(steps.said, steps.truly)
            yield {
                "worn": motion.part_of(name),
                "sensor": what,
                "P": precision,
                "R": recall,
                "F1": f1,
                "false s/h": false_s_per_hour(steps),
                **shares(steps),
                "reason (recordings)": usual_reason(results),
            }


# --- real recordings --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class RealWalk:
    """Sensors of one real recording; label is 1 (forward walk) inside the trial, 0 outside."""

    name: str
    label: NDArray[np.int8]
    sensors: Mapping[str, Sensor]

    def as_clip(self) -> Clip:
        return Clip(self.name, self.name.partition("-")[0], self.label, {})


def real_walks(folder: Path, *, most: int | None = None) -> Iterator[RealWalk]:
    """Forward walking with a turn, both feet and lower back on one packet clock, axes turned."""
    by_name = itertools.groupby(walks(folder), key=lambda walk: walk.name)
    for number, (name, group) in enumerate(itertools.islice(by_name, most)):
        sensors = {}
        for key, walk in enumerate(group):
            rows = np.hstack([walk.acc, walk.gyro])
            sensors[walk.placement] = sensor_of(rows, random_axes(1000 + number, key))
            trial_s = walk.trial_s
        steps = max(int(len(sensor.time_s) / RATE_HZ / STEP_S) for sensor in sensors.values())
        middle_s = (np.arange(steps) + 0.5) * STEP_S
        inside = (middle_s > trial_s[0]) & (middle_s < trial_s[1])
        yield RealWalk(name, inside.astype(np.int8), sensors)


def false_alarms(data: str, worn: str, people: int, results: Sequence[Result]) -> Row:
    """What was called backward although everybody moved forward."""
    steps = scored(results)
    lengths_s = [
        (last - first) * STEP_S
        for r in results
        for first, last in zip(
            *true_runs((r.judged.way == BACKWARD) & (r.clip.label > 0)), strict=True
        )
    ]
    return {
        "recordings": data,
        "worn": worn,
        "people": people,
        "hours": round(len(steps.way) * STEP_S / 3600, 3),
        **_alarm_figures(lengths_s, len(steps.way) * STEP_S / 3600),
        "forward": ratio(count(steps.way == FORWARD), len(steps.way)),
        **shares(steps),
    }


def _alarm_figures(lengths_s: Sequence[float], hours: float) -> Row:
    """False seconds and stretches an hour, with the upper bound of a Poisson count."""
    stretches = len(lengths_s)
    most = float(chi2.ppf(0.95, 2 * (stretches + 1))) / 2
    mean_s = float(np.mean(lengths_s)) if stretches else 1.0
    return {
        "false s": round(float(np.sum(lengths_s)), 1),
        "s/h": ratio(float(np.sum(lengths_s)), hours, digits=1),
        "stretches": stretches,
        "most/h": ratio(most, hours, digits=1),
        "most s/h": ratio(most * mean_s, hours, digits=1),
    }


REAL_WORN: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "foot": (("left_foot",), ("right_foot",)),
    "lower back": (("sacrum",),),
    "both feet": (("left_foot", "right_foot"),),
    "foot+lower back": (("left_foot", "sacrum"), ("right_foot", "sacrum")),
}


def real_forward(folder: Path, judge: Judge, *, most: int | None = None) -> Iterator[Row]:
    """False alarms on every real recording of forward movement."""
    real = list(real_walks(folder, most=most))
    people = len({walk.as_clip().subject for walk in real})
    for worn, ways in REAL_WORN.items():
        results = [
            Result(
                walk.as_clip(),
                judge({name: walk.sensors[name] for name in names}, len(walk.label)),
            )
            for walk in real
            for names in ways
        ]
        yield false_alarms("gait-imu", worn, people, results)
    running = list(_wrist_runs(folder, judge, most=most))
    people = len({result.clip.subject for result in running})
    yield false_alarms("wrist-running", "wrist, no gyro", people, running)
    if most is None:
        yield from _activities(folder)


def _wrist_runs(folder: Path, judge: Judge, *, most: int | None) -> Iterator[Result]:
    for path in sorted((folder / "wrist-running").glob("*.csv"))[:most]:
        acc = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 1, 2))
        sensor = sensor_of(np.hstack([acc, np.full(acc.shape, np.nan)]))
        label = np.full(int(len(acc) / RATE_HZ / STEP_S), 3, dtype=np.int8)
        clip = Clip(path.stem, path.stem.partition("_")[0], label, {})
        yield Result(clip, judge({"left_wrist": sensor}, len(label)))


def _activities(folder: Path) -> Iterator[Row]:
    """Files of watches and phones through the whole analysis, one row a source of the direction."""
    from retrorun import formats
    from retrorun.errors import RetrorunError
    from retrorun.session import analyse

    time_s: dict[tuple[str, str], float] = {}
    false_s: dict[str, list[float]] = {}
    files = 0
    for path in sorted((folder / "activities").glob("*/*")):
        if path.suffix.lower() not in (".fit", ".gpx", ".tcx"):
            continue
        try:
            session = analyse(formats.read(path))
        except RetrorunError:
            continue
        files += 1
        for segment in session.segments:
            if segment.motion in ("walk", "run"):
                source: str = segment.source or "none"
                way: str = segment.direction or "none"
                length_s = float(segment.end_s - segment.start_s)
                time_s[source, way] = time_s.get((source, way), 0.0) + length_s
                false_s.setdefault(source, [])
                if way == "backward":
                    false_s[source].append(length_s)
    for source, lengths_s in sorted(false_s.items()):
        whole_s = sum(t for (told, _), t in time_s.items() if told == source)
        yield {
            "recordings": f"{files} activities",
            "worn": f"({source})",
            "people": None,
            "hours": round(whole_s / 3600, 1),
            **_alarm_figures(lengths_s, whole_s / 3600),
            "forward": ratio(time_s.get((source, "forward"), 0), whole_s),
            "unknown": ratio(
                sum(time_s.get((source, way), 0) for way in ("unknown", "none")), whole_s
            ),
            "still": 0.0,
        }


def played_backward(folder: Path, judge: Judge, *, most: int | None = None) -> Iterator[Row]:
    """Real forward walking with time reversed: the sign has to turn over."""
    real = list(real_walks(folder, most=most))
    for worn, ways in REAL_WORN.items():
        results = []
        for walk in real:
            for names in ways:
                samples = min(len(walk.sensors[name].time_s) for name in names)
                steps = int(samples / RATE_HZ / STEP_S)
                samples = round(steps * STEP_S * RATE_HZ)
                sensors = {name: played(walk.sensors[name], samples) for name in names}
                clip = replace(walk.as_clip(), label=walk.label[:steps][::-1])
                results.append(Result(clip, judge(sensors, steps)))
        said = scored(results)
        n = len(said.way)
        yield {
            "worn": worn,
            "hours": round(n * STEP_S / 3600, 3),
            "backward": ratio(count(said.said), n),
            "forward": ratio(count(said.way == FORWARD), n),
            **shares(said),
        }


def played(sensor: Sensor, samples: int) -> Sensor:
    """The first samples of a sensor with time reversed."""
    return Sensor(
        time_s=sensor.time_s[:samples],
        acc_m_s2=np.ascontiguousarray(sensor.acc_m_s2[:samples][::-1]),
        gyro_rad_s=np.ascontiguousarray(-sensor.gyro_rad_s[:samples][::-1]),
    )


# --- speed ------------------------------------------------------------------------------------

SPEED_HOURS = 6.0


def long_walk(*, hours: float) -> Sensor:
    """A simulated person's left foot: nine minutes of walking and one of standing, repeated."""
    from retrorun.examples.body import movement
    from retrorun.examples.bouts import Bout
    from retrorun.examples.worn import PHONE, worn

    walk = Bout(duration_s=540, motion="walk", direction="forward", speed_m_s=1.4)
    moved = movement((walk, Bout(duration_s=60, motion="still")), seed=SEED)
    _, acc, gyro = worn(moved, "left_foot", rate_hz=RATE_HZ, noise=PHONE, seed=SEED)
    rows = round(hours * 3600 * RATE_HZ)
    times = -(-rows // len(acc))
    return Sensor(
        time_s=np.arange(rows) / RATE_HZ,
        acc_m_s2=np.tile(acc.astype(np.float32), (times, 1))[:rows],
        gyro_rad_s=np.tile(gyro.astype(np.float32), (times, 1))[:rows],
    )


def measured(what: str, *, hours: float) -> Row:
    """CPU seconds and peak memory of one piece of work in this process."""
    import scipy.ndimage
    import scipy.signal  # noqa: F401  imported once, no part of the work

    sensor = long_walk(hours=hours)
    work = _peer if what == "peer" else _ours
    loaded_kib = _memory_kib("VmRSS")
    began, began_cpu = time.perf_counter(), time.process_time()
    parts = work(sensor)
    cpu_s, wall_s = time.process_time() - began_cpu, time.perf_counter() - began
    peak_kib = _memory_kib("VmHWM")
    return {
        "work": what,
        "hours": hours,
        "CPU s": round(cpu_s, 2),
        "wall s": round(wall_s, 2),
        "times real time": round(hours * 3600 / cpu_s),
        "MB above input": round((peak_kib - loaded_kib) / 1024),
        "peak MB": round(peak_kib / 1024),
        "CPU s of the parts": parts,
    }


def _memory_kib(what: str) -> int:
    """Memory now (VmRSS) or its peak (VmHWM) where Linux tells.

    Elsewhere the peak so far, which on some systems begins with that of the calling program.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (line for line in status.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1])


def _ours(sensor: Sensor) -> str:
    steps = int(len(sensor.time_s) / RATE_HZ / STEP_S)
    at = [time.process_time()]
    evidence = hear(Seen(steps=steps, sensors={"left_foot": sensor}))
    at.append(time.process_time())
    code = motion_of({"left_foot": sensor}, steps)
    at.append(time.process_time())
    judged = decoder.decide(evidence, code, np.full(steps, np.nan))
    at.append(time.process_time())
    assert np.mean(judged.way == FORWARD) > 0.5, "the synthetic walker is not heard"
    listen_s, motion_s, decide_s = np.diff(at)
    return f"listen {listen_s:.2f}, motion {motion_s:.2f}, decode {decide_s:.2f}"


def _peer(sensor: Sensor) -> str:
    """Steps by scikit-digital-health, told where walking is: the blocks of nine minutes."""
    from skdh.gait import GaitLumbar

    block = round(600 * RATE_HZ)
    starts = np.arange(0, len(sensor.time_s), block)
    bouts = np.stack([starts, np.minimum(starts + round(540 * RATE_HZ), len(sensor.time_s))], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = GaitLumbar().predict(
            time=sensor.time_s,
            accel=sensor.acc_m_s2.astype(np.float64) / GRAVITY_M_S2,
            fs=RATE_HZ,
            height=1.75,
            gait_bouts=bouts,
        )
    return f"{len(found.get('IC Timestamp', ())):,} steps"


def speed(*, hours: float = SPEED_HOURS) -> Iterator[Row]:
    """Our work and a peer's, each in a process of its own; the whole and a sixth of it."""
    works = [("ours", hours), ("ours", hours / 6), ("peer", hours)]
    if importlib.util.find_spec("skdh") is None:
        print("peer scikit-digital-health: not installed")
        works = works[:2]
    one_core = {**os.environ, **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}}
    for what, long in works:
        words = [sys.executable, "-m", "benchmarks.direction", "--once", what, str(long)]
        done = subprocess.run(  # noqa: S603
            words, capture_output=True, text=True, check=True, env=one_core, cwd=ROOT
        )
        yield json.loads(done.stdout)


# --- everything -------------------------------------------------------------------------------


def tables(folder: Path, judge: Judge, *, most: int | None = None) -> Tables:
    """Every table with what it means."""
    recordings = clips(folder, most=most)
    yield from computed_tables(recordings, judge)
    yield REAL, list(real_forward(folder, judge, most=most))
    yield REVERSED, list(played_backward(folder, judge, most=most))
    yield WRONG, list(wrong_placement(recordings, judge, folder))
    yield ROBUST, list(robustness(recordings, judge))


def _show(text: str, rows: list[Row]) -> list[Row]:
    """Print a table; its text and rows as they are kept."""
    print(f"\n{text}\n")
    print_table(rows)
    sys.stdout.flush()
    name, _, about = text.removeprefix("# ").partition("\n")
    return [{"table": name, "about": about}, *({"table": name, **row} for row in rows)]


def main(words: Sequence[str] = ()) -> None:
    if "--once" in words:
        print(json.dumps(measured(words[-2], hours=float(words[-1]))))
        return
    kept: list[Row] = []
    if "--speed" not in words:
        judge = by_session if "--session" in words else by_sources
        for title, rows in tables(data_folder(), judge, most=3 if "--quick" in words else None):
            kept += _show(title, rows)
    kept += _show(SPEED, list(speed()))
    print(f"\n{LAST}")
    if not words:
        save("direction", [*kept, {"table": "not measured", "about": LAST}])


if __name__ == "__main__":
    main(sys.argv[1:])
