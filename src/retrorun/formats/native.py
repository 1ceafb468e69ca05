"""Calls into libraries written in Rust, whose panics are no `Exception` and print by themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class Panic(Exception):
    """A Rust library gave up on its input."""


@contextmanager
def no_panic() -> Iterator[None]:
    """Turn a panic into the exception `Panic`, and keep its backtrace off the terminal.

    Rust writes to the file descriptor itself, so that is what is turned aside, for as long as
    the call lasts. Everything else that is raised goes on unchanged.
    """
    with _quiet_stderr():
        try:
            yield
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            raise Panic(str(error)) from None


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all: nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
