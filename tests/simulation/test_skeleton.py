"""The skeleton's equations against MuJoCo, which runs in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("casadi")

import casadi as ca

from retrorun.simulation.body import COORDINATES, GRAVITY_M_S2, SIDES, body
from retrorun.simulation.skeleton import centre_of_mass, inverse_dynamics, posture

Array = NDArray[np.float64]

PEER = Path(__file__).with_name("mujoco_peer.py")
PERSON = body(mass_kg=61.0, height_m=1.68)
COUNT = len(COORDINATES)
SLOPES = (0.0, 0.08, -0.05)


@cache
def forces() -> ca.Function:
    """(q, v, a, gradient) to generalised forces and centre of mass."""
    q, v, a = (ca.SX.sym(name, COUNT) for name in "qva")
    gradient = ca.SX.sym("gradient")
    pose = posture(PERSON, q)
    needed = inverse_dynamics(pose, q, v, a, gradient=gradient)
    return ca.Function("forces", [q, v, a, gradient], [needed, centre_of_mass(pose)])


def by_us(q: Array, v: Array, a: Array, gradient: float) -> tuple[Array, Array]:
    needed, centre = forces()(q, v, a, gradient)
    return np.asarray(needed).ravel(), np.asarray(centre).ravel()


def random_motions(number: int = 20) -> list[tuple[Array, Array, Array]]:
    """Any posture, rates as in running, accelerations as at a landing."""
    random = np.random.default_rng(20260101)
    return [
        (
            random.uniform(-1.5, 1.5, COUNT),
            random.normal(0.0, 6.0, COUNT),
            random.normal(0.0, 150.0, COUNT),
        )
        for _ in range(number)
    ]


# --- MuJoCo ----------------------------------------------------------------------------------


def model() -> str:
    """The same runner as MJCF: chains of hinges about z, without ground."""
    rows = ['<mujoco><compiler angle="radian" inertiafromgeom="false"/>']
    rows += ['<option><flag contact="disable"/></option><worldbody>']
    trunk = PERSON.segments["trunk"]
    rows += ['<body><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 1 0"/>']
    rows += ['<joint type="hinge" axis="0 0 1"/>', inertial("trunk", 0.0, trunk.centre_m)]
    rows += [leg() for _ in SIDES]
    return "".join([*rows, "</body></worldbody></mujoco>"])


def leg() -> str:
    """Hip, knee, ankle and toes; only the knee counts clockwise."""
    thigh, shank, foot, toes = (
        PERSON.segments[name] for name in ("thigh", "shank", "foot", "toes")
    )
    constants = PERSON.constants
    ahead = constants["foot_centre_ahead"] * PERSON.height_m / constants["reference_height"]
    chain = [
        (0.0, 0.0, 1, inertial("thigh", 0.0, -thigh.centre_m)),
        (0.0, -thigh.length_m, -1, inertial("shank", 0.0, -shank.centre_m)),
        (0.0, -shank.length_m, 1, inertial("foot", ahead, -foot.centre_m)),
        (*PERSON.ball_m, 1, inertial("toes", toes.centre_m, -0.005)),
    ]
    opened = "".join(
        f'<body pos="{x!r} {y!r} 0"><joint type="hinge" axis="0 0 {turn}"/>{mass}'
        for x, y, turn, mass in chain
    )
    return opened + "</body>" * len(chain)


def inertial(name: str, x: float, y: float) -> str:
    segment = PERSON.segments[name]
    about = repr(segment.inertia_kg_m2)
    return (
        f'<inertial pos="{x!r} {y!r} 0" mass="{segment.mass_kg!r}" '
        f'diaginertia="{about} {about} {about}"/>'
    )


@pytest.fixture(scope="module")
def by_mujoco() -> Any:
    """Answers for every random motion on every slope, in one process."""
    if "CI" not in os.environ and importlib.util.find_spec("mujoco") is None:
        pytest.skip("no MuJoCo here: install mujoco to compare the skeleton with it")
    motions = [
        {
            "gravity": [
                -GRAVITY_M_S2 * math.sin(math.atan(gradient)),
                -GRAVITY_M_S2 * math.cos(math.atan(gradient)),
                0.0,
            ],
            "q": q.tolist(),
            "v": v.tolist(),
            "a": a.tolist(),
        }
        for gradient in SLOPES
        for q, v, a in random_motions()
    ]
    answered = subprocess.run(  # noqa: S603  our own script and interpreter
        [sys.executable, str(PEER)],
        input=json.dumps({"model": model(), "motions": motions}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answered.returncode == 0, answered.stderr
    return json.loads(answered.stdout)


@pytest.mark.parametrize("gradient", SLOPES)
def test_a_motion_takes_the_forces_that_mujoco_finds(gradient: float, by_mujoco: Any) -> None:
    place = SLOPES.index(gradient) * len(random_motions())
    for theirs, (q, v, a) in zip(by_mujoco["motions"][place:], random_motions(), strict=False):
        needed, _ = by_us(q, v, a, gradient)
        far = np.abs(needed - theirs["forces"]).max()
        assert far < 1e-9 * np.abs(needed).max()


def test_the_centre_of_mass_is_where_mujoco_has_it(by_mujoco: Any) -> None:
    for theirs, (q, v, a) in zip(by_mujoco["motions"], random_motions(), strict=False):
        _, centre = by_us(q, v, a, 0.0)
        np.testing.assert_allclose(centre, theirs["centre_m"], atol=1e-12)


def test_mujoco_weighs_the_same_person(by_mujoco: Any) -> None:
    assert by_mujoco["mass_kg"] == pytest.approx(PERSON.mass_kg, rel=1e-12)


def test_casadi_and_mujoco_stay_in_separate_processes() -> None:
    assert "mujoco" not in sys.modules
    assert "import casadi" not in PEER.read_text(encoding="utf-8")


# --- what must hold of any body --------------------------------------------------------------


def test_the_parts_weigh_what_the_person_weighs() -> None:
    parts = posture(PERSON, ca.SX.sym("q", COUNT)).parts
    assert sum(part.mass_kg for part in parts) == pytest.approx(PERSON.mass_kg, rel=1e-12)


@pytest.mark.parametrize("gradient", SLOPES)
def test_a_body_in_free_fall_needs_no_forces(gradient: float) -> None:
    slope = math.atan(gradient)
    fall, fly = np.zeros(COUNT), np.zeros(COUNT)
    fall[:2] = -GRAVITY_M_S2 * math.sin(slope), -GRAVITY_M_S2 * math.cos(slope)
    fly[:2] = 3.0, 1.0
    for q, _, _ in random_motions(5):
        needed, _ = by_us(q, fly, fall, gradient)
        assert np.abs(needed).max() < 1e-9 * PERSON.weight_n


@pytest.mark.parametrize("gradient", SLOPES)
def test_standing_takes_the_weight_and_its_part_along_the_slope(gradient: float) -> None:
    still = np.zeros(COUNT)
    for q, _, _ in random_motions(5):
        needed, _ = by_us(q, still, still, gradient)
        slope = math.atan(gradient)
        assert needed[1] == pytest.approx(PERSON.weight_n * math.cos(slope))
        assert needed[0] == pytest.approx(PERSON.weight_n * math.sin(slope), abs=1e-9)


def test_the_power_of_the_forces_is_the_change_of_energy() -> None:
    """Kinetic and potential energy by finite differences along a motion, on a slope."""
    q, v, a = (values * 0.2 for values in random_motions(1)[0])
    gradient, step = 0.08, 1e-5
    slope = math.atan(gradient)
    energy = energy_of_motion()

    def total(time: float) -> float:
        at, rate = q + v * time + a * time**2 / 2, v + a * time
        _, centre = by_us(at, rate, a, gradient)
        height = centre @ [math.sin(slope), math.cos(slope)]
        return float(energy(at, rate)) + PERSON.weight_n * height

    needed, _ = by_us(q, v, a, gradient)
    change = (total(step) - total(-step)) / (2 * step)
    assert change == pytest.approx(float(needed @ v), rel=1e-6)


def energy_of_motion() -> ca.Function:
    """Kinetic energy (q, v), part by part."""
    q, v = ca.SX.sym("q", COUNT), ca.SX.sym("v", COUNT)
    moving = 0
    for part in posture(PERSON, q).parts:
        speed, spin = ca.jtimes(part.centre, q, v), ca.jtimes(part.angle, q, v)
        moving += 0.5 * (part.mass_kg * ca.sumsqr(speed) + part.inertia_kg_m2 * spin**2)
    return ca.Function("energy", [q, v], [moving])


# --- postures --------------------------------------------------------------------------------


def test_standing_straight_the_hip_is_a_leg_above_the_sole() -> None:
    """0.530 of the height, as winter2009 has the greater trochanter."""
    outline = np.array(ca.evalf(posture(PERSON, ca.SX.zeros(COUNT)).outline))
    segments = PERSON.segments
    hip_to_sole = sum(segments[name].length_m for name in ("thigh", "shank", "foot"))
    assert hip_to_sole == pytest.approx(0.530 * PERSON.height_m, rel=0.005)
    patches = posture(PERSON, ca.SX.zeros(COUNT)).patches
    lowest = [float(ca.evalf(patch.centre[1])) - patch.radius_m for patch in patches]
    np.testing.assert_allclose(lowest, -hip_to_sole, atol=1e-3)
    assert outline[1].max() == pytest.approx(0.47 * PERSON.height_m)


@pytest.mark.parametrize(
    ("joint", "part", "ahead", "above"),
    [("hip", "knee", 1, 1), ("knee", "ankle", -1, 1), ("ankle", "ball", 1, 1)],
)
def test_bending_a_joint_moves_the_limb_the_way_it_is_named(
    joint: str, part: str, ahead: int, above: int
) -> None:
    """Flexing the hip lifts the knee forward, the knee the ankle backward; toes go up."""
    bent = np.zeros(COUNT)
    bent[COORDINATES.index(f"right_{joint}")] = 0.3
    place = 2 + ["knee", "ankle", "heel", "ball"].index(part)
    moved = outline(bent)[:, place] - outline(np.zeros(COUNT))[:, place]
    assert np.sign(moved).tolist() == [ahead, above]
    np.testing.assert_allclose(outline(bent)[:, 7:], outline(np.zeros(COUNT))[:, 7:])


def outline(q: Array) -> Array:
    return np.array(ca.evalf(posture(PERSON, ca.SX(q)).outline))
