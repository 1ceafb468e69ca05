"""What is drawn of a session, as data: curves, bands of time in one tone, the track."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrorun.curves import Curves
from retrorun.report.markup import direction_tone, number
from retrorun.session import Session

#: An array of real numbers, NaN where not known.
Floats = NDArray[np.float64]

#: The frame of the map, and how far the track stays from its edge.
MAP_WIDTH, MAP_HEIGHT, _MAP_MARGIN = 1000, 800, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One curve of the stack, in the unit that people read."""

    key: str
    title: str
    unit: str
    digits: int
    least_range: float  #: a smaller range would make noise look like hills
    values: Floats

    @property
    def from_zero(self) -> bool:
        """Whether its axis begins at zero, as half of such a value means half of something."""
        return self.key in ("speed", "power")

    @property
    def extremes(self) -> str:
        """Its lowest and highest value with their unit, in words."""
        known = self.values[np.isfinite(self.values)]
        low, high = (number(float(x), self.digits) for x in (known.min(), known.max()))
        return f"{low} – {high} {self.unit}"


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time in one tone."""

    start_s: float
    end_s: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where in the frame of the map each sample lies; NaN where not known."""

    x: Floats
    y: Floats
    metres_per_unit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything that is drawn of a session."""

    span_s: float
    panels: tuple[Panel, ...]
    motions: tuple[Band, ...]
    directions: tuple[Band, ...]
    bands: tuple[Band, ...]  #: by direction where it is judged, else by motion
    track: Track | None

    @classmethod
    def of(cls, session: Session) -> Picture:
        """What there is to draw of a session, on its grid of one sample a second."""
        curves = session.curves
        # The grid is one sample a second.
        span_s = float(max(len(curves.time_s), 1))
        segments = session.segments
        motions = [Band(s.start_s, s.end_s, s.motion) for s in segments]
        ways = [
            Band(s.start_s, s.end_s, way)
            for s in segments
            if (way := direction_tone(s)) is not None
        ]
        both = [Band(s.start_s, s.end_s, direction_tone(s) or s.motion) for s in segments]
        return cls(
            span_s=span_s,
            panels=_panels(curves),
            motions=_merged(motions),
            directions=_merged(ways),
            bands=_merged(both),
            track=_track(curves),
        )


def _merged(bands: Iterable[Band]) -> tuple[Band, ...]:
    """Neighbours of one tone as one band."""
    merged: list[Band] = []
    for band in bands:
        if merged and merged[-1].tone == band.tone and merged[-1].end_s == band.start_s:
            band = Band(merged.pop().start_s, band.end_s, band.tone)
        merged.append(band)
    return tuple(merged)


def _panels(curves: Curves) -> tuple[Panel, ...]:
    """The curves that have values; gradient for itself only where there is no altitude."""
    rows = [
        ("speed", "Speed", "km/h", 1, 5.0, curves.speed_m_s * 3.6),
        ("heart", "Heart rate", "bpm", 0, 30.0, curves.heart_rate_bpm),
        ("cadence", "Cadence", "steps/min", 0, 30.0, curves.cadence_steps_min),
        ("altitude", "Altitude", "m", 0, 20.0, curves.altitude_m),
        ("gradient", "Gradient", "%", 1, 6.0, curves.gradient * 100),
        ("power", "Power", "W", 0, 60.0, curves.power_w),
    ]
    panels = [
        Panel(key=key, title=title, unit=unit, digits=digits, least_range=least,
               values=np.where(np.isfinite(values), values, np.nan))
        for key, title, unit, digits, least, values in rows
        if np.isfinite(values).any()
    ]  # fmt: skip
    keys = {panel.key for panel in panels}
    return tuple(p for p in panels if p.key != "gradient" or "altitude" not in keys)


_EARTH_RADIUS_M = 6_371_008.8

#: Less than this is not worth the whole frame: somebody stood still.
_LEAST_ACROSS_M = 50.0


def _track(curves: Curves) -> Track | None:
    """Equirectangular projection, as wide as the cosine of the middle latitude."""
    known = np.isfinite(curves.latitude_deg) & np.isfinite(curves.longitude_deg)
    if not known.any():
        return None
    east, north = (np.full(len(known), np.nan) for _ in range(2))
    # Across the date line the track goes on, it does not jump around the Earth.
    longitude = np.radians(np.unwrap(curves.longitude_deg[known], period=360))
    latitude = np.radians(curves.latitude_deg[known])
    middle = (latitude.min() + latitude.max()) / 2
    east[known] = (longitude - longitude[0]) * np.cos(middle) * _EARTH_RADIUS_M
    north[known] = (latitude - middle) * _EARTH_RADIUS_M
    east -= (np.nanmin(east) + np.nanmax(east)) / 2
    unit_m = max(
        2 * np.nanmax(east) / (MAP_WIDTH - 2 * _MAP_MARGIN),
        2 * np.nanmax(north) / (MAP_HEIGHT - 2 * _MAP_MARGIN),
        _LEAST_ACROSS_M / MAP_HEIGHT,
    )
    return Track(
        x=MAP_WIDTH / 2 + east / unit_m,
        y=MAP_HEIGHT / 2 - north / unit_m,
        metres_per_unit=float(unit_m),
    )
