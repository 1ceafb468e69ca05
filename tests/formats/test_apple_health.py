"""Apple Health exports as the Health app writes them, small, with known workouts."""

from __future__ import annotations

import tracemalloc
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.errors import NotAnActivity, TooLarge, Unreadable
from retrorun.formats import apple_health, read, read_all
from retrorun.formats.apple_health.streaming import unix_s
from retrorun.formats.sources import Limits, Source, Tree
from retrorun.recording import Span

START = datetime(2024, 5, 1, 8, 0, 0, tzinfo=UTC)

DOCUMENT_TYPE = """<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 12 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ELEMENT Record ((MetadataEntry|HeartRateVariabilityMetadataList)*)>
]>
"""
#: iOS 16 forgot a bracket.
BROKEN_TYPE = """<!DOCTYPE HealthData [
<!ATTLIST VisionPrescription
  type             CDATA #REQUIRED
  brand            CDATA #IMPLIED
<!ELEMENT RightEye EMPTY>
]>
"""
WATCH = (
    "&lt;&lt;HKDevice: 0x282e3a260&gt;, name:Ada’s Watch, manufacturer:Apple Inc., model:Watch, "
    "hardware:Watch6,2, software:10.6, creation date:2024-04-01 17:12:03 +0000&gt;"
)


def at(second: float, *, hours: int = 2) -> str:
    """As the export writes a time: whole seconds, local, with offset."""
    when = START + timedelta(seconds=round(second), hours=hours)
    return when.strftime(f"%Y-%m-%d %H:%M:%S +{hours:02d}00")


def record(kind: str, value: object, begin: float, end: float | None = None, **more: str) -> str:
    unit = more.get("unit", "count/min")
    return (
        f' <Record type="HKQuantityTypeIdentifier{kind}" sourceName="{more.get("source", "Watch")}"'
        f' sourceVersion="10.6" device="{WATCH}" unit="{unit}" creationDate="{at(begin)}"'
        f' startDate="{at(begin)}" endDate="{at(begin if end is None else end)}"'
        f' value="{value}"/>\n'
    )


def workout(
    inside: str = "", *, kind: str = "Running", start: float = 0, end: float = 600, **more: str
) -> str:
    facts = more.get("facts", 'duration="9.5" durationUnit="min"')
    return (
        f' <Workout workoutActivityType="HKWorkoutActivityType{kind}" {facts}'
        f' sourceName="{more.get("source", "Watch")}" sourceVersion="10.6" device="{WATCH}"'
        f' creationDate="{at(end)}" startDate="{at(start)}" endDate="{at(end)}">\n'
        f"{inside} </Workout>\n"
    )


def event(kind: str, second: float, *, minutes: float | None = None) -> str:
    length = f' duration="{minutes}" durationUnit="min"' if minutes else ""
    return f'  <WorkoutEvent type="HKWorkoutEventType{kind}" date="{at(second)}"{length}/>\n'


def total(kind: str, amount: float, unit: str) -> str:
    return (
        f'  <WorkoutStatistics type="HKQuantityTypeIdentifier{kind}" startDate="{at(0)}"'
        f' endDate="{at(600)}" sum="{amount}" unit="{unit}"/>\n'
    )


def health(*parts: str, document_type: str = DOCUMENT_TYPE) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{document_type}<HealthData locale="en_US">\n'
        f' <ExportDate value="{at(9999)}"/>\n <Me HKCharacteristicTypeIdentifierBloodType="x"/>\n'
        f"{''.join(parts)}</HealthData>\n"
    )


def point(second: int, **more: float) -> str:
    when = (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"speed": 2.5, "course": 90.0, "hAcc": 4.7, "vAcc": 3.0} | more
    inside = "".join(f"<{name}>{value:.6f}</{name}>" for name, value in facts.items())
    return (
        f'<trkpt lon="11.5" lat="{48 + second * 1e-5:.6f}"><ele>300.5</ele>'
        f"<time>{when}</time><extensions>{inside}</extensions></trkpt>\n"
    )


def route(*points: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="Apple Health Export" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<metadata><time>2024-06-01T00:00:00Z</time></metadata><trk><name>Route</name><trkseg>"
        f"{''.join(points)}</trkseg></trk></gpx>"
    )


