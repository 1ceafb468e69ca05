"""Standing trials from files as phones write them, with a pendulum whose sway is known."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from making import gpx, point
from retrorun import cli, formats
from retrorun.errors import BadInput
from retrorun.examples.body import movement
from retrorun.examples.bouts import Bout
from retrorun.examples.worn import worn
from retrorun.physiology.sway import FIGURES
from retrorun.recording import Channel, Recording
from retrorun.report.standing import show_balance
from retrorun.standing import LONGEST_TRIAL_S, Balance, balance, to_json, trial_of

G = 9.81
START_S = 1_713_800_420.0
FREQUENCY_HZ = 0.25
#: What a phone 1.3 m above the ankles feels of an angle, from turning and from gravity. [m/s²]
FACTOR = G + 1.3 * (2 * np.pi * FREQUENCY_HZ) ** 2

Vectors = tuple[np.ndarray, np.ndarray]


def standing(*, angle_rad: float = 0.01, seconds: float = 40.0, rate_hz: float = 100.0) -> Vectors:
    """Time and specific force of a phone on an inverted pendulum, its up along its own y axis."""
    time = np.arange(0, seconds, 1 / rate_hz)
    lean = FACTOR * angle_rad * np.sin(2 * np.pi * FREQUENCY_HZ * time)
    return time, np.column_stack([np.zeros(len(time)), np.full(len(time), G), lean])


def rms_of(angle_rad: float) -> float:
    return float(FACTOR * angle_rad / np.sqrt(2))


def walking() -> Vectors:
    bouts = [Bout(duration_s=60, motion="walk", direction="forward", speed_m_s=1.2)]
    time, acc, _ = worn(movement(bouts, seed=2), "chest")
    return time, acc


def metadata(start_s: float, device: str) -> str:
    return (
        "version,device name,recording epoch time,recording time,recording timezone,platform,"
        "appVersion,device id,sensors,sampleRateMs,standardisation,platform version\n"
        f"3,{device},{start_s * 1000:.0f},2024-04-22_15-40-20,Europe/Berlin,android,1.31.4,"
        "33de95da-c360,Accelerometer|Gravity,10|10,false,36"
    )


def sensor_logger(
    path: Path,
    vectors: Vectors,
    *,
    start_s: float = START_S,
    device: str = "Pixel 6",
    kind: str = "TotalAcceleration",
) -> Path:
    """A zip as the app writes it on Android: nanoseconds since 1970, axes z, y, x."""
    time, acc = vectors
    rows = ["time,seconds_elapsed,z,y,x"]
    for s, (x, y, z) in zip(time.tolist(), acc.tolist(), strict=True):
        rows.append(f"{round((start_s + s) * 1e9)},{s!r},{z!r},{y!r},{x!r}")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{kind}.csv", "\n".join(rows))
        archive.writestr("Metadata.csv", metadata(start_s, device))
    return path


def phyphox(path: Path, vectors: Vectors) -> Path:
    """A zip as the app writes it: quoted names with units, numbers with exponents."""
    names = ["Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz")]
    rows = [",".join(f'"{name}"' for name in names)]
    rows += [",".join(f"{v:.9E}" for v in row) for row in np.column_stack(vectors)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Raw Data.csv", "\n".join(rows) + "\n")
    return path


def inertial_log(path: Path, **sensors: Vectors) -> Path:
    """The table that any sensor converts to."""
    time = next(iter(sensors.values()))[0]
    names = ["time_s", *(f"{place}_acc_{axis}_m_s2" for place in sensors for axis in "xyz")]
    table = np.column_stack([time, *(acc for _, acc in sensors.values())])
    path.write_text("\n".join([",".join(names), *(",".join(map(repr, r)) for r in table.tolist())]))
    return path


def trials(folder: Path, name: str, *angles_rad: float, start_s: float = START_S) -> list[Path]:
    return [
        sensor_logger(
            folder / f"{name}-{k}.zip", standing(angle_rad=angle), start_s=start_s + 100 * k
        )
        for k, angle in enumerate(angles_rad, start=1)
    ]


def found_in(*files: Path, than: list[Path] | None = None, stance: str | None = None) -> Balance:
    def read(paths: Any) -> list[Any]:
        return [trial_of(recording) for path in paths for recording in formats.read_all(path)]

    return balance(read(files), stance=stance, earlier=None if than is None else read(than))


def shown(found: Balance, *, width: int = 100) -> str:
    """What a person reads, its lines joined."""
    console = Console(width=width, record=True, file=Path(os.devnull).open("w"))  # noqa: SIM115
    with console.file:
        show_balance(found, console=console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    return " ".join(text.split())


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def balanced(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`retrorun balance` with some words, in this process: one of its own takes seconds."""

    def run(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["retrorun", "balance", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return run


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


# ---- one trial ----


@pytest.mark.parametrize("write", [sensor_logger, phyphox])
@pytest.mark.parametrize("rate_hz", [50.0, 100.0])
def test_a_pendulum_in_a_phone_log_sways_as_algebra_says(tmp_path, write, rate_hz):
    path = write(tmp_path / "log.zip", standing(rate_hz=rate_hz))
    trial = trial_of(formats.read(path))
    assert trial.reason is None
    assert trial.placement == "phone"
    assert trial.sway.rms_m_s2 == pytest.approx(rms_of(0.01), rel=0.01)
    assert trial.sway.path_m_s3 == pytest.approx(4 * FACTOR * 0.01 * FREQUENCY_HZ, rel=0.01)
    assert trial.sway.frequency_hz == pytest.approx(FREQUENCY_HZ, rel=0.02)
    assert trial.sway.seconds == pytest.approx(30, abs=0.1)


def test_the_day_is_that_of_the_person(tmp_path):
    """22:30 in Greenwich is tomorrow in Berlin, in summer."""
    late = START_S - START_S % 86_400 + 22.5 * 3600
    path = sensor_logger(tmp_path / "late.zip", standing(), start_s=late)
    trial = trial_of(formats.read(path))
    assert trial.start_time.day + 1 == trial.day.day
    assert trial.device == "Pixel 6"


def test_the_chest_is_chosen_before_other_places(tmp_path):
    places = {"left_foot": 0.05, "sacrum": 0.02, "chest": 0.01}
    path = inertial_log(
        tmp_path / "log.csv", **{p: standing(angle_rad=a) for p, a in places.items()}
    )
    trial = trial_of(formats.read(path))
    assert trial.placement == "chest"
    assert trial.sway.rms_m_s2 == pytest.approx(rms_of(0.01), rel=0.01)
    del places["chest"]
    path = inertial_log(
        tmp_path / "less.csv", **{p: standing(angle_rad=a) for p, a in places.items()}
    )
    assert trial_of(formats.read(path)).placement == "sacrum"


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda p: sensor_logger(p, walking()), "of walking"),
        (lambda p: sensor_logger(p, standing(seconds=23.9)), "19 s of steady standing, wanted"),
        (lambda p: sensor_logger(p, standing(rate_hz=10.0)), "sampled at 10 Hz, wanted at least"),
        (lambda p: sensor_logger(p, standing(angle_rad=1e-5)), "was the phone laid down?"),
        (
            lambda p: sensor_logger(p, standing(seconds=LONGEST_TRIAL_S + 60, rate_hz=25.0)),
            "6 minutes long, wanted one trial of about 40 s",
        ),
        (
            lambda p: inertial_log(p, left_foot=standing()),
            "an accelerometer only at left_foot, wanted one at the chest",
        ),
        (
            lambda p: p.write_bytes(gpx(point(0), point(60, latitude=52.001))) and p,
            "no accelerometer in it, wanted the log of a phone held to the chest",
        ),
    ],
)
def test_what_is_no_trial_is_one_line_and_status_2(balanced, tmp_path, write, reason):
    path = write(tmp_path / "log")
    for more in ([], ["--json"]):
        done = balanced(path, *more)
        assert (done.returncode, done.stdout) == (2, "")
        line = one_line(done.stderr)
        assert "log: not judged: " in line
        assert reason in line


