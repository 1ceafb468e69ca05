"""Claims and the evidence behind them on the terminal, with a forest plot of letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from retrorun.evidence.library import (
    Claim,
    Finding,
    Verdict,
    claims,
    repeats,
    studies,
    visible,
)
from retrorun.report import forest
from retrorun.report.forest import figure, interval

if TYPE_CHECKING:
    from retrorun.evidence.pooling import Pooled
    from retrorun.evidence.summary import Row, Summary

_VERDICT_STYLE: dict[Verdict, str] = {
    "supported": "bold green",
    "partly": "bold yellow",
    "prudent": "bold cyan",
    "contradicted": "bold red",
    "unproven": "bold blue",
}

#: Longer lines are hard to read.
_WIDEST = 120

#: From this width on, plots stand beside the names; below, under them.
_SIDE_BY_SIDE = 88
_NAME, _N = 28, 4

#: Marks of the plot: ends, line and middle of an interval.
_PUBLISHED, _IMPUTED, _HOLLOW = "├─┤■", "╌╌╌■", "├─┤□"
_OVER_CONDITIONS, _POOLED, _NEXT, _VARIED = "[·]□", "╺━╸◆", "├┄┤┄", "   ◇"


# --- the list of claims ----------------------------------------------------------------------


def show_claims(console: Console) -> None:
    """Every claim in words, with the verdict and the one line."""
    console.print("What people say about running backward, and what the studies say.\n")
    names = max(map(len, claims()))
    for claim in claims().values():
        line = Table.grid(padding=(0, 2))
        line.add_column(width=names)
        line.add_column(max_width=min(console.width, _WIDEST) - names - 2)
        line.add_row(_verdict(claim), Text(claim.claim, style="bold"))
        line.add_row(Text(claim.key, style="dim"), Text(claim.in_short))
        console.print(line)
        console.print()
    first = next(iter(claims()))
    console.print(
        f"The word under a verdict names the claim: [bold]retrorun evidence {first}[/bold] shows"
        " its studies."
    )


def _verdict(claim: Claim) -> Text:
    return Text(claim.verdict, style=_VERDICT_STYLE[claim.verdict])


# --- one claim -------------------------------------------------------------------------------


def show_claim(claim: Claim, *, console: Console) -> None:
    """A claim, its verdict, and all that is behind it."""
    width = min(console.width, _WIDEST)
    console.print(Text(claim.claim, style="bold"), width=width)
    console.print(Text.assemble("Verdict: ", _verdict(claim), ". ", claim.in_short), width=width)
    pro, contra = visible(claim.for_), visible(claim.against)
    if not pro and not contra and not claim.outcomes:
        _heading("Studies", console)
        _say("No study was found.", console)
    noted: set[str] = set()
    _findings("For", pro, noted, console)
    _findings("Against", contra, noted, console)
    summaries = _summaries(claim)
    for summary in summaries:
        _outcome(summary, console)
    _once_only([*pro, *contra, *(row.finding for s in summaries for row in s.rows)], console)
    _physics(claim, console)
    _heading("Not known", console)
    _say(claim.unknown, console)
    _heading("What would change the verdict", console)
    _say(claim.would_change, console)


def _physics(claim: Claim, console: Console) -> None:
    """The second witness, where it has a word."""
    from retrorun.simulation.verdict import physics_of

    sentences = physics_of(claim.key)
    if sentences:
        _heading("Physics (a simulated runner)", console)
        for sentence in sentences:
            _say(sentence, console)


def _summaries(claim: Claim) -> list[Summary]:
    if not claim.outcomes:
        return []
    from retrorun.evidence.summary import summarise  # heavy: numpy, scipy, statsmodels

    return [summarise(outcome) for outcome in claim.outcomes]


def how_seen(finding: Finding) -> str:
    """The flag of a finding in words."""
    study = studies()[finding.study]
    if finding.flag == "D":
        second = "second hand, " if study.flag == "S2" else ""
        return f"{second}derived: {finding.derived}"
    if finding.flag == "S2":
        return "second hand"
    return "seen on its page" if study.seen == "page" else "seen in the abstract"


def _findings(title: str, findings: Sequence[Finding], noted: set[str], console: Console) -> None:
    """The findings of one side; the note on a study stands where it is first met."""
    if not findings:
        return
    _heading(title, console)
    mark, style = ("+", "green") if title == "For" else ("−", "red")
    for finding in findings:
        study = studies()[finding.study]
        about = [
            study.cite,
            f"{finding.n:,} people" if finding.n else "number of people not seen",
            finding.condition,
            how_seen(finding),
            "" if finding.remark.lower() in study.note.lower() else finding.remark,
        ]
        line = Table.grid(padding=(0, 1))
        line.add_column(width=3, justify="right")
        line.add_column(max_width=min(console.width, _WIDEST) - 4)
        line.add_row(Text(mark, style=style), Text(finding.says))
        line.add_row("", Text(" · ".join(part for part in about if part), style="dim"))
        if study.note and study.key not in noted:
            line.add_row("", Text(f"Note: {study.note}", style="dim italic"))
        noted.add(study.key)
        console.print(line)


def _once_only(findings: Iterable[Finding], console: Console) -> None:
    """Publications that repeat one of the studies: named, counted once."""
    notes = [
        f"{other.cite} repeats {studies()[key].cite} and is not counted. {other.note}".strip()
        for key in dict.fromkeys(finding.study for finding in findings)
        for other in repeats(key)
    ]
    if notes:
        _heading("Listed once", console)
        for note in notes:
            _say(note, console)


# --- one outcome -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a forest plot: its words, and what is drawn beside or below them."""

    name: str
    words: str = ""  #: the value with its interval
    n: str = ""
    style: str = ""
    marks: str = _HOLLOW
    value: float | None = None
    ends: tuple[float | None, float | None] = (None, None)
    ink: str = "dim"
    varied: bool = False  #: the pooled effect under another assumption


