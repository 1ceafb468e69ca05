"""Sensor Logger exports written in the app's own layouts, with a movement that is known.

Headers as documented in the app's UNITS.md and as its exports carry them: axes `z,y,x`,
nanoseconds since 1970, metadata of three generations.
"""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.errors import Unreadable
from retrorun.formats import read, read_all, sensor_logger
from retrorun.formats.sources import Limits, Source, Tree

G = 9.80665
START_S = 1_713_800_420.922
N, RATE_HZ = 400, 100.0
ELAPSED_S = 0.05 + np.arange(N) / RATE_HZ

#: A phone upright in a pocket, turned by 30° about its z axis: up is along (0.5, 0.866, 0).
UP = np.array([0.5, np.sqrt(0.75), 0.0])
#: The runner moves by a sine along the phone's z axis, another along its x axis.
LINEAR = np.column_stack(
    [
        1.5 * np.sin(2 * np.pi * 1.5 * ELAPSED_S),
        np.zeros(N),
        3.0 * np.cos(2 * np.pi * 3.0 * ELAPSED_S),
    ]
)
GRAVITY = np.tile(G * UP, (N, 1))
FORCE = LINEAR + GRAVITY
RATE = np.column_stack([np.sin(ELAPSED_S), np.full(N, 0.25), np.cos(ELAPSED_S)])
FIELD = np.tile([20.0, -5.0, -43.0], (N, 1))

METADATA = {
    "android": (
        "version,device name,recording epoch time,recording time,recording timezone,platform,"
        "appVersion,device id,sensors,sampleRateMs,standardisation,platform version\n"
        f"3,Pixel 6,{START_S * 1000:.0f},2024-04-22_15-40-20,Europe/Berlin,android,1.31.4,"
        "33de95da-c360,Accelerometer|Gravity,10|10,false,36"
    ),
    "ios": (
        "version,device name,recording epoch time,recording time,recording timezone,platform,"
        "appVersion,device id,sensors,sampleRateMs,standardisation\n"
        f"3,Ada’s iPhone 13 mini,{START_S * 1000:.0f},2024-04-22_15-40-20,Asia/Kolkata,ios,1.31,"
        "33de95da-c360,Accelerometer|Gravity,10|10,false"
    ),
    "old ios": "version,device name,recording time,platform\n2,iPhone,2021-04-04_13-19-00,ios",
}
METADATA["ios standardised"] = METADATA["ios"].replace(",false", ",true")


def table(columns: dict[str, np.ndarray], *, elapsed_s: np.ndarray = ELAPSED_S) -> str:
    """A CSV as the app writes it, columns in the order given."""
    time_ns = np.round((START_S + elapsed_s) * 1e9).astype(np.int64)
    rows = [",".join(["time", "seconds_elapsed", *columns])]
    for i, (ns, s) in enumerate(zip(time_ns, elapsed_s, strict=True)):
        rows.append(
            ",".join([str(ns), repr(float(s)), *(repr(float(c[i])) for c in columns.values())])
        )
    return "\n".join(rows)


def axes(vectors: np.ndarray, order: str = "zyx", **more: np.ndarray) -> str:
    return table({axis: vectors[:, "xyz".index(axis)] for axis in order}, **more)


