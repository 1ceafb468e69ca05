"""From channels with a known truth to a session: sums, speeds, motion, and what is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.athlete import Athlete
from retrorun.gait.direction.states import Said
from retrorun.recording import Channel, Device, Recording, Span
from retrorun.session import Session, analyse

METRES_PER_DEGREE = np.radians(1.0) * 6_371_008.8


def recording(
    pauses: tuple[Span, ...] = (), sport: str | None = "running", **channels: Any
) -> Recording:
    """Channels as (times, values)."""
    return Recording(
        file="made",
        format="made",
        channels={
            name: Channel(np.array(t, dtype=float), np.array(v, dtype=float))
            for name, (t, v) in channels.items()
        },
        device=Device("made"),
        sport=sport,
        pauses=pauses,
    )


def eastward(
    time_s: np.ndarray, metres: np.ndarray, noise: np.ndarray | float = 0.0
) -> dict[str, Any]:
    """Positions on the equator."""
    longitude = 10 + (metres + noise) / METRES_PER_DEGREE
    return {
        "latitude_deg": (time_s, np.full(len(time_s), 1e-6)),
        "longitude_deg": (time_s, longitude),
    }


def whats(session: Session) -> str:
    return " | ".join(f"{p.what}: {p.where}: {p.effect}" for p in session.recording.problems)


def motions(session: Session) -> list[str]:
    return [segment.motion for segment in session.segments]


T = np.arange(0, 601.0)


def test_an_even_run_is_one_segment_with_its_whole_distance() -> None:
    session = analyse(recording(distance_m=(T, T * 3.0), heart_rate_bpm=(T, T * 0 + 150)))
    (segment,) = session.segments
    assert (segment.start_s, segment.end_s, segment.motion) == (0, 600, "run")
    assert segment.distance_m == pytest.approx(1800)
    assert segment.speed_m_s == pytest.approx(3.0)
    assert session.distance_m == pytest.approx(1800)
    assert session.moving_s == 600
    assert session.heart is not None
    assert session.heart.mean_bpm == 150


@settings(max_examples=60, deadline=None)
@given(
    speeds=st.lists(st.floats(0, 6), min_size=1, max_size=6),
    every_s=st.sampled_from([1, 2, 5]),
    end_s=st.floats(0, 0.9),
)
def test_segments_add_up_to_the_whole(speeds: list[float], every_s: int, end_s: float) -> None:
    """Whatever the speeds, the rhythm and the last second: metres and seconds are all there."""
    parts = np.repeat(speeds, 60)
    time_s = np.append(np.arange(0, len(parts), every_s), len(parts) - 1 + end_s)
    metres = np.interp(time_s, np.arange(len(parts) + 1), np.concatenate([[0], np.cumsum(parts)]))
    session = analyse(recording(distance_m=(time_s, metres)))
    total = sum(segment.distance_m or 0 for segment in session.segments)
    assert total == pytest.approx(metres[-1] - metres[0], abs=1e-6)
    ends = [segment.end_s for segment in session.segments]
    starts = [segment.start_s for segment in session.segments]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == pytest.approx(time_s[-1])


def test_a_reading_lost_by_the_odometer_is_no_standing_still() -> None:
    metres = T * 3.0
    metres[200:300] = np.nan
    session = analyse(recording(distance_m=(T, metres)))
    assert "still" not in motions(session)
    assert session.distance_m == pytest.approx(1800)


def test_metres_of_a_pause_are_in_no_segment_and_are_named() -> None:
    pause = Span(200, 400)
    session = analyse(recording(pauses=(pause,), distance_m=(T, T * 3.0)))
    assert [(s.start_s, s.end_s) for s in session.segments] == [(0, 200), (400, 600)]
    assert all(s.speed_m_s == pytest.approx(3.0, rel=0.02) for s in session.segments)
    assert motions(session) == ["run", "run"]
    assert "distance outside every segment: 600 of 1,800 m" in whats(session)
    assert session.not_judged_s == 200


def test_a_gap_in_the_track_makes_no_walking_beside_it() -> None:
    time_s = np.concatenate([np.arange(0, 60.0), np.arange(600, 660.0)])
    metres = np.concatenate([np.arange(60) * 3.0, 180 + np.arange(60) * 3.0])
    session = analyse(recording(pauses=(Span(59, 600),), **eastward(time_s, metres)))
    assert motions(session) == ["run", "run"]


def test_standing_with_a_wandering_receiver_covers_nothing() -> None:
    rng = np.random.default_rng(1)
    wander = np.cumsum(rng.normal(0, 0.15, len(T)))
    session = analyse(recording(**eastward(T, T * 0, wander)))
    assert motions(session) == ["still"]
    assert session.distance_m == 0


def test_a_teleport_is_left_out_and_counted() -> None:
    metres = T * 3.0
    metres[300] += 10_000
    session = analyse(recording(**eastward(T, metres)))
    assert session.distance_m == pytest.approx(1800, rel=0.001)
    assert "nobody could reach and leave in time: 1 of 601: left out" in whats(session)


def test_a_stuck_odometer_does_not_beat_moving_positions() -> None:
    session = analyse(recording(distance_m=(T, T * 0), **eastward(T, T * 3.0)))
    assert session.distance_m == pytest.approx(1800, rel=0.001)
    assert motions(session) == ["run"]
    assert "the odometer stands still" in whats(session)


def test_a_stuck_speed_does_not_beat_the_distance() -> None:
    session = analyse(recording(distance_m=(T, T * 3.0), speed_m_s=(T, T * 0)))
    assert motions(session) == ["run"]
    assert "speed stuck at 0" in whats(session)


def test_speed_that_ends_early_is_filled_from_the_distance() -> None:
    session = analyse(recording(distance_m=(T, T * 3.0), speed_m_s=(T[:60], T[:60] * 0 + 3)))
    assert motions(session) == ["run"]
    assert session.not_judged_s == 0


def test_a_speed_that_wakes_up_late_after_a_pause_makes_no_standing() -> None:
    """The watch shows 0 for four seconds while its odometer runs already."""
    speed = np.full(len(T), 3.0)
    speed[400:404] = 0
    session = analyse(
        recording(pauses=(Span(300, 400),), distance_m=(T, T * 3.0), speed_m_s=(T, speed))
    )
    assert motions(session) == ["run", "run"]


def test_a_machine_that_counts_no_metres_is_not_standing_still() -> None:
    session = analyse(recording(distance_m=(T, T * 0), power_w=(T, T * 0 + 180)))
    assert session.segments == ()
    assert session.moving_s is None
    assert "distance and speed stay at 0" in whats(session)


def test_a_track_without_times_has_its_length() -> None:
    session = analyse(recording(**eastward(T * 0, T * 3.0)))
    assert session.distance_m == pytest.approx(1800, rel=0.001)
    assert session.segments == ()


def test_a_speed_of_light_is_not_published() -> None:
    metres = np.cumsum(np.full(20, 3e5))
    session = analyse(recording(sport=None, distance_m=(np.arange(20.0), metres)))
    assert "speed above 40 m/s" in whats(session)
    assert session.segments == ()


def test_a_belt_that_reports_noise_only_is_null_with_its_reason() -> None:
    session = analyse(recording(heart_rate_bpm=(T, T * 0 + 250), distance_m=(T, T * 3.0)))
    assert session.heart is None
    assert "heart is null" in whats(session)


def test_a_treadmill_has_its_distance_from_the_speed() -> None:
    session = analyse(recording(speed_m_s=(T, T * 0 + 3.0)))
    assert session.distance_m == pytest.approx(1800)
    assert "distance is speed added up" in whats(session)


@pytest.mark.parametrize(
    ("sport", "motion"),
    [
        ("running", "run"), ("Friday run", "run"), ("training", "run"), (None, "run"),
        ("cycling", "other"), ("kayaking", "other"), ("snowboarding", "other"),
        ("VirtualRide", "other"), ("Bridge", "run"),
    ],
)  # fmt: skip
def test_only_sports_on_foot_are_run(sport: str | None, motion: str) -> None:
    session = analyse(recording(sport=sport, distance_m=(T, T * 3.0)))
    assert motions(session) == [motion]


def test_whoever_is_faster_than_the_records_has_wheels() -> None:
    time_s = np.arange(0, 3600.0)
    session = analyse(recording(sport=None, distance_m=(time_s, time_s * 8.0)))
    assert motions(session) == ["other"]
    assert "faster for five minutes than anybody runs" in whats(session)


def bouncing(time_s: np.ndarray, *, scale: float = 1.0) -> np.ndarray:
    """A trunk running at 170 steps a minute."""
    force = np.zeros((len(time_s), 3))
    force[:, 2] = scale * (9.81 + 9.0 * np.sin(2 * np.pi * 170 / 60 * time_s))
    return force


def with_sensor(force: np.ndarray, clock_s: np.ndarray, **more: Any) -> Session:
    base = recording(sport=None, **more)
    channels = dict(base.channels) | {"sacrum_acc_m_s2": Channel(clock_s, force)}
    return analyse(Recording(file="made", format="made", channels=channels))


def test_a_sensor_tells_the_motion_where_nothing_else_does() -> None:
    clock_s = np.arange(0, 120, 0.01)
    force = bouncing(clock_s)
    force[6000:] = (0, 0, 9.81)
    force += np.random.default_rng(0).normal(0, 0.02, force.shape)
    session = with_sensor(force, clock_s)
    assert motions(session) == ["run", "still"]
    assert session.segments[0].cadence_steps_min == pytest.approx(170, rel=0.01)
    assert session.segments[0].end_s == pytest.approx(60, abs=2)


@pytest.mark.parametrize(
    ("force", "says"),
    [
        (np.zeros((6000, 3)), "frozen sensor"),
        (np.tile([0.0, 0, 9.81], (6000, 1)), "frozen sensor"),
        (bouncing(np.arange(6000) / 100, scale=1 / 9.81), "in units of g?"),
        (bouncing(np.arange(6000) / 100, scale=100), "wanted about 9.81"),
    ],
)
def test_a_sensor_that_measures_no_gravity_is_left_out(force: np.ndarray, says: str) -> None:
    time_s = np.arange(0, 61.0)
    session = with_sensor(force, np.arange(6000) / 100, distance_m=(time_s, time_s * 3.0))
    assert motions(session) == ["run"]
    assert says in whats(session)


def test_a_sensor_left_at_rest_does_not_make_a_run_stand_still() -> None:
    force = np.tile([0.0, 0, 9.81], (60_000, 1))
    force += np.random.default_rng(0).normal(0, 0.02, force.shape)
    session = with_sensor(force, np.arange(60_000) / 100, distance_m=(T, T * 3.0))
    assert motions(session) == ["run"]
    assert "a sensor at rest while the way goes on" in whats(session)


@pytest.mark.parametrize("channels", [{}, {"heart_rate_bpm": ([0.0], [120.0])}])
def test_next_to_nothing_is_a_session_too(channels: dict[str, Any]) -> None:
    session = analyse(recording(**channels))
    assert session.segments == ()
    assert session.distance_m is None


def test_a_hill_has_its_ascent_and_gradient() -> None:
    """5 % up for 900 m and down again."""
    metres = T * 3.0
    height = np.interp(metres, [0, 900, 1800], [0, 45, 0])
    session = analyse(recording(distance_m=(T, metres), altitude_m=(T, height + 100)))
    assert session.ascent_m == pytest.approx(45, abs=2)
    assert np.nanmedian(session.curves.gradient[50:250]) == pytest.approx(0.05, abs=0.002)
    assert np.nanmedian(session.curves.gradient[350:550]) == pytest.approx(-0.05, abs=0.002)


def test_labels_after_the_end_are_named() -> None:
    said = (
        Said(start_s=1e9, end_s=2e9, way="backward"),
        Said(start_s=0.0, end_s=60.0, way="forward"),
    )
    session = analyse(recording(speed_m_s=(T, T * 0 + 3.0)), labels=said)
    assert "labels after the end of the recording: 1 of 2 rows" in whats(session)


def test_another_movement_backward_stays_backward() -> None:
    said = (Said(start_s=0.0, end_s=600.0, way="backward", motion="other"),)
    session = analyse(recording(speed_m_s=(T, T * 0 + 2.5)), labels=said)
    assert {segment.direction for segment in session.segments} == {"backward"}


def test_one_fix_on_a_treadmill_is_no_way() -> None:
    channels = eastward(T, T * 0.0)
    session = analyse(recording(speed_m_s=(T, T * 0 + 2.5), **channels))
    assert session.distance_m == pytest.approx(1500, rel=0.01)
    assert "positions stand still" in whats(session)


def test_how_hard_it_felt_needs_no_heart_rate() -> None:
    session = analyse(recording(speed_m_s=(T, T * 0 + 2.5)), rpe=5)
    assert session.heart is not None
    assert session.heart.mean_bpm is None
    assert session.heart.load is not None
    assert session.heart.load.session_rpe == pytest.approx(50)


def test_a_maximum_that_the_recording_disproves_serves_nothing() -> None:
    beats = 150 + 10 * np.sin(T / 30)
    athlete = Athlete(resting_heart_rate_bpm=60, max_heart_rate_bpm=120)
    session = analyse(
        recording(speed_m_s=(T, T * 0 + 2.5), heart_rate_bpm=(T, beats)), athlete=athlete
    )
    assert session.heart is not None
    assert (session.heart.zones, session.heart.vo2max_ml_kg_min) == (None, None)
    assert "above the athlete's maximum (120 bpm)" in whats(session)


def test_a_heart_that_never_moves_is_named() -> None:
    session = analyse(recording(speed_m_s=(T, T * 0 + 2.5), heart_rate_bpm=(T, T * 0 + 150)))
    assert "does not change at all: 600 s" in whats(session)
