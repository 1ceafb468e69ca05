"""Contacts against known times: synthetic signals, and annotated recordings where they are."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import contacts as benchmark
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retrorun.errors import BadInput
from retrorun.gait import contacts as module
from retrorun.gait.contacts import DETECTORS, contacts

#: Settings of the synthetic runners: step (trunk) or stride (foot), contact, speed.
TRUNKS = [
    {"step_s": 0.36, "contact_s": 0.24},
    {"step_s": 0.33, "contact_s": 0.18},
    {"step_s": 0.40, "contact_s": 0.33},
]
FEET = [
    {"stride_s": 0.72, "contact_s": 0.25, "speed_m_s": 3.0},
    {"stride_s": 0.80, "contact_s": 0.33, "speed_m_s": 2.0},
    {"stride_s": 1.10, "contact_s": 0.66, "speed_m_s": 1.3},
]


def errors_s(found, truth, *, edge=4):
    """Distance of the nearest found event from every true one but those at the ends."""
    apart = found[:, None] - truth[None, edge:-edge]
    return apart[np.abs(apart).argmin(axis=0), np.arange(apart.shape[1])]


@pytest.mark.parametrize("rate_hz", [25, 50, 100, 200, 400])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("runner", TRUNKS)
def test_trunk_running_contacts_are_found_to_the_sample(make_trunk, runner, backward, rate_hz):
    signal = make_trunk(rate_hz=rate_hz, **runner)
    signal = signal.reversed() if backward else signal
    found = contacts(signal.acc, rate_hz=rate_hz, placement="sacrum")
    assert found.both_feet
    assert np.abs(errors_s(found.initial_s, signal.initial_s)).max() < 0.015
    inner = (found.initial_s > signal.initial_s[3]) & (found.initial_s < signal.initial_s[-4])
    assert np.diff(found.initial_s[inner]) == pytest.approx(runner["step_s"], abs=0.015)
    contact_s = (found.final_s - found.initial_s)[inner]
    assert contact_s == pytest.approx(runner["contact_s"], abs=0.02)


@pytest.mark.parametrize("rate_hz", [50, 100, 200, 400])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("runner", FEET)
def test_every_stride_of_a_foot_is_found_once(make_foot, runner, backward, rate_hz):
    signal = make_foot(rate_hz=rate_hz, backward=backward, **runner)
    found = contacts(signal.acc, rate_hz=rate_hz, placement="right_foot", gyro_rad_s=signal.gyro)
    assert not found.both_feet
    assert abs(len(found.initial_s) - len(signal.initial_s)) <= 1
    assert np.abs(errors_s(found.initial_s, signal.initial_s)).max() < 0.035
    assert np.diff(found.initial_s)[3:-3] == pytest.approx(runner["stride_s"], abs=0.02)


def test_a_foot_at_25_hz_still_gives_stride_times(make_foot):
    signal = make_foot(rate_hz=25)
    found = contacts(signal.acc, rate_hz=25, placement="left_foot", gyro_rad_s=signal.gyro)
    assert np.median(np.diff(found.initial_s)) == pytest.approx(0.72, abs=0.01)


def test_a_foot_without_gyroscope_counts_the_strides_and_claims_no_final_contact(make_foot):
    signal = make_foot()
    found = contacts(signal.acc, rate_hz=100, placement="left_foot")
    assert abs(len(found.initial_s) - len(signal.initial_s)) <= 2  # setting off and stopping
    assert np.abs(errors_s(found.initial_s, signal.initial_s)).max() < 0.035
    assert np.isnan(found.final_s).all()


def test_where_no_detector_serves_there_is_no_answer():
    assert contacts(np.zeros((500, 3)), rate_hz=100, placement="left_wrist") is None


# --- the contract of every detector ----------------------------------------------------------

each = pytest.mark.parametrize("detect", DETECTORS.values(), ids=DETECTORS)


@pytest.fixture(scope="module")
def signal(make_foot, make_trunk):
    """Twenty strides, a gyroscope and a bounce in one."""
    foot, trunk = make_foot(strides=20), make_trunk(steps=40)
    samples = min(len(foot.acc), len(trunk.acc))
    return {"leg": (foot.acc, foot.gyro), "trunk": (trunk.acc[:samples], foot.gyro[:samples])}


@pytest.fixture
def worn(detect, signal):
    return signal[next(name for name, value in DETECTORS.items() if value is detect)]


@each
@pytest.mark.parametrize("samples", [0, 1, 2, 50, 99, 130])
@pytest.mark.parametrize("value", [0.0, 9.81, np.nan])
def test_nothing_is_found_where_nothing_moves(detect, samples, value):
    still = np.full((samples, 3), value)
    for gyro in (None, np.zeros((samples, 3))):
        found = detect(still, rate_hz=100, gyro_rad_s=gyro)
        assert len(found.initial_s) == len(found.final_s) == 0
        assert found.judged_s + found.not_judged_s == pytest.approx(samples / 100)


@each
def test_noise_while_standing_is_no_step(detect):
    rng = np.random.default_rng(5)
    acc, gyro = rng.normal([0, 9.81, 0], 0.05, (6000, 3)), rng.normal(0, 0.02, (6000, 3))
    assert len(detect(acc, rate_hz=100, gyro_rad_s=gyro).initial_s) == 0


@each
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), mirrored=st.booleans())
def test_axes_may_point_anywhere_even_mirrored(detect, signal, seed, mirrored):
    acc, gyro = signal["leg" if detect is DETECTORS["leg"] else "trunk"]
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    turn = turn * np.array([-1, 1, 1]) if mirrored else turn
    plain = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    turned = detect(acc @ turn, rate_hz=100, gyro_rad_s=gyro @ turn)
    assert turned.initial_s == pytest.approx(plain.initial_s, abs=1e-6)
    assert turned.final_s == pytest.approx(plain.final_s, abs=1e-6, nan_ok=True)


@each
@settings(max_examples=10, deadline=None)
@given(seconds=st.integers(1, 30))
def test_waiting_longer_only_shifts_the_contacts(detect, signal, seconds):
    acc, gyro = signal["leg" if detect is DETECTORS["leg"] else "trunk"]
    shift = 100 * seconds
    later = detect(
        np.concatenate((np.repeat(acc[:1], shift, axis=0), acc)),
        rate_hz=100,
        gyro_rad_s=np.concatenate((np.zeros((shift, 3)), gyro)),
    )
    plain = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    inner = plain.initial_s[3:-3]
    assert np.abs(errors_s(later.initial_s - seconds, inner, edge=1)).max() < 0.01


@each
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 50))
def test_contacts_rise_and_are_never_more_than_legs_can_make(detect, seed, scale):
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, scale, (1500, 3)), axis=0) * 0.1 + [0, 0, 9.81]
    found = detect(walk, rate_hz=100, gyro_rad_s=rng.normal(0, scale, (1500, 3)))
    assert (np.diff(found.initial_s) > 0).all()
    assert ((found.initial_s >= 0) & (found.initial_s <= 15)).all()
    per_second = 10 if found.both_feet else 4
    assert len(found.initial_s) <= per_second * 15
    known = np.isfinite(found.final_s)
    assert (found.final_s[known] > found.initial_s[known]).all()


@each
def test_a_long_gap_parts_the_recording_and_is_counted(detect, worn):
    acc, gyro = (part.copy() for part in worn)
    acc[800:900] = np.nan
    found = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    assert found.not_judged_s == pytest.approx(1.0)
    assert not ((found.initial_s > 8.0) & (found.initial_s < 9.0)).any()
    assert (found.initial_s > 9.0).any()


@each
def test_a_lost_packet_costs_no_contact(detect, worn):
    acc, gyro = (part.copy() for part in worn)
    plain = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    acc[700:703] = np.nan
    found = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    assert len(found.initial_s) == len(plain.initial_s)
    assert found.not_judged_s == 0


@each
def test_blocks_join_without_a_seam(detect, worn, monkeypatch):
    acc, gyro = worn
    whole = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    monkeypatch.setattr(module, "BLOCK_S", 5.0)
    monkeypatch.setattr(module, "MARGIN_S", 8.0)
    parts = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    assert parts.initial_s == pytest.approx(whole.initial_s, abs=0.01)


@each
def test_single_precision_is_enough(detect, worn):
    acc, gyro = worn
    double = detect(acc, rate_hz=100, gyro_rad_s=gyro)
    single = detect(acc.astype(np.float32), rate_hz=100, gyro_rad_s=gyro.astype(np.float32))
    assert single.initial_s == pytest.approx(double.initial_s, abs=1e-3)


@each
def test_mistakes_name_the_argument(detect):
    with pytest.raises(BadInput, match="rate_hz is 1000"):
        detect(np.zeros((100, 3)), rate_hz=1000)
    with pytest.raises(BadInput, match=r"acc_m_s2 is \(100, 2\)"):
        detect(np.zeros((100, 2)), rate_hz=100)
    if detect is DETECTORS["leg"]:
        with pytest.raises(BadInput, match=r"gyro_rad_s is \(99, 3\)"):
            detect(np.zeros((100, 3)), rate_hz=100, gyro_rad_s=np.zeros((99, 3)))


# --- real people walking ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def walks(data):
    return list(benchmark.walks(data))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("part", "scope", "least"),
    [
        ("foot", "straight", 0.97),
        ("foot", "no turn", 0.95),
        ("sacrum", "straight", 0.95),
        ("sacrum", "no turn", 0.93),
    ],
)
def test_annotated_initial_contacts_within_50_ms(walks, part, scope, least, turned):
    """0.97 (foot) and 0.95 (lower back) hold for straight walking.

    With the first step out of a turn and the closing step they are missed by about a
    hundredth; the lower bounds keep that from growing.
    """
    rng = np.random.default_rng(6)
    tally = benchmark.Tally()
    for walk in walks:
        if walk.placement.endswith(part):
            axes = Rotation.random(rng=rng) if turned else Rotation.identity()
            found = benchmark.detect(walk, turned=axes, rate_hz=100.0, gyro=True)
            benchmark.score(tally, walk, found, scope=scope)
    assert tally.matched / tally.found >= least
    assert tally.matched / tally.events >= least
    if part == "foot" and scope == "straight":
        contact_s = np.array(tally.contact_error_s)
        assert abs(contact_s.mean()) < 0.01
        assert contact_s.std() < 0.025


def test_pairing_is_one_to_one_and_closest_first():
    found, truth = np.array([1.00, 1.04, 2.0]), np.array([1.03, 2.2])
    assert benchmark.pair(found, truth, tolerance_s=0.05) == [(1, 0)]