def export(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return folder


def zipped(path: Path, files: dict[str, str], *, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(inside + name, content)
    return path


def android(**more: str) -> dict[str, str]:
    return {
        "Accelerometer.csv": axes(LINEAR),
        "Gravity.csv": axes(GRAVITY),
        "TotalAcceleration.csv": axes(FORCE),
        "Gyroscope.csv": axes(RATE),
        "Magnetometer.csv": axes(FIELD),
        "Metadata.csv": METADATA["android"],
        **more,
    }


def ios(**more: str) -> dict[str, str]:
    return {
        "Accelerometer.csv": axes(-LINEAR),
        "Gravity.csv": axes(-GRAVITY),
        "Gyroscope.csv": axes(RATE),
        "Magnetometer.csv": axes(FIELD),
        "Metadata.csv": METADATA["ios"],
        **more,
    }


def whats(recording) -> str:
    return " | ".join(f"{p.what}: {p.where}: {p.effect}" for p in recording.problems)


def assert_movement(recording) -> None:
    force = recording.channels["phone_acc_m_s2"]
    np.testing.assert_allclose(force.values, FORCE, atol=2e-4)
    assert force.values.dtype == np.float32
    assert force.time_s.dtype == np.float64
    np.testing.assert_allclose(recording.channels["phone_gyro_rad_s"].values, RATE, atol=1e-6)
    np.testing.assert_allclose(recording.channels["phone_mag_ut"].values, FIELD, atol=1e-5)
    assert recording.placements == ("phone",)


def test_android_total_acceleration_is_the_specific_force(tmp_path):
    recording = read(export(tmp_path / "log", android()))
    assert_movement(recording)
    assert recording.problems == ()
    assert recording.format == "Sensor Logger"
    assert recording.start_time == datetime.fromtimestamp(START_S, UTC)
    assert recording.utc_offset_s == 7200
    assert str(recording.device) == "Pixel 6"
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].time_s, ELAPSED_S, atol=1e-5)


@pytest.mark.parametrize("platform", ["android", "ios", "ios standardised"])
def test_linear_acceleration_and_gravity_make_the_specific_force(tmp_path, platform):
    files = ios() if platform == "ios" else android()
    files.pop("TotalAcceleration.csv", None)
    files["Metadata.csv"] = METADATA[platform]
    recording = read(export(tmp_path / "log", files))
    assert_movement(recording)
    assert recording.problems == ()


def test_an_iphone_is_known_by_its_model_and_not_by_its_owner(tmp_path):
    recording = read(export(tmp_path / "log", ios()))
    assert str(recording.device) == "Apple iPhone 13 mini"
    assert recording.utc_offset_s == 5.5 * 3600


@pytest.mark.parametrize("order", ["zyx", "yzx", "xyz"])
def test_axes_are_found_by_name_in_any_order(tmp_path, order):
    files = android()
    files["TotalAcceleration.csv"] = axes(FORCE, order)
    files["Gyroscope.csv"] = axes(RATE, order)
    assert_movement(read(export(tmp_path / "log", files)))


@pytest.mark.parametrize("inside", ["", "2024-04-22_15-40-20/"])
def test_a_zip_is_read_like_a_folder(tmp_path, inside):
    path = zipped(tmp_path / "run.zip", ios(), inside=inside)
    recording = read(path)
    assert_movement(recording)


def test_gravity_on_another_clock_is_interpolated_and_not_invented(tmp_path):
    slow_s = np.arange(0.0, 2.0, 0.02)
    files = android()
    del files["TotalAcceleration.csv"]
    files["Gravity.csv"] = axes(np.tile(G * UP, (len(slow_s), 1)), elapsed_s=slow_s)
    force = read(export(tmp_path / "log", files)).channels["phone_acc_m_s2"]
    covered = force.time_s < 2.4
    np.testing.assert_allclose(force.values[covered], FORCE[covered], atol=2e-4)
    assert np.isnan(force.values[force.time_s > 2.6]).all()


@pytest.mark.parametrize(
    ("raw", "metadata"),
    [(-FORCE / G, "ios"), (FORCE, "android"), (FORCE, "ios standardised")],
    ids=["ios in g", "android", "standardised"],
)
def test_raw_acceleration_serves_where_nothing_better_is_there(tmp_path, raw, metadata):
    files = {"AccelerometerUncalibrated.csv": axes(raw), "Metadata.csv": METADATA[metadata]}
    recording = read(export(tmp_path / "log", files))
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)
    assert "accelerometer only as raw values" in whats(recording)
    assert ("acceleration in g" in whats(recording)) == (metadata == "ios")


