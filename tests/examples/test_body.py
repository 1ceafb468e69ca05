"""The simulated person against physics, published ranges, and detectors that never saw it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.spatial.transform import Rotation

from retrorun.errors import BadInput
from retrorun.examples.body import FINE_HZ, PAD, movement
from retrorun.examples.bouts import STYLES, Bout, usual_cadence
from retrorun.examples.cycle import cycle
from retrorun.examples.skeleton import Body, Joint
from retrorun.examples.worn import IDEAL, MOUNTS, SensorNoise, phone_heading, worn
from retrorun.gait.contacts import contacts
from retrorun.gait.motion import NAMES, motion_from_acceleration
from retrorun.recording import PLACEMENTS

STILL = Bout(duration_s=12, motion="still")
WALK = Bout(duration_s=40, motion="walk", direction="forward", speed_m_s=1.4)
RUN = Bout(duration_s=40, motion="run", direction="forward", speed_m_s=2.7)
BACK_WALK = Bout(duration_s=40, motion="walk", direction="backward", speed_m_s=1.0)
BACK_RUN = Bout(duration_s=40, motion="run", direction="backward", speed_m_s=2.0)
GAITS = pytest.mark.parametrize(
    "bout", [WALK, RUN, BACK_WALK, BACK_RUN], ids=lambda b: f"{b.motion} {b.direction}"
)

#: One of everything: what a person does in an hour, in four minutes.
DAY = (
    STILL, WALK, RUN, STILL,
    Bout(duration_s=30, motion="run", direction="backward", speed_m_s=2.0, turn_deg=180),
    Bout(duration_s=30, motion="walk", direction="backward", speed_m_s=1.0), STILL,
    Bout(duration_s=10, motion="sidestep", direction="left", speed_m_s=0.7),
    Bout(duration_s=10, motion="jump"),
    Bout(duration_s=10, motion="turn", turn_deg=360),
    Bout(duration_s=10, motion="shuffle", direction="backward", speed_m_s=0.5),
    Bout(duration_s=10, motion="stairs", direction="forward", speed_m_s=0.45), STILL,
)  # fmt: skip


@pytest.fixture(scope="module")
def day():
    return movement(DAY, seed=7)


def inside(moved, bout, time_s, *, margin_s=1.5):
    """Samples well within a bout."""
    k = moved.bouts.index(bout)
    return (time_s > moved.starts_s[k] + margin_s) & (time_s < moved.starts_s[k + 1] - margin_s)


def heights(moved, segment="pelvis"):
    """Height of a segment on the fine clock, without the padding."""
    return moved.pose(segment, PAD, moved.samples - PAD)[0][:, 2]


def knee_deg(gait):
    """Flexion of the left knee over a cycle that begins with its foot's contact."""
    table = cycle(gait)
    return np.degrees(table[:, Joint.LEFT_LEG + 1] - table[:, Joint.LEFT_LEG + 2])


# ---- physics ----


@pytest.mark.parametrize("placement", ["sacrum", "left_foot", "right_wrist", "pocket"])
def test_standing_still_measures_gravity_upward_however_it_is_mounted(placement):
    moved = movement([STILL])
    mounting = Rotation.from_rotvec([0.3, -1.1, 2.0])
    _, acc, _ = worn(moved, placement, rate_hz=50, mounting=mounting, noise=IDEAL)
    axes = moved.pose(MOUNTS[placement].segment, PAD, moved.samples - PAD)[1][:-1:8]
    up = np.einsum("nij,nj->ni", axes, mounting.apply(acc))
    assert up.mean(axis=0) == pytest.approx([0, 0, 9.81], abs=0.03)
    assert np.linalg.norm(acc, axis=1) == pytest.approx(9.81, abs=0.1)


