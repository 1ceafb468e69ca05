"""What all witnesses say together: one small hidden Markov model over seven states.

Evidence of several body-worn sensors is added and divided by the square root of their number,
because they watch the same steps. A person's word and a lap's name are added whole: their
log-likelihoods are large enough to settle the matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from retrorun.gait import motion
from retrorun.gait.direction import markov
from retrorun.gait.direction.states import (
    BACKWARD_RUN,
    BACKWARD_WALK,
    FORWARD_RUN,
    FORWARD_WALK,
    OTHER,
    SIDEWAYS,
    STATES,
    STEP_S,
    STILL,
    Evidence,
    Told,
)
from retrorun.signals import blocks, running_mean, true_runs

Floats = NDArray[np.float64]

#: Mean length of a bout in each state (still, walking and running each way, sideways, other). Long
#: bouts would smooth over the shuttles of a beginner; short ones cost precision. [s]
DWELL_S = np.array([10.0, 45.0, 5.0, 45.0, 5.0, 3.0, 5.0])

#: How often each state follows another, which makes a twenty-fifth of the moving time backward
#: where nothing tells. A convention, stated in `docs/why/direction.md`. [-]
FOLLOWS = np.array([0.20, 0.28, 0.10, 0.28, 0.10, 0.01, 0.03])

#: Share of the moving time that is backward before anything is known; follows from the two above.
#: Whatever a witness says that does not hold for this person falls back to it. [-]
BACKWARD_SHARE = float(
    (DWELL_S * FOLLOWS)[[BACKWARD_WALK, BACKWARD_RUN]].sum() / (DWELL_S * FOLLOWS)[1:].sum()
)

#: Below this probability a direction is not said: unknown. [-]
SAID_FROM = 0.75

#: What a second's motion code says of the states that share the motion, a step. [nats]
_MOTION = {
    motion.STILL: {STILL: 0.6},
    motion.WALK: {FORWARD_WALK: 0.3, BACKWARD_WALK: 0.3, SIDEWAYS: 0.1},
    motion.RUN: {FORWARD_RUN: 0.3, BACKWARD_RUN: 0.3, SIDEWAYS: 0.1},
    motion.OTHER: {OTHER: 0.1, SIDEWAYS: 0.05},
}

#: A witness stays heard over breaks up to this: between two strides, or while it turns. [s]
HEARD_OVER_S = 3.0

#: Two witnesses contradict each other where both say more than this, over 3 s, against one
#: another. [nats a step]
CONTRADICTION = 0.3

#: Backward movement shorter than one stride is a step back, not a bout [s]; a stretch shorter than
#: two in which the wearer turns by most of a half turn, looking half a second beyond its ends, is
#: the pivot of somebody who turns round. [s, s, s, rad]
STRIDE_S, PIVOT_S, PIVOT_BEYOND_S, PIVOT_RAD = 1.0, 2.0, 0.5, float(np.radians(140))

#: Nobody runs backward faster than the record over 100 m, nor for an hour faster than the record
#: half marathon (world records; see `docs/why/references.md`). [m/s]
FASTEST_BACKWARD_M_S, FASTEST_BACKWARD_HOUR_M_S = 7.6, 3.5

FORWARD, BACKWARD, SIDE, UNKNOWN, NO_WAY = np.arange(5, dtype=np.int8)
#: Code -> word; NO_WAY is standing still, which has no direction.
WAYS = {0: "forward", 1: "backward", 2: "sideways", 3: "unknown"}

SENSORS, WATCH, LAPS, ATHLETE, ASSUMED = np.arange(5, dtype=np.int8)
SOURCES = {0: "sensors", 1: "watch", 2: "laps", 3: "athlete", 4: "assumed"}
_CODE: Mapping[Told, np.int8] = MappingProxyType(
    {"watch": WATCH, "sensors": SENSORS, "laps": LAPS, "athlete": ATHLETE}
)

#: Those that are weighed, and those whose word is taken; the weightiest last.
_WEIGHED: tuple[Told, ...] = ("watch", "sensors")
_WORDS: tuple[Told, ...] = ("laps", "athlete")

#: How sure a direction is that a lap's name or the athlete told. People start a lap late; the
#: athlete was there. Conventions. [-]
_SURE: dict[Told, float] = {"laps": 0.98, "athlete": 1.0}

#: Probability of forward where no channel could have told. Backward running is rare; how rare
#: nobody has counted: a convention. [-]
ASSUMED_FORWARD = 0.98


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Motion and direction of every step of the decoder, all (n,)."""

    motion: NDArray[np.int8]  #: codes of `motion.NAMES`
    way: NDArray[np.int8]  #: codes of `WAYS`, NO_WAY where still or not judged
    probability: NDArray[np.float32]  #: of that way; of the likeliest where unknown
    backward: NDArray[np.float32]  #: probability of backward, given that the person moves; NaN
    source: NDArray[np.int8]  #: codes of `SOURCES`


