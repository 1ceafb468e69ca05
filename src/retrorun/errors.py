"""Every error retrorun raises: what was given, what is wanted, what to do about it.

::

    RetrorunError
    ├── BadInput (ValueError)        a caller's argument cannot be right
    └── Unreadable                   a file cannot be read at all
        ├── NotAnActivity            a good file of another kind
        ├── Defect                   retrorun itself failed on it
        ├── TooLarge                 larger than the limit for its kind
        ├── SeveralRecordings        the file holds more than one; use `read_all`
        └── PartlyUnreadable         of several inputs some failed; the others were given

What could be read *in part* is no error: it is a `Problem` on the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class RetrorunError(Exception):
    """Base of every error that retrorun raises on purpose; it can be sent between processes."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Without it an error is built anew from its one message, where ours take several parts.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[RetrorunError], args: tuple[Any, ...], state: dict[str, Any]
) -> RetrorunError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class BadInput(RetrorunError, ValueError):
    """The caller passed something that cannot be right."""

    def __init__(self, name: str, given: object, wanted: str, hint: str = "") -> None:
        self.name, self.given, self.wanted, self.hint = name, given, wanted, hint
        super().__init__(f"{name} is {given}, but must be {wanted}. {hint}".rstrip())


class Unreadable(RetrorunError):
    """Nothing of a file could be read."""

    def __init__(self, file: str, found: str, wanted: str, remedy: str = "") -> None:
        self.file, self.found, self.wanted, self.remedy = file, found, wanted, remedy
        # One line, whatever the words of others that are quoted in it.
        super().__init__(" ".join(f"{file}: {found}; wanted {wanted}. {remedy}".split()))


class NotAnActivity(Unreadable):
    """A file that is fine but holds no activity: settings, a workout, a body weight, a picture."""

    def __init__(self, file: str, found: str) -> None:
        super().__init__(
            file,
            found,
            "a recorded activity",
            "Give a FIT, TCX or GPX activity, a phone sensor log, or an export (zip or folder).",
        )


class Defect(Unreadable):
    """Something of ours failed on a file: a defect, told politely so that the others go on."""

    def __init__(self, file: str, error: Exception) -> None:
        super().__init__(
            file,
            f"retrorun stumbled over it ({type(error).__name__}: {str(error)[:100]})",
            "a file that it understands",
            "This is a defect: please report it. RETRORUN_DEBUG=1 shows where.",
        )


class TooLarge(Unreadable):
    """A file, or what a compressed file would grow to, is above the limit for its kind."""


class SeveralRecordings(Unreadable):
    """A file holds several recordings where one was asked for."""


class PartlyUnreadable(Unreadable):
    """Some of several inputs failed; every readable one was given before this was raised."""

    def __init__(self, file: str, failures: Sequence[Unreadable]) -> None:
        self.failures = tuple(failures)
        names = ", ".join(failure.file for failure in self.failures[:5])
        more = f" and {len(self.failures) - 5} more" if len(self.failures) > 5 else ""
        super().__init__(
            file,
            f"{len(self.failures)} of its files could not be read ({names}{more})",
            "files of a known kind",
            "Pass `failures=[]` to collect them instead.",
        )
