"""What the benchmarks share: where the recordings are, and how a table is printed and kept."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"


def data_folder() -> Path:
    """Recordings that nobody may copy into the repository; `RETRORUN_DATA` names them."""
    folder = Path(os.environ.get("RETRORUN_DATA", ROOT.parent / "shared" / "data"))
    if not folder.exists():
        sys.exit("benchmarks: no recordings; set RETRORUN_DATA to a folder that has them")
    return folder


def activity_files(pattern: str) -> list[Path]:
    return sorted((data_folder() / "activities").glob(pattern))


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Rows with the same keys as a table on the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for key in rows[0]:
        table.add_column(key, justify="left" if isinstance(rows[0][key], str) else "right")
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row.values()))
    Console(width=140, highlight=False).print(table)


def save(name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Keep the figures, with what they were measured on."""
    RESULTS.mkdir(exist_ok=True)
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    text = json.dumps({"about": about, "rows": list(rows)}, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