def test_acceleration_without_gravity_names_the_switch_of_the_app(tmp_path):
    time, acc = standing()
    path = sensor_logger(tmp_path / "log.zip", (time, acc - [0, G, 0]), kind="Accelerometer")
    with zipfile.ZipFile(path, "a") as archive:
        rows = [f"{round((START_S + s) * 1e9)},{s!r},0.0,0.0,0.01" for s in time.tolist()]
        archive.writestr("Gyroscope.csv", "\n".join(["time,seconds_elapsed,z,y,x", *rows]))
    reason = trial_of(formats.read(path)).reason
    assert "acceleration without gravity, wanted it with gravity: switch" in reason


def test_arbitrary_samples_are_judged_or_refused_never_a_crash():
    rng = np.random.default_rng(4)
    for samples in (0, 1, 2, 50, 4000):
        for holes in (0.0, 0.5, 1.0):
            time = np.sort(rng.uniform(0, 40, samples))
            acc = rng.normal([0, 0, G], 1, (samples, 3)).astype(np.float32)
            acc[rng.random(samples) < holes] = np.nan
            made = Recording(
                file="made", format="test", channels={"chest_acc_m_s2": Channel(time, acc)}
            )
            trial = trial_of(made)
            assert (trial.sway is None) == (trial.reason is not None)


