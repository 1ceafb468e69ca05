"""Files with a known truth, made for tests by a writer that is not ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pyfitparsernative import write_fit_bytes

START = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)
SEMICIRCLES_PER_DEGREE = 2**31 / 180


def at(second: float) -> str:
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def fit(*messages: dict[str, Any], kind: str = "activity") -> bytes:
    """A FIT file of these messages after its file_id."""
    head = {
        "message_type": "file_id", "type": kind, "manufacturer": "development",
        "product": 1, "time_created": at(0), "serial_number": 7,
    }  # fmt: skip
    return bytes(write_fit_bytes([head, *messages]))


def record(second: int, **fields: Any) -> dict[str, Any]:
    return {"message_type": "record", "timestamp": at(second), **fields}


def session(start: int, end: int, *, sport: str = "running", **fields: Any) -> dict[str, Any]:
    return {
        "message_type": "session", "timestamp": at(end), "start_time": at(start), "sport": sport,
        "total_elapsed_time": float(end - start), "total_timer_time": float(end - start), **fields,
    }  # fmt: skip


def run(seconds: int = 60, *, speed_m_s: float = 3.0) -> list[dict[str, Any]]:
    """A minute of plain running, one record a second, and its session."""
    rows = [
        record(s, heart_rate=120 + s % 20, distance=s * speed_m_s, speed=speed_m_s, cadence=85)
        for s in range(seconds)
    ]
    return [*rows, session(0, seconds, total_distance=(seconds - 1) * speed_m_s)]


GPX_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"'
    ' xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">\n'
)


def gpx(*points: str, sport: str = "running") -> bytes:
    body = "\n".join(points)
    return f"{GPX_HEAD}<trk><type>{sport}</type><trkseg>{body}</trkseg></trk></gpx>".encode()


def point(second: float, *, latitude: float = 52.0, longitude: float = 5.0, inner: str = "") -> str:
    moment = (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    return f'<trkpt lat="{latitude}" lon="{longitude}"><time>{moment}</time>{inner}</trkpt>'
