"""A session as one HTML page that opens without a network and asks nothing of anyone.

The page is put together here from its parts: `head` and `tables` are words and numbers, `curves`
and `outline` draw a `picture`, `cursor` is what is read off it. Style and script stand beside
this module and enter the page by their hashes; nothing else may run in it.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template

from retrorun.report.cursor import cursor_data
from retrorun.report.curves import curves
from retrorun.report.head import (
    direction_card,
    headline,
    key_figures,
    session_name,
    simulated_banner,
)
from retrorun.report.markup import Markup, card, el, join
from retrorun.report.outline import outline
from retrorun.report.picture import Picture
from retrorun.report.tables import (
    energy_card,
    form_card,
    heart_card,
    muscle_card,
    not_judged_card,
    problems_card,
    segments_card,
)
from retrorun.session import Session


def render(session: Session) -> str:
    """The page of one session; everything that came from a file is escaped."""
    style, script = _asset("session.css"), _asset("session.js")
    picture = Picture.of(session)
    return Template(_asset("session.html")).substitute(
        policy=_policy(style, script),
        style=style,
        script=script,
        title=escape(f"{session_name(session)} · retrorun"),
        simulated=simulated_banner(session.recording),
        headline=headline(session),
        figures=key_figures(session),
        direction=direction_card(session.direction, session.energy),
        course=_course(session, picture),
        segments=segments_card(session.segments, linked=bool(picture.panels)),
        form=form_card(session.form),
        more=join(
            (energy_card(session.energy), heart_card(session.heart), muscle_card(session.muscle))
        ),
        not_judged=not_judged_card(session),
        problems=problems_card(session.recording),
        data=cursor_data(session, picture),
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


def _course(session: Session, picture: Picture) -> Markup:
    """Map and curves, as far as there is anything to draw."""
    drawn = [
        *([outline(picture, picture.track)] if picture.track else []),
        *([curves(session, picture)] if picture.panels else []),
    ]
    kind = "course with-map" if len(drawn) == 2 else "course"
    inside = el("div", *drawn, class_=kind) if drawn else ""
    return card("Course", inside, _missing(picture), long=True)


def _missing(picture: Picture) -> Markup:
    """One sentence for the pictures that cannot be drawn."""
    drawn = {panel.key for panel in picture.panels}
    names = {
        "speed": "speed", "heart": "heart rate", "cadence": "cadence",
        "altitude": "altitude", "power": "power",
    }  # fmt: skip
    missing = [name for key, name in names.items() if key not in drawn]
    missing += ["position"] if picture.track is None else []
    if not missing:
        return Markup("")
    listed = ", ".join(missing[:-1]) + (" or " if len(missing) > 1 else "") + missing[-1]
    return el("p", f"This recording has no {listed}, so that is not drawn.", class_="quiet")
