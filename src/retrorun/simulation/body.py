"""A person's segments, feet and muscles: the published parameters, scaled to height and mass."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from retrorun.simulation.conditions import Variant

SIDES = ("right", "left")
JOINTS = ("hip", "knee", "ankle")
#: Order of the generalised coordinates: pelvis [m], then angles [rad]. Counterclockwise is
#: positive seen from the right side, so flexion of the hip, flexion of the knee, toes up.
COORDINATES = (
    "pelvis_x",
    "pelvis_y",
    "trunk_pitch",
    *(f"{side}_{joint}" for side in SIDES for joint in (*JOINTS, "toes")),
)
#: Coordinates after left and right change roles.
SWAPPED = (0, 1, 2, 7, 8, 9, 10, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One rigid body; distances along it from its upper joint."""

    mass_kg: float
    length_m: float
    centre_m: float
    gyration_m: float

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia about the centre of mass."""
        return self.mass_kg * self.gyration_m**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Muscle:
    """One muscle-tendon unit of a leg, pulling at one or two joints.

    `moment_arms_m` holds for each joint the cubic in the joint's angle [rad] whose value is the
    moment arm [m], positive where the muscle turns the joint counterclockwise (flexes the hip,
    flexes the knee, lifts the toes; the knee's angle counts flexion).
    """

    name: str
    group: str
    max_force_n: float
    mass_kg: float
    optimal_fibre_m: float
    tendon_slack_m: float
    pennation_rad: float
    neutral_length_m: float
    tendon_strain: float
    slow_share: float
    moment_arms_m: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sphere:
    """A patch of the sole that touches the ground: a sphere on the foot or on the toes."""

    name: str
    on: str  #: foot or toes
    centre_m: tuple[float, float]
    radius_m: float
    stiffness_n_m15: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Everything about a person that the equations need."""

    mass_kg: float
    height_m: float
    segments: Mapping[str, Segment]
    muscles: tuple[Muscle, ...]  #: of one leg
    spheres: tuple[Sphere, ...]  #: of one foot
    ball_m: tuple[float, float]  #: joint of the toes, seen from the ankle
    constants: Mapping[str, float]

    @property
    def weight_n(self) -> float:
        """Body weight."""
        return self.mass_kg * GRAVITY_M_S2


GRAVITY_M_S2 = 9.81
#: A foot is on the ground above this vertical force, as force plates are read [N].
CONTACT_N = 50.0


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one file of parameters."""
    place = resources.files("retrorun.simulation") / "parameters" / f"{name}.csv"
    return tuple(csv.DictReader(place.read_text(encoding="utf-8").splitlines()))


def body(*, mass_kg: float, height_m: float, variant: Variant | None = None) -> Body:
    """Scale the published body to a person: lengths with height, volumes with height times mass.

    Muscle volume grows with height times mass (handsfield2014) and fibres grow with height, so
    the force of a muscle grows with mass.
    """
    variant = variant or Variant()
    constants = {row["name"]: float(row["value"]) for row in rows("constants")}
    if variant.specific_tension_n_cm2 is not None:
        constants["specific_tension"] = variant.specific_tension_n_cm2
    if variant.toe_stiffness_nm_rad is not None:
        constants["toe_stiffness"] = variant.toe_stiffness_nm_rad
    length = height_m / constants["reference_height"]
    sole = constants["ankle_height"] * height_m
    return Body(
        mass_kg=mass_kg,
        height_m=height_m,
        segments=_segments(mass_kg, height_m, length, sole, constants),
        muscles=_muscles(mass_kg, length, constants, variant),
        spheres=_spheres(length, sole, constants),
        ball_m=(constants["ball_ahead_of_ankle"] * length, constants["ball_height"] - sole),
        constants=constants,
    )


def _segments(
    mass_kg: float, height_m: float, length: float, sole: float, constants: Mapping[str, float]
) -> dict[str, Segment]:
    found = {}
    for row in rows("segments"):
        mass = float(row["mass_share"]) * mass_kg
        if row["length_share"]:
            along = float(row["length_share"]) * height_m
            centre = float(row["centre_share"]) * along
            gyration = float(row["gyration_share"]) * along
        elif row["segment"] == "foot":
            along = sole
            centre = constants["foot_centre_below"] * sole
            gyration = constants["foot_gyration"] * length
        else:
            along = constants["toe_length"] * length
            centre = 0.43 * along
            gyration = constants["toes_gyration"] * length
        found[row["segment"]] = Segment(
            mass_kg=mass, length_m=along, centre_m=centre, gyration_m=gyration
        )
    return found


def _muscles(
    mass_kg: float, length: float, constants: Mapping[str, float], variant: Variant
) -> tuple[Muscle, ...]:
    arms: dict[str, dict[str, tuple[float, ...]]] = {}
    for row in rows("moment_arms"):
        cubic = tuple(float(row[f"c{power}_mm"]) * 1e-3 * length for power in range(4))
        arms.setdefault(row["muscle"], {})[row["joint"]] = cubic
    bulk = mass_kg / constants["reference_mass"] * length
    found = []
    for row in rows("muscles"):
        volume_cm3 = float(row["volume_cm3"]) * bulk
        fibre_m = float(row["optimal_fibre_m"]) * length
        strain = float(row["tendon_strain"])
        if variant.achilles_strain is not None and row["group"] == "calves":
            strain = variant.achilles_strain
        found.append(
            Muscle(
                name=row["muscle"],
                group=row["group"],
                max_force_n=constants["specific_tension"] * volume_cm3 / (fibre_m * 100.0),
                mass_kg=volume_cm3 * constants["muscle_density"] * 1e-3,
                optimal_fibre_m=fibre_m,
                tendon_slack_m=float(row["tendon_slack_m"]) * length,
                pennation_rad=math.radians(float(row["pennation_deg"])),
                neutral_length_m=float(row["neutral_length_m"]) * length,
                tendon_strain=strain,
                slow_share=float(row["slow_share"]),
                moment_arms_m=arms[row["muscle"]],
            )
        )
    return tuple(found)


def _spheres(length: float, sole: float, constants: Mapping[str, float]) -> tuple[Sphere, ...]:
    heel, ball, toe = (constants[f"{part}_radius"] for part in ("heel", "ball", "toe"))
    return (
        Sphere(
            name="heel",
            on="foot",
            centre_m=(-constants["heel_behind_ankle"] * length, heel - sole),
            radius_m=heel,
            stiffness_n_m15=constants["heel_stiffness"],
        ),
        Sphere(
            name="ball",
            on="foot",
            centre_m=(constants["ball_ahead_of_ankle"] * length, ball - sole),
            radius_m=ball,
            stiffness_n_m15=constants["ball_stiffness"],
        ),
        Sphere(
            name="toe",
            on="toes",
            centre_m=(
                constants["toe_ahead_of_ball"] * length,
                toe - constants["ball_height"],
            ),
            radius_m=toe,
            stiffness_n_m15=constants["toe_contact_stiffness"],
        ),
    )
