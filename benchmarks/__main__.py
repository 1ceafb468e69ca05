"""Every benchmark, one after the other: `python -m benchmarks` (about 25 minutes)."""

from __future__ import annotations

from benchmarks import contacts, direction, distance, energy, inertial, reading, salvage

for benchmark in (salvage, energy, distance, contacts, direction, inertial, reading):
    print(f"\n# {benchmark.__name__.removeprefix('benchmarks.')}")
    benchmark.main()
