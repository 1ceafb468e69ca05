"""What the names of sports say about feet; makers and people write them in many ways."""

from __future__ import annotations

import re

_RUN = ("run", "jog", "treadmill", "orienteer", "trail")
_WALK = ("walk", "hik", "trek", "mountaineer", "stroll", "snowshoe")

#: Beginnings of words that name sports in which nobody walks or runs.
_OFF_FOOT = (
    "cycl", "bicycl", "bik", "mtb", "ebik", "velo", "motor", "moto", "driv", "swim", "row", "ski",
    "snowboard", "skat", "inline", "kayak", "canoe", "padd", "sup", "surf", "kite", "wind", "sail",
    "boat", "raft", "wake", "water", "div", "snork", "fly", "flight", "glid", "paraglid", "hang",
    "jump", "parachut", "horse", "equest", "golf", "elliptic", "stair", "gondola", "train", "car",
)  # fmt: skip
_OFF_FOOT_WORDS = {"ride", "rides", "riding", "virtualride", "ebikeride", "car", "train"}
#: Words that begin like one of the above and are none.
_OPEN_WORDS = {"training", "cardio", "cardiotraining", "workout", "supervised", "carry"}


def _words(sport: object) -> list[str]:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(sport or ""))
    return [word.lower() for word in re.findall(r"[^\W\d_]+", text)]


def foot_sport(sport: object) -> str | None:
    """`run` or `walk` where the name says so; None where it does not.

    >>> foot_sport("trail_running"), foot_sport("Friday run"), foot_sport("Hike"), foot_sport("t")
    ('run', 'run', 'walk', None)
    """
    words = _words(sport)
    if any(word.startswith(_RUN) for word in words):
        return "run"
    return "walk" if any(word.startswith(_WALK) for word in words) else None


def off_foot(sport: object) -> bool:
    """Whether the name is of a sport without steps; False where it may be anything.

    >>> off_foot("cycling"), off_foot("VirtualRide"), off_foot("training"), off_foot("Bridge")
    (True, True, False, False)
    """
    if foot_sport(sport) is not None:
        return False
    words = [word for word in _words(sport) if word not in _OPEN_WORDS]
    return any(word in _OFF_FOOT_WORDS or word.startswith(_OFF_FOOT) for word in words)
