"""Example recordings with known truth, made by a small model and plainly marked as simulated."""

from __future__ import annotations

from pathlib import Path

from retrorun.errors import BadInput
from retrorun.examples.files import (
    write_phone_log,
    write_sensor_log,
    write_truth,
    write_watch_file,
)
from retrorun.examples.story import Story


def write_examples(folder: Path) -> list[tuple[Path, str]]:
    """Write one activity as three devices saw it, and its truth; into a new folder only."""
    if folder.exists() and any(folder.iterdir()):
        raise BadInput("folder", folder, "new or empty", "Nothing is ever written over.")
    folder.mkdir(parents=True, exist_ok=True)
    story = Story()
    watch, phone = folder / "simulated-watch.fit", folder / "simulated-phone.zip"
    sensors, truth = folder / "simulated-sensors.parquet", folder / "truth.csv"
    write_watch_file(watch, story)
    write_phone_log(phone, story)
    write_sensor_log(sensors, story)
    write_truth(truth, story)
    return [
        (watch, "watch: position, speed, cadence, heart rate, laps of a workout"),
        (phone, "phone in a belt at the lower back: movement, compass, position, heart rate"),
        (sensors, "body sensors: left shank, right foot and sacrum at 100 Hz"),
        (truth, "what really happened when, as labels to compare with"),
    ]