# ---- several ----


def test_three_trials_tell_mean_typical_error_and_real_change(tmp_path):
    """Angles 0.009, 0.010, 0.011: mean 0.010, standard deviation 0.001; t(2, 95 %) = 2.920."""
    found = found_in(*trials(tmp_path, "open", 0.009, 0.010, 0.011), stance="eyes_open")
    rms = found.now.figures["rms_m_s2"]
    assert rms.mean == pytest.approx(rms_of(0.010), rel=0.01)
    assert rms.typical_error == pytest.approx(rms_of(0.001), rel=0.01)
    assert rms.smallest_change == pytest.approx(2.920 * np.sqrt(2) * rms_of(0.001), rel=0.01)
    text = shown(found)
    assert "Standing, eyes open" in text
    assert "place the file does not tell · Pixel 6 · 2024-04-22" in text
    assert f"above {100 * rms.smallest_change:.2f} (41 %)" in text
    assert "from one day to another, sway measured at home repeated far worse" in text
    assert "record 40" in text
    assert "somebody at hand" in text
    assert "They call no balance good or bad" in text
    assert "agreement" not in text


def test_trials_of_several_days_say_so(tmp_path):
    files = [
        *trials(tmp_path, "one", 0.009, 0.010),
        *trials(tmp_path, "two", 0.011, start_s=START_S + 86_400),
    ]
    text = shown(found_in(*files))
    assert "Pixel 6 · 2024-04-22 to 2024-04-23" in text
    assert "The trials are of 2 days" in text


def test_fewer_trials_are_told_what_others_found(tmp_path):
    found = found_in(*trials(tmp_path, "open", 0.009))
    assert found.now.reason == "1 trial, wanted at least 3"
    text = shown(found, width=80)
    assert "stance not told" in text
    assert "How well you repeat is not known: 1 trial, wanted at least 3." in text
    assert "30–132 %" in text


def test_the_same_recording_twice_counts_once(tmp_path):
    """Else it would repeat perfectly, and every change would be real."""
    one, two = trials(tmp_path, "open", 0.009, 0.010)
    found = found_in(one, two, one)
    assert found.now.figures is None
    assert found.now.trials[2].reason == "the same recording as open-1.zip, counted once"
    assert found.now.reason == "2 trials, wanted at least 3"


