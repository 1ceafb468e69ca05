"""The athlete's profile: what may stand in it, what is said of nonsense, and the command."""

from __future__ import annotations

import math
import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from retrorun.athlete import (
    FIELDS,
    NAMES,
    Athlete,
    CalibrationPoint,
    answered,
    brings,
    default_path,
    forgotten,
    read_athlete,
    to_toml,
    write_athlete,
)
from retrorun.errors import BadInput

POINT = CalibrationPoint(heart_rate_bpm=142, vo2_ml_kg_min=34.5, direction="backward")
ADA = Athlete(
    name="Ada",
    sex="female",
    birth_date=date(1990, 5, 31),
    mass_kg=62.5,
    height_m=1.7,
    resting_heart_rate_bpm=52,
    max_heart_rate_bpm=188,
    threshold_heart_rate_bpm=168,
    vo2max_ml_kg_min=48,
    backward_experience_hours=3,
    calibration=(POINT,),
)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "athlete.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# What may be said


def numbers(name: str) -> st.SearchStrategy[float | None]:
    (allowed,) = (field.range for field in FIELDS if field.name == name)
    assert allowed is not None
    return st.none() | st.floats(allowed.lowest, allowed.highest)


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=100
) | st.sampled_from(
    ['He said "hi" \\ # = [x]', "\u0645\u06cc\u200c\u0631\u0648\u0645", "山田 太郎"]
)
points = st.builds(
    CalibrationPoint,
    heart_rate_bpm=st.floats(30, 140),
    vo2_ml_kg_min=st.floats(1, 100),
    direction=st.sampled_from(["forward", "backward"]),
)
athletes = st.builds(
    Athlete,
    name=st.none() | names,
    sex=st.sampled_from([None, "female", "male"]),
    birth_date=st.none() | st.dates(date(1925, 1, 1), date(2020, 1, 1)),
    mass_kg=numbers("mass_kg"),
    height_m=numbers("height_m"),
    resting_heart_rate_bpm=st.none() | st.floats(25, 100),
    threshold_heart_rate_bpm=st.none() | st.floats(101, 139),
    max_heart_rate_bpm=st.none() | st.floats(140, 230),
    vo2max_ml_kg_min=numbers("vo2max_ml_kg_min"),
    backward_experience_hours=numbers("backward_experience_hours"),
    calibration=st.lists(points, max_size=4).map(tuple),
)


@given(athletes)
def test_what_is_written_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, athlete: Athlete
) -> None:
    path = written(tmp_path_factory.getbasetemp(), to_toml(athlete))
    assert read_athlete(path) == athlete


def test_a_file_has_every_key_and_the_unknown_ones_wait_as_comments(tmp_path: Path) -> None:
    text = to_toml(Athlete(mass_kg=70))
    assert "\nmass_kg = 70\n" in text
    for field in FIELDS:
        assert field.brings in text
        assert field.name == "mass_kg" or f"\n# {field.name} = {field.example}\n" in text
    # Whoever takes every # away from before a key has a good profile.
    keys = [line for line in to_toml(Athlete()).splitlines() if " = " in line or "[[" in line]
    filled = "\n".join(line.removeprefix("# ") for line in keys)
    assert read_athlete(written(tmp_path, filled)).missing() == ()


def test_an_empty_file_is_a_person_of_whom_nothing_is_known(tmp_path: Path) -> None:
    assert read_athlete(written(tmp_path, "")) == Athlete()
    assert Athlete().missing() == NAMES
    assert ADA.missing() == ()
    assert all("\n" not in brings(name) for name in NAMES)


def test_other_spellings_are_understood(tmp_path: Path) -> None:
    text = '\ufeffbirth_date = "1990-05-31"\r\nsex = "Female"\r\nname = " Ada\u00a0 L. "\r\n'
    athlete = read_athlete(written(tmp_path, text))
    assert athlete == Athlete(birth_date=date(1990, 5, 31), sex="female", name="Ada L.")
    typed = answered(Athlete(), {"mass_kg": " 70,5 ", "sex": "F", "birth_date": "1990-05-31"})
    assert typed == Athlete(mass_kg=70.5, sex="female", birth_date=date(1990, 5, 31))
    assert forgotten(ADA, "calibration").calibration == ()
    assert forgotten(ADA, "mass_kg").mass_kg is None


