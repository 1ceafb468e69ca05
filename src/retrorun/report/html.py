"""A session as one HTML page that opens without a network and asks nothing of anyone.

Text from a recording is hostile until escaped: every element is made by `_el`, which escapes
whatever is not `_Markup` already. Style and script stand beside this module and enter the page
by their hashes; nothing else may run in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from itertools import pairwise
from string import Template

import numpy as np
from numpy.typing import NDArray

from retrorun import contract
from retrorun.session import Curves, Session
from retrorun.units import clock, kilometres, pace_min_km

Floats = NDArray[np.float64]

#: A curve has two points, its lowest and highest, for each of so many equal parts.
_CURVE_PARTS = 1000

#: The cursor stops at most at so many moments.
_CURSOR_STOPS = 3600

#: The track on the map has at most so many points.
_MAP_POINTS = 6000

#: A longer table is folded after so many rows.
_ROWS_AT_ONCE = 50

#: Lap names above the curves; more of them could not be read.
_MOST_LAP_NAMES = 24

#: What curves are drawn in, before they are stretched to the page.
_WIDTH, _HEIGHT = 2000, 400

#: The frame of the map, and how far the track stays from its edge.
_MAP_WIDTH, _MAP_HEIGHT, _MAP_MARGIN = 1000, 800, 90

_DIRECTIONS = {
    "forward": "forward",
    "assumed": "forward (assumed)",
    "backward": "backward",
    "sideways": "sideways",
    "unknown": "direction unknown",
}
_MOTIONS = {"run": "run", "walk": "walk", "still": "still", "other": "other movement"}
_TONES = {**_DIRECTIONS, **_MOTIONS, "unjudged": "not judged"}

#: What is drawn over the rest on the map comes last.
_DRAWN_LAST = ("unjudged", "still", "other", "walk", "run",
               "unknown", "assumed", "forward", "sideways", "backward")  # fmt: skip


def render(session: Session) -> str:
    """The page of one session; everything that came from a file is escaped."""
    style, script = _asset("session.css"), _asset("session.js")
    picture = _Picture.of(session)
    return Template(_asset("session.html")).substitute(
        policy=_policy(style, script),
        style=style,
        script=script,
        title=escape(f"{_name(session)} · retrorun"),
        simulated=_simulated(session.recording),
        headline=_headline(session),
        figures=_figures(session),
        direction=_direction(session.direction),
        course=_course(session, picture),
        segments=_segments(session.segments, linked=bool(picture.panels)),
        form=_form(session.form),
        more=_join((_energy(session.energy), _heart(session.heart), _muscle(session.muscle))),
        not_judged=_not_judged(session),
        problems=_problems(session.recording),
        data=_data(session, picture),
    )


def _asset(name: str) -> str:
    return files("retrorun.report").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A content security policy: our own style and script, and nothing else at all."""
    own = {
        kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for kind, text in (("style", style), ("script", script))
    }
    return (
        f"default-src 'none'; style-src 'sha256-{own['style']}'; "
        f"script-src 'sha256-{own['script']}'; base-uri 'none'; form-action 'none'"
    )


# --- elements ---------------------------------------------------------------------------------


class _Markup(str):
    """Text that is markup already; every other text is escaped on its way into the page."""

    __slots__ = ()


#: Elements of HTML that hold nothing and have no end tag.
_VOID = frozenset({"input"})


