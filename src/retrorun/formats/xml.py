"""XML from strangers: recovered where damaged, no entity resolved, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrorun.errors import NotAnActivity, Unreadable
from retrorun.formats.sources import Source
from retrorun.recording import Problem

Element = Any  # lxml's own element class is private


def parse(source: Source, *, limit_bytes: int) -> tuple[Element, tuple[Problem, ...]]:
    """Root element, and what the parser had to forgive."""
    from lxml import etree

    data = source.read(limit_bytes=limit_bytes)
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _not_xml(source, str(error)) from None
    if root is None:
        raise _not_xml(source, "no element in it")
    return root, _forgiven(parser.error_log, data)


def _not_xml(source: Source, why: str) -> Unreadable:
    return Unreadable(
        source.name, f"cannot be read as XML ({why})", "an intact file", "Export it again."
    )


def _forgiven(errors: Any, data: bytes) -> tuple[Problem, ...]:
    found = []
    if len(errors):
        first = errors[0]
        cut = any("Premature end" in error.message or "EndTag" in error.message for error in errors)
        effect = "what follows the last whole element is lost" if cut else "read as far as it goes"
        found.append(Problem("damaged XML", f"line {first.line}: {first.message.strip()}", effect))
    if b"<!ENTITY" in data[:100_000]:
        found.append(
            Problem("the file defines XML entities", "its head", "left unresolved, for safety")
        )
    return tuple(found)


def nothing(source: Source, found: str, problems: Sequence[Problem]) -> Unreadable:
    """The error of a file without an activity: a file of another kind, or a damaged one."""
    if not problems:
        return NotAnActivity(source.name, found)
    why = "; ".join(f"{p.what}, {p.where}" for p in problems)
    return Unreadable(source.name, f"{found} ({why})", "an intact activity", "Export it again.")


def local(tag: Any) -> str:
    """Name of an element without its namespace; "" for what is no element."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if local(child.tag) == name)


def child(element: Element, *path: str) -> Element | None:
    """The first element down a path of local names."""
    for name in path:
        element = next(children(element, name), None)
        if element is None:
            return None
    return element


def text(element: Element, *path: str) -> str | None:
    found = child(element, *path)
    value = found.text.strip() if found is not None and found.text else ""
    return value or None


def number(value: str | None) -> float:
    """A number as people write it; NaN where it is none."""
    try:
        return float(value) if value else np.nan
    except ValueError:
        return np.nan


def numbers(values: Sequence[str | None]) -> NDArray[np.float64]:
    try:
        return np.array([v or "nan" for v in values], dtype=np.float64)
    except ValueError:
        return np.array([number(v) for v in values], dtype=np.float64)


_FRACTION = re.compile(r"[.,](\d{1,9})")


def moment(value: str | None) -> float:
    """Unix time of an ISO 8601 text; without a zone it is taken as UTC; NaN where it is none. [s]

    >>> moment("2024-05-01T10:00:00.5+02:00")
    1714550400.5
    """
    if not value:
        return np.nan
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        # Some writers give other than 3 or 6 digits after the point.
        try:
            when = datetime.fromisoformat(
                _FRACTION.sub(lambda m: "." + m[1][:6].ljust(6, "0"), value)
            )
        except ValueError:
            return np.nan
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, OSError):
        return np.nan


def moments(values: Sequence[str | None]) -> NDArray[np.float64]:
    return np.array([moment(value) for value in values], dtype=np.float64)


def root_is(head: bytes, name: str) -> bool:
    """Whether the first element in the first bytes has this local name, whatever the encoding."""
    first = re.search(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)[\s>/]", head.replace(b"\0", b""))
    return first is not None and first[1].lower() == name.lower().encode()
