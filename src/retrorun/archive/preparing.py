"""From the bytes of a file to what the archive keeps of it; runs in a process of its own.

Files are hostile until parsed: a reader that crashes, hangs or eats memory takes this process with
it and nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retrorun.athlete import Athlete
from retrorun.errors import Defect, Unreadable
from retrorun.formats import Limits, inputs_in
from retrorun.formats.sources import Source
from retrorun.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One recording, ready to be kept."""

    part: int  #: which one of its file
    parquet: Path  #: written for the archive to take
    file: str
    format: str
    device: str
    sport: str | None
    start_time: datetime | None
    duration_s: float
    analysis: Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A session as JSON, and the figures by which sessions are listed."""

    session: str
    forward_s: float
    backward_s: float
    distance_m: float | None
    energy_kcal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything of one original: its recordings, and why others could not be read."""

    prepared: tuple[Prepared, ...]
    refused: tuple[str, ...]


def prepare(
    original: Path, name: str, staging: Path, athlete: Athlete | None, limits: Limits
) -> Contents:
    """Read and analyse an original that goes by `name`; Parquet files are written to `staging`."""
    from retrorun.archive.recording_file import write_recording

    prepared: list[Prepared] = []
    refused: list[str] = []
    for item in inputs_in(Source.of_path(original, name=name), limits=limits):
        for outcome in item.outcomes():
            if isinstance(outcome, Unreadable):
                refused.append(str(outcome))
                continue
            try:
                analysis = analysed(outcome, athlete)
            except Exception as error:
                if os.environ.get("RETRORUN_DEBUG"):
                    raise
                refused.append(str(Defect(outcome.file, error)))
                continue
            part = len(prepared)
            parquet = staging / f"{original.parent.name}{original.name}-{part}.parquet"
            write_recording(outcome, parquet)
            prepared.append(_prepared(outcome, part, parquet, analysis))
    return Contents(prepared=tuple(prepared), refused=tuple(refused))


def analysed(recording: Recording, athlete: Athlete | None, **said: Any) -> Analysis:
    """A session in the words of the contract, and its figures."""
    from retrorun.contract import to_json
    from retrorun.session import analyse

    session = analyse(recording, athlete=athlete, **said)
    way, energy = session.direction, session.energy
    return Analysis(
        session=to_json(session),
        forward_s=0.0 if way is None else way.forward_s,
        backward_s=0.0 if way is None else way.backward_s,
        distance_m=session.distance_m,
        energy_kcal=None if energy is None else energy.total_kcal.value,
    )


def _prepared(recording: Recording, part: int, parquet: Path, analysis: Analysis) -> Prepared:
    return Prepared(
        part=part,
        parquet=parquet,
        file=recording.file,
        format=recording.format,
        device=str(recording.device),
        sport=recording.sport,
        start_time=recording.start_time,
        duration_s=recording.duration_s,
        analysis=analysis,
    )
