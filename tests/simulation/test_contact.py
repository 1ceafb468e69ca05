"""The ground: it pushes, it does not pull, and it rubs against sliding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("casadi")

import casadi as ca

from retrorun.simulation.body import COORDINATES, Body, body
from retrorun.simulation.contact import ground, positive
from retrorun.simulation.skeleton import posture

Array = NDArray[np.float64]

COUNT = len(COORDINATES)
PERSON = body(mass_kg=70, height_m=1.75)
SPHERES = pytest.mark.parametrize("name", ["heel", "ball", "toe"])
FRICTION = PERSON.constants["friction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What the ground does to a foot, and how the bottom of its only sphere moves."""

    force_n: Array
    other_n: Array
    generalised: Array
    power_w: float
    bottom_m: Array
    bottom_m_s: Array


@cache
def function(name: str) -> ca.Function:
    """Ground forces of a runner whose feet are one sphere each."""
    one: Body = replace(PERSON, spheres=tuple(s for s in PERSON.spheres if s.name == name))
    q, v = ca.SX.sym("q", COUNT), ca.SX.sym("v", COUNT)
    pose = posture(one, q)
    found = ground(one, pose, q, v)
    (right,) = (patch for patch in pose.patches if patch.side == "right")
    # A point of the body that is momentarily the lowest of the sphere.
    spin = ca.jtimes(right.angle, q, v)
    moving = ca.jtimes(right.centre, q, v) + ca.vertcat(right.radius_m * spin, 0)
    forces = [found.force_n["right"], found.force_n["left"], found.generalised, found.power_w]
    return ca.Function(name, [q, v], [*forces, right.centre - ca.DM([0, right.radius_m]), moving])


def pushed(name: str, *, depth_m: float, v: Array | None = None, pitch: float = 0.2) -> Pushed:
    """The right sphere so deep in the ground; the left leg is drawn up."""
    q, rates = np.zeros(COUNT), np.zeros(COUNT) if v is None else v
    q[COORDINATES.index("right_ankle")] = pitch
    q[COORDINATES.index("left_hip")], q[COORDINATES.index("left_knee")] = 1.2, 1.5
    q[1] = -depth_m - float(np.array(function(name)(q, rates)[4])[1, 0])
    right, left, generalised, power, bottom, moving = (
        np.array(value).ravel() for value in function(name)(q, rates)
    )
    assert bottom[1] == pytest.approx(-depth_m)
    return Pushed(
        force_n=right,
        other_n=left,
        generalised=generalised,
        power_w=float(power[0]),
        bottom_m=bottom,
        bottom_m_s=moving,
    )


def moving(x: float = 0.0, y: float = 0.0) -> Array:
    """The whole runner, without turning."""
    v = np.zeros(COUNT)
    v[:2] = x, y
    return v


def any_rates(seed: int) -> Array:
    """Everything moves and turns as in running."""
    v = np.random.default_rng(seed).normal(0.0, 4.0, COUNT)
    v[:2] /= 8
    return v


# --- pushing ---------------------------------------------------------------------------------


@SPHERES
@pytest.mark.parametrize("height_m", [0.02, 0.05, 0.2])
def test_there_is_no_force_in_the_air(name: str, height_m: float) -> None:
    found = pushed(name, depth_m=-height_m, v=moving(x=4.0))
    assert np.abs(found.force_n).max() < 0.5
    assert np.abs(found.other_n).max() < 0.5


@SPHERES
def test_force_grows_with_depth_to_the_power_of_one_and_a_half(name: str) -> None:
    shallow, deep = (pushed(name, depth_m=depth).force_n[1] for depth in (0.008, 0.016))
    assert deep / shallow == pytest.approx(2**1.5, rel=0.03)
    stiffness = PERSON.constants["toe_contact_stiffness" if name == "toe" else f"{name}_stiffness"]
    assert deep == pytest.approx(stiffness * 0.016**1.5, rel=0.03)


def test_the_heel_gives_as_much_as_pad_and_shoe_of_aerts1993() -> None:
    """About 15 mm at 1000 N, soft and hard shoes from 10 to 20."""
    assert (
        pushed("heel", depth_m=0.010).force_n[1] < 1000 < pushed("heel", depth_m=0.020).force_n[1]
    )


