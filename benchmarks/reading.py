"""How fast files are read, beside the readers that others use, in one process and one run.

`python -m benchmarks.reading` reads every activity file with every reader that can, each file
once per reader, and prints CPU seconds. Every message of a file is decoded by all of them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import activity_files, print_table, save
from retrorun import formats
from retrorun.errors import NotAnActivity, Unreadable


@dataclass
class Reader:
    """A way to read one file to the end, or an error."""

    name: str
    read: Callable[[Path], object]
    seconds: float = 0.0
    files: int = 0


def _retrorun(path: Path) -> None:
    outcomes = list(formats.outcomes(path))
    if all(isinstance(outcome, Unreadable) for outcome in outcomes):
        raise ValueError(str(outcomes[0]))


def _fitdecode(path: Path) -> None:
    import fitdecode

    with fitdecode.FitReader(path) as reader:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                {field.name: field.value for field in frame.fields}


def _garmin(path: Path) -> None:
    import garmin_fit_sdk

    stream = garmin_fit_sdk.Stream.from_file(str(path))
    _, errors = garmin_fit_sdk.Decoder(stream).read()
    if errors:
        raise ValueError(str(errors[0]))


def _gpxpy(path: Path) -> None:
    import gpxpy

    with path.open(encoding="utf-8") as stream:
        gpxpy.parse(stream)


def _tcxreader(path: Path) -> None:
    from tcxreader.tcxreader import TCXReader

    TCXReader().read(str(path), only_gps=False)


def _cpu_s(read: Callable[[Path], object], path: Path) -> float | None:
    """CPU seconds of one reading; None where the reader refuses the file."""
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
    except Exception:  # noqa: BLE001  a peer may fail in any way; then it has no time
        return None
    return time.process_time() - start


def _is_fast(path: Path) -> bool:
    """Whether our reader got by without falling back to the patient library."""
    from retrorun.formats.fit_messages import decode, sequences

    try:
        return all(decode(part, name=path.name).fast for part in sequences(path.read_bytes()))
    except Unreadable:
        return False


def _holds_an_activity(path: Path) -> bool:
    return not all(isinstance(outcome, NotAnActivity) for outcome in formats.outcomes(path))


def compare(files: list[Path], peers: list[Reader], *, label: str) -> list[dict[str, object]]:
    """One row a peer: seconds over the files that both it and retrorun read."""
    rows: list[dict[str, object]] = []
    files = [path for path in files if _holds_an_activity(path)]
    ours = {path: _cpu_s(_retrorun, path) for path in files}
    for peer in peers:
        theirs = {path: _cpu_s(peer.read, path) for path in files}
        both = [p for p in files if ours[p] is not None and theirs[p] is not None]
        peer_s = sum(theirs[p] or 0.0 for p in both)
        our_s = sum(ours[p] or 0.0 for p in both)
        rows.append({
            "files": label, "peer": peer.name, "both read": len(both),
            "only retrorun": sum(ours[p] is not None and theirs[p] is None for p in files),
            "only peer": sum(ours[p] is None and theirs[p] is not None for p in files),
            "retrorun s": round(our_s, 2), "peer s": round(peer_s, 2),
            "times faster": round(peer_s / our_s, 1) if our_s else None,
        })  # fmt: skip
    return rows


def main() -> None:
    fit = activity_files("fit/*")
    for path in [*fit[:3], *activity_files("gpx/*")[:2], *activity_files("tcx/*")[:2]]:
        _cpu_s(_retrorun, path)  # imports are no part of reading
        for read in (_fitdecode, _garmin, _gpxpy, _tcxreader):
            _cpu_s(read, path)
    fast = [path for path in fit if _is_fast(path)]
    slow = [path for path in fit if path not in fast]
    fit_peers = [Reader("fitdecode", _fitdecode), Reader("garmin-fit-sdk", _garmin)]
    rows = [
        *compare(fast, fit_peers, label="FIT, fast reader accepts"),
        *compare(slow, fit_peers, label="FIT, falls back"),
        *compare(activity_files("gpx/*"), [Reader("gpxpy", _gpxpy)], label="GPX"),
        *compare(activity_files("tcx/*"), [Reader("tcxreader", _tcxreader)], label="TCX"),
    ]
    print_table(rows)
    save("reading", rows)


if __name__ == "__main__":
    main()
