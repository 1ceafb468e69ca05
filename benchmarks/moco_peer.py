"""How long OpenSim Moco needs for half a stride of running on the nearest model it can solve.

A program of its own, to be run by an interpreter that has `opensim` and `numpy`; it prints one
line of JSON. The parent only watches: the child (`--child`) builds the planar runner and solves,
and is killed when its time is up, so that its iterations are known even when it does not finish.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MASS = 70.0
THIGH, SHANK, ANKLE, HEEL, BALL, TOES = 0.424, 0.436, 0.068, -0.05, 0.13, 0.05
SPHERE = 0.03
SPEED, STEP = 2.67, 60.0 / 168.0
KINDS = ("compliant", "rigid", "torque")
MARK = "MOCO_PEER "
ITERATION = re.compile(r"^\s*(\d+)r?\s+(-?\d\.\d+e[+-]\d+)\s+(\d\.\d+e[+-]\d+)\s+(\d\.\d+e[+-]\d+)")


@dataclass(frozen=True)
class Muscle:
    """One muscle whose length is linear in the joint angles: its moment arms are constant."""

    name: str
    strength: float  # N
    fibre: float  # m, optimal
    tendon: float  # m, slack
    pennation: float  # rad
    straight: float  # optimal fibre lengths at zero angles
    arms: tuple[tuple[str, float], ...]  # joint, m; positive turns the joint forwards


# Flexion of the hip, dorsiflexion and toe extension are positive; so is extension of the knee.
MUSCLES = (
    Muscle("gluteus", 3500.0, 0.147, 0.127, 0.0, 0.85, (("hip", -0.06),)),
    Muscle("hamstrings", 4000.0, 0.109, 0.326, 0.0, 1.0, (("hip", -0.05), ("knee", -0.04))),
    Muscle("iliopsoas", 3500.0, 0.117, 0.163, 0.14, 1.05, (("hip", 0.03),)),
    Muscle("rectus", 2200.0, 0.114, 0.310, 0.24, 0.85, (("hip", 0.035), ("knee", 0.04))),
    Muscle("vasti", 7000.0, 0.107, 0.116, 0.08, 0.7, (("knee", 0.04),)),
    Muscle("biceps_short", 2000.0, 0.140, 0.100, 0.2, 1.1, (("knee", -0.035),)),
    Muscle("gastrocnemius", 3500.0, 0.060, 0.390, 0.3, 1.05, (("knee", -0.02), ("ankle", -0.043))),
    Muscle("soleus", 6000.0, 0.050, 0.250, 0.4, 1.0, (("ankle", -0.041),)),
    Muscle("tibialis", 2500.0, 0.098, 0.223, 0.1, 0.95, (("ankle", 0.043),)),
)

# Body, share of the mass, centre of mass below the joint, radius of gyration (Winter).
SEGMENTS: dict[str, tuple[float, tuple[float, float], float]] = {
    "torso": (0.678, (0.0, 0.3155), 0.25),
    "thigh": (0.100, (0.0, -0.433 * THIGH), 0.323 * THIGH),
    "shank": (0.0465, (0.0, -0.433 * SHANK), 0.302 * SHANK),
    "foot": (0.0120, (0.04, -0.035), 0.06),
    "toes": (0.0025, (0.025, 0.0), 0.025),
}
JOINTS = {"hip": "thigh", "knee": "shank", "ankle": "foot", "toe": "toes"}
TORQUES = {"hip": 300.0, "knee": 300.0, "ankle": 300.0}  # N m at full control, torque-driven
RANGES = {"hip": (-50, 90), "knee": (-140, 0), "ankle": (-50, 40), "toe": (-20, 60)}

# Degrees through a stride that starts as the foot lands: what runners at this speed show.
PHASES = (0.0, 0.1, 0.2, 0.3, 0.38, 0.5, 0.6, 0.7, 0.8, 0.9)
GUESS = {
    "hip": (25, 20, 4, -14, -22, -14, 8, 27, 36, 33),
    "knee": (-18, -38, -43, -32, -26, -55, -90, -92, -62, -28),
    "ankle": (5, 16, 22, 8, -12, -12, 0, 3, 4, 4),
    "toe": (0, 0, 3, 20, 15, 0, 0, 0, 0, 0),
}


@dataclass
class Watched:
    """What the parent has seen of the child."""

    first: tuple[float, float] | None = None  # wall and processor seconds at the first iteration
    last: tuple[float, float] = (0.0, 0.0)
    start: int = 0
    iterations: int = 0
    cost: float | None = None
    infeasibility: float | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def read(self, line: str, now: tuple[float, float]) -> None:
        """Take in one line of the child's output."""
        if line.startswith(MARK):
            self.told.update(json.loads(line[len(MARK) :]))
        elif found := ITERATION.match(line):
            self.iterations = int(found[1])
            self.cost, self.infeasibility = float(found[2]), float(found[3])
            if self.first is None:
                self.first, self.start = now, self.iterations
            self.last = now

    def per_iteration(self, clock: int) -> float | None:
        """Seconds an iteration, on the wall clock (0) or of the processor (1)."""
        done = self.iterations - self.start
        if self.first is None or done == 0:
            return None
        return round((self.last[clock] - self.first[clock]) / done, 4)


