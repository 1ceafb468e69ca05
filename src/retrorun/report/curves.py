"""The curves: panels over one time axis, under a ribbon of directions and motions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from retrorun.report.cursor import scrubber
from retrorun.report.drawing import Axis, axis_of, legend, path
from retrorun.report.markup import Markup, el, join, moment, number
from retrorun.report.picture import Band, Floats, Panel, Picture
from retrorun.session import Session

#: A curve has two points, its lowest and highest, for each of so many equal parts.
_CURVE_PARTS = 1000

#: Lap names above the curves; more of them could not be read.
_MOST_LAP_NAMES = 24

#: What curves are drawn in, before they are stretched to the page.
_WIDTH, _HEIGHT = 2000, 400


def curves(session: Session, picture: Picture) -> Markup:
    """Every curve over one time axis, with one cursor."""
    ticks = _time_ticks(picture.span_s)
    # The ground of the ribbon shows where no band lies on it.
    ground = [Band(0.0, picture.span_s, "unjudged")] if session.not_judged_s > 0 else []
    now = el(
        "p", el("b", id="now-time"), el("span", id="now-what"), el("span", id="now-lap"),
        id="now", class_="now", hidden="",
    )  # fmt: skip
    return el(
        "div",
        now,
        _lap_names(session, picture),
        _ribbon(session, picture),
        legend(picture.directions, picture.motions, ground),
        *(_panel(panel, picture, ticks) for panel in picture.panels),
        _hours(picture, ticks),
        id="curves",
        class_="curves",
    )


def _percent(time_s: float, picture: Picture) -> str:
    return f"{100 * time_s / picture.span_s:.3f}%"


def _stretched(*inside: object, **attributes: object) -> Markup:
    """A drawing that fills its place whatever the shape of it."""
    return el(
        "svg", *inside, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none",
        width="100%", **attributes,
    )  # fmt: skip


# --- the ribbon ------------------------------------------------------------------------------


def _ribbon(session: Session, picture: Picture) -> Markup:
    """Direction above motion as two strips; here the bands are defined that panels repeat."""
    backward = _band_path([b for b in picture.directions if b.tone == "backward"], picture)
    lap_lines = "".join(
        f"M{_x(span.start_s, picture)} 0V{_HEIGHT}" for _, span in session.laps if span.start_s > 0
    )
    defined = el(
        "defs",
        el("g", _band_paths(picture.bands, picture), id="bands"),
        el("path", d=lap_lines or None, id="laps", class_="lap"),
        el("clipPath", el("path", d=backward), id="backward-only") if backward else "",
    )
    ground = el("rect", width=_WIDTH, height=_HEIGHT, class_="unjudged")
    ways, motions = (_band_paths(row, picture) for row in (picture.directions, picture.motions))
    strips = [_stretched(ground, motions, height=12 if not picture.directions else 8)]
    if picture.directions:
        strips = [
            _stretched(ground, ways, height=18),
            _stretched(ground, motions, height=8, y=20),
        ]
    strips.append(el("line", y1=0, y2="100%", class_="cursor", visibility="hidden"))
    drawn = el("svg", defined, *strips, aria_hidden="true")
    kind = "ribbon" if picture.directions else "ribbon plain"
    return el("div", drawn, scrubber(picture), class_=kind)


def _x(time_s: float, picture: Picture) -> str:
    return f"{min(max(time_s / picture.span_s, 0.0), 1.0) * _WIDTH:.5g}"


def _band_path(bands: Iterable[Band], picture: Picture) -> str:
    """Upright rectangles, never too narrow to be seen."""
    return "".join(
        f"M{_x(b.start_s, picture)} 0V{_HEIGHT}"
        f"h{max((b.end_s - b.start_s) / picture.span_s * _WIDTH, 1.0):.5g}V0z"
        for b in bands
    )


def _band_paths(bands: Sequence[Band], picture: Picture) -> Markup:
    tones = dict.fromkeys(band.tone for band in bands)
    return join(
        el("path", d=_band_path([b for b in bands if b.tone == tone], picture), class_=tone)
        for tone in tones
    )


def _lap_names(session: Session, picture: Picture) -> Markup:
    if not 2 <= len(session.laps) <= _MOST_LAP_NAMES:
        return Markup("")
    names = (
        el(
            "svg", el("text", name, x=2, y=12), x=_percent(span.start_s, picture),
            width=_percent(span.duration_s, picture),
        )
        for name, span in session.laps
    )  # fmt: skip
    return el("div", el("svg", join(names), width="100%"), class_="laps hours", aria_hidden="true")


# --- the panels ------------------------------------------------------------------------------


def _panel(panel: Panel, picture: Picture, ticks: Sequence[float]) -> Markup:
    axis = axis_of(panel)
    curve = _curve_path(panel.values, axis)
    backward = any(band.tone == "backward" for band in picture.directions)
    over = el("use", href=f"#curve-{panel.key}", class_="line-backward",
               clip_path="url(#backward-only)") if backward else ""  # fmt: skip
    inner = _stretched(
        el("use", href="#bands", class_="wash"),
        el("use", href="#laps"),
        el("g", el("path", d=curve, id=f"curve-{panel.key}", class_="curve"), class_="line"),
        over,
        height="100%",
    )
    key = panel.key
    drawn = el(
        "svg",
        el("title", panel.title, id=f"title-{key}"),
        el("desc", f"{panel.title} over time, {panel.extremes}.", id=f"desc-{key}"),
        _grid(axis, ticks, picture),
        inner,
        el("line", y1=0, y2="100%", class_="cursor", visibility="hidden"),
        el("circle", r=4.5, id=f"dot-{key}", class_="dot", visibility="hidden"),
        role="img",
        aria_labelledby=f"title-{key} desc-{key}",
    )
    head = el(
        "div", el("h3", panel.title), el("p", panel.extremes, class_="quiet"),
        el("b", id=f"now-{key}"), class_="panel-head",
    )  # fmt: skip
    return el("div", head, el("div", drawn, class_="plot"), class_="panel")


def _grid(axis: Axis, ticks: Sequence[float], picture: Picture) -> Markup:
    upright = (
        el("line", x1=x, x2=x, y2="100%", class_="grid minor" if n % 2 else "grid")
        for n, x in enumerate(_percent(time_s, picture) for time_s in ticks)
    )
    heights = [(value, f"{axis.height(value):.2%}") for value in axis.ticks]
    across = (el("line", x2="100%", y1=y, y2=y, class_="grid") for _, y in heights)
    digits = 0 if all(value == round(value) for value in axis.ticks) else 1
    names = (
        el("text", number(value, digits), x=-7, y=y, dy="0.32em", text_anchor="end",
            class_="tick")
        for value, y in heights
    )  # fmt: skip
    return join((*upright, *across, *names))


def _hours(picture: Picture, ticks: Sequence[float]) -> Markup:
    """The names of round moments; one at the very end would stand out of the page."""
    names = (
        el(
            "text", moment(time_s), x=_percent(time_s, picture), y=13, text_anchor="middle",
            class_="tick minor" if n % 2 else "tick",
        )
        for n, time_s in enumerate(ticks)
        if time_s < 0.96 * picture.span_s
    )  # fmt: skip
    return el("div", el("svg", join(names), aria_hidden="true"), class_="hours")


_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600,
                 43_200, 86_400, 172_800)  # fmt: skip


def _time_ticks(span_s: float) -> list[float]:
    """Round moments, at most a dozen.

    >>> _time_ticks(2400)
    [0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400]
    """
    step = next((step for step in _TIME_STEPS_S if span_s / step <= 11), _TIME_STEPS_S[-1])
    return list(range(0, int(span_s) + 1, step))


def _curve_path(values: Floats, axis: Axis) -> str:
    at, ends = _envelope(values, parts=_CURVE_PARTS)
    heights = (axis.high - ends) / (axis.high - axis.low) * _HEIGHT
    return path(at / max(len(values), 1) * _WIDTH, heights)


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