def _el(name: str, *inside: object, **attributes: object) -> _Markup:
    """An element; an attribute that is None is left away, `class_` and `data_at` mean what
    HTML writes `class` and `data-at`.

    >>> _el("p", "1 < 2", class_="quiet", id=None)
    '<p class="quiet">1 &lt; 2</p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return _Markup(
        f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{_join(inside)}</{name}>"
    )


def _join(parts: Iterable[object]) -> _Markup:
    return _Markup("".join(p if isinstance(p, _Markup) else escape(str(p)) for p in parts))


def _card(title: str, *inside: object, long: bool = False) -> _Markup:
    return _el("section", _el("h2", title), *inside, class_="card long" if long else "card")


def _table(
    caption: str, head: Sequence[str], rows: Iterable[_Markup], *, numbers_from: int
) -> _Markup:
    """A table that scrolls by itself, by keyboard too, where the page is narrow."""
    titles = _join(_el("th", title, scope="col") for title in head)
    table = _el(
        "table",
        _el("caption", _el("span", caption)),
        _el("thead", _el("tr", titles)),
        _el("tbody", _join(rows)),
        class_=f"numbers-from-{numbers_from}",
    )
    return _el("div", table, class_="scroll", role="region", tabindex=0, aria_label=caption)


def _row(title: object, *cells: object, **attributes: object) -> _Markup:
    return _el(
        "tr", _el("th", title, scope="row"), _join(_el("td", c) for c in cells), **attributes
    )


# --- words and numbers ------------------------------------------------------------------------


def _moment(seconds: float) -> str:
    """A moment of the recording.

    >>> _moment(65.9)
    '0:01:05'
    """
    whole = math.floor(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _number(value: float | None, digits: int = 0, unit: str = "") -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.{digits}f}{' ' if unit else ''}{unit}".replace("-", "−")


def _interval(estimate: contract.Estimate, digits: int = 0, *, scale: float = 1.0) -> str:
    return " – ".join(_number(x * scale, digits) for x in (estimate.low, estimate.high))


def _date(start: datetime | None) -> str:
    if start is None:
        return "date unknown"
    return f"{start.day} {start:%B %Y, %H:%M %Z}".rstrip()


def _name(session: Session) -> str:
    sport = session.recording.sport or "activity"
    return f"{sport[:1].upper()}{sport[1:]}, {_date(session.recording.start_time)}"


# --- the head of the page ---------------------------------------------------------------------


def _simulated(recording: contract.RecordingSummary) -> _Markup:
    if not recording.simulated:
        return _Markup("")
    said = "This was made by a computer, not recorded on a person."
    return _el("div", _el("strong", "Simulated."), f" {said}", class_="simulated", role="note")


def _headline(session: Session) -> _Markup:
    about = session.recording
    device = "device unknown" if about.device == "unknown" else about.device
    facts = [about.file, about.format, device, f"{clock(about.duration_s)} long"]
    if session.distance_m is not None:
        facts.append(kilometres(session.distance_m))
    listed = _el("ul", _join(_el("li", fact) for fact in facts), class_="facts")
    return _join((_el("h1", _name(session)), listed))


def _figures(session: Session) -> _Markup:
    distance_m, moving_s, heart = session.distance_m, session.moving_s, session.heart
    speed = distance_m / moving_s if distance_m is not None and moving_s else None
    ascent_m = session.ascent_m
    figures = (
        _figure("Distance", None if distance_m is None else kilometres(distance_m)),
        _figure("Moving time", None if moving_s is None else clock(moving_s)),
        _figure(
            "Mean speed",
            None if speed is None else f"{pace_min_km(speed)} min/km",
            None if speed is None else f"{speed * 3.6:.1f} km/h",
        ),
        _figure(
            "Heart rate",
            None if heart is None else f"{heart.mean_bpm:.0f} bpm",
            None if heart is None else f"highest {heart.max_bpm:.0f} bpm",
        ),
        _figure("Ascent", None if ascent_m is None else f"{ascent_m:.0f} m"),
    )
    return _el("section", _el("dl", *figures, class_="figures"), class_="card")


def _figure(name: str, value: str | None, extra: str | None = None) -> _Markup:
    if value is None:
        return _el("div", _el("dt", name), _el("dd", "not known", class_="unknown-value"))
    more = _el("dd", extra, class_="extra") if extra else ""
    return _el("div", _el("dt", name), _el("dd", value), more)


def _direction(totals: contract.DirectionTotals | None) -> _Markup:
    """How much was backward and how much forward: what the page is about."""
    if totals is None:
        said = "Not judged yet: whether you went forward or backward is not known here."
        return _card("Direction", _el("p", said))
    ways = [
        (way, name, getattr(totals, f"{way}_s"), getattr(totals, f"{way}_m"))
        for way, name in (
            ("backward", "backward"), ("forward", "forward"),
            ("sideways", "sideways"), ("unknown", "direction unknown"),
        )
    ]  # fmt: skip
    shown = [w for w in ways if w[2] > 0 or w[0] in ("backward", "forward")]
    figures = (
        _el("div", _el("dt", name),
            _el("dd", clock(time_s), _el("span", f" · {kilometres(length_m)}")), class_=way)
        for way, name, time_s, length_m in shown
    )  # fmt: skip
    assumed = f"{clock(totals.assumed_s)} of forward is assumed: no channel could have told."
    return _card(
        "Direction",
        _el("dl", _join(figures), class_="ways"),
        _shares([(way, time_s) for way, _, time_s, _ in shown]),
        _el("p", assumed, class_="quiet") if totals.assumed_s > 0 else "",
    )


def _shares(parts: Sequence[tuple[str, float]]) -> _Markup:
    """One bar, divided by time; the figures above say the same in words."""
    total = sum(time_s for _, time_s in parts)
    if not total > 0:
        return _Markup("")
    starts = np.cumsum([0.0, *(time_s / total * 100 for _, time_s in parts)])
    bars = (
        _el("rect", x=f"{a:.2f}%", width=f"{b - a:.2f}%", height="100%", class_=way)
        for (way, _), (a, b) in zip(parts, pairwise(starts), strict=True)
    )
    return _el("svg", _join(bars), class_="share", aria_hidden="true")


# --- tables -----------------------------------------------------------------------------------

_SEGMENT_COLUMNS = ("Start", "End", "Motion", "Direction", "Distance", "Speed [km/h]",
                    "Pace [min/km]", "Cadence [steps/min]", "Heart rate [bpm]")  # fmt: skip
_SOURCES = {
    "sensors": "by sensors",
    "watch": "by the watch",
    "laps": "by laps",
    "athlete": "told by you",
    "assumed": "assumed",
}
_FORM_ROWS = (
    ("cadence_steps_min", "Cadence", "steps/min", 1.0, 0),
    ("step_length_m", "Step length", "m", 1.0, 2),
    ("contact_time_s", "Contact time", "ms", 1000.0, 0),
    ("flight_time_s", "Flight time", "ms", 1000.0, 0),
    ("stride_time_variability", "Stride time variability", "%", 100.0, 1),
)
_ENERGY_ROWS = (
    ("total_kcal", "In all"),
    ("forward_kcal", "Forward"),
    ("backward_kcal", "Backward"),
    ("net_total_kcal", "In all, above rest"),
    ("same_speed_all_forward_kcal", "Had all been forward at the same speed"),
)


def _segments(segments: Sequence[contract.Segment], *, linked: bool) -> _Markup:
    if not segments:
        return _card("Segments", _el("p", "No stretch of this recording could be judged."))
    caption = "Every stretch of one motion and direction"
    caption += "; choose a start to move the cursor there" if linked else ""
    rows = [_segment_row(s, number, linked=linked) for number, s in enumerate(segments)]
    at_once, folded = rows[:_ROWS_AT_ONCE], rows[_ROWS_AT_ONCE:]
    tables = [_table(caption, _SEGMENT_COLUMNS, at_once, numbers_from=5)]
    if folded:
        rest = f"The other {len(folded):,} segments"
        table = _table(rest, _SEGMENT_COLUMNS, folded, numbers_from=5)
        tables.append(_el("details", _el("summary", rest), table))
    return _card("Segments", *tables, long=True)


def _segment_row(segment: contract.Segment, number: int, *, linked: bool) -> _Markup:
    start: object = _moment(segment.start_s)
    if linked:
        start = _el("button", start, type="button", data_at=f"{segment.start_s:g}")
    speed = segment.speed_m_s
    return _row(
        start,
        _moment(segment.end_s),
        _swatch(segment.motion, _MOTIONS[segment.motion]),
        _segment_direction(segment),
        kilometres(segment.distance_m),
        _number(None if speed is None else speed * 3.6, 1),
        pace_min_km(speed),
        _number(segment.cadence_steps_min),
        _number(segment.heart_rate_bpm),
        class_="backward" if segment.direction == "backward" else None,
        data_segment=number,
    )


def _segment_direction(segment: contract.Segment) -> _Markup:
    if segment.motion == "still":
        return _Markup("–")
    if segment.direction is None:
        return _el("small", "not judged yet")
    why = [] if segment.source is None else [_SOURCES[segment.source]]
    if segment.probability is not None:
        why.insert(0, f"{segment.probability:.0%}")
    tone = _direction_tone(segment) or segment.direction
    return _join((_swatch(tone, segment.direction), " ", _el("small", ", ".join(why))))


def _swatch(tone: str, name: str) -> _Markup:
    return _join((_el("span", class_=f"swatch {tone}", aria_hidden="true"), name))


def _form(form: contract.FormByDirection | None) -> _Markup:
    if form is None:
        return _Markup("")
    ways: tuple[tuple[str, contract.Form | None], ...] = (
        ("forward", form.forward), ("backward", form.backward), ("unknown", form.unknown)
    )  # fmt: skip
    rows = [
        _row(
            label,
            _swatch(way, "not judged yet" if way == "unknown" else way),
            _MOTIONS[of_way.motion],
            _number(estimate.value * scale, digits, unit),
            _interval(estimate, digits, scale=scale),
            f"{estimate.strides:,}",
        )
        for key, label, unit, scale, digits in _FORM_ROWS
        for way, of_way in ways
        if of_way is not None and (estimate := getattr(of_way, key)) is not None
    ]
    if not rows:
        return _Markup("")
    head = ("What", "Direction", "Gait", "Value", "90 % interval", "Strides")
    return _card(
        "Form", _table("How you moved, over all strides of one gait", head, rows, numbers_from=4)
    )


def _energy(energy: contract.Energy | None) -> _Markup:
    if energy is None:
        return _Markup("")
    rows = [
        _row(label, _number(estimate.value), _interval(estimate))
        for key, label in _ENERGY_ROWS
        if (estimate := getattr(energy, key)) is not None
    ]
    hypothesis = energy.same_heart_rate_all_forward
    if hypothesis is not None:
        label = "Had all been forward at the same heart rate (a hypothesis)"
        rows.append(_row(label, _number(hypothesis.kcal.value), _interval(hypothesis.kcal)))
    judged = f"Judged for {clock(energy.judged_s)}, not judged for {clock(energy.not_judged_s)}."
    caption = f"Kilocalories by {energy.method}. {judged}"
    return _card("Energy", _table(caption, ("What", "kcal", "90 % interval"), rows, numbers_from=2))


def _heart(heart: contract.Heart | None) -> _Markup:
    """Zones and the comparison of directions; mean and highest are key figures already."""
    if heart is None or (heart.zones is None and heart.same_speed is None):
        return _Markup("")
    tables = []
    if heart.same_speed is not None:
        pair = (
            ("Forward", heart.same_speed.forward_bpm),
            ("Backward", heart.same_speed.backward_bpm),
        )
        rows = [_row(name, _number(e.value, 0, "bpm"), _interval(e)) for name, e in pair]
        head = ("Direction", "Heart rate", "90 % interval")
        tables.append(_table("Heart rate at the same speed", head, rows, numbers_from=2))
    if heart.zones is not None:
        rows = [
            _row(z.name, f"{z.low_bpm:.0f} – {z.high_bpm:.0f}", clock(z.time_s))
            for z in heart.zones
        ]
        tables.append(_table("Time by zone", ("Zone", "bpm", "Time"), rows, numbers_from=2))
    return _card("Heart", *tables)


def _muscle(muscle: contract.Muscle | None) -> _Markup:
    if muscle is None:
        return _Markup("")
    kinds = ("metabolic_kj", "concentric_kj", "eccentric_kj")
    rows = [
        _row(group.replace("_", " "), *(_muscle_cell(getattr(work, kind)) for kind in kinds))
        for group, work in muscle.groups.items()
        if work is not None
    ]
    caption = f"By the simulated runner; ranges over model variants. {muscle.confidence}"
    head = ("Muscles", "Metabolic [kJ]", "Shortening [kJ]", "Lengthening [kJ]")
    return _card("Muscle work", _table(caption, head, rows, numbers_from=2))


def _muscle_cell(work: contract.Estimate) -> _Markup:
    return _join((_number(work.value), " ", _el("small", f"({_interval(work)})")))


# --- what is not known ------------------------------------------------------------------------


_UNJUDGED = {
    "direction": ("Direction", "not judged yet"),
    "energy": ("Energy", "not judged yet"),
    "muscle": ("Muscle work", "not judged yet"),
    "heart": ("Heart rate", "not known from this recording"),
    "form": ("Form, stride by stride", "not known from this recording"),
}


def _not_judged(session: Session) -> _Markup:
    lines = [
        _el("li", _el("b", name), " ", _el("span", said))
        for key, (name, said) in _UNJUDGED.items()
        if getattr(session, key) is None
    ]
    if session.not_judged_s > 0:
        time_s = clock(session.not_judged_s)
        said = "no channel told whether and how you moved"
        lines.append(_el("li", _el("b", f"{time_s} of the recording"), " ", _el("span", said)))
    if not lines:
        return _Markup("")
    return _card("Not judged", _el("ul", *lines, class_="note-list"))


def _problems(recording: contract.RecordingSummary) -> _Markup:
    if not recording.problems:
        return _card("Worth knowing", _el("p", "Nothing was found wrong with this recording."))
    lines = (
        _el("li", _el("b", p.what), " ", _el("span", f"({p.where})"), _el("p", p.effect))
        for p in recording.problems
    )
    return _card("Worth knowing", _el("ul", *lines, class_="note-list"), long=True)


# --- what is drawn ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One curve of the stack, in the unit that people read."""

    key: str
    title: str
    unit: str
    digits: int
    least_range: float  #: a smaller range would make noise look like hills
    values: Floats

    @property
    def from_zero(self) -> bool:
        return self.key in ("speed", "power")

    @property
    def extremes(self) -> str:
        known = self.values[np.isfinite(self.values)]
        low, high = (_number(float(x), self.digits) for x in (known.min(), known.max()))
        return f"{low} – {high} {self.unit}"


