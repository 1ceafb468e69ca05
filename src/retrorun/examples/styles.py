"""How the simulated person moves: textbook curves, rounded, and conventions of the example.

Nothing here is fitted to any recording, and nothing was tuned for any detector of directions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Curve = tuple[tuple[float, float], ...]  #: (per cent of the gait cycle, degrees)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A way of moving: textbook angles and conventions of this example, at a usual speed.

    Angles are against the vertical (thigh, + ahead) and the ground (foot, + toes up), the knee's
    is flexion. They are used in swing; in stance the leg follows from pelvis and foot.
    """

    thigh: Curve
    knee: Curve
    foot: Curve
    stance_pct: float = 60.0  #: end of stance in the curves
    duty: float | None = None  #: share of the cycle in stance; None: from `aerial_s`
    aerial_s: float | None = None  #: flight in each step at `AERIAL_M_S`
    travel_m: float = 0.85  #: way in stance for which the curves hold; shorter scales them down
    reverse: bool = False  #: play thigh and knee backward in time
    together: bool = False  #: both legs at once: jumping
    thigh_scale: float = 1.0
    knee_scale: float = 1.0
    centre_m: float = 0.0  #: where the foot stands in the middle of stance, ahead of the hip
    least_knee_deg: float = 8.0  #: flexion where the leg is longest in stance
    rise_m: float = 0.036  #: vertical excursion without flight, at `travel_m`
    skew: float = 0.0  #: of the vertical force in flight gaits: positive peaks early
    brake_m_s2: float = 1.6  #: peak braking, then pushing, of one leg
    sway_m: float = 0.02
    yaw_deg: float = 5.0
    roll_deg: float = 4.0
    lean_deg: float = 3.0
    half_width_m: float = 0.05  #: each foot's distance from the line of travel
    arm_deg: float = 20.0
    elbow_deg: float = 20.0
    lift_m: float = 0.0  #: height of the foot in the middle of swing, beyond clearing the ground
    shock: float = 0.4  #: how hard the foot lands; 1 is forward running on the heel


# Textbook normative sagittal curves, rounded: walking as in Perry, Winter (1.4 m/s); running as
# in Novacheck 1998 at a slow pace (2.7 m/s). The thigh's angle is the hip's less 5 to 8
# degrees of pelvic tilt.
WALK = Style(
    thigh=((0, 25), (10, 22), (30, 2), (50, -17), (60, -10), (73, 11), (85, 25), (95, 26)),
    knee=((0, 5), (14, 18), (40, 6), (50, 12), (60, 38), (73, 60), (85, 34), (96, 4)),
    foot=((0, 20), (7, 0), (20, 0), (33, 0), (45, -9), (50, -18), (60, -60), (67, -62), (85, -10),
          (95, 20)),
    duty=0.60,
    centre_m=-0.08,
    least_knee_deg=5.0,
)  # fmt: skip
RUN = Style(
    thigh=((0, 26), (15, 12), (39, -22), (50, -14), (65, 13), (80, 31), (92, 29)),
    knee=((0, 15), (15, 42), (39, 18), (50, 55), (63, 95), (76, 70), (89, 22), (96, 12)),
    foot=((0, 10), (6, 0), (19, 0), (30, -22), (39, -55), (50, -86), (62, -90), (76, -45),
          (89, 8), (96, 13)),
    stance_pct=39.0,
    aerial_s=0.072,  # mean of 3-17 km/h forward, Cavagna 2012
    travel_m=0.78,
    centre_m=-0.13,
    least_knee_deg=15.0,
    skew=0.15,  # hard landing, soft take-off: the sign from Cavagna 2011, the size is ours
    brake_m_s2=2.2,
    sway_m=0.008,
    yaw_deg=6.0,
    roll_deg=5.0,
    lean_deg=7.0,
    half_width_m=0.02,
    arm_deg=30.0,
    elbow_deg=85.0,
    shock=1.0,
)  # fmt: skip