# --- the model -----------------------------------------------------------------------------------


def add_body(osim: Any, model: Any, name: str, segment: str) -> Any:
    """A rigid segment with its mass, centre of mass and moments of inertia."""
    share, (x, y), gyration = SEGMENTS[segment]
    turning = share * MASS * gyration**2
    inertia = osim.Inertia(turning, turning, turning, 0, 0, 0)
    body = osim.Body(name, share * MASS, osim.Vec3(x, y, 0), inertia)
    model.addBody(body)
    return body


def add_pin(osim: Any, model: Any, name: str, parent: Any, where: Any, child: Any) -> None:
    """A hinge about the axis that points to the right."""
    zero = osim.Vec3(0)
    joint = osim.PinJoint(f"{name}_joint", parent, where, zero, child, zero, zero)
    coordinate = joint.updCoordinate()
    coordinate.setName(name)
    low, high = RANGES[name.split("_")[0]]
    coordinate.setRangeMin(math.radians(low))
    coordinate.setRangeMax(math.radians(high))
    model.addJoint(joint)


def add_trunk(osim: Any, model: Any) -> Any:
    """Head, arms and trunk in one, free in the plane; its origin lies between the hips."""
    torso = add_body(osim, model, "torso", "torso")
    joint = osim.PlanarJoint("ground_joint", model.getGround(), torso)
    for axis, name in enumerate(("tilt", "forward", "height")):
        joint.updCoordinate(axis).setName(name)
    model.addJoint(joint)
    return torso


def add_leg(osim: Any, model: Any, torso: Any, side: str) -> None:
    """Thigh, shank, foot and toes, with a stiff spring at the toes."""
    offsets = ((0.0, 0.0), (0.0, -THIGH), (0.0, -SHANK), (BALL, -ANKLE + SPHERE))
    parent = torso
    for (joint, segment), (x, y) in zip(JOINTS.items(), offsets, strict=True):
        child = add_body(osim, model, f"{segment}_{side}", segment)
        add_pin(osim, model, f"{joint}_{side}", parent, osim.Vec3(x, y, 0), child)
        parent = child
    spring = osim.SpringGeneralizedForce(f"toe_{side}")
    spring.setName(f"toe_spring_{side}")
    spring.setStiffness(40.0)
    spring.setViscosity(1.0)
    spring.setRestLength(0.0)
    model.addForce(spring)


def add_contacts(osim: Any, model: Any, sides: str) -> None:
    """Smooth spheres at the heel, the ball and the tip of each foot, on level ground."""
    ground = osim.ContactHalfSpace(
        osim.Vec3(0), osim.Vec3(0, 0, -math.pi / 2), model.getGround(), "floor"
    )
    model.addContactGeometry(ground)
    sole = -ANKLE + SPHERE
    places = {"heel": ("foot", HEEL, sole), "ball": ("foot", BALL, sole), "tip": ("toes", TOES, 0)}
    for side in sides:
        for place, (segment, x, y) in places.items():
            frame = model.getBodySet().get(f"{segment}_{side}")
            sphere = osim.ContactSphere(SPHERE, osim.Vec3(x, y, 0), frame, f"{place}_{side}")
            model.addContactGeometry(sphere)
            model.addForce(contact_force(osim, f"contact_{place}_{side}", sphere, ground))