def test_linear_acceleration_alone_is_no_specific_force(tmp_path):
    files = android()
    del files["TotalAcceleration.csv"], files["Gravity.csv"]
    recording = read(export(tmp_path / "log", files))
    assert "phone_acc_m_s2" not in recording.channels
    assert "phone_gyro_rad_s" in recording.channels
    assert "acceleration without gravity: Accelerometer.csv" in whats(recording)


# Orientation: the quaternion turns the phone's axes to a world with z up. The phone above has
# up = (0.5, 0.866, 0); let its z axis point to a compass bearing.


def orientation(bearing_deg: float, *, x_is_north: bool) -> np.ndarray:
    """Quaternion x, y, z, w of the phone whose screen looks to a bearing."""
    from scipy.spatial.transform import Rotation

    b = np.radians(bearing_deg)
    z_in_world = np.array([np.sin(b), np.cos(b), 0.0])  # east, north, up
    if x_is_north:
        z_in_world = np.array([np.cos(b), -np.sin(b), 0.0])  # north, west, up
    up = np.array([0.0, 0.0, 1.0])
    phone = np.column_stack([UP, np.cross([0, 0, 1], UP), [0, 0, 1]])
    world = np.column_stack([up, np.cross(z_in_world, up), z_in_world])
    return np.tile(Rotation.from_matrix(world @ phone.T).as_quat(), (N, 1))


def orientation_csv(quaternion: np.ndarray) -> str:
    x, y, z, w = quaternion.T
    zero = np.zeros(N)
    return table({"qz": z, "qy": y, "qx": x, "qw": w, "roll": zero, "pitch": zero, "yaw": zero})


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_orientation_turns_the_sensor_to_east_north_up(tmp_path, platform):
    from scipy.spatial.transform import Rotation

    turn = orientation(70.0, x_is_north=platform == "ios")
    make = {"android": android, "ios": ios}[platform]
    recording = read(export(tmp_path / "log", make(**{"Orientation.csv": orientation_csv(turn)})))
    found = Rotation.from_quat(recording.channels["phone_orientation"].values)
    looks = found.apply([0.0, 0.0, 1.0])[0]
    assert np.degrees(np.arctan2(looks[0], looks[1])) == pytest.approx(70.0, abs=0.01)
    np.testing.assert_allclose(found.apply(UP)[0], [0, 0, 1], atol=1e-5)
    assert_movement(recording)


def test_without_metadata_the_orientation_tells_an_iphone(tmp_path):
    files = ios(**{"Orientation.csv": orientation_csv(orientation(0.0, x_is_north=True))})
    del files["Metadata.csv"]
    files["AccelerometerUncalibrated.csv"] = axes(-FORCE / G)
    recording = read(export(tmp_path / "log", files))
    assert_movement(recording)
    assert recording.start_time is not None
    assert "unknown kind" not in whats(recording)


def test_without_any_hint_android_is_assumed_and_said(tmp_path):
    files = ios()
    del files["Metadata.csv"]
    files["AccelerometerUncalibrated.csv"] = axes(-FORCE / G)
    recording = read(export(tmp_path / "log", files))
    assert "phone of unknown kind" in whats(recording)
    assert "upside down" in whats(recording)


def test_orientation_corrects_metadata_that_are_wrong(tmp_path):
    files = ios(**{"Orientation.csv": orientation_csv(orientation(0.0, x_is_north=True))})
    files["Metadata.csv"] = METADATA["ios standardised"]
    recording = read(export(tmp_path / "log", files))
    assert_movement(recording)
    assert "accelerations point the other way" in whats(recording)


LOCATION = (
    "time,seconds_elapsed,bearingAccuracy,speedAccuracy,verticalAccuracy,horizontalAccuracy,"
    "speed,bearing,altitude,longitude,latitude\n"
)
LOCATION_IOS = (
    "time,seconds_elapsed,altitude,speedAccuracy,bearingAccuracy,latitude,"
    "altitudeAboveMeanSeaLevel,bearing,horizontalAccuracy,verticalAccuracy,longitude,speed\n"
)


