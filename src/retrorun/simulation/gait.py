"""Measures a simulated gait: what a laboratory would report of it, and the work of each muscle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.body import CONTACT_N, COORDINATES, GRAVITY_M_S2, Body
from retrorun.simulation.conditions import Conditions
from retrorun.simulation.events import contact
from retrorun.simulation.problem import Problem

Array = NDArray[np.float64]

#: A fibre slower than this holds rather than shortens or is stretched [optimal lengths/s].
HOLDING_LENGTHS_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleWork:
    """Work of one muscle or group in both legs; J/kg/m but for the last two."""

    metabolic_j_kg_m: float
    umberger_j_kg_m: float
    concentric_j_kg_m: float  #: of the fibres while they shorten
    eccentric_j_kg_m: float  #: of the fibres while they are stretched; negative
    unit_positive_j_kg_m: float  #: of muscle and tendon together
    unit_negative_j_kg_m: float
    isometric_share: float  #: of the impulse of force, fibre slower than 0.5 lengths a second
    peak_force_bw: float  #: of one leg
    mean_activation: float  #: of one leg over a stride, by muscle volume; what EMG looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class JointWork:
    """Work and moment at one joint, both legs; moments are of one leg, flexing is positive."""

    positive_j_kg_m: float
    negative_j_kg_m: float
    least_moment_nm_kg: float
    largest_moment_nm_kg: float
    least_deg: float
    largest_deg: float
    extensor_positive_j_kg_m: float  #: on the ground, while the moment extends (ankle: toes down)
    extensor_negative_j_kg_m: float
    stance_positive_j_kg_m: float  #: on the ground, whatever the moment
    angle_at_least_moment_deg: float  #: where the extending moment is largest


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """One gait in figures. Energy is net: the runner has no resting metabolism."""

    cost_j_kg_m: float
    umberger_cost_j_kg_m: float
    contact_time_s: float
    flight_time_s: float
    contacts_a_stride: int  #: of one leg
    peak_force_bw: float
    mean_force_bw: float
    loading_rate_bw_s: float  #: from 50 N up to one body weight more, at the first contact
    braking_impulse_bw_s: float
    oscillation_m: float
    centre_of_pressure_m: float  #: travel under the foot, above 0.3 body weights
    trunk_lean_deg: float  #: from upright, forward; mean
    stance_knee_flexion_deg: float  #: deepest while on the ground
    landing_knee_deg: float
    takeoff_knee_deg: float
    landing_ankle_deg: float  #: toes up is positive
    takeoff_ankle_deg: float
    toe_clearance_m: float  #: lowest point of the swinging foot at mid-swing
    joints: Mapping[str, JointWork]
    muscles: Mapping[str, MuscleWork]
    groups: Mapping[str, MuscleWork]
    residual_bw: float  #: largest force or moment that nothing explains [body weights]
    contact_work_j_kg_m: float  #: negative: lost in sole and ground
    stop_work_j_kg_m: float  #: of ligaments and the arch; negative: lost
    damping_work_j_kg_m: float
    climbing_j_kg_m: float  #: work against gravity
    unexplained_j_kg_m: float  #: what the books of energy leave over


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One step in time: rows are collocation points; the left leg is half a stride ahead."""

    time_s: Array
    weight_s: Array  #: of quadrature
    columns: Array
    seen: Mapping[str, Array]

    def stride(self, values: Array, step_time_s: float) -> tuple[Array, Array]:
        """The right leg through a whole stride from values of (right, left) in columns."""
        time = np.concatenate([self.time_s, self.time_s + step_time_s])
        return time, np.concatenate([values[:, 0], values[:, 1]])


def course(problem: Problem, unknowns: Array, conditions: Conditions) -> Course:
    """Evaluate every instant of a solution."""
    columns = problem.columns(unknowns)
    raw: dict[str, list[Array]] = {name: [] for name in problem.at.seen.name_out()}
    for column in columns:
        found = problem.at.seen.call({"z": column, "gradient": conditions.tilt})
        for name in raw:
            raw[name].append(np.asarray(found[name]))
    return Course(
        time_s=problem.times_s(conditions.step_time_s),
        weight_s=problem.weights_s(conditions.step_time_s),
        columns=columns,
        seen={name: np.squeeze(np.array(values)) for name, values in raw.items()},
    )


