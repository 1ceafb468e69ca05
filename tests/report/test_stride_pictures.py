"""Pictures of a stride: whole, readable by anybody, free of scripts, and true to the numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from lxml import etree

from retrorun.report.stride import pair_svg, strip_svg
from retrorun.report.stride_animation import animation_svg
from retrorun.report.stride_curves import curves_svg
from retrorun.report.stride_muscles import BELLIES
from retrorun.simulation.body import rows
from retrorun.simulation.stride import POINTS, SAMPLES, Stride

SVG = "{http://www.w3.org/2000/svg}"
#: Hosts and paths that a picture may not ask for.
ASKING = re.compile(r"(?:href|src)\s*=|url\((?!#)|@import|<script|<foreignObject|\son\w+=", re.I)


def made_up(direction="forward", **changed):
    """A stride that nobody ran: legs swing like pendulums."""
    share = np.linspace(0.0, 1.0, SAMPLES)
    period, speed = 0.8, 2.6
    sign = 1.0 if direction == "forward" else -1.0
    outline = np.zeros((SAMPLES, 2, len(POINTS)))
    hip = np.stack([sign * speed * period * share, 0.95 + 0.03 * np.cos(4 * np.pi * share)])
    outline[:, :, 0], outline[:, :, 1] = hip.T, hip.T + np.array([0.1, 0.8])
    for side, later in (("right", 0.0), ("left", 0.5)):
        thigh = 0.2 + sign * 0.5 * np.cos(2 * np.pi * (share + later))
        shank = thigh - 0.6
        knee = hip + 0.42 * np.stack([np.sin(thigh), -np.cos(thigh)])
        ankle = knee + 0.43 * np.stack([np.sin(shank), -np.cos(shank)])
        flat = {"heel": (-0.06, -0.05), "ball": (0.13, -0.045), "tip": (0.2, -0.065)}
        for point, place in {"knee": knee, "ankle": ankle}.items():
            outline[:, :, POINTS.index(f"{side}_{point}")] = place.T
        for point, way in flat.items():
            outline[:, :, POINTS.index(f"{side}_{point}")] = ankle.T + way
    up = np.where(share % 1 < 0.36, 2.5 * np.sin(np.pi * (share % 1) / 0.36), 0.0)
    muscles = [(row["muscle"], row["group"]) for row in rows("muscles")]
    active = {name: 0.3 + 0.02 * n + 0 * share for n, (name, _) in enumerate(muscles)}
    told = {
        "direction": direction,
        "speed_m_s": speed,
        "cadence_steps_min": 150.0,
        "gradient": 0.0,
        "height_m": 1.75,
        "time_s": period * share,
        "outline_m": outline,
        "angles_deg": {
            joint: reach * np.cos(2 * np.pi * share)
            for joint, reach in (("hip", 30.0), ("knee", 61.0), ("ankle", 20.0))
        },
        "force_up_bw": up,
        "force_along_bw": 0.1 * up,
        "pressure_m": np.where(up > 0.05, 0.1, np.nan),
        "contact_share": 0.36,
        "activation": active,
        "group_activation": {group: active[name] for name, group in muscles},
    }
    return Stride(**{**told, **changed})


FORWARD, BACKWARD = made_up(), made_up("backward")
PICTURES = {
    "strip forward": strip_svg(FORWARD),
    "strip backward": strip_svg(BACKWARD),
    "pair": pair_svg(FORWARD, BACKWARD),
    "animation forward": animation_svg(FORWARD),
    "animation backward": animation_svg(BACKWARD),
    "curves": curves_svg([FORWARD, BACKWARD]),
    "curves of one": curves_svg([BACKWARD]),
}
each = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


def words(picture):
    return " ".join("".join(el.itertext()) for el in etree.fromstring(picture).iter(f"{SVG}text"))


@each
def test_it_is_whole_and_asks_nothing_of_anyone(picture):
    root = etree.fromstring(picture)
    assert root.tag == f"{SVG}svg"
    assert not ASKING.search(picture)
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"\b(nan|NaN|inf|None)\b", picture)


@each
def test_it_is_small(picture):
    assert len(picture.encode()) < (300_000 if "@keyframes" in picture else 150_000)


@each
def test_who_does_not_see_it_is_told(picture):
    root = etree.fromstring(picture)
    named = root.get("aria-labelledby").split()
    told = {el.get("id"): el.text for el in root if el.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.get("role") == "img"
    assert sorted(named) == sorted(told)
    assert "simulated" in told[named[0]]
    assert "2.60 m/s" in told[named[1]]


@each
def test_it_is_for_light_and_for_dark_pages(picture):
    dark = picture.split("@media(prefers-color-scheme:dark){")[1]
    used = set(re.findall(r"var\(--([\w]+)\)", picture)) - {"d", "dt", "p", "later"}
    assert used <= set(re.findall(r"--(\w+):#", dark)) <= set(re.findall(r"--(\w+):#", picture))


@each
def test_nothing_it_says_leaves_the_paper(picture):
    root = etree.fromstring(picture)
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    for el in root.iter(f"{SVG}text"):
        x, y = float(el.get("x")), float(el.get("y"))
        wide = 7.0 * len(el.text)
        look = (el.get("class") or "").split()
        left = x - (wide if "e" in look else wide / 2 if "m" in look else 0)
        assert left > 0, el.text
        assert left + wide < width + 0.06 * wide, el.text
        assert 0 < y < height


@pytest.mark.parametrize("stride", [FORWARD, BACKWARD], ids=["forward", "backward"])
def test_a_strip_says_which_way_the_runner_runs_and_faces(stride):
    picture = strip_svg(stride)
    said = words(picture)
    assert f"runs {stride.direction}" in said
    assert "faces" in said
    assert "2.60 m/s (9.4 km/h) · 150 steps a minute · steps of 1.04 m" in said
    root = etree.fromstring(picture)
    tip = next(el for el in root.iter(f"{SVG}polygon") if el.get("class") == "travel-tip")
    xs = [float(point.split(",")[0]) for point in tip.get("points").split()]
    # The first corner is the end of the arrow.
    assert (xs[0] > xs[1]) == (stride.direction == "forward")


def figures(picture):
    """Pixels from the left of each figure's hip, in the order of time."""
    root = etree.fromstring(picture)
    trunks = [el for el in root.iter(f"{SVG}g") if el.get("class") == "trunk rim"]
    return [
        float(re.match(r"translate\(([-\d.]+)", el.getparent().get("transform"))[1])
        for el in trunks
    ]


