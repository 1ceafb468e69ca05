"""How near the energy comes to what was published: ``python -m benchmarks.energy`` (seconds).

Every row is a mean over people that somebody published (`benchmarks.energy_rows`). It is predicted
with the row's own study left out of the pooled ratios, and with the interval of a *group* of that
many people (`benchmarks.energy_predictions`). What must hold whatever the numbers are is in
`tests/physiology/test_energy_structure.py`. `--quick` judges the rows of two studies; not kept.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import beta

from benchmarks.common import print_table, save
from benchmarks.energy_predictions import COMPARATORS, Comparator, Predicted, predict
from benchmarks.energy_rows import ASSUMED, NOT_COUNTED, Row, published
from retrorun.physiology import energy

Line = dict[str, Any]

AIM_PERCENT, AIM_COVERAGE = 8.0, 0.9
MET = {True: "met", False: "NOT MET"}
QUICK = ("williford1998", "hreljac2005")

ROWS = """# rows
Published means and what is predicted without the row's own study. 90 %: the interval for a mean of
n people (10 where n is not known). In percent of the published value: our error, and those of the
comparators (acsm, Compendium 2011 and 2024, keytel; blind: our forward formula whatever the
direction). ratio: backward over forward; running of the energy above standing, walking of all of
it. m/s: where walking and running cost the same (1.40 and 2.10 are the ends of what is judged of
both backward). n.c.: shown, not counted. 20.9 kJ a litre of oxygen throughout."""
NOTES = """# notes
What was left out, assumed or not counted. That looney2019, looney2023 and looney2025 are the centre
of the forward model cannot be left out: they are regressions over published people, some of whom
may be in these rows. The spread between persons (`PERSON_SD`) was set with a look at fletcher2009,
minetti2002, masumoto2015 and williford1998."""
SUMMARY = """# summary
Rows of one study count once: median over studies of each study's median error; a study is covered
by the share of its rows; interval of Clopper and Pearson over studies, which with so few studies
excludes little. Both editions of the Compendium count as one."""
COMPARISON = """# comparators
Each on the rows where it speaks, and ours on the same rows. Neither Compendium judges Compendium
rows. keytel2005 without VO2max: nobody published an independent one; taken: kim2001 70 kg, 23
years, men; williford1998 62.9 kg, 21 years, mean of the sexes; heath2001 77.7 kg, 25 years, men.
On forward rows `direction ignored` is our own figure."""
SENSITIVITY = """# sensitivity
The same figures with one thing changed: median error, and studies covered. `not growing with speed`
leaves hreljac2005 out everywhere."""
VERDICT = "# verdict\nThe aims."

#: What the summaries are over.
SETS: Mapping[str, Callable[[Row], bool]] = {
    "all rows": lambda row: True,
    "all backward": lambda row: row.direction == "backward",
    "absolute": lambda row: row.kind == "absolute",
    "absolute, forward": lambda row: row.kind == "absolute" and row.direction == "forward",
    "absolute, backward": lambda row: row.kind == "absolute" and row.direction == "backward",
    "ratio": lambda row: row.kind == "ratio",
    "transition": lambda row: row.kind == "transition",
}
COMPARED = ("all rows", "all backward", "absolute", "absolute, backward", "ratio")
#: Sets of the sensitivity table and of the verdicts, with their short names.
VARIED = {
    "all rows": "all",
    "all backward": "bwd",
    "absolute, backward": "abs. bwd",
    "ratio": "ratio",
}
OPTIMISTIC = "own study not left out (optimistic)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A row, what we predict, and every error as a share of the published value."""

    row: Row
    ours: Predicted
    errors: Mapping[str, float]  #: ours and those of the comparators that speak

    @property
    def covered(self) -> bool:
        return self.ours.low <= self.row.value <= self.ours.high


def judge(
    rows: Sequence[Row],
    *,
    predict: Callable[[Row], Predicted] = predict,
    others: Mapping[str, Comparator] = COMPARATORS,
) -> Iterator[Judged]:
    """Every row with our prediction and those of the comparators."""
    for row in rows:
        ours = predict(row)
        said = {"ours": ours.value} | {name: ask(row) for name, ask in others.items()}
        errors = {name: x / row.value - 1 for name, x in said.items() if x is not None}
        yield Judged(row=row, ours=ours, errors=errors)


