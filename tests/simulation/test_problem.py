"""The problem as written down: its derivatives by finite differences, its collocation exactly."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("casadi")

import casadi as ca

from retrorun.simulation.body import COORDINATES, body
from retrorun.simulation.conditions import Conditions, Variant
from retrorun.simulation.guess import from_angles, textbook
from retrorun.simulation.instant import COORDINATE_COUNT, Layout
from retrorun.simulation.problem import POINTS, Problem, radau

Array = NDArray[np.float64]

#: Every term of the objective that a variant can ask for.
EVERYTHING = Variant(force_rate_weight=1e-3, lengthening_credit=0.7, flight_share=0.3)
INTERVALS = 2
ASKED = Conditions(
    speed_m_s=2.67,
    direction="backward",
    cadence_steps_min=192.0,
    gradient=0.05,
    mass_kg=61.0,
    height_m=1.68,
)


def flat(value: Any) -> Array:
    """Numbers of CasADi in a row."""
    return np.array(value).ravel()


@cache
def problem() -> Problem:
    person = body(mass_kg=ASKED.mass_kg, height_m=ASKED.height_m, variant=EVERYTHING)
    return Problem(person, EVERYTHING, intervals=INTERVALS)


@cache
def settings() -> Array:
    """Speed, step time, slope, tracking, and a reference that is not the motion itself."""
    reference = textbook(problem(), ASKED) + 0.05
    first = [ASKED.velocity_m_s, ASKED.step_time_s, ASKED.tilt, 10.0]
    return np.concatenate([first, reference.T.ravel()])


@cache
def inside() -> Array:
    """A point within all bounds: running on the ground, with every muscle and rate astir."""
    step = problem()
    random = np.random.default_rng(7)
    start = from_angles(step, ASKED, textbook(step, ASKED))
    columns = step.columns(start) + 0.1 * random.standard_normal(
        (step.count, step.layout.size)
    ) * np.abs(step.layout.scale()) * stirred(step.layout)
    return step.unknowns(columns)


def stirred(layout: Layout) -> Array:
    """How much each part is moved: coordinates little, so that feet stay near the ground."""
    parts = {"coordinates": 0.05, "activation": 3.0, "force": 3.0}
    share = np.ones(layout.size)
    for name, place in layout.slices().items():
        share[place] = parts.get(name, 1.0)
    return share


@cache
def values() -> ca.Function:
    """(x, p) to cost and equations."""
    nlp = problem()._nlp
    return ca.Function("values", [nlp["x"], nlp["p"]], [nlp["f"], nlp["g"]])


def directions(number: int = 4) -> list[Array]:
    random = np.random.default_rng(11)
    return list(random.standard_normal((number, len(inside()))))


def slope_of(function: ca.Function, output: int, direction: Array) -> Array:
    """Central difference along a direction, with Richardson's step: error of the fourth order."""

    def difference(step: float) -> Array:
        ends = (
            flat(function.call([inside() + side * step * direction, settings()])[output])
            for side in (1, -1)
        )
        ahead, behind = ends
        return (ahead - behind) / (2 * step)

    return (4 * difference(5e-6) - difference(1e-5)) / 3


