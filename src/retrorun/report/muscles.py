"""Muscle work in the words and numbers that terminal and page share."""

from __future__ import annotations

from collections.abc import Iterator

from retrorun import contract
from retrorun.report.markup import number
from retrorun.units import clock

NAMES: dict[contract.MuscleGroup, str] = {
    "quadriceps": "quadriceps",
    "glutes": "glutes",
    "hamstrings": "hamstrings",
    "hip_flexors": "hip flexors",
    "calves": "calves",
    "tibialis_anterior": "shins",
}
#: Energies, and what the columns are called.
ENERGIES = (
    ("metabolic_kj", "cost [kJ]"),
    ("concentric_kj", "shortening [kJ]"),
    ("eccentric_kj", "being stretched [kJ]"),
)
HELD = (
    "Held is the share of a muscle's effort in which its fibres hardly change their length. Ranges"
    " are over versions of the model."
)
#: A ratio nearer to 1 than this is "about as much" (convention).
_ABOUT = 0.1

Figure = tuple[str, str]  #: a value and its range


def told(
    muscle: contract.Muscle,
) -> Iterator[tuple[contract.MuscleGroup, contract.MuscleWork]]:
    """The groups something is said of."""
    return ((group, work) for group, work in muscle.groups.items() if work is not None)


def figures(work: contract.MuscleWork) -> tuple[Figure, ...]:
    """Energies without their sign, each under its own name, and the held share."""
    energies = [_sized(getattr(work, kind)) for kind, _ in ENERGIES]
    held = work.isometric_share
    low, high = (number(100 * end) for end in (held.low, held.high))
    return (*energies, (number(100 * held.value, 0, "%"), f"{low} – {high}"))


def judged(muscle: contract.Muscle) -> str:
    """How much of the way is in it."""
    said = f"Judged for {clock(muscle.judged_s)} of running"
    if not muscle.not_judged_s:
        return f"{said}."
    left = clock(muscle.not_judged_s)
    return f"{said}; {left} more on the move is not in it, for reasons under “worth knowing”."


def backward_in_words(muscle: contract.Muscle) -> tuple[str, ...]:
    """What backward running asked of each group, against the same way forward.

    Nothing where no backward running was compared.
    """
    ratios = muscle.backward_against_forward or {}
    return tuple(
        sentence
        for group, ratio in ratios.items()
        if ratio is not None and (sentence := _sentence(group, ratio))
    )


def _sentence(group: contract.MuscleGroup, ratio: contract.MuscleRatios) -> str:
    parts = [
        f"{verb} {_times(estimate)}"
        for verb, estimate in (
            ("shorten", ratio.concentric_kj),
            ("are stretched", ratio.eccentric_kj),
            ("cost", ratio.metabolic_kj),
        )
        if estimate is not None
    ]
    if not parts:
        return ""
    listed = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return f"{NAMES[group].capitalize()} {listed}."


def _times(ratio: contract.Estimate) -> str:
    """
    >>> _times(contract.Estimate(value=2.31, low=1.9, high=3.06))
    '2.3 times as much (1.9 to 3.1)'
    >>> _times(contract.Estimate(value=1.04, low=0.72, high=1.3))
    'about as much (0.72 to 1.3 times)'
    """
    value, low, high = (
        number(end, 1 if round(end, 2) >= 1 else 2) for end in (ratio.value, ratio.low, ratio.high)
    )
    if abs(ratio.value - 1) < _ABOUT:
        return f"about as much ({low} to {high} times)"
    return f"{value} times as much ({low} to {high})"


def _sized(energy: contract.Estimate) -> Figure:
    low, high = sorted((abs(energy.low), abs(energy.high)))
    digits = 0 if abs(energy.value) >= 10 else 1
    return number(abs(energy.value), digits), f"{number(low, digits)} – {number(high, digits)}"
