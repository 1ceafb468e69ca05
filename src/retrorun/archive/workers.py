"""Processes for hostile files: one that crashes, hangs or eats memory loses its file only."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from retrorun.errors import RetrorunError

#: A file takes seconds; one that takes this long does not end. [s]
LONGEST_S = 600
#: What a day of several sensors needs, doubled. [bytes]
MOST_MEMORY_BYTES = 8 << 30

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Crashed(RetrorunError):
    """A process died over its task: it crashed, or took too long or too much memory."""


class Task(Generic[Found]):
    """A call at work in another process."""

    def __init__(self, future: Future[Found], again: Callable[[], Future[Found]]) -> None:
        self._future, self._again = future, again

    def result(self) -> Found:
        """What the call returned, or what it raised; `Crashed` when it takes its process along."""
        try:
            return self._future.result()
        except BrokenProcessPool:
            pass  # a neighbour may have died: alone it is seen who does
        try:
            return self._again().result()
        except BrokenProcessPool:
            raise Crashed(
                f"reading it crashed, or took more than {LONGEST_S // 60} minutes or "
                f"{MOST_MEMORY_BYTES >> 30} GB"
            ) from None


class Workers:
    """A pool that survives the death of its processes."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = self._new()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def submit(
        self, call: Callable[Given, Found], *given: Given.args, **named: Given.kwargs
    ) -> Task[Found]:
        """Start a call; it must be a function that another process can find by its name."""

        def start() -> Future[Found]:
            try:
                return self._pool.submit(_limited, call, given, named)
            except BrokenProcessPool:
                self._pool = self._new()
                return self._pool.submit(_limited, call, given, named)

        return Task(start(), start)

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.count, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Ctrl-C is for the parent; memory has an end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))


def _limited(call: Callable[..., Found], given: tuple[Any, ...], named: dict[str, Any]) -> Found:
    """A call that ends with its process when it takes too long."""
    if not hasattr(signal, "alarm"):
        return call(*given, **named)
    signal.alarm(LONGEST_S)
    try:
        return call(*given, **named)
    finally:
        signal.alarm(0)