def test_numbers_of_numpy_and_dates_with_a_time_are_taken() -> None:
    odd: Any = {"mass_kg": np.int64(70), "height_m": np.float32(1.75)}
    athlete = Athlete(**odd, birth_date=datetime(1990, 5, 31, 12), calibration=[POINT])  # type: ignore[arg-type]
    assert (type(athlete.mass_kg), athlete.birth_date) == (float, date(1990, 5, 31))
    assert athlete.calibration == (POINT,)
    assert "mass_kg = 70\n" in to_toml(athlete)


@given(st.dates(date(1930, 1, 1), date(2010, 1, 1)), st.integers(0, 90))
def test_age_is_whole_on_birthdays_and_never_before(born: date, years: int) -> None:
    athlete = Athlete(birth_date=born)
    try:
        birthday = born.replace(year=born.year + years)
    except ValueError:
        birthday = date(born.year + years, 3, 1)
    assert athlete.age_years(birthday) == years
    before = athlete.age_years(birthday - timedelta(days=1))
    assert (before is None) if years == 0 else (years - 0.01 < (before or 0) < years)


def test_age_is_unknown_without_a_birth_date_and_before_birth() -> None:
    assert Athlete().age_years(date(2020, 1, 1)) is None
    assert ADA.age_years(date(1989, 12, 31)) is None  # a watch whose clock was never set
    assert ADA.age_years(datetime(2020, 5, 31, 9)) == 30


# What cannot be right


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"mass_kg": 0}, r"mass_kg is 0, but must be a number from 20 to 350 kg\. In kilograms"),
        ({"mass_kg": 700}, r"mass_kg is 700, but must be"),
        ({"mass_kg": 350.0001}, r"mass_kg is 350\.0001, but must be"),
        ({"mass_kg": math.nan}, r"mass_kg is nan"),
        ({"mass_kg": math.inf}, r"mass_kg is inf"),
        ({"mass_kg": True}, r"mass_kg is True"),
        ({"mass_kg": "70"}, r"mass_kg is '70', .* Write the number without quotes\."),
        ({"mass_kg": [70] * 99}, r"mass_kg is \[70, .*\.\.\., but"),
        ({"mass_kg": 10**400}, r"mass_kg is 1000"),
        ({"mass_kg": 1 << 99_999}, r"mass_kg is a number of thousands of digits"),
        ({"height_m": 175}, r"height_m is 175, .* looks like centimetres: write 1\.75\."),
        ({"height_m": 5.9}, r"height_m is 5\.9, but must be a number from 0\.8 to 2\.6 m\."),
        ({"resting_heart_rate_bpm": 5}, r"resting_heart_rate_bpm is 5, "),
        ({"max_heart_rate_bpm": 300}, r"max_heart_rate_bpm is 300, .* beats per minute"),
        ({"vo2max_ml_kg_min": 500}, r"vo2max_ml_kg_min is 500, .*from 10 to 100 ml/kg/min"),
        ({"backward_experience_hours": -1}, r"backward_experience_hours is -1"),
        ({"birth_date": date.today() + timedelta(days=1)}, r"must be a day before today"),
        ({"birth_date": date(1890, 1, 1)}, r"1890-01-01, but must be a day of the last 120"),
        ({"birth_date": "31.05.1990"}, r"'31\.05\.1990', but .* Write it like 1990-05-31\."),
        ({"birth_date": "1990-02-30"}, r"must be a day of the calendar"),
        ({"birth_date": 1990}, r"birth_date is 1990, but"),
        ({"sex": "x"}, r"sex is 'x', but must be \"female\" or \"male\"\. Leave it out"),
        ({"sex": 1}, r"sex is 1"),
        ({"name": ""}, r"name is empty"),
        ({"name": 7}, r"name is 7, but must be text"),
        ({"name": "A\x1b[2Ja"}, r"name is 'A\\x1b\[2Ja', but must be without control"),
        ({"name": "A\u202eda"}, r"without control characters"),
        ({"name": "\udcff"}, r"'\\udcff'"),
        ({"name": "x" * 101}, r"at most 100 characters"),
        (
            {"resting_heart_rate_bpm": 90, "max_heart_rate_bpm": 90},
            r"max_heart_rate_bpm is 90, but must be above resting_heart_rate_bpm, which is 90\.",
        ),
        (
            {"resting_heart_rate_bpm": 80, "threshold_heart_rate_bpm": 70},
            r"threshold_heart_rate_bpm is 70, but must be above resting_heart_rate_bpm",
        ),
        (
            {"threshold_heart_rate_bpm": 190, "max_heart_rate_bpm": 190},
            r"max_heart_rate_bpm is 190, but must be above threshold_heart_rate_bpm",
        ),
        (
            {"max_heart_rate_bpm": 140, "calibration": (POINT,)},
            r"at least the highest heart rate of a calibration point, 142\.",
        ),
        ({"calibration": ({"heart_rate_bpm": 1},)}, r"made of CalibrationPoint"),
        ({"calibration": None}, r"calibration is None"),
    ],
)
def test_nonsense_is_refused_with_what_is_wanted(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says) as raised:
        Athlete(**fields)
    assert "\n" not in str(raised.value)


