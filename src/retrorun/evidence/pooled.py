"""The pooled effects as a small table, so that an analysis need not pool anew.

`python -m retrorun.evidence.pooled` writes `pooled.csv` again after the findings have changed; a
test fails while the two disagree.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

from retrorun.evidence.library import outcomes, table


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledEffect:
    """A pooled effect: value in the outcome's unit, spreads on the scale of pooling."""

    outcome: str
    value: float
    se: float
    tau: float
    person_sd: float
    studies: str


@cache
def pooled() -> Mapping[str, PooledEffect]:
    """Every outcome that could be pooled."""
    return {
        row["outcome"]: PooledEffect(
            outcome=row["outcome"],
            value=float(row["value"]),
            se=float(row["se"]),
            tau=float(row["tau"]),
            person_sd=float(row["person_sd"]),
            studies=row["studies"],
        )
        for row in table("pooled")
    }


def fresh() -> str:
    """What `pooled.csv` ought to hold, from the findings as they are now."""
    from retrorun.evidence.pooling import pool

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(field.name for field in fields(PooledEffect))
    for outcome in outcomes():
        found = pool(outcome)
        if found is not None:
            keys = " ".join(effect.finding.study for effect in found.effects)
            effect = PooledEffect(
                outcome=outcome,
                value=round(found.value, 4),
                se=round(found.se, 4),
                tau=round(found.tau, 4),
                person_sd=round(found.person_sd, 4),
                studies=keys,
            )
            rows.writerow(astuple(effect))
    return text.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name("pooled.csv").write_text(fresh(), encoding="utf-8")
