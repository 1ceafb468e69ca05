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
from retrorun.report.stride import pair_svg
from retrorun.report.stride_animation import animation_svg
from retrorun.report.stride_curves import curves_svg
from retrorun.report.terminal import show_session
from retrorun.session import analyse
from retrorun.simulation.conditions import Conditions, Direction, usual_cadence_steps_min
from retrorun.simulation.gait import course
from retrorun.simulation.neighbours import nearest
from retrorun.simulation.solution import problem_for
from retrorun.simulation.stride import Stride, stride

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
    draw_strides()
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


def draw_strides() -> None:
    """The simulated runner at 2.67 m/s, one stride each way, from the shipped solutions."""
    strides = [shipped_stride(direction) for direction in ("forward", "backward")]
    (PICTURES / "stride-pair.svg").write_text(pair_svg(*strides), encoding="utf-8")
    (PICTURES / "stride-curves.svg").write_text(curves_svg(strides), encoding="utf-8")
    for one in strides:
        place = PICTURES / f"stride-{one.direction}.svg"
        place.write_text(animation_svg(one), encoding="utf-8")


def shipped_stride(direction: Direction) -> Stride:
    """One stride at the usual cadence, without solving anything."""
    cadence = usual_cadence_steps_min(speed_m_s=2.67, direction=direction)
    asked = Conditions(speed_m_s=2.67, direction=direction, cadence_steps_min=round(cadence, 1))
    problem, numbers = problem_for(asked), nearest(asked)
    if numbers is None:
        raise SystemExit("no shipped solutions: python -m retrorun.simulation.sweep")
    return stride(course(problem, numbers, asked), asked, problem.person)


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
