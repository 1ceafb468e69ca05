"""Fills the table of the simulated runner: `python -m retrorun.simulation.sweep`.

Every point is solved from its nearest solved neighbour and kept in a folder at once; then every
point of the base model is verified on a finer mesh and from a second start. An interrupted sweep
goes on where it stopped. It runs
one process a core, or on a Dask cluster with `--dask ADDRESS` (the workers need retrorun with its
extra `simulate`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import RetrorunError
from retrorun.simulation.conditions import (
    BACKWARD_CADENCE_RATIO,
    CADENCE_RATIOS,
    Conditions,
    Direction,
    Variant,
    forward_cadence_steps_min,
    is_usual,
    usual_cadence_steps_min,
)
from retrorun.simulation.neighbours import exactly
from retrorun.simulation.variants import POINTS, VARIANTS

if TYPE_CHECKING:
    from retrorun.simulation.problem import Problem
    from retrorun.simulation.solution import Solution

Array = NDArray[np.float64]

SPEEDS_M_S = (1.5, 2.0, 2.67, 3.33, 4.0)
GRADIENTS = (-0.05, 0.0, 0.10)
#: Cadences between the least and the highest: the usual ones, and the least published backward.
_BETWEEN: dict[Direction, tuple[float, ...]] = {
    "forward": (1.0,),
    "backward": (1.11, BACKWARD_CADENCE_RATIO),
}
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward")


@dataclass(frozen=True, slots=True)
class Point:
    """One entry of the table."""

    conditions: Conditions
    variant: Variant

    @property
    def name(self) -> str:
        """Name of its file."""
        asked = self.conditions
        return (
            f"{self.variant.name}-{asked.direction}-{asked.speed_m_s:.2f}-"
            f"{asked.gradient:+.2f}-{asked.cadence_steps_min:.0f}"
        )

    def far_from(self, other: Point) -> float:
        """How unlike two points are; a neighbour is a good first guess."""
        here, there = self.conditions, other.conditions
        if here.direction != there.direction:
            return float("inf")
        apart = here.apart(there.speed_m_s, there.gradient, there.cadence_steps_min)
        return apart + 0.5 * (self.variant != other.variant)


def grid() -> list[Point]:
    """All points of the table: the base model, then the variants."""
    base = [
        Point(
            Conditions(
                speed_m_s=speed,
                direction=direction,
                gradient=gradient,
                cadence_steps_min=round(ratio * forward_cadence_steps_min(speed), 1),
            ),
            Variant(),
        )
        for direction in DIRECTIONS
        for speed in SPEEDS_M_S
        for gradient in GRADIENTS
        for ratio in (*CADENCE_RATIOS[direction], *_BETWEEN[direction])
    ]
    others = [
        Point(
            Conditions(
                speed_m_s=speed,
                direction=direction,
                gradient=gradient,
                cadence_steps_min=round(
                    usual_cadence_steps_min(speed_m_s=speed, direction=direction), 1
                ),
            ),
            variant,
        )
        for variant in (Variant(), *VARIANTS.values())
        for direction in DIRECTIONS
        for speed, gradient in POINTS
    ]
    return list({point.name: point for point in base + others}.values())


#: Neighbours from which a point is tried.
_GUESSES = 3


def solve_point(point: Point, guesses: Sequence[Array]) -> dict[str, Any]:
    """Solve one point from its neighbours, or cold; runs in a worker. Failure is a result too."""
    from retrorun.simulation.solution import problem_for, solve_from

    began = time.perf_counter()
    problem = problem_for(point.conditions, point.variant)
    found = _tried(lambda: solve_from(problem, point.conditions, guesses))
    return _told(point, problem, found, time.perf_counter() - began)


def verify_point(
    point: Point, numbers: Array, others: Sequence[Array], told: dict[str, Any]
) -> dict[str, Any]:
    """Verify a solved point of which `told` is known, from `others` too. Runs in a worker."""
    from retrorun.simulation.solution import kept, problem_for, verify

    began = time.perf_counter()
    problem = problem_for(point.conditions, point.variant)

    def attempt() -> Solution:
        found = kept(
            problem,
            point.conditions,
            numbers,
            objective=told["objective"],
            iterations=told["iterations"],
        )
        return verify(problem, found, others=others)

    found = _tried(attempt)
    return _told(point, problem, found, told["seconds"] + time.perf_counter() - began)


def _tried(attempt: Callable[[], Solution]) -> Solution | str:
    """A solution, or why there is none: one bad point does not end the sweep."""
    try:
        return attempt()
    except RetrorunError as failure:
        return str(failure)
    except RuntimeError as failure:  # CasADi's own
        return f"the solver broke off: {failure}"


def _told(point: Point, problem: Problem, found: Solution | str, seconds: float) -> dict[str, Any]:
    said = {"name": point.name, "model": problem.fingerprint(), "seconds": seconds}
    if isinstance(found, str):
        return {**said, "failed": found}
    return {**said, "unknowns": found.unknowns.astype(np.float32), **found.as_dict()}


@cache
def model_of(variant: Variant) -> tuple[float, ...]:
    """The model as it is now; a result of another one counts as not tried."""
    from retrorun.simulation.solution import problem_for

    return problem_for(_ANY, variant).fingerprint()


#: A model is the same at all conditions of a person.
_ANY = Conditions(speed_m_s=2.67, direction="forward", cadence_steps_min=156.0)


class Kept:
    """The folder of finished points: one file each, written whole or not at all."""

    def __init__(
        self,
        folder: Path,
        *,
        model: Callable[[Variant], tuple[float, ...]] = model_of,
        shipped: bool = True,
    ) -> None:
        self.folder, self.model, self.shipped = folder, model, shipped
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, point: Point) -> bool:
        """Whether a point was tried with the model as it is now, with or without success."""
        if not (self.folder / f"{point.name}.json").exists():
            return False
        return np.allclose(
            self.read(point).get("model", np.nan), self.model(point.variant), rtol=1e-7
        )

    def write(self, result: dict[str, Any]) -> None:
        """Keep a result: numbers first, then the words that say it is there."""
        numbers = result.pop("unknowns", None)
        name = result["name"]
        if numbers is not None:
            part = self.folder / f"{name}.npy.part"
            with part.open("wb") as file:
                np.save(file, numbers)
            part.replace(self.folder / f"{name}.npy")
        part = self.folder / f"{name}.json.part"
        part.write_text(json.dumps(result), encoding="utf-8")
        part.replace(self.folder / f"{name}.json")

    def forget_failures(self) -> None:
        """Points that failed count as not tried."""
        for result in list(self.results()):
            if "failed" in result:
                (self.folder / f"{result['name']}.json").unlink()

    def read(self, point: Point) -> dict[str, Any]:
        """What is kept of a point."""
        found: dict[str, Any] = json.loads(
            (self.folder / f"{point.name}.json").read_text(encoding="utf-8")
        )
        return found

    def lacks_verification(self, point: Point) -> bool:
        """Whether a point of the base model was solved and not yet verified."""
        if point.variant != Variant() or not self.has(point):
            return False
        told = self.read(point)
        return "failed" not in told and told["verified"] is None

    def guesses(self, point: Point, known: Iterable[Point]) -> list[Array]:
        """The nearest solved points of its direction, a point's own older numbers first."""
        reachable = [one for one in known if point.far_from(one) < float("inf")]
        nearest = sorted(reachable, key=point.far_from)[:_GUESSES]
        found = (self.numbers(one) for one in nearest)
        return [numbers for numbers in found if numbers is not None]

    def numbers(self, point: Point) -> Array | None:
        """The solver's numbers of a point: solved here, with whichever model, or shipped."""
        path = self.folder / f"{point.name}.npy"
        if path.exists():
            return np.asarray(np.load(path), dtype=float)
        return exactly(point.conditions) if self.shipped else None

    def results(self) -> Iterator[dict[str, Any]]:
        """Every result in the folder."""
        for path in sorted(self.folder.glob("*.json")):
            yield json.loads(path.read_text(encoding="utf-8"))


