"""The page of a session: whole, escaped, small, and true to its numbers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from lxml import html as parser

from retrorun import contract
from retrorun.curves import Curves
from retrorun.recording import Problem, Span
from retrorun.report.html import render
from retrorun.session import Session
from retrorun.units import pace_min_km

HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>\"'&$title"

#: A run of 40 minutes: 10 minutes of warm-up, 8 times 90 s backward and 90 s walked, the way home.
REPETITIONS = [(600 + 180 * n, 690 + 180 * n) for n in range(8)]
RUN_S = 2400


def blank(seconds: int) -> Curves:
    """Curves in which nothing was measured."""
    return Curves(
        **{
            field.name: np.full(seconds, np.nan)
            for field in fields(Curves)
            if field.name not in ("time_s", "motion")
        },
        time_s=np.arange(seconds, dtype=float),
        motion=np.zeros(seconds, dtype=np.int8),
    )


def session(curves: Curves, **told: object) -> Session:
    """A session of which nothing is known but what is told."""
    recording = contract.RecordingSummary(
        file="run.fit", format="FIT", device="unknown", sport=None, start_time=None,
        duration_s=float(len(curves.time_s)), simulated=False, channels={}, problems=(),
    )  # fmt: skip
    empty: dict[str, object] = dict.fromkeys(
        ("distance_m", "moving_s", "ascent_m", "direction", "energy", "heart", "muscle", "form")
    )
    return Session(
        **{
            **empty, "recording": recording, "segments": (), "not_judged_s": 0.0,
            "curves": curves, **told,
        }
    )  # fmt: skip


def smooth(values, width: int):
    """Running means; the ends keep their level."""
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, np.ones(width) / width, "valid")


def course() -> Curves:
    """Two loops of a park, with gaps in the heart rate and a hole in the positions."""
    chance = np.random.default_rng(7)
    time_s = np.arange(RUN_S, dtype=float)
    backward = np.zeros(RUN_S, dtype=bool)
    walking = (time_s >= 690) & (time_s < 2040)
    for start, end in REPETITIONS:
        backward[start:end], walking[start:end] = True, False
    wanted = np.select([backward, walking], [2.1, 1.5], 2.95)
    wanted[590:600] = wanted[2390:] = 0.0
    speed = smooth(wanted + chance.normal(0, 0.12, RUN_S) * (wanted > 0), 9)
    distance = np.cumsum(speed)
    turn = distance / distance[-1] * 4 * np.pi
    radius = 260 + 70 * np.cos(3 * turn / 2) + 30 * np.sin(5 * turn / 2)
    wobble = smooth(chance.normal(0, 6, RUN_S), 31)
    north, east = (radius + wobble) * np.sin(turn), 1.5 * (radius + wobble) * np.cos(turn)
    effort = np.select([backward, walking], [68.0, 38.0], 48.0)
    heart = 96 + np.roll(smooth(effort, 61), 25) + chance.normal(0, 1.2, RUN_S)
    heart[1300:1390] = np.nan
    cadence = np.select([backward, walking], [184.0, 118.0], 168.0) + chance.normal(0, 2, RUN_S)
    cadence[wanted == 0] = np.nan
    north[400:440] = np.nan
    return replace(
        blank(RUN_S),
        speed_m_s=speed,
        distance_m=distance,
        heart_rate_bpm=heart,
        cadence_steps_min=cadence,
        altitude_m=31 + 14 * np.sin(turn) + 2 * np.sin(3 * turn),
        gradient=0.03 * np.cos(turn),
        latitude_deg=52.2 + north / 111_195,
        longitude_deg=5.2 + east / (111_195 * np.cos(np.radians(52.2))),
    )


def segment(
    start: float, end: float, motion: str, direction: str | None, **told: object
) -> contract.Segment:
    facts: dict[str, object] = dict.fromkeys(
        ("probability", "source", "distance_m", "speed_m_s", "gradient", "cadence_steps_min",
         "heart_rate_bpm", "energy_kcal")
    )  # fmt: skip
    facts |= {"start_s": start, "end_s": end, "motion": motion, "direction": direction, **told}
    return contract.Segment(**facts)


def cadence_of(curves: Curves, start: int, end: int) -> float:
    return float(np.nanmean(curves.cadence_steps_min[start:end]))


def segments(curves: Curves, *, judged: bool) -> tuple[contract.Segment, ...]:
    edges = [(0, 590, "run", "forward"), (590, 600, "still", "unknown")]
    for start, end in REPETITIONS:
        edges += [(start, end, "run", "backward"), (end, start + 180, "walk", "forward")]
    edges += [(2040, 2390, "run", "forward")]
    return tuple(
        segment(
            a, b, motion, way if judged else None,
            probability=0.97 if judged else None,
            source=("assumed" if way == "forward" and motion == "walk" else "laps")
            if judged else None,
            distance_m=float(curves.distance_m[b - 1] - curves.distance_m[a]),
            speed_m_s=float(curves.speed_m_s[a:b].mean()),
            cadence_steps_min=None if motion == "still" else cadence_of(curves, a, b),
            heart_rate_bpm=float(np.nanmean(curves.heart_rate_bpm[a:b])),
            energy_kcal=contract.Estimate(value=(b - a) / 6, low=0, high=(b - a) / 3),
        )
        for a, b, motion, way in edges
    )  # fmt: skip


def form() -> contract.FormByDirection:
    def measured(value: float, strides: int) -> contract.FormEstimate:
        return contract.FormEstimate(
            value=value, low=value * 0.98, high=value * 1.02, strides=strides
        )

    ways = {
        way: contract.Form(
            motion="run",
            cadence_steps_min=measured(cadence, strides),
            step_length_m=measured(length, strides),
            contact_time_s=measured(contact, strides),
            flight_time_s=None,
            stride_time_variability=measured(0.031, strides),
            step_asymmetry=measured(0.012, strides),
            harmonic_ratio=None,
            local_divergence=None,
            trunk_lean_deg=measured(4.2, strides),
        )
        for way, cadence, length, contact, strides in (
            ("forward", 168.2, 1.052, 0.251, 1310),
            ("backward", 184.3, 0.684, 0.233, 1104),
        )
    }
    return contract.FormByDirection(**ways, unknown=None)


def training(*, judged: bool = True) -> Session:
    """A whole training, with its directions judged or not yet."""
    curves = course()
    totals = contract.DirectionTotals(
        forward_s=1570, backward_s=720, sideways_s=0, unknown_s=0, assumed_s=630,
        forward_m=4012, backward_m=1508, sideways_m=0, unknown_m=0,
    )  # fmt: skip
    heart = contract.Heart(
        mean_bpm=148.2, max_bpm=171, zones=None, load=None, same_speed=None, judged_s=2310,
        dropouts=90, spikes=2, zones_by=None, vo2max_ml_kg_min=None, drift_bpm_h=None,
        recoveries=(), locked_s=0.0,
        limits=contract.HeartLimits(resting_bpm=None, threshold_bpm=None, max_bpm=None),
    )  # fmt: skip
    problems = (
        Problem("the heart rate sensor fell silent", "0:21:40 to 0:23:10",
                "heart rate is missing there; means are over the rest"),
        Problem("no body mass given", "athlete", "energy would rest on a population value"),
    )  # fmt: skip
    told = session(
        curves,
        segments=segments(curves, judged=judged),
        distance_m=5342.0,
        moving_s=2380.0,
        ascent_m=58.0,
        not_judged_s=10.0,
        heart=heart,
        direction=totals if judged else None,
        form=form() if judged else None,
        laps=(
            ("Warm-up", Span(0, 600)),
            *((f"Back {n}", Span(a, a + 180)) for n, (a, _) in enumerate(REPETITIONS, 1)),
            ("Home", Span(2040, 2400)),
        ),
    )
    about = replace(
        told.recording, file="2026-05-01-retro-8x90s.fit", device="Garmin Forerunner 265",
        sport="running", start_time=datetime(2026, 5, 1, 8, 0, tzinfo=UTC), problems=problems,
    )  # fmt: skip
    return replace(told, recording=about)


@pytest.fixture(scope="module")
def page() -> str:
    return render(training())


def text_of(page: str) -> str:
    """What a person reads, on one line."""
    document = parser.document_fromstring(page)
    for hidden in document.xpath("//script | //style"):
        hidden.drop_tree()
    return " ".join(" ".join(document.xpath("//text()")).split())


def data_of(page: str) -> dict:
    (block,) = parser.document_fromstring(page).xpath("//script[@id='data']/text()")
    return json.loads(block)


# --- one file, and nothing else ---------------------------------------------------------------


def test_the_page_asks_nothing_of_any_network(page):
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)|srcset|<link|<iframe", page)
    assert not parser.document_fromstring(page).xpath("//*[@src]")
    hrefs = parser.document_fromstring(page).xpath("//@href")
    assert hrefs
    assert all(href.startswith("#") for href in hrefs)


def test_only_our_own_style_and_script_may_run(page):
    document = parser.document_fromstring(page)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        (own,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not document.xpath("//@style | //@onclick | //@onload")


def test_links_within_the_page_arrive(page):
    document = parser.document_fromstring(page)
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = {name for names in document.xpath("//@aria-labelledby") for name in names.split()}
    assert {href[1:] for href in document.xpath("//@href")} | named <= set(ids)


def test_drawings_have_words_for_those_who_do_not_see_them(page):
    for drawing in parser.document_fromstring(page).xpath("//svg[@role='img']"):
        assert drawing.xpath("./title/text()")
        assert drawing.xpath("./desc/text()")


# --- what files say cannot run ----------------------------------------------------------------


def hostile() -> Session:
    told = training()
    about = replace(
        told.recording, file=HOSTILE, device=HOSTILE, sport=HOSTILE, format=HOSTILE,
        problems=(Problem(HOSTILE, HOSTILE, HOSTILE),),
    )  # fmt: skip
    return replace(told, recording=about, laps=((HOSTILE, Span(0, 600)), (HOSTILE, Span(600, 900))))


def test_text_from_a_file_stays_text(page):
    attacked = render(hostile())
    document = parser.document_fromstring(attacked)
    assert not document.xpath("//img | //@onerror")
    assert len(document.xpath("//script")) == len(
        parser.document_fromstring(page).xpath("//script")
    )
    assert "<script>alert" not in attacked
    assert text_of(attacked).count(HOSTILE) >= 6
    assert data_of(attacked)["laps"][0][2] == HOSTILE


# --- the numbers are the session's ------------------------------------------------------------


def test_key_figures_are_those_of_the_session(page):
    said = text_of(page)
    assert "Running, 1 May 2026, 08:00 UTC" in said
    assert "2026-05-01-retro-8x90s.fit FIT Garmin Forerunner 265 40:00 long 5.34 km" in said
    assert "Distance 5.34 km Moving time 39:40 Mean speed 7:26 /km 8.1 km/h" in said
    assert "Heart rate 148 bpm highest 171 bpm Energy not known Ascent 58 m" in said


def test_backward_and_forward_come_first_once_judged(page):
    said = text_of(page)
    assert "backward 12:00 · 1.51 km forward 26:10 · 4.01 km" in said
    assert "10:30 of forward is assumed" in said
    assert "sideways" not in said


def test_every_segment_has_a_row(page):
    told = training().segments
    third = told[2]
    rows = parser.document_fromstring(page).xpath("//tr[@data-segment]")
    assert len(rows) == len(told)
    cells = [" ".join(cell.text_content().split()) for cell in rows[2]]
    assert cells == [
        "0:10:00", "0:11:30", "run", "backward 97%, by laps", f"{third.distance_m:.0f} m",
        f"{third.speed_m_s * 3.6:.1f}", pace_min_km(third.speed_m_s),
        f"{third.cadence_steps_min:.0f}", f"{third.heart_rate_bpm:.0f}",
        f"{third.energy_kcal.value:.0f}",
    ]  # fmt: skip


def test_form_has_its_interval_and_its_strides(page):
    assert "Contact time backward run 233 ms 228 – 238 1,104" in text_of(page)


def test_the_cursor_reads_the_curves(page):
    curves, block = training().curves, data_of(page)
    panels = {panel["key"]: panel for panel in block["panels"]}
    assert list(panels) == ["speed", "heart", "cadence", "altitude"]
    assert block["step_s"] == 1
    assert panels["speed"]["values"][700] == round(curves.speed_m_s[700] * 3.6, 1)
    assert panels["heart"]["values"][1350] is None
    assert block["labels"][block["segments"][2][2]] == "run, backward"


def test_problems_say_what_where_and_effect(page):
    said = text_of(page)
    assert "the heart rate sensor fell silent (0:21:40 to 0:23:10) heart rate is missing" in said


def test_simulated_recordings_say_so_first(page):
    told = training()
    simulated = render(replace(told, recording=replace(told.recording, simulated=True)))
    assert "made by a computer, not recorded on a person" in text_of(simulated)
    assert "made by a computer" not in text_of(page)


def test_energy_heart_and_muscle_are_shown_once_judged():
    some = contract.Estimate(value=412.4, low=371, high=455)
    none = contract.Estimate(value=0, low=0, high=0)
    work = contract.MuscleWork(
        metabolic_kj=some, concentric_kj=contract.Estimate(value=4.1, low=3, high=5.25),
        eccentric_kj=contract.Estimate(value=-30, low=-41, high=-22),
        isometric_share=contract.Estimate(value=0.31, low=0.2, high=0.4),
    )  # fmt: skip
    told = training()
    said = text_of(render(replace(
        told,
        energy=contract.Energy(
            total_kcal=some, forward_kcal=some, backward_kcal=some, net_total_kcal=some,
            same_speed_all_forward_kcal=some, judged_s=2000, not_judged_s=400, method="m",
            still_kcal=some, unknown_kcal=none, backward_extra_kcal=some, answer="Told <so>.",
            would_narrow=(
                contract.Narrowing(field="mass_kg", now_percent=31.0, then_percent=19.6),
            ),
            same_heart_rate_all_forward=contract.SameHeartRate(kcal=some, distance_m=some),
        ),
        heart=replace(
            told.heart,
            same_speed=contract.SameSpeed(
                motion="run", speed_m_s=2.5, forward_bpm=some, backward_bpm=some,
                difference_bpm=contract.Estimate(value=14, low=9, high=19),
            ),
            load=contract.Load(trimp=61.0, edwards=None, session_rpe=180.0),
            drift_bpm_h=contract.Estimate(value=6, low=2, high=10),
            recoveries=(contract.Recovery(end_s=700, direction="backward", drop_bpm=31.4),),
            zones_by="max",
            zones=(contract.Zone(name="easy", low_bpm=100, high_bpm=140, time_s=600),),
        ),
        muscle=contract.Muscle(
            groups={"calves": work, "glutes": None}, compared_with_all_forward={},
            backward_against_forward={
                "glutes": None,
                "calves": contract.MuscleRatios(
                    metabolic_kj=None,
                    concentric_kj=contract.Estimate(value=2.31, low=1.9, high=3.06),
                    eccentric_kj=contract.Estimate(value=1.04, low=0.72, high=1.3),
                    isometric_share=None,
                ),
            },
            interval="variants", confidence="As <sure> as a model.", judged_s=600, not_judged_s=90,
        ),
    )))  # fmt: skip
    assert "In all 412 371 – 455" in said
    assert "Told <so>." in said
    assert "your mass: ±20 % instead of ±31 %" in said
    assert "Direction unknown" not in said
    assert "easy 100 – 140 10:00" in said
    assert "Backward minus forward 14 bpm 9 – 19" in said
    assert "TRIMP 61" in said
    assert "Edwards" not in said
    assert "0:11:40 backward 31 bpm" in said
    assert "Trunk lean against your standing" in said
    assert "calves 412 (371 – 455) 4.1 (3.0 – 5.2) 30 (22 – 41) 31 % (20 – 40)" in said
    assert (
        "Calves shorten 2.3 times as much (1.9 to 3.1)"
        " and are stretched about as much (0.72 to 1.3 times)." in said
    )
    assert "Judged for 10:00 of running; 1:30 more on the move is not in it" in said
    assert "As <sure> as a model." in said
    assert "glutes" not in said
    assert "Shortening [kJ]" in said
    assert "not judged yet" not in said


# --- little, nothing, and very much -----------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 1, 2, 60])
def test_what_was_not_recorded_is_said_not_left_empty(seconds):
    said = text_of(render(session(blank(seconds))))
    assert "Activity, date unknown" in said
    assert said.count("not known") >= 5
    assert "Direction not judged yet" in said
    assert "has no speed, heart rate, cadence, altitude, power or position" in said
    assert "No stretch of this recording could be judged" in said
    assert "Nothing was found wrong" in said


@pytest.mark.parametrize("seconds", [1, 2, 3])
def test_a_session_of_a_few_samples_has_curves_and_a_map(seconds):
    measured = {
        name: np.full(seconds, 3.0)
        for name in ("speed_m_s", "heart_rate_bpm", "latitude_deg", "longitude_deg")
    }
    page = render(session(replace(blank(seconds), **measured)))
    assert "Start and end" in text_of(page)
    assert len(data_of(page)["panels"][0]["values"]) == seconds


def test_direction_not_judged_colours_by_motion():
    page = render(training(judged=False))
    assert 'class="run"' in page
    assert 'class="backward"' not in page
    assert "whether you went forward or backward is not known" in text_of(page)


def test_gradient_has_its_own_curve_only_without_altitude():
    level = replace(blank(60), gradient=np.full(60, 0.04))
    (panel,) = data_of(render(session(level)))["panels"]
    assert (panel["key"], panel["values"][7]) == ("gradient", 4.0)


def test_numbers_beyond_measure_do_not_stop_the_page():
    wild = np.array([np.inf, -np.inf, np.nan, 1e300, -1e300, 0.0])
    curves = replace(blank(6), speed_m_s=wild, heart_rate_bpm=wild, gradient=wild, power_w=wild)
    assert data_of(render(session(curves)))["panels"]


def test_a_spike_does_not_flatten_the_curve_and_is_still_told():
    speed = 3 + 0.1 * np.sin(np.arange(2000.0))
    speed[900] = 60.0
    page = render(session(replace(blank(2000), speed_m_s=speed)))
    assert data_of(page)["panels"][0]["high"] < 20
    assert "10.4 – 216.0 km/h" in text_of(page)


def test_the_lowest_and_highest_of_a_long_curve_are_drawn():
    heart = np.full(86_400, 120.0)
    heart[40_000], heart[50_000] = 90.0, 150.0
    page = render(session(replace(blank(86_400), heart_rate_bpm=heart)))
    (path,) = parser.document_fromstring(page).xpath("//path[@id='curve-heart']/@d")
    heights = {int(point.split()[1]) for point in re.findall(r"-?\d+ -?\d+", path)}
    assert len(heights) == 3


def test_a_gap_breaks_the_curve():
    speed = np.full(600, 3.0)
    speed[200:300] = np.nan
    page = render(session(replace(blank(600), speed_m_s=speed)))
    (path,) = parser.document_fromstring(page).xpath("//path[@id='curve-speed']/@d")
    assert path.count("M") == 2


def test_the_map_keeps_its_shape_far_north():
    north, east = np.array([0, 300, 300, 0.0]), np.array([0, 0, 300, 300.0])
    curves = replace(
        blank(4),
        speed_m_s=np.ones(4),
        latitude_deg=70 + north / 111_195,
        longitude_deg=179.999 + east / (111_195 * np.cos(np.radians(70))),
    )
    curves = replace(curves, longitude_deg=(curves.longitude_deg + 180) % 360 - 180)
    place = data_of(render(session(curves)))["map"]
    assert np.ptp(place["x"]) == pytest.approx(np.ptp(place["y"]), abs=2)
    assert place["y"][1] < place["y"][0]
    assert place["x"][2] > place["x"][1]


def test_a_whole_day_stays_small():
    day = 86_400
    chance = np.random.default_rng(3)
    walk = np.cumsum(chance.normal(0, 1e-5, (2, day)), axis=1)
    reaches = {
        "speed_m_s": (0, 6), "heart_rate_bpm": (60, 190), "cadence_steps_min": (0, 200),
        "altitude_m": (0, 900), "gradient": (-0.2, 0.2), "power_w": (0, 500),
    }  # fmt: skip
    curves = replace(
        blank(day),
        latitude_deg=52 + walk[0],
        longitude_deg=5 + walk[1],
        **{name: chance.uniform(*reach, day) for name, reach in reaches.items()},
    )
    many = tuple(
        segment(t, t + 120, ("run", "walk")[t // 120 % 2], None) for t in range(0, day, 120)
    )
    page = render(session(curves, segments=many))
    assert len(page.encode()) < 1_000_000
    document = parser.document_fromstring(page)
    assert len(document.xpath("//tr[@data-segment]")) == len(many)
    assert len(document.xpath("//details//tr[@data-segment]")) == len(many) - 50