def transition() -> Floats:
    """Probability of passing from one state to another within one step, (7, 7)."""
    leave = STEP_S / DWELL_S
    out = np.tile(FOLLOWS, (STATES, 1))
    np.fill_diagonal(out, 0)
    out *= (leave / out.sum(axis=1))[:, None]
    out[np.diag_indices(STATES)] = 1 - leave
    return out


def start() -> Floats:
    """Probabilities of the states before anything is known, (7,)."""
    share = DWELL_S * FOLLOWS
    out: Floats = share / share.sum()
    return out


def likelihoods(
    evidence: Sequence[Evidence],
    code: NDArray[np.int8],
    speed_m_s: Floats,
) -> NDArray[np.float32]:
    """All that is known of every step, (n, 7): motion codes (n,), witnesses, physical bounds."""
    table = np.zeros((len(motion.NAMES), STATES), dtype=np.float32)
    for gait, gains in _MOTION.items():
        for state, gain in gains.items():
            table[gait, state] = gain
    total = table[code]
    body = _told(evidence, "sensors")
    if body:
        count = np.sum([item.heard for item in body], axis=0)
        together = np.sum([item.log_likelihood for item in body], axis=0)
        total += together / np.sqrt(np.maximum(count, 1))[:, None].astype(np.float32)
    for item in _told(evidence, "watch"):
        total += item.log_likelihood
    fast = speed_m_s > FASTEST_BACKWARD_M_S
    if len(speed_m_s) * STEP_S > 3600:
        hour = running_mean(np.nan_to_num(speed_m_s), rate_hz=1 / STEP_S, window_s=3600)
        fast |= hour > FASTEST_BACKWARD_HOUR_M_S
    for state in (BACKWARD_WALK, BACKWARD_RUN):
        total[fast, state] -= 30.0
    # A person's word stands in the place of all that was measured; a lap's name below it.
    for item in _told(evidence, *_WORDS):
        spoken = item.log_likelihood.any(axis=1)
        total[spoken] = table[code[spoken]] + item.log_likelihood[spoken]
    return total