def run(points: Iterable[Point], kept: Kept, executor: Executor, *, workers: int) -> None:
    """Solve what is not kept yet, nearest to what is known first; then verify the base model."""
    every = list(points)
    left = [point for point in every if not kept.has(point)]
    known = [point for point in every if kept.numbers(point) is not None]

    def solve_next(busy: list[Point]) -> tuple[Point, Future[dict[str, Any]]] | None:
        point = _next(left, known, busy)
        if point is None:
            return None
        left.remove(point)
        return point, executor.submit(solve_point, point, kept.guesses(point, known))

    _keep_busy(solve_next, kept, known, workers=workers, total=len(left))
    unverified = sorted(filter(kept.lacks_verification, every), key=_unusual)

    def verify_next(busy: list[Point]) -> tuple[Point, Future[dict[str, Any]]] | None:
        del busy
        if not unverified:
            return None
        point = unverified.pop(0)
        numbers, told = kept.numbers(point), kept.read(point)
        assert numbers is not None  # noqa: S101 -- it was solved
        neighbours = kept.guesses(point, [one for one in known if one != point])
        others = neighbours[1:]  # the first is where it came from
        return point, executor.submit(verify_point, point, numbers, others, told)

    _keep_busy(verify_next, kept, known, workers=workers, total=len(unverified))


