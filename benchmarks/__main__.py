"""Every benchmark, one after the other: `python -m benchmarks` (about a quarter of an hour)."""

from __future__ import annotations

from benchmarks import contacts, distance, inertial, reading, salvage

for benchmark in (salvage, distance, contacts, inertial, reading):
    print(f"\n# {benchmark.__name__.removeprefix('benchmarks.')}")
    benchmark.main()
