"""Errors reach the caller whole, from a worker process too."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from retrorun.errors import (
    BadInput,
    Defect,
    NotAnActivity,
    PartlyUnreadable,
    RetrorunError,
    SeveralRecordings,
    TooLarge,
    Unreadable,
)
from retrorun.simulation.conditions import Conditions

ERRORS = [
    BadInput("speed_m_s", "9", "from 1.5 to 4 m/s", "Run slower."),
    Unreadable("a.fit", "nothing", "a recording"),
    NotAnActivity("a.fit", "a body weight"),
    Defect("a.fit", ValueError("odd")),
    TooLarge("a.fit", "9 GB", "at most 1 GB"),
    SeveralRecordings("a.fit", "3 recordings", "one", "Use read_all."),
    PartlyUnreadable("a.zip", [NotAnActivity("a.fit", "a body weight")]),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_being_sent(error: RetrorunError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert {name: str(value) for name, value in vars(again).items()} == {
        name: str(value) for name, value in vars(error).items()
    }


def test_an_error_in_a_worker_does_not_break_the_pool() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(BadInput, match="speed_m_s is 9"):
            pool.submit(
                Conditions, speed_m_s=9.0, direction="forward", cadence_steps_min=160.0
            ).result()
        assert pool.submit(abs, -1).result() == 1


def test_every_error_is_tried() -> None:
    def below(kind: type[RetrorunError]) -> set[type[RetrorunError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    ours = {kind for kind in below(RetrorunError) if kind.__module__ == "retrorun.errors"}
    assert ours - {RetrorunError} == {type(error) for error in ERRORS}
