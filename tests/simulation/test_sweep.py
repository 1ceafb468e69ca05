"""The sweep resumes, keeps whole files only, and every point of its grid is a fair question."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrorun.simulation import sweep
from retrorun.simulation.conditions import forward_cadence_steps_min


class Here(Executor):
    """Runs a task at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def keeping(folder: Path, model: float = 1.0) -> sweep.Kept:
    return sweep.Kept(folder, model=lambda variant: (model,), shipped=False)


def answer(point: sweep.Point, guesses: Any) -> dict[str, Any]:
    return {
        "name": point.name,
        "unknowns": np.zeros(3, dtype=np.float32),
        "seconds": 0.0,
        "model": (1.0,),
        "gait": {"cost_j_kg_m": 3.0},
        "verified": True,
        "near": bool(guesses),
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the points that were solved, in order."""
    names: list[str] = []

    def solve_point(point: sweep.Point, guesses: Any) -> dict[str, Any]:
        names.append(point.name)
        return answer(point, guesses)

    monkeypatch.setattr(sweep, "solve_point", solve_point)
    return names


def test_an_interrupted_sweep_goes_on_where_it_stopped(tmp_path: Path, asked: list[str]) -> None:
    kept = keeping(tmp_path)
    points = sweep.grid()
    sweep.run(points[:7], kept, Here(), workers=1)
    first = list(asked)
    sweep.run(points, kept, Here(), workers=2)
    assert len(first) == 7
    assert sorted(asked) == sorted(point.name for point in points)  # each exactly once
    assert len(list(kept.results())) == len(points)


def test_a_result_of_another_model_is_solved_again_from_its_own_numbers(
    tmp_path: Path, asked: list[str]
) -> None:
    points = sweep.grid()[:3]
    sweep.run(points, keeping(tmp_path), Here(), workers=1)
    asked.clear()
    sweep.run(points, keeping(tmp_path), Here(), workers=1)
    assert asked == []
    sweep.run(points, keeping(tmp_path, model=1.001), Here(), workers=1)
    assert len(asked) == 3
    assert all(result["near"] for result in keeping(tmp_path).results())


def test_a_point_starts_from_the_nearest_solved_points_of_its_direction(
    tmp_path: Path, asked: list[str]
) -> None:
    kept = keeping(tmp_path)
    points = [point for point in sweep.grid() if point.variant.name == "base"]
    for number, point in enumerate(points):
        kept.write({**answer(point, []), "unknowns": np.full(3, float(number))})
    for point in points:
        found = [points[int(guess[0])] for guess in kept.guesses(point, points)]
        assert found[0] == point, "its own numbers, of an older model, are nearest"
        apart = [point.far_from(one) for one in found]
        assert apart == sorted(point.far_from(one) for one in points)[: len(found)]
        assert {one.conditions.direction for one in found} == {point.conditions.direction}


def test_a_fresh_folder_starts_from_what_is_shipped(tmp_path: Path) -> None:
    usual = next(
        point
        for point in sweep.grid()
        if point.conditions.speed_m_s == 2.67 and point.conditions.gradient == 0.0
    )
    model = (1.0,)
    shipped = sweep.Kept(tmp_path, model=lambda variant: model).numbers(usual)
    assert shipped is not None
    assert shipped.size > 1000
    assert keeping(tmp_path).numbers(usual) is None


def test_only_the_first_point_of_a_direction_starts_cold(tmp_path: Path, asked: list[str]) -> None:
    kept = keeping(tmp_path)
    sweep.run(sweep.grid(), kept, Here(), workers=2)
    cold = [result["name"] for result in kept.results() if not result["near"]]
    assert len(cold) == 2
    assert {name.split("-")[1] for name in cold} == {"forward", "backward"}


def test_a_half_written_result_is_not_a_result(tmp_path: Path, asked: list[str]) -> None:
    kept = keeping(tmp_path)
    point = sweep.grid()[0]
    (tmp_path / f"{point.name}.json.part").write_text('{"name": "half')
    (tmp_path / f"{point.name}.npy.part").write_bytes(b"half")
    assert not kept.has(point)
    assert kept.numbers(point) is None
    assert list(kept.results()) == []
    sweep.run([point], kept, Here(), workers=1)
    assert json.loads((tmp_path / f"{point.name}.json").read_text())["name"] == point.name


def test_a_failure_is_kept_and_nothing_starts_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[bool] = []

    def fail(point: sweep.Point, guesses: Any) -> dict[str, Any]:
        starts.append(bool(guesses))
        return {
            "name": point.name,
            "failed": "no gait found",
            "model": (1.0,),
            "seconds": 1.0,
        }

    monkeypatch.setattr(sweep, "solve_point", fail)
    kept = keeping(tmp_path)
    sweep.run(sweep.grid()[:4], kept, Here(), workers=1)
    assert starts == [False] * 4
    assert all("failed" in result for result in kept.results())
    kept.forget_failures()
    assert list(kept.results()) == []


def test_the_grid_covers_what_was_published() -> None:
    base = [point.conditions for point in sweep.grid() if point.variant.name == "base"]
    assert {one.speed_m_s for one in base} >= {1.5, 4.0}
    assert {one.gradient for one in base} == {-0.05, 0.0, 0.10}
    ratios = [
        one.cadence_steps_min / forward_cadence_steps_min(one.speed_m_s)
        for one in base
        if one.direction == "backward"
    ]
    assert min(ratios) <= 1.11  # masumoto2015
    assert max(ratios) >= 1.37 - 1e-3  # brennan2026 at 5 m/s
    assert any(abs(ratio - 1.23) < 1e-3 for ratio in ratios), "the usual cadence is solved"
    names = [point.name for point in sweep.grid()]
    assert len(names) == len(set(names)), "two points share a file"


@pytest.mark.parametrize("broken", ["NotSolved", "RuntimeError"])
def test_what_goes_wrong_at_a_point_is_kept_and_does_not_end_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The real worker, with a solver that breaks off or gives up."""
    solution = pytest.importorskip("retrorun.simulation.solution")
    from retrorun.simulation.problem import Stage

    def solve(*given: Any, **named: Any) -> Any:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(solution, "_COLD", (Stage(most_iterations=2),))
    if broken == "RuntimeError":
        monkeypatch.setattr(solution, "solve", solve)
    kept = sweep.Kept(tmp_path, shipped=False)
    sweep.run(sweep.grid()[:1], kept, Here(), workers=1)
    (result,) = kept.results()
    said = {"NotSolved": "no gait found", "RuntimeError": "the solver broke off: out of memory"}
    assert result["failed"].startswith(said[broken])
    assert kept.has(sweep.grid()[0])


def test_the_same_sweep_runs_on_a_dask_cluster(tmp_path: Path) -> None:
    """A real scheduler and a real worker process; the task is small, the way there is the same."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        sweep.workers_of(cluster.scheduler_address, 7) as (executor, workers),
    ):
        assert workers == 1
        found = executor.submit(sweep.model_of, sweep.Variant()).result(timeout=60)
    assert found == pytest.approx(sweep.model_of(sweep.Variant()), rel=1e-9)
