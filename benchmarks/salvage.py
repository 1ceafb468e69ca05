"""What was saved from damaged files, beside what two other readers give of them.

`python -m benchmarks.salvage` lists every FIT file that a strict reader refuses, with the
records that retrorun, fitdecode (told to go on) and Garmin's own reader get out of it.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from benchmarks.common import activity_files, print_table, save
from retrorun import formats
from retrorun.errors import Unreadable

_DAMAGE = ("cut or damaged", "checksum", "not quite a FIT")


def ours(path: Path) -> tuple[int, str]:
    """Records read, and the loss as it is listed."""
    records, losses = 0, []
    for outcome in formats.outcomes(path):
        if isinstance(outcome, Unreadable):
            losses.append(outcome.found)
            continue
        records += max((c.samples for c in outcome.channels.values()), default=0)
        losses += [
            f"{p.what}, {p.where}" for p in outcome.problems if any(d in p.what for d in _DAMAGE)
        ]
    return records, "; ".join(dict.fromkeys(losses))


def of_fitdecode(path: Path) -> int:
    import fitdecode

    records = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for frame in fitdecode.FitReader(
                path, check_crc=fitdecode.CrcCheck.DISABLED,
                error_handling=fitdecode.ErrorHandling.IGNORE,
            ):  # fmt: skip
                is_data = frame.frame_type == fitdecode.FIT_FRAME_DATA
                records += is_data and frame.name == "record"
        except Exception:  # noqa: BLE001  what it gave before it gave up still counts
            return records
    return records


def of_garmin(path: Path) -> int | None:
    import garmin_fit_sdk

    try:
        stream = garmin_fit_sdk.Stream.from_file(str(path))
        messages, _ = garmin_fit_sdk.Decoder(stream).read()
    except Exception:  # noqa: BLE001  it may fail in any way
        return None
    return len(messages.get("record_mesgs", []))


def main() -> None:
    rows: list[dict[str, object]] = []
    for path in activity_files("fit/*"):
        records, loss = ours(path)
        if loss and not loss.startswith("a FIT file of kind"):
            rows.append({
                "file": path.name[:40], "retrorun": records, "fitdecode": of_fitdecode(path),
                "garmin-fit-sdk": of_garmin(path), "what was lost": loss[:100],
            })  # fmt: skip
    print_table(rows)
    save("salvage", rows)


if __name__ == "__main__":
    main()