def measure(problem: Problem, unknowns: Array, conditions: Conditions) -> Gait:
    """Everything about a gait; see `Gait`."""
    person, run = problem.person, course(problem, unknowns, conditions)
    part, names = problem.layout.slices(), [muscle.name for muscle in person.muscles]
    per_metre = run.weight_s / (conditions.step_length_m * person.mass_kg)
    fibre_w = -run.seen["active_n"] * run.seen["fibre_speed_m_s"]
    damping = per_metre @ (-run.seen["damping_n"] * run.seen["fibre_speed_m_s"]).sum(axis=1)
    muscles = {
        name: _muscle_work(run, person, per_metre, fibre_w, [index, index + len(names)], part)
        for index, name in enumerate(names)
    }
    groups = {
        group: _muscle_work(
            run,
            person,
            per_metre,
            fibre_w,
            [
                index + side * len(names)
                for index, muscle in enumerate(person.muscles)
                if muscle.group == group
                for side in (0, 1)
            ],
            part,
        )
        for group in dict.fromkeys(muscle.group for muscle in person.muscles)
    }
    contact = per_metre @ run.seen["ground_power_w"]
    stops = per_metre @ run.seen["stop_power_w"]
    climbing = float(GRAVITY_M_S2 * np.sin(np.arctan(conditions.gradient)))
    explained = per_metre @ fibre_w.sum(axis=1) + damping + contact + stops
    return Gait(
        cost_j_kg_m=float(per_metre @ run.seen["metabolic_w"].sum(axis=1)),
        umberger_cost_j_kg_m=float(per_metre @ run.seen["umberger_w"].sum(axis=1)),
        **_on_the_ground(run, person, conditions, part),
        oscillation_m=float(np.ptp(run.seen["centre_of_mass_m"][:, 1])),
        trunk_lean_deg=float(-np.degrees(run.columns[:, 2].mean() + np.arctan(conditions.tilt))),
        joints=_joints(run, person, part, per_metre),
        muscles=muscles,
        groups=groups,
        residual_bw=_residual(problem, run, conditions),
        contact_work_j_kg_m=float(contact),
        stop_work_j_kg_m=float(stops),
        damping_work_j_kg_m=float(damping),
        climbing_j_kg_m=climbing,
        unexplained_j_kg_m=float(explained - climbing),
    )


def _muscle_work(
    run: Course,
    person: Body,
    per_metre: Array,
    fibre_w: Array,
    columns: list[int],
    part: Mapping[str, slice],
) -> MuscleWork:
    """Work of some muscles of both legs; `columns` are theirs."""
    power = fibre_w[:, columns]
    tendon = run.seen["tendon_n"][:, columns]
    rest = run.seen["active_n"][:, columns]
    fibre_m = [person.muscles[index % len(person.muscles)].optimal_fibre_m for index in columns]
    holding = np.abs(run.seen["fibre_speed_m_s"][:, columns] / fibre_m) < HOLDING_LENGTHS_S
    impulse = run.weight_s @ rest
    unit = _unit_power(run, person, columns, part)
    legs = tendon.reshape(len(tendon), -1, 2)  # columns come in pairs, right and left
    return MuscleWork(
        metabolic_j_kg_m=float((per_metre @ run.seen["metabolic_w"][:, columns]).sum()),
        umberger_j_kg_m=float((per_metre @ run.seen["umberger_w"][:, columns]).sum()),
        concentric_j_kg_m=float((per_metre @ np.maximum(power, 0)).sum()),
        eccentric_j_kg_m=float((per_metre @ np.minimum(power, 0)).sum()),
        unit_positive_j_kg_m=float((per_metre @ np.maximum(unit, 0)).sum()),
        unit_negative_j_kg_m=float((per_metre @ np.minimum(unit, 0)).sum()),
        isometric_share=float((run.weight_s @ (rest * holding)).sum() / impulse.sum()),
        peak_force_bw=float(legs.sum(axis=1).max() / person.weight_n),
        mean_activation=_activation(run, person, columns, part),
    )


