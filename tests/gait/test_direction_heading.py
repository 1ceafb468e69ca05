"""Heading against course on simulated outings whose truth is known from physics."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from retrorun.errors import BadInput
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.gait.direction.heading import (
    NOT_KEPT,
    ONE_WAY,
    TOO_SLOW,
    TURNED_ONCE,
    HeadingJudgement,
    course_of_positions,
    heading_against_course,
    heading_log_odds,
)
from retrorun.gait.direction.states import BACKWARD_RUN, FORWARD_RUN, SIDEWAYS, Seen

Floats = NDArray[np.float64]
Part = tuple[float, float, str]  # how long [s], how fast [m/s], which way

METRES_A_DEGREE = 111_195.0
FORWARD, BACKWARD, ASIDE = "forward", "backward", "sideways"


# --- the simulator: a path, a body on it, a device on the body, its compass and its receiver ---


@dataclass(frozen=True, kw_only=True)
class Outing:
    """What a device records of somebody moving about, one row a second, and the truth."""

    time_s: Floats
    heading_deg: Floats
    course_deg: Floats
    speed_m_s: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    backward: NDArray[np.bool_]
    moving: NDArray[np.bool_]
    offset_deg: float  # course minus heading while moving forward, as worn at first

    def judge(self, **known: float) -> HeadingJudgement:
        return heading_log_odds(
            self.time_s, self.heading_deg, course_deg=self.course_deg,
            speed_m_s=self.speed_m_s, **known,
        )  # fmt: skip

    def curves(self) -> dict[str, Floats]:
        names = ("heading_deg", "course_deg", "speed_m_s", "latitude_deg", "longitude_deg")
        return {name: getattr(self, name) for name in names}


def outing(
    parts: Sequence[Part],
    *,
    seed: int,
    path: str = "bends",
    noise_deg: float = 20.0,
    iron_deg: float = 12.0,
    bridges_an_hour: float = 4.0,
    turn_backs_an_hour: float = 0.0,
    rewear: tuple[float, float] | None = None,  # when [s], by what angle [°]
    waved: bool = False,
) -> Outing:
    rng = np.random.default_rng(seed)
    rows = [part for part in parts for _ in range(round(part[0]))]
    speed = np.array([part[1] for part in rows])
    beside = np.array([{FORWARD: 0.0, BACKWARD: 180.0, ASIDE: 90.0}[part[2]] for part in rows])
    n = len(rows)
    backs = rng.random(n) < turn_backs_an_hour / 3600
    for at in np.flatnonzero(backs):
        speed[max(at - 1, 0) : at + 2] *= 0.4
    way = _way_deg(speed, path=path, rng=rng) + 180.0 * np.cumsum(backs)
    # The body takes about two seconds to turn.
    body = np.degrees(np.unwrap(np.radians(way + _eased(beside, over=3))))
    offset = np.full(n, rng.uniform(0, 360))
    if rewear is not None:
        offset[round(rewear[0]) :] += rewear[1]
    true_heading = body - offset
    heading = true_heading + _compass_error_deg(
        true_heading, noise_deg=noise_deg, iron_deg=iron_deg, bridges_an_hour=bridges_an_hour,
        rng=rng,
    )  # fmt: skip
    if waved:
        heading = heading + _waving_deg(n, rng)
    course, east, north = _received(way, speed, rng)
    return Outing(
        time_s=np.arange(n, dtype=float), heading_deg=heading % 360, course_deg=course,
        speed_m_s=np.maximum(speed + 0.15 * rng.standard_normal(n), 0),
        latitude_deg=52 + north / METRES_A_DEGREE,
        longitude_deg=5 + east / METRES_A_DEGREE / np.cos(np.radians(52)),
        backward=beside == 180.0, moving=speed > 0.9, offset_deg=float(offset[0]),
    )  # fmt: skip


def _way_deg(speed: Floats, *, path: str, rng: np.random.Generator) -> Floats:
    """Direction of the path under somebody: a 400 m track, or straights, bends and corners."""
    along = np.cumsum(speed)
    if path == "track":  # straights of 84.39 m, half circles of 36.8 m radius at the line run
        lap, bend = 400.0, (400.0 - 2 * 84.39) / 2
        there = along % (lap / 2)
        return 180.0 * (along // (lap / 2)) + 180.0 * np.clip((there - 84.39) / bend, 0, 1)
    total, corner, turn = 0.0, [0.0], [rng.uniform(0, 360)]
    while total < along[-1]:
        total += rng.exponential(80.0)
        corner.append(total)
        turn.append(turn[-1] + rng.choice([rng.normal(0, 25), rng.choice([-90.0, 90.0])]))
    angle = np.interp(along, corner, turn)  # bends between the corners ...
    sharp = np.array(turn)[np.searchsorted(corner, along, side="right") - 1]  # ... or sharp ones
    return _eased(sharp if rng.random() < 0.5 else angle, over=3)


def _compass_error_deg(
    heading: Floats, *, noise_deg: float, iron_deg: float, bridges_an_hour: float,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """White noise and slow wander of equal power, iron worn along, and steel passed by."""
    n = len(heading)
    white = rng.standard_normal(n) * noise_deg / np.sqrt(2)
    wander = _wander(n, memory_s=15.0, rng=rng) * noise_deg / np.sqrt(2)
    iron = iron_deg * np.sin(np.radians(heading - rng.uniform(0, 360)))
    steel = np.zeros(n)
    for at in np.flatnonzero(rng.random(n) < bridges_an_hour / 3600):
        length = int(rng.integers(10, 31))
        shape = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** rng.choice([0.2, 1.0])
        steel[at : at + length] = (rng.uniform(-90, 90) * shape)[: n - at]
    total: Floats = white + wander + iron + steel
    return total


def _waving_deg(n: int, rng: np.random.Generator) -> Floats:
    """A hand that swings at the cadence, and holds the device anew every ten seconds or so."""
    swing = rng.uniform(50, 100) * np.sin(2 * np.pi * (1.37 * np.arange(n) + _wander(n, rng=rng)))
    held = rng.uniform(0, 360, n)[np.cumsum(rng.random(n) < 0.1)]
    return swing + held


def _received(
    way: Floats, speed: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Course of a satellite receiver, late and noisier the slower, and positions east, north."""
    step = speed * np.exp(1j * np.radians(90 - way))
    late = np.convolve(step, np.ones(3) / 3)[: len(step)]
    late = np.r_[late[:1], late[:-1]]
    late = late + 0.15 * (rng.standard_normal(len(step)) + 1j * rng.standard_normal(len(step)))
    course = (90 - np.degrees(np.angle(late))) % 360
    course[np.abs(late) < 0.3] = np.nan
    # Positions wander by 2 m within a minute or so.
    wander = [2.0 * _wander(len(step), memory_s=60.0, rng=rng) for _ in range(2)]
    place = np.cumsum(step)
    return course, place.real + wander[0], place.imag + wander[1]


