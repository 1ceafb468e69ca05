"""phyphox exports in the app's own layouts: its headers, its number format, its meta files."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats import phyphox, read
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Span

G = 9.81
N = 500
TIME_S = 0.02 + np.arange(N) / 100.0
UP = np.array([0.0, 0.6, 0.8])
LINEAR = np.column_stack(
    [
        2.0 * np.sin(2 * np.pi * 1.5 * TIME_S),
        np.zeros(N),
        4.0 * np.cos(2 * np.pi * 3.0 * TIME_S),
    ]
)
GRAVITY = np.tile(G * UP, (N, 1))
FORCE = LINEAR + GRAVITY
RATE = np.column_stack([np.sin(TIME_S), np.full(N, -0.5), np.cos(TIME_S)])
START_S = 1_759_650_000.0


def number(value: float, *, decimal: str = ".") -> str:
    """`2.506474800E-2`, as the app writes it."""
    if np.isnan(value):
        return "NaN"
    mantissa, exponent = f"{value:.9E}".split("E")
    return f"{mantissa}E{int(exponent)}".replace(".", decimal)


def sheet(
    names: list[str],
    *columns: np.ndarray,
    time_s: np.ndarray = TIME_S,
    separator: str = ",",
    decimal: str = ".",
    time: str = "Time (s)",
) -> str:
    rows = [separator.join(f'"{name}"' for name in [time, *names])]
    for row in np.column_stack([time_s, *columns]):
        rows.append(separator.join(number(v, decimal=decimal) for v in row))
    return "\n".join(rows) + "\n"


def vector(kind: str, unit: str) -> list[str]:
    return [f"{kind} {axis} ({unit})".strip() for axis in "xyz"]


ACCELERATION = [*vector("Acceleration", "m/s^2"), "Absolute acceleration (m/s^2)"]
SIZE = np.linalg.norm(FORCE, axis=1)

META_TIME = (
    '"event","experiment time","system time","system time text"\n'
    '"START",0.000000000E0,1759650000.000,"2025-10-05 09:40:00.000 UTC+02:00"\n'
    '"PAUSE",2.000000000E0,1759650002.000,"2025-10-05 09:40:02.000 UTC+02:00"\n'
    '"START",2.000000000E0,1759650012.500,"2025-10-05 09:40:12.500 UTC+02:00"\n'
    '"PAUSE",5.020000000E0,1759650015.520,"2025-10-05 09:40:15.520 UTC+02:00"\n'
)
META_DEVICE = (
    '"property","value"\n"version","1.1.16"\n"deviceModel","iPhone14,2"\n"deviceBrand","Apple"\n'
    '"deviceManufacturer",""\n"uniqueID","not to be kept"\n'
)


def export(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def whats(recording) -> str:
    return " | ".join(f"{p.what}: {p.where}: {p.effect}" for p in recording.problems)


def force_of(recording) -> np.ndarray:
    channel = recording.channels["phone_acc_m_s2"]
    assert channel.values.dtype == np.float32
    return channel.values


def test_a_zip_with_pauses_has_the_time_of_day(tmp_path):
    path = export(
        tmp_path / "Acceleration 2025-10-05 09-40-00.zip",
        {
            "Raw Data.csv": sheet(ACCELERATION, FORCE, SIZE),
            "meta/device.csv": META_DEVICE,
            "meta/time.csv": META_TIME,
        },
    )
    recording = read(path)
    np.testing.assert_allclose(force_of(recording), FORCE, atol=1e-5)
    assert recording.format == "phyphox"
    assert recording.start_time == datetime.fromtimestamp(START_S, UTC)
    assert recording.utc_offset_s == 7200
    assert str(recording.device) == "Apple iPhone14,2"
    assert recording.pauses == (Span(2.0, 12.5),)
    assert recording.problems == ()
    time_s = recording.channels["phone_acc_m_s2"].time_s
    running = TIME_S < 2.0
    np.testing.assert_allclose(time_s[running], TIME_S[running], atol=1e-5)
    np.testing.assert_allclose(time_s[~running], TIME_S[~running] + 10.5, atol=1e-5)


@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")],
    ids=["comma", "semicolon", "semicolon-comma", "tab", "tab-comma"],
)
def test_every_separator_and_decimal_mark(tmp_path, separator, decimal):
    style = {"separator": separator, "decimal": decimal}
    meta = META_TIME
    if separator != ",":
        meta = "\n".join(separator.join(line.split(",")) for line in META_TIME.split("\n"))
    if decimal == ",":
        head, *rest = meta.split("\n")
        meta = "\n".join([head, *(line.replace(".", ",") for line in rest)])
    path = export(
        tmp_path / "run.zip",
        {"Raw Data.csv": sheet(ACCELERATION, FORCE, SIZE, **style), "meta/time.csv": meta},
    )
    recording = read(path)
    np.testing.assert_allclose(force_of(recording), FORCE, atol=1e-5)
    assert recording.pauses == (Span(2.0, 12.5),)


HEADERS = {
    "superscript": ("Time (s)", vector("Acceleration", "m/s²")),
    "bare axes": ("Time (s)", ["X (m/s^2)", "Y (m/s^2)", "Z (m/s^2)"]),
    "German": ("Zeit (s)", vector("Beschleunigung", "m/s²")),
    "French": ("Temps (s)", vector("Accélération", "m/s²")),
    "order": ("Time (s)", vector("Acceleration", "m/s^2")),
}


@pytest.mark.parametrize(("time", "names"), HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_headers_in_other_words_and_encodings(tmp_path, time, names, encoding):
    path = tmp_path / "Accelerometer.csv"
    path.write_bytes(sheet(names, FORCE, time=time, separator=";").encode(encoding))
    np.testing.assert_allclose(force_of(read(path)), FORCE, atol=1e-5)


def test_axes_in_another_order(tmp_path):
    path = tmp_path / "Raw Data.csv"
    names = [f"Acceleration {axis} (m/s^2)" for axis in "zyx"]
    path.write_text(sheet(names, FORCE[:, ::-1]))
    np.testing.assert_allclose(force_of(read(path)), FORCE, atol=1e-5)


def test_several_sensors_one_table_each(tmp_path):
    """The layout of an experiment that the user put together, as the iOS app writes it."""
    bare = "X ({0})|Y ({0})|Z ({0})".format
    turn = np.tile([0.5, 0.5, -0.5, 0.5], (N, 1))
    files = {
        "Accelerometer.csv": sheet(bare("m/s^2").split("|"), FORCE),
        "Linear Accelerometer.csv": sheet(bare("m/s^2").split("|"), LINEAR),
        "Gyroscope.csv": sheet(bare("rad/s").split("|"), RATE),
        "Magnetometer.csv": sheet(bare("µT").split("|"), 5 * RATE),
        "Orientation.csv": sheet(
            ["w", "x", "y", "z", "Direct (°)", "Yaw (°)"], turn, np.zeros(N), np.zeros(N)
        ),
        "Barometer.csv": sheet(["X (hPa)"], np.full(N, 1013.0)),
        "meta/time.csv": META_TIME,
    }
    recording = read(export(tmp_path / "run.zip", files))
    np.testing.assert_allclose(force_of(recording), FORCE, atol=1e-5)
    np.testing.assert_allclose(recording.channels["phone_gyro_rad_s"].values, RATE, atol=1e-6)
    np.testing.assert_allclose(recording.channels["phone_mag_ut"].values, 5 * RATE, atol=1e-5)
    found = recording.channels["phone_orientation"].values[0]
    np.testing.assert_allclose(found, [0.5, -0.5, 0.5, 0.5])
    assert "X (hPa) in Barometer.csv" in whats(recording)


def test_location(tmp_path):
    names = [
        "Latitude (°)", "Longitude (°)", "Height (m)", "Velocity (m/s)", "Direction (°)",
        "Horizontal Accuracy (m)", "Vertical Accuracy (°)",
    ]  # fmt: skip
    time_s = np.arange(5.0)
    place = np.column_stack([48 + time_s * 1e-5, np.full(5, 11.5), np.full(5, 300.0)])
    motion = np.column_stack([np.full(5, 2.5), [np.nan, 90, 91, 92, 93], np.full(5, 4.0)])
    text = sheet(names, place, motion, np.full(5, 3.0), time_s=time_s)
    recording = read(
        export(tmp_path / "run.zip", {"Location.csv": text, "meta/time.csv": META_TIME})
    )
    found = recording.channels
    assert found["latitude_deg"].values[4] == pytest.approx(48.00004)
    assert found["altitude_m"].values[0] == 300
    assert found["speed_m_s"].values[0] == 2.5
    assert np.isnan(found["course_deg"].values[0])
    assert found["course_deg"].values[1] == 90
    assert found["position_accuracy_m"].values[0] == 4
    assert recording.problems == ()


def test_linear_acceleration_alone_is_refused_with_the_reason(tmp_path):
    names = [*vector("Linear Acceleration", "m/s^2"), "Absolute acceleration (m/s^2)"]
    path = tmp_path / "Raw Data.csv"
    path.write_text(sheet(names, LINEAR, np.zeros(N)))
    with pytest.raises(Unreadable, match=r"acceleration without gravity.*with g"):
        read(path)


@pytest.mark.parametrize("name", ["Linear Acceleration", "Lineare Beschleunigung", "Acceleration"])
def test_linear_acceleration_beside_another_sensor_is_a_problem(tmp_path, name):
    """Also where only the values, not the name, tell that gravity was taken out."""
    path = tmp_path / "Raw Data.csv"
    names = [*vector(name, "m/s^2"), *vector("Gyroscope", "rad/s")]
    path.write_text(sheet(names, LINEAR, RATE))
    recording = read(path)
    assert set(recording.channels) == {"phone_gyro_rad_s"}
    assert "acceleration without gravity: Raw Data.csv" in whats(recording)


def test_linear_acceleration_and_gravity_make_the_specific_force(tmp_path):
    files = {
        "Linear Accelerometer.csv": sheet(vector("Linear Acceleration", "m/s^2"), LINEAR),
        "Gravity.csv": sheet(vector("Gravity", "m/s^2"), GRAVITY),
        "meta/time.csv": META_TIME,
    }
    recording = read(export(tmp_path / "run.zip", files))
    np.testing.assert_allclose(force_of(recording), FORCE, atol=1e-5)


def test_degrees_a_second_become_radians(tmp_path):
    path = tmp_path / "Gyroscope.csv"
    path.write_text(sheet(vector("Gyroscope", "°/s"), np.degrees(RATE)))
    np.testing.assert_allclose(read(path).channels["phone_gyro_rad_s"].values, RATE, atol=1e-6)


def test_columns_of_different_length_are_padded_and_the_padding_is_dropped(tmp_path):
    path = tmp_path / "Raw Data.csv"
    path.write_text(sheet(ACCELERATION, FORCE, SIZE) + "NaN,1.0E0,NaN,NaN,NaN\n" * 7)
    recording = read(path)
    assert recording.channels["phone_acc_m_s2"].samples == N


def test_without_meta_there_is_no_date(tmp_path):
    recording = read(
        export(tmp_path / "run.zip", {"Raw Data.csv": sheet(ACCELERATION, FORCE, SIZE)})
    )
    assert recording.start_time is None
    assert "no start in meta/time.csv" in whats(recording)
    np.testing.assert_allclose(recording.channels["phone_acc_m_s2"].time_s, TIME_S, atol=1e-9)


def test_a_folder_of_the_other_app_reaches_its_reader(tmp_path):
    """Both apps write Accelerometer.csv and Gyroscope.csv; only the header tells which."""
    ours = {
        "Accelerometer.csv": sheet(vector("Acceleration", "m/s^2"), FORCE),
        "Gyroscope.csv": sheet(vector("Gyroscope", "rad/s"), RATE),
    }
    assert read(folder_of(tmp_path / "ours", ours)).format == "phyphox"

    rows = "\n".join(f"{1.7e18 + i * 1e7:.0f},{i / 100},9.8,0,0.1" for i in range(50))
    theirs = {"TotalAcceleration.csv": "time,seconds_elapsed,z,y,x\n" + rows}
    assert read(folder_of(tmp_path / "theirs", theirs)).format == "Sensor Logger"


def folder_of(folder, texts):
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_other_tables_are_not_ours():
    for head in (b"", b"\0\0", b"Time (s),Voltage (V)\n1,2", b"time_s,phone_acc_x_m_s2\n",
                 b'"event","experiment time","system time","system time text"\n',
                 b"name,price\n", b"<gpx", b'"property","value"\n'):  # fmt: skip
        assert not phyphox.recognises(head)


def test_a_table_of_another_experiment_is_no_activity(tmp_path):
    files = {"Raw Data.csv": sheet(["Voltage (V)"], SIZE), "meta/time.csv": META_TIME}
    with pytest.raises(NotAnActivity):
        read(export(tmp_path / "run.zip", files))


BAD: dict[str, str | bytes] = {
    "empty": "",
    "header only": '"Time (s)","Gyroscope x (rad/s)","Gyroscope y (rad/s)","Gyroscope z (rad/s)"\n',
    "no time": '"Gyroscope x (rad/s)","Gyroscope y (rad/s)"\n1,2\n',
    "binary": bytes(range(256)) * 10,
    "words": '"Time (s)","Gyroscope x (rad/s)"\nno,number\n',
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_damaged_table_does_not_lose_the_others(tmp_path, bad):
    files = {
        "Accelerometer.csv": sheet(vector("Acceleration", "m/s^2"), FORCE),
        "Gyroscope.csv": bad,
        "meta/time.csv": META_TIME,
        "meta/device.csv": b"\xff\xfe\x00",
    }
    recording = read(export(tmp_path / "run.zip", files))
    np.testing.assert_allclose(force_of(recording), FORCE, atol=1e-5)
    assert "Gyroscope.csv" in whats(recording)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_never_ends_in_another_error(data):
    content = {
        "Raw Data.csv": sheet(ACCELERATION, FORCE[:20], SIZE[:20], time_s=TIME_S[:20]),
        "meta/time.csv": META_TIME,
        "meta/device.csv": META_DEVICE,
    }
    name = data.draw(st.sampled_from(sorted(content)))
    damaged = bytearray(content[name].encode())
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    files = {key: value.encode() for key, value in content.items()} | {name: bytes(damaged)}
    members = {key: Source.of_bytes(value, name=f"log/{key}") for key, value in files.items()}
    with suppress(Unreadable):
        for recording in phyphox.read_folder(Tree("log", members), limits=Limits()):
            assert recording.file == "log"
