"""Forest plots: where each study of an outcome lies, and the picture of them as SVG.

`Scale` says where a value lies from left to right; the terminal uses it too. The picture brings
its own paper and its colours for dark pages, holds its text as text, and asks nothing of anyone.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from retrorun.evidence.library import Claim, Outcome, studies
from retrorun.report.markup import Markup, el, number
from retrorun.report.scale import nice

if TYPE_CHECKING:
    from retrorun.evidence.pooling import Pooled
    from retrorun.evidence.summary import Row, Summary

# --- where and how ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From left to right: equal ratios, or equal differences, are equally far apart."""

    low: float
    high: float
    ticks: tuple[float, ...]
    ratio: bool

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the left end and 1 at the right; beyond where it is beyond."""
        low, value, high = (self._even(x) for x in (self.low, value, self.high))
        return (value - low) / (high - low)

    def _even(self, value: float) -> float:
        return math.log(value) if self.ratio else value


def scale_of(summary: Summary) -> Scale:
    """A scale that holds every figure, and as much of the prediction interval as does no harm.

    With three studies that interval may be many times as wide as all the rest together; it then
    leaves the picture with an arrow, and the number beside it keeps it.
    """
    ratio = summary.outcome.scale == "ratio"
    into, out_of = (math.log, math.exp) if ratio else (float, float)
    ends = [into(end) for end in summary.ends()]
    low, high = min(ends), max(ends)
    span = max(high - low, 0.1)
    if summary.pooled is not None and summary.pooled.prediction_low is not None:
        low = min(low, max(into(summary.pooled.prediction_low), low - span / 4))
        high = max(high, min(into(summary.pooled.prediction_high or 0), high + span / 4))
    low, high = low - 0.09 * span, high + 0.09 * span
    left, right = out_of(low), out_of(high)
    step = nice((right - left) / 6)
    ticks = range(math.ceil(left / step), math.floor(right / step) + 1)
    return Scale(low=left, high=right, ticks=tuple(n * step for n in ticks), ratio=ratio)


def figure(value: float) -> str:
    """A value as people read it.

    >>> figure(-0.99), figure(1.3)
    ('−0.99', '1.30')
    """
    return number(value, 2)


def interval(low: float, high: float) -> str:
    return f"{figure(low)} to {figure(high)}"


def tick(value: float) -> str:
    return f"{value:.10g}".replace("-", "−")


def spread(value: float, of: Outcome) -> str:
    """A spread on the scale of pooling in words: of a ratio, as so many per cent."""
    return f"{value * 100:.0f} %" if of.scale == "ratio" else f"{value:.2f} {of.unit}"


def people(row: Row) -> str:
    return str(row.finding.n) if row.finding.n else "–"


def studies_pooled(pooled: Pooled) -> str:
    return f"pooled, {pooled.studies} studies"


#: What a drawing calls the prediction interval.
ANOTHER = "where another such study would lie"


def range_in_words(summary: Summary) -> str:
    """What is shown where nothing is pooled."""
    low, high = summary.range
    if len(summary.rows) == 1:
        return f"The one figure: {figure(low)}."
    return f"The figures reach from {interval(low, high)}."


def varied(summary: Summary) -> tuple[float, float] | None:
    """From the lowest to the highest pooled value under the other assumptions."""
    values = [v.pooled.value for v in summary.variations if v.pooled is not None]
    return (min(values), max(values)) if values else None


# --- the picture -----------------------------------------------------------------------------

#: Colours of the session's page (`session.css`), light and dark.
_STYLE = """\
text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink)}
.claim{font-size:21px;font-weight:650}.head{font-size:15px;font-weight:600}.b{font-weight:600}
.s{font-size:12px;fill:var(--muted)}.i{font-size:12px}.e{text-anchor:end}.m{text-anchor:middle}
.paper{fill:var(--paper)}.wash{fill:var(--wash)}.rule{stroke:var(--line)}.grid{stroke:var(--grid)}
.none{stroke:var(--muted);stroke-width:1.4}.line{stroke:var(--f);stroke-width:2.2}
.guess{stroke:var(--f);stroke-width:2.2;stroke-dasharray:3 3.5}.mark{fill:var(--f)}
.range{fill:var(--f);opacity:.2}.hollow{fill:var(--paper);stroke:var(--hollow);stroke-width:1.8}
.away{stroke:var(--hollow);stroke-width:1.8}.pool{fill:var(--b)}.next{stroke:var(--b);stroke-width:2}
.tip{fill:var(--b)}.pooled{fill:var(--bt);font-weight:600}.word{font-weight:650;font-size:13px}
.supported,.prudent{--v:#1b786b;--w:#e3f3f0}.partly{--v:#8a5a00;--w:#fdf1d3}
.contradicted{--v:#b3261e;--w:#fce8e6}.unproven{--v:#5b6875;--w:#eceff2}
.pill{fill:var(--w)}.word{fill:var(--v)}
svg{--paper:#fff;--ink:#1c2630;--muted:#5b6875;--line:#e2e6ea;--grid:#edf0f2;--wash:#fdf5ef;
--f:#2a6fb5;--b:#d9580d;--bt:#b04405;--hollow:#7d8894}
@media(prefers-color-scheme:dark){svg{--paper:#191f26;--ink:#e5eaef;--muted:#a3b0bd;--line:#303a44;
--grid:#262e37;--wash:#25211f;--f:#64a5e6;--b:#ff9148;--bt:#ffa365;--hollow:#94a1ae}
.supported,.prudent{--v:#6fd6c5;--w:#173a36}.partly{--v:#ffd479;--w:#40330f}
.contradicted{--v:#ff9d94;--w:#4a2220}.unproven{--v:#b4bfca;--w:#2c353f}}"""

_WIDTH = 880
_EDGE = 32
#: Left and right end of the plots.
_LEFT, _RIGHT = 346, 668
#: Right end of the numbers of people, of the figures and of their intervals.
_N_AT, _FIGURE_AT, _INTERVAL_AT = 308, 728, _WIDTH - _EDGE - 12
_ROW = 42


def svg(claim: Claim, summaries: Sequence[Summary]) -> str:
    """The forest plots of a claim's outcomes, one below the other, in one picture."""
    sheet = _Sheet()
    _headline(sheet, claim)
    for summary in summaries:
        _block(sheet, summary)
    _legend(sheet, summaries)
    height = sheet.y + 24
    drawn = el(
        "svg",
        el("title", claim.claim, id="title"),
        el("desc", _told(claim, summaries), id="desc"),
        el("style", Markup(_STYLE)),
        el("rect", class_="paper", width=_WIDTH, height=height, rx=12),
        *sheet.marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height:.0f}",
        width=_WIDTH,
        height=f"{height:.0f}",
        role="img",
        aria_labelledby="title desc",
    )
    return f"{drawn}\n"


def _told(claim: Claim, summaries: Sequence[Summary]) -> str:
    """The picture in words, for those who do not see it."""
    parts = [f"Verdict: {claim.verdict}. {claim.in_short}"]
    for summary in summaries:
        rows = "; ".join(
            f"{row.study.cite} {figure(row.value)}" + ("" if row.pooled else " (not pooled)")
            for row in summary.rows
        )
        parts.append(f"{summary.outcome.title}: {rows}.")
        pooled = summary.pooled
        parts.append(
            f"{studies_pooled(pooled).capitalize()}: {figure(pooled.value)},"
            f" 90 % interval {interval(pooled.low, pooled.high)}."
            if pooled
            else f"{summary.why_not} {range_in_words(summary)}"
        )
    return " ".join(parts)


class _Sheet:
    """Marks from the top down; `y` is where the next thing begins."""

    def __init__(self) -> None:
        self.marks: list[Markup] = []
        self.y = 0.0

    def text(self, x: float, words: str, look: str = "", *, y: float | None = None) -> None:
        at = self.y if y is None else y
        self.marks.append(el("text", words, x=f"{x:.1f}", y=f"{at:.1f}", class_=look or None))

    def paragraph(self, x: float, words: str, look: str, *, columns: int, step: float) -> None:
        for line in textwrap.wrap(words, columns):
            self.text(x, line, look)
            self.y += step

    def line(self, look: str, *points: tuple[float, float]) -> None:
        for (x1, y1), (x2, y2) in pairwise(points):
            ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
            self.marks.append(el("line", class_=look, **{k: f"{v:.1f}" for k, v in ends.items()}))

    def box(self, look: str, x: float, y: float, width: float, height: float, rx: float) -> None:
        size = {"x": x, "y": y, "width": width, "height": height, "rx": rx}
        self.marks.append(el("rect", class_=look, **{k: f"{v:.1f}" for k, v in size.items()}))

    def shape(self, look: str, *points: tuple[float, float]) -> None:
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.marks.append(el("polygon", class_=look, points=way))

    def ring(self, x: float, y: float) -> None:
        self.marks.append(el("circle", class_="hollow", cx=f"{x:.1f}", cy=f"{y:.1f}", r="5"))


def _headline(sheet: _Sheet, claim: Claim) -> None:
    sheet.y = 48
    sheet.paragraph(_EDGE, claim.claim, "claim", columns=72, step=28)
    width = 7.4 * len(claim.verdict) + 24
    top = sheet.y - 10
    pill = _Sheet()
    pill.box("pill", _EDGE, top, width, 26, 13)
    pill.text(_EDGE + width / 2, claim.verdict, "word m", y=top + 17.5)
    sheet.marks.append(el("g", *pill.marks, class_=claim.verdict))
    sheet.y = top + 17.5
    sheet.paragraph(
        _EDGE + width + 14, claim.in_short, "", columns=int((790 - width) / 7.4), step=21
    )
    sheet.y += 8


def _block(sheet: _Sheet, summary: Summary) -> None:
    scale = scale_of(summary)
    of = summary.outcome
    sheet.line("rule", (_EDGE, sheet.y), (_WIDTH - _EDGE, sheet.y))
    sheet.y += 32
    sheet.paragraph(_EDGE, of.title, "head", columns=100, step=20)
    sheet.y += 8
    sheet.text(_N_AT, "people", "s e")
    sheet.text(_INTERVAL_AT, "90 % interval", "s e")
    sheet.text(_x(of.no_difference, scale), "no difference", "s m")
    sheet.text(_FIGURE_AT, _unit(of), "s e")
    sheet.y += 8
    top = sheet.y
    grid = len(sheet.marks)
    for row in summary.rows:
        _row(sheet, row, scale)
    if summary.pooled is not None:
        _pooled(sheet, summary.pooled, of, scale)
    behind = _Sheet()
    if summary.pooled is not None:
        first = top + _ROW * len(summary.rows)
        behind.box("wash", _EDGE - 12, first + 3, _WIDTH - 2 * _EDGE + 24, sheet.y - first - 6, 6)
    for value in scale.ticks:
        behind.line("grid", (_x(value, scale), top), (_x(value, scale), sheet.y + 4))
    same = _x(of.no_difference, scale)
    behind.line("none", (same, top), (same, sheet.y + 4))
    sheet.marks[grid:grid] = behind.marks
    _axis(sheet, of, scale)
    _notes(sheet, summary)


def _unit(of: Outcome) -> str:
    return "ratio" if of.scale == "ratio" else of.unit


def _x(value: float, scale: Scale) -> float:
    return _LEFT + (_RIGHT - _LEFT) * scale.share(value)


def _row(sheet: _Sheet, row: Row, scale: Scale) -> None:
    middle = sheet.y + _ROW / 2
    sheet.text(_EDGE, row.study.cite, y=middle - 2)
    sheet.text(_EDGE, _shortened(row.finding.condition, 46), "s", y=middle + 14)
    sheet.text(_N_AT, people(row), "e", y=middle - 2)
    x = _x(row.value, scale)
    if row.over_conditions:
        left, right = (_x(end, scale) for end in row.over_conditions)
        sheet.box("range", left, middle - 6, right - left, 12, 3)
    if row.low is not None and row.high is not None:
        look = ("guess" if row.imputed else "line") if row.pooled else "away"
        ends = [(_x(end, scale), middle) for end in (row.low, row.high)]
        sheet.line(look, *ends)
        if not row.imputed:
            for end, _ in ends:
                sheet.line(look, (end, middle - 4.5), (end, middle + 4.5))
    if row.weight is not None:
        # The area is the weight, as in every forest plot.
        side = 22 * math.sqrt(row.weight)
        sheet.box("mark", x - side / 2, middle - side / 2, side, side, 1)
    else:
        sheet.ring(x, middle)
    sheet.text(_FIGURE_AT, figure(row.value), "e", y=middle + 5)
    sheet.text(_INTERVAL_AT, _interval_of(row), "s e", y=middle + 5)
    if row.imputed:
        sheet.text(_INTERVAL_AT + 4, "*", "s", y=middle + 5)
    sheet.y += _ROW


def _interval_of(row: Row) -> str:
    if row.low is None or row.high is None:
        return f"[{interval(*row.over_conditions)}]" if row.over_conditions else "none"
    return interval(row.low, row.high)


def _pooled(sheet: _Sheet, pooled: Pooled, of: Outcome, scale: Scale) -> None:
    middle = sheet.y + _ROW / 2
    sheet.text(_EDGE, studies_pooled(pooled), "pooled", y=middle - 2)
    sheet.text(_EDGE, f"spread between studies {spread(pooled.tau, of)}", "s", y=middle + 14)
    left, x, right = (_x(v, scale) for v in (pooled.low, pooled.value, pooled.high))
    sheet.shape("pool", (left, middle), (x, middle - 9), (right, middle), (x, middle + 9))
    sheet.text(_FIGURE_AT, figure(pooled.value), "pooled e", y=middle + 5)
    sheet.text(_INTERVAL_AT, interval(pooled.low, pooled.high), "i b e", y=middle + 5)
    sheet.y += _ROW
    if pooled.prediction_low is None or pooled.prediction_high is None:
        return
    middle = sheet.y + _ROW / 2 - 5
    sheet.text(_EDGE, ANOTHER, y=middle + 5)
    reach = [_x(end, scale) for end in (pooled.prediction_low, pooled.prediction_high)]
    left, right = max(reach[0], _LEFT), min(reach[1], _RIGHT)
    sheet.line("next", (left, middle), (right, middle))
    for end, inside, away in ((left, reach[0] >= _LEFT, -1), (right, reach[1] <= _RIGHT, 1)):
        if inside:
            sheet.line("next", (end, middle - 5), (end, middle + 5))
        else:
            sheet.shape("tip", (end + 7 * away, middle), (end, middle - 5), (end, middle + 5))
    words = interval(pooled.prediction_low, pooled.prediction_high)
    sheet.text(_INTERVAL_AT, words, "i e", y=middle + 5)
    sheet.y += _ROW


def _axis(sheet: _Sheet, of: Outcome, scale: Scale) -> None:
    sheet.y += 20
    for value in scale.ticks:
        sheet.text(_x(value, scale), tick(value), "s m")
    sheet.y += 20
    same = _x(of.no_difference, scale)
    sheet.text(same - 10, f"← {of.below}", "s e")
    sheet.text(same + 10, f"{of.above} →", "s")
    sheet.y += 24


def _notes(sheet: _Sheet, summary: Summary) -> None:
    """Why rows are hollow, why nothing is pooled, and what other assumptions would give."""
    lines = []
    reasons: dict[str, list[str]] = {}
    for row in summary.rows:
        if row.why_not:
            names = reasons.setdefault(row.why_not, [])
            names += [row.study.cite] if row.study.cite not in names else []
    if summary.pooled is None:
        lines.append(f"Not pooled. {summary.why_not} {range_in_words(summary)}")
    else:
        lines += [f"Not pooled: {', '.join(names)}: {why}." for why, names in reasons.items()]
    if summary.spread_from:
        lines.append(f"* No spread was published: imputed from {source_in_words(summary)}.")
    moved = varied(summary)
    if moved:
        lines.append(
            "With other imputed spreads, or without any one study, the pooled value lies between"
            f" {figure(moved[0])} and {figure(moved[1])}."
        )
    for line in lines:
        sheet.paragraph(_EDGE, line, "s", columns=132, step=17)
    sheet.y += 6


def source_in_words(summary: Summary) -> str:
    """Where the imputed spread comes from, in words."""
    names = [
        f"{studies()[finding.study].cite} ({finding.n} people)" for finding in summary.spread_from
    ]
    sd = summary.pooled.person_sd if summary.pooled else 0.0
    return f"the spread between the persons of {', '.join(names)}, {spread(sd, summary.outcome)}"


def _legend(sheet: _Sheet, summaries: Sequence[Summary]) -> None:
    """Only the marks that are in the picture."""
    rows = [row for summary in summaries for row in summary.rows]
    sheet.line("rule", (_EDGE, sheet.y), (_WIDTH - _EDGE, sheet.y))
    sheet.y += 28
    at, middle = _EDGE + 0.0, sheet.y - 4
    entries = [
        ("published", "published spread", any(r.pooled and not r.imputed for r in rows)),
        ("imputed", "imputed spread", any(r.imputed for r in rows)),
        ("hollow", "shown, not pooled", any(not r.pooled for r in rows)),
        ("range", "[ ] range over conditions", any(r.over_conditions for r in rows)),
        ("pooled", "pooled", any(s.pooled for s in summaries)),
    ]
    for kind, words, there in entries:
        if not there:
            continue
        if kind in ("published", "imputed"):
            sheet.line("line" if kind == "published" else "guess", (at, middle), (at + 30, middle))
            sheet.box("mark", at + 10, middle - 5, 10, 10, 1)
        elif kind == "hollow":
            sheet.ring(at + 15, middle)
        elif kind == "range":
            sheet.box("range", at, middle - 6, 30, 12, 3)
        else:
            points = (at, middle), (at + 15, middle - 7), (at + 30, middle), (at + 15, middle + 7)
            sheet.shape("pool", *points)
        sheet.text(at + 38, words, "s")
        at += 38 + 6.2 * len(words) + 24


def _shortened(words: str, columns: int) -> str:
    return words if len(words) <= columns else words[: columns - 1].rstrip() + "…"
