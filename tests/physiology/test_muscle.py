"""Work of muscle groups: by arithmetic from a table whose figures are straight lines."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.physiology.muscle import (
    LEGS_PART,
    LEGS_PART_HIGH,
    LEGS_PART_LOW,
    Running,
    Sums,
    Versions,
    outside,
    ratios,
    summed,
    totals,
    work,
)
from retrorun.simulation.conditions import forward_cadence_steps_min, usual_cadence_steps_min
from retrorun.simulation.table import GROUPS
from runner_table import table, times, truths

TABLE = table()
EVEN = Versions.of(TABLE)

speeds, slopes, cadences = st.floats(1.5, 4.0), st.floats(-0.05, 0.10), st.floats(0.95, 1.36)


def running(*pieces: tuple[bool, float, float, float, float], net_w_kg: float = 10.0) -> Running:
    """Pieces as (backward, seconds, speed, slope, cadence over usual forward)."""
    back, took, speed, slope, share = (np.array(column) for column in zip(*pieces, strict=True))
    return Running(
        backward=back,
        duration_s=took.astype(float),
        speed_m_s=speed.astype(float),
        gradient=slope.astype(float),
        cadence_steps_min=share * np.array([forward_cadence_steps_min(v) for v in speed]),
        net_w_kg=np.full(len(back), net_w_kg),
    )


piece = st.tuples(st.booleans(), st.floats(0.1, 60), speeds, slopes, cadences)
pieces = st.lists(piece, min_size=1, max_size=6)


def sums_of(run: Running, mass_kg: float = 70.0) -> Sums:
    return summed(work(TABLE, run, mass_kg=mass_kg), np.ones(len(run.backward), dtype=bool))


def same(one: Sums, other: Sums, times: float = 1.0) -> bool:
    return all(
        np.allclose(times * getattr(one, field.name), getattr(other, field.name))
        for field in fields(Sums)
    )


def compared(run: Running, versions: Versions, *, ahead_w_kg: float = 10.0) -> Any:
    turned = run.turned(np.full(len(run.backward), ahead_w_kg))
    return ratios(sums_of(run), sums_of(turned), versions)


# --- the work of pieces -----------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(piece)
def test_mechanical_work_is_the_tables_times_mass_and_distance(one: Any) -> None:
    back, took, speed, slope, share = one
    way, cadence = "backward" if back else "forward", share * forward_cadence_steps_min(speed)
    found = work(TABLE, running(one), mass_kg=60.0)
    for kind in ("concentric", "eccentric"):
        joules = truths(way, speed, slope, cadence, f"{kind}_j_kg_m") * 60.0 * speed * took
        assert getattr(found, f"{kind}_j")[0] == pytest.approx(joules)


@settings(max_examples=50, deadline=None)
@given(piece, st.floats(1, 30))
def test_metabolic_energy_is_the_measured_one_shared_as_in_the_table(one: Any, net: float) -> None:
    back, took, speed, slope, share = one
    way, cadence = "backward" if back else "forward", share * forward_cadence_steps_min(speed)
    found = work(TABLE, running(one, net_w_kg=net), mass_kg=60.0).metabolic_j[0]
    costs = truths(way, speed, slope, cadence, "metabolic_j_kg_m")
    assert found.sum() == pytest.approx(LEGS_PART * 60.0 * net * took)
    assert found / found.sum() == pytest.approx(costs / costs.sum())


@given(pieces, st.floats(1.1, 2.0))
@settings(max_examples=30, deadline=None)
def test_dearer_running_changes_no_mechanical_work(parts: Any, dearer: float) -> None:
    cheap, dear = (sums_of(running(*parts, net_w_kg=net)) for net in (8.0, 8.0 * dearer))
    assert dear.concentric_j == pytest.approx(cheap.concentric_j, rel=1e-12)
    assert dear.eccentric_j == pytest.approx(cheap.eccentric_j, rel=1e-12)
    assert dear.metabolic_j == pytest.approx(dearer * cheap.metabolic_j)


@given(pieces, st.floats(0.05, 0.95))
@settings(max_examples=30, deadline=None)
def test_the_work_does_not_depend_on_how_the_way_is_cut(parts: Any, at: float) -> None:
    whole = running(*parts)
    cut = running(
        *((back, took * share, *rest) for back, took, *rest in parts for share in (at, 1 - at))
    )
    assert same(sums_of(whole), sums_of(cut))


@given(pieces)
@settings(max_examples=30, deadline=None)
def test_twice_the_mass_does_twice_the_work(parts: Any) -> None:
    run = running(*parts)
    assert same(sums_of(run, 50.0), sums_of(run, 100.0), times=2.0)


@pytest.mark.parametrize("back", [False, True])
def test_without_cadence_and_slope_the_usual_one_and_the_level_serve(back: bool) -> None:
    way = "backward" if back else "forward"
    usual = usual_cadence_steps_min(speed_m_s=2.5, direction=way)
    blind = replace(running((back, 10, 2.5, np.nan, 1.0)), cadence_steps_min=np.array([np.nan]))
    told = replace(running((back, 10, 2.5, 0.0, 1.0)), cadence_steps_min=np.array([usual]))
    assert same(sums_of(blind), sums_of(told))


# --- outside the table ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        ((True, 1, 1.49, 0, 1.2), "slower than 1.5 m/s"),
        ((False, 1, 4.01, 0, 1.0), "faster than 4.0 m/s"),
        ((False, 1, 3.0, -0.06, 1.0), "a slope beyond -5% or 10%"),
        ((True, 1, 3.0, 0.11, 1.2), "a slope beyond -5% or 10%"),
        ((False, 1, 3.0, 0, 0.93), "a cadence far from the usual one"),
        ((True, 1, 3.0, 0, 1.38), "a cadence far from the usual one"),
        ((True, 1, np.nan, 0, 1.2), "no speed"),
    ],
)
def test_outside_the_table_nothing_is_judged_and_the_reason_is_known(one: Any, reason: str) -> None:
    run = running(one, (False, 5, 2.5, 0.0, 1.0))
    found = work(TABLE, run, mass_kg=70.0)
    assert found.judged.tolist() == [False, True]
    assert np.isnan(found.concentric_j[0]).all()
    reasons = [name for name, applies in outside(TABLE, run).items() if applies[0]]
    assert reasons[0] == reason
    assert not any(applies[1] for applies in outside(TABLE, run).values())
    assert same(summed(found, np.ones(2, dtype=bool)), sums_of(running((False, 5, 2.5, 0.0, 1.0))))


@given(piece)
@settings(max_examples=50, deadline=None)
def test_within_the_table_everything_is_judged_without_a_reason(one: Any) -> None:
    run = running(one)
    assert work(TABLE, run, mass_kg=70.0).judged.all()
    assert not any(applies.any() for applies in outside(TABLE, run).values())


def test_beside_a_point_that_failed_there_is_no_gait() -> None:
    def failed(way: Any, group: str, figures: dict[str, float]) -> dict[str, float]:
        return dict.fromkeys(figures, np.nan) if group == "calves" else figures

    run = running((True, 1, 3.0, 0.0, 1.2))
    assert not work(table(base=failed), run, mass_kg=70.0).judged.any()
    reasons = [name for name, applies in outside(table(base=failed), run).items() if applies[0]]
    assert reasons == ["no gait of the simulated runner at that speed and slope"]


def test_without_its_energy_a_piece_is_not_judged() -> None:
    run = running((True, 1, 3.0, 0.0, 1.2), net_w_kg=np.nan)
    assert not work(TABLE, run, mass_kg=70.0).judged.any()
    assert outside(TABLE, run)["its energy is not judged"].all()


# --- ranges over versions ---------------------------------------------------------------------

FORWARD = running((False, 600, 2.67, 0.0, 1.0))
BACKWARD = running((True, 600, 2.67, 0.0, 1.23))
MIXED = running((False, 600, 2.67, 0.0, 1.0), (True, 300, 2.2, 0.02, 1.25))


def test_without_versions_only_the_legs_part_has_a_range() -> None:
    found = totals(sums_of(MIXED), EVEN)
    for kind in ("concentric", "eccentric", "isometric"):
        assert found[kind].low == pytest.approx(found[kind].value)
        assert found[kind].high == pytest.approx(found[kind].value)
    assert found["metabolic"].low == pytest.approx(
        found["metabolic"].value * LEGS_PART_LOW / LEGS_PART
    )
    assert found["metabolic"].high == pytest.approx(
        found["metabolic"].value * LEGS_PART_HIGH / LEGS_PART
    )


def test_the_versions_have_the_spread_of_the_table() -> None:
    def change(way: Any, group: str, figures: dict[str, float]) -> dict[str, float]:
        factor = 1.0 + 0.1 * GROUPS.index(group) + (0.5 if way == "backward" else 0.0)
        return {name: value * factor for name, value in figures.items()}

    varied = table({"odd": change, "less": times(concentric_j_kg_m=0.7, eccentric_j_kg_m=0.4)})
    versions = Versions.of(varied)
    for column, way in enumerate(("forward", "backward")):
        spread = varied.spread(way)  # type: ignore[arg-type]
        for kind, name, base in (
            ("concentric", "concentric_j_kg_m", 1.0), ("eccentric", "eccentric_j_kg_m", 1.0),
            ("isometric", "isometric_share", 0.0),
        ):  # fmt: skip
            rows = np.vstack([np.full((1, 6), base), getattr(versions, kind)[:, column]])
            assert np.nanmin(rows, axis=0) == pytest.approx(spread[name][:, 0])  # type: ignore[index]
            assert np.nanmax(rows, axis=0) == pytest.approx(spread[name][:, 1])  # type: ignore[index]


def test_ranges_are_the_extreme_versions_and_stretching_stays_negative() -> None:
    versions = Versions.of(
        table({"more": times(concentric_j_kg_m=1.3), "less": times(eccentric_j_kg_m=0.4)})
    )
    found = totals(sums_of(MIXED), versions)
    assert found["concentric"].high == pytest.approx(1.3 * found["concentric"].value)
    assert found["concentric"].low == pytest.approx(found["concentric"].value)
    assert found["eccentric"].low == pytest.approx(found["eccentric"].value)
    assert found["eccentric"].high == pytest.approx(0.4 * found["eccentric"].value)
    assert np.all(found["eccentric"].high < 0)


def test_if_all_muscles_are_dearer_in_a_version_their_shares_stay() -> None:
    """What the factors of the single groups would not know."""
    dearer = {"metabolic_j_kg_m": 1.5, "umberger_j_kg_m": 2.0}
    assert np.allclose(Versions.of(table({"dear": times(**dearer)})).metabolic, 1.0)


def test_a_second_formula_of_the_cost_is_one_more_version_of_the_shares() -> None:
    def other(way: Any, group: str, figures: dict[str, float]) -> dict[str, float]:
        return figures | {"umberger_j_kg_m": figures["metabolic_j_kg_m"] + (group == "calves")}

    found = totals(sums_of(FORWARD), Versions.of(table(base=other)))["metabolic"]
    calves, shin = GROUPS.index("calves"), GROUPS.index("tibialis_anterior")
    legs = LEGS_PART_HIGH / LEGS_PART
    assert found.high[calves] > 1.01 * legs * found.value[calves]
    assert found.high[shin] == pytest.approx(legs * found.value[shin])


@given(pieces, pieces)
@settings(max_examples=20, deadline=None)
def test_lows_and_highs_of_two_runs_add_up_to_those_of_both(one: Any, other: Any) -> None:
    versions = Versions.of(
        table({"a": times(concentric_j_kg_m=1.3, eccentric_j_kg_m=0.5), "b": _one_way})
    )
    parts = [totals(sums_of(running(*run)), versions) for run in (one, other, [*one, *other])]
    for kind in ("metabolic", "concentric", "eccentric"):
        for end in ("low", "value", "high"):
            first, second, both = (getattr(part[kind], end) for part in parts)
            assert both == pytest.approx(first + second)


def _one_way(way: Any, group: str, figures: dict[str, float]) -> dict[str, float]:
    """A version in which only backward running is harder, and only for the quadriceps."""
    factor = 2.0 if way == "backward" and group == "quadriceps" else 1.0
    return {name: value * (1.0 if "share" in name else factor) for name, value in figures.items()}


@given(pieces)
@settings(max_examples=20, deadline=None)
def test_the_held_share_stays_a_share(parts: Any) -> None:
    versions = Versions.of(
        table({"up": times(isometric_share=9.0), "down": times(isometric_share=0)})
    )
    found = totals(sums_of(running(*parts)), versions)["isometric"]
    assert np.all((found.low >= 0) & (found.low <= found.value))
    assert np.all((found.value <= found.high) & (found.high <= 1))


# --- against the same way forward -------------------------------------------------------------


def test_forward_is_exactly_its_own_comparison() -> None:
    versions = Versions.of(table({"more": times(concentric_j_kg_m=1.3), "b": _one_way}))
    for found in compared(FORWARD, versions).values():
        assert found.value.tolist() == found.low.tolist() == found.high.tolist() == [1.0] * 6


def test_the_ratio_is_that_of_the_table_at_each_ways_usual_cadence() -> None:
    found = compared(BACKWARD, EVEN, ahead_w_kg=8.0)
    place = (2.67, 0.0)
    back, ahead = (
        (way, *place, usual_cadence_steps_min(speed_m_s=2.67, direction=way))  # type: ignore[arg-type]
        for way in ("backward", "forward")
    )
    for kind in ("concentric", "eccentric"):
        name = f"{kind}_j_kg_m"
        expected = truths(*back, name) / truths(*ahead, name)  # type: ignore[arg-type]
        assert found[kind].value == pytest.approx(expected)
        assert found[kind].value == pytest.approx(
            TABLE.ratios(name, speed_m_s=2.67, gradient=0.0)["base"]
        )
    costs, others = (truths(*at, "metabolic_j_kg_m") for at in (back, ahead))  # type: ignore[arg-type]
    expected = costs / costs.sum() / (others / others.sum()) * 10.0 / 8.0
    assert found["metabolic"].value == pytest.approx(expected)


def test_the_range_is_that_of_the_ratio_not_the_ratio_of_the_ranges() -> None:
    """Muscles that do half or twice as much both ways leave the comparison as it is."""
    versions = Versions.of(
        table({"half": times(concentric_j_kg_m=0.5), "twice": times(concentric_j_kg_m=2.0)})
    )
    found = compared(MIXED, versions)["concentric"]
    assert found.low == pytest.approx(found.value)
    assert found.high == pytest.approx(found.value)
    assert np.all(totals(sums_of(MIXED), versions)["concentric"].high > 1.9 * found.value)


def test_a_version_of_backward_alone_gives_the_ratio_its_range() -> None:
    versions = Versions.of(table({"hard": _one_way}))
    found = compared(BACKWARD, versions)["concentric"]
    assert found.high[0] == pytest.approx(2 * found.value[0])
    assert found.low[0] == pytest.approx(found.value[0])
    assert found.high[1] == pytest.approx(found.value[1])


def test_more_forward_in_a_session_brings_its_ratio_nearer_to_one() -> None:
    whole, part = (compared(run, EVEN)["concentric"].value for run in (MIXED, BACKWARD))
    assert np.all((whole > 1) & (whole < part))


def test_against_next_to_nothing_there_is_no_ratio() -> None:
    def idle(way: Any, group: str, figures: dict[str, float]) -> dict[str, float]:
        at_rest = way == "forward" and group == "calves"
        return figures | ({"concentric_j_kg_m": 0.004} if at_rest else {})

    flat = table(base=idle)
    done, turned = (
        summed(work(flat, run, mass_kg=70.0), np.array([True]))
        for run in (BACKWARD, BACKWARD.turned(np.array([8.0])))
    )
    found = ratios(done, turned, Versions.of(flat))["concentric"]
    calves = GROUPS.index("calves")
    assert np.isnan([found.value[calves], found.low[calves], found.high[calves]]).all()
    assert np.isfinite(np.delete(found.value, calves)).all()


def test_a_version_that_failed_one_way_takes_no_part_in_the_ratio() -> None:
    def lost(way: Any, group: str, figures: dict[str, float]) -> dict[str, float]:
        return dict.fromkeys(figures, np.nan) if way == "forward" else _one_way(way, group, figures)

    versions = Versions.of(table({"half_lost": lost}))
    found = compared(BACKWARD, versions)["concentric"]
    assert found.high == pytest.approx(found.value)
    assert totals(sums_of(BACKWARD), versions)["concentric"].high[0] == pytest.approx(
        2 * sums_of(BACKWARD).concentric_j.sum(axis=0)[0]
    )
