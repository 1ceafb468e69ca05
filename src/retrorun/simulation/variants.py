"""Versions of the model: what is not known about muscles and intentions becomes a range."""

from __future__ import annotations

from retrorun.simulation.conditions import Variant

#: Speed and gradient where they are solved, each direction at its usual cadence.
POINTS = ((2.67, 0.0), (3.33, 0.0), (2.0, 0.10))
#: By name; `docs/why/simulation.md` says why each is in.
VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(name="effort", effort_weight=20.0),
        Variant(name="little_energy", metabolic_weight=0.3),
        Variant(name="weaker", specific_tension_n_cm2=40.0),
        Variant(name="stronger", specific_tension_n_cm2=60.0),
        Variant(name="upright", trunk_lean_deg=0.0),
        Variant(name="free_trunk", trunk_lean_deg=None),
        Variant(name="credited", lengthening_credit=1.0),
        Variant(name="co_contraction", least_activation=0.06),
        Variant(name="springy_achilles", achilles_strain=0.07),
        Variant(name="stiff_toes", toe_stiffness_nm_rad=50.0),
        Variant(name="force_rate", force_rate_weight=0.08),
        Variant(name="long_flight", flight_share=0.31),
    )
}