def _activation(run: Course, person: Body, columns: list[int], part: Mapping[str, slice]) -> float:
    """Mean over a stride and over the muscles, each by its mass."""
    level = run.columns[:, part["activation"]][:, columns]
    mass = np.array([person.muscles[index % len(person.muscles)].mass_kg for index in columns])
    return float((run.weight_s @ level) @ mass / (run.weight_s.sum() * mass.sum()))


def _unit_power(run: Course, person: Body, columns: list[int], part: Mapping[str, slice]) -> Array:
    """Power of muscle and tendon together [W]: their moments times the joints' rates."""
    q, v = run.columns[:, part["coordinates"]], run.columns[:, part["rates"]]
    power = np.zeros((len(q), len(columns)))
    for place, column in enumerate(columns):
        side = "right" if column < len(person.muscles) else "left"
        muscle = person.muscles[column % len(person.muscles)]
        for joint, cubic in muscle.moment_arms_m.items():
            at = COORDINATES.index(f"{side}_{joint}")
            arm = np.polynomial.polynomial.polyval(q[:, at], cubic)
            power[:, place] += arm * v[:, at] * run.seen["tendon_n"][:, column]
    return power


def _on_the_ground(
    run: Course, person: Body, conditions: Conditions, part: Mapping[str, slice]
) -> dict[str, Any]:
    """Contact, force and pressure of the right foot over a stride."""
    step, weight = conditions.step_time_s, person.weight_n
    # Outputs are (points, 2 directions, 2 sides).
    force = run.seen["ground_force_n"]
    time, up = run.stride(force[:, 1, :], step)
    _, along = run.stride(force[:, 0, :], step)
    _, moment = run.stride(run.seen["ground_moment_nm"], step)
    share = np.tile(run.weight_s, 2)
    on = up > CONTACT_N
    landings = np.flatnonzero(on & ~np.roll(on, 1))
    on_ground_s = float(share[on].sum())
    if len(landings):  # else the foot never lands or never lifts
        on_ground_s = float(np.subtract(*contact(time, up, 2 * step)[::-1]))
    found: dict[str, Any] = {
        "contacts_a_stride": len(landings),
        "contact_time_s": on_ground_s,
        "flight_time_s": step - on_ground_s,
        "peak_force_bw": float(up.max() / weight),
        "mean_force_bw": float(share @ up / (step * weight)),
        "braking_impulse_bw_s": float(
            share @ np.minimum(along * np.sign(conditions.velocity_m_s), 0) / weight
        ),
    }
    first = int(landings[0]) if len(landings) else 0
    after = (np.roll(time, -first) - time[first]) % (2 * step)
    rising = np.roll(up, -first)
    found["loading_rate_bw_s"] = _loading_rate(after, rising, weight, stride_s=2 * step)
    # The pelvis moves on by a step in the second half, where the left foot's figures stand in.
    pressed = moment / np.maximum(up, 1.0)
    pressed = pressed + np.where(time > step, conditions.velocity_m_s * step, 0.0)
    pressed = np.roll(pressed, -first) + np.where(
        np.roll(time, -first) < time[first], 2 * conditions.velocity_m_s * step, 0.0
    )
    pressing = (rising > 0.3 * weight) & (after < step)
    found["centre_of_pressure_m"] = float(np.ptp(pressed[pressing])) if pressing.any() else 0.0
    found |= _posture(run, conditions, part, on, first)
    return found


