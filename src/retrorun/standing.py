"""Standing trials of one person: how much each swayed, how well they repeat, what has changed.

Unpacks recordings for `retrorun.physiology.sway` and says what cannot be judged or compared, with
the reason. A key once published is not renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Literal, get_args

import numpy as np

from retrorun.contract import published
from retrorun.errors import BadInput
from retrorun.physiology import sway
from retrorun.physiology.sway import PUBLISHED, Published, Repeated, Sway
from retrorun.recording import Channel, Recording

Stance = Literal["eyes_open", "eyes_closed", "tandem", "one_leg"]
STANCES: tuple[str, ...] = get_args(Stance)

#: Where a trial may be recorded, the best place first; feet and wrists do not sway with the trunk.
PLACES = ("chest", "phone", "sacrum", "waist", "pocket", "hand")

#: A longer recording is an activity in which somebody also stood (convention). [s]
LONGEST_TRIAL_S = 300.0


@published
class Trial:
    """One recording of somebody standing: its sway, or why it was not judged."""

    file: str
    format: str
    device: str | None
    placement: str | None
    """Whose sensor was used; `phone` where the place was not told."""
    day: date | None
    """By the clock of the person, as far as the file tells."""
    start_time: datetime | None
    simulated: bool
    sway: Sway | None
    reason: str | None
    events_s: tuple[float, ...]
    """Steps, touches and knocks inside the recording."""


@published
class Trials:
    """Trials of one stance, and each figure over those that were judged."""

    trials: tuple[Trial, ...]
    figures: Mapping[str, Repeated] | None
    reason: str | None
    """Why they tell no typical error."""

    @property
    def judged(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.sway is not None)


@published
class Change:
    """Later minus earlier mean, with its 90 % interval: from trial to trial, not day to day."""

    value: float
    low: float
    high: float
    told: Literal["more", "less", "cannot_be_told"]


@published
class Comparison:
    """Earlier trials of the same stance, and the change since, or why it cannot be told."""

    earlier: Trials
    changes: Mapping[str, Change] | None
    reason: str | None


@published
class Balance:
    """What `retrorun balance` says; figures are keyed as in `Sway`."""

    stance: Stance | None
    now: Trials
    compared: Comparison | None
    published: tuple[Published, ...]
    """How well others repeated; nobody measured this phone."""


def trial_of(recording: Recording) -> Trial:
    """The sway of one recording, from the best place of `PLACES` that has an accelerometer."""
    place = next((p for p in PLACES if _acc(recording, p) is not None), None)
    found = _stance(recording, place)
    day = recording.start_time
    if day is not None and recording.utc_offset_s is not None:
        day += timedelta(seconds=recording.utc_offset_s)
    device = str(recording.device)
    return Trial(
        file=recording.file,
        format=recording.format,
        device=None if device == "unknown" else device,
        placement=place,
        day=None if day is None else day.date(),
        start_time=recording.start_time,
        simulated=recording.simulated,
        sway=found.sway,
        reason=found.reason,
        events_s=found.events_s,
    )


def balance(
    trials: Iterable[Trial], *, stance: str | None = None, earlier: Iterable[Trial] | None = None
) -> Balance:
    """Trials of one stance as a whole, beside earlier ones where there are any.

    `stance` is one of `STANCES`, as the person says it: sway does not tell which one it was.
    """
    if stance is not None and stance not in STANCES:
        raise BadInput("stance", stance, f"one of {', '.join(STANCES)}")
    now = _together(trials)
    return Balance(
        stance=stance,  # type: ignore[arg-type]  # looked up above
        now=now,
        compared=None if earlier is None else _compared(_together(earlier), now),
        published=PUBLISHED,
    )


def to_json(found: Balance) -> str:
    """All of it as one line of JSON."""
    line: bytes = _adapter().dump_json(found)
    return line.decode()


# --- one trial --------------------------------------------------------------------------------


def _acc(recording: Recording, place: str) -> Channel | None:
    return recording.get(f"{place}_acc_m_s2")


def _stance(recording: Recording, place: str | None) -> sway.Stance:
    acc = None if place is None else _acc(recording, place)
    if acc is None:
        return sway.Stance(sway=None, reason=_no_acceleration(recording))
    seconds = float(np.ptp(acc.time_s)) if acc.samples else 0.0
    if seconds > LONGEST_TRIAL_S:
        wanted = "one trial of about 40 s in a recording of its own"
        return sway.Stance(sway=None, reason=f"{seconds / 60:.0f} minutes long, wanted {wanted}")
    gyro = recording.get(f"{place}_gyro_rad_s")
    return sway.stance(
        acc.time_s,
        acc.values,
        gyro_time_s=None if gyro is None else gyro.time_s,
        gyro_rad_s=None if gyro is None else gyro.values,
    )


def _no_acceleration(recording: Recording) -> str:
    elsewhere = [p for p in recording.placements if _acc(recording, p) is not None]
    if elsewhere:
        return f"an accelerometer only at {', '.join(elsewhere)}, wanted one at the chest"
    lost = next((p for p in recording.problems if "gravity" in p.what), None)
    if lost is not None:
        return f"{lost.what}, wanted it with gravity: switch the app's Gravity sensor on"
    return "no accelerometer in it, wanted the log of a phone held to the chest"


# --- several ----------------------------------------------------------------------------------


def _together(trials: Iterable[Trial]) -> Trials:
    """The same recording twice would repeat perfectly: it counts once."""
    different: list[Trial] = []
    for trial in trials:
        twin = next((t for t in different if trial.sway is not None and t.sway == trial.sway), None)
        again = f"the same recording as {twin.file}, counted once" if twin is not None else ""
        different.append(replace(trial, sway=None, reason=again) if twin is not None else trial)
    judged = [trial for trial in different if trial.sway is not None]
    why = _unlike(judged)
    if why is not None:
        return Trials(trials=tuple(different), figures=None, reason=why)
    found = sway.repeatability(_sways(judged))
    return Trials(trials=tuple(different), figures=found.figures, reason=found.reason)


def _sways(trials: Iterable[Trial]) -> list[Sway]:
    return [trial.sway for trial in trials if trial.sway is not None]


def _unlike(trials: Sequence[Trial]) -> str | None:
    """Why trials cannot be compared at all: another place or phone sways otherwise."""
    places = sorted({trial.placement for trial in trials if trial.placement is not None})
    if len(places) > 1:
        return f"recorded at {' and '.join(places)}: wanted one place"
    # Two apps give one phone two names.
    for app in {trial.format for trial in trials}:
        devices = sorted({trial.device for trial in trials if trial.format == app and trial.device})
        if len(devices) > 1:
            return f"recorded by {' and '.join(devices)}: wanted the same one"
    return None


def _compared(earlier: Trials, now: Trials) -> Comparison:
    why = _incomparable(earlier, now)
    if why is not None or now.figures is None or earlier.figures is None:
        return Comparison(earlier=earlier, changes=None, reason=why)
    changes = {name: _change(earlier.figures[name], now.figures[name]) for name in now.figures}
    return Comparison(earlier=earlier, changes=changes, reason=None)


def _incomparable(earlier: Trials, now: Trials) -> str | None:
    for when, trials in (("now", now), ("earlier", earlier)):
        if trials.figures is None:
            return f"{when}: {trials.reason}"
    before, after = _sways(earlier.judged), _sways(now.judged)
    if any(trial in before for trial in after):
        return "the same recording stands among the earlier trials and these"
    first, last = _started(earlier), _started(now)
    if first and last and min(first) > max(last):
        return f"the earlier trials are of {min(first):%Y-%m-%d %H:%M}, after these: swap them"
    why = _unlike([*earlier.judged, *now.judged])
    if why is not None:
        return why
    # Sway grows with the time somebody is watched: across the two as within one.
    return sway.repeatability([*before, *after]).reason


def _started(trials: Trials) -> list[datetime]:
    return [trial.start_time for trial in trials.judged if trial.start_time is not None]


def _change(earlier: Repeated, now: Repeated) -> Change:
    step = sway.difference(earlier, now)
    told: Literal["more", "less", "cannot_be_told"] = "cannot_be_told"
    if step.low > 0:
        told = "more"
    elif step.high < 0:
        told = "less"
    return Change(value=step.value, low=step.low, high=step.high, told=told)


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Balance)