def contact_force(osim: Any, name: str, sphere: Any, ground: Any) -> Any:
    """One smooth sphere on the ground, soft enough for a solver to grip."""
    force = osim.SmoothSphereHalfSpaceForce(name, sphere, ground)
    force.set_stiffness(1.0e6)
    force.set_dissipation(2.0)
    force.set_static_friction(0.8)
    force.set_dynamic_friction(0.8)
    force.set_viscous_friction(0.5)
    force.set_transition_velocity(0.2)
    return force


def add_muscle(osim: Any, model: Any, muscle: Muscle, side: str, kind: str) -> None:
    """A Hill muscle on a path whose length is a linear function of the angles."""
    added = osim.DeGrooteFregly2016Muscle()
    added.setName(f"{muscle.name}_{side}")
    added.set_max_isometric_force(muscle.strength)
    added.set_optimal_fiber_length(muscle.fibre)
    added.set_tendon_slack_length(muscle.tendon)
    added.set_pennation_angle_at_optimal(muscle.pennation)
    added.set_max_contraction_velocity(12.0)
    added.set_fiber_damping(0.01)
    added.set_ignore_tendon_compliance(kind == "rigid")
    if kind == "compliant":
        added.set_tendon_compliance_dynamics_mode("implicit")
    added.set_path(muscle_path(osim, muscle, side))
    model.addForce(added)


def muscle_path(osim: Any, muscle: Muscle, side: str) -> Any:
    """Length = its length with straight legs − the sum of moment arm × angle."""
    pull = muscle.fibre * muscle.straight
    across = muscle.fibre * math.sin(muscle.pennation)
    straight = muscle.tendon + math.sqrt(pull**2 - across**2)
    numbers = [-arm for _, arm in muscle.arms] + [straight]
    coefficients = osim.ArrayDouble()
    for number in numbers:
        coefficients.append(number)
    path = osim.FunctionBasedPath()
    path.setLengthFunction(osim.LinearFunction(coefficients))
    for joint, _ in muscle.arms:
        path.appendCoordinatePath(f"/jointset/{joint}_{side}_joint/{joint}_{side}")
    return path


def add_motor(osim: Any, model: Any, joint: str, side: str) -> None:
    """An ideal torque, for the runner without muscles."""
    motor = osim.CoordinateActuator(f"{joint}_{side}")
    motor.setName(f"motor_{joint}_{side}")
    motor.setOptimalForce(TORQUES[joint])
    motor.setMinControl(-1.0)
    motor.setMaxControl(1.0)
    model.addForce(motor)


def build(osim: Any, kind: str) -> Any:
    """The planar runner: 11 degrees of freedom and nine muscles a leg (or three torques)."""
    model = osim.Model()
    model.setName(f"runner_{kind}")
    torso = add_trunk(osim, model)
    for side in "rl":
        add_leg(osim, model, torso, side)
    add_contacts(osim, model, "rl")
    for side in "rl":
        if kind == "torque":
            for joint in TORQUES:
                add_motor(osim, model, joint, side)
        else:
            for muscle in MUSCLES:
                add_muscle(osim, model, muscle, side, kind)
    model.finalizeConnections()
    return model


# --- the problem ---------------------------------------------------------------------------------


