"""The published means that `benchmarks.energy` judges, from the evidence's tables and findings.

Where an abstract leaves a speed or a mass open, one is taken, and `ASSUMED` says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from retrorun.evidence.library import Finding, findings, shown, studies, table
from retrorun.physiology import forward_cost
from retrorun.physiology.forward_cost import OXYGEN_J_ML, STANDING_W_KG, watts_of_oxygen

Gait = Literal["walk", "run", "still"]
Direction = Literal["forward", "backward"]
#: Power, energy per metre without and with standing, backward over forward, and the speed at which
#: walking and running cost the same.
Quantity = Literal["W/kg gross", "J/kg/m gross", "J/kg/m net", "ratio", "m/s"]

CALORIE_J = 4.184
#: The resting unit of acsm2017 and of both Compendia.
MET_W_KG = float(watts_of_oxygen(3.5))
#: People, where a study does not say how many.
ASSUMED_N = 10
#: Running at a speed not seen: the middle of `BACKWARD_RUNNING`. Above standing, a metre forward
#: costs the same within 4 % from 2 to 5 m/s.
ASSUMED_RUN_M_S = 2.625
#: Where walking's speed was not seen; and running up 45 %, for which nobody has the oxygen at more.
ASSUMED_WALK_M_S, ASSUMED_STEEP_RUN_M_S = 1.0, 1.2
#: Threshold speed of highly trained men where fletcher2009 gives shares of it (convention); gross,
#: a metre costs the same within 2 % from 3 to 5 m/s. [m/s]
ASSUMED_THRESHOLD_M_S = 4.5
#: The compendia know one speed backward.
COMPENDIUM_BACKWARD_M_S = 1.565
#: Slopes of ratios that `findings.csv` has in words.
RATIO_SLOPE = {"rasica2020": 0.125, "dbpia8826885": 0.075}

#: What is taken from a table as it stands: study, quantity, column and its unit.
COLUMNS: tuple[tuple[str, Quantity, str, float], ...] = (
    ("williford1998", "W/kg gross", "vo2_ml_kg_min", OXYGEN_J_ML / 60),
    ("kim2001", "W/kg gross", "vo2_ml_kg_min", OXYGEN_J_ML / 60),
    ("minetti2002", "J/kg/m net", "net_cost_j_kg_m", 1.0),
    ("masumoto2015", "J/kg/m net", "cost_j_kg_m", 1.0),
    ("margaria1963", "J/kg/m net", "net_cost_kcal_kg_km", CALORIE_J),
    ("minetti1994", "J/kg/m net", "oxygen_cost_ml_kg_km", OXYGEN_J_ML / 1000),
    ("compendium2011", "W/kg gross", "met", MET_W_KG),
    ("compendium2024", "W/kg gross", "met", MET_W_KG),
)

_ASSIGNED = "assigned, not people: as a mean of 10; MET as 3.5 ml/kg/min"
#: What was taken where a study does not say it.
ASSUMED = {
    "minetti2002": "speed mostly not seen: walking 1.0, running 2.625 m/s, up 45 % 1.2 m/s",
    "masumoto2015": "speed not seen: 2.625 m/s; gross or net not seen, taken as net",
    "fletcher2009": "threshold speed not seen: 4.5 m/s; gross or net not seen, taken as gross",
    "margaria1963": "`independent of speed`: running at 2.625 m/s; walking `about half`",
    "dasgupta2019": "speed `of the minimum`: that of our own curve; two rows young, two old people",
    "minetti1994": "speed not seen: 2.625 m/s",
    "compendium2011": _ASSIGNED,
    "compendium2024": _ASSIGNED,
    "heath2001": "mass not seen: 77.7 kg (men of sawyer2010); middle of 1.43 to 1.65 m/s;"
    " first row before, second after four weeks of practice",
    "hall2004": "mass not seen: 69.7 kg (half men, half women of sawyer2010)",
    "abe2015": "first transition of each pair gross, second net: ours are equal",
}
#: Why a study's rows are shown but not counted.
NOT_COUNTED = {
    "paes2016": "a ceiling only (`less than`), and below every forward running equation",
    "minetti1994": "gross or net not seen, and here it decides",
    "hooper2004": "17 to 20 %, points or a ratio: not stated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whom keytel2005 is asked about, in the studies that published heart rates."""

    mass_kg: float
    age: float
    men: float  #: their share


