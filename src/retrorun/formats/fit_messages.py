"""FIT bytes to messages, by two libraries: a fast one, and a patient one for damaged files.

Both give the same shape: message name -> list of fields by name, scaled, invalid values left
out, moments as Unix seconds, positions in semicircles, developer fields under their own names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from retrorun.errors import Unreadable
from retrorun.formats.native import Panic, no_panic
from retrorun.recording import Problem

Message = Mapping[Any, Any]  #: names as text; fields the profile does not know as numbers
Messages = Mapping[str, Sequence[Message]]

#: FIT counts seconds from 1989-12-31 00:00 UTC.
FIT_EPOCH_S = 631_065_600


@dataclass(frozen=True, slots=True)
class Decoded:
    """The messages of one FIT sequence, and what was lost on the way."""

    messages: Messages
    problems: tuple[Problem, ...] = ()
    fast: bool = True  #: read by the fast library


def is_fit(head: bytes) -> bool:
    """FIT writes its name into bytes 8 to 11 of the header."""
    return len(head) >= 12 and head[0] in (12, 14) and head[8:12] == b".FIT"


def sequences(data: bytes) -> Iterator[bytes]:
    """Split a chained file into the FIT sequences it holds, each with header and checksum.

    The last one keeps whatever follows it: a header whose size is wrong must not hide data.
    """
    start = 0
    while start < len(data):
        header = data[start : start + 14]
        if not is_fit(header):
            return
        end = start + header[0] + int.from_bytes(header[4:8], "little") + 2
        if not is_fit(data[end : end + 14]):
            yield data[start:]
            return
        yield data[start:end]
        start = end


def decode(data: bytes, *, name: str) -> Decoded:
    """Messages of one FIT sequence; raises `Unreadable` where not even one could be read."""
    import fitfast

    whole, sum_is_right = _with_checksums(data)
    problems = () if sum_is_right else (_WRONG_SUM,)
    try:
        with no_panic():
            messages = fitfast.parse(whole)
    except (fitfast.FitDecodeError, Panic) as error:
        return _decode_patiently(data, name=name, reason=str(error))
    if _has_namesakes(messages):
        return replace(_decode_patiently(whole, name=name, reason=""), problems=problems)
    return Decoded(messages, problems)


#: Fields of `record` that we read; a developer field of the same name would hide them.
NATIVE = {
    "timestamp", "position_lat", "position_long", "enhanced_altitude", "altitude",
    "enhanced_speed", "speed", "distance", "heart_rate", "cadence", "fractional_cadence", "power",
    "temperature", "gps_accuracy", "grade", "stance_time", "stance_time_balance", "step_length",
    "vertical_oscillation", "vertical_ratio", "enhanced_respiration_rate", "respiration_rate",
}  # fmt: skip

#: What the patient reader puts before the name of a developer field that has a namesake.
DEVELOPER = "developer "


def _has_namesakes(messages: Messages) -> bool:
    """Whether an app named its field like a native one: the fast reader then mixes the two."""
    return any(
        isinstance(about.get("field_name"), str) and about["field_name"] in NATIVE
        for about in messages.get("field_description", [])
    )


_WRONG_SUM = Problem(
    "the checksum is wrong", "whole file", "all was read; single values may be damaged"
)


def _with_checksums(data: bytes) -> tuple[bytes, bool]:
    """The sequence with checksums that the fast reader accepts, and whether its own was right.

    The profile allows a header checksum of 0, "not computed"; the fast reader then expects the
    wrong sum of the whole file, so both sums are written anew. After a header with its right
    sum, the sum of the whole is that of the data alone.
    """
    import fastcrc

    crc = fastcrc.crc16.arc
    size = data[0] + int.from_bytes(data[4:8], "little")
    if len(data) != size + 2:
        return data, True  # cut, or followed by something: for the patient reader
    sum_is_right = crc(data[:size]) == int.from_bytes(data[size:], "little")
    header = data[:12]
    if data[0] == 14:
        header += crc(header).to_bytes(2, "little")
    body = header + data[data[0] : size]
    return body + crc(body).to_bytes(2, "little"), sum_is_right


def _decode_patiently(data: bytes, *, name: str, reason: str) -> Decoded:
    """Read frame by frame and keep what came before an error."""
    import warnings

    import fitdecode

    messages: dict[str, list[Message]] = {}
    rows, stopped = 0, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader = fitdecode.FitReader(
                data,
                check_crc=fitdecode.CrcCheck.DISABLED,
                error_handling=fitdecode.ErrorHandling.IGNORE,
            )
            for frame in reader:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                    messages.setdefault(frame.name, []).append(_message(frame))
                    rows += 1
        except Exception as error:  # noqa: BLE001  it raises anything on damaged bytes
            stopped = f"{type(error).__name__}: {error}".rstrip(": ")
    if not rows:
        raise Unreadable(
            name,
            f"a FIT file of which nothing can be decoded ({stopped or reason})",
            "an intact FIT file",
            "Copy it from the device again.",
        )
    if stopped is not None:
        problem = Problem(
            "the file is cut or damaged",
            f"after {rows:,} messages ({stopped})",
            "everything before is kept, the rest is lost",
        )
    else:
        problem = Problem("not quite a FIT file", reason, "all that could be decoded was read")
    return Decoded(messages, (problem,), fast=False)


def _message(frame: Any) -> Message:
    """One frame of the patient library in the shape of the fast one."""
    message: dict[Any, Any] = {}
    for field in frame.fields:
        if field.value is not None:
            is_namesake = field.name in NATIVE and _is_developer(field)
            message[DEVELOPER + field.name if is_namesake else field.name] = _plain(field.value)
    return message


def _is_developer(field: Any) -> bool:
    from fitdecode.types import DevFieldDefinition

    return isinstance(field.field_def, DevFieldDefinition)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        # Local times come without a zone: they are seconds on the athlete's own clock.
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value