def set_bounds(osim: Any, problem: Any, kind: str) -> None:
    """Fixed duration and distance; generous ranges for all else."""
    bounds, initial, final = osim.MocoBounds, osim.MocoInitialBounds, osim.MocoFinalBounds
    ground = "/jointset/ground_joint"
    problem.setTimeBounds(osim.MocoInitialBounds(0.0), osim.MocoFinalBounds(STEP))
    problem.setStateInfo(f"{ground}/tilt/value", bounds(-0.5, 0.2))
    way = SPEED * STEP
    problem.setStateInfo(f"{ground}/forward/value", bounds(-0.1, 1.2), initial(0), final(way))
    problem.setStateInfo(f"{ground}/height/value", bounds(0.6, 1.1))
    problem.setStateInfo(f"{ground}/tilt/speed", bounds(-5, 5))
    problem.setStateInfo(f"{ground}/forward/speed", bounds(1, 5))
    problem.setStateInfo(f"{ground}/height/speed", bounds(-3, 3))
    for side in "rl":
        for joint in JOINTS:
            problem.setStateInfo(
                f"/jointset/{joint}_{side}_joint/{joint}_{side}/speed", bounds(-25, 25)
            )
    if kind != "torque":
        problem.setStateInfoPattern("/forceset/.*/activation", bounds(0.01, 1))
        problem.setControlInfoPattern("/forceset/.*", bounds(0.01, 1))
    if kind == "compliant":
        problem.setStateInfoPattern("/forceset/.*/normalized_tendon_force", bounds(0, 2))


def mirror(name: str) -> str:
    """The same quantity on the other side."""
    return re.sub(r"_([rl])(?=[/_]|$)", lambda side: "_l" if side[1] == "r" else "_r", name)


def add_symmetry(osim: Any, problem: Any, states: list[str], controls: list[str]) -> None:
    """The end of the step is its start with left and right exchanged."""
    goal = osim.MocoPeriodicityGoal("symmetry")
    for name in states:
        if not name.endswith("forward/value"):
            goal.addStatePair(osim.MocoPeriodicityGoalPair(name, mirror(name)))
    for name in controls:
        goal.addControlPair(osim.MocoPeriodicityGoalPair(name, mirror(name)))
    problem.addGoal(goal)


def state_names(osim: Any, model: Any) -> list[str]:
    """The states of the model, in its own order."""
    model.initSystem()
    names = model.getStateVariableNames()
    return [names.get(at) for at in range(names.getSize())]


def set_solver(study: Any, options: argparse.Namespace) -> Any:
    """Moco's CasADi solver, on one thread."""
    solver = study.initCasADiSolver()
    solver.set_transcription_scheme(options.scheme)
    solver.set_num_mesh_intervals(options.intervals)
    solver.set_multibody_dynamics_mode(options.dynamics)
    solver.set_optim_finite_difference_scheme(options.differences)
    solver.set_scale_variables_using_bounds(options.scale)
    solver.set_optim_sparsity_detection(options.sparsity)
    solver.set_optim_convergence_tolerance(options.tolerance)
    solver.set_optim_constraint_tolerance(options.constraints)
    solver.set_optim_max_iterations(options.iterations)
    solver.set_parallel(0 if options.threads == 1 else options.threads)
    if options.kind == "compliant":
        solver.set_minimize_implicit_auxiliary_derivatives(True)
        solver.set_implicit_auxiliary_derivatives_weight(1e-3)
    if options.dynamics == "implicit" and options.smooth > 0:
        solver.set_minimize_implicit_multibody_accelerations(True)
        solver.set_implicit_multibody_accelerations_weight(options.smooth)
    return solver


def curve(times: Any, values: tuple[float, ...], shift: float) -> tuple[Any, Any]:
    """Angles through part of a stride and their rates, from a few harmonics through the values."""
    np = importlib.import_module("numpy")

    def basis(phase: Any, rate: bool) -> Any:
        turn = 2 * np.pi * np.arange(1, 5)
        angle = np.outer(phase, turn)
        if rate:
            parts = [np.zeros((len(phase), 1)), -turn * np.sin(angle), turn * np.cos(angle)]
        else:
            parts = [np.ones((len(phase), 1)), np.cos(angle), np.sin(angle)]
        return np.hstack(parts)

    fit = np.linalg.lstsq(basis(np.array(PHASES), False), np.radians(values), rcond=None)[0]
    phase = times / (2 * STEP) + shift
    return basis(phase, False) @ fit, basis(phase, True) @ fit / (2 * STEP)


