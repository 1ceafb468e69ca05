"""Make the pictures of README and pages from simulations: `python docs/make_pictures.py`.

The terminal view is Rich's own SVG export. The page is photographed by Chromium, where there
is one; without it that picture stays as it is. Those of the direction are in another module.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from datetime import date
from pathlib import Path

from direction_pictures import draw_direction
from rich.console import Console

from retrorun import formats
from retrorun.athlete import Athlete
from retrorun.evidence.library import claims
from retrorun.evidence.summary import summarise
from retrorun.examples import write_examples
from retrorun.report.forest import svg
from retrorun.report.html import render
from retrorun.report.terminal import show_session
from retrorun.session import analyse

PICTURES = Path(__file__).parent / "pictures"

#: Nobody: figures as plausible as the simulated run.
SOMEBODY = Athlete(
    sex="female",
    birth_date=date(1990, 5, 31),
    mass_kg=61.0,
    resting_heart_rate_bpm=52.0,
    max_heart_rate_bpm=188.0,
)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    draw_direction(PICTURES)
    draw_evidence()
    with tempfile.TemporaryDirectory() as folder:
        example = Path(folder) / "example"
        write_examples(example)
        session = analyse(formats.read(example / "simulated-watch.fit"), athlete=SOMEBODY, rpe=5)
        console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True)
        show_session(session, console=console)
        svg = console.export_svg(title="retrorun analyze simulated-watch.fit")
        # Rich names a font on another machine; nothing of ours asks anything of anyone.
        svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
        (PICTURES / "analyze.svg").write_text(svg, encoding="utf-8")
        page = Path(folder) / "session.html"
        page.write_text(render(session), encoding="utf-8")
        photograph(page, PICTURES / "page.png")


def draw_evidence() -> None:
    """What studies say of the calories, as `retrorun evidence calories --svg` draws it."""
    claim = claims()["calories"]
    picture = svg(claim, [summarise(outcome) for outcome in claim.outcomes])
    (PICTURES / "evidence-calories.svg").write_text(picture, encoding="utf-8")


def photograph(page: Path, picture: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium here: page.png is left as it is")
        return
    words = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--window-size=1180,1280", f"--screenshot={picture}", page.as_uri(),
    ]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603


if __name__ == "__main__":
    main()
