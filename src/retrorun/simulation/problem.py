"""One step as an optimal-control problem: direct collocation, solved by IPOPT.

Radau points, three in each interval; the state at a point is a polynomial's value, so everything
but the equations of the instant is linear and the Hessian falls into one small block for each
point. Both derivatives are written down as those blocks, which makes an iteration several times
faster than deriving the whole problem at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from retrorun.simulation.body import COORDINATES, SWAPPED, Body
from retrorun.simulation.conditions import Conditions, Variant
from retrorun.simulation.instant import COORDINATE_COUNT, Instant, Layout, instant

Array = NDArray[np.float64]

POINTS = 3  #: of collocation in an interval
INTERVALS = 16  #: in a step
#: Where the solver may look [m, rad]: but for the straight knee wider than `checks.RANGES_DEG`,
#: which can therefore fail. A knee that may bend back stands on its ligaments backward.
_RANGES = {
    "pelvis_x": (-4.0, 4.0),
    "pelvis_y": (0.3, 1.5),
    "trunk_pitch": (-0.6, 0.3),
    "hip": (-0.9, 1.6),
    "knee": (0.07, 2.5),
    "ankle": (-1.05, 0.75),
    "toes": (-0.6, 1.2),
}
_FASTEST_RATE, _FASTEST_ACCELERATION = 60.0, 20000.0
_FASTEST_ACTIVATION_RATE, _FASTEST_FORCE_RATE, _LARGEST_FORCE = 80.0, 80.0, 2.0
#: Weight of the ground force where there must be none: of both feet in the flight that a variant
#: asks for, and of the left foot all through the step, in which the right one stands. Large, so
#: that a swinging foot is clear; without it the optimum at some speeds and slopes scuffs along.
_AIR_WEIGHT = 5000.0


@dataclass(frozen=True, slots=True)
class Radau:
    """Collocation on one interval of length 1."""

    times: Array  #: of the points, 0 excluded (3,)
    derivative: Array  #: (4, 4): how each base polynomial changes at 0 and at each point
    weights: Array  #: of quadrature at the points (3,)


def radau() -> Radau:
    """Points, derivatives and weights of three-point Radau collocation."""
    times = np.array([0.0, *ca.collocation_points(POINTS, "radau")])
    derivative = np.empty((POINTS + 1, POINTS + 1))
    weights = np.empty(POINTS + 1)
    for j, at in enumerate(times):
        others = np.delete(times, j)
        base = np.polynomial.Polynomial.fromroots(others) / np.prod(at - others)
        derivative[j] = base.deriv()(times)
        weights[j] = base.integ()(1.0)
    return Radau(times=times[1:], derivative=derivative, weights=weights[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How far IPOPT goes in one solve, and how much the gait is held to a reference."""

    tracking_weight: float = 0.0
    allowance_bw: float = 0.0  #: force and moment that may act on the pelvis from nowhere
    most_iterations: int = 300
    start_barrier: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the solver returned; `converged` is its word, not yet a valid gait."""

    unknowns: Array
    objective: float
    converged: bool
    status: str
    iterations: int
    primal_residual: float
    dual_residual: float


class Problem:
    """One step of a person under a version of the model, for any speed, slope and cadence."""

    def __init__(self, person: Body, variant: Variant, *, intervals: int = INTERVALS) -> None:
        self.person, self.variant, self.intervals = person, variant, intervals
        self.at: Instant = instant(person, variant)
        self.layout: Layout = self.at.layout
        self.radau = radau()
        self.count = intervals * POINTS
        self._build()

    # --- times and shapes ----------------------------------------------------------------

    def times_s(self, step_time_s: float) -> Array:
        """Times of the collocation points (count,)."""
        start = np.arange(self.intervals)[:, None]
        return ((start + self.radau.times) * step_time_s / self.intervals).ravel()

    def weights_s(self, step_time_s: float) -> Array:
        """Quadrature weights of the points (count,): they add up to the step."""
        return np.tile(self.radau.weights, self.intervals) * step_time_s / self.intervals

    def columns(self, unknowns: Array) -> Array:
        """The instants (count, size) in SI units from the solver's numbers."""
        scaled = unknowns[self.layout.state :].reshape(self.count, self.layout.size)
        return np.asarray(scaled * self.layout.scale())

    def unknowns(self, columns: Array) -> Array:
        """The solver's numbers from instants (count, size); the start is the first instant."""
        scaled = columns / self.layout.scale()
        whole = np.concatenate([scaled[0, : self.layout.state], scaled.ravel()])
        inside = 1e-3 * (self._upper - self._lower)
        return np.asarray(np.clip(whole, self._lower + inside, self._upper - inside))

    def balance(self, columns: Array, tilt: float) -> Array:
        """The equations of every instant (count, 11 + muscles): zero in a solution."""
        scaled = columns / self.layout.scale()
        return np.asarray(self._equations(scaled.T, np.full((1, self.count), tilt))).T

    def fingerprint(self) -> tuple[float, ...]:
        """Figures that change whenever the model does: a kept solution tells its model by them.

        Objective, constraints and limits at made-up numbers of usual size.
        """
        usual = np.zeros(self.layout.size)
        part = self.layout.slices()
        usual[COORDINATES.index("pelvis_y")] = 0.9
        usual[part["activation"]] = usual[part["force"]] = 0.3
        whole = np.concatenate([usual[: self.layout.state], np.tile(usual, self.count)])
        whole += 0.05 * np.sin(np.arange(len(whole)))
        settings = np.concatenate([[3.0, 0.35, 0.02, 0.0], np.zeros(COORDINATE_COUNT * self.count)])
        look = ca.Function(
            "look",
            [self._nlp["x"], self._nlp["p"]],
            [self._nlp["f"], ca.norm_1(self._nlp["g"])],
        )
        seen = [float(value) for value in look(whole, settings)]
        limits = (np.abs(side[np.isfinite(side)]).sum() for side in (self._lower, self._upper))
        return (*seen, *(float(limit) for limit in limits))

    # --- writing it down -----------------------------------------------------------------

    def _build(self) -> None:
        layout, count = self.layout, self.count
        dense = layout.equations * count
        x = ca.MX.sym("x", layout.state + layout.size * count)
        settings = ca.MX.sym("p", 4 + COORDINATE_COUNT * count)
        start = x[: layout.state]
        points = ca.reshape(x[layout.state :], layout.size, count)
        velocity, step_time, gradient, tracking = (settings[index] for index in range(4))
        reference = ca.reshape(settings[4:], COORDINATE_COUNT, count)
        blocks = {name: block.map(count) for name, block in self._blocks().items()}
        self._equations = blocks["equations"]
        self._pushed = ca.Function("pushed", [self.at.z], [self.at.ground_bw]).map(count)
        slope = ca.repmat(gradient, 1, count)
        given = (points, slope, reference, ca.repmat(tracking, 1, count), self._in_flight())
        linear, low, high = self._linear(start, points, velocity, step_time)
        equations = ca.vertcat(ca.vec(blocks["equations"](points, slope)), linear)
        # Integral over the step, over the distance: weights times step time over velocity times it.
        weights = np.tile(self.radau.weights, self.intervals) / self.intervals
        share = ca.DM(weights).T / ca.fabs(velocity)
        cost = ca.dot(share, blocks["cost"](*given))
        jacobian = ca.vertcat(
            ca.horzcat(
                ca.MX(dense, layout.state), self._diagonal(blocks["jacobian"](points, slope))
            ),
            ca.jacobian(linear, x),
        )
        steep = ca.vec(blocks["slope"](*given) * ca.repmat(share, layout.size, 1))
        factor, multipliers = ca.MX.sym("lam_f"), ca.MX.sym("lam_g", equations.shape[0])
        of_equations = ca.reshape(multipliers[:dense], layout.equations, count)
        curved = blocks["hessian"](*given, of_equations, factor * share)
        hessian = ca.diagcat(ca.MX(layout.state, layout.state), self._diagonal(curved))
        self._nlp = {"x": x, "p": settings, "f": cost, "g": equations}
        self._derivatives = {
            "grad_f": ca.Function(
                "nlp_grad_f",
                [x, settings],
                [cost, ca.vertcat(ca.MX.zeros(layout.state), steep)],
                ["x", "p"],
                ["f", "grad_f_x"],
            ),
            "jac_g": ca.Function(
                "nlp_jac_g", [x, settings], [equations, jacobian], ["x", "p"], ["g", "jac_g_x"]
            ),
            "hess_lag": ca.Function(
                "nlp_hess_l",
                [x, settings, factor, multipliers],
                [hessian],
                ["x", "p", "lam_f", "lam_g"],
                ["triu_hess_gamma_x_x"],
            ),
        }
        self._least = np.concatenate([np.zeros(dense), low])
        self._most = np.concatenate([np.zeros(dense), high])
        self._lower, self._upper = self._bounds()

    def _diagonal(self, side_by_side: Any) -> Any:
        """Blocks that stand side by side, put on a diagonal."""
        return ca.diagcat(*ca.horzsplit(side_by_side, self.layout.size))

    def _in_flight(self) -> Any:
        """1 at the points that the variant wants to be in the air (1, count), else 0."""
        wanted = np.zeros((1, self.count))
        wanted[0, self.times_s(1.0) < self.variant.flight_share] = 1.0
        return ca.DM(wanted)

    def _linear(
        self, start: Any, points: Any, velocity: Any, step_time: Any
    ) -> tuple[Any, Array, Array]:
        """Collocation, activation dynamics and periodicity: expressions and their limits."""
        part, scale = self.layout.slices(), self.layout.scale()
        state = self.layout.state
        chosen = [part["rates"], part["acceleration"], part["activation_rate"], part["force_rate"]]
        source = np.concatenate([np.arange(one.start, one.stop) for one in chosen])
        change = ca.DM(scale[source] / scale[:state])
        step = step_time / self.intervals
        rows, low, high = [], [], []
        before = start
        for interval in range(self.intervals):
            here = points[:, interval * POINTS : (interval + 1) * POINTS]
            states = ca.horzcat(before, here[:state, :])
            moved = states @ ca.DM(self.radau.derivative[:, 1:])
            rates = here[list(map(int, source)), :] * ca.repmat(change, 1, POINTS)
            rows.append(ca.vec(moved - step * rates))
            before = here[:state, -1]
        defects = state * self.count
        low.append(np.zeros(defects))
        high.append(np.zeros(defects))
        # Activation follows excitation between 0 and 1 (degroote2016): two linear limits.
        level = points[part["activation"], :]
        rate = points[part["activation_rate"], :] * scale[part["activation_rate"].start]
        size = self.layout.muscles * self.count
        rows.append(ca.vec(rate * self.person.constants["deactivation_time"] + level))
        low.append(np.zeros(size))
        high.append(np.full(size, np.inf))
        rows.append(ca.vec(rate * self.person.constants["activation_time"] + level))
        low.append(np.full(size, -np.inf))
        high.append(np.ones(size))
        # After a step the runner stands as at its start, left and right exchanged, further on.
        advanced = ca.MX.zeros(state)
        advanced[0] = velocity * step_time
        rows.append(before - start[self._mirrored()] - advanced)
        rows.append(start[0])
        low.append(np.zeros(state + 1))
        high.append(np.zeros(state + 1))
        return ca.vertcat(*rows), np.concatenate(low), np.concatenate(high)

    def _mirrored(self) -> list[int]:
        """Indices of a state whose left and right change roles."""
        n, half = COORDINATE_COUNT, self.layout.muscles // 2
        legs = [*range(half, 2 * half), *range(half)]
        return [
            *SWAPPED,
            *(n + index for index in SWAPPED),
            *(2 * n + index for index in legs),
            *(2 * n + 2 * half + index for index in legs),
        ]

    def _bounds(self) -> tuple[Array, Array]:
        """Least and largest values of the solver's numbers."""
        part, lower = self.layout.slices(), np.empty(self.layout.size)
        upper = np.empty(self.layout.size)
        ranges = [
            _RANGES[name.removeprefix("right_").removeprefix("left_")] for name in COORDINATES
        ]
        lower[part["coordinates"]], upper[part["coordinates"]] = np.transpose(ranges)
        if self.variant.trunk_lean_deg is not None:
            pitch = COORDINATES.index("trunk_pitch")
            lean = np.radians(-self.variant.trunk_lean_deg)
            lower[pitch], upper[pitch] = lean - np.radians(3.6), lean + np.radians(3.6)
        for name, limit in (
            ("rates", _FASTEST_RATE),
            ("acceleration", _FASTEST_ACCELERATION),
            ("activation_rate", _FASTEST_ACTIVATION_RATE),
            ("force_rate", _FASTEST_FORCE_RATE),
        ):
            lower[part[name]], upper[part[name]] = -limit, limit
        lower[part["activation"]], upper[part["activation"]] = self.variant.least_activation, 1.0
        lower[part["force"]], upper[part["force"]] = 0.0, _LARGEST_FORCE
        scaled = lower / self.layout.scale(), upper / self.layout.scale()
        whole = [
            np.concatenate([side[: self.layout.state], np.tile(side, self.count)])
            for side in scaled
        ]
        return whole[0], whole[1]

    def _blocks(self) -> dict[str, ca.Function]:
        """Equations and cost of one point in scaled numbers, with exact derivatives."""
        layout = self.layout
        x = ca.SX.sym("x", layout.size)
        gradient, tracking = ca.SX.sym("gradient"), ca.SX.sym("tracking")
        reference, flight = ca.SX.sym("reference", COORDINATE_COUNT), ca.SX.sym("flight")
        at = ca.Function(
            "at",
            [self.at.z, self.at.gradient],
            [self.at.equations, self.at.running_cost, self.at.ground_bw],
        )
        equations, cost, pushed = at(x * layout.scale(), gradient)
        away = (x[:COORDINATE_COUNT] - reference)[2:]  # where it is on the ground is free
        right, left = pushed[0], pushed[1]
        cost += tracking * ca.sumsqr(away)
        cost += _AIR_WEIGHT * (flight * (right + left) ** 2 + left**2)
        multipliers, share = ca.SX.sym("multipliers", layout.equations), ca.SX.sym("share")
        lagrangian = share * cost + ca.dot(multipliers, equations)
        given = [x, gradient, reference, tracking, flight]
        return {
            "equations": ca.Function("equations", [x, gradient], [equations]),
            "jacobian": ca.Function("jacobian", [x, gradient], [ca.jacobian(equations, x)]),
            "cost": ca.Function("cost", given, [cost]),
            "slope": ca.Function("slope", given, [ca.gradient(cost, x)]),
            "hessian": ca.Function(
                "hessian", [*given, multipliers, share], [ca.triu(ca.hessian(lagrangian, x)[0])]
            ),
        }

    # --- solving it ----------------------------------------------------------------------

    def solve(
        self,
        conditions: Conditions,
        guess: Array,
        *,
        stage: Stage,
        reference: Array | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """One solve from the solver's numbers `guess`; `reference` (11, count) for tracking."""
        if reference is None:
            reference = np.zeros((COORDINATE_COUNT, self.count))
        settings = [
            conditions.velocity_m_s,
            conditions.step_time_s,
            conditions.tilt,
            stage.tracking_weight,
        ]
        solver = self._solver(stage, progress)
        if self._stands_left(guess):
            guess, reference = self._exchanged(guess), reference[list(SWAPPED)]
        allowed = self._allowed(stage.allowance_bw)
        slope = self._slope(conditions)
        solution = solver(
            x0=guess,
            lbx=self._lower + slope,
            ubx=self._upper + slope,
            lbg=self._least - allowed,
            ubg=self._most + allowed,
            p=np.concatenate([settings, reference.T.ravel()]),
        )
        stats = solver.stats()
        if stats["return_status"] in _INTERRUPTED:
            raise KeyboardInterrupt
        history = stats.get("iterations", {})
        return Outcome(
            unknowns=np.asarray(solution["x"]).ravel(),
            objective=float(solution["f"]),
            converged=bool(stats["success"]),
            status=str(stats["return_status"]),
            iterations=int(stats["iter_count"]),
            primal_residual=float((history.get("inf_pr") or [np.nan])[-1]),
            dual_residual=float((history.get("inf_du") or [np.nan])[-1]),
        )

    def _stands_left(self, guess: Array) -> bool:
        """Whether the left foot bears more in the step."""
        right, left = np.asarray(self._pushed(self.columns(guess).T)).sum(axis=1)
        return bool(left > right)

    def _exchanged(self, guess: Array) -> Array:
        """The mirror image of a guess."""
        half = self.layout.muscles // 2
        columns = self.columns(guess)
        legs = [*range(half, 2 * half), *range(half)]
        for place in self.layout.slices().values():
            joints = place.stop - place.start == COORDINATE_COUNT
            columns[:, place] = columns[:, place][:, SWAPPED if joints else legs]
        whole = columns / self.layout.scale()
        return np.concatenate([guess[: self.layout.state][self._mirrored()], whole.ravel()])

    def _slope(self, conditions: Conditions) -> Array:
        """By how much the limits of the trunk turn: it leans from upright, x follows the ground."""
        turned = np.zeros(self.layout.size)
        if self.variant.trunk_lean_deg is not None:
            turned[COORDINATES.index("trunk_pitch")] = -np.arctan(conditions.tilt)
        return np.concatenate([turned[: self.layout.state], np.tile(turned, self.count)])

    def _allowed(self, allowance_bw: float) -> Array:
        """By how much each constraint may be missed: the pelvis' equations, on the way only."""
        allowed = np.zeros(len(self._least))
        for first in range(3):
            allowed[first : self.layout.equations * self.count : self.layout.equations] = (
                allowance_bw
            )
        return allowed

    def _solver(self, stage: Stage, progress: Progress | None) -> Any:
        options: dict[str, Any] = {
            "ipopt": {
                "mu_strategy": "monotone",  # the adaptive one diverged
                "mu_init": stage.start_barrier,
                "max_iter": stage.most_iterations,
                "tol": 1e-4,
                "constr_viol_tol": 1e-5,
                "dual_inf_tol": 1.0,
                "acceptable_tol": 1e-3,
                "acceptable_iter": 20,
                "mumps_mem_percent": 200,
                # The problem is scaled by hand; METIS orders its blocks twice as fast.
                "mumps_scaling": 0,
                "mumps_permuting_scaling": 0,
                "mumps_pivot_order": 5,
                "print_level": 0,
                "sb": "yes",
            },
            "print_time": False,
            **self._derivatives,
        }
        if progress is not None:
            self._told = _callback(progress, self._nlp)  # CasADi does not keep it alive
            options["iteration_callback"] = self._told
        return ca.nlpsol("step", "ipopt", self._nlp, options)


#: What IPOPT says after Ctrl-C, or when `progress` said stop.
_INTERRUPTED = ("User_Requested_Stop", "NonIpopt_Exception_Thrown")
#: Called with the number of the iteration and the objective; return False to stop.
Progress = Callable[[int, float], bool]


def _callback(progress: Progress, nlp: dict[str, Any]) -> Any:
    """CasADi's iteration callback around a plain function."""

    class Told(ca.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.iteration = 0
            self.construct("told", {})

        def get_n_in(self) -> int:
            return int(ca.nlpsol_n_out())

        def get_n_out(self) -> int:
            return 1

        def get_name_in(self, index: int) -> str:
            return str(ca.nlpsol_out(index))

        def get_sparsity_in(self, index: int) -> Any:
            name = ca.nlpsol_out(index)
            if name == "f":
                return ca.Sparsity.scalar()
            if name in ("x", "lam_x"):
                return nlp["x"].sparsity()
            if name in ("g", "lam_g"):
                return nlp["g"].sparsity()
            if name == "lam_p":
                return nlp["p"].sparsity()
            return ca.Sparsity(0, 0)

        def eval(self, values: Any) -> Any:
            self.iteration += 1
            return [0 if progress(self.iteration, float(values[1])) else 1]

    return Told()
