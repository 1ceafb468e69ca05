"""Every real file: nothing crashes, nothing is lost, and the sums are an independent reader's."""

from __future__ import annotations

import json
import warnings
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import fitdecode
import jsonschema
import numpy as np
import pytest
from lxml import etree

from conftest import real_files
from retrorun import contract, formats
from retrorun.errors import Unreadable
from retrorun.recording import Recording
from retrorun.session import analyse

ACTIVITIES = real_files("activities/*/*")
FIT = [p for p in ACTIVITIES if p.suffix.lower() == ".fit"] or ACTIVITIES[:1]
XML = [p for p in ACTIVITIES if p.suffix in (".gpx", ".tcx")] or ACTIVITIES[:1]


def recordings(path: Path) -> list[Recording]:
    return [o for o in formats.outcomes(path) if not isinstance(o, Unreadable)]


def total(found: list[Recording], channel: str) -> float:
    return sum(float(np.nansum(r.channels[channel].values)) for r in found if channel in r.channels)


@pytest.mark.parametrize("real", ACTIVITIES, ids=lambda p: p.name, indirect=True)
def test_a_real_file_gives_recordings_or_one_clear_line(real: Path) -> None:
    for outcome in formats.outcomes(real):
        if isinstance(outcome, Unreadable):
            assert "\n" not in str(outcome)
            assert "wanted" in str(outcome)
        else:
            for channel in outcome.channels.values():
                assert channel.samples > channel.missing
                assert channel.time_s[0] >= 0


SCHEMA = jsonschema.Draft202012Validator(
    contract.json_schema(), format_checker=jsonschema.FormatChecker()
)

#: Null in the session -> a word that must stand in the effect of some problem.
REASONS = {
    "distance_m": "distance", "moving_s": "moving_s", "ascent_m": "ascent", "form": "form",
    "heart": "heart", "direction": "direction", "energy": "energy", "muscle": "muscle",
}  # fmt: skip


@pytest.mark.parametrize("real", ACTIVITIES, ids=lambda p: p.name, indirect=True)
def test_a_session_of_a_real_file_keeps_its_promises(real: Path) -> None:
    """The schema accepts it, every null has its reason, segments tile, standing stands."""
    for recording in recordings(real):
        session = json.loads(contract.to_json(analyse(recording)))
        SCHEMA.validate(session)
        effects = " ".join(p["effect"] for p in session["recording"]["problems"])
        for key, word in REASONS.items():
            assert session[key] is not None or word in effects, key
        segments = session["segments"]
        for before, after in pairwise(segments):
            assert before["end_s"] <= after["start_s"]
        covered = sum(s["end_s"] - s["start_s"] for s in segments) + session["not_judged_s"]
        if segments:
            assert covered == pytest.approx(session["recording"]["duration_s"], abs=1.0)
        for segment in segments:
            speed = segment["speed_m_s"]
            if speed is not None and segment["end_s"] - segment["start_s"] >= 5:
                assert segment["motion"] != "still" or speed < 1.0
                assert segment["motion"] not in ("walk", "run") or speed <= 12.5


def records_of_fitdecode(path: Path) -> list[dict[str, object]]:
    """All records that the independent reader sees; empty where it gives up."""
    rows: list[dict[str, object]] = []
    reader = fitdecode.FitReader(
        path.read_bytes(),
        check_crc=fitdecode.CrcCheck.DISABLED,
        error_handling=fitdecode.ErrorHandling.IGNORE,
    )
    # It raises anything on damaged bytes; what it gave before is what we compare with.
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "record":
                rows.append({f.name: f.value for f in frame.fields if f.value is not None})
    return rows


@pytest.mark.parametrize("real", FIT, ids=lambda p: p.name, indirect=True)
def test_fit_sums_equal_those_of_fitdecode(real: Path) -> None:
    rows = records_of_fitdecode(real)
    if not rows:
        pytest.skip("fitdecode finds no record in it")
    found = recordings(real)
    times = [t.timestamp() for r in rows if isinstance(t := r.get("timestamp"), datetime)]
    for field, channel in (("heart_rate", "heart_rate_bpm"), ("distance", "distance_m")):
        values = [r[field] for r in rows if isinstance(r.get(field), (int, float))]
        if not values:
            continue  # what a strap stored in `hr` messages is no field of `record`
        wanted = sum(values)  # type: ignore[arg-type]
        assert total(found, channel) == pytest.approx(wanted, rel=1e-6), field
        if wanted:
            samples = sum(r.channels[channel].samples for r in found if channel in r.channels)
            # Sessions without this channel do not carry its empty rows.
            assert samples <= len(rows)
            assert samples == len(rows) or len(found) > 1
    one_activity = len(found) == 1 and len(set(times)) > 1 and max(times) - min(times) < 86_400
    if one_activity and not any("clock" in p.what or "date" in p.what for p in found[0].problems):
        assert found[0].duration_s >= (max(times) - min(times)) * 0.999


@pytest.mark.parametrize("real", XML, ids=lambda p: p.name, indirect=True)
def test_xml_rows_equal_a_plain_count_of_the_points(real: Path) -> None:
    root = etree.fromstring(
        real.read_bytes(), etree.XMLParser(recover=True, resolve_entities=False)
    )
    if root is None:
        return
    names = ("trkpt", "rtept", "Trackpoint")
    points = [p for p in root.iter("{*}*") if etree.QName(p).localname in names]
    off_globe = sum(abs(float(p.get("lat", 0))) > 90 for p in points)
    found = recordings(real)
    rows = sum(max((c.samples for c in r.channels.values()), default=0) for r in found)
    assert len(points) - off_globe <= rows <= len(points)


def test_every_folder_of_the_collection_reads_as_one_input(data: Path) -> None:
    failures: list[Unreadable] = []
    found = list(formats.read_all(data / "activities" / "tcx", failures=failures))
    assert len(found) >= 22
    assert failures == []
