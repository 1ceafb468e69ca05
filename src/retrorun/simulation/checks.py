"""Checks that every gait must pass: a solver's success is not yet a gait of a person."""

from __future__ import annotations

from collections.abc import Sequence

from retrorun.simulation.conditions import Conditions
from retrorun.simulation.gait import Gait
from retrorun.simulation.instant import HARDEST_BW

#: Largest unexplained force [body weights].
RESIDUAL_BW = 1e-3
#: The objective makes harder landings dear; one that pays that price by this factor is no person's.
HARDEST_MARGIN = 1.1
#: Largest share of the positive muscle work that may come from what nobody pays for.
UNPAID_SHARE = 0.01
#: Largest share of the positive muscle work that the books of energy may leave over.
BOOKS_SHARE = 0.02
#: The mean vertical force must carry the body: share of the weight it may miss.
CARRIED_SHARE = 0.01
#: Human ranges while running [degrees]: flexion positive.
RANGES_DEG = {"hip": (-40.0, 80.0), "knee": (0.0, 130.0), "ankle": (-52.0, 40.0)}
#: Mesh and second start: the cost may change by this share.
REFINED_SHARE, RESTARTED_SHARE = 0.03, 0.02

#: What each check says, for people.
MEANING = {
    "converged": "the solver met its tolerances",
    "one_contact": "each foot touches the ground once a stride",
    "flight": "both feet are off the ground once a step: it is running",
    "no_residual": "no force acts that nothing explains",
    "carried": "the ground carries the body's weight over a step",
    "no_unpaid_work": "no work comes from what costs no energy",
    "energy_balance": "work done equals work gained and lost",
    "cadence": "as many landings a minute as asked",
    "human_force": "no landing harder than people make",
    "human_joints": "hip, knee and ankle stay within human ranges",
    "mesh": "a finer mesh gives a valid gait and changes its cost by less than three percent",
    "second_start": "another first guess ends within two percent of the same cost",
}


def valid(gait: Gait, conditions: Conditions, *, converged: bool) -> dict[str, bool]:
    """The checks that one solution can pass; all must hold."""
    paid = sum(work.concentric_j_kg_m for work in gait.groups.values())
    unpaid = max(gait.contact_work_j_kg_m, 0.0) + max(gait.stop_work_j_kg_m, 0.0)
    unpaid += max(gait.damping_work_j_kg_m, 0.0)
    counted = 60 * gait.contacts_a_stride / conditions.step_time_s
    upright = 1.0 / (1.0 + conditions.gradient**2) ** 0.5
    return {
        "converged": converged,
        "one_contact": gait.contacts_a_stride == 1,
        "flight": gait.flight_time_s > 0,
        "no_residual": gait.residual_bw <= RESIDUAL_BW,
        "carried": abs(gait.mean_force_bw - upright) <= CARRIED_SHARE,
        "no_unpaid_work": unpaid <= UNPAID_SHARE * paid,
        "energy_balance": abs(gait.unexplained_j_kg_m) <= BOOKS_SHARE * paid,
        "cadence": abs(counted - conditions.cadence_steps_min) < 0.1,
        "human_force": gait.peak_force_bw <= HARDEST_MARGIN * HARDEST_BW,
        "human_joints": all(
            lowest <= gait.joints[joint].least_deg and gait.joints[joint].largest_deg <= highest
            for joint, (lowest, highest) in RANGES_DEG.items()
        ),
    }


def mesh_agrees(coarse: Gait, fine: Gait) -> bool:
    """Whether a finer mesh leaves the cost where it was."""
    return abs(fine.cost_j_kg_m - coarse.cost_j_kg_m) <= REFINED_SHARE * coarse.cost_j_kg_m


def largest_change(first: Gait, second: Gait) -> float:
    """The largest difference of energy or fibre work of any group between two gaits [J/kg/m]."""
    return max(
        float(abs(getattr(work, name) - getattr(second.groups[group], name)))
        for group, work in first.groups.items()
        for name in ("metabolic_j_kg_m", "concentric_j_kg_m", "eccentric_j_kg_m")
    )


def starts_agree(objectives: Sequence[float]) -> bool:
    """Whether the two best of several first guesses ended at the same objective."""
    best, second = sorted(objectives)[:2]
    return second - best <= RESTARTED_SHARE * best
