"""`retrorun simulate` as a person meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test_cli import one_line, retrorun


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed-m-s", "9"], "speed_m_s is 9, but must be from 1.5 to 4 m/s"),
        (["--speed-m-s", "nan"], "speed_m_s is nan"),
        (["--gradient", "0.3"], "gradient is 0.3, but must be from -0.05 to 0.1"),
        (["--mass-kg", "20"], "mass_kg is 20, but must be from 40 to 120 kg"),
        (["--height-m", "3"], "height_m is 3"),
        (["--cadence-steps-min", "90"], "cadence_steps_min is 90, but must be from"),
        (["--json", "--out", "x"], "choose one of --json and --out"),
        (["--from-table", "--verify"], "--from-table solves nothing"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_range_before_any_solve(
    words: list[str], said: str
) -> None:
    done = retrorun("simulate", *words)
    assert done.returncode == 2
    assert said in one_line(done.stderr)
    assert done.stdout == ""


def test_without_the_extra_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "casadi.py").write_text("raise ImportError('not installed')")
    done = subprocess.run(
        [sys.executable, "-m", "retrorun.cli", "simulate"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert "pip install 'retrorun[simulate]'" in one_line(done.stderr)


def test_the_table_serves_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "casadi.py").write_text("raise ImportError('not installed')")
    done = subprocess.run(
        [sys.executable, "-m", "retrorun.cli", "simulate", "--from-table", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    quadriceps = told["muscle"]["groups"]["quadriceps"]["concentric_kj"]
    assert quadriceps["low"] <= quadriceps["value"] <= quadriceps["high"]
    assert quadriceps["value"] > 0


def test_a_stride_is_solved_and_drawn(tmp_path: Path) -> None:
    pytest.importorskip("casadi", reason="the extra `simulate` is not installed")
    out = tmp_path / "stride"
    done = retrorun("simulate", "--direction", "forward", "--mass-kg", "60", "--out", out)
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "result.json").read_text())
    assert told["valid"] is True
    assert told["verified"] is None
    assert all(told["checks"].values())
    assert {path.name for path in out.iterdir()} == {
        "result.json", "solution.npz", "stride.svg", "animation.svg", "curves.svg",
    }  # fmt: skip
    assert "Valid" in done.stdout
    # kJ a kilometre are J/m: they grow with the mass and stay of one order.
    assert 100 < told["muscle"]["groups"]["calves"]["metabolic_kj"]["value"] * 10 < 3000
