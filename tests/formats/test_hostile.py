"""Files that lie, break or attack: what can be saved is saved and the loss is listed."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from making import GPX_HEAD, fit, gpx, point, record, run, session
from retrorun import formats
from retrorun.errors import NotAnActivity, TooLarge, Unreadable
from retrorun.formats import Limits
from retrorun.recording import Recording


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def whats(recording: Recording) -> str:
    return " | ".join(f"{p.what}: {p.where}: {p.effect}" for p in recording.problems)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# --- nothing in it ------------------------------------------------------------------------------


NOTHING_TO_READ = [
    ("empty.fit", b"", "an empty file; wanted a recorded activity"),
    ("blank.gpx", b" \n\n ", "nothing but blanks"),
    ("photo.fit", b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture; wanted a recorded"),
    ("page.gpx", b"<!DOCTYPE html><html></html>", "a web page"),
    ("noise.fit", bytes(range(256)) * 4, "of a kind that retrorun does not know"),
    ("head.fit", b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT\x00\x00", "nothing can be decoded"),
    ("cut.gz", gzip.compress(b"<gpx>" * 10_000)[:14], "compressed data are damaged"),
    ("cut.zip", zipped(**{"a.gpx": gpx(point(0))})[:80], "zip is damaged"),
    ("none.gpx", f"{GPX_HEAD}</gpx>".encode(), "a GPX file without a track point"),
]


@pytest.mark.parametrize(
    ("name", "data", "says"), NOTHING_TO_READ, ids=[name for name, _, _ in NOTHING_TO_READ]
)
def test_what_cannot_be_read_ends_with_one_clear_line(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    with pytest.raises(Unreadable, match=says) as caught:
        formats.read(written(tmp_path, name, data))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_without_permission(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="there is no such file"):
        formats.read(tmp_path / "nowhere.fit")
    secret = written(tmp_path, "secret.fit", fit(*run(5)))
    secret.chmod(0)
    with as_a_person(), pytest.raises(Unreadable, match="permission denied"):
        formats.read(secret)


@contextmanager
def as_a_person() -> Iterator[None]:
    """Root may read everything, so a test that runs as root becomes nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# --- damage -------------------------------------------------------------------------------------


