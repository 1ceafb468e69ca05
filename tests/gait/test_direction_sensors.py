"""Direction from body sensors: a simulated person whom no law was tuned on, real forward walkers,
and time turned round. No real sensor recording of backward running was available."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.contacts import walks
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from retrorun.examples.body import Movement, movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import PHONE, SensorNoise, worn
from retrorun.gait import motion
from retrorun.gait.direction import decoder
from retrorun.gait.direction.decoder import Judged
from retrorun.gait.direction.live import Live
from retrorun.gait.direction.sensors import sensor_evidence
from retrorun.gait.direction.states import Sensor

STILL = Bout(duration_s=10, motion="still")


def bout(gait: str, way: str, speed_m_s: float, seconds: float = 30) -> Bout:
    return Bout(duration_s=seconds, motion=gait, direction=way, speed_m_s=speed_m_s)


#: Shuttles: two ways of walking and of running, the longer part forward.
SHUTTLES = (
    STILL, bout("walk", "forward", 1.4, 40), bout("walk", "backward", 1.0),
    bout("run", "forward", 2.7, 40), bout("run", "backward", 2.0),
    bout("walk", "forward", 1.3), STILL,
)  # fmt: skip


@pytest.fixture(scope="module")
def shuttles() -> Movement:
    return movement(SHUTTLES, seed=3)


def judge(
    placement: str, time_s: NDArray, acc: NDArray, gyro: NDArray, *, seen_as: str = ""
) -> Judged:
    """What one sensor says, from its samples to the decoder's answer."""
    steps = int(time_s[-1] * 10)
    evidence = sensor_evidence(
        seen_as or placement,
        Sensor(time_s=time_s, acc_m_s2=acc.astype(np.float32), gyro_rad_s=gyro.astype(np.float32)),
        steps=steps,
    )
    rate_hz = round(float(1 / np.median(np.diff(time_s))))
    found = motion.motion_from_acceleration(
        acc, rate_hz=rate_hz, placement=placement, gyro_rad_s=gyro
    )
    code = np.full(steps, motion.NOT_JUDGED, dtype=np.int8)
    seconds = np.repeat(found.code, 10)[:steps]
    code[: len(seconds)] = seconds
    return decoder.decide([evidence], code, np.full(steps, np.nan))


def score(judged: Judged, moved: Movement) -> tuple[float, float]:
    """F1 of backward over settled walking and running, and the share called backward elsewhere."""
    truth = moved.truth
    n = min(len(judged.way), len(truth.motion))
    moving = np.isin(truth.motion[:n], ("walk", "run")) & truth.settled[:n]
    backward = (truth.direction[:n] == "backward") & moving
    said = judged.way[:n] == decoder.BACKWARD
    hit = np.count_nonzero(said & backward)
    f1 = 2 * hit / max(np.count_nonzero(said & moving) + np.count_nonzero(backward), 1)
    return f1, float(np.mean(said[~moving]))


