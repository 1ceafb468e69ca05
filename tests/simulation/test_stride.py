"""A whole stride from one step: tried on a made-up step whose motion is known, without a solver."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from retrorun.errors import BadInput
from retrorun.simulation.body import COORDINATES, SIDES, body
from retrorun.simulation.conditions import Conditions
from retrorun.simulation.stride import CONTACT_N, POINTS, SAMPLES, stride

PERSON = body(mass_kg=70.0, height_m=1.75)
STEP_S, CONTACT_S, PEAK_BW = 0.35, 0.22, 2.5
AHEAD_M = 0.1  #: of the hip, where the foot is put down


@dataclass
class MadeUp:
    """What `stride` reads of a `Course`."""

    time_s: np.ndarray
    columns: np.ndarray
    seen: dict


def conditions(direction="forward"):
    return Conditions(speed_m_s=2.6, direction=direction, cadence_steps_min=60 / STEP_S)


def hip_rad(t):
    return 0.2 + 0.5 * np.cos(np.pi * t / STEP_S)


def knee_rad(t):
    return 0.7 - 0.5 * np.cos(np.pi * t / STEP_S - 1.0)


def active(t, place):
    return 0.5 + 0.04 * place * np.sin(np.pi * t / STEP_S)


def made_up(landing_s=0.05, direction="forward"):
    """One step: the right leg at `t`, the left half a stride later; the hip glides along."""
    inside = np.array([0.155, 0.645, 1.0])
    t = ((np.arange(16)[:, None] + inside) * STEP_S / 16).ravel()
    v = conditions(direction).velocity_m_s
    columns = np.zeros((len(t), 105))
    outline = np.zeros((len(t), 2, 12))
    force, moment = np.zeros((len(t), 2, 2)), np.zeros((len(t), 2))
    hip = np.stack([v * t, 0.95 + 0.03 * np.cos(2 * np.pi * t / STEP_S)])
    outline[:, :, 0], outline[:, :, 1] = hip.T, hip.T + np.array([0.1, 0.8])
    for number, side in enumerate(SIDES):
        own = t + number * STEP_S
        for joint, angle in (("hip", hip_rad), ("knee", knee_rad)):
            columns[:, COORDINATES.index(f"{side}_{joint}")] = angle(own)
        for place in range(9):
            columns[:, 22 + 9 * number + place] = active(own, place)
        knee = hip + 0.42 * np.stack([np.sin(hip_rad(own)), -np.cos(hip_rad(own))])
        shank = hip_rad(own) - knee_rad(own)
        ankle = knee + 0.43 * np.stack([np.sin(shank), -np.cos(shank)])
        for point, place in (("knee", knee), ("ankle", ankle)):
            outline[:, :, POINTS.index(f"{side}_{point}")] = place.T
        for point, (x, y) in (
            ("heel", (-0.06, -0.05)),
            ("ball", (0.13, -0.04)),
            ("tip", (0.2, -0.06)),
        ):
            outline[:, :, POINTS.index(f"{side}_{point}")] = ankle.T + np.array([x, y])
        since = (own - landing_s) % (2 * STEP_S)
        up = np.where(since < CONTACT_S, np.sin(np.pi * since / CONTACT_S) ** 2, 0.0)
        force[:, 1, number] = PEAK_BW * PERSON.weight_n * up
        force[:, 0, number] = 0.1 * force[:, 1, number]
        moment[:, number] = force[:, 1, number] * (v * (t - since) + AHEAD_M)
    seen = {"outline_m": outline, "ground_force_n": force, "ground_moment_nm": moment}
    return MadeUp(t, columns, seen)


def threshold_s():
    """How long after the foot is put down its force passes the threshold."""
    return CONTACT_S / np.pi * np.arcsin(np.sqrt(CONTACT_N / (PEAK_BW * PERSON.weight_n)))


anywhere = pytest.mark.parametrize("landing_s", [0.05, 0.33, 0.5, 0.7, 0.799])
both_ways = pytest.mark.parametrize("direction", ["forward", "backward"])


@anywhere
@both_ways
def test_it_begins_where_the_right_foot_lands(landing_s, direction):
    found = stride(made_up(landing_s, direction), conditions(direction), PERSON)
    start = landing_s + threshold_s()
    assert found.time_s[[0, -1]] == pytest.approx([0.0, 2 * STEP_S])
    assert found.contact_share * 2 * STEP_S == pytest.approx(
        CONTACT_S - 2 * threshold_s(), abs=0.003
    )
    for joint, angle in (("hip", hip_rad), ("knee", knee_rad)):
        wanted = np.degrees(angle(start + found.time_s))
        assert found.angles_deg[joint] == pytest.approx(wanted, abs=0.5)
    wanted = active(start + found.time_s, 8)
    assert found.activation[PERSON.muscles[8].name] == pytest.approx(wanted, abs=0.006)


@anywhere
@both_ways
def test_the_second_step_is_the_first_with_the_legs_exchanged(landing_s, direction):
    found = stride(made_up(landing_s, direction), conditions(direction), PERSON)
    half = SAMPLES // 2
    swapped = [
        POINTS.index(p.replace("right", "L").replace("left", "right").replace("L", "left"))
        for p in POINTS
    ]
    step = np.array([found.velocity_m_s * STEP_S, 0.0])[None, :, None]
    first, second = found.outline_m[: half + 1], found.outline_m[half:]
    assert second == pytest.approx(first[:, :, swapped] + step, abs=1e-9)
    assert found.in_place_m[-1] == pytest.approx(found.in_place_m[0], abs=1e-9)


@anywhere
@both_ways
def test_it_moves_the_way_it_runs_and_begins_at_zero(landing_s, direction):
    found = stride(made_up(landing_s, direction), conditions(direction), PERSON)
    way = found.length_m if direction == "forward" else -found.length_m
    assert found.outline_m[[0, -1], 0, 0] == pytest.approx([0.0, way])
    assert found.length_m == pytest.approx(2.6 * 2 * STEP_S)


@anywhere
@both_ways
def test_a_foot_on_the_ground_is_pressed_where_it_was_put(landing_s, direction):
    """No force makes the centre of pressure unknown, never a number."""
    found = stride(made_up(landing_s, direction), conditions(direction), PERSON)
    put = AHEAD_M - found.velocity_m_s * threshold_s()
    pressed = found.pressure_m[2:][found.force_up_bw[2:] > 0.5]
    pressed = pressed[: np.count_nonzero(found.on_ground) - 4]
    assert pressed == pytest.approx(put, abs=0.01)
    in_air = (found.percent > 100 * found.contact_share + 3) & (found.percent < 97)
    assert np.isnan(found.pressure_m[in_air]).all()


def test_forces_are_in_body_weights():
    found = stride(made_up(), conditions(), PERSON)
    assert found.force_up_bw.max() == pytest.approx(PEAK_BW, rel=0.01)
    assert found.force_along_bw == pytest.approx(0.1 * found.force_up_bw)


def test_the_left_leg_does_the_same_half_a_stride_apart():
    found = stride(made_up(), conditions(), PERSON)
    left = found.left(found.force_up_bw)
    assert left[: SAMPLES // 2 + 1] == pytest.approx(found.force_up_bw[SAMPLES // 2 :])
    assert left[[0, -1]] == pytest.approx(found.force_up_bw[SAMPLES // 2])


def test_a_group_is_as_active_as_its_muscles_by_their_mass():
    found = stride(made_up(), conditions(), PERSON)
    for group, mean in found.group_activation.items():
        members = [m for m in PERSON.muscles if m.group == group]
        wanted = np.average(
            [found.activation[m.name] for m in members],
            axis=0,
            weights=[m.mass_kg for m in members],
        )
        assert mean == pytest.approx(wanted)


def test_of_two_contacts_the_one_after_the_flight_is_the_landing():
    course = made_up(0.1)
    force = course.seen["ground_force_n"]
    force[np.abs(course.time_s - 0.2) < 0.02] = 0.0  # the foot hops
    found = stride(course, conditions(), PERSON)
    assert found.angles_deg["hip"][0] == pytest.approx(
        np.degrees(hip_rad(0.1 + threshold_s())), abs=0.5
    )


@pytest.mark.parametrize(("force_n", "when"), [(0.0, "never"), (300.0, "always")])
def test_what_never_lands_is_refused(force_n, when):
    course = made_up()
    course.seen["ground_force_n"][:] = force_n
    with pytest.raises(BadInput, match=f"ground_force_n is {when}"):
        stride(course, conditions(), PERSON)


def test_it_needs_no_casadi():
    told = "import sys, retrorun.simulation.stride; sys.exit('casadi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0  # noqa: S603


def test_it_reads_columns_as_they_are_written():
    pytest.importorskip("casadi")
    from retrorun.simulation import gait
    from retrorun.simulation.instant import Layout

    places = Layout(muscles=18).slices()
    assert places["coordinates"] == slice(0, len(COORDINATES))
    assert places["activation"] == slice(2 * len(COORDINATES), 2 * len(COORDINATES) + 18)
    assert gait.CONTACT_N == CONTACT_N
