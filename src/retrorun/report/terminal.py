"""A session on the terminal: what it was, a strip of its course, segments, problems."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from retrorun import contract
from retrorun.formats.sources import printable
from retrorun.recording import Problem, Recording, sensor_channel
from retrorun.report import muscles
from retrorun.session import Session
from retrorun.units import clock, kilometres, pace_min_km

_BARS = "▁▂▃▄▅▆▇█"
_MOTION_STYLE = {"still": "dim", "walk": "cyan", "run": "green", "other": "magenta"}
_DIRECTION_STYLE = {"backward": "bold dark_orange", "forward": "blue", "sideways": "magenta"}

#: More rows than this hide what matters; `--json`, `--csv` and `--html` have them all.
_MOST_ROWS = 40


def show_session(session: Session, *, console: Console) -> None:
    """Everything a person wants to know at first sight."""
    console.print(_headline(session))
    parts: list[RenderableType] = [_figures(session)]
    strip = _strips(session, width=max(min(console.width - 36, 90), 20))
    if strip is not None:
        parts.append(strip)
    if session.segments:
        parts.append(_segments(session.segments))
    for part in (_energy(session), _heart(session), _muscle(session.muscle), _form(session)):
        parts += [Text(), part] if part else []
    if session.recording.problems:
        parts += [Text(), _problems(session.recording.problems)]
    console.print(Group(*parts))
    console.print()


def show_recording(recording: Recording, *, console: Console) -> None:
    """What is in a file: channels, rates, gaps, marks, problems."""
    start = recording.start_time.isoformat() if recording.start_time else "time of day unknown"
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Format", recording.format + (" (simulated)" if recording.simulated else ""))
    facts.add_row("Device", Text(printable(str(recording.device))))
    facts.add_row("Sport", Text(printable(recording.sport or "not told")))
    facts.add_row("Start", start)
    facts.add_row("Duration", clock(recording.duration_s))
    facts.add_row("Pauses", _spans_in_words([p.duration_s for p in recording.pauses]))
    facts.add_row("Laps", str(len(recording.laps)))
    if recording.workout:
        named = [step.name or step.intensity or "step" for step in recording.workout]
        workout = f"{recording.workout_name or 'unnamed'}: {', '.join(named[:8])}"
        facts.add_row("Workout", Text(printable(workout)))
    console.print(Text(recording.file, style="bold"))
    console.print(facts)
    console.print(_channels(recording))
    if recording.problems:
        console.print(_problems(recording.problems))
    console.print()


def show_failures(failures: Sequence[str], *, inputs: int, console: Console) -> None:
    """After many files: which failed, by name."""
    if not failures:
        return
    console.print(f"{len(failures)} of {inputs} inputs could not be read:", style="bold red")
    for failure in failures:
        console.print(Text("  " + printable(failure)))


def _headline(session: Session) -> RenderableType:
    about = session.recording
    line = Text(about.file, style="bold")
    when = about.start_time.strftime("%Y-%m-%d %H:%M %Z") if about.start_time else "date unknown"
    sport = printable(about.sport or "sport not told")
    line.append(f"   {when} · {sport} · {printable(about.device)}", style="dim")
    if about.simulated:
        banner = Text(
            "SIMULATED: made by a computer, not recorded on a person", style="bold yellow"
        )
        return Panel(Group(line, banner), border_style="yellow")
    return Panel(line, border_style="dim")


def _figures(session: Session) -> Table:
    table = Table.grid(padding=(0, 3))
    heart = session.heart
    moving = session.moving_s
    speed = session.distance_m / moving if session.distance_m and moving else None
    cells = [
        ("distance", kilometres(session.distance_m)),
        ("duration", clock(session.recording.duration_s)),
        ("moving", clock(moving) if moving is not None else "–"),
        ("pace", f"{pace_min_km(speed)} /km"),
        ("ascent", f"{session.ascent_m:.0f} m" if session.ascent_m is not None else "–"),
        ("heart", _beats(heart)),
        ("energy", f"{session.energy.total_kcal.value:.0f} kcal" if session.energy else "–"),
    ]
    table.add_row(*(Text(value, style="bold") for _, value in cells))
    table.add_row(*(Text(name, style="dim") for name, _ in cells))
    return table


def _beats(heart: contract.Heart | None) -> str:
    if heart is None or heart.mean_bpm is None or heart.max_bpm is None:
        return "–"
    return f"{heart.mean_bpm:.0f} mean, {heart.max_bpm:.0f} max"


def _strips(session: Session, *, width: int) -> Table | None:
    """Speed and heart rate from left to right, each as tall as its own range."""
    curves = session.curves
    table = Table.grid(padding=(0, 1))
    rows = 0
    for name, values, unit in (
        ("speed", curves.speed_m_s * 3.6, "km/h"),
        ("heart rate", curves.heart_rate_bpm, "bpm"),
    ):
        strip = sparkline(values, width=width, least_span=1.0)
        if strip is not None:
            low, high = np.nanpercentile(values, [2, 98])
            table.add_row(
                Text(name, style="dim"), strip, Text(f"{low:.0f}–{high:.0f} {unit}", style="dim")
            )
            rows += 1
    if not rows:
        return None
    table.add_row(
        Text("motion", style="dim"), _motion_strip(session, width=width), _legend(session)
    )
    return table


def sparkline(values: NDArray[np.float64], *, width: int, least_span: float) -> Text | None:
    """Means of `width` equal parts as bars; a blank where nothing was measured.

    A range smaller than `least_span` is drawn as flat: it would only show noise.
    """
    if not np.any(values > 0):
        return None
    width = min(width, len(values))
    edges = np.linspace(0, len(values), width + 1).astype(int)
    means = [
        float(np.nanmean(part)) if len(part) and np.isfinite(part).any() else np.nan
        for part in (values[a:b] for a, b in pairwise(edges))
    ]
    low, high = np.nanmin(means), np.nanmax(means)
    span = max(high - low, least_span)
    bars = "".join(
        " " if np.isnan(m) else _BARS[int((m - low) / span * (len(_BARS) - 1))] for m in means
    )
    return Text(bars, style="green")


def _motion_strip(session: Session, *, width: int) -> Text:
    strip = Text()
    duration = max(session.recording.duration_s, 1e-9)
    for cell in range(width):
        moment = (cell + 0.5) * duration / width
        at = next((s for s in session.segments if s.start_s <= moment < s.end_s), None)
        strip.append("━" if at else " ", style=_style(at) if at else "")
    return strip


def _style(segment: contract.Segment) -> str:
    if segment.direction in _DIRECTION_STYLE and segment.source != "assumed":
        return _DIRECTION_STYLE[segment.direction]
    return _MOTION_STYLE[segment.motion]


def _direction_of(segment: contract.Segment) -> str:
    if segment.motion == "still":
        return "–"
    return segment.direction or "not judged"


def _legend(session: Session) -> Text:
    present = {segment.motion for segment in session.segments}
    legend = Text()
    for name, style in _MOTION_STYLE.items():
        if name in present:
            legend.append(f"{name} ", style=style)
    return legend


def _segments(segments: Sequence[contract.Segment]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("start", "end", "motion", "direction"):
        table.add_column(column)
    for column in ("distance", "km/h", "min/km", "steps/min", "bpm", "kcal"):
        table.add_column(column, justify="right")
    for segment in segments[:_MOST_ROWS]:
        speed = segment.speed_m_s
        table.add_row(
            clock(segment.start_s),
            clock(segment.end_s),
            Text(segment.motion, style=_MOTION_STYLE[segment.motion]),
            Text(_direction_of(segment), style=_style(segment)),
            kilometres(segment.distance_m),
            f"{speed * 3.6:.1f}" if speed is not None else "–",
            pace_min_km(speed),
            _whole(segment.cadence_steps_min),
            _whole(segment.heart_rate_bpm),
            _whole(segment.energy_kcal.value if segment.energy_kcal else None),
        )
    if len(segments) > _MOST_ROWS:
        table.add_row("…", "", f"{len(segments) - _MOST_ROWS} more")
    return table


_ENERGY_ROWS = (
    ("total_kcal", "in all"),
    ("forward_kcal", "forward"),
    ("backward_kcal", "backward"),
    ("unknown_kcal", "direction unknown"),
    ("still_kcal", "standing"),
    ("same_speed_all_forward_kcal", "had all been forward at the same speeds"),
)


def _energy(session: Session) -> RenderableType | None:
    energy = session.energy
    if energy is None:
        return None
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("energy", "kcal", "90 % interval"):
        table.add_column(column, justify="left" if column == "energy" else "right")
    for name, label in _ENERGY_ROWS:
        estimate: contract.Estimate = getattr(energy, name)
        if estimate.value > 0:
            table.add_row(label, f"{estimate.value:.0f}", f"{estimate.low:.0f}–{estimate.high:.0f}")
    answer = Text(energy.answer, style="bold" if energy.backward_kcal.value else "")
    return Group(table, answer)


def _heart(session: Session) -> RenderableType | None:
    heart = session.heart
    if heart is None:
        return None
    lines = Table.grid(padding=(0, 2))
    same = heart.same_speed
    if same is not None:
        more = same.difference_bpm
        lines.add_row(
            Text("heart at the same speed", style="dim"),
            f"{same.backward_bpm.value:.0f} bpm backward, {same.forward_bpm.value:.0f} forward:"
            f" {more.value:+.0f} ({more.low:+.0f} to {more.high:+.0f}) at"
            f" {same.speed_m_s * 3.6:.1f} km/h",
        )
    if heart.zones is not None:
        told = ", ".join(
            f"{_zone(zone.name)} {clock(zone.time_s)}" for zone in heart.zones if zone.time_s
        )
        guessed = heart.limits.max_bpm is not None and heart.limits.max_bpm.source == "estimated"
        by = f"zones by {heart.zones_by}" + (" (maximum estimated)" if guessed else "")
        lines.add_row(Text(by, style="dim"), told)
    if heart.load is not None:
        loads = [
            f"{name} {value:.0f}"
            for name, value in (
                ("TRIMP", heart.load.trimp),
                ("Edwards", heart.load.edwards),
                ("session-RPE", heart.load.session_rpe),
            )
            if value is not None
        ]
        if loads:
            lines.add_row(Text("load", style="dim"), ", ".join(loads))
    if heart.drift_bpm_h is not None:
        drift = heart.drift_bpm_h
        lines.add_row(
            Text("drift", style="dim"),
            f"{drift.value:+.0f} bpm an hour ({drift.low:+.0f} to {drift.high:+.0f})",
        )
    if heart.recoveries:
        drops = ", ".join(f"{item.drop_bpm:.0f}" for item in heart.recoveries[:12])
        lines.add_row(Text("fall in a minute", style="dim"), f"{drops} bpm")
    return lines if lines.row_count else None


def _zone(name: str) -> str:
    return f"zone {name}" if name[:1].isdigit() else name


def _muscle(muscle: contract.Muscle | None) -> RenderableType | None:
    if muscle is None:
        return None
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("muscles", *(name for _, name in muscles.ENERGIES), "held"):
        # As text: rich would take the unit in its brackets for a style.
        table.add_column(Text(column), justify="left" if column == "muscles" else "right")
    for group, work in muscles.told(muscle):
        cells = (f"{value} ({ends})" for value, ends in muscles.figures(work))
        table.add_row(muscles.NAMES[group], *cells)
    lines = [Text(sentence) for sentence in muscles.backward_in_words(muscle)]
    if lines:
        lines.insert(0, Text("Backward, against the same way forward:", style="bold"))
    quiet = f"{muscles.judged(muscle)} {muscles.HELD} {muscle.confidence}"
    return Group(table, *lines, Text(quiet, style="dim"))


def _form(session: Session) -> Table | None:
    if session.form is None:
        return None
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("form", "gait", "direction", "value", "90 % interval", "strides"):
        table.add_column(column)
    for direction in ("forward", "backward", "unknown"):
        form: contract.Form | None = getattr(session.form, direction)
        if form is None:
            continue
        for name, label, scale, unit in (
            ("cadence_steps_min", "cadence", 1.0, "steps/min"),
            ("step_length_m", "step length", 1.0, "m"),
            ("contact_time_s", "contact time", 1000.0, "ms"),
            ("flight_time_s", "flight time", 1000.0, "ms"),
            ("stride_time_variability", "stride time variability", 100.0, "%"),
            ("step_asymmetry", "step asymmetry", 100.0, "%"),
            ("harmonic_ratio", "harmonic ratio, vertical", 1.0, ""),
            ("local_divergence", "local divergence", 1.0, "a stride"),
            ("trunk_lean_deg", "trunk lean", 1.0, "°"),
        ):
            estimate: contract.FormEstimate | None = getattr(form, name)
            if estimate is not None:
                digits = {"m": 2, "": 2, "a stride": 2, "%": 1, "°": 1}.get(unit, 0)
                low, value, high = (
                    f"{x * scale:.{digits}f}" for x in (estimate.low, estimate.value, estimate.high)
                )
                table.add_row(
                    label,
                    form.motion,
                    direction,
                    f"{value} {unit}",
                    f"{low}–{high}",
                    f"{estimate.strides:,}",
                )
    return table if table.row_count else None


def _problems(problems: Sequence[Problem]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), title_justify="left")
    table.add_column("worth knowing", style="yellow")
    table.add_column("where")
    table.add_column("effect")
    for problem in problems:
        words = (problem.what, problem.where, problem.effect)
        table.add_row(*(Text(printable(word[:300])) for word in words))
    return table


def _channels(recording: Recording) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("channel")
    for column in ("rate", "samples", "missing", "longest gap"):
        table.add_column(column, justify="right")
    for name, channel in recording.channels.items():
        step_s = np.diff(channel.time_s)
        rate = channel.rate_hz
        table.add_row(
            Text(name, style="cyan" if sensor_channel(name) else ""),
            f"{rate:.3g} Hz" if rate else "–",
            f"{channel.samples:,}",
            f"{channel.missing:,}" if channel.missing else "",
            f"{float(step_s.max()):.3g} s" if len(step_s) else "–",
        )
    return table


def _spans_in_words(durations_s: Sequence[float]) -> str:
    return f"{len(durations_s)}, {clock(sum(durations_s))} in all" if durations_s else "none"


def _whole(value: float | None) -> str:
    return f"{value:.0f}" if value is not None else "–"