def _outcome(summary: Summary, console: Console) -> None:
    _heading(summary.outcome.title, console)
    lines = _lines(summary)
    room = min(console.width, _WIDEST + 20) - 2
    if console.width >= _SIDE_BY_SIDE:
        figures = max(len(line.words) for line in lines)
        plot = _Plot(summary, cells=room - _NAME - _N - figures - 6)
        _indented(_side_by_side(lines, plot, figures=figures), console)
    else:
        plot = _Plot(summary, cells=room)
        _one_below_the_other(lines, plot, console)
    _notes(summary, console)


def _side_by_side(lines: Sequence[_Line], plot: _Plot, *, figures: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=_NAME)
    table.add_column(width=_N, justify="right")
    table.add_column(width=figures)
    table.add_column(width=plot.cells, no_wrap=True)
    head = ("study", "n", "90 % interval")
    table.add_row(*(Text(word, style="dim") for word in head), plot.drawn(_Line(name="")))
    for line in lines:
        name, words = (Text(part, style=line.style) for part in (line.name, line.words))
        table.add_row(name, Text(line.n), words, plot.drawn(line))
    table.add_row("", "", "", plot.labels())
    return table


def _one_below_the_other(lines: Sequence[_Line], plot: _Plot, console: Console) -> None:
    """For a narrow terminal; what other assumptions give is told in numbers alone."""
    for line in lines:
        if line.varied:
            continue
        people = f", {line.n} people" if line.n.isdigit() else ""
        _say(Text(f"{line.name}{people}: {line.words.strip()}", style=line.style), console)
        _indented(plot.drawn(line), console)
    _indented(plot.labels(), console)
    for line in lines:
        if line.varied:
            _say(Text(f"{line.name}: {line.words}".strip(), style=line.style), console)


def _lines(summary: Summary) -> list[_Line]:
    """Every line of a forest plot: the studies, what they give together, and what moves it."""
    twice = [row.finding.study for row in summary.rows]
    lines = [_row_line(row, told=twice.count(row.finding.study) > 1) for row in summary.rows]
    pooled = summary.pooled
    if pooled is None:
        return lines
    lines.append(
        _Line(
            name=forest.studies_pooled(pooled),
            words=_with_interval(pooled),
            style="bold",
            marks=_POOLED,
            value=pooled.value,
            ends=(pooled.low, pooled.high),
            ink="bold dark_orange",
        )
    )
    if pooled.prediction_low is not None and pooled.prediction_high is not None:
        ends = pooled.prediction_low, pooled.prediction_high
        lines.append(
            _Line(
                name="another study, expected",
                words=f"     ({interval(*ends)})",
                marks=_NEXT,
                value=pooled.value,
                ends=ends,
                ink="dark_orange",
            )
        )
    return lines + list(_varied(summary))


def _varied(summary: Summary) -> Iterator[_Line]:
    """The pooled effect under other assumptions, and without each study."""
    without = False
    for variation in summary.variations:
        if variation.pooled is None:
            continue
        name = variation.what
        if name.startswith("without "):
            name = "  " + name.removeprefix("without ")
            if not without:
                yield _Line(name="pooled without", style="dim", varied=True)
            without = True
        yield _Line(
            name=name,
            words=_with_interval(variation.pooled),
            style="dim",
            marks=_VARIED,
            value=variation.pooled.value,
            varied=True,
        )