@dataclass(frozen=True, slots=True)
class _Band:
    """A stretch of time in one tone."""

    start_s: float
    end_s: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """Where in the frame of the map each sample lies; NaN where not known."""

    x: Floats
    y: Floats
    metres_per_unit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """Everything that is drawn of a session."""

    span_s: float
    panels: tuple[_Panel, ...]
    motions: tuple[_Band, ...]
    directions: tuple[_Band, ...]
    bands: tuple[_Band, ...]  #: by direction where it is judged, else by motion
    track: _Track | None

    @classmethod
    def of(cls, session: Session) -> _Picture:
        curves = session.curves
        # The grid is one sample a second.
        span_s = float(max(len(curves.time_s), 1))
        segments = session.segments
        motions = [_Band(s.start_s, s.end_s, s.motion) for s in segments]
        ways = [
            _Band(s.start_s, s.end_s, way)
            for s in segments
            if (way := _direction_tone(s)) is not None
        ]
        both = [_Band(s.start_s, s.end_s, _direction_tone(s) or s.motion) for s in segments]
        return cls(
            span_s=span_s,
            panels=_panels(curves),
            motions=_merged(motions),
            directions=_merged(ways),
            bands=_merged(both),
            track=_track(curves),
        )


def _direction_tone(segment: contract.Segment) -> str | None:
    if segment.direction is None or segment.motion == "still":
        return None
    assumed = segment.direction == "forward" and segment.source == "assumed"
    return "assumed" if assumed else segment.direction