@GAITS
def test_acceleration_integrated_twice_over_a_stride_gives_the_way(bout):
    moved = movement([bout])
    _, acc, _ = worn(moved, "sacrum", rate_hz=FINE_HZ, noise=IDEAL)
    stride_s = 120.0 / bout.steps_min
    first, samples = round(10 * FINE_HZ), round(stride_s * FINE_HZ)
    position, axes = moved.pose("pelvis", PAD + first - 1, PAD + first + samples + 1)
    sensor = position + axes @ np.array(MOUNTS["sacrum"].place_m)
    free = np.einsum("nij,nj->ni", axes[1:-1], acc[first : first + samples]) - [0, 0, 9.81]
    start = (sensor[2] - sensor[0]) * FINE_HZ / 2
    speed = start + cumulative_trapezoid(free, dx=1 / FINE_HZ, axis=0, initial=0)
    way = cumulative_trapezoid(speed, dx=1 / FINE_HZ, axis=0)[-1]
    ahead = 1 if bout.direction == "forward" else -1  # it faces north
    expected = [0, ahead * bout.speed_m_s * (samples - 1) / FINE_HZ, 0]
    assert way == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("placement", ["chest", "left_shank", "right_foot", "left_wrist"])
def test_angular_velocity_integrates_to_the_orientation(placement):
    moved = movement([Bout(duration_s=6, motion="run", direction="forward", speed_m_s=3.0)])
    _, _, gyro = worn(moved, placement, rate_hz=FINE_HZ, noise=IDEAL)
    axes = moved.pose(MOUNTS[placement].segment, PAD, moved.samples - PAD)[1]
    turned = Rotation.identity()
    for step in Rotation.from_rotvec((gyro[1:] + gyro[:-1]) / 2 / FINE_HZ):
        turned = turned * step
    wanted = Rotation.from_matrix(axes[0]).inv() * Rotation.from_matrix(axes[len(gyro) - 1])
    assert np.degrees((turned.inv() * wanted).magnitude()) < 0.5


@pytest.mark.parametrize("turn_deg", [0, 180])
def test_on_a_bend_the_body_turns_with_the_path(turn_deg):
    radius = 36.8
    direction = "backward" if turn_deg else "forward"
    bout = Bout(duration_s=60, motion="run", direction=direction, speed_m_s=2.5, turn_deg=turn_deg)
    moved = movement(
        [bout], path=lambda s: (radius * np.sin(s / radius), -radius * np.cos(s / radius))
    )
    _, _, gyro = worn(moved, "sacrum", noise=IDEAL)
    assert gyro[:, 2].mean() == pytest.approx(2.5 / radius, rel=0.1)
    apart = np.mod(moved.truth.heading_deg - moved.truth.course_deg + 90, 360) - 90
    assert apart == pytest.approx(turn_deg, abs=0.5)
    from_centre = np.hypot(moved.truth.east_m, moved.truth.north_m)
    assert from_centre == pytest.approx(radius, abs=0.01)


# ---- the way and the feet ----


@GAITS
def test_speed_and_cadence_are_as_asked(bout):
    moved = movement([bout], seed=3)
    truth = moved.truth
    assert truth.speed_m_s.mean() == pytest.approx(bout.speed_m_s, rel=0.02)
    assert truth.cadence_steps_min.mean() == pytest.approx(bout.steps_min, rel=0.02)
    both = np.sort(np.concatenate([moved.touches(s).initial_s for s in ("left", "right")]))
    assert 60 / np.diff(both).mean() == pytest.approx(bout.steps_min, rel=0.02)


@GAITS
def test_the_foot_on_the_ground_stays_there(bout):
    moved = movement([bout])
    touch = moved.touches("left")
    ankle, axes = moved.pose("left_foot", 0, moved.samples)
    down = -moved.body.length_m("ankle")
    heel = ankle + axes @ np.array([-moved.body.length_m("heel"), 0, down])
    ball = ankle + axes @ np.array([moved.body.length_m("ball"), 0, down])
    assert min(heel[:, 2].min(), ball[:, 2].min()) > -0.01
    for initial_s, final_s in zip(touch.initial_s[2:-2], touch.final_s[2:-2], strict=True):
        fine = (np.array([0.3, 0.5, 0.7]) * (final_s - initial_s) + initial_s) * FINE_HZ
        first, middle, last = np.round(fine).astype(int) + PAD
        speed = np.linalg.norm(ball[middle + 4] - ball[middle - 4]) * FINE_HZ / 8
        assert speed < 0.4
        assert np.ptp(ball[first:last, :2], axis=0).max() < 0.04
        assert ball[first:last, 2].max() < 0.03