def test_two_places_or_two_phones_are_not_compared(tmp_path):
    three = trials(tmp_path, "open", 0.009, 0.010, 0.011)
    other = sensor_logger(tmp_path / "other.zip", standing(angle_rad=0.012), device="iPhone")
    assert (
        found_in(*three, other).now.reason == "recorded by Pixel 6 and iPhone: wanted the same one"
    )
    chest = inertial_log(tmp_path / "chest.csv", chest=standing(angle_rad=0.012))
    assert found_in(*three, chest).now.reason == "recorded at chest and phone: wanted one place"
    # Two apps give one phone two names.
    assert found_in(*three, phyphox(tmp_path / "p.zip", standing(angle_rad=0.012))).now.figures


def test_steps_and_refused_trials_are_named(tmp_path):
    time, acc = standing(angle_rad=0.0105)
    acc = acc + 4.0 * np.exp(-0.5 * ((time - 8.0) / 0.06) ** 2)[:, None]
    step = sensor_logger(tmp_path / "step.zip", (time, acc))
    short = sensor_logger(tmp_path / "short.zip", standing(seconds=10))
    text = shown(found_in(*trials(tmp_path, "open", 0.009, 0.011), step, short))
    assert "step.zip: a step, touch or knock at 0:08; left out" in text
    assert "short.zip: not judged: " in text
    assert "over 3 trials" in text


# ---- compared ----


EARLIER_S = START_S - 30 * 86_400


@pytest.mark.parametrize(
    ("before", "told", "says"),
    [
        ((0.004, 0.005, 0.006), "more", "You swayed more in these trials than in the earlier"),
        ((0.019, 0.020, 0.021), "less", "You swayed less in these trials than in the earlier"),
        ((0.0085, 0.0102, 0.0111), "cannot_be_told", "cannot be told by the RMS"),
    ],
)
def test_a_change_is_told_or_cannot_be(tmp_path, before, told, says):
    now = trials(tmp_path, "now", 0.009, 0.010, 0.011)
    than = trials(tmp_path, "then", *before, start_s=EARLIER_S)
    found = found_in(*now, than=than)
    change = found.compared.changes["rms_m_s2"]
    assert change.told == told
    assert change.value == pytest.approx(rms_of(0.010 - np.mean(before)), abs=1e-3)
    assert change.low < change.value < change.high
    text = shown(found)
    assert says in text
    assert "Against 3 earlier trials (2024-03-23)" in text
    assert text.count("●") in (5, 6)  # two may fall on one letter


def test_what_cannot_be_compared_says_why(tmp_path):
    now = trials(tmp_path, "now", 0.009, 0.010, 0.011)
    then = trials(tmp_path, "then", 0.0081, 0.0102, 0.012, start_s=EARLIER_S)
    other = [
        sensor_logger(
            tmp_path / f"other-{k}.zip",
            standing(angle_rad=0.02 + 0.001 * k, seconds=40 - 14 * (k == 0)),
            start_s=EARLIER_S,
            device="iPhone",
        )
        for k in range(4)
    ]

    def reason(files: list[Path], than: list[Path]) -> str:
        found = found_in(*files, than=than)
        assert found.compared.changes is None
        assert f"cannot be told: {found.compared.reason}" in shown(found)
        return found.compared.reason

    assert reason(now, then[:2]) == "earlier: 2 trials, wanted at least 3"
    assert reason(now[:1], then) == "now: 1 trial, wanted at least 3"
    assert "the same recording" in reason(now, [*then, now[0]])
    assert "Pixel 6 and iPhone" in reason(now, other[1:])
    assert "22 to 30 s cannot be compared" in reason(now, other)
    assert "swap them" in reason(then, now)