def test_calibration_points_are_checked_too() -> None:
    with pytest.raises(BadInput, match=r"vo2_ml_kg_min is 0, but must be a number from 1 to 100"):
        CalibrationPoint(heart_rate_bpm=150, vo2_ml_kg_min=0)
    sideways: Any = "sideways"
    with pytest.raises(BadInput, match=r"direction is 'sideways', but must be \"forward\" or"):
        CalibrationPoint(heart_rate_bpm=150, vo2_ml_kg_min=30, direction=sideways)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mass_kg = 700", r"mass_kg is 700, .* In .*athlete\.toml\.$"),
        ("name = 'A'\nmass_kg = 70,5", r"must be TOML: .*line 2.* with a point"),
        ("sex = female", r"must be TOML: .*line 1.* words in quotes"),
        ("mass_kg = 70\nmass_kg = 71\n", r"must be TOML: .*line 2"),
        (b"name = '\xff'", r"must be text in UTF-8"),
        ("x = " + "9" * 5000, r"must be TOML: too long a value"),
        ("x = " + "[" * 100_000, r"must be TOML: "),
        ("mass_kg = 0x" + "F" * 9000, r"mass_kg is a number of thousands of digits"),
        ("#" * 1_000_001, r"must be a file below 1 MB"),
        ("mas_kg = 70", r"a key is 'mas_kg', but must be one of name, .* Did you mean mass_kg\?"),
        ("weight_kg = 70", r"Did you mean mass_kg\?"),
        ("max_hr = 190", r"Did you mean max_heart_rate_bpm\?"),
        ("'\\u001b\u001f' = 1", r"must be TOML"),
        ('"\\u001b[2J" = 1', r"a key is '\\x1b\[2J', .* Take it out\."),
        ("birth_date = 12:00:00", r"birth_date is datetime\.time"),
        ("calibration = 3", r"calibration is 3, but must be points that begin with"),
        ("calibration = [3]", r"calibration is \[3\]"),
        ("[calibration]\nheart_rate_bpm = 150", r"Write the brackets twice\."),
        (
            "[[calibration]]\nheart_rate_bpm = 150",
            r"vo2_ml_kg_min is missing, .* It is calibration point 1\. In ",
        ),
        (
            "[[calibration]]\nheart_rate_bpm = 150\nvo2_ml_kg_min = 30\nmass_kg = 70",
            r"Put mass_kg above the first \[\[calibration\]\]\. It is calibration point 1",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    with pytest.raises(BadInput, match=says) as raised:
        read_athlete(written(tmp_path, text))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"must be a file that exists\. `retrorun athlete FILE`"):
        read_athlete(tmp_path / "nowhere.toml")
    with pytest.raises(BadInput, match="must be a file, not a folder"):
        read_athlete(tmp_path)
    with pytest.raises(BadInput, match=r"can be read \(Not a directory\)"):
        read_athlete(written(tmp_path, "") / "athlete.toml")


# Writing


