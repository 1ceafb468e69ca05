"""Direction through the whole program: laps, labels, sensors, history, and what nobody can tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from making import fit, record, run, session
from retrorun.contract import to_json
from retrorun.errors import BadInput, Unreadable
from retrorun.examples.body import movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import PHONE, worn
from retrorun.formats import read, read_all
from retrorun.gait.direction.states import Said
from retrorun.labels import read_labels
from retrorun.recording import Channel, Recording
from retrorun.session import analyse, history_of


def read_bytes(tmp_path: Path, content: bytes, name: str = "made.fit") -> Recording:
    path = tmp_path / name
    path.write_bytes(content)
    return read(path)


def intervals(names: list[str], *, length_s: int = 60) -> bytes:
    """A run whose laps are the steps of a workout with these names."""
    seconds = length_s * len(names)
    steps = [
        {"message_type": "workout_step", "message_index": k, "wkt_step_name": name,
         "duration_type": "time", "duration_value": length_s * 1000, "target_type": "open"}
        for k, name in enumerate(names)
    ]  # fmt: skip
    laps = [
        {"message_type": "lap", "message_index": k, "wkt_step_index": k,
         "start_time": record(k * length_s)["timestamp"],
         "timestamp": record((k + 1) * length_s)["timestamp"],
         "total_elapsed_time": float(length_s), "total_timer_time": float(length_s)}
        for k in range(len(names))
    ]  # fmt: skip
    workout = {"message_type": "workout", "wkt_name": "shuttles", "num_valid_steps": len(names)}
    rows = [m for m in run(seconds) if m["message_type"] == "record"]
    return fit(workout, *steps, *rows, *laps, session(0, seconds))


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("Forward", "Backward"), ("Vorwärts", "Rückwärts laufen"), ("En avant", "À reculons"),
        ("Adelante", "Hacia atrás"), ("Avanti", "All'indietro"), ("Para a frente", "Para trás"),
        ("Vooruit", "Achteruit"), ("向前跑", "倒着跑"), ("前向き", "後ろ向き走り"),
    ],
)  # fmt: skip
def test_workout_steps_tell_exactly(forward: str, backward: str, tmp_path: Path) -> None:
    found = analyse(read_bytes(tmp_path, intervals([forward, backward] * 3)))
    told = [
        (segment.start_s, segment.end_s, segment.direction, segment.source)
        for segment in found.segments
        if segment.direction == "backward"
    ]
    assert told == [
        (60.0, 120.0, "backward", "laps"), (180.0, 240.0, "backward", "laps"),
        (300.0, pytest.approx(359.5, abs=0.6), "backward", "laps"),
    ]  # fmt: skip
    assert found.direction is not None
    assert found.direction.backward_s == pytest.approx(180, abs=1.1)


def test_names_that_mean_the_way_back_are_not_backward(tmp_path: Path) -> None:
    names = ["Out and back", "Jog back", "Rückweg", "Retour", "Back to back", "Cool down"]
    found = analyse(read_bytes(tmp_path, intervals(names)))
    assert {segment.direction for segment in found.segments} == {"forward"}
    assert {segment.source for segment in found.segments} == {"assumed"}


def test_without_any_witness_forward_is_assumed_and_says_so(tmp_path: Path) -> None:
    found = analyse(read_bytes(tmp_path, fit(*run(120))))
    assert found.direction is not None
    assert found.direction.assumed_s == found.direction.forward_s > 100
    assert any("assumed forward" in problem.effect for problem in found.recording.problems)


def test_no_lap_of_a_real_recording_is_called_backward(data: Path) -> None:
    backward, recordings = [], 0
    for path in sorted((data / "activities").rglob("*.fit"))[::3]:
        try:
            for recording in read_all(path):
                recordings += 1
                found = analyse(recording)
                backward += [path.name for s in found.segments if s.direction == "backward"]
        except Unreadable:
            continue  # which ones, and why, has tests of its own
    assert recordings > 30
    assert backward == []


# --- labels -----------------------------------------------------------------------------------


def test_labels_override_and_change_nothing_else(tmp_path: Path) -> None:
    recording = read_bytes(tmp_path, intervals(["Forward", "Backward", "Forward"]))
    before = analyse(recording)
    after = analyse(recording, labels=(Said(start_s=20, end_s=40, way="backward"),
                                       Said(start_s=70, end_s=80, motion="still")))  # fmt: skip
    ways = {(s.start_s, s.end_s): (s.motion, s.direction, s.source) for s in after.segments}
    assert ways[20.0, 40.0] == ("run", "backward", "athlete")
    assert ways[70.0, 80.0] == ("still", None, None)
    assert ways[60.0, 70.0] == ("run", "backward", "laps")
    assert after.distance_m == before.distance_m
    assert analyse(recording, labels=()).segments == before.segments


def test_a_treadmill_with_labels_is_analysed_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "belt.csv").write_text(
        "time_s,speed_m_s\n" + "".join(f"{t},{2.0 if t > 10 else 0}\n" for t in range(120))
    )
    (tmp_path / "labels.csv").write_text("start_s,end_s,motion,direction\n30,90,run,backward\n")
    found = analyse(read(tmp_path / "belt.csv"), labels=read_labels(tmp_path / "labels.csv"))
    assert found.direction is not None
    assert found.direction.backward_s == pytest.approx(60)
    assert found.direction.backward_m == pytest.approx(120, rel=0.02)
    assert found.form is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start,end\n1,2\n", "start_s,end_s,motion,direction"),
        ("start_s,end_s,motion,direction\n5,5,run,backward\n", "after start_s"),
        ("start_s,end_s,motion,direction\n5,x,run,backward\n", "line 2"),
        ("start_s,end_s,motion,direction\n5,9,run,rückwärts\n", "backward"),
        ("start_s,end_s,motion,direction\n5,nan,run,backward\n", "seconds from the start"),
        ("start_s,end_s,motion,direction\n5\n", "seconds from the start"),
    ],
)
def test_labels_that_cannot_be_used_say_which_line_and_why(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match="must be") as error:
        read_labels(path)
    assert said in str(error.value)


# --- sensors and history ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shank() -> Recording:
    """A phone on the shank, nobody told where: walking and running, both ways."""
    bouts = [
        Bout(duration_s=seconds, motion=gait, direction=way, speed_m_s=speed)
        for gait, way, speed, seconds in (
            ("walk", "forward", 1.4, 40), ("run", "forward", 2.7, 40),
            ("run", "backward", 2.0, 30), ("walk", "backward", 1.0, 30),
        )
    ]  # fmt: skip
    turned = Rotation.random(rng=np.random.default_rng(1))
    time_s, acc, gyro = worn(movement(bouts, seed=1), "left_shank", mounting=turned, noise=PHONE)
    return Recording(
        file="made", format="made", simulated=True,
        channels={
            "phone_acc_m_s2": Channel(time_s, acc.astype(np.float32)),
            "phone_gyro_rad_s": Channel(time_s, gyro.astype(np.float32)),
        },
    )  # fmt: skip


def test_a_phone_nobody_knows_where_is_unknown_and_one_on_the_shank_tells(shank: Recording) -> None:
    lost = analyse(shank).direction
    assert lost is not None
    assert lost.forward_s == lost.backward_s == 0
    found = analyse(shank.worn_at("left_shank"))
    assert found.direction is not None
    assert found.direction.backward_s == pytest.approx(60, abs=4)
    assert all(s.source == "sensors" for s in found.segments if s.direction == "backward")
    assert any("never checked on a real recording" in p.effect for p in found.recording.problems)
    assert json.loads(to_json(found))["direction"]["assumed_s"] == 0


def test_a_place_that_does_not_exist_is_named(shank: Recording) -> None:
    with pytest.raises(BadInput, match="left_shank"):
        shank.worn_at("left_leg")


def test_form_is_kept_apart_by_direction(shank: Recording) -> None:
    form = analyse(shank.worn_at("left_shank")).form
    assert form is not None
    assert form.forward is not None
    assert form.backward is not None
    assert form.backward.cadence_steps_min is not None


def test_history_makes_a_baseline_and_plain_runs_stay_forward(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for t in range(1800):
        speed = 2.6 + 0.6 * np.sin(t / 90)
        rows.append(
            record(t, speed=speed, distance=2.6 * t, heart_rate=int(120 + 12 * speed),
                   cadence=int(78 + 3 * speed + rng.normal(0, 0.7)))
        )  # fmt: skip
    plain = read_bytes(tmp_path, fit(*rows, session(0, 1800)))
    history = history_of([analyse(plain)])
    assert history is not None
    assert history.baseline.run.cadence is not None
    found = analyse(plain, history=history)
    assert found.direction is not None
    assert found.direction.backward_s == 0
