"""Damage at random, seeded: whatever the bytes, the outcome is a recording or one clear line.

The number of inputs tried is printed at the end of the run, in parallel runs too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import data_folder
from making import fit, gpx, point, run
from retrorun import formats
from retrorun.errors import Unreadable
from retrorun.formats import Limits
from retrorun.formats.assemble import repair_clock
from retrorun.session import analyse

LIMITS = Limits.of_megabytes(50)
#: Small files keep a trial short; damage to a large one is the same damage.
MOST_BYTES = 60_000
DAMAGED_EACH = 60


def seeds() -> Iterator[tuple[str, bytes]]:
    """Files made here, and real ones of every format where there are any."""
    yield "made.fit", fit(*run(120))
    yield "made.gpx", gpx(*(point(s) for s in range(60)))
    for pattern, most in (("fit/*", 12), ("gpx/*", 6), ("tcx/*", 4)):
        files = sorted((data_folder() / "activities").glob(pattern))
        small = [p for p in files if 500 < p.stat().st_size < MOST_BYTES]
        for path in random.Random(1).sample(small, min(most, len(small))):
            yield path.name, path.read_bytes()


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Flip bytes, cut, repeat or splice, as bad cards and transfers do."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 10, 100])):
        out[rng.randrange(len(out))] = rng.randrange(256)
    what = rng.random()
    if what < 0.2:
        del out[rng.randrange(len(out)) :]
    elif what < 0.3:
        start = rng.randrange(len(out))
        del out[start : start + rng.randrange(1, 500)]
    elif what < 0.4:
        start = rng.randrange(len(out))
        out[start:start] = out[start : start + 500]
    return bytes(out)


def survives(path: Path) -> int:
    """Read and analyse; returns how many recordings came out."""
    given = 0
    for outcome in formats.outcomes(path, limits=LIMITS):
        if isinstance(outcome, Unreadable):
            assert "\n" not in str(outcome)
            continue
        given += 1
        session = analyse(outcome)
        for segment in session.segments:
            assert segment.end_s > segment.start_s
            assert segment.distance_m is None or segment.distance_m >= 0
    return given


@pytest.mark.parametrize(
    ("name", "data"), list(seeds()), ids=lambda x: x if isinstance(x, str) else ""
)
def test_damaged_files_never_crash(
    tmp_path: Path, name: str, data: bytes, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(name)
    path = tmp_path / name
    for _ in range(DAMAGED_EACH):
        path.write_bytes(damaged(data, rng))
        survives(path)
    record_property("inputs_tried", DAMAGED_EACH)


def test_arbitrary_bytes_never_crash(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    tried = 0

    @settings(max_examples=300, deadline=None)
    @given(
        data=st.binary(max_size=400),
        suffix=st.sampled_from([".fit", ".gpx", ".csv", ".zip", ".gz"]),
    )
    def trial(data: bytes, suffix: str) -> None:
        nonlocal tried
        tried += 1
        path = tmp_path / f"x{suffix}"
        path.write_bytes(data)
        survives(path)

    trial()
    assert tried >= 300
    record_property("inputs_tried", tried)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.floats(allow_infinity=False), st.integers(0, 2**31)), max_size=50))
def test_any_clock_is_made_to_never_fall_and_keeps_every_sample(times: list[float]) -> None:
    raw = np.array(times, dtype=np.float64)
    clock = repair_clock(raw)
    assert len(clock.unix_s) == len(raw)
    assert np.isfinite(clock.unix_s).all()
    assert np.all(np.diff(clock.unix_s) >= 0)
    if clock.order is not None:
        assert sorted(clock.order) == list(range(len(raw)))


@given(st.lists(st.floats(0.2, 1.0), min_size=4, max_size=60), st.randoms(use_true_random=False))
def test_samples_shuffled_within_seconds_come_back_in_order(
    steps: list[float], rng: random.Random
) -> None:
    """Neighbours change places, as radios deliver them; the true order is known."""
    true_s = 1.7e9 + np.cumsum(steps)
    order = np.arange(len(steps))
    for at in range(0, len(steps) - 1, 2):
        if rng.random() < 0.5:
            order[[at, at + 1]] = order[[at + 1, at]]
    clock = repair_clock(true_s[order])
    np.testing.assert_array_equal(clock.unix_s, true_s)
    put_back = order if clock.order is None else order[clock.order]
    np.testing.assert_array_equal(put_back, np.arange(len(steps)))