def ns(second: float) -> int:
    return round((START_S + second) * 1e9)


def test_location_of_android(tmp_path):
    rows = [f"{ns(s)},{s},45,1.5,3.7,5.0,3.1,90,250.5,11.5,{48.1 + s * 1e-5}" for s in range(10)]
    recording = read(
        export(tmp_path / "log", android(**{"Location.csv": LOCATION + "\n".join(rows)}))
    )
    found = recording.channels
    assert found["latitude_deg"].values[9] == pytest.approx(48.10009)
    assert found["longitude_deg"].values[0] == 11.5
    assert found["altitude_m"].values[0] == 250.5
    assert found["speed_m_s"].values[0] == 3.1
    assert found["course_deg"].values[0] == 90
    assert found["position_accuracy_m"].values[0] == 5
    assert "altitude above the ellipsoid" in whats(recording)


def test_location_of_an_iphone_has_the_altitude_above_the_sea(tmp_path):
    rows = [
        f"{ns(s)},{s},260,0.5,-1,48.1,213.5,-1,4.7,3,11.5,{-1 if s == 0 else 2.5}" for s in range(5)
    ]
    recording = read(
        export(tmp_path / "log", ios(**{"Location.csv": LOCATION_IOS + "\n".join(rows)}))
    )
    assert recording.channels["altitude_m"].values[0] == 213.5
    assert "course_deg" not in recording.channels
    assert np.isnan(recording.channels["speed_m_s"].values[0])
    assert recording.channels["speed_m_s"].values[1] == 2.5
    assert recording.problems == ()


def test_heart_rate_compass_and_annotations(tmp_path):
    files = android(
        **{
            "HeartRate.csv": f"time,seconds_elapsed,bpm\n{ns(1)},1,120\n{ns(2)},2,124",
            "Compass.csv": f"time,seconds_elapsed,magneticBearing\n{ns(1)},1,270\n{ns(2)},2,271",
            "Annotation.csv": (
                "time,seconds_elapsed,text,millisecond_press_duration\n"
                f'{ns(1)},1,"forward, easy",120\n{ns(3)},3,backward,90'
            ),
            "Barometer.csv": f"time,seconds_elapsed,relativeAltitude,pressure\n{ns(1)},1,0,1000",
        }
    )
    recording = read(export(tmp_path / "log", files))
    assert recording.channels["heart_rate_bpm"].values.tolist() == [120, 124]
    assert recording.channels["heading_deg"].values.tolist() == [270, 271]
    assert [lap.name for lap in recording.laps] == ["forward, easy", "backward"]
    assert recording.laps[0].span.start_s == pytest.approx(1, abs=1e-5)
    assert recording.laps[0].span.end_s == pytest.approx(3, abs=1e-5)
    assert recording.laps[1].span.end_s == pytest.approx(ELAPSED_S[-1], abs=1e-5)
    assert "does not use: Barometer" in whats(recording)


WRIST = (
    *(f"rotationRate{a}" for a in "XYZ"),
    *(f"gravity{a}" for a in "XYZ"),
    *(f"acceleration{a}" for a in "XYZ"),
    *(f"quaternion{a}" for a in "WXYZ"),
)


def wrist_csv(*, sign: float, unit: float, quaternion: np.ndarray) -> str:
    values = np.column_stack(
        [RATE, sign * GRAVITY / unit, sign * LINEAR / unit, np.roll(quaternion, 1, axis=1)]
    )
    return table(dict(zip(WRIST, values.T, strict=True)))


@pytest.mark.parametrize(("sign", "unit"), [(-1.0, G), (1.0, 1.0)], ids=["apple", "wear"])
def test_a_watch_alone_stands_in_for_a_phone(tmp_path, sign, unit):
    turn = orientation(10.0, x_is_north=False)
    files = {"WristMotion.csv": wrist_csv(sign=sign, unit=unit, quaternion=turn)}
    files["Metadata.csv"] = METADATA["ios"]
    recording = read(export(tmp_path / "log", files))
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)
    np.testing.assert_allclose(recording.channels["phone_gyro_rad_s"].values, RATE, atol=1e-6)
    assert "phone_orientation" not in recording.channels
    assert "its side not recorded" in whats(recording)