def reference(name: str) -> str:
    return (
        f'  <WorkoutRoute sourceName="Watch" startDate="{at(0)}" endDate="{at(600)}">\n'
        f'   <MetadataEntry key="HKMetadataKeySyncVersion" value="2"/>\n'
        f'   <FileReference path="/workout-routes/{name}"/>\n  </WorkoutRoute>\n'
    )


def export(
    path: Path, text: str, routes: dict[str, str] | None = None, *, name: str = "export"
) -> Path:
    top = "apple_health_export"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{top}/{name}.xml", text)
        archive.writestr(f"{top}/{name}_cda.xml", "<ClinicalDocument/>")
        for file, gpx in (routes or {}).items():
            archive.writestr(f"{top}/workout-routes/{file}", gpx)
    return path


def whats(recording) -> str:
    return " | ".join(f"{p.what}: {p.where}: {p.effect}" for p in recording.problems)


def recordings(text: str) -> list:
    source = Source.of_bytes(text.encode(), name="export.xml")
    return list(apple_health.read(source, limits=Limits()))


def test_a_run_with_everything(tmp_path):
    records = [record("HeartRate", 100 + s // 10, s) for s in range(-100, 700, 10)]
    records += [record("RunningPower", 250, s, unit="W") for s in range(0, 600, 5)]
    records += [record("RunningGroundContactTime", 240, s, unit="ms") for s in range(0, 600, 5)]
    records += [record("RunningVerticalOscillation", 8.5, s, unit="cm") for s in range(0, 600, 5)]
    records += [record("RunningStrideLength", 1.15, s, unit="m") for s in range(0, 600, 5)]
    records += [record("StepCount", 28, s, s + 10, unit="count") for s in range(0, 600, 10)]
    records += [
        record("DistanceWalkingRunning", 0.025, s, s + 10, unit="km") for s in range(0, 600, 10)
    ]
    inside = (
        '  <MetadataEntry key="HKIndoorWorkout" value="0"/>\n'
        '  <MetadataEntry key="HKTimeZone" value="Asia/Kolkata"/>\n'
        '  <MetadataEntry key="HKElevationAscended" value="1234 cm"/>\n'
        + event("Lap", 0, minutes=5)
        + event("Pause", 200)
        + event("MotionPaused", 210)
        + event("Resume", 230)
        + event("MotionResumed", 240)
        + event("Segment", 0, minutes=3)
        + total("ActiveEnergyBurned", 120.5, "Cal")
        + total("DistanceWalkingRunning", 1.5, "km")
    ) + reference("route_2024-05-01_10.00am.gpx")
    path = export(
        tmp_path / "export.zip",
        health(*records, workout(inside)),
        {"route_2024-05-01_10.00am.gpx": route(*(point(s) for s in range(0, 600)))},
    )
    recording = read(path)
    assert recording.format == "Apple Health"
    assert recording.sport == "running"
    assert recording.start_time == START
    assert recording.utc_offset_s == 5.5 * 3600
    assert str(recording.device) == "Apple Inc. Watch6,2"
    assert recording.pauses == (Span(200.0, 240.0),)
    assert [lap.span for lap in recording.laps] == [Span(0.0, 300.0)]
    totals = recording.totals
    assert totals.distance_m == pytest.approx(1500)
    assert totals.energy_kcal == 120.5
    assert totals.timer_s == pytest.approx(570)
    assert totals.elapsed_s == 600
    assert totals.ascent_m == pytest.approx(12.34)
    assert recording.problems == ()

    found = recording.channels
    assert found["heart_rate_bpm"].time_s.tolist() == list(range(0, 601, 10))
    assert found["heart_rate_bpm"].values.tolist() == [100 + s for s in range(61)]
    assert found["power_w"].values[0] == 250
    assert found["contact_time_s"].values[0] == pytest.approx(0.24)
    assert found["vertical_oscillation_m"].values[0] == pytest.approx(0.085)
    assert found["step_length_m"].values[0] == 1.15
    np.testing.assert_allclose(found["cadence_steps_min"].values, 168)
    assert found["distance_m"].values[[0, -1]].tolist() == [0, pytest.approx(1500)]
    assert found["distance_m"].time_s[[0, -1]].tolist() == [0, 600]
    assert found["latitude_deg"].samples == 600
    assert found["latitude_deg"].values[100] == pytest.approx(48.001)
    assert found["altitude_m"].values[0] == 300.5
    assert found["speed_m_s"].values[0] == 2.5
    assert found["course_deg"].values[0] == 90
    assert found["position_accuracy_m"].values[0] == pytest.approx(4.7)


def test_each_workout_gets_its_own_records_and_its_own_sport(tmp_path):
    heart = [record("HeartRate", 60 + s // 100, s) for s in range(0, 5000, 10)]
    text = health(
        *heart,
        workout(start=3000, end=3600, kind="Walking"),
        workout(start=0, end=600),
        workout(start=1000, end=2000, kind="HighIntensityIntervalTraining"),
    )
    found = list(read_all(export(tmp_path / "export.zip", text)))
    assert [r.sport for r in found] == ["running", "high intensity interval training", "walking"]
    assert [r.channels["heart_rate_bpm"].values[0] for r in found] == [60, 70, 90]
    assert [r.channels["heart_rate_bpm"].samples for r in found] == [61, 101, 61]
    assert {r.utc_offset_s for r in found} == {7200}


def test_overlapping_workouts_share_records():
    heart = [record("HeartRate", 100, s) for s in range(0, 1000, 10)]
    text = health(
        *heart, workout(end=900), workout(start=300, end=310), workout(start=400, end=500)
    )
    found = recordings(text)
    assert [r.channels["heart_rate_bpm"].samples for r in found] == [91, 2, 11]


def test_the_source_of_the_workout_counts_and_no_name_is_told():
    steps = [
        record("StepCount", 28, s, s + 10, unit="count", source="Watch") for s in range(0, 600, 10)
    ]
    steps += [
        record("StepCount", 11, s, s + 2, unit="count", source="Ada’s iPhone")
        for s in range(0, 600, 3)
    ]
    (recording,) = recordings(health(*steps, workout()))
    np.testing.assert_allclose(recording.channels["cadence_steps_min"].values, 168)
    assert "from several sources: 200 samples of 1 others" in whats(recording)
    assert "Ada" not in whats(recording)
    assert "Ada" not in str(recording.device)


def test_a_cadence_needs_unbroken_counts():
    steps = [record("StepCount", 28, s, s + 10, unit="count") for s in range(0, 600, 40)]
    (recording,) = recordings(health(*steps, workout()))
    assert "cadence_steps_min" not in recording.channels


@pytest.mark.parametrize(
    ("value", "unit", "speed_m_s"),
    [(3.0, "m/s", 3.0), (10.8, "km/hr", 3.0), (10.0, "mi/hr", 4.4704)],
)
def test_speeds_in_any_unit(value, unit, speed_m_s):
    text = health(*(record("RunningSpeed", value, s, unit=unit) for s in range(9)), workout())
    (recording,) = recordings(text)
    np.testing.assert_allclose(recording.channels["speed_m_s"].values, speed_m_s)


def test_a_unit_nobody_knows_is_a_problem():
    text = health(record("RunningSpeed", 3, 5, unit="furlong/day"), workout())
    (recording,) = recordings(text)
    assert recording.channels == {}
    assert "unknown units: speed_m_s in “furlong/day”" in whats(recording)
    assert "a workout without samples" in whats(recording)


def test_totals_of_older_exports_are_attributes():
    facts = (
        'duration="23.5" durationUnit="min" totalDistance="3.1" totalDistanceUnit="mi" '
        'totalEnergyBurned="1000" totalEnergyBurnedUnit="kJ"'
    )
    (recording,) = recordings(health(workout(facts=facts)))
    assert recording.totals.distance_m == pytest.approx(4988.97, abs=0.01)
    assert recording.totals.energy_kcal == pytest.approx(239.0, abs=0.01)
    assert recording.totals.timer_s == pytest.approx(1410)


def test_a_route_inside_the_xml_of_older_exports():
    place = "".join(
        f'   <Location date="{at(s)}" latitude="{48 + s * 1e-5}" longitude="11.5" altitude="77.5" '
        f'horizontalAccuracy="7.2" verticalAccuracy="5.2" course="-1" speed="1.9"/>\n'
        for s in range(10)
    )
    (recording,) = recordings(health(workout(f"  <WorkoutRoute>\n{place}  </WorkoutRoute>\n")))
    assert recording.channels["latitude_deg"].time_s.tolist() == list(range(10))
    assert recording.channels["altitude_m"].values[0] == 77.5
    assert "course_deg" not in recording.channels


def test_an_activity_within_a_workout_does_not_count_twice():
    inside = (
        f'  <WorkoutActivity uuid="x" startDate="{at(0)}" endDate="{at(300)}">\n'
        + event("Pause", 100)
        + total("DistanceWalkingRunning", 9, "km")
        + "  </WorkoutActivity>\n"
        + total("DistanceWalkingRunning", 2, "km")
    )
    (recording,) = recordings(health(workout(inside)))
    assert recording.totals.distance_m == 2000
    assert recording.pauses == ()


def test_a_pause_that_never_ends_lasts_until_the_end():
    pause = event("Pause", 500)
    (recording,) = recordings(health(record("HeartRate", 90, 600), workout(pause)))
    assert recording.pauses == (Span(500.0, 600.0),)


@pytest.mark.parametrize(
    "name", ["export", "exportación", "Exportação", "vienti", "导出", "エクスポート"]
)
def test_the_file_is_found_in_any_language(tmp_path, name):
    path = export(tmp_path / "out.zip", health(record("HeartRate", 90, 5), workout()), name=name)
    assert read(path).format == "Apple Health"


@pytest.mark.parametrize("name", ["export.xml", "Export.xml", "exportación.xml"])
def test_a_folder_without_the_clinical_twin(tmp_path, name):
    (tmp_path / name).write_text(health(record("HeartRate", 90, 5), workout()))
    assert read(tmp_path).sport == "running"


def test_heads():
    assert apple_health.recognises(health().encode()[:4096])
    assert apple_health.recognises(b"\xff\xfe" + health().encode("utf-16-le")[:4096])
    assert not apple_health.recognises(b"<gpx></gpx>")
    assert not apple_health.recognises(b"")


def test_routes_that_fail_do_not_lose_the_heart_rate(tmp_path):
    inside = reference("gone.gpx") + reference("damaged.gpx") + reference("good.gpx")
    routes = {"damaged.gpx": "no xml at all", "good.gpx": route(*(point(s) for s in range(50)))}
    text = health(record("HeartRate", 90, 5), workout(inside))
    recording = read(export(tmp_path / "export.zip", text, routes))
    assert recording.channels["latitude_deg"].samples == 50
    assert "route not in the export: /workout-routes/gone.gpx" in whats(recording)
    assert "route could not be read: /workout-routes/damaged.gpx" in whats(recording)
    assert "heart_rate_bpm" in recording.channels


def test_a_route_stamped_with_the_time_of_the_export_is_left_out(tmp_path):
    routes = {"r.gpx": route(*(point(86_400) for _ in range(20)))}
    text = health(record("HeartRate", 90, 5), workout(reference("r.gpx")))
    recording = read(export(tmp_path / "export.zip", text, routes))
    assert "latitude_deg" not in recording.channels
    assert "times outside its workout" in whats(recording)


def test_speeds_and_courses_of_minus_one_are_missing(tmp_path):
    routes = {"r.gpx": route(point(0, speed=-1, course=-1), point(1))}
    recording = read(export(tmp_path / "export.zip", health(workout(reference("r.gpx"))), routes))
    assert np.isnan(recording.channels["speed_m_s"].values[0])
    assert recording.channels["course_deg"].values[1] == 90
    assert recording.problems == ()


DAMAGE = {
    "malformed document type": (BROKEN_TYPE, lambda text: text),
    "control characters": (DOCUMENT_TYPE, lambda text: text.replace("Watch6", "\x0bWa\x00tch6")),
    "attribute twice": (
        DOCUMENT_TYPE,
        lambda text: text.replace(' unit="Cal"', ' startDate="x" startDate="y" unit="Cal"'),
    ),
    "spaces in a name": (
        DOCUMENT_TYPE, lambda text: text.replace("<Me ", '<Me Health Mate App Version="2" ')
    ),
    "cut within the end": (DOCUMENT_TYPE, lambda text: text[:-20]),
}  # fmt: skip


@pytest.mark.parametrize(("document_type", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_faults_of_real_exports_are_forgiven(document_type, damage):
    inside = total("ActiveEnergyBurned", 120, "Cal")
    text = health(
        *(record("HeartRate", 90, s) for s in range(9)),
        workout(inside),
        document_type=document_type,
    )
    (recording,) = recordings(damage(text))
    assert recording.channels["heart_rate_bpm"].samples == 9
    assert recording.totals.energy_kcal == 120


def test_entities_are_not_expanded():
    bomb = (
        '<!DOCTYPE HealthData [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'
    )
    text = health(record("HeartRate", 90, 5), workout(), document_type=bomb)
    (recording,) = recordings(text.replace('sourceName="Watch"', 'sourceName="&b;"'))
    assert "defines XML entities" in whats(recording)


def test_an_export_cut_before_its_workouts_says_so():
    text = health(*(record("HeartRate", 90, s) for s in range(99)), workout())
    with pytest.raises(Unreadable, match=r"no workout found.*workouts are at its end"):
        recordings(text[: len(text) // 2])


def test_an_export_without_workouts_is_no_activity():
    with pytest.raises(NotAnActivity, match="without a workout"):
        recordings(health(record("HeartRate", 90, 5)))


def test_a_workout_without_times_is_left_out():
    broken = workout().replace("startDate=", "begin=")
    (recording,) = recordings(health(broken, workout()))
    assert "workouts without start and end: 1" in whats(recording)


def test_a_limit_is_kept():
    text = health(*(record("HeartRate", 90, s) for s in range(3000)), workout())
    source = Source.of_bytes(text.encode(), name="export.xml")
    with pytest.raises(TooLarge):
        list(apple_health.read(source, limits=Limits.of_megabytes(0.5)))


class _Long(BytesIO):
    """An export far larger than memory should ever hold: made while it is read."""

    def __init__(self, records: int) -> None:
        text = health(record("HeartRate", 77, 100_000), workout())
        head, _, tail = text.partition(" <Record")
        line = f" <Record{tail.partition(' <Workout ')[0].removesuffix(' ')}"
        self._left, self._line = records, (line * 500).encode()
        super().__init__(head.encode())
        self._tail = (record("HeartRate", 90, 5) + workout() + "</HealthData>").encode()

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        if chunk:
            return chunk
        if self._left > 0:
            self._left -= 500
            return self._line
        tail, self._tail = self._tail, b""
        return tail


def test_memory_does_not_grow_with_the_export():
    def peak_bytes(records: int) -> int:
        source = Source("export.xml", lambda: _Long(records))
        tracemalloc.start()
        (recording,) = apple_health.read(source, limits=Limits())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert recording.channels["heart_rate_bpm"].values.tolist() == [90]
        return peak

    assert peak_bytes(12_000) < peak_bytes(1_000) + 1_000_000


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_never_ends_in_another_error(data):
    inside = reference("r.gpx") + event("Pause", 9)
    members = {
        "export.xml": health(record("HeartRate", 90, 5), workout(inside)).encode(),
        "workout-routes/r.gpx": route(*(point(s) for s in range(3))).encode(),
    }
    name = data.draw(st.sampled_from(sorted(members)))
    damaged = bytearray(members[name])
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    members[name] = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    tree = Tree("x", {k: Source.of_bytes(v, name=f"x/{k}") for k, v in members.items()})
    with suppress(Unreadable):
        for recording in apple_health.read_folder(tree, limits=Limits()):
            assert recording.file == "export.xml"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)), st.integers(-14 * 4, 14 * 4))
def test_times_are_read_as_python_reads_them(when, quarters):
    sign, size = "-" if quarters < 0 else "+", abs(quarters)
    text = f"{when:%Y-%m-%d %H:%M:%S} {sign}{size // 4:02d}{size % 4 * 15:02d}"
    expected = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").timestamp()
    assert unix_s(text) == expected
