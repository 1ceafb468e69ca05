"""`retrorun evidence` as a person meets it: every claim on the terminal, as picture and as JSON."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET  # our own pictures
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from conftest import ROOT
from retrorun import cli
from retrorun.evidence.library import claims, findings, studies
from retrorun.evidence.pooling import pool
from retrorun.evidence.summary import summarise
from retrorun.report import evidence, forest
from retrorun.report.evidence import how_seen, show_claim, show_claims

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = [key for key, claim in claims().items() if claim.outcomes]
POOLED = ["cost_ratio_running", "cost_ratio_walking"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: status, standard output, standard error."""

    def words(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["retrorun", "evidence", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        shown = capsys.readouterr()
        return int(left.value.code or 0), shown.out, shown.err

    return words


def told(key: str, *, width: int = 100, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, force_terminal=colour)
    show_claim(claims()[key], console=console)
    return out.getvalue()


def plain(text: str) -> str:
    """Words without line breaks and runs of blanks, as they were before they were wrapped."""
    return " ".join(text.split())


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


# --- the list --------------------------------------------------------------------------------


def test_every_claim_is_listed_with_its_verdict_and_the_short_answer(run: Run) -> None:
    status, out, err = run()
    assert (status, err) == (0, "")
    for claim in claims().values():
        assert re.search(rf"^{claim.verdict} +{re.escape(claim.claim[:40])}", out, re.MULTILINE)
        assert re.search(rf"^{claim.key} +{re.escape(claim.in_short[:30])}", out, re.MULTILINE)


def test_the_list_as_json(run: Run) -> None:
    status, out, err = run("--json")
    assert (status, err) == (0, "")
    listed = json.loads(one_line(out))["claims"]
    assert [claim["key"] for claim in listed] == list(claims())
    assert set(listed[0]) == {"key", "claim", "verdict", "in_short"}


def test_the_list_and_claims_without_figures_need_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['retrorun', 'evidence', *sys.argv[1:]]\n"
        "from retrorun.cli import main\n"
        "try: main()\n"
        "except SystemExit as left: assert not left.code\n"
        "heavy = {'scipy', 'statsmodels', 'polars'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    for words in ([], ["glutes"]):
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "\x1b[" not in done.stdout, "colour only on a terminal"


# --- one claim -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", claims())
def test_a_claim_shows_all_that_is_behind_it_and_all_that_is_not(run: Run, key: str) -> None:
    status, out, err = run(key)
    assert (status, err) == (0, "")
    assert "\x1b[" not in out
    words, claim = plain(out), claims()[key]
    for part in (claim.claim, f"Verdict: {claim.verdict}", claim.in_short, claim.unknown):
        assert plain(part) in words
    assert plain(claim.would_change) in words
    for finding in (findings()[name] for name in (*claim.for_, *claim.against)):
        assert plain(finding.says) in words
        assert how_seen(finding) in words
        assert studies()[finding.study].cite in words
    assert ("No study was found." in words) == (not (claim.for_ or claim.against))


@pytest.mark.parametrize("key", claims())
def test_nothing_remembered_is_printed(run: Run, key: str, tmp_path: Path) -> None:
    printed = [run(key)[1], run(key, "--json")[1]]
    if claims()[key].outcomes:
        run(key, "--svg", tmp_path / "picture.svg")
        printed.append((tmp_path / "picture.svg").read_text(encoding="utf-8"))
    for text in printed:
        for finding in findings().values():
            if finding.flag == "R":
                assert finding.key not in text
                assert finding.says not in plain(text)
        assert "remembered, not seen" not in text
        assert "devita" not in text.lower()


@pytest.mark.parametrize("key", DRAWN)
@pytest.mark.parametrize("width", [60, 80, 87, 88, 110, 200])
def test_it_fits_every_width(key: str, width: int) -> None:
    for line in told(key, width=width).splitlines():
        assert len(line) <= width, line


def test_the_list_fits_a_narrow_terminal() -> None:
    out = io.StringIO()
    show_claims(Console(file=out, width=60, highlight=False))
    assert max(map(len, out.getvalue().splitlines())) <= 60


def test_a_terminal_gets_colour_and_the_same_words() -> None:
    coloured = told("calories", colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == told("calories")


def test_the_help_has_an_example(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert "Example: retrorun evidence calories" in out


def test_how_a_finding_was_seen_in_words() -> None:
    assert how_seen(findings()["rasica2020.ratio"]) == "seen in the abstract"
    assert how_seen(findings()["cavagna2011.ratio"]) == "second hand"
    assert how_seen(findings()["masumoto2015.ratio"]) == "derived: 5.8/4.5"
    assert how_seen(findings()["compendium2011.walk_ratio"]) == "second hand, derived: 6.0/4.3"


def test_a_repeat_is_named_once_and_not_counted() -> None:
    words = plain(told("heart_demand"))
    assert words.count("Adesola & Azeez 2009") == 1
    assert "Adesola & Azeez 2009 repeats Flynn et al. 1994 and is not counted." in words
    assert "Adesola" not in told("glutes")


# --- the plot of letters ---------------------------------------------------------------------


def line_of(text: str, start: str) -> str:
    """The first line of a plot that begins so; those without each study come later."""
    return next(line for line in text.splitlines() if line.strip().startswith(start + "  "))


def test_letters_stand_where_the_values_are() -> None:
    """In order from left to right: no difference, Williford 1.18, the pooled 1.29, Rasica 1.35."""
    text = told("calories", width=120).split("Oxygen uptake, backward over")[0]
    pooled = line_of(text, "pooled, 4 studies")
    low = line_of(text, "Williford et al. 1998")
    high = line_of(text, "Rasica et al. 2020")
    left = [i for i, letter in enumerate(pooled) if letter == "│"]
    assert left[0] < low.index("■") < pooled.index("◆") < high.index("■")
    assert pooled.index("╺") < pooled.index("◆") < pooled.index("╸")


def test_imputed_published_and_hollow_rows_look_different() -> None:
    text = told("calories", width=120)
    published = next(line for line in text.splitlines() if "├" in line and "■" in line)
    assert "Wright & Weyand 2001" in published
    assert "*" not in published
    imputed = next(line for line in text.splitlines() if "╌" in line)
    assert " *" in imputed
    hollow = next(line for line in text.splitlines() if "□" in line)
    assert "Cavagna et al. 2011" in hollow
    assert "□ Ainsworth et al. 2011, not pooled: 6.0/4.3; assigned, not measured" in plain(text)


def test_a_prediction_interval_beyond_the_plot_ends_in_arrows_and_keeps_its_numbers() -> None:
    summary = summarise("cost_ratio_walking")
    assert summary.pooled is not None
    wide = replace(summary.pooled, prediction_low=0.5, prediction_high=4.0)
    out = io.StringIO()
    console = Console(file=out, width=120, highlight=False)
    evidence._outcome(replace(summary, pooled=wide), console)
    lines = out.getvalue().splitlines()
    line = next(line for line in lines if line.strip().startswith("another study"))
    assert "(0.50 to 4.00)" in line
    assert "◂" in line
    assert "▸" in line


def test_what_cannot_be_pooled_says_why_and_shows_the_range() -> None:
    words = plain(told("heart_demand"))
    assert "Not pooled. No study published how far its figure may be off" in words
    assert "The figures reach from 1.15 to 1.37." in words
    assert "1.27 [1.24 to 1.30]" in words
    assert "◆" not in words


def test_the_sensitivity_is_shown_line_by_line() -> None:
    words = told("calories", width=120)
    for variation in pool_variations():
        assert re.search(rf"^ +{re.escape(variation)} ", words, re.MULTILINE)


def pool_variations() -> Iterator[str]:
    for outcome in POOLED:
        for variation in summarise(outcome).variations:
            if variation.pooled is not None:
                yield variation.what.removeprefix("without ")


# --- the picture -----------------------------------------------------------------------------


@pytest.fixture
def picture(run: Run, tmp_path: Path) -> Callable[[str], ET.Element]:
    def draw(key: str) -> ET.Element:
        path = tmp_path / f"{key}.svg"
        status, out, err = run(key, "--svg", path)
        assert (status, out.strip(), err) == (0, str(path), "")
        return ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314  our own

    return draw


@pytest.mark.parametrize("key", DRAWN)
def test_the_picture_is_whole_accessible_and_asks_nothing_of_anyone(
    picture: Callable[[str], ET.Element], key: str
) -> None:
    drawn, claim = picture(key), claims()[key]
    assert drawn.tag == f"{SVG}svg"
    assert drawn.get("role") == "img"
    named = (drawn.get("aria-labelledby") or "").split()
    by_id = {element.get("id"): element for element in drawn.iter() if element.get("id")}
    title, description = (by_id[name] for name in named)
    assert title.tag == f"{SVG}title"
    assert title.text == claim.claim
    assert description.tag == f"{SVG}desc"
    assert claim.verdict in (description.text or "")
    raw = ET.tostring(drawn, encoding="unicode")
    assert "prefers-color-scheme:dark" in raw
    assert not re.search(r"url\(|@import|@font-face|href=|<script|<image", raw)
    assert "nan" not in re.sub(r"<[^>]*?>", "", raw).lower().split()
    for element in drawn.iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
            value = element.get(name)
            assert value is None or 0 <= float(value) <= float(drawn.get("height") or 0) + 880


def texts(drawn: ET.Element, look: str = "") -> list[str]:
    return [
        element.text or ""
        for element in drawn.iter(f"{SVG}text")
        if set(look.split()) <= set((element.get("class") or "").split())
    ]


def test_the_number_in_the_picture_is_the_pooled_value(
    picture: Callable[[str], ET.Element],
) -> None:
    drawn = picture("calories")
    expected = [pool(outcome) for outcome in POOLED]
    figures = texts(drawn, "pooled e")
    assert figures == [f"{found.value:.2f}" for found in expected if found is not None]
    intervals = texts(drawn, "i b e")
    assert intervals == [f"{p.low:.2f} to {p.high:.2f}" for p in expected if p is not None]


def test_the_diamond_stands_where_the_pooled_value_is(
    picture: Callable[[str], ET.Element],
) -> None:
    """Read back from the picture with the two ticks 1 and 1.4, on a scale of equal ratios."""
    drawn = picture("calories")
    found = pool("cost_ratio_running")
    assert found is not None
    diamond = next(e for e in drawn.iter(f"{SVG}polygon") if e.get("class") == "pool")
    points = [tuple(map(float, p.split(","))) for p in (diamond.get("points") or "").split()]
    at = {
        e.text: float(e.get("x") or 0)
        for e in list(drawn.iter(f"{SVG}text"))[::-1]  # the first plot last: its ticks stay
        if e.get("class") == "s m"
    }
    per_pixel = 1.4 ** (1 / (at["1.4"] - at["1"]))
    left, top, right, _ = (per_pixel ** (x - at["1"]) for x, _ in points)
    assert (left, top, right) == pytest.approx((found.low, found.value, found.high), abs=2e-3)


def test_rows_that_are_not_pooled_are_rings_with_a_reason(
    picture: Callable[[str], ET.Element],
) -> None:
    drawn = picture("calories")
    rings = [e for e in drawn.iter(f"{SVG}circle") if e.get("class") == "hollow"]
    assert len(rings) == 3 + 1, "three rows, and the one in the legend"
    assert "Not pooled: Herrmann et al. 2024: assigned, not measured on persons." in texts(drawn)


def test_the_picture_of_the_pages_is_fresh() -> None:
    claim = claims()["calories"]
    drawn = forest.svg(claim, [summarise(outcome) for outcome in claim.outcomes])
    kept = ROOT / "docs" / "pictures" / "evidence-calories.svg"
    assert kept.read_text(encoding="utf-8") == drawn, "run: python docs/make_pictures.py"


def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "there.svg"
    path.write_text("mine")
    status, out, err = run("knee", "--svg", path)
    assert (status, out) == (2, "")
    assert "exists already; wanted a new name" in one_line(err)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


# --- scale -----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", sorted({o for c in claims().values() for o in c.outcomes}))
def test_every_figure_and_no_difference_lie_within_the_scale(outcome: str) -> None:
    summary = summarise(outcome)
    scale = forest.scale_of(summary)
    for value in summary.ends():
        assert 0.02 < scale.share(value) < 0.98
    assert summary.outcome.no_difference in scale.ticks
    assert 3 <= len(scale.ticks) <= 9


# --- JSON ------------------------------------------------------------------------------------


def shape(value: Any, path: str = "") -> Iterator[str]:
    """Where each key is found; keys of lists once."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}"
            yield from shape(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from shape(inner, path)


@pytest.mark.parametrize("key", claims())
def test_a_claim_is_one_json_object_with_the_same_keys_as_every_other(run: Run, key: str) -> None:
    status, out, err = run(key, "--json")
    assert (status, err) == (0, "")
    content = json.loads(one_line(out))
    assert list(content) == [
        "key", "claim", "verdict", "in_short", "for", "against", "outcomes", "unknown",
        "would_change", "studies", "flags",
    ]  # fmt: skip
    assert content["verdict"] == claims()[key].verdict
    for side in ("for", "against"):
        for finding in content[side]:
            assert finding["flag"] in content["flags"]
    named = {study["key"] for study in content["studies"]}
    figures = [f for outcome in content["outcomes"] for f in outcome["figures"]]
    assert {f["study"] for f in (*content["for"], *content["against"], *figures)} == named


def test_the_json_has_the_pooled_effect_and_what_moves_it(run: Run) -> None:
    content = json.loads(run("calories", "--json")[1])
    running = content["outcomes"][0]
    found = pool("cost_ratio_running")
    assert found is not None
    assert running["pooled"]["value"] == found.value
    assert running["pooled"]["prediction_high"] == found.prediction_high
    assert running["imputed_spread_from"] == ["wright2001.ratio", "williford1998.run_ratio"]
    imputed = {f["study"]: f["imputed"] for f in running["figures"] if f["pooled"]}
    assert imputed == {
        "wright2001": False, "rasica2020": True, "masumoto2015": True, "williford1998": False,
    }  # fmt: skip
    assert len(running["sensitivity"]) == 7
    assert running["range"] == [1.18, 1.35]


def test_every_outcome_has_the_same_keys(run: Run) -> None:
    shapes = set()
    for key in DRAWN:
        content = json.loads(run(key, "--json")[1])
        for outcome in content["outcomes"]:
            shapes.add(tuple(outcome))
            shapes.add(("figure", *(tuple(figure) for figure in outcome["figures"][:1])))
    assert len(shapes) == 2


# --- what cannot be done ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["calorie"], "'calorie': no such claim; nearest: calories"),
        (["burns"], "nearest: calories"),
        (["Posture"], "nearest: posture"),
        (["knees"], "nearest: knee"),
        (["calories", "--json", "--svg", "x.svg"], "wanted at most one way of printing"),
        (["--svg", "x.svg"], "--svg draws one claim; wanted its name"),
        (["glutes", "--svg", "x.svg"], "no study gives a figure to draw; wanted one of calories"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    run: Run, words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert says in one_line(err)
    assert list(tmp_path.iterdir()) == []