def _merged(bands: Iterable[_Band]) -> tuple[_Band, ...]:
    """Neighbours of one tone as one band."""
    merged: list[_Band] = []
    for band in bands:
        if merged and merged[-1].tone == band.tone and merged[-1].end_s == band.start_s:
            band = _Band(merged.pop().start_s, band.end_s, band.tone)
        merged.append(band)
    return tuple(merged)


def _panels(curves: Curves) -> tuple[_Panel, ...]:
    """The curves that have values; gradient for itself only where there is no altitude."""
    rows = [
        ("speed", "Speed", "km/h", 1, 5.0, curves.speed_m_s * 3.6),
        ("heart", "Heart rate", "bpm", 0, 30.0, curves.heart_rate_bpm),
        ("cadence", "Cadence", "steps/min", 0, 30.0, curves.cadence_steps_min),
        ("altitude", "Altitude", "m", 0, 20.0, curves.altitude_m),
        ("gradient", "Gradient", "%", 1, 6.0, curves.gradient * 100),
        ("power", "Power", "W", 0, 60.0, curves.power_w),
    ]
    panels = [
        _Panel(key=key, title=title, unit=unit, digits=digits, least_range=least,
               values=np.where(np.isfinite(values), values, np.nan))
        for key, title, unit, digits, least, values in rows
        if np.isfinite(values).any()
    ]  # fmt: skip
    keys = {panel.key for panel in panels}
    return tuple(p for p in panels if p.key != "gradient" or "altitude" not in keys)