def test_a_watch_beside_a_phone_is_left_out(tmp_path):
    watch = wrist_csv(sign=-1.0, unit=G, quaternion=orientation(0.0, x_is_north=False))
    recording = read(export(tmp_path / "log", ios(**{"WristMotion.csv": watch})))
    assert_movement(recording)
    assert "a watch was worn on a wrist" in whats(recording)


def combined() -> str:
    """The combined CSV: every row a moment, sensors beside each other, most cells empty."""
    header = ["time", "seconds_elapsed", "gyroscope_z", "gyroscope_y", "gyroscope_x"]
    header += ["gravity_z", "gravity_y", "gravity_x", "location_altitude", "location_latitude"]
    header += ["location_longitude", "location_speed", "accelerometer_z", "accelerometer_y"]
    header += ["accelerometer_x", "barometer_pressure"]
    rows = [",".join(header)]
    for i, s in enumerate(ELAPSED_S):
        first = [ns(s), s, *RATE[i, ::-1]]
        place = ["300", "48.1", "11.5", "2.5"] if i % 100 == 0 else [""] * 4
        rows.append(
            ",".join(str(v) for v in [*first, *GRAVITY[i, ::-1], *place, *LINEAR[i, ::-1], "1000"])
        )
    return "\n".join(rows)


def test_the_combined_csv(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text(combined())
    recording = read(path)
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)
    np.testing.assert_allclose(recording.channels["phone_gyro_rad_s"].values, RATE, atol=1e-6)
    assert recording.channels["latitude_deg"].samples == 4
    assert "barometer" in whats(recording)


