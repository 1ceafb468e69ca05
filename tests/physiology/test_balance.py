"""Step asymmetry, harmonic ratio and trunk lean against constructed gaits whose truth is known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retrorun.examples.body import movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import IDEAL, worn
from retrorun.gait.contacts import contacts as contacts_of
from retrorun.gait.strides import strides_of_both_feet, strides_of_two_feet
from retrorun.gait.worn import worn_sensor
from retrorun.physiology.balance import harmonic_ratio, step_asymmetry, trunk_lean

G = 9.81
BAD = pytest.mark.filterwarnings("error")

seeds = st.integers(0, 2**32 - 1)
rotations = seeds.map(lambda seed: Rotation.random(random_state=seed))


# ---- step asymmetry ----


def contacts(steps, *, asymmetry, jitter_s=0.0, step_s=0.35, seed=0):
    """Contacts whose left steps are longer than the right ones by `asymmetry` of a step."""
    rng = np.random.default_rng(seed)
    length = step_s * (1 + asymmetry / 2 * np.where(np.arange(steps) % 2 == 0, 1, -1))
    return np.r_[0.0, np.cumsum(length)] + rng.normal(0, jitter_s, steps + 1)


def asymmetry_of(found, *, seen_by=None, left=None):
    return step_asymmetry(
        found.start_s,
        stride_time_s=found.stride_time_s,
        step_time_s=found.step_time_s,
        seen_by=seen_by,
        left=left,
    )


@pytest.mark.parametrize("asymmetry", [0.0, 0.01, -0.04, 0.2])
def test_a_known_asymmetry_is_found_exactly_without_noise(asymmetry):
    found = asymmetry_of(strides_of_both_feet(contacts(100, asymmetry=asymmetry))).mean
    assert found.value == pytest.approx(abs(asymmetry), abs=1e-9)
    assert found.low <= found.value <= found.high
    assert found.strides == 50


@pytest.mark.parametrize(("asymmetry", "pauses"), [(0.0, 0), (0.01, 0), (0.03, 0), (0.03, 5)])
def test_intervals_hold_the_truth_nine_times_of_ten_and_noise_makes_no_asymmetry(asymmetry, pauses):
    """Contacts that jitter by 15 ms; with pauses, either foot begins after each."""
    inside, values, naive = 0, [], []
    for seed in range(200):
        times = contacts(240, asymmetry=asymmetry, jitter_s=0.015, seed=seed)
        if pauses:
            parts = np.array_split(times, pauses + 1)
            parts = [p[seed * k % 2 :] + 10.0 * k for k, p in enumerate(parts)]
            times = np.concatenate(parts)
        found = asymmetry_of(strides_of_both_feet(times)).mean
        inside += found.low - 1e-9 <= asymmetry <= found.high
        values.append(found.value)
        steps = np.diff(times)
        naive.append(abs(steps[::2].mean() - steps[1::2].mean()) / 0.35)
    assert inside >= 0.86 * 200
    if asymmetry == 0:  # most people who have none are told none
        assert np.median(values) == 0 < np.median(naive)
    assert np.median(values) == pytest.approx(asymmetry, abs=0.004)


def test_two_feet_and_a_trunk_agree_and_known_sides_change_nothing():
    times = contacts(200, asymmetry=0.05, jitter_s=0.005, seed=3)
    trunk = strides_of_both_feet(times)
    feet = strides_of_two_feet(times[::2], right_initial_s=times[1::2])
    left = np.isin(feet.start_s, times[::2])
    for found in (asymmetry_of(trunk), asymmetry_of(feet), asymmetry_of(feet, left=left)):
        assert found.mean.value == pytest.approx(0.05, abs=0.006)
        assert found.mean.low > 0.03


def test_one_foot_alone_or_too_few_strides_are_not_judged():
    few = asymmetry_of(strides_of_both_feet(contacts(30, asymmetry=0.1)))
    assert few.mean is None
    assert few.reason == "15 whole steady strides, wanted at least 20"
    nothing = step_asymmetry([], stride_time_s=[], step_time_s=[], seen_by=None)
    assert nothing.mean is None
    unknown = np.full(50, np.nan)
    assert (
        step_asymmetry(unknown, stride_time_s=unknown, step_time_s=unknown, seen_by=None).mean
        is None
    )
    alone = step_asymmetry(
        np.arange(50), stride_time_s=np.ones(50), step_time_s=unknown, seen_by="foot"
    )
    assert "one foot alone" in alone.reason


def test_what_the_detector_errs_widens_the_interval():
    found = strides_of_both_feet(contacts(200, asymmetry=0.05))
    trunk, feet = (asymmetry_of(found, seen_by=part).mean for part in ("sacrum", "foot"))
    assert trunk.value == feet.value == pytest.approx(0.05)
    assert trunk.low == pytest.approx(0.05 - 1.943 * 0.016, abs=1e-4)
    assert (feet.low, feet.high) == (0, pytest.approx(0.05 + 1.943 * 0.055, abs=1e-4))
    assert "nobody measured" in asymmetry_of(found, seen_by="wrist").reason


@pytest.mark.parametrize(("part", "seen_by"), [("trunk", "sacrum"), ("feet", "foot")])
def test_real_walkers_lie_within_the_interval(data, part, seen_by):
    """Against annotated contacts, turns left out: nine of ten should, so five of these six.

    Both detectors were measured on these people; others are not promised the same.
    """
    inside = 0
    for person in range(1, 7):
        seen, turns = trials_of(data, person)
        truth = strides_of_two_feet(seen["true_left"], right_initial_s=seen["true_right"])
        if part == "trunk":
            found = strides_of_both_feet(seen["trunk"])
        else:
            found = strides_of_two_feet(seen["left"], right_initial_s=seen["right"])
        known = asymmetry_of(straight(truth, turns)).mean
        judged = asymmetry_of(straight(found, turns), seen_by=seen_by).mean
        inside += judged.low <= known.value <= judged.high
        assert judged.low <= known.high
        assert known.low <= judged.high
    assert inside >= 5


def trials_of(data, person):
    """Contacts of three trials one after another, detected and annotated, and their turns."""
    times = {"left": [], "right": [], "trunk": [], "true_left": [], "true_right": []}
    turns = []
    for trial in (1, 2, 3):
        file = data / "gait-imu" / f"{person}-{trial}"
        said = json.loads(file.with_suffix(".json").read_text())
        for name, end, place in (
            ("left", "lf", "left_foot"), ("right", "rf", "right_foot"), ("trunk", "lb", "sacrum")
        ):  # fmt: skip
            rows = np.loadtxt(f"{file}_{end}.txt", skiprows=2)
            found = contact_times(rows[:, 1:4], rate_hz=100.0, placement=place, gyro=rows[:, 4:7])
            times[name].append(found + 100 * trial)
        for name in ("left", "right"):
            events = np.array(said[f"{name.title()}FootEvents"])[:, 0] / 100
            times[f"true_{name}"].append(events + 100 * trial)
        turns.append(np.array(said["UTurnBoundaries"]) / 100 + 100 * trial)
    return {name: np.concatenate(parts) for name, parts in times.items()}, turns


def contact_times(acc, *, rate_hz, placement, gyro):
    return contacts_of(acc, rate_hz=rate_hz, placement=placement, gyro_rad_s=gyro).initial_s


def straight(found, turns):
    keep = np.ones(found.count, dtype=bool)
    for begin, end in turns:
        keep &= (found.start_s + found.stride_time_s < begin) | (found.start_s > end)
    return SimpleNamespace(
        start_s=found.start_s[keep],
        stride_time_s=found.stride_time_s[keep],
        step_time_s=found.step_time_s[keep],
    )


# ---- harmonic ratio ----


def gait(amplitudes, *, strides=40, stride_s=0.7, rate_hz=100.0, noise=0.0, wander=0.0, seed=0):
    """Trunk acceleration with these harmonics of the stride, and its strides."""
    rng = np.random.default_rng(seed)
    length = stride_s * (1 + wander * rng.standard_normal(strides))
    edges = 3 + np.r_[0, np.cumsum(length)]
    time = np.arange(0, edges[-1] + 3, 1 / rate_hz)
    phase = 2 * np.pi * np.interp(time, edges, np.arange(strides + 1.0))
    vertical = G + sum(a * np.cos(k * phase + k) for k, a in enumerate(amplitudes, start=1))
    acc = np.stack([2 * np.sin(2 * phase), 1.5 * np.sin(phase), vertical], axis=1)
    acc += noise * rng.standard_normal(acc.shape)
    return time, acc, {"start_s": edges[:-1], "stride_time_s": np.diff(edges)}


def test_harmonic_ratio_of_known_harmonics():
    """By its definition: (10 + 3 + 1) / (2 + 1 + 0.5) = 4."""
    time, acc, strides = gait([2, 10, 1, 3, 0.5, 1])
    found = harmonic_ratio(time, acc, **strides).mean
    assert found.value == pytest.approx(4.0, rel=2e-3)
    assert found.low <= found.value <= found.high
    assert found.strides == 40


def test_the_first_twenty_harmonics_count_and_no_more():
    harmonics = np.zeros(22)
    harmonics[[0, 1]] = 1, 8
    harmonics[[18, 19]] = 1, 2  # the 19th and the 20th
    harmonics[[20, 21]] = 9, 9
    time, acc, strides = gait(harmonics, rate_hz=400.0)
    assert harmonic_ratio(time, acc, **strides).mean.value == pytest.approx(5.0, rel=2e-3)


@given(rotation=rotations)
@settings(max_examples=10, deadline=None)
def test_how_the_sensor_is_turned_changes_nothing(rotation):
    time, acc, strides = gait([2, 10, 1, 3], noise=0.1, wander=0.02)
    plain = harmonic_ratio(time, acc, **strides).mean.value
    turned = harmonic_ratio(time, rotation.apply(acc), **strides).mean.value
    assert turned == pytest.approx(plain, rel=1e-6)


def test_overlapping_strides_of_both_feet_count_once():
    time, acc, strides = gait([2, 10, 1, 3])
    start = np.sort(np.r_[strides["start_s"], strides["start_s"] + 0.35])[:-1]
    found = harmonic_ratio(time, acc, start_s=start, stride_time_s=np.full(len(start), 0.7)).mean
    assert found.strides == 40
    assert found.value == pytest.approx(13 / 3, rel=2e-3)


def test_an_hour_gives_what_its_parts_give():
    """Long recordings are worked through in chunks, which must not show."""
    time, acc, strides = gait([2, 10, 1, 3], strides=1200, wander=0.02)
    found = harmonic_ratio(time, acc, **strides).mean
    assert found.strides == 1200
    parts = []
    for k in range(0, 1200, 100):
        own = {name: values[k : k + 100] for name, values in strides.items()}
        parts.append(harmonic_ratio(time, acc, **own).mean.value)
    assert np.mean(parts) == pytest.approx(found.value, rel=1e-6)


def test_strides_across_a_gap_are_left_out():
    time, acc, strides = gait([2, 10, 1, 3])
    hole = (time > 10.0) & (time < 12.0)
    found = harmonic_ratio(time[~hole], acc[~hole], **strides).mean
    assert 35 <= found.strides <= 37
    assert found.value == pytest.approx(13 / 3, rel=0.01)


@BAD
def test_harmonic_ratio_says_why_it_cannot_judge():
    time, acc, strides = gait([2, 10, 1, 3], rate_hz=40.0)
    assert "sampled at 40 Hz" in harmonic_ratio(time, acc, **strides).reason
    time, acc, strides = gait([2, 10, 1, 3], strides=19)
    assert harmonic_ratio(time, acc, **strides).reason.startswith("19 whole steady strides")
    time, acc, strides = gait([0, 0])
    acc[:, :2] = 0
    assert "does not change" in harmonic_ratio(time, acc, **strides).reason
    assert "no odd harmonics" in harmonic_ratio(*_perfect(), **strides).reason
    for rows in (np.full_like(acc, np.nan), np.zeros_like(acc), np.full_like(acc, 1e300)):
        assert harmonic_ratio(time, rows, **strides).mean is None
    assert harmonic_ratio([], np.empty((0, 3)), **strides).mean is None


def _perfect():
    """Strides of exactly 70 samples without any odd harmonic."""
    time, _, _ = gait([1])
    phase = 2 * np.pi * (time - 3) / 0.7
    acc = np.zeros((len(time), 3))
    acc[:, 2] = G
    acc[np.arange(len(time)) % 35 < 5, 2] += 3.0 + 0 * phase[0]
    return time, acc


# ---- trunk lean ----

LEFT = np.array([0.0, 1.0, 0.0])


def leaning(lean_deg, *, side_deg=0.0, stands=((1, 9), (100, 110)), noise=0.05, seed=0):
    """Standing, then a run that leans, then standing: axes ahead, left, up."""
    time, acc, strides = gait([1, 10, 1, 3], strides=120, noise=0.0, seed=seed)
    rng = np.random.default_rng(seed)
    strides["start_s"] = strides["start_s"] + 10
    time = time + 10
    time = np.r_[np.arange(0, 10, 0.01), time, time[-1] + np.arange(0.01, 20, 0.01)]
    body = np.zeros((len(time), 3))
    body[:, 2] = G
    body[1000 : 1000 + len(acc)] = acc
    lean = Rotation.from_euler("yx", [lean_deg, side_deg], degrees=True)
    moving = (time > 12) & (time < strides["start_s"][-1] + 1)
    body[moving] = lean.inv().apply(body[moving])
    return time, body + rng.normal(0, noise, body.shape), strides, np.array(stands, float)


@pytest.mark.parametrize("lean_deg", [-6.0, 0.0, 2.0, 12.0])
@pytest.mark.parametrize("side_deg", [0.0, 3.0])
def test_a_known_lean_is_found_forward_positive(lean_deg, side_deg):
    time, acc, strides, stands = leaning(lean_deg, side_deg=side_deg)
    found = trunk_lean(time, acc, **strides, standing_s=stands, left=LEFT).mean
    assert found.value == pytest.approx(lean_deg, abs=0.2)
    assert found.low < lean_deg < found.high
    assert found.high - found.low < 5


@given(rotation=rotations)
@settings(max_examples=10, deadline=None)
def test_lean_does_not_depend_on_how_the_sensor_sits(rotation):
    time, acc, strides, stands = leaning(5.0)
    found = trunk_lean(
        time, rotation.apply(acc), **strides, standing_s=stands, left=rotation.apply(LEFT)
    ).mean
    assert found.value == pytest.approx(5.0, abs=0.2)


def test_standing_that_differs_widens_the_interval():
    """Three stretches of standing at -4, 0 and 4 degrees: their mean is known to 5 or so."""
    time, acc, strides, _ = leaning(5.0, noise=0.0)
    last = time[-1]
    stands = [(1.0, 9.0), (last - 16, last - 9), (last - 8, last - 1)]
    for (a, b), tilt in zip(stands, (-4, 0, 4), strict=True):
        rows = (time >= a) & (time < b)
        acc[rows] = Rotation.from_euler("y", tilt, degrees=True).inv().apply(acc[rows])
    found = trunk_lean(time, acc, **strides, standing_s=stands, left=LEFT).mean
    assert found.low < 1 < 9 < found.high


@BAD
def test_lean_says_why_it_cannot_judge():
    time, acc, strides, stands = leaning(5.0)

    def reason(**changes):
        given_ = {"standing_s": stands, "left": LEFT} | strides | changes
        found = trunk_lean(time, given_.pop("acc", acc), **given_)
        assert found.mean is None
        return found.reason

    assert "no sign" in reason(left=None)
    assert "no horizontal direction" in reason(left=[0, 0, 1.0])
    assert "no horizontal direction" in reason(left=[np.nan] * 3)
    assert "quiet standing" in reason(standing_s=np.empty((0, 2)))
    assert "quiet standing" in reason(standing_s=[(20.0, 40.0)])  # that was running
    assert "whole steady strides" in reason(start_s=[], stride_time_s=[])
    clipped = np.clip(acc, -12, 12)
    assert "clipped" in reason(acc=clipped)
    fallen = acc.copy()
    fallen[time < 10] = acc[time < 10][:, [2, 1, 0]]
    fallen[time > 95] = fallen[time > 95][:, [2, 1, 0]]
    assert "worn anew" in reason(acc=fallen)
    assert trunk_lean([], np.empty((0, 3)), **strides, standing_s=stands, left=LEFT).mean is None


# ---- the simulated person, end to end ----


@pytest.fixture(scope="module")
def session():
    bouts = [
        Bout(duration_s=15, motion="still"),
        Bout(duration_s=60, motion="run", direction="forward", speed_m_s=2.7),
        Bout(duration_s=15, motion="still"),
        Bout(duration_s=60, motion="run", direction="backward", speed_m_s=2.0),
        Bout(duration_s=15, motion="still"),
    ]
    return movement(bouts, seed=4)


@pytest.mark.parametrize("rotated", [False, True])
def test_the_simulated_person_is_even_and_leans_as_it_was_posed(session, rotated):
    mounting = Rotation.from_rotvec([0.4, -1.0, 2.2]) if rotated else Rotation.identity()
    time, acc, gyro = worn(session, "chest", mounting=mounting, noise=IDEAL)
    seen = worn_sensor(
        time, acc, placement="chest", seconds=165, gyro_time_s=time, gyro_rad_s=gyro
    ).contacts
    strides = strides_of_both_feet(seen.initial_s, final_s=seen.final_s)
    left = mounting.apply(LEFT, inverse=True)
    stands = [(1, 14), (77, 88), (152, 164)]
    for start, end in ((17, 73), (92, 148)):
        during = (strides.start_s > start) & (strides.start_s + strides.stride_time_s < end)
        own = {
            "start_s": strides.start_s[during],
            "stride_time_s": strides.stride_time_s[during],
        }
        even = step_asymmetry(**own, step_time_s=strides.step_time_s[during], seen_by="chest").mean
        assert even.low == 0  # it was made to be even
        assert even.value < 0.002
        ratio = harmonic_ratio(time, acc, **own).mean
        assert ratio.low > 1
        lean = trunk_lean(time, acc, **own, standing_s=stands, left=left).mean
        assert lean.low < posed_deg(session, start, end) < lean.high


def posed_deg(moved, start_s, end_s):
    """Lean of the trunk's own axis in the simulation, against its standing."""

    def lean(a, b):
        axes = moved.pose("trunk", *(np.searchsorted(moved.time_s(), (a, b))))[1]
        up, ahead = axes[:, :, 2], axes[:, :, 0].copy()
        ahead[:, 2] = 0
        along = np.einsum("ij,ij->i", up, ahead / np.linalg.norm(ahead, axis=1)[:, None])
        return float(np.degrees(np.arctan2(along, up[:, 2])).mean())

    return lean(start_s, end_s) - lean(2, 14)


# ---- anything at all ----


@given(
    seed=seeds,
    samples=st.integers(0, 3000),
    strides=st.integers(0, 60),
    scale=st.sampled_from([0.0, 1e-300, 1.0, 1e6, 1e300]),
    holes=st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
@BAD
def test_arbitrary_input_is_judged_or_refused_never_a_crash(seed, samples, strides, scale, holes):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.exponential(0.01, samples)) - rng.exponential(0.001, samples)
    acc = rng.standard_normal((samples, 3)) * scale
    acc[rng.random(samples) < holes] = np.nan
    start = np.sort(rng.uniform(0, 30, strides))
    stride = rng.normal(0.5, 0.3, strides)
    stands = rng.uniform(0, 30, (4, 2))
    own = {"start_s": start, "stride_time_s": stride}
    for found in (
        harmonic_ratio(time, acc, **own),
        trunk_lean(time, acc, **own, standing_s=stands, left=rng.standard_normal(3)),
        step_asymmetry(**own, step_time_s=stride / rng.uniform(0.5, 3), seen_by=None),
    ):
        assert (found.mean is None) == (found.reason is not None)
        if found.mean is not None:
            assert found.mean.low <= found.mean.value <= found.mean.high