def _missing(picture: _Picture) -> _Markup:
    """One sentence for the pictures that cannot be drawn."""
    drawn = {panel.key for panel in picture.panels}
    names = {
        "speed": "speed", "heart": "heart rate", "cadence": "cadence",
        "altitude": "altitude", "power": "power",
    }  # fmt: skip
    missing = [name for key, name in names.items() if key not in drawn]
    missing += ["position"] if picture.track is None else []
    if not missing:
        return _Markup("")
    listed = ", ".join(missing[:-1]) + (" or " if len(missing) > 1 else "") + missing[-1]
    return _el("p", f"This recording has no {listed}, so that is not drawn.", class_="quiet")


def _course(session: Session, picture: _Picture) -> _Markup:
    drawn = [
        *([_map(picture, picture.track)] if picture.track else []),
        *([_curves(session, picture)] if picture.panels else []),
    ]
    kind = "course with-map" if len(drawn) == 2 else "course"
    inside = _el("div", *drawn, class_=kind) if drawn else ""
    return _card("Course", inside, _missing(picture), long=True)


def _legend(*rows: Sequence[_Band]) -> _Markup:
    used = {band.tone for row in rows for band in row}
    items = (_el("li", _swatch(tone, _TONES[tone])) for tone in _TONES if tone in used)
    return _el("ul", _join(items), class_="legend")


# --- curves -----------------------------------------------------------------------------------


def _curves(session: Session, picture: _Picture) -> _Markup:
    """Every curve over one time axis, with one cursor."""
    ticks = _time_ticks(picture.span_s)
    # The ground of the ribbon shows where no band lies on it.
    ground = [_Band(0.0, picture.span_s, "unjudged")] if session.not_judged_s > 0 else []
    now = _el(
        "p", _el("b", id="now-time"), _el("span", id="now-what"), _el("span", id="now-lap"),
        id="now", class_="now", hidden="",
    )  # fmt: skip
    return _el(
        "div",
        now,
        _lap_names(session, picture),
        _ribbon(session, picture),
        _legend(picture.directions, picture.motions, ground),
        *(_panel(panel, picture, ticks) for panel in picture.panels),
        _hours(picture, ticks),
        id="curves",
        class_="curves",
    )


def _percent(time_s: float, picture: _Picture) -> str:
    return f"{100 * time_s / picture.span_s:.3f}%"


def _stretched(*inside: object, **attributes: object) -> _Markup:
    """A drawing that fills its place whatever the shape of it."""
    return _el(
        "svg", *inside, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none",
        width="100%", **attributes,
    )  # fmt: skip


def _ribbon(session: Session, picture: _Picture) -> _Markup:
    """Direction above motion as two strips; here the bands are defined that panels repeat."""
    backward = _band_path([b for b in picture.directions if b.tone == "backward"], picture)
    lap_lines = "".join(
        f"M{_x(span.start_s, picture)} 0V{_HEIGHT}" for _, span in session.laps if span.start_s > 0
    )
    defined = _el(
        "defs",
        _el("g", _band_paths(picture.bands, picture), id="bands"),
        _el("path", d=lap_lines or None, id="laps", class_="lap"),
        _el("clipPath", _el("path", d=backward), id="backward-only") if backward else "",
    )
    ground = _el("rect", width=_WIDTH, height=_HEIGHT, class_="unjudged")
    ways, motions = (_band_paths(row, picture) for row in (picture.directions, picture.motions))
    strips = [_stretched(ground, motions, height=12 if not picture.directions else 8)]
    if picture.directions:
        strips = [
            _stretched(ground, ways, height=18),
            _stretched(ground, motions, height=8, y=20),
        ]
    strips.append(_el("line", y1=0, y2="100%", class_="cursor", visibility="hidden"))
    drawn = _el("svg", defined, *strips, aria_hidden="true")
    kind = "ribbon" if picture.directions else "ribbon plain"
    return _el("div", drawn, _scrubber(picture), class_=kind)


def _scrubber(picture: _Picture) -> _Markup:
    """The cursor as a slider, so that keyboards and screen readers have it too."""
    stops = _stops(picture)
    return _el(
        "input", type="range", id="scrub", class_="scrub", min=0, max=stops - 1, step=1, value=0,
        aria_label="Moment of the recording", autocomplete="off", hidden="",
    )  # fmt: skip


def _x(time_s: float, picture: _Picture) -> str:
    return f"{min(max(time_s / picture.span_s, 0.0), 1.0) * _WIDTH:.5g}"


def _band_path(bands: Iterable[_Band], picture: _Picture) -> str:
    """Upright rectangles, never too narrow to be seen."""
    return "".join(
        f"M{_x(b.start_s, picture)} 0V{_HEIGHT}"
        f"h{max((b.end_s - b.start_s) / picture.span_s * _WIDTH, 1.0):.5g}V0z"
        for b in bands
    )