def _keep_busy(
    start_next: Callable[[list[Point]], tuple[Point, Future[dict[str, Any]]] | None],
    kept: Kept,
    known: list[Point],
    *,
    workers: int,
    total: int,
) -> None:
    """Let every worker have a point until none is left; keep each result as it comes."""
    running: dict[Future[dict[str, Any]], Point] = {}
    started, done_count = time.perf_counter(), 0
    while True:
        while len(running) < workers:
            following = start_next(list(running.values()))
            if following is None:
                break
            running[following[1]] = following[0]
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            point = running.pop(future)
            result = future.result()
            kept.write(result)
            if "failed" not in result and point not in known:
                known.append(point)
            done_count += 1
            _tell(result, done_count, total, started)


def _next(left: list[Point], known: list[Point], running: list[Point]) -> Point | None:
    """The point nearest to a known one; a cold start only where its direction has none."""
    first = [
        point for point in left if point.variant == Variant()
    ] or left  # the table, then ranges
    pairs = [(point.far_from(other), point) for point in first for other in known]
    reachable = [pair for pair in pairs if pair[0] < float("inf")]
    if reachable:
        return min(reachable, key=lambda pair: pair[0])[1]
    at_work = {point.conditions.direction for point in running}
    cold = [point for point in left if point.conditions.direction not in at_work]
    return cold[0] if cold else None


def _unusual(point: Point) -> tuple[bool, float]:
    """What people run most comes first: the usual cadence, the level."""
    asked = point.conditions
    usual = is_usual(
        speed_m_s=asked.speed_m_s,
        direction=asked.direction,
        cadence_steps_min=asked.cadence_steps_min,
    )
    return not usual, abs(asked.gradient)


def _tell(result: dict[str, Any], done: int, total: int, started: float) -> None:
    """One line of progress."""
    if "failed" in result:
        what = result["failed"]
    else:
        word = {None: "valid", True: "verified", False: "valid, not verified"}[result["verified"]]
        what = f"{result['gait']['cost_j_kg_m']:.2f} J/kg/m, {word}"
    minutes = (time.perf_counter() - started) / 60
    print(
        f"{done}/{total} {minutes:.1f} min  {result['name']}: {what} ({result['seconds']:.0f} s)",
        file=sys.stderr,
        flush=True,
    )


@contextmanager
def workers_of(address: str | None, processes: int) -> Iterator[tuple[Executor, int]]:
    """A pool of processes here, or a Dask cluster by its address."""
    if address is None:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = "1"  # one core a process: more threads only wait for each other
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield pool, processes
        return
    import distributed

    cluster: Any = distributed  # it has no types
    with cluster.Client(address) as client, client.get_executor() as pool:
        yield pool, sum(client.ncores().values())


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m retrorun.simulation.sweep", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="where finished points are kept")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster")
    parser.add_argument("--again", action="store_true", help="try points that failed once more")
    parser.add_argument("--cold", action="store_true", help="leave the shipped solutions aside")
    parser.add_argument("--table", action="store_true", help="then write the shipped table")
    options = parser.parse_args(arguments)
    kept = Kept(options.folder, shipped=not options.cold)
    if options.again:
        kept.forget_failures()
    with workers_of(options.dask, options.processes) as (executor, workers):
        run(grid(), kept, executor, workers=workers)
    if options.table:
        from retrorun.simulation.results import write

        write(kept.results(), options.folder)


if __name__ == "__main__":
    main()
