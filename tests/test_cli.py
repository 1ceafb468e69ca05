"""The command line as a person meets it: words, exit status, and nothing written over."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from making import fit, gpx, point, run
from retrorun.cli import app
from retrorun.recording import Recording


def retrorun(*words: object) -> subprocess.CompletedProcess[str]:
    """The installed program in a process of its own."""
    return subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "retrorun.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
    )


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.fit"
    path.write_bytes(fit(*run(120)))
    return path


COMMANDS = [
    command.name or command.callback.__name__
    for command in app.registered_commands
    if command.callback
]


def test_the_version_is_told() -> None:
    told = retrorun("--version")
    assert (told.returncode, told.stdout.split()[0]) == (0, "retrorun")


@pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)])
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    shown = retrorun(*command, "--help")
    assert shown.returncode == 0
    if command:
        assert "Example: retrorun" in shown.stdout


def test_help_starts_fast_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; sys.argv = ['retrorun', '--help']\n"
        "from retrorun.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'polars', 'lxml', 'pydantic', 'fitfast'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_json_is_one_object_that_the_schema_accepts(good: Path) -> None:
    done = retrorun("analyze", good, "--json")
    assert done.returncode == 0
    session = json.loads(one_line(done.stdout))
    schema = json.loads(retrorun("schema").stdout)
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    checker.validate(session)
    assert session["segments"][0]["motion"] == "run"
    assert session["distance_m"] == pytest.approx(119 * 3.0)
    with pytest.raises(jsonschema.ValidationError):
        checker.validate(session | {"segments": [{"motion": "fly"}]})


def test_a_folder_gives_json_lines_and_status_1_where_some_failed(
    tmp_path: Path, good: Path
) -> None:
    (tmp_path / "bad.fit").write_bytes(b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT\x00\x00")
    (tmp_path / "more.gpx").write_bytes(gpx(point(0), point(60, latitude=52.001)))
    done = retrorun("analyze", tmp_path, "--json")
    assert done.returncode == 1
    assert [json.loads(line)["recording"]["file"] for line in done.stdout.splitlines()] == [
        "good.fit", "more.gpx",
    ]  # fmt: skip
    assert "1 of 3 inputs could not be read" in done.stderr
    assert "bad.fit" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["analyze"], "Missing argument"),
        (["analyze", "nowhere.fit"], "there is no such file; wanted a file or folder"),
        (["fly"], "No such command"),
        (["analyze", "x", "--json", "--csv", "y"], "wanted at most one way of printing"),
        (["analyze", "x", "--limit-mb", "-3"], "limit-mb"),
        (["analyze", "x", "--limit-mb", "inf"], "wanted the largest size in MB"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(words: list[str], says: str) -> None:
    done = retrorun(*words)
    assert done.returncode == 2
    assert says in one_line(done.stderr)
    assert done.stdout == ""


def test_a_defect_of_ours_costs_one_recording_and_not_the_others(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from retrorun import cli, session

    whole, calls = session.analyse, iter([True, False])

    def fails_once(recording: Recording, **more: Any) -> session.Session:
        if next(calls):
            raise ZeroDivisionError("made by this test")
        return whole(recording, **more)

    monkeypatch.setattr(session, "analyse", fails_once)
    monkeypatch.delenv("RETRORUN_DEBUG")
    monkeypatch.setattr(sys, "argv", ["retrorun", "analyze", str(good), str(good), "--json"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    shown = capsys.readouterr()
    assert left.value.code == 1
    assert len(shown.out.splitlines()) == 1
    assert "stumbled over it (ZeroDivisionError: made by this test)" in shown.err


def test_csv_has_one_row_a_segment_and_nothing_is_written_over(tmp_path: Path, good: Path) -> None:
    out = tmp_path / "segments.csv"
    assert retrorun("analyze", good, "--csv", out).returncode == 0
    with out.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["file"], row["motion"]) for row in rows] == [("good.fit", "run")]
    again = retrorun("analyze", good, "--csv", out)
    assert again.returncode == 2
    assert "exists already; wanted a new name" in one_line(again.stderr)
    assert good.read_bytes() == fit(*run(120))


def test_html_is_one_page_or_a_folder_of_pages(tmp_path: Path, good: Path) -> None:
    page = tmp_path / "session.html"
    assert retrorun("analyze", good, "--html", page).returncode == 0
    assert page.read_text(encoding="utf-8").startswith("<!")
    pages = tmp_path / "pages"
    assert retrorun("analyze", good, good, "--html", pages).returncode == 0
    assert len(list(pages.iterdir())) == 2


def test_the_example_is_analysed_as_its_truth_says(tmp_path: Path) -> None:
    folder = tmp_path / "example"
    assert retrorun("example", folder).returncode == 0
    assert retrorun("example", folder).returncode == 2
    done = retrorun("analyze", folder, "--json")
    assert done.returncode == 0, done.stderr
    sessions = [json.loads(line) for line in done.stdout.splitlines()]
    seen = {s["recording"]["format"] for s in sessions}
    assert seen == {"FIT", "Sensor Logger", "inertial log"}
    with (folder / "truth.csv").open() as stream:
        truth = list(csv.DictReader(stream))
    for session in sessions:
        assert session["recording"]["simulated"] is True
        for part in truth:
            middle = (float(part["start_s"]) + float(part["end_s"])) / 2
            (segment,) = (
                s for s in session["segments"] if s["start_s"] <= middle < s["end_s"]
            )  # fmt: skip
            assert segment["motion"] == part["motion"], (middle, session["recording"]["format"])


def test_terminal_views_name_the_problems(tmp_path: Path, good: Path) -> None:
    data = bytearray(good.read_bytes())
    data[-1] ^= 0xFF
    bad = tmp_path / "bad.fit"
    bad.write_bytes(bytes(data))
    for command in ("analyze", "read"):
        shown = retrorun(command, bad)
        assert shown.returncode == 0
        assert "the checksum is wrong" in shown.stdout
        assert "\x1b[" not in shown.stdout, "colour only on a terminal"


def test_a_reader_that_leaves_is_no_error(good: Path) -> None:
    words = [sys.executable, "-m", "retrorun.cli", "analyze", *[str(good)] * 40, "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:  # noqa: S603
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        complaint = program.stderr.read()
    assert b"Traceback" not in complaint
    assert program.returncode == 0


def test_an_hour_is_analysed_in_a_moment(tmp_path: Path) -> None:
    """A guard against an accidental square: an hour of a watch takes well under a second."""
    from retrorun import formats
    from retrorun.session import analyse

    path = tmp_path / "hour.fit"
    path.write_bytes(fit(*run(3600)))
    start = time.process_time()
    analyse(formats.read(path))
    assert time.process_time() - start < 5


def test_history_names_what_it_left_out_and_goes_on(tmp_path: Path, good: Path) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "run.fit").write_bytes(fit(*run(600)))
    (earlier / "torn.fit").write_bytes(b"\x0e\x10\x00\x00torn.FIT")
    told = retrorun("analyze", good, "--json", "--history", earlier)
    assert told.returncode == 0
    assert "1 of 2 inputs could not be read" in told.stderr
    assert json.loads(told.stdout)["recording"]["file"] == "good.fit"


def test_a_profile_changes_the_energy_and_a_wrong_one_is_one_line(
    tmp_path: Path, good: Path
) -> None:
    who = tmp_path / "athlete.toml"
    who.write_text("mass_kg = 100\n")
    plain, told = (
        json.loads(retrorun("analyze", good, "--json", *more).stdout)["energy"]["total_kcal"]
        for more in ([], ["--athlete", who, "--rpe", "5"])
    )
    assert told["value"] > 1.3 * plain["value"]
    who.write_text("mass_kg = 700\n")
    wrong = retrorun("analyze", good, "--athlete", who)
    assert wrong.returncode == 2
    assert "mass_kg is 700" in one_line(wrong.stderr)
    beyond = retrorun("analyze", good, "--rpe", "11")
    assert beyond.returncode == 2
    assert "--rpe" in one_line(beyond.stderr)