def _band_paths(bands: Sequence[_Band], picture: _Picture) -> _Markup:
    tones = dict.fromkeys(band.tone for band in bands)
    return _join(
        _el("path", d=_band_path([b for b in bands if b.tone == tone], picture), class_=tone)
        for tone in tones
    )


def _lap_names(session: Session, picture: _Picture) -> _Markup:
    if not 2 <= len(session.laps) <= _MOST_LAP_NAMES:
        return _Markup("")
    names = (
        _el(
            "svg", _el("text", name, x=2, y=12), x=_percent(span.start_s, picture),
            width=_percent(span.duration_s, picture),
        )
        for name, span in session.laps
    )  # fmt: skip
    return _el(
        "div", _el("svg", _join(names), width="100%"), class_="laps hours", aria_hidden="true"
    )


def _panel(panel: _Panel, picture: _Picture, ticks: Sequence[float]) -> _Markup:
    axis = _axis(panel)
    curve = _curve_path(panel.values, axis)
    backward = any(band.tone == "backward" for band in picture.directions)
    over = _el("use", href=f"#curve-{panel.key}", class_="line-backward",
               clip_path="url(#backward-only)") if backward else ""  # fmt: skip
    inner = _stretched(
        _el("use", href="#bands", class_="wash"),
        _el("use", href="#laps"),
        _el("g", _el("path", d=curve, id=f"curve-{panel.key}", class_="curve"), class_="line"),
        over,
        height="100%",
    )
    key = panel.key
    drawn = _el(
        "svg",
        _el("title", panel.title, id=f"title-{key}"),
        _el("desc", f"{panel.title} over time, {panel.extremes}.", id=f"desc-{key}"),
        _grid(axis, ticks, picture),
        inner,
        _el("line", y1=0, y2="100%", class_="cursor", visibility="hidden"),
        _el("circle", r=4.5, id=f"dot-{key}", class_="dot", visibility="hidden"),
        role="img",
        aria_labelledby=f"title-{key} desc-{key}",
    )
    head = _el(
        "div", _el("h3", panel.title), _el("p", panel.extremes, class_="quiet"),
        _el("b", id=f"now-{key}"), class_="panel-head",
    )  # fmt: skip
    return _el("div", head, _el("div", drawn, class_="plot"), class_="panel")


def _grid(axis: _Axis, ticks: Sequence[float], picture: _Picture) -> _Markup:
    upright = (
        _el("line", x1=x, x2=x, y2="100%", class_="grid minor" if n % 2 else "grid")
        for n, x in enumerate(_percent(time_s, picture) for time_s in ticks)
    )
    heights = [(value, f"{axis.height(value):.2%}") for value in axis.ticks]
    across = (_el("line", x2="100%", y1=y, y2=y, class_="grid") for _, y in heights)
    digits = 0 if all(value == round(value) for value in axis.ticks) else 1
    names = (
        _el("text", _number(value, digits), x=-7, y=y, dy="0.32em", text_anchor="end",
            class_="tick")
        for value, y in heights
    )  # fmt: skip
    return _join((*upright, *across, *names))


def _hours(picture: _Picture, ticks: Sequence[float]) -> _Markup:
    """The names of round moments; one at the very end would stand out of the page."""
    names = (
        _el(
            "text", _moment(time_s), x=_percent(time_s, picture), y=13, text_anchor="middle",
            class_="tick minor" if n % 2 else "tick",
        )
        for n, time_s in enumerate(ticks)
        if time_s < 0.96 * picture.span_s
    )  # fmt: skip
    return _el("div", _el("svg", _join(names), aria_hidden="true"), class_="hours")


_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600,
                 43_200, 86_400, 172_800)  # fmt: skip