def counted(judged: Sequence[Judged], chosen: str) -> list[Judged]:
    """The rows of a set that count."""
    in_set = SETS[chosen]
    return [item for item in judged if item.row.study not in NOT_COUNTED and in_set(item.row)]


def median_error(judged: Sequence[Judged], of: str = "ours") -> float:
    """Median over studies of each study's median absolute error. [%]"""
    by_study = defaultdict(list)
    for item in judged:
        by_study[item.row.source].append(abs(item.errors[of]))
    return 100 * float(np.median([np.median(errors) for errors in by_study.values()]))


def coverage(judged: Sequence[Judged]) -> tuple[float, int, tuple[float, float]]:
    """Studies covered (each by the share of its rows), studies, and the 90 % interval."""
    by_study = defaultdict(list)
    for item in judged:
        by_study[item.row.source].append(item.covered)
    hits, n = float(sum(np.mean(covered) for covered in by_study.values())), len(by_study)
    low = float(beta.ppf(0.05, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(0.95, hits + 1, n - hits)) if hits < n else 1.0
    return hits, n, (low, high)


# --- tables -----------------------------------------------------------------------------------


def row_lines(judged: Sequence[Judged]) -> Iterator[Line]:
    """The table of every row."""
    columns = dict(zip(("acsm", "C2011", "C2024", "keytel", "blind"), COMPARATORS, strict=True))
    for item in judged:
        row, ours = item.row, item.ours
        percent = {name: 100 * error for name, error in item.errors.items()}
        uncounted = " n.c." if row.study in NOT_COUNTED else ""
        yield {
            "study": row.study,
            "what": row.what,
            "unit": row.quantity,
            "n": row.n,
            "published": round(row.value, 2),
            "ours": round(ours.value, 2),
            "90 %": f"{ours.low:.2f}-{ours.high:.2f}",
            "error %": round(percent["ours"], 1),
            "in it": ("yes" if item.covered else "NO") + uncounted,
            **{
                column: round(percent[name]) if name in percent else None
                for column, name in columns.items()
            },
        }


def note_lines(rows: Sequence[Row]) -> Iterator[Line]:
    """What was left out of the model, what was assumed, and why a study does not count."""
    alike = defaultdict(list)
    for study in dict.fromkeys(row.study for row in rows):
        alike[_left_out(study), ASSUMED.get(study, ""), NOT_COUNTED.get(study, "")].append(study)
    for (left_out, assumed, why_not), names in alike.items():
        yield {
            "study": ", ".join(names),
            "left out of the model": left_out,
            "assumed": assumed,
            "not counted": why_not,
        }


def _left_out(study: str) -> str:
    ratios = energy.ratios()
    own = dict.fromkeys(
        f"{ratios.running.studies} {ratios.walking.studies} hreljac2005".split(), "its ratio"
    )
    own["minetti2002"] = "its polynomial; looney2025 may rest on its people too"
    own["abe2015"] = "its standing"
    return own.get(study, "nothing: not in it")


def summary_lines(judged: Sequence[Judged]) -> Iterator[Line]:
    """Error and coverage of every set."""
    for name in SETS:
        if chosen := counted(judged, name):
            hits, n, (low, high) = coverage(chosen)
            yield {
                "set": name,
                "rows": len(chosen),
                "studies": n,
                "median error %": round(median_error(chosen), 1),
                "worst row %": round(
                    100 * max((item.errors["ours"] for item in chosen), key=abs), 1
                ),
                "covered studies": f"{hits:.1f} of {n}",
                "share, 90 %": f"{low:.2f}-{high:.2f}",
            }


def compared_lines(judged: Sequence[Judged]) -> Iterator[Line]:
    """Every comparator on the rows where it speaks, and ours on the same rows."""
    for name in COMPARED:
        for other in COMPARATORS:
            chosen = [item for item in counted(judged, name) if other in item.errors]
            if not chosen:
                continue
            theirs, ours = median_error(chosen, other), median_error(chosen)
            nearer = [abs(item.errors["ours"]) < abs(item.errors[other]) - 1e-9 for item in chosen]
            yield {
                "set": name,
                "comparator": other,
                "rows": len(chosen),
                "studies": len({item.row.source for item in chosen}),
                "its median error %": round(theirs, 1),
                "ours on the same %": round(ours, 1),
                "ours nearer in rows": sum(nearer),
                "better": "yes" if ours < theirs else "NO",
            }


def sensitivity_lines(rows: Sequence[Row]) -> Iterator[Line]:
    """What the error becomes with one thing changed."""

    def level(row: Row) -> Predicted:
        return predict(row, without=(row.study, "hreljac2005"))

    def optimistic(row: Row) -> Predicted:
        return predict(row, without=())

    unsure = ("masumoto2015", "J/kg/m net")
    gross = [
        replace(row, quantity="J/kg/m gross") if (row.study, row.quantity) == unsure else row
        for row in rows
    ]
    people = [row for row in rows if row.source != "compendium"]
    for model, chosen, predicted in (
        ("as it is", rows, predict),
        ("walking ratio not growing with speed", rows, level),
        (OPTIMISTIC, rows, optimistic),
        ("masumoto2015 read as gross", gross, predict),
        ("without the Compendium's rows", people, predict),
    ):
        judged = list(judge(chosen, predict=predicted, others={}))
        line: Line = {"model": model}
        for name, short in VARIED.items():
            if of := counted(judged, name):
                hits, n, _ = coverage(of)
                line |= {f"{short} %": round(median_error(of), 1), f"{short} in": f"{hits:.1f}/{n}"}
        yield line


def verdicts(
    judged: Sequence[Judged], *, compared: Sequence[Line], varied: Sequence[Line]
) -> Iterator[str]:
    """The aims, met or not; `compared` and `varied` are the tables of comparators, sensitivity."""
    for name, short in VARIED.items():
        chosen = counted(judged, name)
        error, (hits, n, (low, high)) = median_error(chosen), coverage(chosen)
        others = [line[f"{short} %"] for line in varied if line["model"] != OPTIMISTIC]
        firm = max(others) <= AIM_PERCENT or error > AIM_PERCENT
        yield (
            f"{name}: median error {error:.1f} % (aim {AIM_PERCENT:.0f}):"
            f" {MET[error <= AIM_PERCENT]}{'' if firm else ', but not in every reading'}"
            f" ({min(others)} to {max(others)} in the sensitivity table)"
        )
        yield (
            f"{name}: covered {hits:.1f} of {n} studies, {low:.2f} to {high:.2f} (aim: compatible"
            f" with {AIM_COVERAGE:.0%}): {MET[low <= AIM_COVERAGE <= high]}"
        )
    for name in COMPARED:
        lines = (line for line in compared if line["set"] == name)
        better = [line["comparator"] for line in lines if line["better"] == "NO"]
        words = f"not better than {', '.join(better)}" if better else "better than every other"
        yield f"{name}: {words}: {MET[not better]}"


def tables(rows: Sequence[Row]) -> Iterator[tuple[str, list[Line]]]:
    """Every table with what it means."""
    judged = list(judge(rows))
    compared, varied = list(compared_lines(judged)), list(sensitivity_lines(rows))
    yield ROWS, list(row_lines(judged))
    yield NOTES, list(note_lines(rows))
    yield SUMMARY, list(summary_lines(judged))
    yield COMPARISON, compared
    yield SENSITIVITY, varied
    aims = verdicts(judged, compared=compared, varied=varied)
    yield VERDICT, [{"verdict": text} for text in aims]


def main(words: Sequence[str] = ()) -> None:
    quick = "--quick" in words
    kept: list[Line] = []
    for text, lines in tables([row for row in published() if not quick or row.study in QUICK]):
        print(f"\n{text}\n")
        print_table(lines)
        name, _, about = text.removeprefix("# ").partition("\n")
        kept += [{"table": name, "about": about}, *({"table": name, **line} for line in lines)]
    if not quick:
        save("energy", kept)


if __name__ == "__main__":
    main(sys.argv[1:])
