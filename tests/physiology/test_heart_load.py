"""Training load against published worked examples and hand calculations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun.errors import BadInput
from retrorun.physiology.heart_limits import limits_of
from retrorun.physiology.heart_load import edwards, session_rpe, trimp


@pytest.mark.parametrize(
    ("minutes", "bpm", "rest", "top", "published"),
    [
        (45, 150, 60, 190, 75.36),  # calculatorhub.com, TRIMP calculator
        (45, 145, 60, 190, 66.0),  # theprimecalculator.com, training load
        (30, 130, 40, 200, 31.8),  # fellrnr.com's case: 30 x 0.5625 x 0.64 e^1.08, by hand
    ],
)
def test_trimp_of_men_is_that_of_published_examples(
    minutes: int, bpm: float, rest: float, top: float, published: float
) -> None:
    found = trimp(
        np.full(60 * minutes, float(bpm)),
        limits=limits_of(resting_bpm=rest, max_bpm=top),
        sex="male",
    )
    assert found.value == pytest.approx(published, rel=0.003)


def test_trimp_of_women_has_its_own_factor() -> None:
    """At the maximum a minute weighs 0.86 e^1.67 = 0.86 x 5.3122; 0.64 would make it 3.40."""
    beats = np.full(60, 190.0)
    found = trimp(beats, limits=limits_of(resting_bpm=50, max_bpm=190), sex="female")
    assert found.value == pytest.approx(4.5685, abs=0.0005)


def test_a_second_at_rest_or_below_adds_nothing() -> None:
    limits = limits_of(resting_bpm=60, max_bpm=190)
    hard = np.full(600, 150.0)
    easy = np.r_[hard, np.full(600, 55.0), np.full(600, 60.0)]
    assert trimp(easy, limits=limits, sex="male").value == pytest.approx(
        trimp(hard, limits=limits, sex="male").value
    )


@given(st.lists(st.floats(61, 189), min_size=10, max_size=50), st.integers(0, 50))
def test_a_load_is_the_same_however_it_is_split(bpm: list[float], cut: int) -> None:
    limits, beats = limits_of(resting_bpm=60, max_bpm=190), np.array(bpm)
    cut = min(cut, len(bpm))
    whole = trimp(beats, limits=limits, sex="female").value
    parts = [trimp(p, limits=limits, sex="female").value or 0.0 for p in np.split(beats, [cut])]
    assert whole == pytest.approx(sum(parts))


def test_edwards_counts_minutes_times_zone() -> None:
    """Ten minutes in each zone of a maximum of 200, and ten below: 10 (1+2+3+4+5) = 150."""
    beats = np.repeat([80.0, 110, 130, 150, 170, 190], 600)
    assert edwards(beats, limits=limits_of(max_bpm=200)).value == pytest.approx(150.0)


def test_session_rpe_is_effort_times_minutes() -> None:
    assert session_rpe(rpe=7, duration_s=40 * 60) == 280.0
    assert session_rpe(rpe=0, duration_s=3600) == 0.0


@pytest.mark.parametrize("rpe", [-1, 11, 15, float("nan")])
def test_effort_outside_the_scale_is_refused(rpe: float) -> None:
    """15 is the Borg scale from 6 to 20, a common mistake."""
    with pytest.raises(BadInput, match=r"rpe is .*, but must be between 0 and 10"):
        session_rpe(rpe=rpe, duration_s=600)


@pytest.mark.parametrize("duration_s", [-1.0, float("nan"), float("inf")])
def test_a_duration_that_is_none_is_refused(duration_s: float) -> None:
    with pytest.raises(BadInput, match="duration_s"):
        session_rpe(rpe=5, duration_s=duration_s)


BEATS = np.full(600, 150.0)


@pytest.mark.parametrize(
    ("beats", "told", "sex", "reason"),
    [
        (BEATS, {"resting_bpm": 60, "max_bpm": 190}, None, "the sex"),
        (BEATS, {"max_bpm": 190}, "male", "the resting heart rate is not known"),
        (BEATS, {"resting_bpm": 60}, "male", "the maximum heart rate is not known"),
        (BEATS, {"resting_bpm": 60, "max_bpm": 140}, "male", "held 150 bpm, above"),
        (BEATS * np.nan, {"resting_bpm": 60, "max_bpm": 190}, "male", "no heart rate"),
        (BEATS[:0], {"resting_bpm": 60, "max_bpm": 190}, "male", "no heart rate"),
        (
            np.r_[BEATS, BEATS * np.nan],
            {"resting_bpm": 60, "max_bpm": 190},
            "male",
            "known for only 50 % of the time",
        ),
    ],
)
def test_without_its_input_there_is_no_trimp(
    beats: np.ndarray, told: dict[str, float], sex: str | None, reason: str
) -> None:
    found = trimp(beats, limits=limits_of(**told), sex=sex)  # type: ignore[arg-type]
    assert found.value is None
    assert reason in found.reason
    if "sex" not in reason and "resting" not in reason:
        assert reason in edwards(beats, limits=limits_of(**told)).reason


def test_another_word_for_sex_is_refused() -> None:
    with pytest.raises(BadInput, match="sex is F, but must be male or female"):
        trimp(BEATS, limits=limits_of(resting_bpm=60, max_bpm=190), sex="F")  # type: ignore[arg-type]
