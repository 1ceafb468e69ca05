"""FIT bytes to messages, by two libraries: a fast one, and a patient one for damaged files.

Both give the same shape: message name -> list of fields by name, scaled, invalid values left
out, moments as Unix seconds, positions in semicircles, developer fields under their own names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from retrorun.errors import Unreadable
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
    try:
        with _quiet_stderr():
            messages = fitfast.parse(whole)
    except fitfast.FitDecodeError as error:
        return _decode_patiently(data, name=name, reason=str(error))
    except BaseException as panic:  # a Rust panic is no Exception; whatever else goes on
        if type(panic).__name__ != "PanicException":
            raise
        return _decode_patiently(data, name=name, reason=f"the fast reader gave up ({panic})")
    return Decoded(messages, () if sum_is_right else (_WRONG_SUM,))


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


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep a Rust panic from writing its backtrace over the person's terminal.

    Rust writes to the file descriptor itself, so that is what is turned aside, for the
    milliseconds of one decoding; the panic still arrives as an exception.
    """
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
    return {field.name: _plain(field.value) for field in frame.fields if field.value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        # Local times come without a zone: they are seconds on the athlete's own clock.
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value