def _row_line(row: Row, *, told: bool) -> _Line:
    marks, ends, words = _HOLLOW, (row.low, row.high), ""
    if row.low is not None and row.high is not None:
        marks = (_IMPUTED if row.imputed else _PUBLISHED) if row.pooled else _HOLLOW
        words = f" ({interval(row.low, row.high)}){' *' if row.imputed else ''}"
    elif row.over_conditions:
        marks, ends = _OVER_CONDITIONS, row.over_conditions
        words = f" [{interval(*row.over_conditions)}]"
    return _Line(
        name=row.study.cite + (f" ({row.finding.condition})" if told else ""),
        words=f"{figure(row.value)}{words}",
        n=forest.people(row),
        marks=marks,
        value=row.value,
        ends=ends,
        ink="blue" if row.pooled else "dim",
    )


def _with_interval(pooled: Pooled) -> str:
    return f"{figure(pooled.value)} ({interval(pooled.low, pooled.high)})"


def _notes(summary: Summary, console: Console) -> None:
    of, pooled = summary.outcome, summary.pooled
    _say(
        f"│ {forest.tick(of.no_difference)} = no difference; left of it: {of.below}; right:"
        f" {of.above}.",
        console,
    )
    for row in summary.rows:
        if row.why_not:
            derived = f"{row.finding.derived}; " if row.finding.derived else ""
            _say(f"□ {row.study.cite}, not pooled: {derived}{row.why_not}.", console)
    if any(row.over_conditions and row.low is None for row in summary.rows):
        _say("[ ] range over speeds or slopes, no error of sampling.", console)
    if summary.spread_from:
        _say(f"* No spread was published: imputed from {forest.source_in_words(summary)}.", console)
    if pooled is None:
        _say(f"Not pooled. {summary.why_not} {forest.range_in_words(summary)}", console)
        return
    _say(_together(pooled, summary), console)


def _together(pooled: Pooled, summary: Summary) -> str:
    differ = forest.spread(pooled.tau, summary.outcome)
    parts = [
        f"Pooled from {pooled.studies} studies: {_with_interval(pooled)}.",
        f"Between studies the effect varies by {differ} beyond chance (standard deviation)."
        if pooled.tau > 0
        else "The studies differ by no more than chance.",
    ]
    if pooled.prediction_low is None:
        parts.append("Two studies are too few to say where another would lie.")
    own = sum(row.pooled and not row.imputed for row in summary.rows)
    if own < pooled.studies:
        parts.append(
            f"{('None', 'One')[own] if own < 2 else own} of them told a spread of their own."
        )
    return " ".join(parts)


def _heading(words: str, console: Console) -> None:
    console.print()
    console.print(Text(words, style="bold"), width=min(console.width, _WIDEST))


def _say(words: str | Text, console: Console) -> None:
    text = words if isinstance(words, Text) else Text(words)
    console.print(Padding(text, (0, 0, 0, 2), expand=False), width=min(console.width, _WIDEST))


def _indented(part: RenderableType, console: Console) -> None:
    console.print(Padding(part, (0, 0, 0, 2), expand=False))


# --- letters ---------------------------------------------------------------------------------


class _Plot:
    """Values as letters in a row of cells, over the line of no difference."""

    def __init__(self, summary: Summary, *, cells: int) -> None:
        self.scale, self.cells = forest.scale_of(summary), cells
        self.same = self._cell(summary.outcome.no_difference)

    def _cell(self, value: float) -> int:
        return round(self.scale.share(value) * (self.cells - 1))

    def drawn(self, line: _Line) -> Text:
        """One value with its interval; what lies beyond the plot ends in an arrow."""
        left, between, right, middle = tuple(line.marks)
        letters = [" "] * self.cells
        letters[self.same] = "│"
        low, high = line.ends
        if low is not None and high is not None:
            a, b = self._cell(low), self._cell(high)
            first, last = max(a, 0), min(b, self.cells - 1)
            letters[first : last + 1] = between * (last + 1 - first)
            letters[first] = left if a >= 0 else "◂"
            letters[last] = right if b < self.cells else "▸"
        if line.value is not None:
            letters[self._cell(line.value)] = middle
        text = Text("".join(letters), style=line.ink)
        if letters[self.same] == "│":
            text.stylize("not bold dim", self.same, self.same + 1)
        return text

    def labels(self) -> Text:
        """The round values under the plot, as many as there is room for."""
        letters = [" "] * self.cells
        taken = -2
        for value in self.scale.ticks:
            label = forest.tick(value)
            start = min(max(self._cell(value) - len(label) // 2, 0), self.cells - len(label))
            if start > taken + 1:
                letters[start : start + len(label)] = label
                taken = start + len(label)
        return Text("".join(letters), style="dim")
