"""A simulated gait as a value that can be kept: what was asked, the numbers, and its checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import BadInput, RetrorunError
from retrorun.simulation import checks
from retrorun.simulation.body import body
from retrorun.simulation.conditions import Conditions, Variant
from retrorun.simulation.gait import Gait, measure
from retrorun.simulation.guess import from_angles, refined, textbook
from retrorun.simulation.problem import INTERVALS, Outcome, Problem, Progress, Stage

Array = NDArray[np.float64]

#: Intervals of the finer mesh of `verify`.
FINE_INTERVALS = 24
#: From textbook angles: first near to them and held up from nowhere, then less, then alone.
_COLD: tuple[Stage, ...] = (
    Stage(tracking_weight=100.0, allowance_bw=0.5, most_iterations=120),
    Stage(tracking_weight=10.0, allowance_bw=0.1, most_iterations=120),
    Stage(),
)
_NEAR: tuple[Stage, ...] = (Stage(),)


class NotSolved(RetrorunError):
    """The solver found no gait; nothing of it is shown."""

    def __init__(self, conditions: Conditions, outcome: Outcome, failed: tuple[str, ...]) -> None:
        self.conditions, self.outcome, self.failed = conditions, outcome, failed
        why = "; ".join(f"not so: {checks.MEANING[name]}" for name in failed)
        super().__init__(
            f"no gait found for {conditions.direction} {conditions.speed_m_s:g} m/s at "
            f"{conditions.cadence_steps_min:g} steps a minute: {outcome.status} after "
            f"{outcome.iterations} iterations, residuals {outcome.primal_residual:.1e} (motion) "
            f"and {outcome.dual_residual:.1e} (optimum). {why}. "
            "Try a cadence or speed nearer to the usual one."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found: how much a finer mesh and another start change."""

    fine_cost_j_kg_m: float
    fine_change_j_kg_m: float  #: largest of any group's energy or work
    fine_failed: tuple[str, ...]  #: checks of `valid` that the finer gait fails
    objectives: tuple[float, ...]  #: of every start that ended in a valid gait, the first first
    start_change_j_kg_m: float | None  #: as `fine_change_j_kg_m`, between the two best starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """One gait that passed the checks of `valid`; `verified` is None until `verify` ran."""

    conditions: Conditions
    variant: Variant
    unknowns: Array
    objective: float
    iterations: int
    gait: Gait
    checks: Mapping[str, bool]
    verified: bool | None = None
    verification: Verification | None = None

    def save(self, path: Path) -> None:
        """Write what is needed to compute all the rest, as `.npz`."""
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                unknowns=self.unknowns.astype(np.float32),
                meta=np.array(json.dumps(self.as_dict())),
            )

    def as_dict(self) -> dict[str, Any]:
        """Everything but the solver's numbers."""
        return {
            "conditions": asdict(self.conditions),
            "variant": asdict(self.variant),
            "objective": self.objective,
            "iterations": self.iterations,
            "checks": dict(self.checks),
            "verified": self.verified,
            "verification": None if self.verification is None else asdict(self.verification),
            "gait": asdict(self.gait),
        }


def problem_for(
    conditions: Conditions, variant: Variant | None = None, *, intervals: int = INTERVALS
) -> Problem:
    """The optimal-control problem of a person and a version of the model."""
    variant = variant or Variant()
    person = body(mass_kg=conditions.mass_kg, height_m=conditions.height_m, variant=variant)
    return Problem(person, variant, intervals=intervals)


