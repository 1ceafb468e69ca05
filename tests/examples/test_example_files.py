"""The example: three devices, one story, and a truth that all of them agree with."""

from __future__ import annotations

import numpy as np
import pytest

from retrorun import formats
from retrorun.errors import BadInput
from retrorun.examples import write_examples
from retrorun.examples.files import (
    BODY_SENSORS,
    write_phone_log,
    write_sensor_log,
    write_truth,
    write_watch_file,
)
from retrorun.examples.story import Part, Story
from retrorun.gait.motion import NAMES
from retrorun.labels import read_labels
from retrorun.session import analyse

WATCH, PHONE, SENSORS = "simulated-watch.fit", "simulated-phone.zip", "simulated-sensors.parquet"
EVERY_DEVICE = pytest.mark.parametrize("device", [WATCH, PHONE, SENSORS])
BY_SATELLITE = pytest.mark.parametrize("device", [WATCH, PHONE])

#: What the person was told to do: seconds and speed of every kind of part.
TOLD = {
    ("still", None): (2 * 15 + 8 * 15, 0.0),
    ("walk", "forward"): (2 * 120, (1.4 + 1.3) / 2),
    ("run", "forward"): (
        240 + 8 * 60 + 90 + 120,
        (240 * 2.6 + 8 * 60 * 2.7 + 90 * 2.4 + 120 * 1.9) / 930,
    ),
    ("run", "backward"): (8 * 45, 2.0),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Path -> what it is said to be."""
    return dict(write_examples(tmp_path_factory.mktemp("example") / "new"))


@pytest.fixture(scope="module")
def folder(written):
    return next(iter(written)).parent


@pytest.fixture(scope="module")
def recordings(folder):
    return {recording.file: recording for recording in formats.read_all(folder)}


@pytest.fixture(scope="module")
def truth(folder):
    return read_labels(folder / "truth.csv")


def of_kind(truth, time_s, kind, *, margin_s=2.0):
    """Samples well within the parts of one motion and direction."""
    return np.any(
        [
            (time_s >= row.start_s + margin_s) & (time_s <= row.end_s - margin_s)
            for row in truth
            if (row.motion, row.way) == kind
        ],
        axis=0,
    )


def east_north(recording):
    """Metres from the start, on a plane that touches the earth there."""
    latitude, longitude = (recording.channels[f"{x}tude_deg"] for x in ("lati", "longi"))
    north = np.radians(latitude.values - latitude.values[0]) * 6_371_000.0
    east = np.radians(longitude.values - longitude.values[0]) * 6_371_000.0
    return latitude.time_s, east * np.cos(np.radians(latitude.values[0])), north


# ---- the files ----


def test_four_small_files_are_written_and_described(written, folder):
    assert [path.name for path in written] == [WATCH, PHONE, SENSORS, "truth.csv"]
    assert sorted(folder.iterdir()) == sorted(written)
    assert sum(path.stat().st_size for path in written) < 10e6
    assert (folder / PHONE).stat().st_size < 6e6
    assert "lower back" in written[folder / PHONE]


def test_nothing_is_written_over(folder):
    with pytest.raises(BadInput, match="Nothing is ever written over"):
        write_examples(folder)


def test_the_truth_is_not_taken_for_a_recording(recordings):
    assert set(recordings) == {WATCH, PHONE, SENSORS}


@EVERY_DEVICE
def test_a_file_is_read_without_problems(recordings, device):
    assert recordings[device].problems == ()
    assert recordings[device].duration_s == pytest.approx(1680, abs=0.1)
    assert recordings[device].start_time.isoformat() == "2026-05-01T08:00:00+00:00"


@EVERY_DEVICE
def test_a_file_is_marked_as_simulated(recordings, device):
    assert recordings[device].simulated


@pytest.mark.parametrize(
    ("device", "rates_hz"),
    [
        (
            WATCH,
            dict.fromkeys(
                ["latitude_deg", "speed_m_s", "distance_m", "cadence_steps_min", "heart_rate_bpm"],
                1.0,
            ),
        ),
        (
            PHONE,
            {
                "phone_acc_m_s2": 50.0, "phone_gyro_rad_s": 50.0, "heading_deg": 5.0,
                "latitude_deg": 1.0, "longitude_deg": 1.0, "heart_rate_bpm": 1.0,
            },
        ),
        (
            SENSORS,
            {
                f"{place}_{kind}": 100.0
                for place in BODY_SENSORS for kind in ("acc_m_s2", "gyro_rad_s")
            },
        ),
    ],
    ids=[WATCH, PHONE, SENSORS],
)  # fmt: skip
def test_channels_tick_as_described(recordings, device, rates_hz):
    channels = recordings[device].channels
    assert set(rates_hz) <= set(channels)
    for name, rate_hz in rates_hz.items():
        assert channels[name].rate_hz == pytest.approx(rate_hz, rel=0.02), name
        assert channels[name].samples == pytest.approx(1680 * rate_hz, abs=2), name
        assert channels[name].missing == 0, name


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path):
    parts = (
        Part("Forward", 10, "run", "forward", 2.5, 140.0),
        Part("Backward", 10, "run", "backward", 1.5, 150.0),
    )
    for write in (write_watch_file, write_phone_log, write_sensor_log, write_truth):
        files = [tmp_path / f"{write.__name__}-{k}" for k in range(3)]
        for path, seed in zip(files, (1, 1, 2), strict=True):
            write(path, Story(parts=parts, seed=seed))
        first, again, other = (path.read_bytes() for path in files)
        assert first == again
        assert (first == other) == (write is write_truth)


# ---- the truth ----


def test_the_truth_covers_the_whole_time_without_overlap(truth):
    assert truth[0].start_s == 0
    assert [row.end_s for row in truth[:-1]] == [row.start_s for row in truth[1:]]
    assert truth[-1].end_s == 1680
    for kind, (seconds, _) in TOLD.items():
        total_s = sum(r.end_s - r.start_s for r in truth if (r.motion, r.way) == kind)
        assert total_s == seconds, kind


def test_the_truth_is_what_the_body_did(truth):
    moved = Story().moved.truth
    for row in truth:
        inside = (moved.time_s >= row.start_s - 1e-6) & (moved.time_s < row.end_s - 0.05)
        assert set(moved.motion[inside]) == {row.motion}
        assert set(moved.direction[inside]) == {row.way or ""}
        settled = inside & moved.settled
        assert np.all((moved.speed_m_s[settled] > 1.0) == (row.motion != "still"))


def test_laps_are_named_and_timed_as_the_truth(recordings, truth):
    laps = recordings[WATCH].laps
    assert len(laps) == len(truth)
    for lap, row in zip(laps, truth, strict=True):
        assert lap.span.start_s == pytest.approx(row.start_s, abs=1)
        assert lap.span.end_s == pytest.approx(row.end_s, abs=1)
        assert (lap.name == "Backward") == (row.way == "backward")
    assert [lap.name for lap in laps[3:6]] == ["Forward", "Backward", "Stand"]


# ---- one story ----


@BY_SATELLITE
@pytest.mark.parametrize("kind", list(TOLD), ids=str)
def test_speeds_by_position_and_by_the_device_are_the_true_ones(recordings, truth, device, kind):
    _, speed_m_s = TOLD[kind]
    channel = recordings[device].channels["speed_m_s"]
    inside = of_kind(truth, channel.time_s, kind)
    assert channel.values[inside].mean() == pytest.approx(speed_m_s, rel=0.02, abs=0.01)
    time_s, east, north = east_north(recordings[device])
    chord_m = np.hypot(east[10:] - east[:-10], north[10:] - north[:-10])
    inside = of_kind(truth, time_s[5:-5], kind, margin_s=7.0)
    if kind[0] != "still":
        assert chord_m[inside].mean() / 10 == pytest.approx(speed_m_s, rel=0.03)


def test_watch_and_phone_went_the_same_way(recordings):
    _, *watch = east_north(recordings[WATCH])
    _, *phone = east_north(recordings[PHONE])
    apart_m = np.hypot(watch[0] - phone[0], watch[1] - phone[1])
    assert np.median(apart_m) < 5
    assert np.ptp(watch[0]) == pytest.approx(84.39 + 2 * 36.8, abs=10)
    assert np.ptp(watch[1]) == pytest.approx(2 * 36.8, abs=10)


@pytest.mark.parametrize(
    ("kind", "turned_deg"), [(("run", "forward"), 0.0), (("run", "backward"), 180.0)]
)
def test_the_body_turns_round_to_run_backward_and_keeps_its_course(
    recordings, truth, kind, turned_deg
):
    """Heading against course: the mounting's constant, and half a turn more when backward."""
    time_s, east, north = east_north(recordings[PHONE])
    course_deg = np.degrees(np.arctan2(east[4:] - east[:-4], north[4:] - north[:-4]))
    inside = of_kind(truth, time_s[2:-2], kind, margin_s=5.0)
    heading = recordings[PHONE].channels["heading_deg"]
    heading_deg = heading.values[np.searchsorted(heading.time_s, time_s[2:-2])]
    angle = np.exp(1j * np.radians(heading_deg - course_deg)[inside])
    mounted_deg = 20.0
    off_deg = np.degrees(
        np.angle(angle.mean() * np.exp(-1j * np.radians(mounted_deg + turned_deg)))
    )
    assert off_deg == pytest.approx(0, abs=8)
    assert abs(angle.mean()) > 0.9


@pytest.mark.parametrize(
    ("device", "placement"), [(PHONE, "phone"), *((SENSORS, place) for place in BODY_SENSORS)]
)
def test_a_sensor_at_rest_feels_gravity_in_a_direction_of_its_own(recordings, device, placement):
    channel = recordings[device].channels[f"{placement}_acc_m_s2"]
    rest = channel.values[(channel.time_s > 1) & (channel.time_s < 14)].mean(axis=0)
    assert np.linalg.norm(rest) == pytest.approx(9.81, abs=0.25)
    assert np.abs(rest).max() < 9.6, "mounted along an axis: not by chance"


# ---- what a session makes of it ----


@pytest.fixture(scope="module")
def sessions(recordings):
    return {name: analyse(recording) for name, recording in recordings.items()}


@EVERY_DEVICE
def test_the_session_sees_the_true_motion(sessions, truth, device):
    curves = sessions[device].curves
    seen = np.array([NAMES[code] for code in curves.motion.tolist()])
    middle_s = curves.time_s[:, None] + 0.5
    row = np.argmax(middle_s < np.array([row.end_s for row in truth]), axis=1)
    agrees = seen == np.array([row.motion for row in truth])[row]
    assert agrees[:1680].mean() > 0.97


def steps_of(rows, *, way_of):
    """Which tenths of a second are backward."""
    out = np.zeros(16_500, dtype=bool)
    for row in rows:
        if way_of(row) == "backward":
            out[round(row.start_s * 10) : round(row.end_s * 10)] = True
    return out


@EVERY_DEVICE
def test_the_session_sees_the_true_direction(sessions, truth, device):
    """A watch by the names of its laps, a phone by its compass, sensors by how they are moved."""
    backward = steps_of(truth, way_of=lambda row: row.way)
    found = steps_of(sessions[device].segments, way_of=lambda segment: segment.direction)
    assert 2 * np.sum(backward & found) / (backward.sum() + found.sum()) > 0.95


def test_labels_give_back_the_truth_exactly(recordings, truth, folder):
    recording = next(r for r in recordings.values() if r.format == "Sensor Logger")
    labelled = analyse(recording, labels=truth)
    backward = steps_of(truth, way_of=lambda row: row.way)
    found = steps_of(labelled.segments, way_of=lambda segment: segment.direction)
    assert np.array_equal(backward, found)
    assert {s.source for s in labelled.segments if s.direction == "backward"} == {"athlete"}


@EVERY_DEVICE
def test_all_devices_count_the_steps_that_were_made(sessions, truth, device):
    moved, curves = Story().moved.truth, sessions[device].curves
    for kind in list(TOLD)[1:]:
        true = np.median(moved.cadence_steps_min[of_kind(truth, moved.time_s, kind)])
        seen = np.nanmedian(curves.cadence_steps_min[of_kind(truth, curves.time_s, kind)])
        assert seen == pytest.approx(true, rel=0.02), kind