def test_a_cut_file_keeps_what_came_before(tmp_path: Path) -> None:
    data = fit(*run(60))
    recording = formats.read(written(tmp_path, "cut.fit", data[: len(data) // 2]))
    assert 10 < recording.channels["heart_rate_bpm"].samples < 60
    assert "the file is cut or damaged" in whats(recording)
    assert "everything before is kept" in whats(recording)


def test_a_wrong_checksum_loses_nothing(tmp_path: Path) -> None:
    data = bytearray(fit(*run(60)))
    data[-1] ^= 0xFF
    recording = formats.read(written(tmp_path, "sum.fit", bytes(data)))
    assert recording.channels["heart_rate_bpm"].samples == 60
    assert "the checksum is wrong" in whats(recording)


def test_a_cut_gpx_keeps_its_whole_points(tmp_path: Path) -> None:
    data = gpx(*(point(s) for s in range(50)))
    recording = formats.read(written(tmp_path, "cut.gpx", data[: data.index(b"08:00:30")]))
    assert recording.channels["latitude_deg"].samples >= 30
    assert "damaged XML" in whats(recording)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    text = gpx(point(0), point(5), sport="Läufe").decode().replace("UTF-8", encoding)
    recording = formats.read(written(tmp_path, "a.gpx", text.encode(encoding)))
    assert recording.sport == "Läufe"
    assert recording.duration_s == 5


def test_bytes_that_are_no_utf8_do_not_stop_the_reader(tmp_path: Path) -> None:
    data = gpx(point(0), point(5), sport="L??fe").replace(b"??", b"\xe4\xff")
    assert formats.read(written(tmp_path, "a.gpx", data)).duration_s == 5


# --- clocks -------------------------------------------------------------------------------------


def test_a_clock_that_jumps_back_is_put_in_order(tmp_path: Path) -> None:
    rows = [record(s, heart_rate=100 + s) for s in (0, 1, 2, 5, 3, 4, 6)]
    recording = formats.read(written(tmp_path, "a.fit", fit(*rows, session(0, 6))))
    heart = recording.channels["heart_rate_bpm"]
    np.testing.assert_array_equal(heart.time_s, np.arange(7))
    np.testing.assert_array_equal(heart.values, 100 + np.arange(7))
    assert "clock jumps back: 1 of 7 records, by up to 2 s: put in order" in whats(recording)


def test_a_clock_that_was_set_back_keeps_the_order_recorded(tmp_path: Path) -> None:
    seconds = [*range(600, 660), *range(0, 640)]
    rows = [record(s, heart_rate=100, distance=float(i)) for i, s in enumerate(seconds)]
    recording = formats.read(written(tmp_path, "a.fit", fit(*rows)))
    distance = recording.channels["distance_m"]
    np.testing.assert_array_equal(distance.values, np.arange(len(seconds)))
    assert distance.time_s[-1] == pytest.approx(len(seconds) - 1)
    assert "clock jumps back" in whats(recording)


def test_a_single_wrong_date_does_not_stretch_the_recording(tmp_path: Path) -> None:
    rows = run(60)
    rows[30] = rows[30] | {"timestamp": "1990-01-01T00:00:00"}
    recording = formats.read(written(tmp_path, "a.fit", fit(*rows)))
    assert recording.channels["heart_rate_bpm"].samples == 60
    assert recording.duration_s == pytest.approx(59)
    assert "dates far from the rest: 1 of 60 samples: moved to join" in whats(recording)


def test_a_clock_that_was_set_on_the_way_joins_its_parts(tmp_path: Path) -> None:
    """150 s before the satellites told the date, 150 s after: one run of 300 s."""
    early = [point(s).replace("2026-05-01", "1989-12-31") for s in range(150)]
    late = [point(s, latitude=52.001) for s in range(150, 300)]
    recording = formats.read(written(tmp_path, "a.gpx", gpx(*early, *late)))
    latitude = recording.channels["latitude_deg"]
    np.testing.assert_allclose(latitude.time_s, np.arange(300))
    assert recording.start_time is not None
    assert "150 of 300 samples: moved to join the others" in whats(recording)


def test_a_cut_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    packed = gzip.compress(gpx(*(point(s) for s in range(3000))))
    recording = formats.read(written(tmp_path, "a.gpx.gz", packed[: len(packed) // 2]))
    assert 100 < recording.channels["latitude_deg"].samples < 3000
    assert "the compressed data are damaged" in whats(recording)


def test_a_start_long_before_the_first_sample_is_not_believed(tmp_path: Path) -> None:
    rows = run(60)
    rows[-1] = rows[-1] | {"start_time": "2026-04-11T08:00:00"}
    recording = formats.read(written(tmp_path, "a.fit", fit(*rows)))
    assert recording.duration_s == 59
    assert "start far before the first sample" in whats(recording)


@pytest.mark.parametrize("field", ["distance", "heart_rate", "timestamp", "speed"])
def test_a_developer_field_hides_no_native_one(tmp_path: Path, field: str) -> None:
    about = {
        "message_type": "field_description", "developer_data_index": 0,
        "field_definition_number": 0, "fit_base_type_id": "uint16", "field_name": field,
        "units": "x", "native_mesg_num": "record",
    }  # fmt: skip
    developer = {"message_type": "developer_data_id", "developer_data_index": 0,
                 "application_id": list(range(16))}  # fmt: skip
    rows = [r | {"developer_field_0": 7} if r["message_type"] == "record" else r for r in run(60)]
    recording = formats.read(written(tmp_path, "a.fit", fit(developer, about, *rows)))
    plain = formats.read(written(tmp_path, "b.fit", fit(*run(60))))
    for name, channel in plain.channels.items():
        np.testing.assert_array_equal(recording.channels[name].values, channel.values)
        np.testing.assert_array_equal(recording.channels[name].time_s, channel.time_s)
    assert float(recording.channels[f"developer.{field}"].values[0]) == 7


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    with pytest.raises(Unreadable, match="a pipe or a device; wanted a file"):
        formats.read(tmp_path / "p")
    written(tmp_path, "good.fit", fit(*run(10)))
    assert [r.file for r in formats.read_all(tmp_path)] == ["good.fit"]


@pytest.mark.parametrize("name", ["good.fit/x", "x" * 300])
def test_paths_that_lead_nowhere_are_one_line(tmp_path: Path, name: str) -> None:
    written(tmp_path, "good.fit", fit(*run(10)))
    with pytest.raises(Unreadable, match="wanted a file or folder"):
        formats.read(tmp_path / name)


def test_an_activity_by_its_name_is_never_passed_over(tmp_path: Path) -> None:
    written(tmp_path, "photo.fit", b"\x89PNG\r\n\x1a\n" + bytes(100))
    written(tmp_path, "photo.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    failures: list[Unreadable] = []
    assert list(formats.read_all(tmp_path, failures=failures)) == []
    assert [Path(f.file).name for f in failures] == ["photo.fit"]


def test_a_gzip_that_shrank_too_much_is_a_bomb(tmp_path: Path) -> None:
    bomb = gzip.compress(b"<gpx>" + b"<a/>" * 12_000_000, 9)
    with pytest.raises(TooLarge):
        formats.read(written(tmp_path, "a.gpx.gz", bomb))


def test_a_device_without_a_clock_has_durations_but_no_date(tmp_path: Path) -> None:
    points = [point(s).replace("2026-05-01", "1989-12-31") for s in range(60)]
    recording = formats.read(written(tmp_path, "a.gpx", gpx(*points)))
    assert recording.start_time is None
    assert recording.duration_s == 59
    assert "the device's clock was not set: starts in 1989" in whats(recording)


def test_a_clock_that_stands_still_gives_no_duration(tmp_path: Path) -> None:
    recording = formats.read(written(tmp_path, "a.gpx", gpx(*(point(0) for _ in range(9)))))
    assert recording.duration_s == 0
    assert "clock stands still: all 9" in whats(recording)


def test_points_without_any_time_keep_their_order(tmp_path: Path) -> None:
    points = [f'<trkpt lat="{50 + i / 1000}" lon="5"/>' for i in range(9)]
    recording = formats.read(written(tmp_path, "a.gpx", gpx(*points)))
    assert recording.channels["latitude_deg"].samples == 9
    assert "without any time: all 9: order kept" in whats(recording)


# --- values -------------------------------------------------------------------------------------


def test_positions_at_0_0_and_off_the_globe_are_left_out(tmp_path: Path) -> None:
    points = [
        point(0, latitude=0, longitude=0), point(1, latitude=95), point(2, longitude=-200),
        point(3), point(4, latitude=float("nan")),
    ]  # fmt: skip
    recording = formats.read(written(tmp_path, "a.gpx", gpx(*points)))
    assert recording.channels["latitude_deg"].missing == 3
    assert recording.channels["longitude_deg"].missing == 2
    assert "position 0, 0: 1 of 5" in whats(recording)
    assert "latitude_deg outside -90 to 90: 1 of 5 samples: left out" in whats(recording)


def test_sentinels_are_no_heart_rates(tmp_path: Path) -> None:
    inner = "<extensions><hr>{}</hr></extensions>"
    points = [point(s, inner=inner.format(v)) for s, v in enumerate([0, 255, 140, "NaN", "-1"])]
    recording = formats.read(written(tmp_path, "a.gpx", gpx(*points)))
    heart = recording.channels["heart_rate_bpm"]
    assert (heart.samples, heart.missing, float(np.nansum(heart.values))) == (5, 4, 140)
    assert "heart_rate_bpm outside 1 to 254: 3 of 5 samples: left out" in whats(recording)


# --- attacks ------------------------------------------------------------------------------------


def test_an_external_entity_is_not_fetched(tmp_path: Path) -> None:
    secret = written(tmp_path, "secret.txt", b"TOP SECRET")
    evil = (
        f'<!DOCTYPE gpx [<!ENTITY x SYSTEM "file://{secret}">]>'
        f"<gpx><trk><type>&x;</type><trkseg>{point(0)}{point(1)}</trkseg></trk></gpx>"
    )
    recording = formats.read(written(tmp_path, "a.gpx", evil.encode()))
    assert "SECRET" not in repr(recording)
    assert "defines XML entities" in whats(recording)


def test_an_xml_bomb_stays_small(tmp_path: Path) -> None:
    entities = '<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
    )
    track = f"<trk><name>&j;</name><trkseg>{point(0)}</trkseg></trk>"
    bomb = f"<!DOCTYPE gpx [{entities}]><gpx>{track}</gpx>"
    path = written(tmp_path, "a.gpx", bomb.encode())
    try:
        recording = formats.read(path)
    except Unreadable:
        return
    assert len(repr(recording)) < 10_000


def test_a_zip_bomb_is_not_opened(tmp_path: Path) -> None:
    path = written(tmp_path, "a.zip", zipped(**{"a.gpx": bytes(50_000_000)}))
    with pytest.raises(TooLarge, match="looks like a zip bomb"):
        formats.read(path)


def test_a_gzip_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    path = written(tmp_path, "a.gpx.gz", gzip.compress(gpx(point(0)) + b" " * 30_000_000))
    with pytest.raises(TooLarge, match=r"larger than 5 MB.*--limit-mb"):
        formats.read(path, limits=Limits.of_megabytes(5))


def test_a_file_above_its_limit_is_refused_with_the_limit(tmp_path: Path) -> None:
    path = written(tmp_path, "a.fit", fit(*run(600)))
    with pytest.raises(TooLarge, match="wanted a file below the limit for its kind"):
        formats.read(path, limits=Limits.of_megabytes(0.001))
    assert formats.read(path).duration_s > 0


def test_archives_in_archives_have_an_end(tmp_path: Path) -> None:
    data = zipped(**{"a.gpx": gpx(point(0), point(1))})
    for _ in range(8):
        data = zipped(**{"inner.zip": data})
    with pytest.raises(TooLarge, match="nested more than 3 deep"):
        formats.read(written(tmp_path, "a.zip", data))


def test_a_name_that_leaves_the_archive_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    good = gpx(point(0), point(1))
    path = written(tmp_path, "a.zip", zipped(**{"../../evil.gpx": good, "fine.gpx": good}))
    failures: list[Unreadable] = []
    found = list(formats.read_all(path, failures=failures))
    assert [r.file for r in found] == ["fine.gpx"]
    assert "points outside the archive" in str(failures[0])
    assert not (tmp_path.parent / "evil.gpx").exists()


# --- many ---------------------------------------------------------------------------------------


def test_in_a_folder_the_others_go_on(tmp_path: Path) -> None:
    written(tmp_path, "1-good.fit", fit(*run(10)))
    written(tmp_path, "2-bad.fit", b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT\x00\x00")
    written(tmp_path, "3-good.gpx.gz", gzip.compress(gpx(point(0), point(9))))
    written(tmp_path, "4-notes.txt", b"nothing to see")
    failures: list[Unreadable] = []
    found = list(formats.read_all(tmp_path, failures=failures))
    assert [r.format for r in found] == ["FIT", "GPX"]
    assert [Path(f.file).name for f in failures] == ["2-bad.fit"]


def test_a_strava_export_and_a_garmin_export_are_many_recordings(tmp_path: Path) -> None:
    """Strava: a zip with gzipped activities; Garmin: zips of FIT files in a zip."""
    strava = zipped(**{
        "activities.csv": b"Activity ID,Activity Date\n1,x\n",
        "activities/1.fit.gz": gzip.compress(fit(*run(10))),
        "activities/2.gpx.gz": gzip.compress(gpx(point(0), point(20))),
        "media/photo.jpg": b"\xff\xd8\xff" + bytes(50),
    })  # fmt: skip
    assert len(list(formats.read_all(written(tmp_path, "strava.zip", strava)))) == 2
    garmin = zipped(**{
        "DI_CONNECT/DI-Connect-Fitness/summary.json": b"{}",
        "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip": zipped(
            a=fit(*run(10)), b=fit({"message_type": "weight_scale", "weight": 70.0}, kind="weight")
        ),
    })  # fmt: skip
    found = list(formats.read_all(written(tmp_path, "garmin.zip", garmin)))
    assert [round(r.duration_s) for r in found] == [9]


def test_foreign_tables_beside_activities_hide_nothing(tmp_path: Path) -> None:
    """A table named as a phone app names them, and an XML of something else, claim no folder."""
    written(tmp_path, "Raw Data.csv", b"a,b\n1,2\n")
    written(tmp_path, "Accelerometer.csv", b"when,what\n1,2\n")
    written(tmp_path, "export.xml", b"<notes/>")
    (tmp_path / "runs").mkdir()
    written(tmp_path / "runs", "1.fit", fit(*run(10)))
    assert [r.format for r in formats.read_all(tmp_path)] == ["FIT"]


def test_an_unknown_single_file_is_told_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(NotAnActivity, match="Give a FIT, TCX or GPX activity"):
        formats.read(written(tmp_path, "notes.txt", b"dear diary"))
