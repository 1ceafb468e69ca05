"""Distance from positions alone, beside what the device itself counted, for every run.

`python -m benchmarks.distance` takes every recording on foot that has both. The device's total
is compared as it is, and over the stretch in which there were positions: a watch counts on
without a fix. A run that the collection has several times counts once.
"""

from __future__ import annotations

import numpy as np

from benchmarks.common import activity_files, print_table, save
from retrorun import formats
from retrorun.errors import Unreadable
from retrorun.recording import Recording
from retrorun.sports import foot_sport
from retrorun.travel import position_distance_m

TOLERANCE = 0.02
#: A shorter way says more about the first fix than about the distance. [m]
SHORTEST_M = 100.0


def counted_where_there_were_positions_m(recording: Recording) -> float | None:
    """What the odometer gained between the first and the last position."""
    latitude, odometer = recording.get("latitude_deg"), recording.get("distance_m")
    if latitude is None or odometer is None:
        return None
    positions_s = latitude.time_s[np.isfinite(latitude.values)]
    known = np.isfinite(odometer.values)
    at = np.interp(
        [positions_s[0], positions_s[-1]], odometer.time_s[known], odometer.values[known]
    )
    return float(at[1] - at[0])


def rows() -> list[dict[str, object]]:
    """One row a recording, worst first."""
    found: list[dict[str, object]] = []
    seen: set[tuple[float, float]] = set()
    for path in [*activity_files("fit/*"), *activity_files("tcx/*"), *activity_files("gpx/*")]:
        for recording in formats.outcomes(path):
            if isinstance(recording, Unreadable):
                continue
            if foot_sport(recording.sport) != "run":
                continue
            total_m, position_m = recording.totals.distance_m, position_distance_m(recording)
            counted_m = counted_where_there_were_positions_m(recording)
            if not total_m or not position_m or not counted_m or total_m < SHORTEST_M:
                continue
            same = (round(total_m, 1), round(position_m, 1))
            if same in seen:
                continue  # the collection has some runs several times
            seen.add(same)
            found.append({
                "file": path.name[:44],
                "device m": round(total_m),
                "positions m": round(position_m),
                "of total %": round(100 * (position_m / total_m - 1), 2),
                "of counted %": round(100 * (position_m / counted_m - 1), 2),
            })  # fmt: skip
    return sorted(found, key=lambda row: -abs(float(str(row["of counted %"]))))


def share_within(found: list[dict[str, object]], column: str) -> float:
    errors = np.array([abs(float(str(row[column]))) for row in found])
    return float(np.mean(errors <= 100 * TOLERANCE))


def main() -> None:
    found = rows()
    print_table(found)
    for column in ("of total %", "of counted %"):
        share = share_within(found, column)
        print(f"{column}: {share:.1%} of {len(found)} recordings within {TOLERANCE:.0%}")
    save("distance", found)


if __name__ == "__main__":
    main()
