"""A person's segments and muscles: whole, plausible, and scaled as published."""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun.simulation.body import COORDINATES, SIDES, SWAPPED, Body, body, rows
from retrorun.simulation.conditions import Variant

masses, heights = st.floats(40, 120), st.floats(1.45, 2.05)
FILES = ("constants", "moment_arms", "muscles", "segments")


def of(person: Body, name: str) -> Any:
    return next(muscle for muscle in person.muscles if muscle.name == name)


@pytest.mark.skipif("CI" not in os.environ, reason="only where nothing may be skipped")
@pytest.mark.parametrize("needed", ["casadi", "mujoco"])
def test_the_real_solver_and_its_peer_are_there(needed: str) -> None:
    """The tests of the equations skip without them; in continuous integration none may."""
    assert importlib.util.find_spec(needed) is not None


# --- the files -------------------------------------------------------------------------------


def test_every_muscle_has_its_moment_arms_and_the_other_way_round() -> None:
    assert {row["muscle"] for row in rows("moment_arms")} == {
        row["muscle"] for row in rows("muscles")
    }
    pairs = [(row["muscle"], row["joint"]) for row in rows("moment_arms")]
    assert len(set(pairs)) == len(pairs)


def test_every_constant_is_named_once_and_used() -> None:
    """A constant that the code does not read is a figure that somebody trusts in vain."""
    names = [row["name"] for row in rows("constants")]
    assert len(set(names)) == len(names)
    source = importlib.resources.files("retrorun.simulation")
    code = "".join(
        file.read_text(encoding="utf-8") for file in source.iterdir() if file.name.endswith(".py")
    )
    built = {
        f"{joint}_{end}" for joint in ("hip", "knee", "ankle") for end in ("lowest", "highest")
    }
    built |= {f"{part}_radius" for part in ("heel", "ball", "toe")}
    assert [name for name in names if f'"{name}"' not in code and name not in built] == []


# --- scaling ---------------------------------------------------------------------------------


@given(masses, heights)
def test_the_segments_weigh_what_the_person_weighs(mass_kg: float, height_m: float) -> None:
    segments = body(mass_kg=mass_kg, height_m=height_m).segments
    twice = sum(segments[name].mass_kg for name in ("thigh", "shank", "foot", "toes"))
    assert segments["trunk"].mass_kg + 2 * twice == pytest.approx(mass_kg, rel=1e-9)


@given(masses, heights)
def test_lengths_grow_with_height_and_never_with_mass(mass_kg: float, height_m: float) -> None:
    one, other = body(mass_kg=70, height_m=1.75), body(mass_kg=mass_kg, height_m=height_m)
    ratio = height_m / 1.75
    for name, segment in one.segments.items():
        scaled = other.segments[name]
        for length in ("length_m", "centre_m", "gyration_m"):
            assert getattr(scaled, length) == pytest.approx(ratio * getattr(segment, length))
        assert scaled.inertia_kg_m2 == pytest.approx(
            segment.inertia_kg_m2 * mass_kg / 70 * ratio**2
        )
    for muscle, scaled_muscle in zip(one.muscles, other.muscles, strict=True):
        for length in ("optimal_fibre_m", "tendon_slack_m", "neutral_length_m"):
            assert getattr(scaled_muscle, length) == pytest.approx(ratio * getattr(muscle, length))
        for joint, cubic in muscle.moment_arms_m.items():
            assert scaled_muscle.moment_arms_m[joint] == pytest.approx([ratio * c for c in cubic])


@given(masses, heights)
def test_force_grows_with_mass_and_the_bulk_with_mass_times_height(
    mass_kg: float, height_m: float
) -> None:
    one, other = body(mass_kg=70, height_m=1.75), body(mass_kg=mass_kg, height_m=height_m)
    for muscle, scaled in zip(one.muscles, other.muscles, strict=True):
        assert scaled.max_force_n == pytest.approx(muscle.max_force_n * mass_kg / 70)
        assert scaled.mass_kg == pytest.approx(muscle.mass_kg * mass_kg * height_m / (70 * 1.75))
        assert (scaled.pennation_rad, scaled.slow_share) == (
            muscle.pennation_rad,
            muscle.slow_share,
        )


