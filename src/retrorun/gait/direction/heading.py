"""Forward or backward by where the device points, against where the positions go.

A device fixed to the body keeps one unknown angle to the way the body faces: its wearing offset.
Course minus heading is that offset while moving forward, the offset + 180° while moving backward,
and ± 90° beside it while stepping sideways. Bends and running back along the path turn course and
heading alike and leave the difference as it is.

So the difference tells *that* somebody turned round on the path, never which of the two ways was
forward. For that there is only the convention that the longer part is forward, or an offset that
the caller knows. Where the difference lies on one side all the time, or turned over once and never
back (a device put into the pocket the other way up does that too), nothing is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import i0e

from retrorun.errors import BadInput
from retrorun.gait.direction.states import (
    PER_SECOND,
    SIDEWAYS,
    Evidence,
    Floats,
    Seen,
    each_step,
    two_ways,
)
from retrorun.gait.track import on_plane_m

Bools = NDArray[np.bool_]
Whole = NDArray[np.intp]

#: Slower, the course of a satellite receiver is noise: 0.2 m/s across is 16° at this speed. [m/s]
SLOWEST_M_S = 0.7
#: Error of a receiver's velocity across the path, as its makers state it (0.1 to 0.3). [m/s]
ACROSS_M_S = 0.2
#: No compass on a body is trusted to be better than 20°: 1 / (0.35 rad)². [-]
SHARPEST = 8.0
#: Share of seconds whose heading may be anything: steel, cars, an arm raised. Convention. [-]
ANYTHING = 0.1
#: What one second counts of an independent one: the noise of a compass lasts a second, its wander
#: some ten; a fifth lies between, on the path that tells wearings and sides apart. [-]
TEMPER = 0.2
#: And half of one in what is said of a second: the path has already ruled out what wanders, and
#: the decoder, which expects bouts of 5 s, has to be carried through those of 20 s. [-]
SAID_TEMPER = 0.5

#: The odds that the longer part is forward are the ratio of the times to this power. Convention,
#: weak on purpose: 5 to 1 where 70 % of the time lie on one side, even where the halves do. [-]
LONGER_IS_FORWARD = 2.0
#: Nor is which way is forward ever surer than these log-odds (20 to 1), known offset included. [-]
SUREST = 3.0
#: Less sure (3 to 2), nothing is said. [-]
LEAST_SURE = 0.2
#: The shares of time are counted this far to either side: longer than a set of repetitions with
#: its way there and back, shorter than a day on which the device was turned over once. [s]
SHARE_S = 900.0

#: The best path of the angle is sought on this many angles ... [-]
ANGLES = 24
#: ... in blocks of this length: the latency of a receiver, a fifth of a short repetition. [s]
BLOCK_S = 4.0
#: What the path pays in log-odds: a turn of the body on the path (one in some minutes) ...
TURN_COST = 4.0
#: ... every 15° that the offset shifts, by a swinging compass or iron worn with it ...
SHIFT_COST = 3.0
#: ... and a new offset (a wearing is half an hour; any of the 24 angles).
REWEAR_COST = 9.3
#: Up to so many angles (30°) it is the same wearing: iron worn with the device bends the offset by
#: 15° one way heading north and by 15° the other way heading south. At 45° more is heard beside
#: steel, and more of a device held anew is taken for a turn: unknown is better than wrong. [-]
SAME_WEARING = 2
#: An offset that is back after at most this long was never changed: a bridge, a gate, a step
#: aside. [s]
ASTRAY_S = 60.0

#: Over which the offset is averaged, and how close the angle keeps to it. [s]
OFFSET_S, KEPT_S = 120.0, 300.0
#: Mean cosine about the offset below which nothing is judged: 20° of noise with 15° of iron have
#: 0.9, an arm that swings by ± 90° has 0.5. [-]
KEPT = 0.7
#: A shorter wearing is not judged. [s]
SHORTEST_S = 60.0
#: Sideways and a compass led astray look the same: what is said of sideways counts this much. [-]
SIDEWAYS_TRUST = 0.25
#: Share of the moving time that has to go unheard before a reason is given. [-]
WORTH_A_WORD = 0.05

TOO_SLOW = "no heading and course at 0.7 m/s or faster"
NOT_KEPT = "the device kept no angle to the path: held in the hand, swinging or disturbed"
ONE_WAY = "heading against course never changed sides: forward and backward look alike"
HALVES = "heading against course lay on both sides equally long: which is forward is not told"
TURNED_ONCE = "heading against course changed sides once and never back: turned in the pocket?"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadingJudgement:
    """What heading against course says of every second; zeros where it says nothing."""

    log_odds: Floats  #: (n,) of backward against forward
    sideways: Floats  #: (n,) log-likelihood of sideways less that of the likelier other way
    heard: Bools  #: (n,) where backward and forward could be told apart
    turned: Floats  #: (n,) log-odds of one side against the other, whichever is forward
    wearing: Whole  #: (n,) within which the sides of `turned` are the same two; −1 at none
    reason: str | None = None  #: why the commonest of the other seconds were not


class _Wearings(NamedTuple):
    """Each second of movement: which wearing, which side of its axis, whether led astray."""

    number: Whole
    turned: Bools
    astray: Bools
    jumps: Floats  #: how often the axis jumped within `SHARE_S` around


def heading_log_odds(
    time_s: Floats,
    heading_deg: Floats,
    *,
    course_deg: Floats,
    speed_m_s: Floats,
    offset_deg: float | None = None,
) -> HeadingJudgement:
    """Log-odds of backward against forward movement by heading against course, each second.

    Parameters
    ----------
    time_s : (n,)
        Rising, a second or more apart: log-odds are of one second each.
    heading_deg, course_deg : (n,)
        Where the device points and where its positions go, clockwise from north. Magnetic or
        true north is the same: the declination is part of the offset. NaN where unknown.
    speed_m_s : (n,)
        Over ground; below 0.7 m/s nothing is judged.
    offset_deg :
        Course minus heading while moving forward, where the caller knows it. Ignored where the
        device was worn more than 45° otherwise.

    Notes
    -----
    The best path of the angle through time (Viterbi: it may stay, shift, turn over or begin
    anew) cuts the time into wearings and each into its two sides. Against the offset averaged
    along that path every second has a von Mises likelihood for either side, with a floor for
    what leads a compass astray, never sharper than 20°, and tempered to a half.

    Which side is forward is one unknown for a whole wearing, and no form of log-odds per second
    can carry it exactly. They are multiplied by its mean, 2π − 1, where π is the probability
    that the longer side is forward: the expected log-likelihood, as mean-field inference has
    it, times v / (v + 1 + j) for v visits to a side and j other jumps of the angle within a
    quarter of an hour. That is Laplace's rule of succession for "it was the body that turned":
    once may be the device, and a device that is held anew now and then comes to lie the other
    way round in a third as many times as in any other.

    At most ±1.9 a second, and nothing is said where the sides have nearly equal times.
    Of several repetitions 20 s outweigh two switches of a model that dwells 30 s if one side has
    60 % of the time, and those of `decoder` if it has 70 %.

    Not told apart: a device that is put away and looked at, at angles opposite to each other;
    a device so near upright that its heading turns over with the lean of the body (take the
    heading from an axis that stays level). Both turn over like somebody who runs backward.
    """
    _check(time_s, heading_deg, course_deg, speed_m_s)
    angle = np.radians(course_deg - heading_deg)
    moving = np.flatnonzero(np.isfinite(angle) & (speed_m_s >= SLOWEST_M_S))
    blurred = (ACROSS_M_S / speed_m_s[moving]) ** 2
    clock, angle = time_s[moving], angle[moving]
    worn = _wearings(clock, _best_path(clock, angle, blurred=blurred))
    said = np.zeros((3, len(time_s)))
    wearing = np.full(len(time_s), -1)
    wearing[moving] = worn.number
    heard = np.zeros(len(time_s), dtype=bool)
    reasons: dict[str, int] = {}
    order = np.argsort(worn.number, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(worn.number[order])) + 1):
        one = _Wearings(worn.number[rows], worn.turned[rows], worn.astray[rows], worn.jumps[rows])
        found, good, reason = _judge(clock[rows], angle[rows], blurred[rows], one, offset_deg)
        said[:, moving[rows]], heard[moving[rows]] = found, good
        reasons[reason] = reasons.get(reason, 0) + int(np.count_nonzero(~good))
    reason = max(reasons, key=lambda name: reasons[name]) if len(moving) else TOO_SLOW
    quiet = len(moving) > 0 and sum(reasons.values()) < WORTH_A_WORD * len(moving)
    return HeadingJudgement(
        log_odds=said[0], sideways=said[1], turned=said[2], heard=heard, wearing=wearing,
        reason=None if quiet else reason,
    )  # fmt: skip


def heading_against_course(seen: Seen) -> tuple[Evidence, ...]:
    """The source for the decoder: curves `heading_deg` and `course_deg`, and `speed_m_s`.

    Where course or speed are missing they come from `latitude_deg` and `longitude_deg`. The
    log-odds of a second are shared out among its ten steps.
    """
    curves = seen.curves
    heading = curves.get("heading_deg")
    if heading is None:
        return ()
    missing = np.full(len(heading), np.nan)
    course, speed = (curves.get(name, missing) for name in ("course_deg", "speed_m_s"))
    if "latitude_deg" in curves and "longitude_deg" in curves:
        drawn = course_of_positions(curves["latitude_deg"], curves["longitude_deg"])
        course = np.where(np.isfinite(course), course, drawn[0])
        speed = np.where(np.isfinite(speed), speed, drawn[1])
    if not np.any(np.isfinite(heading) & np.isfinite(course) & np.isfinite(speed)):
        return ()
    judged = heading_log_odds(
        np.arange(len(heading), dtype=np.float64), heading, course_deg=course, speed_m_s=speed
    )
    rows = two_ways(judged.log_odds / PER_SECOND)
    rows[:, SIDEWAYS] = (np.abs(judged.log_odds) / 2 + judged.sideways) / PER_SECOND
    return (
        Evidence(
            witness="heading against course",
            told="sensors",
            log_likelihood=each_step(rows, steps=seen.steps),
            heard=each_step(judged.heard, steps=seen.steps),
            reason=judged.reason,
            reliability=float(1 / (1 + np.exp(-SUREST))),
        ),
    )


def course_of_positions(latitude_deg: Floats, longitude_deg: Floats) -> tuple[Floats, Floats]:
    """Course [°] and speed [m/s] at each of (n,) positions a second apart, WGS 84.

    Both are of the straight line across the shortest of 2, 4 and 8 s that is at least 6 m long,
    or else across 8 s: the positions of one receiver err by a metre or so against each other
    within seconds, 10° over 6 m. NaN where a position is missing.
    """
    east_m, north_m = on_plane_m(latitude_deg, longitude_deg)
    place = east_m + 1j * north_m
    way, across_s = np.full(len(place), np.nan, dtype=complex), np.full(len(place), 8)
    for half_s in (4, 2, 1):
        line = np.full(len(place), np.nan, dtype=complex)
        line[half_s:-half_s] = place[2 * half_s :] - place[: -2 * half_s]
        use = (np.abs(line) >= 6.0) | (half_s == 4)
        way, across_s = np.where(use, line, way), np.where(use, 2 * half_s, across_s)
    return np.degrees(np.arctan2(way.real, way.imag)) % 360, np.abs(way) / across_s


def _check(time_s: Floats, *columns: Floats) -> None:
    if any(len(column) != len(time_s) for column in columns):
        lengths = [len(column) for column in columns]
        raise BadInput("columns", lengths, f"as long as time_s ({len(time_s)})")
    if np.any(np.diff(time_s) < 0.99):
        raise BadInput("time_s", "closer than a second somewhere", "rising by 1 s or more")


# --- the angle through time ------------------------------------------------------------------


def _log_density(angle: Floats, *, sharpness: Floats) -> Floats:
    """Of an angle about zero: von Mises on a floor of anything. Up to a constant."""
    peak = np.exp(sharpness * (np.cos(angle) - 1)) / i0e(sharpness)
    log_density: Floats = np.log((1 - ANYTHING) * peak + ANYTHING)
    return log_density


def _best_path(clock_s: Floats, angle: Floats, *, blurred: Floats) -> Whole:
    """The likeliest angle of every second, (n,) as one of `ANGLES`: it stays for blocks."""
    if not len(clock_s):
        return np.empty(0, dtype=np.intp)
    grid = np.arange(ANGLES) * 2 * np.pi / ANGLES
    sharpness = 1 / (1 / SHARPEST + blurred)[:, None]
    fits = TEMPER * _log_density(angle[:, None] - grid, sharpness=sharpness)
    _, start, block = np.unique(clock_s // BLOCK_S, return_index=True, return_inverse=True)
    fits = np.add.reduceat(fits, start, axis=0)
    change, own = _costs(), np.arange(ANGLES)
    best, came_from = fits[0], np.empty((len(fits), ANGLES), dtype=np.intp)
    for k in range(1, len(fits)):
        reached = best - change  # to each angle, from each: the costs are the same both ways
        came_from[k] = reached.argmax(axis=1)
        best = reached[own, came_from[k]] + fits[k]
    path = np.empty(len(fits), dtype=np.intp)
    path[-1] = best.argmax()
    for k in range(len(fits) - 1, 0, -1):
        path[k - 1] = came_from[k, path[k]]
    return path[block]


def _costs() -> Floats:
    """What it costs to go from one angle to another within a block, (ANGLES, ANGLES)."""
    index = np.arange(ANGLES)
    step = index[None, :] - index[:, None]
    shift = np.abs(_axis_step(step))
    cost = SHIFT_COST * shift + TURN_COST * _is_turn(step)
    return np.where(shift <= SAME_WEARING, np.minimum(cost, REWEAR_COST), REWEAR_COST)


def _axis_step(step: Whole) -> Whole:
    """By how many angles the axis moves, whichever side: between −6 and 5 for 24 angles."""
    half = ANGLES // 2
    return (step + half // 2) % half - half // 2


def _is_turn(step: Whole) -> Bools:
    """Whether a step between angles goes over to the other side (further than 90°)."""
    return np.abs((step + ANGLES // 2) % ANGLES - ANGLES // 2) > ANGLES // 4


def _wearings(clock_s: Floats, path: Whole) -> _Wearings:
    """Cut a path of angles where the device was worn anew, and each wearing into two sides.

    A stretch whose axis is that of one that ended less than a minute before goes on with it;
    what lies between was astray, and counts to the side before it.
    """
    step = np.diff(path)
    cut = np.flatnonzero(np.abs(_axis_step(step)) > SAME_WEARING) + 1
    starts, ends = np.r_[0, cut], np.r_[cut, len(path)] - 1
    turned = np.cumsum(np.r_[False, _is_turn(step)]) % 2 == 1 if len(path) else np.empty(0, bool)
    number = np.zeros(len(path), dtype=np.intp)
    astray = np.zeros(len(path), dtype=bool)
    for k in range(1, len(starts)):
        here = slice(starts[k], ends[k] + 1)
        number[here] = k
        for j in range(k - 1, -1, -1):
            if clock_s[starts[k]] - clock_s[ends[j]] > ASTRAY_S:
                break
            back = path[starts[k]] - path[ends[j]]
            if not astray[ends[j]] and abs(_axis_step(back)) <= SAME_WEARING:
                between = slice(ends[j] + 1, starts[k])
                number[between.start : here.stop] = number[ends[j]]
                astray[between], turned[between] = True, turned[ends[j]]
                turned[here] ^= turned[starts[k]] ^ turned[ends[j]] ^ bool(_is_turn(back))
                break
    jumped = np.zeros(len(path), dtype=bool)
    jumped[cut] = True
    return _Wearings(number, turned, astray, _around(clock_s, jumped, within_s=SHARE_S))


# --- one wearing -----------------------------------------------------------------------------


def _judge(
    clock_s: Floats, angle: Floats, blurred: Floats, worn: _Wearings, offset_deg: float | None
) -> tuple[Floats, Bools, str]:
    """(3, n) log-odds, sideways and turned of one wearing's seconds, which are heard, and why."""
    if np.count_nonzero(~worn.astray) < SHORTEST_S:
        return np.zeros((3, len(clock_s))), np.zeros(len(clock_s), dtype=bool), NOT_KEPT
    ahead = np.where(worn.turned, -1, 1) * np.exp(1j * angle)
    ahead[worn.astray] = 0
    offset = np.angle(_around(clock_s, ahead, within_s=OFFSET_S / 2))
    used = np.maximum(_around(clock_s, ~worn.astray, within_s=KEPT_S / 2), 1)
    close = _around(clock_s, np.real(ahead * np.exp(-1j * offset)), within_s=KEPT_S / 2) / used
    kept = close >= KEPT
    # The spread of a von Mises angle is about 2 (1 − mean cosine) while it is small.
    spread = np.maximum(2 * (1 - np.minimum(close, 1)), 1 / SHARPEST)
    sharpness = 1 / (spread + blurred)
    off = angle - offset
    same, other = (_log_density(off + side, sharpness=sharpness) for side in (0, np.pi))
    aside = [_log_density(off + side, sharpness=sharpness) for side in (-np.pi / 2, np.pi / 2)]
    over = SAID_TEMPER * (other - same)
    sideways = np.logaddexp(*aside) - np.log(2) - np.maximum(same, other)
    sure = _forward_side(clock_s, worn)
    if offset_deg is not None:
        agree = np.cos(offset - np.radians(offset_deg))
        known = np.abs(agree) > np.cos(np.pi / 4)
        sure = np.where(known, np.sign(agree) * np.tanh(SUREST / 2), sure)
    told = np.abs(sure) >= LEAST_SURE
    heard = kept & told
    log_odds = np.where(heard, sure * over, 0.0)
    aside_log = np.where(heard, SAID_TEMPER * SIDEWAYS_TRUST * sideways, 0.0)
    if np.count_nonzero(~kept) > np.count_nonzero(kept & ~told):
        reason = NOT_KEPT
    else:
        turns = int(np.count_nonzero(np.diff(worn.turned)))
        reason = (ONE_WAY, TURNED_ONCE, HALVES)[min(turns, 2)]
    return np.stack([log_odds, aside_log, np.where(kept, over, 0.0)]), heard, reason


def _forward_side(clock_s: Floats, worn: _Wearings) -> Floats:
    """2π − 1, π the probability that the unturned side is forward; zero where none recurs.

    A side recurs where the angle went over and came back within `SHARE_S` around.
    """
    share = _around(clock_s, worn.turned, within_s=SHARE_S) / _around(
        clock_s, np.ones(len(clock_s)), within_s=SHARE_S
    )
    turns = np.r_[False, worn.turned[1:] != worn.turned[:-1]]
    visits = _around(clock_s, turns, within_s=SHARE_S) // 2
    with np.errstate(divide="ignore"):
        log_odds = LONGER_IS_FORWARD * (np.log1p(-share) - np.log(share))
    sure: Floats = np.tanh(np.clip(log_odds, -SUREST, SUREST) / 2) * visits
    return sure / (visits + 1 + worn.jumps)


def _around(clock_s: Floats, values: NDArray[Any], *, within_s: float) -> NDArray[Any]:
    """Sum of the values of the times within a span to either side of each."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(clock_s, clock_s - within_s, side="left")
    last = np.searchsorted(clock_s, clock_s + within_s, side="right")
    around: NDArray[Any] = sums[last] - sums[first]
    return around