def decide(
    evidence: Sequence[Evidence],
    code: NDArray[np.int8],
    speed_m_s: Floats,
    *,
    lag_s: float | None = None,
) -> Judged:
    """Motion and direction of every step.

    Parameters
    ----------
    evidence
        What the witnesses said, each on the same n steps of `STEP_S`.
    code : (n,)
        Motion as the motion detector saw it (`motion.NAMES`).
    speed_m_s : (n,)
        Speed where it is known, for the physical bounds; NaN elsewhere.
    lag_s : float, optional
        Look no further ahead than this, as a live coach has to; at most 2 s there. Without it
        the whole record speaks about every moment.
    """
    steps = len(code)
    if not evidence:
        return _assumed(code)
    chance = _chances(evidence, code, speed_m_s, lag_s=lag_s)
    source, heard = _sources(evidence, steps)
    moves = np.where(_by_word(evidence, steps), code, _motion_of(chance, code, heard))
    ways = np.stack(
        [
            chance[:, FORWARD_WALK] + chance[:, FORWARD_RUN],
            chance[:, BACKWARD_WALK] + chance[:, BACKWARD_RUN],
            chance[:, SIDEWAYS],
            chance[:, OTHER],
        ],
        axis=1,
    )
    ways /= np.maximum(ways.sum(axis=1, keepdims=True), 1e-12)
    trust = _reliability(evidence, steps)[:, None]
    usual = np.array([[1 - BACKWARD_SHARE, BACKWARD_SHARE]]) * ways[:, :2].sum(axis=1)[:, None]
    ways[:, :2] = trust * ways[:, :2] + (1 - trust) * usual
    way = ways[:, :3].argmax(axis=1).astype(np.int8)
    probability = ways[:, :3].max(axis=1)
    unsure = (probability < SAID_FROM) | _contradicted(evidence, steps)
    way[unsure] = UNKNOWN
    by_body = np.isin(source, (SENSORS, WATCH))
    way[by_body & _too_short(way, evidence)] = UNKNOWN
    _take_words(evidence, way, probability, ways)
    alone = ~heard
    if any(item.expected for item in evidence):
        way[alone] = UNKNOWN
    else:
        guess = _assumed(code)
        way[alone], probability[alone] = guess.way[alone], ASSUMED_FORWARD
    source[alone] = ASSUMED
    still = np.isin(moves, (motion.STILL, motion.NOT_JUDGED))
    way[still] = NO_WAY
    backward = np.where(still | alone, np.nan, ways[:, 1])
    return Judged(
        motion=moves,
        way=way,
        probability=probability.astype(np.float32),
        backward=backward.astype(np.float32),
        source=source,
    )


def _told(evidence: Sequence[Evidence], *who: Told) -> list[Evidence]:
    """The witnesses of some sources, source by source in the order given."""
    return [item for told in who for item in evidence if item.told == told]


def _chances(
    evidence: Sequence[Evidence],
    code: NDArray[np.int8],
    speed_m_s: Floats,
    *,
    lag_s: float | None,
) -> NDArray[np.float32]:
    """Probabilities of the states, (n, 7), in blocks of six hours so that memory stays bounded."""
    total = likelihoods(evidence, code, speed_m_s)
    out = np.empty(total.shape, dtype=np.float32)
    for block in blocks(len(code), rate_hz=1 / STEP_S, block_s=6 * 3600, margin_s=600):
        part = total[block.start : block.end]
        if lag_s is None:
            chance = markov.posterior(part, transition(), start())
        else:
            chance = markov.filtered(part, transition(), start(), lag=round(lag_s / STEP_S))
        core = slice(block.core_start - block.start, block.core_end - block.start)
        out[block.core_start : block.core_end] = chance[core]
    return out


def _assumed(code: NDArray[np.int8]) -> Judged:
    """Forward, because nothing could have told; unknown where the motion is no walk or run."""
    walks = np.isin(code, (motion.WALK, motion.RUN))
    still = np.isin(code, (motion.STILL, motion.NOT_JUDGED))
    way = np.select([walks, still], [FORWARD, NO_WAY], UNKNOWN).astype(np.int8)
    return Judged(
        motion=code.astype(np.int8),
        way=way,
        probability=np.full(len(code), ASSUMED_FORWARD, dtype=np.float32),
        backward=np.full(len(code), np.nan, dtype=np.float32),
        source=np.full(len(code), ASSUMED, dtype=np.int8),
    )


def _take_words(
    evidence: Sequence[Evidence],
    way: NDArray[np.int8],
    probability: NDArray[np.floating],
    ways: NDArray[np.floating],
) -> None:
    """Put what laps and the athlete said in the place of the estimate."""
    for item in _told(evidence, *_WORDS):
        rows, sure = item.log_likelihood[item.heard], _SURE[item.told]
        walk, run = rows[:, (FORWARD_WALK, BACKWARD_WALK)], rows[:, (FORWARD_RUN, BACKWARD_RUN)]
        said = np.column_stack([np.maximum(walk, run), rows[:, SIDEWAYS]]).argmax(axis=1)
        way[item.heard] = said
        probability[item.heard] = sure
        ways[item.heard, 1] = np.where(said == BACKWARD, sure, 1 - sure)