def test_it_is_written_for_its_owner_alone_in_a_folder_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "athlete.toml"
    write_athlete(ADA, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_athlete(Athlete(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["athlete.toml"]


def test_a_link_is_followed_and_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "true.toml")
    write_athlete(ADA, link)
    assert link.is_symlink()
    assert read_athlete(tmp_path / "true.toml") == ADA
    circle = tmp_path / "circle.toml"
    circle.symlink_to(circle)
    for path in (tmp_path, circle, link / "below.toml", Path("/dev/null")):
        with pytest.raises(BadInput, match=r"^athlete is .*, but must be a file"):
            write_athlete(ADA, path)


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "athlete.toml"
    write_athlete(ADA, path)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match=r"can be written \(No space left on device\)"):
        write_athlete(Athlete(), path)
    assert read_athlete(path) == ADA
    assert [p.name for p in tmp_path.iterdir()] == ["athlete.toml"]


def test_the_usual_place_is_told_by_the_environment_or_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRORUN_HOME", str(tmp_path))
    assert default_path() == tmp_path / "athlete.toml"
    monkeypatch.setenv("RETRORUN_HOME", "")
    assert default_path().parts[-2:] == ("retrorun", "athlete.toml")
    assert default_path().is_absolute()


# The command


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command keeps the profile in these tests; nothing is there yet."""
    monkeypatch.setenv("RETRORUN_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "athlete.toml"


@pytest.fixture
def of_ada(profile: Path) -> None:
    """Ada's profile stands where the command looks."""
    write_athlete(ADA, profile)


PROGRAM = (sys.executable, "-m", "retrorun.cli", "athlete")


def command(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own program
        [*PROGRAM, *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_has_an_example_and_an_option_for_every_field() -> None:
    shown = command("--help")
    assert shown.returncode == 0
    assert "Example: retrorun athlete --mass-kg 70" in shown.stdout
    for field in FIELDS:
        assert f"--{field.name.replace('_', '-')}" in shown.stdout


def test_without_a_terminal_it_writes_the_template_and_then_shows_it(profile: Path) -> None:
    first = command()
    assert (first.returncode, first.stderr) == (0, "")
    assert profile.read_text() == to_toml(Athlete())
    assert first.stdout.startswith(f"Written: {profile}\n")
    profile.write_text("# mine\nmass_kg = 70\n")
    second = command()
    assert second.returncode == 0
    assert profile.read_text() == "# mine\nmass_kg = 70\n", "nothing to change, nothing written"
    assert "  mass_kg                    70\n" in second.stdout


def test_options_set_fields_and_keep_the_others(profile: Path) -> None:
    write_athlete(ADA, profile)
    done = command("--mass-kg", "70,5", "--sex", "m", "--name", "[bold]B[/bold]")
    assert (done.returncode, done.stderr) == (0, "")
    changed = read_athlete(profile)
    assert (changed.mass_kg, changed.sex, changed.name) == (70.5, "male", "[bold]B[/bold]")
    assert (changed.height_m, changed.calibration) == (ADA.height_m, ADA.calibration)
    assert "[bold]B[/bold]" in done.stdout


def test_every_field_can_be_set_by_its_option_in_a_file_of_choice(tmp_path: Path) -> None:
    path = tmp_path / "partner.toml"
    words = [
        word
        for field in FIELDS
        for word in (f"--{field.name.replace('_', '-')}", field.example.strip('"'))
    ]
    assert command(path, *words).returncode == 0
    assert read_athlete(path).missing() == ("calibration",)


def test_show_says_what_is_known_and_what_the_rest_would_bring(profile: Path) -> None:
    nothing = command("--show")
    assert nothing.returncode == 0
    assert nothing.stdout.startswith(f"Nothing known yet in {profile}.\n")
    assert not profile.exists()
    for name in NAMES:
        assert brings(name) in nothing.stdout
    write_athlete(ADA, profile)
    everything = command("--show").stdout
    assert "birth_date                 1990-05-31\n" in everything
    assert "calibration                1 point\n" in everything
    assert "Not known" not in everything


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--mass-kg", "700"], "mass_kg is 700, but must be a number from 20 to 350 kg."),
        (["--mass-kg", "heavy"], "mass_kg is 'heavy', but must be"),
        (["--height-m", "175"], "That looks like centimetres: write 1.75."),
        (["--max-heart-rate-bpm", "40"], "max_heart_rate_bpm is 40"),
        (["--resting-heart-rate-bpm", "nan"], "resting_heart_rate_bpm is nan"),
        (["--name", "\x1b]0;x\x07"], "name is '\\x1b]0;x\\x07', but must be without control"),
        (["--show", "--mass-kg", "70"], "--show only prints"),
        (["--show", "nowhere.toml"], "nowhere.toml: there is no such file"),
        (["--wieght", "70"], "No such option"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    profile: Path, words: list[str], says: str
) -> None:
    done = command(*words)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert says in line
    assert not profile.exists()


def test_a_broken_file_is_never_written_over(profile: Path) -> None:
    profile.parent.mkdir()
    profile.write_text("mass_kg = 70,5\n")
    for words in ([], ["--show"], ["--height-m", "1.75"]):
        done = command(*words)
        assert done.returncode == 2
        assert "line 1" in done.stderr
    assert profile.read_text() == "mass_kg = 70,5\n"


class Terminal:
    """The command in a terminal, and somebody who waits for a question before they answer."""

    def __init__(self) -> None:
        self.keyboard, screen = os.openpty()
        self.program = subprocess.Popen(  # noqa: S603  our own program
            PROGRAM, stdin=screen, stdout=screen, stderr=screen, start_new_session=True
        )
        os.close(screen)
        self.unread = self.seen = ""

    def reads(self, text: str) -> None:
        deadline = time.monotonic() + 30
        while text not in self.unread:
            ready, _, _ = select.select(
                [self.keyboard], [], [], max(deadline - time.monotonic(), 0)
            )
            assert ready, f"waited for {text!r}, saw {self.seen!r}"
            self._more()
        self.unread = self.unread.split(text, 1)[1]

    def types(self, question: str, answer: str | bytes) -> None:
        self.reads(question)
        os.write(self.keyboard, (answer if isinstance(answer, bytes) else answer.encode()) + b"\n")

    def interrupts(self) -> None:
        # Between a question and the wait for its answer, Python can miss one; people press again.
        for _ in range(10):
            self.program.send_signal(signal.SIGINT)
            if select.select([self.keyboard], [], [], 3)[0]:
                return

    def ends(self) -> int:
        deadline = time.monotonic() + 30
        while select.select([self.keyboard], [], [], max(deadline - time.monotonic(), 0))[0]:
            if not self._more():
                break
        return self.program.wait(30)

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.keyboard)

    def _more(self) -> bool:
        try:
            data = os.read(self.keyboard, 4096).decode(errors="replace")
        except OSError:  # Linux says so when the program has closed its end
            data = ""
        self.unread += data
        self.seen += data
        return data != ""


@pytest.fixture
def terminal(profile: Path) -> Iterator[Terminal]:
    pytest.importorskip("termios", reason="no pseudo-terminals here")
    opened = Terminal()
    yield opened
    opened.close()


def test_questions_are_asked_and_a_wrong_answer_once_more(
    profile: Path, terminal: Terminal
) -> None:
    terminal.types("Your name: ", b"\xff")
    terminal.reads("Type it again.")
    terminal.types("Your name: ", "Zoë")
    terminal.types("Sex, female or male: ", "f")
    terminal.types("Birth date, as 1990-05-31: ", "")
    terminal.types("Body mass in kg: ", "heavy")
    terminal.reads("must be a number from 20 to 350 kg")
    terminal.types("Body mass in kg: ", "62,5")
    terminal.types("Height in m: ", "170")
    terminal.reads("That looks like centimetres: write 1.7.")
    terminal.types("Height in m: ", "1.7")
    for _ in range(5):
        terminal.types(": ", "")
    assert terminal.ends() == 0
    assert f"Written: {profile}" in terminal.seen
    assert read_athlete(profile) == Athlete(name="Zoë", sex="female", mass_kg=62.5, height_m=1.7)


@pytest.mark.usefixtures("of_ada")
def test_questions_keep_forget_and_replace_what_is_known(profile: Path, terminal: Terminal) -> None:
    terminal.types("Your name [Ada]: ", "")
    terminal.types("[female]: ", "-")
    terminal.types("[1990-05-31]: ", "")
    terminal.types("[62.5]: ", "64")
    for _ in range(6):
        terminal.types("]: ", "")
    assert terminal.ends() == 0
    expected = answered(forgotten(ADA, "sex"), {"mass_kg": "64"})
    assert read_athlete(profile) == expected


@pytest.mark.usefixtures("of_ada")
@pytest.mark.parametrize("way", ["Ctrl-C", "Ctrl-D"])
def test_questions_keep_the_old_file_when_they_are_stopped(
    profile: Path, terminal: Terminal, way: str
) -> None:
    before = profile.read_bytes()
    terminal.types("Your name [Ada]: ", "Eve")
    terminal.reads("Sex, female or male [female]: ")
    if way == "Ctrl-C":
        terminal.interrupts()
        assert terminal.ends() == 130
        assert "interrupted" in terminal.seen
    else:
        os.write(terminal.keyboard, b"\x04")
        assert terminal.ends() == 2
        assert "Nothing was written" in terminal.seen
    assert "Traceback" not in terminal.seen
    assert profile.read_bytes() == before


# The words about it


def test_the_page_names_every_key_and_its_limits() -> None:
    page = (ROOT / "docs" / "how-to" / "athlete.md").read_text()
    for field in FIELDS:
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{field.name}` |"))
        if field.range is not None and field.range.highest < 1000:
            assert f"{field.range.lowest:g} to {field.range.highest:g}" in row
