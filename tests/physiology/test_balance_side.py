"""Left of the simulated person, whose sides are known, and of real walkers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retrorun.examples.body import movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import IDEAL, PHONE, worn
from retrorun.physiology.balance_side import sides


def side_of(time, acc, gyro, *, placement):
    return sides(time, acc, gyro_time_s=time, gyro_rad_s=gyro, placement=placement)


@pytest.mark.parametrize("placement", ["sacrum", "chest"])
@pytest.mark.parametrize(
    ("motion", "direction", "speed_m_s"),
    [
        ("run", "forward", 2.7),
        ("run", "backward", 2.0),
        ("walk", "forward", 1.3),
        ("walk", "backward", 1.0),
    ],
)
@pytest.mark.parametrize("noise", [IDEAL, PHONE], ids=["ideal", "phone"])
def test_what_is_told_is_left_whichever_way_the_person_goes(
    placement, motion, direction, speed_m_s, noise
):
    """Nothing may be told: the simulated trunk turns so plainly in some gaits alone, and its
    phone wobbles without any reason. A wrong side may not."""
    bout = Bout(duration_s=40, motion=motion, direction=direction, speed_m_s=speed_m_s)
    moved = movement([Bout(duration_s=10, motion="still"), bout], seed=6)
    mounting = Rotation.from_rotvec([0.7, -1.4, 0.9])
    time, acc, gyro = worn(moved, placement, mounting=mounting, noise=noise)
    found = side_of(time, acc, gyro, placement=placement)
    left = mounting.apply([0, 1.0, 0], inverse=True)
    assert all(side.left @ left > np.cos(np.radians(20)) for side in found)
    if noise is IDEAL and (motion, direction) != ("walk", "forward"):
        assert [(round(side.start_s), round(side.end_s)) for side in found] == [(0, 50)]


def test_real_walkers_have_one_left(data):
    """The same belt on six people: their lefts agree, and lie across gravity."""
    lefts = []
    for person in range(1, 7):
        for trial in (1, 2, 3):
            rows = np.loadtxt(data / "gait-imu" / f"{person}-{trial}_lb.txt", skiprows=2)
            time = np.arange(len(rows)) / 100
            for found in side_of(time, rows[:, 1:4], rows[:, 4:7], placement="sacrum"):
                lefts.append(found.left)
                up = rows[:400, 1:4].mean(axis=0)
                assert abs(found.left @ up) / np.linalg.norm(up) < 0.35
    middle = np.mean(lefts, axis=0)
    assert len(lefts) >= 15
    assert min(left @ middle for left in lefts) / np.linalg.norm(middle) > 0.7


def test_nothing_is_told_where_nothing_is_known():
    time = np.arange(0, 60, 0.01)
    acc = np.zeros((len(time), 3))
    acc[:, 2] = 9.81
    still = np.zeros_like(acc)
    assert side_of(time, acc, still, placement="sacrum") == []
    assert side_of(time, acc, still, placement="waist") == []
    assert side_of(time, acc * np.nan, still, placement="chest") == []
    assert side_of(time, acc, still * np.nan, placement="chest") == []
    assert side_of([], np.empty((0, 3)), np.empty((0, 3)), placement="chest") == []
    assert side_of(time[::10], acc[::10], still[::10], placement="chest") == []