@SPHERES
@settings(deadline=None)  # the first example builds the function
@given(st.floats(-0.05, 0.04), st.floats(-4, 4), st.floats(-3, 3))
def test_the_ground_never_pulls(name: str, depth_m: float, x: float, y: float) -> None:
    assert pushed(name, depth_m=depth_m, v=moving(x=x, y=y)).force_n[1] >= 0


@SPHERES
def test_it_pushes_harder_while_the_foot_comes_down(name: str) -> None:
    """By 1.5 of the speed [m/s]: Hunt and Crossley."""
    down, still, up = (
        pushed(name, depth_m=0.01, v=moving(y=speed)).force_n[1] for speed in (-0.5, 0, 0.5)
    )
    assert down / still == pytest.approx(1 + 1.5 * 0.5, rel=0.01)
    assert up / still == pytest.approx(1 - 1.5 * 0.5, rel=0.01)


def test_the_other_foot_feels_its_own_sphere_and_not_this_one() -> None:
    found = pushed("ball", depth_m=0.015)
    assert found.force_n[1] > 500
    assert abs(found.other_n[1]) < 0.5


@given(st.floats(-1, 1), st.floats(1e-4, 0.1))
def test_the_rounded_positive_part_is_above_it_by_half_the_rounding_at_most(
    x: float, rounding: float
) -> None:
    assert 0 <= float(positive(x, rounding)) - max(x, 0.0) <= rounding / 2 + 1e-12


# --- rubbing ---------------------------------------------------------------------------------


@SPHERES
@settings(deadline=None)  # the first example builds the function
@given(st.floats(-4, 4), st.floats(-0.3, 0.3))
def test_friction_opposes_sliding_and_has_its_limit(name: str, x: float, y: float) -> None:
    along, up = pushed(name, depth_m=0.01, v=moving(x=x, y=y)).force_n
    assert along * x <= 0
    assert abs(along) <= FRICTION * up * (1 + 1e-12)


@SPHERES
def test_a_sliding_foot_is_rubbed_with_eight_tenths_of_the_normal_force(name: str) -> None:
    along, up = pushed(name, depth_m=0.01, v=moving(x=2.0)).force_n
    assert along == pytest.approx(-0.8 * up, rel=1e-6)


@SPHERES
@pytest.mark.parametrize("spin", [-8.0, 8.0])
def test_friction_takes_energy_also_while_the_foot_rolls(name: str, spin: float) -> None:
    """The heel or toes turn as fast as at push-off; the sole slides at 10 cm/s either way."""
    for sliding in (-0.1, 0.1):
        found = pushed(name, depth_m=0.01, v=rolling(name, spin=spin, sliding=sliding))
        assert found.bottom_m_s[0] == pytest.approx(sliding)
        assert found.force_n[0] * sliding < 0


def rolling(name: str, *, spin: float, sliding: float) -> Array:
    """The foot turns [rad/s] while the bottom of its sphere slides [m/s]."""
    v = np.zeros(COUNT)
    v[COORDINATES.index("right_ankle")] = spin
    v[:2] = [sliding, 0.0] - pushed(name, depth_m=0.01, v=v).bottom_m_s
    return v


# --- what it does to the body ----------------------------------------------------------------


@SPHERES
def test_the_power_is_that_of_the_force_at_the_bottom_of_the_sphere(name: str) -> None:
    for seed in range(5):
        v = any_rates(seed)
        found = pushed(name, depth_m=0.01, v=v)
        at_the_bottom = float(found.force_n @ found.bottom_m_s)
        assert found.power_w == pytest.approx(at_the_bottom, abs=0.1)
        assert float(found.generalised @ v) == pytest.approx(at_the_bottom, abs=0.1)


@SPHERES
def test_the_pelvis_feels_the_whole_force_and_its_moment(name: str) -> None:
    """The first three generalised forces are the force and its moment about the pelvis."""
    found = pushed(name, depth_m=0.01, v=moving(x=0.05))
    np.testing.assert_allclose(found.generalised[:2], found.force_n, atol=0.1)
    arm = found.bottom_m - [0.0, pelvis_height(name)]
    moment = arm[0] * found.force_n[1] - arm[1] * found.force_n[0]
    assert found.generalised[2] == pytest.approx(moment, abs=0.1)


def pelvis_height(name: str) -> float:
    """Of `pushed` at 1 cm: minus how far the sphere hangs below a pelvis at 0."""
    q = np.zeros(COUNT)
    q[COORDINATES.index("right_ankle")] = 0.2
    return -0.01 - float(np.array(function(name)(q, np.zeros(COUNT))[4])[1, 0])