def guessed(times: Any) -> dict[str, tuple[Any, Any]]:
    """Coordinates of the first guess, each with its rate."""
    np = importlib.import_module("numpy")
    turn = 2 * np.pi / STEP
    bob = turn * times - 2 * np.pi * 0.42
    flat = 0.0 * times
    found = {
        "/jointset/ground_joint/tilt": (flat - 0.14, flat),
        "/jointset/ground_joint/forward": (SPEED * times, flat + SPEED),
        "/jointset/ground_joint/height": (
            0.892 - 0.025 * np.cos(bob),
            0.025 * turn * np.sin(bob),
        ),
    }
    for side, shift in (("r", 0.0), ("l", 0.5)):
        for joint, values in GUESS.items():
            coordinate = f"/jointset/{joint}_{side}_joint/{joint}_{side}"
            found[coordinate] = curve(times, values, shift)
    # hip angles are taken from the vertical above; the trunk leans forward
    for side in "rl":
        hip = f"/jointset/hip_{side}_joint/hip_{side}"
        found[hip] = (found[hip][0] + 0.14, found[hip][1])
    return found


def first_guess(osim: Any, solver: Any, states: list[str]) -> Any:
    """A running-like motion with every muscle half asleep."""
    np = importlib.import_module("numpy")
    guess = solver.createGuess("bounds")
    guess.resampleWithNumTimes(2 * solver.get_num_mesh_intervals() + 1)
    times = guess.getTimeMat()
    motion = guessed(times)
    for name in states:
        coordinate, _, last = name.rpartition("/")
        if coordinate in motion:
            values = motion[coordinate][0 if last == "value" else 1]
        else:
            values = np.full(len(times), 0.1)
        guess.setState(name, osim.Vector.createFromMat(values))
    for name in guess.getControlNames():
        level = 0.0 if "motor" in name else 0.1
        guess.setControl(name, osim.Vector.createFromMat(np.full(len(times), level)))
    return guess


def tell(**facts: Any) -> None:
    """Hand facts to the parent."""
    sys.stdout.write(f"\n{MARK}{json.dumps(facts)}\n")
    sys.stdout.flush()


def solve(options: argparse.Namespace) -> None:
    """The child: build, solve, tell."""
    osim = importlib.import_module("opensim")
    model = build(osim, options.kind)
    states = state_names(osim, model)
    coordinates, muscles = model.getCoordinateSet().getSize(), model.getMuscles().getSize()
    tell(version=osim.GetVersion(), degrees_of_freedom=coordinates, muscles=muscles)
    study = osim.MocoStudy()
    study.setName("peer")
    problem = study.updProblem()
    problem.setModelAsCopy(model)
    set_bounds(osim, problem, options.kind)
    add_symmetry(osim, problem, states, controls_of(options.kind))
    problem.addGoal(osim.MocoControlGoal("effort", 10.0))
    solver = set_solver(study, options)
    solver.setGuess(first_guess(osim, solver, states))
    solution = study.solve()
    sealed = not solution.success()
    if sealed:
        solution.unseal()
    tell(
        status=solution.getStatus(),
        converged=not sealed,
        iterations=solution.getNumIterations(),
        cost=solution.getObjective(),
        solver_seconds=solution.getSolverDuration(),
    )
    if options.keep:
        solution.write(str(options.keep))


def controls_of(kind: str) -> list[str]:
    """Paths of the controls of both legs."""
    names = [f"motor_{joint}" for joint in TORQUES]
    if kind != "torque":
        names = [muscle.name for muscle in MUSCLES]
    return [f"/forceset/{name}_{side}" for side in "rl" for name in names]


# --- the parent ----------------------------------------------------------------------------------


def processor_seconds(pid: int) -> float:
    """User and system time of a running process (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(child: subprocess.Popen[bytes], terminal: int, seconds: float, log: Path | None) -> Any:
    """Read the child's output until it ends or its time is up, and then end it."""
    seen, began, rest = Watched(), time.monotonic(), b""
    kept = log.open("wb") if log else None
    in_time = True
    while in_time:
        left = seconds - (time.monotonic() - began)
        in_time = left > 0
        ready, _, _ = select.select([terminal], [], [], max(0.0, min(left, 1.0)))
        piece = b""
        if ready:
            with contextlib.suppress(OSError):  # a terminal that nobody holds any more
                piece = os.read(terminal, 65536)
            if not piece:
                break
        if kept:
            kept.write(piece)
        *lines, rest = (rest + piece).split(b"\n")
        now = (time.monotonic() - began, processor_seconds(child.pid))
        for line in lines:
            seen.read(line.decode(errors="replace").rstrip(), now)
    if kept:
        kept.close()
    if not in_time:
        os.killpg(child.pid, signal.SIGKILL)
        seen.told.setdefault("status", f"stopped after {seconds:g} s")
    child.wait()
    return seen


