"""Muscles: the published curves, and geometry that does the same work as its moments."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("casadi")

from retrorun.simulation.body import JOINTS, Muscle, body
from retrorun.simulation.muscles import (
    Fibre,
    fibre,
    force_length,
    force_velocity,
    passive_force,
    tendon_length,
    tendon_stiffness,
)

PERSON = body(mass_kg=70, height_m=1.75)
REFERENCE = body(mass_kg=75, height_m=1.70)
MUSCLES = pytest.mark.parametrize("muscle", PERSON.muscles, ids=lambda muscle: muscle.name)
SPANNED = [(muscle, joint) for muscle in PERSON.muscles for joint in muscle.moment_arms_m]
ARMS = pytest.mark.parametrize(
    ("muscle", "joint"), SPANNED, ids=[f"{muscle.name} {joint}" for muscle, joint in SPANNED]
)


def of(name: str) -> Muscle:
    return next(muscle for muscle in REFERENCE.muscles if muscle.name == name)


def at(muscle: Muscle, **told: Any) -> Fibre:
    """A muscle at neutral joints, still, half active, unless told otherwise."""
    usual: dict[str, Any] = {
        "angles": dict.fromkeys(JOINTS, 0.0),
        "rates": dict.fromkeys(JOINTS, 0.0),
        "activation": 0.5,
        "force": 0.3,
        "force_rate": 0.0,
    }
    return fibre(muscle, PERSON, **{**usual, **told})


def path_m(muscle: Muscle, angles: dict[str, float], force: float = 0.3) -> float:
    """Length of muscle and tendon, from the fibre back."""
    found = at(muscle, angles=angles, force=force)
    width = muscle.optimal_fibre_m * math.sin(muscle.pennation_rad)
    along = math.sqrt((float(found.length) * muscle.optimal_fibre_m) ** 2 - width**2)
    tendon = float(tendon_length(force, tendon_stiffness(muscle.tendon_strain)))
    return along + muscle.tendon_slack_m * tendon


# --- curves of degroote2016 ------------------------------------------------------------------


def test_active_force_is_largest_at_the_optimal_length() -> None:
    assert force_length(1.0) == pytest.approx(1.0, abs=0.002)
    lengths = np.linspace(0.4, 1.8, 281)
    forces = np.array([float(force_length(length)) for length in lengths])
    assert lengths[forces.argmax()] == pytest.approx(1.0, abs=0.05)
    assert forces.max() < 1.02
    assert forces.min() > 0
    assert forces[0] < 0.15
    assert forces[-1] < 0.15


@pytest.mark.parametrize(("speed", "force"), [(-1.0, 0.0), (0.0, 1.0), (1.0, 1.79)])
def test_force_velocity_at_its_three_points(speed: float, force: float) -> None:
    assert force_velocity(speed) == pytest.approx(force, abs=0.005)


@given(st.floats(-1, 1))
def test_force_velocity_is_the_published_curve(speed: float) -> None:
    """With the coefficients as printed; ours have more digits, so that it is 0 at -1."""
    printed = -0.318 * math.asinh(-8.149 * speed - 0.374) + 0.886
    assert force_velocity(speed) == pytest.approx(printed, abs=0.015)


@given(st.floats(-1, 0.99))
def test_a_faster_shortening_fibre_is_weaker(speed: float) -> None:
    assert float(force_velocity(speed)) < float(force_velocity(speed + 0.01))


def test_a_fibre_at_rest_pulls_only_when_long() -> None:
    assert passive_force(0.2) == pytest.approx(0.0, abs=1e-12)
    assert passive_force(1.6) == pytest.approx(1.0)
    assert float(passive_force(1.0)) < 0.02
    assert math.log(float(passive_force(1.4)) / float(passive_force(1.25))) == pytest.approx(
        4 * 0.15 / 0.6, abs=0.02
    )


@pytest.mark.parametrize("strain", [0.033, 0.049, 0.07])
def test_the_tendon_stretches_as_told_at_the_largest_force(strain: float) -> None:
    stiffness = tendon_stiffness(strain)
    assert tendon_length(1.0, stiffness) == pytest.approx(1 + strain)
    assert tendon_length(0.0, stiffness) == pytest.approx(1.0, abs=0.005)
    assert float(tendon_length(0.5, stiffness)) > 1 + strain / 2  # it stiffens


def test_the_published_stiffness_of_35_is_a_strain_of_five_percent() -> None:
    assert tendon_stiffness(0.0474) == pytest.approx(35, rel=0.005)


# --- geometry --------------------------------------------------------------------------------


@ARMS
@pytest.mark.parametrize("angle", [-0.4, 0.0, 0.5, 1.2])
def test_moments_do_the_work_that_the_path_shortens_by(
    muscle: Muscle, joint: str, angle: float
) -> None:
    step, angles = 1e-5, {**dict.fromkeys(JOINTS, 0.1), joint: angle}
    ahead, behind = (path_m(muscle, {**angles, joint: angle + side * step}) for side in (1, -1))
    moment = float(at(muscle, angles=angles).moments_nm[joint])
    pull_n = 0.3 * muscle.max_force_n
    assert moment == pytest.approx(-pull_n * (ahead - behind) / (2 * step), rel=1e-5, abs=1e-6)


@MUSCLES
def test_the_fibre_moves_as_fast_as_its_length_changes(muscle: Muscle) -> None:
    """Joints turn and force grows: finite differences along the motion."""
    rates, force_rate, step = {"hip": 2.0, "knee": -3.0, "ankle": 4.0}, 5.0, 1e-6

    def length_m(time: float) -> float:
        angles = {joint: 0.2 + rate * time for joint, rate in rates.items()}
        found = at(muscle, angles=angles, force=0.3 + force_rate * time)
        return float(found.length) * muscle.optimal_fibre_m

    angles = dict.fromkeys(JOINTS, 0.2)
    speed = at(muscle, angles=angles, rates=rates, force_rate=force_rate).speed_m_s
    assert float(speed) == pytest.approx((length_m(step) - length_m(-step)) / (2 * step), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "joint", "side"),
    [
        ("gluteus_maximus", "hip", -1),
        ("hamstrings", "hip", -1),
        ("iliopsoas", "hip", 1),
        ("rectus_femoris", "hip", 1),
        ("hamstrings", "knee", 1),
        ("biceps_femoris_short_head", "knee", 1),
        ("gastrocnemius", "knee", 1),
        ("rectus_femoris", "knee", -1),
        ("vasti", "knee", -1),
        ("gastrocnemius", "ankle", -1),
        ("soleus", "ankle", -1),
        ("tibialis_anterior", "ankle", 1),
    ],
)
def test_a_muscle_turns_its_joint_as_anatomy_has_it(name: str, joint: str, side: int) -> None:
    """Throughout the range for which its cubic was fitted; flexion is positive."""
    limits = {"hip": (-30, 95), "knee": (0, 115), "ankle": (-45, 30)}[joint]
    for angle in np.radians(np.linspace(*limits, 26)):
        arm = np.polynomial.polynomial.polyval(angle, of(name).moment_arms_m[joint])
        assert 0.004 < side * arm < 0.08


@pytest.mark.parametrize(
    ("name", "joint", "least_mm", "largest_mm"),
    [
        # Achilles tendon at rest: 34.6 to 36.9 (Manal 2013, doi 10.1002/phy2.139, ultrasound) and
        # 43 to 56 (Maganaris 2000, doi 10.1007/s004210000247, magnetic resonance).
        ("soleus", "ankle", 34.6, 56),
        ("gastrocnemius", "ankle", 34.6, 56),
        # Patellar tendon: 20 flexed to 50 extended, 34 people (Sheehan 2007, PMC2753825).
        ("vasti", "knee", 20, 50),
        ("rectus_femoris", "knee", 20, 50),
    ],
)
def test_moment_arms_are_such_as_were_measured_in_people(
    name: str, joint: str, least_mm: float, largest_mm: float
) -> None:
    assert least_mm < 1000 * abs(of(name).moment_arms_m[joint][0]) < largest_mm


def test_the_achilles_arm_grows_as_the_foot_points_down() -> None:
    """Manal 2013 and Maganaris 2000."""
    arms = of("soleus").moment_arms_m["ankle"]
    up, neutral, down = (
        -np.polynomial.polynomial.polyval(np.radians(deg), arms) for deg in (15, 0, -15)
    )
    assert up < neutral < down


def test_hamstrings_reach_further_at_the_hip_than_at_the_knee() -> None:
    """Largest arms, in a review of hamstrings: Kellis 2022, doi 10.1186/s13102-022-00555-6."""
    arms = of("hamstrings").moment_arms_m
    hip, knee = (
        max(abs(np.polynomial.polynomial.polyval(np.radians(deg), arms[joint])) for deg in degrees)
        for joint, degrees in (("hip", range(-30, 96)), ("knee", range(116)))
    )
    assert hip > knee


# --- forces ----------------------------------------------------------------------------------


def balanced(muscle: Muscle, **told: Any) -> float:
    """The activation that holds the tendon's force: the balance is linear in it."""
    none, full = (float(at(muscle, activation=level, **told).unbalanced) for level in (0.0, 1.0))
    return none / (none - full)