def far(found: Array, expected: Array) -> float:
    """Largest difference, in the size of the largest expected number."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


# --- derivatives -----------------------------------------------------------------------------


def test_the_point_of_the_comparison_has_every_term_at_work() -> None:
    step = problem()
    assert (inside() >= step._lower).all()
    assert (inside() <= step._upper).all()
    columns = step.columns(inside())
    found = [step.at.seen.call({"z": column, "gradient": ASKED.tilt}) for column in columns]
    pushed_n = [np.array(seen["ground_force_n"])[1].sum() for seen in found]
    assert max(pushed_n) > 0.1 * step.person.weight_n
    assert (columns[:, step.layout.slices()["activation"]].std(axis=0) > 0.01).all()


def test_the_slope_of_the_cost_is_that_of_finite_differences() -> None:
    cost, slope = problem()._derivatives["grad_f"](inside(), settings())
    assert float(cost) == pytest.approx(float(values()(inside(), settings())[0]), rel=1e-12)
    for direction in directions():
        expected = slope_of(values(), 0, direction)
        assert flat(slope) @ direction == pytest.approx(float(expected[0]), rel=1e-6)


def test_the_jacobian_of_the_equations_is_that_of_finite_differences() -> None:
    equations, jacobian = problem()._derivatives["jac_g"](inside(), settings())
    assert far(flat(equations), flat(values()(inside(), settings())[1])) < 1e-12
    rows = np.array(jacobian)
    dense = problem().layout.equations * problem().count
    for direction in directions():
        expected, found = slope_of(values(), 1, direction), rows @ direction
        assert far(found[:dense], expected[:dense]) < 1e-6  # of the instants
        assert far(found[dense:], expected[dense:]) < 1e-6  # collocation, activation, symmetry


def test_the_hessian_is_how_the_slope_of_the_lagrangian_changes() -> None:
    """Against central differences of the first derivatives, tested above."""
    step, random = problem(), np.random.default_rng(13)
    factor, multipliers = np.array([0.7]), random.standard_normal(len(step._least))
    upper = np.array(step._derivatives["hess_lag"](inside(), settings(), factor, multipliers))
    assert np.abs(np.tril(upper, -1)).max() == 0
    hessian = upper + np.triu(upper, 1).T
    x, p = step._nlp["x"], step._nlp["p"]
    slope = step._derivatives["grad_f"](x, p)[1]
    rows = step._derivatives["jac_g"](x, p)[1]
    lagrangian = ca.Function("slope", [x, p], [factor[0] * slope + rows.T @ multipliers])
    for direction in directions():
        assert far(hessian @ direction, slope_of(lagrangian, 0, direction)) < 1e-5


def test_the_blocks_of_one_instant_are_what_casadi_derives() -> None:
    """Sparse blocks against dense derivatives of the same expressions."""
    blocks = problem()._blocks()
    x = inside()[problem().layout.state :][: problem().layout.size]
    told = [x, ASKED.tilt, np.zeros(COORDINATE_COUNT), 10.0, 1.0]
    of_equations = blocks["equations"].jacobian()(x, ASKED.tilt, 0)[0]
    of_cost = blocks["cost"].jacobian()(*told, 0)[0]
    assert far(np.array(blocks["jacobian"](*told[:2])), np.array(of_equations)) < 1e-12
    assert far(flat(blocks["slope"](*told)), flat(of_cost)) < 1e-12


# --- which foot, and which way is up --------------------------------------------------------


def exchanged(columns: Array, step: Problem) -> Array:
    """Right and left change roles, by the names of what stands in a column."""
    other = {"right_": "left_", "left_": "right_"}
    joints = [
        COORDINATES.index(next((other[s] + n[len(s) :] for s in other if n.startswith(s)), n))
        for n in COORDINATES
    ]
    half = step.layout.muscles // 2
    legs = [(index + half) % (2 * half) for index in range(2 * half)]
    found = columns.copy()
    for name, place in step.layout.slices().items():
        order = joints if name in ("coordinates", "rates", "acceleration") else legs
        found[:, place] = columns[:, place][:, order]
    return found


def numbers(columns: Array, step: Problem) -> Array:
    """The solver's numbers of instants, the start being the first of them; nothing is clipped."""
    scaled = columns / step.layout.scale()
    return np.concatenate([scaled[0, : step.layout.state], scaled.ravel()])


def test_a_guess_that_stands_on_the_left_foot_is_exchanged_for_its_mirror_image() -> None:
    step = problem()
    columns = step.columns(inside())
    columns[:, COORDINATES.index("left_knee")] += 1.0  # the left foot is lifted
    right = numbers(columns, step)
    assert not step._stands_left(right)
    mirror = exchanged(columns, step)
    left = numbers(mirror, step)
    assert step._stands_left(left)
    assert step._exchanged(left) == pytest.approx(right)