def test_a_muscle_is_as_strong_as_its_volume_over_its_fibre_length() -> None:
    """Soleus of the reference person by hand: 454 cm³ / 4.4 cm times 50 N/cm²."""
    reference = body(mass_kg=75, height_m=1.70)
    assert of(reference, "soleus").max_force_n == pytest.approx(454 / 4.4 * 50)
    assert of(reference, "soleus").mass_kg == pytest.approx(0.454 * 1.0597)


# --- plausible -------------------------------------------------------------------------------


@given(masses, heights)
def test_the_muscles_are_most_of_the_leg_that_handsfield2014_measured(
    mass_kg: float, height_m: float
) -> None:
    """47.05 cm³ for each kg m and 1289.6 for all muscles of a leg; ours leave out the
    adductors, the smaller glutei and the small muscles of the shank."""
    measured_cm3 = 47.05 * mass_kg * height_m + 1289.6
    muscles = body(mass_kg=mass_kg, height_m=height_m).muscles
    ours_cm3 = sum(muscle.mass_kg for muscle in muscles) / 1.0597e-3
    assert 0.55 < ours_cm3 / measured_cm3 < 0.80


def test_legs_weigh_what_deleva1996_found() -> None:
    """Thigh, shank and foot of men and of women, in hundredths of body mass."""
    segments = body(mass_kg=70, height_m=1.75).segments
    share = sum(segments[name].mass_kg for name in ("thigh", "shank", "foot", "toes")) / 70
    assert share == pytest.approx(((14.16 + 4.33 + 1.37) + (14.78 + 4.81 + 1.29)) / 200, abs=1e-4)


def test_the_foot_has_its_heel_behind_and_its_toes_ahead_of_the_ankle() -> None:
    person = body(mass_kg=70, height_m=1.75)
    heel, ball, toe = person.spheres
    assert heel.centre_m[0] < 0 < ball.centre_m[0]
    assert (heel.on, ball.on, toe.on) == ("foot", "foot", "toes")
    assert toe.centre_m[0] > 0
    sole = -person.segments["foot"].length_m
    assert heel.centre_m[1] - heel.radius_m == pytest.approx(sole)
    assert ball.centre_m[1] - ball.radius_m == pytest.approx(sole)
    assert person.ball_m[1] + toe.centre_m[1] - toe.radius_m == pytest.approx(sole)


# --- variants and sides ----------------------------------------------------------------------


def test_variants_change_what_they_name_and_nothing_else() -> None:
    base = body(mass_kg=70, height_m=1.75)
    strong = body(mass_kg=70, height_m=1.75, variant=Variant(specific_tension_n_cm2=60))
    stiff = body(mass_kg=70, height_m=1.75, variant=Variant(toe_stiffness_nm_rad=65))
    springy = body(mass_kg=70, height_m=1.75, variant=Variant(achilles_strain=0.07))
    assert of(strong, "vasti").max_force_n == pytest.approx(1.2 * of(base, "vasti").max_force_n)
    assert of(strong, "vasti").mass_kg == of(base, "vasti").mass_kg
    assert stiff.constants["toe_stiffness"] == 65
    assert stiff.muscles == base.muscles
    stretched = {muscle.name for muscle in springy.muscles if muscle.tendon_strain == 0.07}
    assert stretched == {"soleus", "gastrocnemius"}
    assert body(mass_kg=70, height_m=1.75) == base  # no variant leaks into the next


def test_left_and_right_change_roles_and_back() -> None:
    assert [COORDINATES[index] for index in SWAPPED[3:7]] == [
        f"left_{joint}" for joint in ("hip", "knee", "ankle", "toes")
    ]
    assert [SWAPPED[index] for index in SWAPPED] == list(range(len(COORDINATES)))
    assert SIDES == ("right", "left")