def _wander(n: int, *, rng: np.random.Generator, memory_s: float = 15.0) -> Floats:
    """First-order Gauss-Markov noise of deviation 1."""
    keep = np.exp(-1 / memory_s)
    out = np.empty(n)
    value = rng.standard_normal()
    for k, kick in enumerate(rng.standard_normal(n) * np.sqrt(1 - keep**2)):
        out[k] = value = keep * value + kick
    return out


def _eased(values: Floats, *, over: int) -> Floats:
    padded = np.pad(values, over // 2, mode="edge")
    return np.convolve(padded, np.ones(over) / over, mode="valid")


def repetitions(seed: int, *, speed_m_s: float, count: int = 8) -> list[Part]:
    """Warm-up, `count` times forward and backward of 20 to 60 s, cool-down."""
    rng = np.random.default_rng([seed, 1])
    parts: list[Part] = [(float(rng.uniform(240, 480)), speed_m_s, FORWARD)]
    for _ in range(count):
        parts.append((float(rng.uniform(20, 60)), speed_m_s, FORWARD))
        parts.append((float(rng.uniform(20, 60)), 0.75 * speed_m_s, BACKWARD))
    return [*parts, (float(rng.uniform(240, 480)), speed_m_s, FORWARD)]


def forward_hour(seed: int, *, hours: float = 1.0) -> list[Part]:
    """Forward with stops and changes of speed."""
    rng = np.random.default_rng([seed, 2])
    parts: list[Part] = []
    while sum(part[0] for part in parts) < hours * 3600:
        parts.append((float(rng.exponential(240) + 20), float(rng.uniform(0.9, 4.5)), FORWARD))
        if rng.random() < 0.3:
            parts.append((float(rng.uniform(5, 90)), 0.0, FORWARD))
    return parts


# --- the reader of the log-odds: two states, forward and backward through time ------------------


def decoded(log_odds: Floats, *, forward_s: float = 120.0, backward_s: float = 30.0) -> Floats:
    """Probability of backward each second under a model that dwells so long either way."""
    change = np.array([[1 - 1 / forward_s, 1 / forward_s], [1 / backward_s, 1 - 1 / backward_s]])
    likely = np.stack([np.exp(-log_odds / 2), np.exp(log_odds / 2)], axis=1)
    ahead, back = np.empty_like(likely), np.ones_like(likely)
    state = np.array([forward_s, backward_s]) / (forward_s + backward_s)
    for k, row in enumerate(likely):
        state = (state @ change if k else state) * row
        ahead[k] = state = state / state.sum()
    for k in range(len(likely) - 2, -1, -1):
        back[k] = change @ (likely[k + 1] * back[k + 1])
        back[k] /= back[k].sum()
    both = ahead * back
    result: Floats = both[:, 1] / both.sum(axis=1)
    return result


def f1(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return 2 * float(np.sum(said & truth)) / float(np.sum(said) + np.sum(truth))


@pytest.mark.parametrize("path", ["bends", "track"])
@pytest.mark.parametrize("speed_m_s", [1.3, 3.0])
def test_repetitions_are_found(path: str, speed_m_s: float) -> None:
    """8 x (forward, backward) of 20 to 60 s with 20° of noise, iron and steel."""
    scores = []
    for seed in range(15):
        one = outing(repetitions(seed, speed_m_s=speed_m_s), seed=seed, path=path)
        said = decoded(one.judge().log_odds) > 0.5
        scores.append(f1(said[one.moving], one.backward[one.moving]))
    assert np.mean(scores) >= 0.985
    assert min(scores) >= 0.95


@pytest.mark.parametrize("backward_s", [15.0, 30.0, 60.0])
def test_whatever_the_decoder_dwells(backward_s: float) -> None:
    scores = []
    for seed in range(10):
        one = outing(repetitions(seed, speed_m_s=2.5), seed=50 + seed)
        said = decoded(one.judge().log_odds, forward_s=30.0, backward_s=backward_s) > 0.5
        scores.append(f1(said[one.moving], one.backward[one.moving]))
    assert np.mean(scores) >= 0.98


def test_the_decoder_needs_no_other_witness() -> None:
    scores = []
    for seed in range(10):
        one = outing(repetitions(seed, speed_m_s=3.0), seed=60 + seed)
        said = heading_against_course(Seen(steps=10 * len(one.time_s), curves=one.curves()))
        speed = np.repeat(one.speed_m_s, 10)
        code = np.where(speed < 2.0, motion.WALK, motion.RUN).astype(np.int8)
        way = decoder.decide(said, code, speed).way[5::10]
        scores.append(f1((way == decoder.BACKWARD)[one.moving], one.backward[one.moving]))
    assert np.mean(scores) >= 0.96


def test_positions_alone_are_enough() -> None:
    scores = []
    for seed in range(10):
        one = outing(repetitions(seed, speed_m_s=2.5), seed=80 + seed)
        curves = one.curves()
        del curves["course_deg"], curves["speed_m_s"]
        (said,) = heading_against_course(Seen(steps=10 * len(one.time_s), curves=curves))
        log_odds = _a_second(said.log_likelihood, BACKWARD_RUN, FORWARD_RUN)
        scores.append(f1((decoded(log_odds) > 0.5)[one.moving], one.backward[one.moving]))
    assert np.mean(scores) >= 0.96


def test_forward_is_not_called_backward() -> None:
    """With turn-backs along the path every three minutes, bends, steel, stops."""
    seconds, false = 0, 0
    for seed in range(22):
        one = outing(
            forward_hour(seed), seed=seed, path=("bends", "track")[seed % 2],
            turn_backs_an_hour=20, bridges_an_hour=8,
        )  # fmt: skip
        false += int(np.count_nonzero(decoded(one.judge().log_odds) > 0.5))
        seconds += len(one.time_s)
    assert seconds >= 20 * 3600
    assert false / (seconds / 3600) < 2


@pytest.mark.parametrize("seed", range(6))
def test_a_waved_device_is_not_heard(seed: int) -> None:
    one = outing(repetitions(seed, speed_m_s=(1.4, 3.0)[seed % 2]), seed=seed, waved=True)
    judged = one.judge()
    assert np.mean(judged.heard) <= 0.05
    assert judged.reason == NOT_KEPT
    assert not np.any(decoded(judged.log_odds) > 0.85)


def test_a_device_near_upright_whose_heading_turns_over_at_every_step_is_not_heard() -> None:
    one = outing(repetitions(1, speed_m_s=3.0), seed=1)
    over = 180.0 * (np.random.default_rng(1).random(len(one.time_s)) < 0.5)
    judged = heading_log_odds(
        one.time_s, one.heading_deg + over, course_deg=one.course_deg, speed_m_s=one.speed_m_s
    )
    assert not judged.heard.any()
    assert judged.reason == NOT_KEPT


@pytest.mark.parametrize("by_deg", [40.0, 90.0, 135.0, 170.0, 180.0])
def test_a_device_worn_anew_invents_no_backward_movement(by_deg: float) -> None:
    for seed in range(6):
        one = outing(forward_hour(seed), seed=seed, rewear=(1500.0, by_deg))
        judged = one.judge()
        assert not np.any(decoded(judged.log_odds) > 0.5)
    if by_deg == 180.0:
        assert judged.reason == TURNED_ONCE


def test_each_wearing_has_its_own_offset() -> None:
    scores = []
    for seed in range(8):
        parts = repetitions(seed, speed_m_s=2.5) + repetitions(seed + 100, speed_m_s=2.5)
        one = outing(parts, seed=seed, rewear=(sum(p[0] for p in parts) / 2, 80.0))
        said = decoded(one.judge().log_odds) > 0.5
        scores.append(f1(said[one.moving], one.backward[one.moving]))
    assert np.mean(scores) >= 0.98


@pytest.mark.parametrize("way", [FORWARD, BACKWARD])
def test_one_way_only_says_nothing_unless_the_offset_is_known(way: str) -> None:
    one = outing([(1500.0, 2.0, way)], seed=3)
    judged = one.judge()
    assert not judged.log_odds.any()
    assert not judged.heard.any()
    assert judged.reason == ONE_WAY
    known = one.judge(offset_deg=one.offset_deg + 20.0)
    assert known.heard.mean() > 0.9
    backward = decoded(known.log_odds, forward_s=30.0)
    assert np.mean((backward > 0.5) == one.backward) > 0.98


def test_a_known_offset_decides_what_times_cannot() -> None:
    parts: list[Part] = [(90.0, 2.0, FORWARD), (90.0, 2.0, BACKWARD)] * 6
    one = outing(parts, seed=4)
    assert not one.judge().heard.all()
    known = decoded(one.judge(offset_deg=one.offset_deg).log_odds) > 0.5
    assert f1(known, one.backward) > 0.97


def test_an_offset_that_does_not_fit_is_not_used() -> None:
    one = outing(repetitions(5, speed_m_s=2.5), seed=5)
    across = one.judge(offset_deg=one.offset_deg + 90.0).log_odds
    assert np.mean(across == one.judge().log_odds) > 0.95


def test_one_turn_for_good_is_known_to_be_a_turn_but_not_of_whom() -> None:
    one = outing([(900.0, 2.5, FORWARD), (300.0, 2.0, BACKWARD)], seed=6)
    judged = one.judge()
    assert not judged.heard.any()
    assert judged.reason == TURNED_ONCE
    same = np.sign(judged.turned) == np.where(one.backward, 1, -1)
    share = np.mean(same[judged.wearing == judged.wearing[0]])
    assert max(share, 1 - share) > 0.95


def test_the_same_visit_says_more_where_it_was_not_the_only_one() -> None:
    once = outing(repetitions(7, speed_m_s=2.5, count=1), seed=7).judge()
    often = outing(repetitions(7, speed_m_s=2.5, count=8), seed=7).judge()
    assert 0 < np.max(once.log_odds) < 0.8 * np.max(often.log_odds)
    assert np.max(np.abs(often.log_odds)) <= 1.9


def test_sideways_is_suspected_and_not_called_backward() -> None:
    parts: list[Part] = [(300.0, 2.0, FORWARD)]
    for _ in range(5):
        parts += [(40.0, 2.0, FORWARD), (20.0, 1.2, ASIDE)]
        parts += [(40.0, 2.0, FORWARD), (30.0, 1.2, BACKWARD)]
    parts.append((300.0, 2.0, FORWARD))
    one = outing(parts, seed=8, bridges_an_hour=0)
    judged = one.judge()
    way = np.array([part[2] for part in parts for _ in range(round(part[0]))])
    aside = (way == ASIDE) & judged.heard
    assert aside.sum() >= 75
    assert np.mean(judged.sideways[aside]) > 0.0
    assert np.mean(judged.sideways[(way != ASIDE) & judged.heard]) < -0.05
    assert np.mean((decoded(judged.log_odds) > 0.5)[way == ASIDE]) < 0.1
    assert f1(decoded(judged.log_odds) > 0.5, one.backward) > 0.95


def test_neither_declination_nor_wearing_matters() -> None:
    one = outing(repetitions(9, speed_m_s=2.5), seed=9)
    plain = decoded(one.judge().log_odds) > 0.5
    for turn in (37.0, 141.0, 222.0):
        turned = heading_log_odds(
            one.time_s, one.heading_deg + turn, course_deg=one.course_deg,
            speed_m_s=one.speed_m_s,
        )  # fmt: skip
        assert np.mean((decoded(turned.log_odds) > 0.5) == plain) > 0.995


def test_standing_and_creeping_are_not_judged() -> None:
    one = outing([(600.0, 0.3, FORWARD)], seed=10, bridges_an_hour=0)
    judged = heading_log_odds(
        one.time_s, one.heading_deg, course_deg=one.course_deg,
        speed_m_s=np.full(600, 0.69),
    )  # fmt: skip
    assert not judged.heard.any()
    assert judged.reason == TOO_SLOW


def test_nothing_at_all() -> None:
    empty = np.empty(0)
    judged = heading_log_odds(empty, empty, course_deg=empty, speed_m_s=empty)
    assert judged.log_odds.shape == (0,)
    assert judged.reason == TOO_SLOW


def test_columns_that_cannot_be_right() -> None:
    one = np.arange(5.0)
    with pytest.raises(BadInput, match="as long as time_s"):
        heading_log_odds(one, one[:4], course_deg=one, speed_m_s=one)
    with pytest.raises(BadInput, match="rising by 1 s"):
        heading_log_odds(one / 10, one, course_deg=one, speed_m_s=one)


# --- the source --------------------------------------------------------------------------------


def test_the_source_needs_a_heading_and_a_way() -> None:
    one = outing(repetitions(11, speed_m_s=2.5, count=2), seed=11)
    curves = one.curves()
    assert heading_against_course(Seen(steps=100)) == ()
    assert heading_against_course(Seen(steps=100, curves={"heading_deg": one.heading_deg})) == ()
    without = {name: curve for name, curve in curves.items() if name != "heading_deg"}
    assert heading_against_course(Seen(steps=100, curves=without)) == ()


def test_the_steps_of_a_second_add_up_to_it() -> None:
    one = outing(repetitions(12, speed_m_s=2.5), seed=12)
    judged = one.judge()
    for steps in (10 * len(one.time_s) - 7, 10 * len(one.time_s) + 30):
        (said,) = heading_against_course(Seen(steps=steps, curves=one.curves()))
        assert (said.witness, said.told) == ("heading against course", "sensors")
        assert said.log_likelihood.shape == (steps, 7)
        whole = len(one.time_s) - 1
        log_odds = _a_second(said.log_likelihood, BACKWARD_RUN, FORWARD_RUN)[:whole]
        np.testing.assert_allclose(log_odds, judged.log_odds[:whole], atol=1e-5)
        likelier = said.log_likelihood.max(axis=1, initial=0.0)
        aside = said.log_likelihood[: 10 * whole, SIDEWAYS] - likelier[: 10 * whole]
        assert np.all(aside <= 1e-6)
        np.testing.assert_array_equal(said.heard[: 10 * whole : 10], judged.heard[:whole])
        assert not said.heard[10 * len(one.time_s) :].any()


def test_course_and_speed_of_positions_on_a_circle() -> None:
    """36.8 m in radius at 3 m/s: the course turns by 4.67° a second."""
    angle = np.arange(60) * 3.0 / 36.8
    north, east = 36.8 * np.sin(angle), 36.8 * (1 - np.cos(angle))
    course, speed = course_of_positions(
        52 + north / METRES_A_DEGREE, 5 + east / METRES_A_DEGREE / np.cos(np.radians(52))
    )
    inner = slice(4, -4)
    np.testing.assert_allclose(course[inner], np.degrees(angle)[inner], atol=0.5)
    np.testing.assert_allclose(speed[inner], 3.0, rtol=0.01)
    assert np.isnan(course[[0, -1]]).all()


def test_six_hours_take_a_moment() -> None:
    one = outing(forward_hour(13, hours=6.0), seed=13)
    took = []
    for _ in range(5):
        before = time.process_time()
        one.judge()
        took.append(time.process_time() - before)
    assert min(took) < 0.3


def _a_second(log_likelihood: NDArray[np.float32], one: int, other: int) -> Floats:
    """Log-odds of one state against another, added up over the ten steps of each second."""
    steps = log_likelihood[:, one].astype(float) - log_likelihood[:, other]
    return np.add.reduceat(steps, np.arange(0, len(steps), 10))
