"""Solved gaits: what was computed once is found again, and what is asked in vain is refused."""

from __future__ import annotations

import json
import os
from importlib import resources

import numpy as np
import pytest

from retrorun.simulation import table
from retrorun.simulation.conditions import (
    Conditions,
    Direction,
    Variant,
    usual_cadence_steps_min,
)

if os.environ.get("CI"):
    import casadi  # noqa: F401  where everything must be there, its lack is a failure
else:
    pytest.importorskip("casadi", reason="the extra `simulate` is not installed")

SPEED_M_S = 2.67
#: Another first guess may end this far off: `second_start` allows 0.02 of the objective.
SAME = 0.03


def usual(direction: Direction) -> Conditions:
    return Conditions(
        speed_m_s=SPEED_M_S,
        direction=direction,
        cadence_steps_min=round(
            usual_cadence_steps_min(speed_m_s=SPEED_M_S, direction=direction), 1
        ),
    )


def shipped(conditions: Conditions) -> dict[str, str]:
    (row,) = (
        row
        for row in table.points()
        if row["variant"] == "base"
        and row["direction"] == conditions.direction
        and float(row["speed_m_s"]) == conditions.speed_m_s
        and float(row["gradient"]) == conditions.gradient
        and float(row["cadence_steps_min"]) == conditions.cadence_steps_min
    )
    return row


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_point_of_the_table_is_found_again(direction: Direction) -> None:
    """From a neighbour, so that the shipped answer is not simply handed back."""
    from retrorun.simulation.neighbours import by_distance
    from retrorun.simulation.solution import problem_for, solve

    asked = usual(direction)
    problem = problem_for(asked)
    found = solve(problem, asked, near=by_distance(asked)[1])
    assert all(found.checks.values())
    told = shipped(asked)
    assert found.gait.cost_j_kg_m == pytest.approx(float(told["cost_j_kg_m"]), rel=SAME)
    assert found.gait.peak_force_bw == pytest.approx(float(told["peak_force_bw"]), rel=0.05)


def test_the_shipped_table_was_computed_with_the_model_as_it_is() -> None:
    from retrorun.simulation.sweep import model_of
    from retrorun.simulation.variants import VARIANTS

    place = resources.files("retrorun.simulation") / "results" / "provenance.json"
    models = json.loads(place.read_text(encoding="utf-8"))["model"]
    assert set(models) == {"base", *VARIANTS}
    for variant in (Variant(), *VARIANTS.values()):
        # Other machines add floating-point numbers in another order.
        assert model_of(variant) == pytest.approx(models[variant.name], rel=1e-7), (
            f"{variant.name}: run python -m retrorun.simulation.sweep out/sweep --table"
        )


def test_the_books_balance_and_the_ground_carries_the_body() -> None:
    """Momentum and energy over a step, from the shipped numbers and without the solver."""
    from retrorun.simulation.gait import measure
    from retrorun.simulation.neighbours import nearest
    from retrorun.simulation.solution import problem_for

    for direction in ("forward", "backward"):
        asked = usual(direction)
        problem, near = problem_for(asked), nearest(asked)
        assert near is not None
        gait = measure(problem, near, asked)
        assert gait.mean_force_bw == pytest.approx(1.0, abs=0.02)
        assert abs(gait.unexplained_j_kg_m) < 0.1  # numbers are shipped with three digits
        positive = sum(work.concentric_j_kg_m for work in gait.groups.values())
        lost = gait.contact_work_j_kg_m + gait.stop_work_j_kg_m + gait.damping_work_j_kg_m
        absorbed = sum(work.eccentric_j_kg_m for work in gait.groups.values())
        assert positive + absorbed + lost == pytest.approx(0.0, abs=0.1)


def test_a_gait_that_no_person_runs_is_no_solution() -> None:
    """Each check fails for a gait that breaks it; the solver's word is not enough."""
    from dataclasses import replace

    from retrorun.simulation import checks
    from retrorun.simulation.gait import measure
    from retrorun.simulation.neighbours import nearest
    from retrorun.simulation.solution import problem_for

    asked = usual("forward")
    problem, near = problem_for(asked), nearest(asked)
    assert near is not None
    good = replace(measure(problem, near, asked), residual_bw=0.0, unexplained_j_kg_m=0.0)
    assert all(checks.valid(good, asked, converged=True).values())
    knee = replace(good.joints["knee"], least_deg=-8.0)
    broken = {
        "one_contact": replace(good, contacts_a_stride=2),
        "flight": replace(good, flight_time_s=-0.01),
        "no_residual": replace(good, residual_bw=0.01),
        "carried": replace(good, mean_force_bw=0.9),
        "no_unpaid_work": replace(good, stop_work_j_kg_m=0.5),
        "energy_balance": replace(good, unexplained_j_kg_m=0.3),
        "human_force": replace(good, peak_force_bw=5.0),
        "human_joints": replace(good, joints={**good.joints, "knee": knee}),
    }
    for name, gait in broken.items():
        assert not checks.valid(gait, asked, converged=True)[name], name
    assert not checks.valid(good, asked, converged=False)["converged"]


def test_what_does_not_converge_says_so_with_its_residuals() -> None:
    from retrorun.simulation.problem import Stage
    from retrorun.simulation.solution import NotSolved, problem_for, solve

    asked = usual("backward")
    problem = problem_for(asked)
    nonsense = problem.unknowns(np.zeros((problem.count, problem.layout.size)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrorun.simulation.solution._NEAR", (Stage(most_iterations=3),))
        with pytest.raises(NotSolved, match=r"no gait found .* after 3 iterations, residuals"):
            solve(problem, asked, near=nonsense)