#: Not the trunk: the simulated one sways too little for its turning to show which end is front, and
#: is rightly left unknown; that one is checked on people, below.
@pytest.mark.parametrize("placement", ["left_foot", "right_shank", "left_thigh", "pocket"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_person_nobody_tuned_on(placement: str, seed: int, shuttles: Movement) -> None:
    turned = Rotation.random(rng=np.random.default_rng(seed))
    samples = worn(shuttles, placement, mounting=turned, noise=PHONE, seed=seed)
    f1, _ = score(judge(placement, *samples), shuttles)
    assert f1 > 0.9


def test_at_the_lowest_rate_a_running_foot_is_unknown_rather_than_wrong(shuttles: Movement) -> None:
    time_s, acc, gyro = worn(shuttles, "right_foot", noise=PHONE, seed=4)
    whole = len(acc) // 4 * 4
    slow = [
        part[:whole].reshape(-1, 4, *part.shape[1:]).mean(axis=1) for part in (time_s, acc, gyro)
    ]
    judged = judge("right_foot", *slow)
    truth = shuttles.truth.direction[: len(judged.way)] == "backward"
    assert np.mean(judged.way[~truth] == decoder.BACKWARD) < 0.02
    assert np.mean(judged.way[truth] == decoder.FORWARD) < 0.1


@pytest.mark.parametrize("rate_hz", [50, 200, 400])
def test_at_any_rate(rate_hz: int, shuttles: Movement) -> None:
    samples = worn(shuttles, "right_foot", rate_hz=max(rate_hz, 100), noise=PHONE, seed=4)
    if rate_hz < 100:  # a slow sensor averages between its samples
        group = 100 // rate_hz
        whole = len(samples[0]) // group * group
        samples = tuple(
            part[:whole].reshape(-1, group, *part.shape[1:]).mean(axis=1) for part in samples
        )
    f1, _ = score(judge("right_foot", *samples), shuttles)
    assert f1 > 0.85


def test_below_the_lowest_rate_it_is_unknown_and_says_why(shuttles: Movement) -> None:
    time_s, acc, gyro = worn(shuttles, "left_foot", rate_hz=25, seed=4)
    slow = Sensor(time_s=time_s[::2], acc_m_s2=acc[::2], gyro_rad_s=gyro[::2])
    evidence = sensor_evidence("left_foot", slow, steps=int(time_s[-1] * 10))
    assert not evidence.heard.any()
    assert "12.5 Hz" in str(evidence.reason)


def test_clipped_frozen_and_missing_gyroscopes_say_why(shuttles: Movement) -> None:
    time_s, acc, gyro = worn(shuttles, "left_foot", noise=SensorNoise(), seed=4)
    steps = int(time_s[-1] * 10)
    for acc_m_s2, gyro_rad_s, why in (
        (np.clip(acc, -19.6, 19.6), gyro, "end of the scale"),
        (acc, np.full_like(gyro, np.nan), "no gyroscope"),
        (acc, np.zeros_like(gyro), "frozen"),
    ):
        sensor = Sensor(time_s=time_s, acc_m_s2=acc_m_s2, gyro_rad_s=gyro_rad_s)
        evidence = sensor_evidence("left_foot", sensor, steps=steps)
        assert not evidence.heard.any()
        assert why in str(evidence.reason)


def test_a_phone_that_changed_places_is_followed(shuttles: Movement) -> None:
    time_s, acc, gyro = worn(shuttles, "left_shank", noise=PHONE, seed=5)
    half = len(acc) // 2
    turn = Rotation.from_euler("xyz", [110, 30, -80], degrees=True)
    acc[half:], gyro[half:] = turn.apply(acc[half:]), turn.apply(gyro[half:])
    f1, _ = score(judge("left_shank", time_s, acc, gyro), shuttles)
    assert f1 > 0.8


def test_a_wrist_called_a_leg_is_not_believed(shuttles: Movement) -> None:
    """As a thigh it might pass: a simulated arm swings in one plane, as real ones do not."""
    samples = worn(shuttles, "left_wrist", noise=PHONE, seed=6)
    for leg in ("left_foot", "left_shank"):
        judged = judge("left_wrist", *samples, seen_as=leg)
        sure = np.isin(judged.way, (decoder.FORWARD, decoder.BACKWARD)) & (judged.probability > 0.9)
        assert sure.mean() < 0.1, leg


def test_other_movements_are_not_backward_running() -> None:
    moved = movement(
        (
            STILL, bout("walk", "forward", 1.4, 40), bout("run", "forward", 2.7, 40),
            Bout(duration_s=15, motion="sidestep", direction="left", speed_m_s=0.7),
            Bout(duration_s=15, motion="jump"), Bout(duration_s=15, motion="turn", turn_deg=720),
            Bout(duration_s=20, motion="stairs", direction="forward", speed_m_s=0.45), STILL,
        ),
        seed=8,
    )  # fmt: skip
    for placement in ("left_foot", "right_shank", "sacrum"):
        judged = judge(placement, *worn(moved, placement, noise=PHONE, seed=8))
        ran_back = (judged.way == decoder.BACKWARD) & (judged.motion == motion.RUN)
        assert ran_back.mean() < 0.03, placement


def test_live_follows_two_seconds_behind(shuttles: Movement) -> None:
    time_s, acc, gyro = worn(shuttles, "left_shank", noise=PHONE, seed=9)
    whole = judge("left_shank", time_s, acc, gyro)
    live, same = Live("left_shank", rate_hz=100), []
    for first in range(0, len(acc), 100):
        moment = live.push(acc[first : first + 100], gyro[first : first + 100])
        if moment is not None and moment.time_s > 40:
            step = round(moment.time_s * 10)
            assert (first + 100) / 100 - moment.time_s < 2.2
            same.append(moment.way == decoder.WAYS.get(int(whole.way[step])))
    assert np.mean(same) > 0.85
    assert len(live._rows) < 92 * 100


# --- people -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(data: Path) -> list:
    return list(walks(data))


def _judged(people: list, part: str, *, reversed_time: bool) -> Iterator[tuple[Judged, slice]]:
    for walk in people:
        if not walk.placement.endswith(part):
            continue
        acc, gyro = (walk.acc[::-1], -walk.gyro[::-1]) if reversed_time else (walk.acc, walk.gyro)
        turned = Rotation.random(rng=np.random.default_rng(len(acc)))
        time_s = np.arange(len(acc)) / 100
        start_s, end_s = walk.trial_s
        if reversed_time:
            start_s, end_s = time_s[-1] - end_s, time_s[-1] - start_s
        inner = slice(int(start_s * 10) + 10, int(end_s * 10) - 10)
        yield judge(walk.placement, time_s, turned.apply(acc), turned.apply(gyro)), inner


@pytest.mark.parametrize("part", ["foot", "sacrum"])
def test_real_people_who_walk_forward_are_not_called_backward(people: list, part: str) -> None:
    seconds = false = 0.0
    for judged, inner in _judged(people, part, reversed_time=False):
        seconds += len(judged.way[inner]) / 10
        false += np.count_nonzero(judged.way[inner] == decoder.BACKWARD) / 10
    assert seconds > 300
    assert false < 0.005 * seconds


@pytest.mark.parametrize("part", ["foot", "sacrum"])
def test_time_turned_round_turns_the_sign(people: list, part: str) -> None:
    shares = [
        np.mean(judged.way[inner] == decoder.BACKWARD)
        for judged, inner in _judged(people, part, reversed_time=True)
    ]
    assert np.median(shares) > 0.8
