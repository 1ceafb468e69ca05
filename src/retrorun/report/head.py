"""The head of the page: what was recorded, its key figures, how much of it was backward."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import numpy as np

from retrorun import contract
from retrorun.report.markup import Markup, card, el, join
from retrorun.session import Session
from retrorun.units import clock, kilometres, pace_min_km


def session_name(session: Session) -> str:
    """What the session is called: its sport and when it began."""
    sport = session.recording.sport or "activity"
    return f"{sport[:1].upper()}{sport[1:]}, {_date(session.recording.start_time)}"


def _date(start: datetime | None) -> str:
    if start is None:
        return "date unknown"
    return f"{start.day} {start:%B %Y, %H:%M %Z}".rstrip()


def simulated_banner(recording: contract.RecordingSummary) -> Markup:
    """A banner over everything that no person ran; nothing for a real recording."""
    if not recording.simulated:
        return Markup("")
    said = "This was made by a computer, not recorded on a person."
    return el("div", el("strong", "Simulated."), f" {said}", class_="simulated", role="note")


def headline(session: Session) -> Markup:
    """The name of the session, and where its numbers come from."""
    about = session.recording
    device = "device unknown" if about.device == "unknown" else about.device
    facts = [about.file, about.format, device, f"{clock(about.duration_s)} long"]
    if session.distance_m is not None:
        facts.append(kilometres(session.distance_m))
    listed = el("ul", join(el("li", fact) for fact in facts), class_="facts")
    return join((el("h1", session_name(session)), listed))


def key_figures(session: Session) -> Markup:
    """Distance, moving time, mean speed, heart rate and ascent; what is not known says so."""
    distance_m, moving_s, heart = session.distance_m, session.moving_s, session.heart
    speed = distance_m / moving_s if distance_m is not None and moving_s else None
    ascent_m, energy = session.ascent_m, session.energy
    figures = (
        _figure("Distance", None if distance_m is None else kilometres(distance_m)),
        _figure("Moving time", None if moving_s is None else clock(moving_s)),
        _figure(
            "Mean speed",
            None if speed is None else f"{pace_min_km(speed)} /km",
            None if speed is None else f"{speed * 3.6:.1f} km/h",
        ),
        _figure(
            "Heart rate",
            None if heart is None or heart.mean_bpm is None else f"{heart.mean_bpm:.0f} bpm",
            None if heart is None or heart.max_bpm is None else f"highest {heart.max_bpm:.0f} bpm",
        ),
        _figure(
            "Energy",
            None if energy is None else f"{energy.total_kcal.value:.0f} kcal",
            None
            if energy is None
            else f"{energy.total_kcal.low:.0f} to {energy.total_kcal.high:.0f} (90 %)",
        ),
        _figure("Ascent", None if ascent_m is None else f"{ascent_m:.0f} m"),
    )
    return el("section", el("dl", *figures, class_="figures"), class_="card")


def _figure(name: str, value: str | None, extra: str | None = None) -> Markup:
    if value is None:
        return el("div", el("dt", name), el("dd", "not known", class_="unknown-value"))
    more = el("dd", extra, class_="extra") if extra else ""
    return el("div", el("dt", name), el("dd", value), more)


def direction_card(
    totals: contract.DirectionTotals | None, energy: contract.Energy | None
) -> Markup:
    """How much was backward, how much forward, and what came of it: what the page is about."""
    if totals is None:
        said = "Not judged yet: whether you went forward or backward is not known here."
        return card("Direction", el("p", said))
    ways = [
        (way, name, getattr(totals, f"{way}_s"), getattr(totals, f"{way}_m"))
        for way, name in (
            ("backward", "backward"), ("forward", "forward"),
            ("sideways", "sideways"), ("unknown", "direction unknown"),
        )
    ]  # fmt: skip
    shown = [w for w in ways if w[2] > 0 or w[0] in ("backward", "forward")]
    figures = (
        el("div", el("dt", name),
            el("dd", clock(time_s), el("span", f" · {kilometres(length_m)}")), class_=way)
        for way, name, time_s, length_m in shown
    )  # fmt: skip
    assumed = f"{clock(totals.assumed_s)} of forward is assumed: no channel could have told."
    return card(
        "Direction",
        el("dl", join(figures), class_="ways"),
        _shares([(way, time_s) for way, _, time_s, _ in shown]),
        el("p", energy.answer, class_="answer") if energy and totals.backward_s > 0 else "",
        el("p", assumed, class_="quiet") if totals.assumed_s > 0 else "",
    )


def _shares(parts: Sequence[tuple[str, float]]) -> Markup:
    """One bar, divided by time; the figures above say the same in words."""
    total = sum(time_s for _, time_s in parts)
    if not total > 0:
        return Markup("")
    starts = np.cumsum([0.0, *(time_s / total * 100 for _, time_s in parts)])
    bars = (
        el("rect", x=f"{a:.2f}%", width=f"{b - a:.2f}%", height="100%", class_=way)
        for (way, _), (a, b) in zip(parts, pairwise(starts), strict=True)
    )
    return el("svg", join(bars), class_="share", aria_hidden="true")