def _time_ticks(span_s: float) -> list[float]:
    """Round moments, at most a dozen.

    >>> _time_ticks(2400)
    [0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400]
    """
    step = next((step for step in _TIME_STEPS_S if span_s / step <= 11), _TIME_STEPS_S[-1])
    return list(range(0, int(span_s) + 1, step))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """What a panel reaches from bottom to top, and the round values in it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def height(self, value: float) -> float:
        """Share of the panel from the top down."""
        return (self.high - value) / (self.high - self.low)


def _axis(panel: _Panel) -> _Axis:
    """An axis that holds the curve with a little air.

    A spike that would flatten all the rest leaves the picture; the numbers beside it keep it.
    """
    known = panel.values[np.isfinite(panel.values)]
    usual_low, usual_high = np.percentile(known, [0.5, 99.5])
    beyond = max(0.6 * (usual_high - usual_low), 0.5 * panel.least_range)
    low = max(float(known.min()), float(usual_low) - beyond)
    high = min(float(known.max()), float(usual_high) + beyond)
    lacking = max(panel.least_range - (high - low), 0.0) / 2
    air = 0.06 * (high - low + 2 * lacking)
    low, high = low - lacking - air, high + lacking + air
    if panel.from_zero:
        low = 0.0
    step = _nice((high - low) / 5)
    ticks = range(math.ceil(low / step), math.floor(high / step) + 1)
    return _Axis(low=low, high=high, ticks=tuple(n * step for n in ticks))


def _nice(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `value`.

    >>> [_nice(x) for x in (0.3, 1.0, 7.0, 210.0)]
    [0.5, 1.0, 10.0, 500.0]
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= value * (1 - 1e-9))


def _curve_path(values: Floats, axis: _Axis) -> str:
    at, ends = _envelope(values, parts=_CURVE_PARTS)
    heights = (axis.high - ends) / (axis.high - axis.low) * _HEIGHT
    return _path(at / max(len(values), 1) * _WIDTH, heights)


def _envelope(values: Floats, *, parts: int) -> tuple[Floats, Floats]:
    """Where and how high the points of a curve are: two a part, its lowest and its highest.

    A curve that is short enough keeps every sample. NaN only where a whole part is NaN.
    """
    n = len(values)
    if n <= 2 * parts:
        return np.arange(n, dtype=np.float64), values
    size = -(-n // parts)
    padded = np.full(-(-n // size) * size, np.nan)
    padded[:n] = values
    blocks = padded.reshape(-1, size)
    up = np.where(np.isnan(blocks), -np.inf, blocks)
    down = np.where(np.isnan(blocks), np.inf, blocks)
    low_first = down.argmin(axis=1) <= up.argmax(axis=1)
    low, high = down.min(axis=1), up.max(axis=1)
    ends = np.where(low_first, (low, high), (high, low)).T.ravel()
    at = np.repeat(np.arange(len(blocks)) * size + (size - 1) / 2, 2)
    return at, np.where(np.isfinite(ends), ends, np.nan)


def _path(x: Floats, y: Floats) -> str:
    """A line through the points, broken where one is NaN; a lone point becomes a dot."""
    known = np.isfinite(x) & np.isfinite(y)
    return "".join(_piece(x[run], y[run]) for run in _runs(known.astype(int)) if known[run.start])


def _piece(x: Floats, y: Floats) -> str:
    """One unbroken line; points that would fall on the one before are left out."""
    rounded = np.rint(np.column_stack((x, y))).astype(int)
    moved = np.concatenate(([True], np.any(np.diff(rounded, axis=0) != 0, axis=1)))
    points = [f"{a} {b}" for a, b in rounded[moved]]
    return "M" + " ".join(points) + ("h0" if len(points) == 1 else "")


def _runs(keys: NDArray[np.int_]) -> Iterator[slice]:
    """Stretches of one key.

    >>> list(_runs(np.array([0, 0, 1])))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    edges = np.flatnonzero(np.diff(keys)) + 1
    ends = [0, *edges.tolist(), len(keys)] if len(keys) else []
    return (slice(a, b) for a, b in pairwise(ends))


# --- the map ----------------------------------------------------------------------------------

_EARTH_RADIUS_M = 6_371_008.8

#: Less than this is not worth the whole frame: somebody stood still.
_LEAST_ACROSS_M = 50.0


def _track(curves: Curves) -> _Track | None:
    """Equirectangular projection, as wide as the cosine of the middle latitude."""
    known = np.isfinite(curves.latitude_deg) & np.isfinite(curves.longitude_deg)
    if not known.any():
        return None
    east, north = (np.full(len(known), np.nan) for _ in range(2))
    # Across the date line the track goes on, it does not jump around the Earth.
    longitude = np.radians(np.unwrap(curves.longitude_deg[known], period=360))
    latitude = np.radians(curves.latitude_deg[known])
    middle = (latitude.min() + latitude.max()) / 2
    east[known] = (longitude - longitude[0]) * np.cos(middle) * _EARTH_RADIUS_M
    north[known] = (latitude - middle) * _EARTH_RADIUS_M
    east -= (np.nanmin(east) + np.nanmax(east)) / 2
    unit_m = max(
        2 * np.nanmax(east) / (_MAP_WIDTH - 2 * _MAP_MARGIN),
        2 * np.nanmax(north) / (_MAP_HEIGHT - 2 * _MAP_MARGIN),
        _LEAST_ACROSS_M / _MAP_HEIGHT,
    )
    return _Track(
        x=_MAP_WIDTH / 2 + east / unit_m,
        y=_MAP_HEIGHT / 2 - north / unit_m,
        metres_per_unit=float(unit_m),
    )


def _map(picture: _Picture, track: _Track) -> _Markup:
    across = _MAP_WIDTH * track.metres_per_unit
    said = f"Seen from above, north is up; the frame is {kilometres(across)} wide."
    drawn = _el(
        "svg",
        _el("title", "Outline of the track", id="title-map"),
        _el("desc", said, id="desc-map"),
        _track_paths(picture, track),
        _start_and_end(track),
        _scale_bar(track),
        _el("circle", r=13, id="here", class_="here", visibility="hidden"),
        viewBox=f"0 0 {_MAP_WIDTH} {_MAP_HEIGHT}",
        role="img",
        aria_labelledby="title-map desc-map",
    )
    # Beside curves, their legend serves both.
    return _el("div", drawn, "" if picture.panels else _legend(picture.bands), class_="map")


