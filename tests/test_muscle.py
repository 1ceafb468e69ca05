"""Muscle work of a session: what is told, what is not and why, and what adds up over weeks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema
import numpy as np
import pytest

from retrorun import contract
from retrorun.athlete import Athlete
from retrorun.gait.direction.states import Said
from retrorun.muscle import Week, weekly
from retrorun.physiology.muscle import LEGS_PART
from retrorun.recording import Channel, Recording
from retrorun.session import Session, analyse
from retrorun.simulation.conditions import usual_cadence_steps_min
from retrorun.simulation.table import GROUPS
from runner_table import table, times, truths

ATHLETE = Athlete(mass_kg=70.0)
TOLD = tuple(group for group in GROUPS if group != "glutes")
VERSIONS = {"more": times(concentric_j_kg_m=1.2), "less": times(eccentric_j_kg_m=0.8)}


@pytest.fixture(autouse=True)
def _straight_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    found = table(VERSIONS)
    monkeypatch.setattr("retrorun.muscle.load", lambda: found)


def run(speeds: list[tuple[float, int]], **channels: Any) -> Recording:
    """A belt: (speed, seconds) after each other, level unless `gradient` is given."""
    speed = np.concatenate([np.full(took, v) for v, took in speeds])
    time_s = np.arange(len(speed), dtype=float)
    named = {"speed_m_s": speed, "gradient": 0.0, "cadence_steps_min": 160.0, **channels}
    return Recording(
        file="belt",
        format="made",
        sport=channels.get("sport", "running"),
        channels={
            name: Channel(time_s, np.broadcast_to(values, speed.shape).astype(float))
            for name, values in named.items()
            if values is not None and name != "sport"
        },
    )


def said(*rows: tuple[float, float, str, str]) -> tuple[Said, ...]:
    return tuple(
        Said(start_s=start, end_s=end, motion=motion, way=way)  # type: ignore[arg-type]
        for start, end, motion, way in rows
    )


HALF = said((0, 300, "run", "forward"), (300, 601, "run", "backward"))
BACK = said((0, 601, "run", "backward"))


def problems(session: Session) -> dict[str, str]:
    return {p.what: f"{p.where}: {p.effect}" for p in session.recording.problems}


def muscle(session: Session) -> contract.Muscle:
    assert session.muscle is not None, problems(session)
    return session.muscle


def test_ten_minutes_forward_by_arithmetic() -> None:
    found = muscle(analyse(run([(2.5, 601)]), athlete=ATHLETE))
    kilojoules = truths("forward", 2.5, 0.0, 160.0, "concentric_j_kg_m") * 70 * 2.5 * 600 / 1000
    for group in TOLD:
        told = found.groups[group]  # type: ignore[index]
        assert told is not None
        value = kilojoules[GROUPS.index(group)]
        assert told.concentric_kj.value == pytest.approx(value, rel=2e-3)
        assert told.concentric_kj.high == pytest.approx(1.2 * told.concentric_kj.value)
        assert told.eccentric_kj.low == told.eccentric_kj.value < told.eccentric_kj.high < 0
        assert 0 < told.isometric_share.value < 1
    assert found.judged_s == pytest.approx(600, abs=1)
    assert found.not_judged_s == 0


def test_what_the_muscles_cost_is_the_legs_part_of_the_measured_net_energy() -> None:
    session = analyse(run([(2.5, 601)]), athlete=ATHLETE, labels=BACK)
    assert session.energy is not None
    costs = truths("backward", 2.5, 0.0, 160.0, "metabolic_j_kg_m")
    of_legs = sum(
        work.metabolic_kj.value for work in muscle(session).groups.values() if work is not None
    )
    net_kj = 4.184 * session.energy.net_total_kcal.value
    expected = LEGS_PART * net_kj * (1 - costs[GROUPS.index("glutes")] / costs.sum())
    assert of_legs == pytest.approx(expected, rel=1e-6)


def test_glutes_are_null_and_it_says_why() -> None:
    session = analyse(run([(2.5, 601)]), athlete=ATHLETE, labels=HALF)
    found = muscle(session)
    assert found.groups["glutes"] is None
    assert found.compared_with_all_forward["glutes"] is None
    assert found.backward_against_forward is not None
    assert found.backward_against_forward["glutes"] is None
    assert any("no measurement of gluteal work" in what for what in problems(session))
    assert all(found.groups[group] for group in TOLD)  # type: ignore[index]


def test_half_backward_lies_between_forward_and_all_backward() -> None:
    ratios = []
    for labels in (HALF, BACK):
        found = muscle(analyse(run([(2.5, 601)]), athlete=ATHLETE, labels=labels))
        told = found.compared_with_all_forward["quadriceps"]
        assert told is not None
        assert told.concentric_kj is not None
        ratios.append(told.concentric_kj.value)
    assert 1 < ratios[0] < ratios[1]


def test_the_backward_part_alone_does_not_feel_the_forward_one() -> None:
    found = [
        muscle(analyse(run([(2.5, 601)], cadence_steps_min=None), athlete=ATHLETE, labels=labels))
        for labels in (HALF, BACK)
    ]
    parts = [item.backward_against_forward for item in found]
    assert parts[0] is not None
    assert parts[1] is not None
    for one, other in zip(parts[0].values(), parts[1].values(), strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one.concentric_kj is not None
            assert other.concentric_kj is not None
            assert one.concentric_kj.value == pytest.approx(other.concentric_kj.value)
    assert parts[1] == found[1].compared_with_all_forward


def test_a_session_all_forward_is_its_own_comparison() -> None:
    found = muscle(analyse(run([(2.5, 601)]), athlete=ATHLETE))
    one = contract.Estimate(value=1.0, low=1.0, high=1.0)
    for group in TOLD:
        assert found.compared_with_all_forward[group] == contract.MuscleRatios(  # type: ignore[index]
            metabolic_kj=one, concentric_kj=one, eccentric_kj=one, isometric_share=one
        )
    assert found.backward_against_forward is None


def test_backward_that_cannot_be_compared_is_no_one() -> None:
    """Two minutes backward downhill, for which no energy was ever measured."""
    slope = np.where(np.arange(601) < 480, 0.0, -0.04)
    labels = said((0, 480, "run", "forward"), (480, 601, "run", "backward"))
    session = analyse(run([(2.5, 601)], gradient=slope), athlete=ATHLETE, labels=labels)
    found = muscle(session)
    assert set(found.compared_with_all_forward.values()) == {None}
    assert found.backward_against_forward is None
    assert found.not_judged_s == pytest.approx(120, abs=1)
    assert "muscle: nothing backward that can be compared with forward" in problems(session)
    assert "muscle: its energy is not judged" in problems(session)


@pytest.mark.parametrize(
    ("speed", "channels", "labels", "reason"),
    [
        (1.2, {"cadence_steps_min": 110.0}, said((300, 601, "walk", "forward")), "walking"),
        (1.3, {}, said((300, 601, "run", "backward")), "slower than 1.5 m/s"),
        (4.4, {"cadence_steps_min": 170.0}, (), "faster than 4.0 m/s"),
        (2.5, {}, said((300, 601, "run", "sideways")), "sideways"),
    ],
)
def test_what_the_runner_cannot_tell_is_counted_with_its_reason(
    speed: float, channels: dict[str, Any], labels: Any, reason: str
) -> None:
    plain = run([(2.5, 300), (speed, 301)])
    cadence = np.full(601, 160.0)
    cadence[300:] = channels.get("cadence_steps_min", 160.0)
    recording = replace(
        plain,
        channels={
            **plain.channels,
            "cadence_steps_min": Channel(np.arange(601.0), cadence),
        },
    )
    session = analyse(recording, athlete=ATHLETE, labels=labels)
    found = muscle(session)
    assert found.not_judged_s == pytest.approx(300, abs=5)
    assert found.judged_s + found.not_judged_s == pytest.approx(600, abs=1)
    where = problems(session)[f"muscle: {reason}"]
    assert where.endswith("m: not judged; in no work of muscles")
    assert float(where.split(" s, ")[0]) == pytest.approx(300, abs=5)


def test_a_steep_slope_and_an_odd_cadence_are_counted() -> None:
    slope = np.where(np.arange(601) < 300, 0.0, 0.2)
    session = analyse(run([(2.5, 601)], gradient=slope), athlete=ATHLETE)
    assert "muscle: a slope beyond -5% or 10%" in problems(session)
    cadence = np.where(np.arange(601) < 300, 160.0, 230.0)
    session = analyse(run([(2.5, 601)], cadence_steps_min=cadence), athlete=ATHLETE)
    assert any(what.startswith("muscle: a cadence far") for what in problems(session))
    assert muscle(session).not_judged_s == pytest.approx(300, abs=5)


def test_without_cadence_and_slope_it_says_what_serves() -> None:
    blind = analyse(run([(2.5, 601)], cadence_steps_min=None, gradient=None), athlete=ATHLETE)
    usual = usual_cadence_steps_min(speed_m_s=2.5, direction="forward")
    told = analyse(run([(2.5, 601)], cadence_steps_min=usual), athlete=ATHLETE)
    assert "taken as level" in problems(blind)["muscle: no slope"]
    assert "the usual one" in problems(blind)["muscle: no cadence"]
    for group in TOLD:
        ours, theirs = (muscle(session).groups[group] for session in (blind, told))  # type: ignore[index]
        assert ours is not None
        assert theirs is not None
        assert ours.concentric_kj.value == pytest.approx(theirs.concentric_kj.value)
    assert not any(what.startswith("muscle: no ") for what in problems(told))


def test_without_a_mass_the_range_is_wider_and_the_ratios_stay() -> None:
    known, unknown = (
        muscle(analyse(run([(2.5, 601)]), athlete=who, labels=HALF)) for who in (ATHLETE, Athlete())
    )
    ours, theirs = known.groups["calves"], unknown.groups["calves"]
    assert ours is not None
    assert theirs is not None
    for kind in ("metabolic_kj", "concentric_kj", "eccentric_kj"):
        narrow, wide = getattr(ours, kind), getattr(theirs, kind)
        assert (wide.high - wide.low) / abs(wide.value) > (narrow.high - narrow.low) / abs(
            narrow.value
        ) + 0.3
        assert wide.low < wide.value < wide.high
    assert theirs.isometric_share.value == pytest.approx(ours.isometric_share.value)
    assert theirs.isometric_share.high == pytest.approx(ours.isometric_share.high)
    one, other = (item.compared_with_all_forward["calves"] for item in (known, unknown))
    assert one is not None
    assert other is not None
    assert one.concentric_kj is not None
    assert other.concentric_kj is not None
    assert other.concentric_kj.value == pytest.approx(one.concentric_kj.value)


def test_a_walk_has_no_muscle_work_and_says_so() -> None:
    session = analyse(run([(1.2, 601)], cadence_steps_min=110.0), athlete=ATHLETE)
    assert session.muscle is None
    assert "muscle is null" in problems(session)["no running whose muscle work can be judged"]


def test_a_ride_has_no_muscle_work_and_says_so() -> None:
    session = analyse(run([(6.0, 601)], cadence_steps_min=None, sport="cycling"), athlete=ATHLETE)
    assert session.muscle is None
    assert "muscle is null" in problems(session)["no energy to share among muscles"]


def test_without_a_table_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise FileNotFoundError

    monkeypatch.setattr("retrorun.muscle.load", none)
    session = analyse(run([(2.5, 601)]), athlete=ATHLETE)
    assert session.muscle is None
    assert "muscle is null" in problems(session)["no table of the simulated runner"]


@pytest.mark.parametrize("labels", [(), HALF])
def test_the_json_keeps_the_schema(labels: Any) -> None:
    session = analyse(run([(2.5, 601)]), athlete=ATHLETE, labels=labels)
    told = json.loads(contract.to_json(session))
    jsonschema.Draft202012Validator(contract.json_schema()).validate(told)
    assert told["muscle"]["interval"] == "variants"
    assert set(told["muscle"]["groups"]) == set(GROUPS)


# --- weeks ------------------------------------------------------------------------------------


def dated(day: datetime | None, labels: Any = HALF, speed: float = 2.5) -> Session:
    cadence = 160.0 if speed > 2 else 110.0
    recording = run([(speed, 601)], cadence_steps_min=cadence)
    return analyse(replace(recording, start_time=day), athlete=ATHLETE, labels=labels)


def test_weeks_add_up_values_lows_and_highs() -> None:
    zone = timezone(timedelta(hours=2))
    monday = datetime(2026, 6, 1, 7, tzinfo=zone)
    one, two, walk = dated(monday), dated(monday + timedelta(days=6)), dated(monday, (), 1.2)
    late = dated(datetime(2026, 6, 8, 0, 30, tzinfo=zone))
    (first, second) = weekly([late, one, walk, two, dated(None)])
    assert isinstance(first, Week)
    assert (first.year, first.week, first.sessions, first.not_judged) == (2026, 23, 3, 1)
    assert (second.week, second.sessions) == (24, 1)
    assert first.backward_min == pytest.approx(10, abs=0.1)
    assert set(first.groups) == set(TOLD)
    for group in TOLD:
        every = [muscle(session).groups[group] for session in (one, two)]  # type: ignore[index]
        for kind in ("metabolic_kj", "concentric_kj", "eccentric_kj"):
            for end in ("low", "value", "high"):
                total = sum(getattr(getattr(work, kind), end) for work in every)
                found = getattr(getattr(first.groups[group], kind), end)  # type: ignore[index]
                assert found == pytest.approx(total)


def test_no_sessions_are_no_weeks() -> None:
    assert weekly([]) == ()
    assert weekly([dated(None)]) == ()