def _posture(
    run: Course,
    conditions: Conditions,
    part: Mapping[str, slice],
    on: NDArray[np.bool_],
    first: int,
) -> dict[str, Any]:
    """Knee and ankle of the right leg at landing and take-off, and how high the toes swing."""
    step = conditions.step_time_s
    angle = np.degrees(run.columns[:, part["coordinates"]])
    of_joint = {
        joint: run.stride(
            angle[:, [COORDINATES.index(f"{side}_{joint}") for side in ("right", "left")]], step
        )[1]
        for joint in ("knee", "ankle")
    }
    last = (first + int(np.count_nonzero(on)) - 1) % len(on)
    outline = run.seen["outline_m"]  # (points, 2, 12): right leg 2 to 6, left leg 7 to 11
    lowest = np.column_stack([outline[:, 1, 4:7].min(axis=1), outline[:, 1, 9:12].min(axis=1)])
    _, height = run.stride(lowest, step)
    swing = np.roll(height, -first)[int(np.count_nonzero(on)) :]
    middle = swing[len(swing) // 3 : 2 * len(swing) // 3]
    return {
        "stance_knee_flexion_deg": float(of_joint["knee"][on].max()) if on.any() else 0.0,
        "landing_knee_deg": float(of_joint["knee"][first]),
        "takeoff_knee_deg": float(of_joint["knee"][last]),
        "landing_ankle_deg": float(of_joint["ankle"][first]),
        "takeoff_ankle_deg": float(of_joint["ankle"][last]),
        "toe_clearance_m": float(middle.min()) if len(middle) else 0.0,
    }


def _loading_rate(after_s: Array, force_n: Array, weight_n: float, *, stride_s: float) -> float:
    """Body weights a second from 50 N to 50 N and a body weight, as force plates are read.

    `after_s` and `force_n` start at the landing; the last sample is the one before it.
    """
    time = np.append(after_s[-1] - stride_s, after_s)
    force = np.append(force_n[-1], force_n)
    top = int(np.argmax(force > CONTACT_N + weight_n))
    if top == 0:
        return float("nan")
    start = np.interp(CONTACT_N, force[:2], time[:2])
    end = np.interp(CONTACT_N + weight_n, force[top - 1 : top + 1], time[top - 1 : top + 1])
    return float(1.0 / max(end - start, 1e-3))


def _joints(
    run: Course,
    person: Body,
    part: Mapping[str, slice],
    per_metre: Array,
) -> dict[str, JointWork]:
    """Net moments (muscles, ligaments) and their work at hip, knee and ankle."""
    moments, rates = run.seen["joint_moment_nm"], run.columns[:, part["rates"]]
    angles = run.columns[:, part["coordinates"]]
    on = run.seen["ground_force_n"][:, 1, :] > CONTACT_N
    found = {}
    for joint in ("hip", "knee", "ankle"):
        at = [COORDINATES.index(f"{side}_{joint}") for side in ("right", "left")]
        power, moment = moments[:, at] * rates[:, at], moments[:, at] / person.mass_kg
        degrees = np.degrees(angles[:, at])
        extending = np.where(on & (moment < 0), power, 0.0)
        strongest = np.unravel_index(np.argmin(np.where(on, moment, 0.0)), moment.shape)
        found[joint] = JointWork(
            extensor_positive_j_kg_m=float((per_metre @ np.maximum(extending, 0)).sum()),
            extensor_negative_j_kg_m=float((per_metre @ np.minimum(extending, 0)).sum()),
            stance_positive_j_kg_m=float((per_metre @ np.maximum(np.where(on, power, 0), 0)).sum()),
            angle_at_least_moment_deg=float(degrees[strongest]),
            positive_j_kg_m=float((per_metre @ np.maximum(power, 0)).sum()),
            negative_j_kg_m=float((per_metre @ np.minimum(power, 0)).sum()),
            least_moment_nm_kg=float(moment.min()),
            largest_moment_nm_kg=float(moment.max()),
            least_deg=float(degrees.min()),
            largest_deg=float(degrees.max()),
        )
    return found


def _residual(problem: Problem, run: Course, conditions: Conditions) -> float:
    """The largest unbalanced force or moment of any equation: motion and muscles, scaled."""
    return float(np.abs(problem.balance(run.columns, conditions.tilt)).max())