def run_child(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Solve in a child process, within the time allowed, and say what was reached."""
    text = f"mumps_pivot_order {options.ordering}\n"  # Moco has no setting; IPOPT reads this file
    (folder / "ipopt.opt").write_text(text, encoding="utf-8")
    threads = str(options.threads)
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    arguments = [sys.executable, str(Path(__file__).resolve()), "--child", *sys.argv[1:]]
    if options.keep:  # the child works elsewhere
        arguments += ["--keep", str(options.keep.resolve())]
    above, below = pty.openpty()  # lines come as they are written, as on a terminal
    began = time.monotonic()
    child = subprocess.Popen(  # noqa: S603
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=below,
        stderr=below,
        env={**os.environ, **one},
        start_new_session=True,
        cwd=folder,
    )
    os.close(below)
    seen = watch(child, above, options.seconds, options.log)
    os.close(above)
    return report(options, seen, time.monotonic() - began)


def report(options: argparse.Namespace, seen: Watched, seconds: float) -> dict[str, Any]:
    """The line that is printed."""
    told = seen.told
    return {
        "peer": "opensim-moco",
        "version": told.get("version"),
        "status": told.get("status", "ended without an answer"),
        "converged": told.get("converged", False),
        "kind": options.kind,
        "iterations": told.get("iterations", seen.iterations),
        "seconds": round(seconds, 2),
        "processor_seconds": round(seen.last[1], 2),
        "solver_seconds": told.get("solver_seconds"),
        "seconds_per_iteration": seen.per_iteration(0),
        "processor_seconds_per_iteration": seen.per_iteration(1),
        "model": {
            "degrees_of_freedom": told.get("degrees_of_freedom"),
            "muscles": told.get("muscles"),
            "mesh_intervals": options.intervals,
            "scheme": options.scheme,
            "dynamics": options.dynamics,
            "scaled": options.scale,
            "ordering": options.ordering,
        },
        "cost": told.get("cost", seen.cost),
        "infeasibility": seen.infeasibility,
    }


def arguments() -> argparse.Namespace:
    """What may be asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=300.0, help="wall-clock limit")
    parser.add_argument("--kind", choices=KINDS, default="compliant")
    parser.add_argument("--scheme", default="hermite-simpson")
    parser.add_argument("--dynamics", choices=("explicit", "implicit"), help="best for the kind")
    parser.add_argument("--differences", choices=("forward", "central"), default="forward")
    parser.add_argument("--sparsity", choices=("none", "random", "initial-guess"), default="random")
    parser.add_argument("--intervals", type=int, default=16)
    parser.add_argument("--iterations", type=int, default=3000, help="at most so many")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--constraints", type=float, default=1e-4)
    parser.add_argument("--ordering", type=int, default=0, help="of MUMPS: 0 AMD, 7 its own choice")
    parser.add_argument("--scale", action=argparse.BooleanOptionalAction, help="best for the kind")
    parser.add_argument("--smooth", type=float, default=0.0, help="weight of the accelerations")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--log", type=Path, help="keep the child's output here")
    parser.add_argument("--keep", type=Path, help="write the solution here (.sto)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    muscles = options.kind != "torque"
    if options.dynamics is None:
        options.dynamics = "implicit" if muscles else "explicit"
    if options.scale is None:
        options.scale = muscles
    return options


def main() -> None:
    """Watch a child solve, or be that child."""
    options = arguments()
    if options.child:
        solve(options)
    else:
        with tempfile.TemporaryDirectory() as folder:  # OpenSim writes its log where it runs
            print(json.dumps(run_child(options, Path(folder))))


if __name__ == "__main__":
    main()
