"""Standing trials on the terminal: each one, how well they repeat, what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from retrorun.formats.sources import printable
from retrorun.physiology.sway import Repeated
from retrorun.standing import Balance, Comparison, Trial, Trials
from retrorun.units import clock

#: Figures as people read them: key, name, unit, how many of it are one SI unit, decimals, meaning.
_FIGURES = (
    ("rms_m_s2", "RMS", "cm/s²", 1e2, 2, "size of the sway"),
    ("path_m_s3", "path", "cm/s³", 1e2, 1, "its change in a second"),
    ("area_m2_s4", "ellipse", "cm²/s⁴", 1e4, 0, "area that holds 95 % of it"),
    ("frequency_hz", "frequency", "Hz", 1.0, 2, "rounds a second"),
)

#: The figure to go by, named before anybody looks: of four, one changes by chance more often.
_MAIN = "rms_m_s2"

_STANCES = {
    "eyes_open": "eyes open",
    "eyes_closed": "eyes closed",
    "tandem": "one foot before the other",
    "one_leg": "on one leg",
}
_TOLD = {
    "more": ("changed: more", "bold"),
    "less": ("changed: less", "bold"),
    "cannot_be_told": ("cannot be told", "dim"),
}
_PLACES = {"phone": "by a phone whose place the file does not tell", "hand": "in the hand"}
_WIDEST = 100

_REMINDERS = (
    Text(
        "Each time alike: three trials of 30 s (record 40), the same phone at the same place, "
        "somebody at hand. Stop if you feel dizzy.",
        style="dim",
    ),
    Text(
        "These figures describe how you swayed with this phone. They call no balance good or bad, "
        "and say nothing about health or the risk of falling.",
        style="dim",
    ),
)


def show_balance(found: Balance, *, console: Console) -> None:
    """Everything a person wants to know of some trials, and what they do not say."""
    width = min(console.width, _WIDEST)
    groups: list[Sequence[RenderableType]] = [
        [_headline(found), _each(found.now), _meanings(), *_left_out(found.now.trials)],
        _repeating(found.now, found.now.figures) if found.now.figures else _published(found),
    ]
    if found.compared is not None:
        groups += [
            _compared(found.compared, found.now),
            _strip(found.compared.earlier, found.now, width=max(width - 12, 20)),
        ]
    groups.append(_REMINDERS)
    for group in groups:
        if group:
            console.print(Group(*group), width=width)
            console.print()


def _headline(found: Balance) -> RenderableType:
    judged = found.now.judged
    line = Text("Standing", style="bold")
    line.append(f", {_STANCES[found.stance]}" if found.stance else ", stance not told (--stance)")
    places = [trial.placement for trial in judged if trial.placement is not None]
    facts = [
        *(_PLACES.get(place, f"at the {place}") for place in dict.fromkeys(places)),
        *dict.fromkeys(printable(trial.device) for trial in judged if trial.device is not None),
        _days(judged),
    ]
    line.append("\n" + " · ".join(fact for fact in facts if fact), style="dim")
    earlier = found.compared.earlier.judged if found.compared else ()
    if any(trial.simulated for trial in (*judged, *earlier)):
        line.append("\nSIMULATED: made by a computer, not recorded on a person", "bold yellow")
    return Panel(line, border_style="dim")


def _each(trials: Trials) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("trial", no_wrap=True, overflow="ellipsis", max_width=36)
    table.add_column("steady part", no_wrap=True)
    for _, name, unit, *_rest in _FIGURES:
        table.add_column(f"{name}\n{unit}", justify="right", no_wrap=True)
    for trial in trials.trials:
        if trial.sway is not None:
            end_s = trial.sway.start_s + trial.sway.seconds
            table.add_row(
                Text(printable(trial.file)),
                f"{clock(trial.sway.start_s)}–{clock(end_s)}",
                *(_number(getattr(trial.sway, row[0]), row[0]) for row in _FIGURES),
            )
    return table


def _left_out(trials: Iterable[Trial]) -> list[Text]:
    """Trials without figures, and what happened in those that have them."""
    lines = []
    for trial in trials:
        name = printable(trial.file)
        if trial.reason is not None:
            lines.append(Text(f"{name}: not judged: {printable(trial.reason)}", style="yellow"))
        elif trial.events_s:
            times = ", ".join(clock(at) for at in trial.events_s[:5])
            more = " ..." if len(trial.events_s) > 5 else ""
            lines.append(Text(f"{name}: a step, touch or knock at {times}{more}; left out"))
    return lines


# --- how well they repeat ---------------------------------------------------------------------


def _repeating(trials: Trials, figures: Mapping[str, Repeated]) -> list[RenderableType]:
    """Mean, typical error and smallest real change, and what they mean for the main figure."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(f"over {len(trials.judged)} trials")
    for column in ("mean", "90 % interval", "typical error", "real change"):
        table.add_column(column, justify="right", no_wrap=True)
    for key, name, unit, *_rest in _FIGURES:
        one = figures[key]
        table.add_row(
            f"{name} {unit}",
            _number(one.mean, key),
            f"{_number(max(one.low, 0.0), key)}–{_number(one.high, key)}",
            _number(one.typical_error, key),
            f"above {_number(one.smallest_change, key)} ({_percent(one)})",
        )
    main = figures[_MAIN]
    says = (
        f"Go by the RMS. From trial to trial it varies by {_number(main.typical_error, _MAIN)}"
        f" {_unit(_MAIN)} (typical error; {main.trials} trials do not exclude"
        f" {_number(main.typical_error_high, _MAIN)}). Two single trials must differ by more than"
        f" {_number(main.smallest_change, _MAIN)} {_unit(_MAIN)} ({_percent(main)}) before that is"
        " more than chance (90 %). More trials narrow it."
    )
    return [table, Text(says), Text(_of_days(trials.judged))]


