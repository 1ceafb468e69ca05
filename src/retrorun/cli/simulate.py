"""`retrorun simulate`: a runner made of equations runs, forward or backward."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from retrorun.cli.output import exists_already, fail, new_console, written

if TYPE_CHECKING:
    from retrorun.simulation.conditions import Conditions
    from retrorun.simulation.solution import Solution

Way = Literal["forward", "backward"]

_INSTALL = (
    "simulate needs CasADi; wanted the extra `simulate`. Install it with"
    " `pip install 'retrorun[simulate]'`, or add --from-table for what was computed before"
)


def simulate(
    speed_m_s: Annotated[float, typer.Option("--speed-m-s", help="1.5 to 4 m/s.")] = 2.67,
    direction: Annotated[Way, typer.Option(help="forward or backward.")] = "backward",
    gradient: Annotated[float, typer.Option(help="Rise over run, -0.05 to 0.10.")] = 0.0,
    cadence_steps_min: Annotated[
        float | None,
        typer.Option("--cadence-steps-min", help="Without it, the usual one.", show_default=False),
    ] = None,
    mass_kg: Annotated[float, typer.Option("--mass-kg", help="40 to 120 kg.")] = 70.0,
    height_m: Annotated[float, typer.Option("--height-m", help="1.45 to 2.05 m.")] = 1.75,
    verify: Annotated[
        bool, typer.Option("--verify", help="Solve again on a finer mesh and from another start.")
    ] = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="Start from textbook angles, not from a neighbour.")
    ] = False,
    from_table: Annotated[
        bool, typer.Option("--from-table", help="No solving: read the table that is shipped.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="A new folder: result, pictures, an animation.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Let a simulated runner with muscles run one step, and say which muscles worked.

    Example: [bold]retrorun simulate --speed-m-s 2.67 --direction backward[/bold]

    With pictures: [bold]retrorun simulate --direction backward --out stride[/bold]
    """
    from retrorun.errors import BadInput
    from retrorun.simulation.conditions import Conditions, usual_cadence_steps_min
    from retrorun.simulation.summary import summary, tabulated

    if json and out is not None:
        fail("choose one of --json and --out; wanted at most one")
    if from_table and (out is not None or verify or cold):
        fail("--from-table solves nothing; wanted it without --out, --verify and --cold")
    if out is not None and out.exists():
        exists_already(f"--out {out}")
    try:
        if cadence_steps_min is None:
            cadence_steps_min = usual_cadence_steps_min(speed_m_s=speed_m_s, direction=direction)
        conditions = Conditions(
            speed_m_s=speed_m_s,
            direction=direction,
            gradient=gradient,
            cadence_steps_min=cadence_steps_min,
            mass_kg=mass_kg,
            height_m=height_m,
        )
    except BadInput as error:
        fail(str(error))
    if from_table:
        _show(tabulated(conditions), json=json)
        return
    found, seconds, start = _solved(conditions, verify=verify, cold=cold)
    result = {**summary(found), "seconds": round(seconds, 1), "start": start}
    if out is not None:
        written(out, lambda part: _folder(part, found, result))
    _show(result, json=json)


def _solved(conditions: Conditions, *, verify: bool, cold: bool) -> tuple[Solution, float, str]:
    """The solution, the seconds it took, and where it started."""
    # One core: the blocks are small, and more threads only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import casadi  # noqa: F401
    except ImportError:
        fail(_INSTALL)
    from retrorun.simulation import solution
    from retrorun.simulation.neighbours import by_distance

    started = time.perf_counter()
    console = new_console(stderr=True)
    with console.status("building the runner") as status:

        def tell(iteration: int, objective: float) -> bool:
            seconds = time.perf_counter() - started
            status.update(f"iteration {iteration}, objective {objective:.3f}, {seconds:.0f} s")
            return True

        problem = solution.problem_for(conditions)
        neighbours = by_distance(conditions)[:3]
        guesses = [] if cold else neighbours
        try:
            found = solution.solve_from(problem, conditions, guesses, progress=tell)
            if verify:
                found = solution.verify(problem, found, others=neighbours[1:], progress=tell)
        except solution.NotSolved as error:
            fail(str(error))
    start = "a shipped neighbour" if guesses else "textbook angles"
    return found, time.perf_counter() - started, start


def _show(result: dict[str, Any], *, json: bool) -> None:
    if json:
        import json as writer

        print(writer.dumps(result, allow_nan=False))
    else:
        from retrorun.report.simulated import show

        show(result, console=new_console())


def _folder(part: Path, found: Solution, result: dict[str, Any]) -> bool:
    """Fill a new folder: numbers, and pictures to look at."""
    import json as writer

    from retrorun.report.stride import strip_svg
    from retrorun.report.stride_animation import animation_svg
    from retrorun.report.stride_curves import curves_svg
    from retrorun.simulation.gait import course
    from retrorun.simulation.solution import problem_for
    from retrorun.simulation.stride import stride

    part.mkdir()
    problem = problem_for(found.conditions, found.variant)
    run = course(problem, found.unknowns, found.conditions)
    one = stride(run, found.conditions, problem.person)
    (part / "result.json").write_text(writer.dumps(result, indent=1) + "\n", encoding="utf-8")
    found.save(part / "solution.npz")
    for name, picture in (
        ("stride.svg", strip_svg(one)),
        ("animation.svg", animation_svg(one)),
        ("curves.svg", curves_svg([one])),
    ):
        (part / name).write_text(picture, encoding="utf-8")
    return True