@MUSCLES
@pytest.mark.parametrize("force", [0.1, 0.4])
def test_in_balance_the_tendon_carries_what_the_fibre_pulls(muscle: Muscle, force: float) -> None:
    """Active, passive and damping force, turned by the pennation, by hand."""
    rates = {"hip": 0.2, "knee": -0.2, "ankle": 0.1}
    angles = {"hip": 0.3, "knee": 0.6, "ankle": 0.1}
    level = balanced(muscle, force=force, angles=angles, rates=rates)
    found = at(muscle, activation=level, force=force, angles=angles, rates=rates)
    assert float(found.unbalanced) == pytest.approx(0.0, abs=1e-12)
    sine = math.sin(muscle.pennation_rad) / float(found.length)
    rest = float(passive_force(found.length)) * muscle.max_force_n
    fibre_n = float(found.active_n) + float(found.damping_n) + rest
    assert fibre_n * math.sqrt(1 - sine**2) == pytest.approx(float(found.tendon_n))


@MUSCLES
def test_at_some_joint_angles_of_running_the_fibre_works_near_its_optimum(muscle: Muscle) -> None:
    """In running the hip moves within -10 to 50 degrees, the knee 10 to 95, the ankle ± 25."""
    lengths = [
        float(at(muscle, angles={"hip": hip, "knee": knee, "ankle": ankle}).length)
        for hip in np.radians([-10, 10, 30, 50])
        for knee in np.radians([10, 40, 70, 95])
        for ankle in np.radians([-25, 0, 25])
    ]
    assert min(np.abs(np.array(lengths) - 1)) < 0.15


@MUSCLES
@given(st.floats(0.05, 0.9))
def test_more_activation_pulls_more(muscle: Muscle, activation: float) -> None:
    less, more = (at(muscle, activation=level) for level in (activation, activation + 0.05))
    assert float(less.active_n) < float(more.active_n)
    assert float(less.unbalanced) < float(more.unbalanced)


@MUSCLES
def test_standing_still_the_active_force_is_the_isometric_one(muscle: Muscle) -> None:
    found = at(muscle)
    assert float(found.active_n) == pytest.approx(float(found.isometric_n), rel=1e-6)
    assert float(found.damping_n) == 0


def test_a_longer_tendon_leaves_a_shorter_fibre() -> None:
    soleus = of("soleus")
    slack = replace(soleus, tendon_slack_m=soleus.tendon_slack_m + 0.005)
    assert float(at(slack).length) < float(at(soleus).length)
    assert float(at(soleus, force=0.9).length) < float(at(soleus, force=0.1).length)