def _near(item: Evidence) -> NDArray[np.bool_]:
    """Where a witness was heard; for those that weigh steps, over the break between two, too."""
    if item.told in _WORDS:
        return item.heard
    window = item.heard.astype(np.float32)
    near: NDArray[np.bool_] = running_mean(window, rate_hz=1 / STEP_S, window_s=HEARD_OVER_S) > 1e-4
    return near


def _sources(
    evidence: Sequence[Evidence], steps: int
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Who told, the weightiest first, and where anybody did."""
    source = np.full(steps, ASSUMED, dtype=np.int8)
    for item in _told(evidence, *_WEIGHED, *_WORDS):
        source[_near(item)] = _CODE[item.told]
    return source, source != ASSUMED


def _motion_of(
    chance: NDArray[np.float32], code: NDArray[np.int8], heard: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Motion from the states where somebody was heard, and as the detector saw it elsewhere."""
    groups = np.stack(
        [
            chance[:, STILL],
            chance[:, FORWARD_WALK] + chance[:, BACKWARD_WALK],
            chance[:, FORWARD_RUN] + chance[:, BACKWARD_RUN],
            chance[:, OTHER] + chance[:, SIDEWAYS],
        ],
        axis=1,
    )
    found = groups.argmax(axis=1).astype(np.int8)
    return np.where(heard & (code != motion.NOT_JUDGED), found, code).astype(np.int8)


def _reliability(evidence: Sequence[Evidence], steps: int) -> Floats:
    """How often what the weightiest witnesses say holds at all, (n,); 1 where none speaks."""
    out = np.ones(steps)
    for told in (*_WEIGHED, *_WORDS):
        best = np.zeros(steps)
        for item in _told(evidence, told):
            best = np.maximum(best, np.where(_near(item), item.reliability, 0))
        out = np.where(best > 0, best, out)
    return out


def _too_short(way: NDArray[np.int8], evidence: Sequence[Evidence]) -> NDArray[np.bool_]:
    """Backward stretches that are a single step back or the pivot of somebody who turns round."""
    out = np.zeros(len(way), dtype=bool)
    yaws = [item.yaw_rad_s for item in evidence if item.yaw_rad_s is not None]
    beyond = round(PIVOT_BEYOND_S / STEP_S)
    for first, last in zip(*true_runs(way == BACKWARD), strict=True):
        seconds = (last - first) * STEP_S
        around = slice(max(first - beyond, 0), last + beyond)
        turned = max((abs(float(yaw[around].sum())) * STEP_S for yaw in yaws), default=0.0)
        out[first:last] = seconds < STRIDE_S or (seconds < PIVOT_S and turned > PIVOT_RAD)
    return out


def _by_word(evidence: Sequence[Evidence], steps: int) -> NDArray[np.bool_]:
    """In and within a second of what the athlete said: there the motion is as they said it."""
    out = np.zeros(steps, dtype=np.float32)
    for item in _told(evidence, "athlete"):
        out += item.log_likelihood.any(axis=1)
    near: NDArray[np.bool_] = running_mean(out, rate_hz=1 / STEP_S, window_s=2.0) > 1e-4
    return near


def _contradicted(evidence: Sequence[Evidence], steps: int) -> NDArray[np.bool_]:
    """Where one body-worn witness says forward and another backward, both for seconds on end."""
    body = _told(evidence, *_WEIGHED)
    if len(body) < 2:
        return np.zeros(steps, dtype=bool)
    odds = [
        running_mean(
            item.log_likelihood[:, FORWARD_WALK] - item.log_likelihood[:, BACKWARD_WALK],
            rate_hz=1 / STEP_S,
            window_s=HEARD_OVER_S,
        )
        for item in body
    ]
    against: NDArray[np.bool_] = (np.max(odds, axis=0) > CONTRADICTION) & (
        np.min(odds, axis=0) < -CONTRADICTION
    )
    return against