# Backward: thigh and knee run backward in time (Mehdizadeh 2015) over a smaller range (Arata
# 2000: smaller ranges of motion; the factors are ours), the toes touch first (Sterzing 2016:
# toe-heel-toe in running), no heel transient, so half the shock.
BACK_WALK = replace(
    WALK,
    foot=((0, -30), (18, 0), (40, 0), (52, 4), (60, 12), (72, 2), (85, -40), (94, -45)),
    reverse=True,
    thigh_scale=0.85,
    knee_scale=0.8,
    centre_m=-0.07,
    least_knee_deg=14.0,
    yaw_deg=4.0,
    lean_deg=1.0,
    arm_deg=12.0,
    shock=0.2,
)
BACK_RUN = replace(
    RUN,
    foot=((0, -36), (14, -3), (22, 0), (28, -2), (39, -15), (50, -14), (74, -74), (88, -62)),
    aerial_s=0.098,  # as above, backward; makes a duty of 0.38 at 2 m/s (Brennan 2026: 0.368)
    reverse=True,
    thigh_scale=0.85,
    knee_scale=0.8,
    centre_m=-0.11,
    least_knee_deg=26.0,  # touch-down with about 40 degrees, Bates 1986 (second hand)
    skew=-0.15,  # soft landing, hard take-off, Cavagna 2011
    yaw_deg=4.0,
    lean_deg=3.0,  # still slightly forward (NYT on Cavagna)
    arm_deg=20.0,
    shock=0.5,
)

# What is neither walking nor running: crude, for signals that must not be mistaken for either.
STAND = replace(
    WALK, thigh=((0, 1),), knee=((0, 4),), foot=((0, 0),), duty=1.0, least_knee_deg=4.0,
    centre_m=0.03, rise_m=0.0, brake_m_s2=0.0, sway_m=0.0, yaw_deg=0.0, roll_deg=0.0, lean_deg=2.0,
    half_width_m=0.09, arm_deg=0.0, elbow_deg=12.0, shock=0.0,
)  # fmt: skip
SIDESTEP = replace(
    WALK, thigh=((0, 8),), knee=((0, 16), (60, 20), (80, 45)), foot=((0, 0),),
    travel_m=0.45, centre_m=0.0, least_knee_deg=8.0, rise_m=0.03, brake_m_s2=1.2,
    yaw_deg=2.0, half_width_m=0.15, arm_deg=4.0, elbow_deg=40.0, lift_m=0.02, shock=0.3,
)  # fmt: skip
STEP_IN_PLACE = replace(
    WALK, thigh=((0, 6), (60, 8), (80, 30)), knee=((0, 10), (60, 16), (80, 55)), foot=((0, 0),),
    travel_m=0.3, centre_m=0.0, least_knee_deg=8.0, rise_m=0.04, half_width_m=0.09,
    yaw_deg=2.0, arm_deg=6.0, shock=0.25,
)  # fmt: skip
SHUFFLE = replace(
    BACK_WALK, foot=((0, -8), (15, 0), (60, 0), (80, -12)), travel_m=0.4, least_knee_deg=24.0,
    rise_m=0.03, lean_deg=8.0, arm_deg=4.0, elbow_deg=60.0, shock=0.2,
)  # fmt: skip
JUMP = replace(
    STAND, thigh=((0, 45),), knee=((0, 90),), foot=((0, 0), (20, 0), (60, -60), (80, -50)),
    duty=None, aerial_s=0.30, together=True, least_knee_deg=20.0, arm_deg=10.0, elbow_deg=40.0,
    half_width_m=0.10, shock=1.0,
)  # fmt: skip
STAIRS = replace(
    WALK, thigh=((0, 50), (60, -2), (80, 55)), knee=((0, 60), (60, 25), (80, 85)),
    foot=((0, 0), (45, 0), (60, -25), (70, -30), (85, 0)), travel_m=0.35, centre_m=0.0,
    least_knee_deg=12.0, rise_m=0.03, lean_deg=10.0, lift_m=0.05,
)  # fmt: skip
