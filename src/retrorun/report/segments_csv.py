"""Sessions as a table for a spreadsheet: one row a segment."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from retrorun import contract

_COLUMNS = (
    "file", "recording_start", "start_s", "end_s", "motion", "direction", "probability", "source",
    "distance_m", "speed_m_s", "gradient", "cadence_steps_min", "heart_rate_bpm",
    "energy_kcal", "energy_kcal_low", "energy_kcal_high",
)  # fmt: skip


def write_segments(out: Path, sessions: Iterable[contract.SessionReport]) -> bool:
    """Write one CSV with every segment of every session; empty cells are unknown.

    Gives whether there was any session.
    """
    given = False
    with out.open("x", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _COLUMNS)
        writer.writeheader()
        for session in sessions:
            given = True
            start = session.recording.start_time
            for segment in session.segments:
                row = {name: getattr(segment, name, None) for name in _COLUMNS}
                energy = segment.energy_kcal
                row |= {
                    "file": _harmless(session.recording.file),
                    "recording_start": start.isoformat() if start else None,
                    "energy_kcal": energy.value if energy else None,
                    "energy_kcal_low": energy.low if energy else None,
                    "energy_kcal_high": energy.high if energy else None,
                }
                writer.writerow(row)
    return given


def _harmless(name: str) -> str:
    """A file name that a spreadsheet will not run as a formula."""
    return "'" + name if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