PEOPLE = {
    "kim2001": People(mass_kg=70.0, age=23.0, men=1.0),
    "heath2001": People(mass_kg=77.7, age=25.0, men=1.0),
    "williford1998": People(mass_kg=62.9, age=21.0, men=0.5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One published mean."""

    study: str
    gait: Gait
    direction: Direction
    quantity: Quantity
    value: float
    speed_m_s: float = float("nan")
    gradient: float = 0.0
    mass_sd: float = 0.0  #: between persons, a share, where the mass was assumed
    heart_bpm: tuple[float, ...] = ()  #: of a ratio: backward, forward

    @property
    def n(self) -> int | None:
        """People, where the study says how many."""
        return studies()[self.study].n

    @property
    def kind(self) -> str:
        return {"ratio": "ratio", "m/s": "transition"}.get(self.quantity, "absolute")

    @property
    def source(self) -> str:
        """Both editions of the Compendium share most values: one source."""
        return "compendium" if self.study.startswith("compendium") else self.study

    @property
    def what(self) -> str:
        way = "fwd" if self.direction == "forward" else "bwd"
        words = f"{self.gait} {way}" if self.gait != "still" else "standing"
        if self.quantity == "m/s":
            words = f"walk=run {way}"
        elif np.isfinite(self.speed_m_s):
            words += f" {self.speed_m_s:.2f}"
        return words + (f" {100 * self.gradient:+.3g}%" if self.gradient else "")


def published() -> Iterator[Row]:
    """Every published mean that the model can be asked for."""
    for study, quantity, column, unit in COLUMNS:
        for line in table(f"tables/{study}"):
            yield _row(study, line, quantity, unit * float(line[column]))
    yield from _speed_not_seen()
    yield from _mass_not_seen()
    for finding in shown("cost_ratio_running"):
        yield from _ratio(finding, "run")
    for finding in shown("cost_ratio_walking"):
        yield from _ratio(finding, "walk")
    yield from _others()


def _row(study: str, line: Mapping[str, str], quantity: Quantity, value: float, **more: Any) -> Row:
    """A row with the gait, direction, speed, slope and pulse of a line of the study's table."""
    of_line: dict[str, Any] = {
        "gait": line.get("gait", "run"),
        "direction": line.get("direction", "forward"),
        "speed_m_s": float(line.get("speed_m_s") or _assumed_speed_m_s(line)),
        "gradient": float(line.get("gradient", 0.0)),
        "heart_bpm": (float(line["heart_rate_bpm"]),) if "heart_rate_bpm" in line else (),
    }
    return Row(study=study, quantity=quantity, value=value, **(of_line | more))


def _assumed_speed_m_s(line: Mapping[str, str]) -> float:
    if line.get("gait") == "walk":
        return ASSUMED_WALK_M_S
    steep = float(line.get("gradient", 0.0)) > 0.3
    return ASSUMED_STEEP_RUN_M_S if steep else ASSUMED_RUN_M_S


def _speed_not_seen() -> Iterator[Row]:
    for line in table("tables/fletcher2009"):
        cost = CALORIE_J * float(line["energy_kcal_kg_km"])
        speed_m_s = float(line["share_of_threshold_speed"]) * ASSUMED_THRESHOLD_M_S
        yield _row("fletcher2009", line, "J/kg/m gross", cost, speed_m_s=speed_m_s)
    for line in table("tables/dasgupta2019"):
        quantity: Quantity = "J/kg/m net" if line["energy"] == "net" else "J/kg/m gross"
        speed_m_s = _cheapest_walk_m_s(quantity)
        yield _row("dasgupta2019", line, quantity, float(line["cost_j_kg_m"]), speed_m_s=speed_m_s)


def _cheapest_walk_m_s(quantity: Quantity) -> float:
    speed = np.linspace(0.7, 1.9, 241)
    rest = STANDING_W_KG if quantity == "J/kg/m net" else 0.0
    cost = (forward_cost.walking_w_kg(speed, np.zeros_like(speed)) - rest) / speed
    return float(speed[np.argmin(cost)])


def _mass_not_seen() -> Iterator[Row]:
    """Energies of whole bodies whose mass is not in the abstract: that of sawyer2010 serves."""
    mass = {line["sex"]: line for line in table("tables/sawyer2010")}
    kg = np.array([float(mass[sex]["mass_kg"]) for sex in ("male", "female")])
    sd_kg = np.array([float(mass[sex]["mass_sd_kg"]) for sex in ("male", "female")])
    for line in table("tables/heath2001"):
        w_kg = float(watts_of_oxygen(1000 * float(line["vo2_l_min"]) / kg[0]))
        speed_m_s = (float(line["slowest_m_s"]) + float(line["fastest_m_s"])) / 2
        sd = float(sd_kg[0] / kg[0])
        yield _row("heath2001", line, "W/kg gross", w_kg, speed_m_s=speed_m_s, mass_sd=sd)
    sd = float(np.sqrt(np.mean(sd_kg**2) + np.var(kg)) / kg.mean())
    for line in table("tables/hall2004"):
        cost = 1000 * float(line["gross_kj"]) / float(line["distance_m"]) / float(kg.mean())
        yield _row("hall2004", line, "J/kg/m gross", cost, mass_sd=sd)


def _ratio(finding: Finding, gait: Gait) -> Iterator[Row]:
    study, beats = finding.study, {}
    if finding.value is None:
        return
    if study in PEOPLE:
        lines = (line for line in table(f"tables/{study}") if line["gait"] == gait)
        beats = {line["direction"]: float(line["heart_rate_bpm"]) for line in lines}
    edition = study.startswith("compendium")
    yield Row(
        study=study,
        gait=gait,
        direction="backward",
        quantity="ratio",
        value=finding.value,
        speed_m_s=finding.speed_m_s or (COMPENDIUM_BACKWARD_M_S if edition else ASSUMED_RUN_M_S),
        gradient=RATIO_SLOPE.get(study, 0.0),
        heart_bpm=(beats["backward"], beats["forward"]) if beats else (),
    )


def _others() -> Iterator[Row]:
    """A ratio in words, a ceiling, standing, and where walking and running cost the same."""
    way: dict[str, Any] = {"gait": "walk", "direction": "backward"}
    yield Row(
        study="hooper2004", quantity="ratio", value=1.185, speed_m_s=1.12, gradient=0.075, **way
    )
    (line,) = table("tables/paes2016")
    w_kg = 1000 * CALORIE_J * float(line["energy_below_kcal_min"]) / 60 / float(line["mass_kg"])
    yield _row("paes2016", line, "W/kg gross", w_kg)
    measured = findings()["hreljac2005.transition"].value
    assert measured is not None
    yield Row(study="hreljac2005", quantity="m/s", value=measured, **way)
    for line in table("tables/abe2015"):
        value = float(line["value"])
        if line["quantity"] == "standing":
            w_kg = float(watts_of_oxygen(value))
            yield _row("abe2015", line, "W/kg gross", w_kg, gait="still", speed_m_s=np.nan)
        elif line["quantity"].startswith("transition"):
            yield _row("abe2015", line, "m/s", value / 3.6, gait="walk", speed_m_s=np.nan)