def _of_days(trials: Sequence[Trial]) -> str:
    days = {trial.day for trial in trials}
    if None not in days and len(days) > 1:
        return f"The trials are of {len(days)} days: what varies from day to day is partly in it."
    known = "All are of one day" if None not in days else "As if all were of one day (no dates)"
    return f"{known}: from one day to another, sway measured at home repeated far worse."


def _percent(one: Repeated) -> str:
    return f"{100 * one.smallest_change / one.mean:.0f} %" if one.mean > 0 else "–"


def _published(found: Balance) -> list[RenderableType]:
    """Where a person's own trials do not tell, how well those of others repeated."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("where", "figure"):
        table.add_column(column)
    for column in ("agreement", "real change"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("study", style="dim")
    for row in found.published:
        icc = "–" if row.icc is None else _range(*row.icc, digits=2)
        change = "–" if row.change_percent is None else _range(*row.change_percent, digits=0) + " %"
        table.add_row(row.where, row.figure, icc, change, row.study)
    says = (
        f"How well you repeat is not known: {printable(found.now.reason or '')}. Until then, how"
        " well others did (agreement, ICC: 1 is perfect, 0 is none; real change: a smaller one"
        " could be chance). Nobody measured your phone:"
    )
    return [Text(says), table]


def _range(low: float, high: float, *, digits: int) -> str:
    ends = f"{low:.{digits}f}", f"{high:.{digits}f}"
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


# --- what has changed -------------------------------------------------------------------------


def _compared(compared: Comparison, now: Trials) -> list[RenderableType]:
    earlier = compared.earlier
    count = len(earlier.judged)
    title = Text(f"Against {count} earlier {'trial' if count == 1 else 'trials'}", style="bold")
    title.append(f" ({_days(earlier.judged) or 'no dates'})", style="dim")
    lost = _left_out(trial for trial in earlier.trials if trial.reason is not None)
    if compared.changes is None or earlier.figures is None or now.figures is None:
        why = f"Whether it changed cannot be told: {printable(compared.reason or '')}."
        return [title, *lost, Text(why)]
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("mean")
    for column in ("earlier", "now", "change", "90 % interval"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for key, name, unit, *_rest in _FIGURES:
        step = compared.changes[key]
        table.add_row(
            f"{name} {unit}",
            _number(earlier.figures[key].mean, key),
            _number(now.figures[key].mean, key),
            _number(step.value, key, sign="+"),
            f"{_number(step.low, key, sign='+')} to {_number(step.high, key, sign='+')}",
            Text(_TOLD[step.told][0], style=_TOLD[step.told][1]),
        )
    main = compared.changes[_MAIN].told
    says = {
        "more": "You swayed more in these trials than in the earlier ones, by the RMS.",
        "less": "You swayed less in these trials than in the earlier ones, by the RMS.",
        "cannot_be_told": "Whether you sway more or less than earlier cannot be told by the RMS.",
    }[main]
    return [title, *lost, table, Text(says, style="bold"), Text(_CAUTION)]


_CAUTION = (
    "The interval holds what varies from trial to trial, not from day to day: a change counts once"
    " it returns on other days. Of four figures, one leaves zero by chance now and then."
)


# --- the picture ------------------------------------------------------------------------------


def _strip(earlier: Trials, now: Trials, *, width: int) -> list[RenderableType]:
    """The main figure of every trial from zero up, with the interval of the mean."""
    sets = (("earlier", earlier), ("now", now))
    values = [_main(trial) for _, trials in sets for trial in trials.judged]
    highest = 1.15 * max(values)
    table = Table.grid(padding=(0, 1))
    for name, trials in sets:
        cells = [" "] * width
        if trials.figures is not None:
            one = trials.figures[_MAIN]
            low, high = (_cell(end / highest, width) for end in (one.low, one.high))
            cells[low : high + 1] = "─" * (high + 1 - low)
        for trial in trials.judged:
            cells[_cell(_main(trial) / highest, width)] = "●"
        table.add_row(Text(name, style="dim"), Text("".join(cells), style="green"))
    table.add_row(Text("RMS", style="dim"), _scale(highest, width))
    return [table]


def _cell(share: float, width: int) -> int:
    return min(max(round(share * (width - 1)), 0), width - 1)


def _scale(highest: float, width: int) -> Text:
    end = f"{_number(highest, _MAIN)} {_unit(_MAIN)}"
    return Text("0" + end.rjust(width - 1), style="dim")


def _main(trial: Trial) -> float:
    return 0.0 if trial.sway is None else float(getattr(trial.sway, _MAIN))


# --- words ------------------------------------------------------------------------------------


def _number(value: float, key: str, *, sign: str = "") -> str:
    scale, digits = next((row[3], row[4]) for row in _FIGURES if row[0] == key)
    return f"{value * scale:{sign}.{digits}f}"


def _unit(key: str) -> str:
    return next(row[2] for row in _FIGURES if row[0] == key)


def _meanings() -> Text:
    return Text(" · ".join(f"{row[1]}: {row[5]}" for row in _FIGURES), style="dim")


def _days(trials: Sequence[Trial]) -> str:
    days = sorted({trial.day for trial in trials if trial.day is not None})
    if not days:
        return ""
    return f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
