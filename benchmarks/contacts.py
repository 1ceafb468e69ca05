"""Accuracy of the contact detectors on annotated recordings: ``python -m benchmarks.contacts``.

The recordings (forward walking with one U-turn, 6 people, 18 recordings; both feet and lower
back) are read from ``$RETRORUN_DATA`` or ``../shared/data`` and never copied. What the table
counts: initial contacts inside the trial boundaries, found and annotated ones paired one to one
within 50 ms. An annotated event is a pair of sample numbers, final contact then initial contact
of one swing (the foot is at rest after the second, not after the first), counted on the
sensors' packet counter; rows whose packet was lost are missing in the files, so the counter,
not the row, is the clock.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from benchmarks.common import data_folder, save
from retrorun.gait.contacts import Contacts, contacts
from retrorun.signals import uniform_pieces

Floats = NDArray[np.float64]

TOLERANCE_S = 0.05
RATE_HZ = 100.0
PLACES = {"lf": "left_foot", "rf": "right_foot", "lb": "sacrum"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """One sensor of one recording with its annotated contacts, seconds on the packet clock."""

    name: str
    placement: str
    acc: Floats
    gyro: Floats
    initial_s: Floats
    swings_s: Floats  #: (k, 2) final then initial contact, rising; one foot only
    trial_s: tuple[float, float]
    turn_s: tuple[float, float]


@dataclass(slots=True)
class Tally:
    """Counts and errors added up over recordings."""

    recordings: int = 0
    events: int = 0
    found: int = 0
    matched: int = 0
    error_s: list[float] = field(default_factory=list)
    contact_error_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0


def walks(folder: Path) -> Iterator[Walk]:
    """Every sensor of every annotated recording."""
    for path in sorted((folder / "gait-imu").glob("*.json")):
        truth = json.loads(path.read_text())
        swings = {"lf": truth["LeftFootEvents"], "rf": truth["RightFootEvents"]}
        swings["lb"] = sorted(swings["lf"] + swings["rf"], key=lambda pair: pair[1])
        for short, placement in PLACES.items():
            rows = np.loadtxt(path.with_name(f"{path.stem}_{short}.txt"), skiprows=2)
            acc, gyro = _on_packet_clock(rows)
            events = np.asarray(swings[short]) / RATE_HZ
            first_s, last_s = np.asarray(truth["TrialBoundaries"]) / RATE_HZ
            inside = (events[:, 0] >= first_s) & (events[:, 1] <= last_s)
            turn = np.asarray(truth["UTurnBoundaries"]) / RATE_HZ
            yield Walk(
                name=path.stem,
                placement=placement,
                acc=acc,
                gyro=gyro,
                initial_s=events[inside, 1],
                swings_s=events[inside],
                trial_s=(float(first_s), float(last_s)),
                turn_s=(float(turn[0]), float(turn[1])),
            )


def _on_packet_clock(rows: Floats) -> tuple[Floats, Floats]:
    """Acceleration and angular velocity with lost packets (at most 110 ms) bridged."""
    clock_s = (rows[:, 0] - rows[0, 0]) / RATE_HZ
    (piece,) = uniform_pieces(clock_s, rows[:, 1:7], rate_hz=RATE_HZ, gap_s=0.2)
    values = piece.values.astype(np.float64)
    return values[:, :3], values[:, 3:]


def pair(found_s: Floats, true_s: Floats, *, tolerance_s: float) -> list[tuple[int, int]]:
    """Pair events one to one, closest first, at most `tolerance_s` apart."""
    apart = np.abs(found_s[:, None] - true_s[None, :])
    rows, columns = np.nonzero(apart <= tolerance_s + 1e-9)
    order = np.argsort(apart[rows, columns], kind="stable")
    pairs: dict[int, int] = {}
    for k in order.tolist():
        row, column = int(rows[k]), int(columns[k])
        if row not in pairs and column not in pairs.values():
            pairs[row] = column
    return sorted(pairs.items())


#: What is scored: the whole trial; without what lies between the annotated bounds of the turn;
#: without the turn widened by a second on both sides and the second after the first step and
#: before the last (setting off, closing step).
SCOPES = ("whole", "no turn", "straight")
MARGIN_S = 1.0


def counted(walk: Walk, scope: str, start_s: float, end_s: float) -> bool:
    """Whether what happens from `start_s` to `end_s` is scored in this scope."""
    margin_s = MARGIN_S if scope == "straight" else 0.0
    in_turn = end_s >= walk.turn_s[0] - margin_s and start_s <= walk.turn_s[1] + margin_s
    at_ends = start_s < walk.trial_s[0] + margin_s or end_s > walk.trial_s[1] - margin_s
    return scope == "whole" or not (in_turn or (scope == "straight" and at_ends))


def score(tally: Tally, walk: Walk, found: Contacts, *, scope: str) -> None:
    """Add one recording to a tally, counting what lies within the scope."""
    low, high = walk.trial_s[0] - TOLERANCE_S, walk.trial_s[1] + TOLERANCE_S
    keep = (found.initial_s >= low) & (found.initial_s <= high)
    initial_s, final_s = found.initial_s[keep], found.final_s[keep]
    pairs = pair(initial_s, walk.initial_s, tolerance_s=TOLERANCE_S)

    def counts(when_s: float) -> bool:
        return counted(walk, scope, when_s, when_s)

    matched = {row for row, _ in pairs}
    pairs = [(row, column) for row, column in pairs if counts(walk.initial_s[column])]
    missed = [when for k, when in enumerate(initial_s) if k not in matched and counts(when)]
    tally.recordings += 1
    tally.events += sum(counts(when) for when in walk.initial_s.tolist())
    tally.found += len(pairs) + len(missed)
    tally.matched += len(pairs)
    for row, column in pairs:
        tally.error_s.append(initial_s[row] - walk.initial_s[column])
        if not found.both_feet and column + 1 < len(walk.swings_s):
            true_s, lift_s = walk.swings_s[column, 1], walk.swings_s[column + 1, 0]
            if counted(walk, scope, true_s, lift_s):
                contact_s = final_s[row] - initial_s[row]
                tally.contact_error_s.append(contact_s - (lift_s - true_s))


def line(label: str, tally: Tally) -> str:
    """One row of the table."""
    precision, recall = tally.matched / max(tally.found, 1), tally.matched / max(tally.events, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    error_ms = 1000 * np.asarray(tally.error_s or [np.nan])
    contact = 1000 * np.asarray(tally.contact_error_s)
    contact = contact[np.isfinite(contact)]
    spread = f"{contact.mean():+5.0f} ± {contact.std():.0f}" if len(contact) else "–"
    return (
        f"{label:<38}{tally.recordings:>5}{tally.events:>7}{precision:>8.3f}{recall:>8.3f}{f1:>8.3f}"
        f"{np.median(error_ms):>+8.0f}{np.quantile(np.abs(error_ms), 0.9):>7.0f}"
        f"{spread:>12}{tally.cpu_s:>8.2f}"
    )


HEAD = (
    f"{'sensor, scope, axes, rate':<38}{'recs':>5}{'events':>7}{'prec.':>8}{'recall':>8}{'F1':>8}"
    f"{'med ms':>8}{'90% ms':>7}{'contact ms':>12}{'CPU s':>8}"
)


def resampled(values: Floats, *, rate_hz: float) -> Floats:
    """A 100 Hz signal at another rate."""
    clock_s = np.arange(len(values)) / RATE_HZ
    return uniform_pieces(clock_s, values, rate_hz=rate_hz)[0].values.astype(np.float64)


def detect(walk: Walk, *, turned: Rotation, rate_hz: float, gyro: bool) -> Contacts:
    """Our own detector on a recording with its axes turned, its rate changed."""
    acc = resampled(turned.apply(walk.acc), rate_hz=rate_hz)
    rotation = resampled(turned.apply(walk.gyro), rate_hz=rate_hz) if gyro else None
    found = contacts(acc, rate_hz=rate_hz, placement=walk.placement, gyro_rad_s=rotation)
    assert found is not None
    return found


def detect_peer(walk: Walk) -> Contacts:
    """The lower-back detector of scikit-digital-health, with its settings as they come."""
    from skdh.gait import GaitLumbar

    time_s = np.arange(len(walk.acc)) / RATE_HZ
    bouts = np.array([[round(RATE_HZ * t) for t in walk.trial_s]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = GaitLumbar().predict(
            time=time_s, accel=walk.acc / 9.81, fs=RATE_HZ, height=1.75, gait_bouts=bouts
        )
    initial = (
        np.sort(np.asarray(result["IC Timestamp"], dtype=float))
        if "IC Timestamp" in result
        else None
    )
    initial_s = np.empty(0) if initial is None else initial
    return Contacts(
        initial_s=initial_s,
        final_s=np.full(len(initial_s), np.nan),
        both_feet=True,
        judged_s=float(time_s[-1]),
        not_judged_s=0.0,
    )


def table(recordings: list[Walk], *, seed: int = 1) -> Iterator[str]:
    """The lines of the table."""
    yield HEAD
    for part, uses_gyro in (("foot", True), ("foot", False), ("sacrum", False)):
        worn = [walk for walk in recordings if walk.placement.endswith(part)]
        for axes, rate_hz in (
            ("given", 100.0),
            ("random", 100.0),
            ("given", 50.0),
            ("given", 200.0),
            ("given", 25.0),
        ):
            rng = np.random.default_rng(seed)
            tallies = {scope: Tally() for scope in SCOPES}
            for walk in worn:
                turned = Rotation.random(rng=rng) if axes == "random" else Rotation.identity()
                began = time.process_time()
                found = detect(walk, turned=turned, rate_hz=rate_hz, gyro=uses_gyro)
                spent_s = time.process_time() - began
                for scope, tally in tallies.items():
                    tally.cpu_s += spent_s
                    score(tally, walk, found, scope=scope)
            sensors = f"{part}{' acc+gyro' if uses_gyro else ' acc'}"
            for scope, tally in tallies.items():
                yield line(f"{sensors}, {scope}, {axes}, {rate_hz:g} Hz", tally)
    yield from peer_lines([walk for walk in recordings if walk.placement == "sacrum"])


def peer_lines(worn: list[Walk]) -> Iterator[str]:
    """The peer on the same lower-back recordings."""
    try:
        detect_peer(worn[0])
    except ImportError:
        yield "peer scikit-digital-health: not installed"
        return
    tallies = {scope: Tally() for scope in SCOPES}
    for walk in worn:
        began = time.process_time()
        found = detect_peer(walk)
        spent_s = time.process_time() - began
        for scope, tally in tallies.items():
            tally.cpu_s += spent_s
            score(tally, walk, found, scope=scope)
    for scope, tally in tallies.items():
        yield line(f"peer skdh sacrum, {scope}, given", tally)


def speed_line(*, hours: float = 6.0, seed: int = 1) -> str:
    """CPU time of motion and contacts over a long recording, float32, 100 Hz."""
    from retrorun.gait.motion import motion_from_acceleration

    rng = np.random.default_rng(seed)
    samples = round(hours * 3600 * RATE_HZ)
    acc = rng.normal(0, 3, (samples, 3)).astype(np.float32)
    acc[:, 2] += (9.81 + 8 * np.sin(2 * np.pi * 2.7 * np.arange(samples) / RATE_HZ)).astype(
        np.float32
    )
    began = time.process_time()
    motion_from_acceleration(acc, rate_hz=RATE_HZ, placement="sacrum")
    contacts(acc, rate_hz=RATE_HZ, placement="sacrum")
    trunk_s = time.process_time() - began
    began = time.process_time()
    motion_from_acceleration(acc, rate_hz=RATE_HZ, placement="foot", gyro_rad_s=acc)
    contacts(acc, rate_hz=RATE_HZ, placement="foot", gyro_rad_s=acc)
    foot_s = time.process_time() - began
    spent = f"trunk {trunk_s:.2f} CPU s, foot {foot_s:.2f} CPU s"
    return f"{hours:g} h at 100 Hz, float32, motion and contacts: {spent}"


def main() -> None:
    lines = [*table(list(walks(data_folder()))), speed_line()]
    print("\n".join(lines))
    save("contacts", [{"line": line} for line in lines])


if __name__ == "__main__":
    main()