def test_figures_follow_each_other_the_way_run_four_times_as_far_apart():
    for stride, sign in ((FORWARD, 1), (BACKWARD, -1)):
        hips = figures(strip_svg(stride))
        assert len(hips) == 10
        wanted = sign * 104 * 4 * stride.length_m / 10
        assert np.diff(hips) == pytest.approx(wanted, abs=0.15)
    assert "4 times as far apart as run" in words(PICTURES["strip forward"])


def test_a_strip_alone_and_in_a_pair_has_one_scale():
    together = figures(PICTURES["pair"])
    assert np.diff(together[:10]) == pytest.approx(
        np.diff(figures(PICTURES["strip forward"])), abs=0.2
    )
    assert np.diff(together[10:]) == pytest.approx(
        np.diff(figures(PICTURES["strip backward"])), abs=0.2
    )


def test_an_arrow_stands_on_each_figure_that_is_pushed():
    root = etree.fromstring(PICTURES["strip forward"])
    arrows = [el for el in root.iter(f"{SVG}path") if el.get("class") == "push"]
    # At the landing itself nothing pushes yet; one more arrow is in the key.
    pushed = sum(FORWARD.force_up_bw[n] > 0.4 for n in range(0, 100, 10))
    assert len(arrows) == 2 * pushed + 1


def test_a_slope_is_named():
    assert "slope −5 %" in words(strip_svg(made_up(gradient=-0.05)))


def test_a_stride_without_flight_has_bars_that_do_not_cover_each_other():
    root = etree.fromstring(strip_svg(made_up(contact_share=0.6)))
    tops = {el.get("y") for el in root.iter(f"{SVG}rect") if el.get("class") in ("near", "far")}
    assert len(tops) == 2