def test_the_json_export(tmp_path):
    rows = []
    for sensor, vectors in (("TotalAcceleration", FORCE), ("Gyroscope", RATE)):
        for s, (x, y, z) in zip(ELAPSED_S, vectors, strict=True):
            row = {"sensor": sensor, "time": str(ns(s)), "seconds_elapsed": str(s)}
            rows.append(row | {"z": str(z), "y": str(y), "x": str(x)})
    text = json.dumps(rows, indent=2)
    path = tmp_path / "run.json"
    path.write_text(text)
    recording = read(path)
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)
    np.testing.assert_allclose(recording.channels["phone_gyro_rad_s"].values, RATE, atol=1e-6)

    path.write_text(text[: len(text) * 3 // 4])
    cut = read(path)
    assert "cut JSON" in whats(cut)
    assert 0 < cut.channels["phone_gyro_rad_s"].samples < N


def test_one_sensor_file_on_its_own(tmp_path):
    path = tmp_path / "Walk_TotalAcceleration.csv"
    path.write_text(axes(FORCE))
    np.testing.assert_allclose(read(path).channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)


def test_a_renamed_file_is_read_only_if_it_has_gravity_in_it(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(axes(FORCE))
    np.testing.assert_allclose(read(path).channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)
    path.write_text(axes(LINEAR))
    with pytest.raises(Unreadable):
        read(path)


def test_seconds_serve_where_a_sensor_counts_from_its_own_moment(tmp_path):
    files = android()
    rows = files["Gyroscope.csv"].split("\n")
    rows[1:] = [str(int(r.split(",")[0]) - ns(0) + 10**17) + r[r.index(",") :] for r in rows[1:]]
    files["Gyroscope.csv"] = "\n".join(rows)
    recording = read(export(tmp_path / "log", files))
    np.testing.assert_allclose(recording.channels["phone_gyro_rad_s"].time_s, ELAPSED_S, atol=1e-5)
    assert "a clock of its own: Gyroscope.csv" in whats(recording)


@pytest.mark.parametrize("scale", [1, 1e3, 1e6, 1e9], ids=["s", "ms", "us", "ns"])
def test_times_in_any_unit(tmp_path, scale):
    rows = ["time,x,y,z"]
    rows += [
        f"{(START_S + s) * scale:.6f},{x},{y},{z}"
        for s, (x, y, z) in zip(ELAPSED_S, FORCE, strict=True)
    ]
    files = {"TotalAcceleration.csv": "\n".join(rows), "Metadata.csv": METADATA["android"]}
    recording = read(export(tmp_path / "log", files))
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].time_s, ELAPSED_S, atol=1e-4)


def test_times_of_another_age_are_no_times(tmp_path):
    files = android()
    rows = files["Gyroscope.csv"].split("\n")
    rows[5] = rows[5].replace("17138", "9917138", 1)
    rows[9] = rows[9].replace("17138", "", 1)
    files["Gyroscope.csv"] = "\n".join(rows)
    recording = read(export(tmp_path / "log", files))
    rate = recording.channels["phone_gyro_rad_s"]
    assert rate.samples == N
    assert rate.time_s[-1] < 5
    assert "placed by their order" in whats(recording)


BAD = {
    "empty": b"",
    "header only": b"time,seconds_elapsed,z,y,x\n",
    "no such columns": b"time,seconds_elapsed,a,b\n1,2,3,4\n",
    "binary": bytes(range(256)) * 20,
    "nulls": b"\0" * 5000,
    "words": b"time,seconds_elapsed,z,y,x\nno,number,in,this,file\n",
    "one quote": b'time,seconds_elapsed,z,y,x\n"' + b"1,2,3,4,5\n" * 10,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_damaged_sensor_does_not_lose_the_others(tmp_path, bad):
    files: dict[str, str | bytes] = {**android(), "Gyroscope.csv": bad}
    recording = read(export(tmp_path / "log", files))
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].values, FORCE, atol=2e-4)
    assert "Gyroscope" in whats(recording) or "phone_gyro_rad_s" in recording.channels


def test_a_column_that_is_missing_is_named(tmp_path):
    files = android()
    files["Gyroscope.csv"] = axes(RATE, "zy")
    assert "Gyroscope.csv" in whats(read(export(tmp_path / "log", files)))


def test_nothing_readable_says_what_and_what_to_do(tmp_path):
    files = {"Metadata.csv": METADATA["ios"], "Accelerometer.csv": axes(LINEAR), "Gravity.csv": ""}
    with pytest.raises(Unreadable, match=r"Gravity.*Switch on Accelerometer and Gravity"):
        read(export(tmp_path / "log", files))


def test_two_recordings_below_one_folder(tmp_path):
    export(tmp_path / "one", android())
    export(tmp_path / "two", ios())
    assert len(list(read_all(tmp_path))) == 2


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_never_ends_in_another_error(data):
    """Cut, flipped and shuffled files give a recording or `Unreadable`, nothing else."""
    name = data.draw(
        st.sampled_from(["TotalAcceleration.csv", "Location.csv", "Annotation.csv", "Metadata.csv"])
    )
    content = {
        "TotalAcceleration.csv": axes(FORCE[:20], elapsed_s=ELAPSED_S[:20]),
        "Location.csv": LOCATION + f"{ns(1)},1,45,1.5,3.7,5.0,3.1,90,250.5,11.5,48.1",
        "Annotation.csv": f"time,seconds_elapsed,text,x\n{ns(1)},1,hello,120",
        "Metadata.csv": METADATA["ios"],
    }
    damaged = bytearray(content[name].encode())
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    files = {key: value.encode() for key, value in content.items()} | {name: bytes(damaged)}
    members = {key: Source.of_bytes(value, name=f"log/{key}") for key, value in files.items()}
    with suppress(Unreadable):
        for recording in sensor_logger.read_folder(Tree("log", members), limits=Limits()):
            assert recording.file == "log"
