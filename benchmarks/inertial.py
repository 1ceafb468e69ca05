"""How long and how much memory a long sensor recording takes, and whether both grow linearly.

`python -m benchmarks.inertial` makes recordings of 1 to 64 hours (100 Hz, a foot and the sacrum,
walking, running and standing in turn), analyses each in a process of its own, and prints CPU
seconds and peak memory, the start of the program left out. The signal is synthetic: only its
size matters here.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import print_table, save

RATE_HZ = 100
HOURS = (1, 2, 4, 8, 16, 24, 32, 64)


def write_recording(out: Path, *, hours: float) -> None:
    """An inertial log in Parquet: ten-minute blocks of running, walking and standing, repeated."""
    import polars as pl

    block_s = 600
    time_s = np.arange(block_s * RATE_HZ) / RATE_HZ
    step_hz = np.select([time_s < 300, time_s < 540], [2.8, 1.8], 0.0)
    size = np.select([time_s < 300, time_s < 540], [1.0, 0.35], 0.0)
    phase = 2 * np.pi * np.cumsum(step_hz) / RATE_HZ
    noise = np.random.default_rng(1)
    columns: dict[str, object] = {}
    for placement, harmonic in (("sacrum", 1.0), ("left_foot", 0.5)):
        bounce = np.sin(phase * harmonic) + 0.5 * np.sin(2 * phase * harmonic)
        for kind, axes, gain in (("acc", (2, 1, 8), 1.0), ("gyro", (3, 0.5, 0.5), 1.0)):
            unit = "m_s2" if kind == "acc" else "rad_s"
            for axis, amplitude in zip("xyz", axes, strict=True):
                signal = gain * amplitude * size * bounce + noise.normal(0, 0.05, len(time_s))
                signal += 9.81 if (kind, axis) == ("acc", "z") else 0.0
                name = f"{placement}_{kind}_{axis}_{unit}"
                columns[name] = np.tile(signal.astype(np.float32), round(hours * 3600 / block_s))
    rows = len(columns["sacrum_acc_x_m_s2"])  # type: ignore[arg-type]
    columns = {"time_s": np.arange(rows) / RATE_HZ, **columns}
    pl.DataFrame(columns).write_parquet(out, compression="zstd")


def analyse_once(path: Path) -> dict[str, float]:
    """CPU seconds of reading and of analysis, and peak memory, of this process."""
    import scipy.signal  # noqa: F401  what is imported once is no part of the growth

    from retrorun import formats
    from retrorun.session import analyse

    before = time.process_time()
    recording = formats.read(path)
    read = time.process_time()
    session = analyse(recording)
    done = time.process_time()
    assert session.segments
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"read_s": read - before, "analyse_s": done - read, "peak_mb": peak_kib / 1024}


def measure(hours: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        write_recording(path, hours=hours)
        words = [sys.executable, "-m", "benchmarks.inertial", "--once", str(path)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
        size_mb = path.stat().st_size / 1e6
    got = json.loads(done.stdout)
    cpu_s = got["read_s"] + got["analyse_s"]
    return {
        "hours": hours,
        "file MB": round(size_mb),
        "read s": round(got["read_s"], 2),
        "analyse s": round(got["analyse_s"], 2),
        "CPU s an hour": round(cpu_s / hours, 2),
        "times real time": round(hours * 3600 / cpu_s),
        "peak MB": round(got["peak_mb"]),
        "peak MB an hour": round(got["peak_mb"] / hours),
    }


def main() -> None:
    if "--once" in sys.argv:
        print(json.dumps(analyse_once(Path(sys.argv[-1]))))
        return
    rows = [measure(hours) for hours in HOURS]
    print_table(rows)
    save("inertial", rows)


if __name__ == "__main__":
    main()