def _track_paths(picture: _Picture, track: _Track) -> _Markup:
    """The way as one path a tone, the one that matters most on top."""
    every = -(-len(track.x) // _MAP_POINTS)
    x, y = track.x[::every], track.y[::every]
    tones = _tone_at(np.arange(0.0, len(track.x), every), picture.bands)
    paths: dict[int, list[str]] = {}
    for run in _runs(tones):
        # One point more, so that the next tone begins where this one ends.
        part = slice(run.start, run.stop + 1)
        paths.setdefault(int(tones[run.start]), []).append(_path(x[part], y[part]))
    return _join(
        _el("path", d=d, class_=f"way {_DRAWN_LAST[tone]}")
        for tone, pieces in sorted(paths.items())
        if (d := "".join(pieces))
    )


def _tone_at(time_s: Floats, bands: Sequence[_Band]) -> NDArray[np.int_]:
    """The place in `_DRAWN_LAST` of the tone of every moment."""
    if not bands:
        return np.zeros(len(time_s), dtype=int)
    starts, ends = (np.array([getattr(b, edge) for b in bands]) for edge in ("start_s", "end_s"))
    codes = np.array([_DRAWN_LAST.index(band.tone) for band in bands])
    at = np.searchsorted(starts, time_s, side="right") - 1
    return np.where((at >= 0) & (time_s < ends[at]), codes[at], 0)


def _start_and_end(track: _Track) -> _Markup:
    known = np.flatnonzero(np.isfinite(track.x))
    (x0, y0), (x1, y1) = ((float(track.x[i]), float(track.y[i])) for i in known[[0, -1]])
    together = math.hypot(x1 - x0, y1 - y0) < 70
    marks = [
        _el("rect", x=f"{x1 - 11:.0f}", y=f"{y1 - 11:.0f}", width=22, height=22, class_="mark end"),
        _el("circle", cx=f"{x0:.0f}", cy=f"{y0:.0f}", r=12, class_="mark"),
        _place_name("Start and end" if together else "Start", x0, y0),
    ]
    return _join(marks if together else [*marks, _place_name("End", x1, y1)])


def _place_name(name: str, x: float, y: float) -> _Markup:
    """A name beside its mark, on the side that has room for it."""
    left = x > _MAP_WIDTH * 0.7
    return _el(
        "text", name, x=f"{x + (-24 if left else 24):.0f}", y=f"{y + 11:.0f}",
        text_anchor="end" if left else "start",
    )  # fmt: skip


def _scale_bar(track: _Track) -> _Markup:
    longest_m = 0.3 * _MAP_WIDTH * track.metres_per_unit
    length_m = _nice(longest_m / 2.5)
    units = length_m / track.metres_per_unit
    name = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    y = _MAP_HEIGHT - 34
    return _join(
        (
            _el("path", d=f"M34 {y - 12}V{y}h{units:.1f}v-12", class_="scale"),
            _el("text", name, x=34, y=y - 22, class_="small"),
            _el("text", "N ↑", x=_MAP_WIDTH - 34, y=62, text_anchor="end", class_="small"),
        )
    )


# --- what the cursor says ---------------------------------------------------------------------


def _step(picture: _Picture) -> int:
    """Samples from one stop of the cursor to the next."""
    return -(-int(picture.span_s) // _CURSOR_STOPS)


def _stops(picture: _Picture) -> int:
    return -(-int(picture.span_s) // _step(picture))


def _data(session: Session, picture: _Picture) -> _Markup:
    """The block the cursor reads, as compact as it can be; nothing in it can end the block."""
    if not picture.panels:
        return _Markup("")
    step = _step(picture)
    labels: dict[str, int] = {}
    spans = [
        [round(s.start_s, 1), round(s.end_s, 1), labels.setdefault(_label(s), len(labels))]
        for s in session.segments
    ]
    block = {
        "step_s": step,
        "span_s": picture.span_s,
        "panels": [_panel_data(panel, step) for panel in picture.panels],
        "gradient": _gradient_data(session.curves, step),
        "map": _map_data(picture.track, step),
        "segments": spans,
        "labels": list(labels),
        "laps": [[round(s.start_s, 1), round(s.end_s, 1), name] for name, s in session.laps],
    }
    text = json.dumps(block, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return _el("script", _Markup(text), type="application/json", id="data")


def _label(segment: contract.Segment) -> str:
    way = _direction_tone(segment)
    return _MOTIONS[segment.motion] + (f", {_DIRECTIONS[way]}" if way else "")


def _panel_data(panel: _Panel, step: int) -> dict[str, object]:
    axis = _axis(panel)
    return {
        "key": panel.key,
        "title": panel.title,
        "unit": panel.unit,
        "digits": panel.digits,
        "low": round(axis.low, 2),
        "high": round(axis.high, 2),
        "values": _rounded(_means(panel.values, step), panel.digits),
    }


def _gradient_data(curves: Curves, step: int) -> list[float | None] | None:
    if not np.isfinite(curves.gradient).any():
        return None
    return _rounded(_means(curves.gradient * 100, step), 1)


def _map_data(track: _Track | None, step: int) -> dict[str, list[float | None]] | None:
    if track is None:
        return None
    return {"x": _rounded(track.x[::step], 0), "y": _rounded(track.y[::step], 0)}


def _means(values: Floats, step: int) -> Floats:
    """Means of every `step` values, of those that are known."""
    padded = np.full(-(-len(values) // step) * step, np.nan)
    padded[: len(values)] = values
    blocks = padded.reshape(-1, step)
    known = np.isfinite(blocks)
    counts = known.sum(axis=1)
    sums = np.where(known, blocks, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _rounded(values: Floats, digits: int) -> list[float | None]:
    return [
        (round(x, digits) if digits else round(x)) if math.isfinite(x) else None
        for x in values.tolist()
    ]