def test_a_left_foot_that_touches_costs_and_a_right_one_that_stands_does_not() -> None:
    """The cost of one instant, with and without the feet's roles exchanged."""
    step = problem()
    cost = step._blocks()["cost"]
    column = step.columns(inside())[0]
    column[COORDINATES.index("left_knee")] += 1.0  # the left foot is lifted
    column[COORDINATES.index("pelvis_y")] -= 0.03  # the right one treads
    told = [ASKED.tilt, np.zeros(COORDINATE_COUNT), 0.0, 0.0]
    standing = float(cost(column / step.layout.scale(), *told))
    mirror = exchanged(column[None], step)[0]
    right, left = np.array(step._pushed(np.tile(column, (step.count, 1)).T))[:, 0]
    assert right > 0.1
    assert left < 0.01
    more = float(cost(mirror / step.layout.scale(), *told)) - standing
    assert more == pytest.approx(5000.0 * (right**2 - left**2), rel=1e-6)


def test_on_a_slope_the_trunk_leans_from_upright_and_not_from_the_ground() -> None:
    """Up a slope the ground turns towards the runner: x and y follow it, gravity does not."""
    step = problem()
    pitch = COORDINATES.index("trunk_pitch")
    for gradient, direction in ((0.10, "forward"), (0.10, "backward"), (-0.05, "forward")):
        asked = Conditions(
            speed_m_s=2.67, direction=direction, cadence_steps_min=175.0, gradient=gradient
        )  # type: ignore[arg-type]
        turned = step._slope(asked)
        climbs = 1 if direction == "forward" else -1  # the way one faces
        wanted = -climbs * np.arctan(gradient)  # leaning forward is negative
        assert turned[pitch] == pytest.approx(wanted)
        assert np.count_nonzero(turned) == 1 + step.count


# --- collocation -----------------------------------------------------------------------------


def test_radau_points_differentiate_cubics_and_integrate_quartics_exactly() -> None:
    rule = radau()
    times = np.array([0.0, *rule.times])
    assert rule.times[-1] == pytest.approx(1.0)
    assert rule.weights.sum() == pytest.approx(1.0)
    for power in range(POINTS + 1):
        slope = power * times ** max(power - 1, 0)
        np.testing.assert_allclose(times**power @ rule.derivative, slope, atol=1e-12)
    for power in range(2 * POINTS - 1):
        assert rule.weights @ rule.times**power == pytest.approx(1 / (power + 1), abs=1e-12)


def test_the_weights_add_up_to_the_step() -> None:
    step = problem()
    assert step.weights_s(0.31).sum() == pytest.approx(0.31)
    times = step.times_s(0.31)
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(0.31)


def test_a_motion_whose_rates_are_its_derivatives_has_no_defects() -> None:
    """States that are cubics of time, with the rates and controls that belong to them."""
    step, layout = problem(), problem().layout
    part, times = layout.slices(), problem().times_s(ASKED.step_time_s)
    random = np.random.default_rng(17)
    cubic, rate = {}, {}
    for name, of in (
        ("coordinates", "rates"),
        ("activation", "activation_rate"),
        ("force", "force_rate"),
    ):
        size = part[name].stop - part[name].start
        cubic[name] = random.standard_normal((size, 4))
        rate[name] = of
    whole = np.zeros((step.count + 1, layout.size))
    for row, time in enumerate([0.0, *times]):
        powers, slopes = (
            time ** np.arange(4),
            np.arange(4) * time ** np.maximum(np.arange(4) - 1, 0),
        )
        bends = np.array([0, 0, 2, 6 * time])
        for name, of in rate.items():
            whole[row, part[name]] = cubic[name] @ powers
            whole[row, part[of]] = cubic[name] @ slopes
        whole[row, part["acceleration"]] = cubic["coordinates"] @ bends
    scaled = whole / layout.scale()
    x = np.concatenate([scaled[0, : layout.state], scaled[1:].ravel()])
    found = flat(values()(x, settings())[1])
    defects = found[layout.equations * step.count :][: layout.state * step.count]
    assert np.abs(defects).max() < 1e-9