def test_lengths_are_compared_across_both_sets(tmp_path):
    short = [
        sensor_logger(tmp_path / f"s{k}.zip", standing(angle_rad=0.01 + 0.001 * k, seconds=26))
        for k in range(3)
    ]
    now = trials(tmp_path, "now", 0.009, 0.010, 0.011, start_s=START_S + 1000)
    assert "22 to 30 s cannot be compared" in found_in(*now, than=short).compared.reason


def test_a_stance_that_is_none_is_refused():
    with pytest.raises(BadInput, match="stance is fly, but must be one of eyes_open"):
        balance([], stance="fly")


# ---- the command ----


def test_json_is_one_object_with_stable_keys(balanced, tmp_path):
    now = trials(tmp_path, "now", 0.009, 0.010, 0.011)
    than = trials(tmp_path, "then", 0.004, 0.005, 0.006, start_s=EARLIER_S)
    words = [word for path in than for word in ("--than", path)]
    done = balanced(*now, *words, "--stance", "tandem", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(one_line(done.stdout))
    assert set(found) == {"stance", "now", "compared", "published"}
    assert found["stance"] == "tandem"
    assert set(found["now"]) == {"trials", "figures", "reason"}
    assert set(found["now"]["trials"][0]) == {
        "file", "format", "device", "placement", "day", "start_time", "simulated", "sway",
        "reason", "events_s",
    }  # fmt: skip
    assert set(found["now"]["figures"]) == set(found["compared"]["changes"]) == set(FIGURES)
    assert found["compared"]["changes"]["rms_m_s2"]["told"] == "more"
    alone = json.loads(to_json(found_in(now[0])))
    assert set(alone) == set(found)
    assert (alone["compared"], alone["now"]["figures"]) == (None, None)


def test_a_folder_with_other_files_gives_what_it_can_and_status_1(balanced, tmp_path):
    trials(tmp_path, "open", 0.009, 0.010, 0.011)
    (tmp_path / "run.gpx").write_bytes(gpx(point(0), point(60, latitude=52.001)))
    (tmp_path / "bad.fit").write_bytes(b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT\x00\x00")
    done = balanced(tmp_path)
    assert done.returncode == 1
    assert "over 3 trials" in done.stdout
    assert "run.gpx: not judged: no accelerometer in it" in done.stdout
    assert "1 of 4 trials not judged" in done.stderr
    assert "bad.fit" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Missing argument"),
        (["nowhere.zip"], "there is no such file"),
        (["{good}", "--stance", "handstand"], "wanted one of eyes_open, eyes_closed, tandem"),
        (["{good}", "--than", "nowhere.zip"], "nowhere.zip: there is no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(balanced, tmp_path, words, says):
    good = sensor_logger(tmp_path / "good.zip", standing())
    done = balanced(*(word.format(good=good) for word in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert says in one_line(done.stderr)


def test_several_without_a_single_trial_are_one_line(balanced, tmp_path):
    files = [
        sensor_logger(tmp_path / f"{k}.zip", standing(angle_rad=0.01 * k, seconds=10))
        for k in (1, 2)
    ]
    done = balanced(*files)
    assert (done.returncode, done.stdout) == (2, "")
    assert "none of 2 trials could be judged; first: 1.zip: not judged: " in one_line(done.stderr)


def test_a_defect_of_ours_costs_one_trial_and_not_the_others(balanced, tmp_path, monkeypatch):
    whole, calls = trial_of, iter([True, False])

    def fails_once(recording):
        if next(calls):
            raise ZeroDivisionError("made by this test")
        return whole(recording)

    monkeypatch.setattr("retrorun.standing.trial_of", fails_once)
    monkeypatch.delenv("RETRORUN_DEBUG")
    done = balanced(*trials(tmp_path, "open", 0.009, 0.010), "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["now"]["trials"]) == 1
    assert "stumbled over it (ZeroDivisionError: made by this test)" in done.stderr


def test_help_has_an_example(balanced):
    done = balanced("--help")
    assert done.returncode == 0
    assert "Example: retrorun balance" in done.stdout