def test_the_animation_moves_only_for_those_who_want_motion():
    picture = PICTURES["animation backward"]
    assert picture.count("animation:") == 1
    asked = picture.index("@media(prefers-reduced-motion:no-preference){")
    assert asked < picture.index("animation:") < picture.index("}}", asked)
    # Four times 0.8 s; the left leg is half of it late.
    assert "animation:3.200s linear infinite" in picture
    assert "--later:-1.600s" in picture


def test_the_animation_returns_to_where_it_began():
    keyframes = re.findall(r"@keyframes ([\w-]+)\{(.*?)\}\}", PICTURES["animation forward"])
    assert len(keyframes) > 20
    for name, frames in keyframes:
        said = re.findall(r"([\d.]+)%\{([^}]*)", frames + "}")
        assert [float(p) for p, _ in said] == list(range(0, 101, 2)), name
        if name.endswith(("belt", "clock")):
            continue
        first, last = (
            [float(v) for v in re.findall(r"-?[\d.]+(?=[a-z,)%]|$)", s)]
            for s in (said[0][1], said[-1][1])
        )
        assert last == pytest.approx(first, abs=0.11), name


def test_the_belt_passes_as_fast_as_the_runner_runs():
    for stride, sign in ((FORWARD, -1), (BACKWARD, 1)):
        belt = re.search(r"@keyframes \w+-belt\{(.*?)\}\}", animation_svg(stride))[1]
        ends = [float(x) for x in re.findall(r"translateX\(([-\d.]+)px\)", belt)]
        assert ends[-1] - ends[0] == pytest.approx(sign * 214 * stride.length_m, abs=0.1)


def test_two_animations_on_one_page_do_not_share_names():
    names = [
        set(re.findall(r'(?:@keyframes |id=")([\w-]+)', PICTURES[f"animation {way}"]))
        for way in ("forward", "backward")
    ]
    assert not names[0] & names[1]


def test_every_muscle_of_the_model_is_drawn_and_named():
    picture = PICTURES["animation forward"]
    assert set(BELLIES) == {row["muscle"] for row in rows("muscles")}
    for name in FORWARD.activation:
        assert f"@keyframes forward-lit-{name}{{" in picture
        assert f"@keyframes forward-bar-{name}{{" in picture
    assert "vasti" in words(picture)


def test_curves_are_the_numbers():
    root = etree.fromstring(PICTURES["curves"])
    said = words(PICTURES["curves"])
    for title in ("Hip", "Knee", "Ankle", "Ground force, upward", "Quadriceps", "Calves"):
        assert title in said
    curves = [el for el in root.iter(f"{SVG}path") if el.get("class") == "curve"]
    in_panels = [el for el in curves if el.get("d").count("L") == SAMPLES - 1]
    groups = len(FORWARD.group_activation)
    assert len(in_panels) == 2 * (5 + groups)
    assert {el.getparent().get("class") for el in in_panels} == {"forward", "backward"}


def test_braking_is_below_zero_whichever_way_one_runs():
    """The same push along x drives a forward runner and brakes a backward one."""
    told = [curves_svg([stride]) for stride in (FORWARD, BACKWARD)]
    ends = []
    for picture in told:
        root = etree.fromstring(picture)
        level = [
            el.get("d") for el in root.iter(f"{SVG}path")
            if el.get("class") == "curve" and el.get("d").count("L") == SAMPLES - 1
        ][4]  # fmt: skip
        ys = [float(y) for y in re.findall(r" ([\d.]+)", level)]
        ends.append(ys[18] - ys[60])
    assert ends[0] < 0 < ends[1]  # y of a picture counts down


def test_a_name_from_outside_is_escaped():
    hostile = "<script>alert(1)</script>"
    stride = replace(FORWARD, group_activation={hostile: FORWARD.force_up_bw / 3})
    picture = curves_svg([stride])
    etree.fromstring(picture)
    assert "<script" not in picture.lower()
