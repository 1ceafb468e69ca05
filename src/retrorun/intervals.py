"""The interval that every estimate carries: 90 %, two-sided."""

from __future__ import annotations

#: Half of it for a normal error, in standard deviations.
Z90 = 1.6448536269514722