def solve(
    problem: Problem,
    conditions: Conditions,
    *,
    near: Array | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Find the gait; from the numbers of a neighbouring solution, or cold from textbook angles.

    Raises
    ------
    NotSolved
        When the solver gives up or what it found fails a check.
    """
    if near is None:
        reference = textbook(problem, conditions)
        numbers, stages = from_angles(problem, conditions, reference), _COLD
    else:
        reference, numbers, stages = None, near, _NEAR
    iterations = 0
    for stage in stages:
        outcome = problem.solve(
            conditions, numbers, stage=stage, reference=reference, progress=progress
        )
        numbers = outcome.unknowns
        iterations += outcome.iterations
    gait = measure(problem, outcome.unknowns, conditions)
    passed = checks.valid(gait, conditions, converged=outcome.converged)
    failed = tuple(name for name, held in passed.items() if not held)
    if failed:
        raise NotSolved(conditions, outcome, failed)
    return Solution(
        conditions=conditions,
        variant=problem.variant,
        unknowns=outcome.unknowns,
        objective=outcome.objective,
        iterations=iterations,
        gait=gait,
        checks=passed,
    )


def kept(
    problem: Problem,
    conditions: Conditions,
    unknowns: Array,
    *,
    objective: float,
    iterations: int,
) -> Solution:
    """A solution from numbers that were kept; they are measured and checked anew, not solved.

    Raises
    ------
    BadInput
        When the numbers are no valid gait.
    """
    gait = measure(problem, unknowns, conditions)
    passed = checks.valid(gait, conditions, converged=True)
    failed = [checks.MEANING[name] for name, held in passed.items() if not held]
    if failed:
        raise BadInput("unknowns", f"a gait that fails: {'; '.join(failed)}", "a valid gait")
    return Solution(
        conditions=conditions,
        variant=problem.variant,
        unknowns=unknowns,
        objective=objective,
        iterations=iterations,
        gait=gait,
        checks=passed,
    )


def solve_from(
    problem: Problem,
    conditions: Conditions,
    guesses: Sequence[Array],
    *,
    progress: Progress | None = None,
) -> Solution:
    """Solve from each guess in turn until one leads to a valid gait; cold without any.

    Raises
    ------
    NotSolved
        When the last guess leads nowhere either.
    """
    if not guesses:
        return solve(problem, conditions, progress=progress)
    *earlier, last = guesses
    for guess in earlier:
        try:
            return solve(problem, conditions, near=guess, progress=progress)
        except NotSolved:
            continue
    return solve(problem, conditions, near=last, progress=progress)


def verify(
    problem: Problem,
    found: Solution,
    *,
    others: Sequence[Array] = (),
    progress: Progress | None = None,
) -> Solution:
    """Solve again from other first guesses and on a finer mesh; keep the better gait.

    `others` are numbers of neighbouring solutions; the last start is cold. It stops at the first
    start that reaches the cost of the best. Returns the solution of least objective, with the
    checks `mesh` and `second_start` added and `verified` set.
    """
    starts = [found]
    agreed = False
    for guess in (*others, None):
        other = _found(problem, found.conditions, guess, progress)
        if other is None:
            continue
        starts.append(other)
        agreed = checks.starts_agree([one.objective for one in starts])
        if agreed:
            break
    best, *further = sorted(starts, key=lambda one: one.objective)
    fine = problem_for(best.conditions, problem.variant, intervals=FINE_INTERVALS)
    outcome = fine.solve(
        best.conditions,
        refined(problem, fine, best.unknowns),
        stage=Stage(start_barrier=0.01),  # the coarse gait is near
        progress=progress,
    )
    gait = measure(fine, outcome.unknowns, best.conditions)
    holds = checks.valid(gait, best.conditions, converged=outcome.converged)
    if all(holds.values()) and not checks.mesh_agrees(best.gait, gait):
        # Optima lie side by side: the one that the finer mesh found may exist here as well.
        back = _found(problem, best.conditions, refined(fine, problem, outcome.unknowns), progress)
        if back is not None and checks.starts_agree([best.objective, back.objective]):
            best, further = back, [best]
    passed = {
        "mesh": all(holds.values()) and checks.mesh_agrees(best.gait, gait),
        "second_start": agreed,
    }
    return replace(
        best,
        iterations=found.iterations,
        checks={**best.checks, **passed},
        verified=all(passed.values()),
        verification=Verification(
            fine_cost_j_kg_m=gait.cost_j_kg_m,
            fine_change_j_kg_m=checks.largest_change(best.gait, gait),
            fine_failed=tuple(name for name, held in holds.items() if not held),
            objectives=tuple(one.objective for one in starts),
            start_change_j_kg_m=(
                checks.largest_change(best.gait, further[0].gait) if further else None
            ),
        ),
    )


def _found(
    problem: Problem, conditions: Conditions, guess: Array | None, progress: Progress | None
) -> Solution | None:
    """A further start; one that leads nowhere says nothing of the gait that was found."""
    try:
        return solve(problem, conditions, near=guess, progress=progress)
    except NotSolved:
        return None