@GAITS
def test_feet_clear_the_ground_in_swing(bout):
    moved = movement([bout])
    touch = moved.touches("left")
    middle_s = 0.5 * (touch.final_s[2:-2] + touch.initial_s[3:-1])
    ankle = moved.pose("left_foot", 0, moved.samples)[0]
    height = ankle[np.round(middle_s * FINE_HZ).astype(int) + PAD, 2]
    assert np.all(height > 0.1)
    assert np.all(height < 0.6)


@pytest.mark.parametrize("motion", ["walk", "run"])
def test_forward_lands_on_the_heel_and_backward_on_the_toes(motion):
    pitch = {
        way: cycle(Bout(duration_s=9, motion=motion, direction=way, speed_m_s=2.0).gait(Body()))[
            0, Joint.LEFT_LEG + 3
        ]
        for way in ("forward", "backward")
    }
    assert np.degrees(pitch["forward"]) > 5
    assert np.degrees(pitch["backward"]) < -10  # toe-heel-toe, Sterzing 2016


def test_reversing_without_turning_comes_back_and_turning_goes_on():
    ahead = Bout(duration_s=20, motion="run", direction="forward", speed_m_s=2.0)
    turned = Bout(duration_s=20, motion="run", direction="backward", speed_m_s=2.0, turn_deg=180)
    back = Bout(duration_s=20, motion="run", direction="backward", speed_m_s=2.0)
    on, home = movement([ahead, turned]).truth, movement([ahead, back]).truth
    assert on.north_m[-1] == pytest.approx(80, rel=0.02)
    assert on.heading_deg[-1] == pytest.approx(180)
    assert on.course_deg[-1] == pytest.approx(0, abs=0.01)
    assert home.north_m[-1] == pytest.approx(0, abs=2)
    assert home.heading_deg[-1] == pytest.approx(0)
    assert home.course_deg[-1] == pytest.approx(180)


def test_sidesteps_go_sideways_and_stairs_up():
    side = Bout(duration_s=20, motion="sidestep", direction="right", speed_m_s=0.5)
    stairs = Bout(duration_s=28, motion="stairs", direction="forward", speed_m_s=0.28)
    aside, up = movement([side]).truth, movement([stairs]).truth
    assert aside.east_m[-1] == pytest.approx(10, rel=0.03)
    assert aside.course_deg[-1] == pytest.approx(90)
    assert aside.heading_deg[-1] == pytest.approx(0)
    assert up.up_m[-1] == pytest.approx(28 * 0.17, rel=0.03)


# ---- what has been published ----


@pytest.mark.parametrize(
    ("bout", "least_m", "most_m"), [(WALK, 0.03, 0.06), (RUN, 0.06, 0.11), (BACK_RUN, 0.06, 0.11)]
)
def test_vertical_excursion(bout, least_m, most_m):
    gait = bout.gait(Body())
    assert least_m < np.ptp(cycle(gait)[:, Joint.PELVIS_Z]) < most_m


def aerial_s(bout):
    """Mean time from the end of one foot's contact to the other's next contact."""
    moved = movement([bout])
    left, right = moved.touches("left"), moved.touches("right")
    final = left.final_s[np.isfinite(left.final_s)][1:-2]
    return (right.initial_s[np.searchsorted(right.initial_s, final - 0.2)] - final).mean()


def test_flight_is_for_running_and_longer_backward():
    ways = [
        Bout(duration_s=20, motion="run", direction=way, speed_m_s=2.8)
        for way in ("forward", "backward")
    ]
    assert aerial_s(WALK) < 0
    assert aerial_s(BACK_WALK) < 0
    assert aerial_s(ways[0]) == pytest.approx(0.072, abs=0.006)  # Cavagna 2012
    assert aerial_s(ways[1]) == pytest.approx(0.098, abs=0.006)