def test_after_a_step_left_and_right_have_changed_roles() -> None:
    """Periodicity: the end is the start mirrored, one step further on."""
    layout = problem().layout
    part, mirrored = layout.slices(), problem()._mirrored()
    assert [mirrored[index] for index in mirrored] == list(range(layout.state))
    start = inside()[: layout.state].copy()
    start[0] = 0.0
    end = start[mirrored]
    end[0] += ASKED.velocity_m_s * ASKED.step_time_s
    x = inside().copy()
    x[: layout.state] = start
    x[-layout.size :][: layout.state] = end
    periodic = flat(values()(x, settings())[1])[-layout.state - 1 :]
    assert np.abs(periodic).max() < 1e-12
    right, left = (
        part["coordinates"].start + COORDINATES.index(f"{side}_knee") for side in ("right", "left")
    )
    assert (mirrored[right], mirrored[left]) == (left, right)
    first = part["activation"].start
    assert mirrored[first] == first + layout.muscles // 2


def test_activation_follows_excitation_between_none_and_full() -> None:
    """Its limits are those of degroote2016: level / 15 ms and level / 60 ms bound the rate."""
    step, layout = problem(), problem().layout
    low, high = step._least, step._most
    assert len(low) == len(flat(values()(inside(), settings())[1]))
    limits = layout.muscles * step.count
    first = (layout.equations + layout.state) * step.count
    down, up = slice(first, first + limits), slice(first + limits, first + 2 * limits)
    assert (low[down] == 0).all()
    assert np.isinf(high[down]).all()
    assert (high[up] == 1).all()
    columns, part = step.columns(inside()), layout.slices()
    level, rate = columns[:, part["activation"]], columns[:, part["activation_rate"]]
    found = flat(values()(inside(), settings())[1])
    np.testing.assert_allclose(found[down], (level + 0.060 * rate).ravel(), atol=1e-12)
    np.testing.assert_allclose(found[up], (level + 0.015 * rate).ravel(), atol=1e-12)


# --- numbers ---------------------------------------------------------------------------------


def test_the_solvers_numbers_give_the_instants_back() -> None:
    step = problem()
    np.testing.assert_allclose(step.unknowns(step.columns(inside())), inside(), atol=1e-12)


def test_the_parts_of_an_instant_fill_it_without_a_gap() -> None:
    layout = Layout(muscles=18)
    parts = list(layout.slices().values())
    assert parts[0].start == 0
    assert parts[-1].stop == layout.size
    assert all(one.stop == other.start for one, other in pairwise(parts))
    assert layout.slices()["force"].stop == layout.state
    assert (layout.scale() > 0).all()


def test_the_balance_of_every_instant_is_the_first_of_the_equations() -> None:
    step = problem()
    found = step.balance(step.columns(inside()), ASKED.tilt).ravel()
    dense = step.layout.equations * step.count
    np.testing.assert_allclose(found, flat(values()(inside(), settings())[1])[:dense])


def test_flight_is_asked_for_at_the_start_of_the_step_only() -> None:
    wanted = flat(np.array(problem()._in_flight()))
    times = problem().times_s(1.0)
    assert (wanted == (times < 0.3)).all()
    plain = Problem(problem().person, Variant(), intervals=1)
    assert not np.array(plain._in_flight()).any()


def test_only_the_pelvis_may_be_held_up_and_only_where_allowed() -> None:
    """The first three equations of each instant; by default nothing helps."""
    step = problem()
    assert not step._allowed(0.0).any()
    helped = np.flatnonzero(step._allowed(0.5))
    assert len(helped) == 3 * step.count
    assert (helped % step.layout.equations < 3).all()
    assert helped.max() < step.layout.equations * step.count
