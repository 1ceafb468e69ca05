"""The tables of the page, and its lists of what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retrorun import contract
from retrorun.report import muscles
from retrorun.report.markup import (
    MOTIONS,
    Markup,
    card,
    direction_tone,
    el,
    join,
    moment,
    number,
    swatch,
)
from retrorun.session import Session
from retrorun.units import clock, kilometres, pace_min_km


def _table(
    caption: str, head: Sequence[str], rows: Iterable[Markup], *, numbers_from: int
) -> Markup:
    """A table that scrolls by itself, by keyboard too, where the page is narrow."""
    titles = join(el("th", title, scope="col") for title in head)
    table = el(
        "table",
        el("caption", el("span", caption)),
        el("thead", el("tr", titles)),
        el("tbody", join(rows)),
        class_=f"numbers-from-{numbers_from}",
    )
    return el("div", table, class_="scroll", role="region", tabindex=0, aria_label=caption)


def _row(title: object, *cells: object, **attributes: object) -> Markup:
    return el("tr", el("th", title, scope="row"), join(el("td", c) for c in cells), **attributes)


def _interval(estimate: contract.Estimate, digits: int = 0, *, scale: float = 1.0) -> str:
    return " – ".join(number(x * scale, digits) for x in (estimate.low, estimate.high))


# --- segments --------------------------------------------------------------------------------

#: A longer table is folded after so many rows.
_ROWS_AT_ONCE = 50

_SEGMENT_COLUMNS = ("Start", "End", "Motion", "Direction", "Distance", "Speed [km/h]",
                    "Pace [min/km]", "Cadence [steps/min]", "Heart rate [bpm]",
                    "Energy [kcal]")  # fmt: skip
_SOURCES = {
    "sensors": "by sensors",
    "watch": "by the watch",
    "laps": "by laps",
    "athlete": "told by you",
    "assumed": "assumed",
}


def segments_card(segments: Sequence[contract.Segment], *, linked: bool) -> Markup:
    """A row for every segment; `linked` makes starts move the cursor."""
    if not segments:
        return card("Segments", el("p", "No stretch of this recording could be judged."))
    caption = "Every stretch of one motion and direction"
    caption += "; choose a start to move the cursor there" if linked else ""
    rows = [_segment_row(s, index, linked=linked) for index, s in enumerate(segments)]
    at_once, folded = rows[:_ROWS_AT_ONCE], rows[_ROWS_AT_ONCE:]
    tables = [_table(caption, _SEGMENT_COLUMNS, at_once, numbers_from=5)]
    if folded:
        rest = f"The other {len(folded):,} segments"
        table = _table(rest, _SEGMENT_COLUMNS, folded, numbers_from=5)
        tables.append(el("details", el("summary", rest), table))
    return card("Segments", *tables, long=True)


def _segment_row(segment: contract.Segment, index: int, *, linked: bool) -> Markup:
    start: object = moment(segment.start_s)
    if linked:
        start = el("button", start, type="button", data_at=f"{segment.start_s:g}")
    speed = segment.speed_m_s
    return _row(
        start,
        moment(segment.end_s),
        swatch(segment.motion, MOTIONS[segment.motion]),
        _segment_direction(segment),
        kilometres(segment.distance_m),
        number(None if speed is None else speed * 3.6, 1),
        pace_min_km(speed),
        number(segment.cadence_steps_min),
        number(segment.heart_rate_bpm),
        number(None if segment.energy_kcal is None else segment.energy_kcal.value),
        class_="backward" if segment.direction == "backward" else None,
        data_segment=index,
    )


def _segment_direction(segment: contract.Segment) -> Markup:
    if segment.motion == "still":
        return Markup("–")
    if segment.direction is None:
        return el("small", "not judged yet")
    why = [] if segment.source is None else [_SOURCES[segment.source]]
    if segment.probability is not None:
        why.insert(0, f"{segment.probability:.0%}")
    tone = direction_tone(segment) or segment.direction
    return join((swatch(tone, segment.direction), " ", el("small", ", ".join(why))))


# --- form, energy, heart, muscle -------------------------------------------------------------

_FORM_ROWS = (
    ("cadence_steps_min", "Cadence", "steps/min", 1.0, 0),
    ("step_length_m", "Step length", "m", 1.0, 2),
    ("contact_time_s", "Contact time", "ms", 1000.0, 0),
    ("flight_time_s", "Flight time", "ms", 1000.0, 0),
    ("stride_time_variability", "Stride time variability", "%", 100.0, 1),
    ("step_asymmetry", "Step asymmetry", "%", 100.0, 1),
    ("harmonic_ratio", "Harmonic ratio, vertical", "", 1.0, 2),
    ("local_divergence", "Local divergence, a stride", "", 1.0, 2),
    ("trunk_lean_deg", "Trunk lean against your standing", "°", 1.0, 1),
)


def form_card(form: contract.FormByDirection | None) -> Markup:
    """How somebody moved, by direction, with intervals; nothing where it is not known."""
    if form is None:
        return Markup("")
    ways: tuple[tuple[str, contract.Form | None], ...] = (
        ("forward", form.forward), ("backward", form.backward), ("unknown", form.unknown)
    )  # fmt: skip
    rows = [
        _row(
            label,
            swatch(way, "not judged yet" if way == "unknown" else way),
            MOTIONS[of_way.motion],
            number(estimate.value * scale, digits, unit),
            _interval(estimate, digits, scale=scale),
            f"{estimate.strides:,}",
        )
        for key, label, unit, scale, digits in _FORM_ROWS
        for way, of_way in ways
        if of_way is not None and (estimate := getattr(of_way, key)) is not None
    ]
    if not rows:
        return Markup("")
    head = ("What", "Direction", "Gait", "Value", "90 % interval", "Strides")
    return card(
        "Form", _table("How you moved, over all strides of one gait", head, rows, numbers_from=4)
    )


_ENERGY_ROWS = (
    ("total_kcal", "In all"),
    ("forward_kcal", "Forward"),
    ("backward_kcal", "Backward"),
    ("unknown_kcal", "Direction unknown"),
    ("still_kcal", "Standing"),
    ("net_total_kcal", "In all, above standing"),
    ("same_speed_all_forward_kcal", "Had all been forward at the same speeds"),
)


#: Keys of the profile as people read them.
_FACTS = {"mass_kg": "your mass", "calibration": "a test of your oxygen uptake"}


def energy_card(energy: contract.Energy | None) -> Markup:
    """Energy [kcal], by direction and compared with other runs; nothing where not judged."""
    if energy is None:
        return Markup("")
    rows = [
        _row(label, number(estimate.value), _interval(estimate))
        for key, label in _ENERGY_ROWS
        if (estimate := getattr(energy, key)).value > 0
    ]
    hypothesis = energy.same_heart_rate_all_forward
    if hypothesis is not None:
        label = "Had all been forward at the same heart rate (a hypothesis)"
        rows.append(_row(label, number(hypothesis.kcal.value), _interval(hypothesis.kcal)))
    judged = f"Judged for {clock(energy.judged_s)}, not judged for {clock(energy.not_judged_s)}."
    narrower = [
        f"{_FACTS[item.field]}: ±{item.then_percent:.0f} % instead of ±{item.now_percent:.0f} %"
        for item in energy.would_narrow
    ]
    return card(
        "Energy",
        _table("Kilocalories", ("What", "kcal", "90 % interval"), rows, numbers_from=2),
        el("p", f"How: {energy.method}. {judged}", class_="quiet"),
        el("p", f"Would narrow it: {'; '.join(narrower)}.", class_="quiet") if narrower else "",
    )


def heart_card(heart: contract.Heart | None) -> Markup:
    """Zones, load and the comparison of directions; mean and highest are key figures already."""
    if heart is None:
        return Markup("")
    parts = [
        part
        for part in (
            _same_speed(heart.same_speed),
            _zones(heart),
            _load(heart.load),
            _drift(heart.drift_bpm_h),
            _recoveries(heart.recoveries),
        )
        if part
    ]
    return card("Heart", *parts) if parts else Markup("")


def _same_speed(same: contract.SameSpeed | None) -> Markup:
    if same is None:
        return Markup("")
    rows = [
        _row(name, number(estimate.value, 0, "bpm"), _interval(estimate))
        for name, estimate in (
            ("Forward", same.forward_bpm),
            ("Backward", same.backward_bpm),
            ("Backward minus forward", same.difference_bpm),
        )
    ]
    caption = f"Heart rate at the same speed, {same.speed_m_s * 3.6:.1f} km/h ({same.motion})"
    return _table(caption, ("Direction", "Heart rate", "90 % interval"), rows, numbers_from=2)


def _zones(heart: contract.Heart) -> Markup:
    if heart.zones is None:
        return Markup("")
    estimated = [
        name
        for name in ("resting", "threshold", "max")
        if (limit := getattr(heart.limits, f"{name}_bpm")) and limit.source == "estimated"
    ]
    rows = [
        _row(z.name, f"{z.low_bpm:.0f} – {z.high_bpm:.0f}", clock(z.time_s)) for z in heart.zones
    ]
    caption = f"Time by zone of {heart.zones_by}"
    if estimated:
        caption += f" ({', '.join(estimated)} heart rate estimated)"
    return _table(caption, ("Zone", "bpm", "Time"), rows, numbers_from=2)


def _load(load: contract.Load | None) -> Markup:
    names = (("trimp", "TRIMP"), ("edwards", "Edwards"), ("session_rpe", "Session-RPE"))
    rows = [
        _row(label, number(value))
        for key, label in names
        if load is not None and (value := getattr(load, key)) is not None
    ]
    return _table("Load", ("Method", "Points"), rows, numbers_from=2) if rows else Markup("")


def _drift(drift: contract.Estimate | None) -> Markup:
    if drift is None:
        return Markup("")
    said = f"{number(drift.value)} bpm an hour at the same speed ({_interval(drift)})"
    return el("p", el("b", "Drift"), f" {said}")


def _recoveries(recoveries: Sequence[contract.Recovery]) -> Markup:
    if not recoveries:
        return Markup("")
    rows = [
        _row(moment(item.end_s), item.direction, number(item.drop_bpm, 0, "bpm"))
        for item in recoveries
    ]
    head = ("End of a repetition", "Direction", "Fall in a minute")
    return _table("Recovery", head, rows, numbers_from=3)


def muscle_card(muscle: contract.Muscle | None) -> Markup:
    """Work of muscle groups, and what backward asked more or less; nothing where not judged."""
    if muscle is None:
        return Markup("")
    most = max(
        (abs(kind.value) for _, work in muscles.told(muscle) for kind in _directed(work)),
        default=0.0,
    )
    rows = [
        _row(
            muscles.NAMES[group],
            *(
                join((value, " ", el("small", f"({ends})")))
                for value, ends in muscles.figures(work)
            ),
            _work_bar(work, most),
        )
        for group, work in muscles.told(muscle)
    ]
    head = ("Muscles", *(name[0].upper() + name[1:] for _, name in muscles.ENERGIES), "Held",
            "◂ stretched | shortening ▸")  # fmt: skip
    said = [el("li", sentence) for sentence in muscles.backward_in_words(muscle)]
    return card(
        "Muscle work",
        _table("What each muscle group did while you ran", head, rows, numbers_from=2),
        el("p", "Backward, against the same way forward:", class_="answer") if said else "",
        el("ul", *said, class_="plain") if said else "",
        el("p", f"{muscles.judged(muscle)} {muscles.HELD}", class_="quiet"),
        el("p", muscle.confidence, class_="quiet"),
    )


def _directed(work: contract.MuscleWork) -> tuple[contract.Estimate, contract.Estimate]:
    return work.eccentric_kj, work.concentric_kj


def _work_bar(work: contract.MuscleWork, most: float) -> Markup:
    """Stretched to the left and shortening to the right of one middle, all groups to one scale."""
    if not most > 0:
        return Markup("")
    left, right = (50 * abs(kind.value) / most for kind in _directed(work))
    bars = (
        el("rect", x=f"{x:.1f}%", width=f"{width:.1f}%", height="100%", class_=name)
        for name, x, width in (("stretched", 50 - left, left), ("shortening", 50, right))
    )
    return el("svg", join(bars), class_="work", aria_hidden="true")


# --- what is not known -----------------------------------------------------------------------

_UNJUDGED = {
    "direction": ("Direction", "not judged yet"),
    "energy": ("Energy", "not judged yet"),
    "muscle": ("Muscle work", "not judged yet"),
    "heart": ("Heart rate", "not known from this recording"),
    "form": ("Form, stride by stride", "not known from this recording"),
}


def not_judged_card(session: Session) -> Markup:
    """What this session says nothing about, and for how long; nothing where it is complete."""
    lines = [
        el("li", el("b", name), " ", el("span", said))
        for key, (name, said) in _UNJUDGED.items()
        if getattr(session, key) is None
    ]
    if session.not_judged_s > 0:
        time_s = clock(session.not_judged_s)
        said = "no channel told whether and how you moved"
        lines.append(el("li", el("b", f"{time_s} of the recording"), " ", el("span", said)))
    if not lines:
        return Markup("")
    return card("Not judged", el("ul", *lines, class_="note-list"))


def problems_card(recording: contract.RecordingSummary) -> Markup:
    """What was wrong with the recording: what, where, and what came of it."""
    if not recording.problems:
        return card("Worth knowing", el("p", "Nothing was found wrong with this recording."))
    lines = (
        el("li", el("b", p.what), " ", el("span", f"({p.where})"), el("p", p.effect))
        for p in recording.problems
    )
    return card("Worth knowing", el("ul", *lines, class_="note-list"), long=True)