@pytest.mark.parametrize("motion", ["walk", "run"])
def test_backward_steps_are_quicker_and_shorter_at_the_same_speed(motion):
    forward, backward = (usual_cadence(motion, w, speed_m_s=2.0) for w in ("forward", "backward"))
    assert backward / forward == pytest.approx(1.113, abs=0.005)  # treadmill, n = 13


def test_walking_joints_are_near_the_textbook():
    """Perry, Winter; the model walks with somewhat bent knees, hence the wide tolerance."""
    knee = knee_deg(WALK.gait(Body()))
    assert knee[240:].max() == pytest.approx(60, abs=10)  # swing
    assert knee[20:80].max() == pytest.approx(18, abs=15)  # loading
    assert knee[100:160].min() < 15
    thigh = np.degrees(cycle(WALK.gait(Body()))[:, Joint.LEFT_LEG + 1])
    assert thigh.max() == pytest.approx(27, abs=8)
    assert thigh.min() == pytest.approx(-18, abs=6)


def test_running_joints_are_near_the_textbook():
    """Novacheck 1998 and others, slow running, rounded."""
    knee = knee_deg(RUN.gait(Body()))
    assert knee[0] == pytest.approx(15, abs=6)
    assert knee[40:100].max() == pytest.approx(45, abs=8)
    assert knee[200:320].max() == pytest.approx(95, abs=10)


def test_backward_running_has_smaller_ranges_of_motion():
    """Arata 2000, at the same speed."""
    leg = [
        cycle(Bout(duration_s=9, motion="run", direction=way, speed_m_s=2.7).gait(Body()))
        for way in ("forward", "backward")
    ]
    for column in (Joint.LEFT_LEG + 1, Joint.LEFT_LEG + 2, Joint.LEFT_LEG + 3):
        assert np.ptp(leg[1][:, column]) < np.ptp(leg[0][:, column])


@pytest.mark.parametrize(
    ("bout", "least", "most"), [(WALK, 1.0, 3.0), (RUN, 4.7, 9.0), (BACK_RUN, 4.7, 9.0)]
)
def test_strength_of_the_trunks_bounce(bout, least, most):
    """Root mean square of the vertical acceleration: an inverted pendulum or a bounce."""
    vertical = np.diff(heights(movement([bout])), 2) * FINE_HZ**2
    assert least < vertical.std() < most


# ---- sensors ----


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_placement_measures_something_plausible(day, placement):
    time_s, acc, gyro = worn(day, placement)
    assert len(time_s) == len(acc) == len(gyro) == round(day.duration_s * 100)
    assert np.isfinite(acc).all()
    assert np.isfinite(gyro).all()
    assert np.all(np.diff(time_s) > 0)
    size = np.linalg.norm(acc, axis=1)
    running = inside(day, RUN, time_s)
    assert size[running].max() < 150
    assert np.linalg.norm(gyro, axis=1).max() < 25
    assert size[inside(day, STILL, time_s)] == pytest.approx(9.81, abs=0.5)
    assert 8 < np.median(size) < 13


def test_peaks_while_running(day):
    peak = {}
    for placement in ("sacrum", "left_foot"):
        time_s, acc, _ = worn(day, placement)
        peak[placement] = np.linalg.norm(acc, axis=1)[inside(day, RUN, time_s)].max()
    assert 15 < peak["sacrum"] < 40
    assert 30 < peak["left_foot"] < 150


def test_bouts_join_without_a_jolt(day):
    """Cross-fades are gentler than the hardest bout."""
    time_s, acc, _ = worn(day, "sacrum", noise=IDEAL)
    between = np.abs(time_s[:, None] - day.starts_s).min(axis=1) < 0.7
    size = np.linalg.norm(acc, axis=1)
    assert size[between].max() < 1.2 * size[~between].max()


def test_a_phone_is_not_ideal(day):
    noise = SensorNoise(full_scale_g=2.0, clock_drift_ppm=1000.0, jitter_s=0.001)
    time_s, acc, _ = worn(day, "left_foot", noise=noise)
    assert np.abs(acc).max() == pytest.approx(2 * 9.81)
    assert time_s[-1] == pytest.approx(1.001 * (day.duration_s - 0.01), abs=0.01)
    assert np.diff(time_s).std() > 0.0005


def test_the_same_seed_makes_the_same_recording():
    def made(seed):
        return worn(movement([WALK], seed=seed), "pocket", seed=seed)

    for first, again, other in zip(made(4), made(4), made(5), strict=True):
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_a_phones_heading_follows_the_body(day):
    time_s, heading = phone_heading(day, offset_deg=30, noise_deg=2)
    apart = heading - day.truth.heading_deg[np.round(time_s * 10).astype(int)] - 30
    apart = np.mod(apart + 180, 360) - 180
    steady = day.truth.settled[np.round(time_s * 10).astype(int)]
    steady &= (day.truth.motion != "turn")[np.round(time_s * 10).astype(int)]
    assert np.abs(np.median(apart)) < 0.5
    assert np.abs(apart[steady]).max() < 20
    disturbed = phone_heading(day, offset_deg=30, noise_deg=2, disturbance_deg=40)[1]
    assert np.abs(np.mod(disturbed - heading + 180, 360) - 180).max() > 20


# ---- detectors that were made without it ----


@pytest.mark.parametrize("placement", ["sacrum", "left_foot", "right_foot"])
def test_motion_is_recognised(day, placement):
    _, acc, gyro = worn(day, placement, mounting=Rotation.from_rotvec([1.0, 0.4, -2.0]))
    seen = motion_from_acceleration(acc, rate_hz=100, placement=placement, gyro_rad_s=gyro)
    middle_s = np.arange(len(seen.code)) + 0.5
    for bout in day.bouts[:6]:
        here = inside(day, bout, middle_s)
        names = np.array([NAMES[int(code)] for code in seen.code[here]])
        assert np.mean(names == bout.motion) > 0.95
        if bout.steps_min:
            cadence = np.nanmedian(seen.cadence_steps_min[here])
            assert cadence == pytest.approx(bout.steps_min, rel=0.03)


@GAITS
@pytest.mark.parametrize("placement", ["left_foot", "right_foot", "sacrum"])
def test_contacts_are_found_where_they_are(bout, placement):
    moved = movement([bout], seed=2)
    _, acc, gyro = worn(moved, placement)
    found = contacts(acc, rate_hz=100, placement=placement, gyro_rad_s=gyro)
    sides = ("left", "right") if found.both_feet else (placement.split("_")[0],)
    truth = np.sort(np.concatenate([moved.touches(side).initial_s for side in sides]))
    truth = truth[(truth > 2) & (truth < moved.duration_s - 2)]
    error = np.abs(found.initial_s[:, None] - truth).min(axis=0)
    assert np.mean(error < 0.05) > 0.95


# ---- mistakes of the caller ----


def test_what_nobody_can_do_is_refused():
    with pytest.raises(BadInput, match="walk left, but must be one of still, walk forward"):
        Bout(duration_s=10, motion="walk", direction="left", speed_m_s=1)
    with pytest.raises(BadInput, match="speed_m_s is 0"):
        Bout(duration_s=10, motion="run", direction="forward")
    with pytest.raises(BadInput, match="duration_s is 1"):
        Bout(duration_s=1, motion="still")
    with pytest.raises(BadInput, match="at least one"):
        movement([])
    with pytest.raises(BadInput, match="placement is nose"):
        worn(movement([STILL]), "nose")


def test_every_style_is_finite_at_all_its_speeds():
    for motion, direction in STYLES:
        for speed in (0.3, 1.0, 3.0, 5.0) if direction else (0.0,):
            bout = Bout(duration_s=9, motion=motion, direction=direction, speed_m_s=speed)
            assert np.isfinite(cycle(bout.gait(Body(height_m=1.6)))).all()
