"""What linear theory and the exact solutions expect of a case, before anything runs. No jax."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import TypeAdapter

from kiral.maxwell import config as cfg
from kiral.maxwell import dispersion
from kiral.maxwell import initial_config as start_cfg
from kiral.maxwell.plasma import Plasma, ill_posed_wavenumber

if TYPE_CHECKING:
    from kiral.config.run import MaxwellRun

EXPANSION = 0.1
"""A parameter of the gradient expansion above this is no longer small."""


class Record(NamedTuple):
    """One line of `kiral estimate`; there are no physical units beside the natural ones."""

    name: str
    title: str
    value: float | None
    code_unit: str
    equation: str
    physical: float | None = None
    physical_unit: str = ""


class Validity(NamedTuple):
    """One condition of validity, `value` below `limit`; `holds` is None where the value is undefined."""

    name: str
    value: float | None
    limit: float
    holds: bool | None
    meaning: str


class Expectations(NamedTuple):
    """Growth rate of the fastest mode that the box holds, and the mu5 at which its longest wave stops growing; None: stable."""

    growth: float | None
    saturation: float | None


def plasma_at_start(model: cfg.AnomalousMaxwell, start: start_cfg.Uniform) -> Plasma:
    """The uniform plasma with the mean mu and mu5 of the start; where mu5 has no mean, with its typical size."""
    mu5 = start.mean("mu5")
    if not mu5 and isinstance(start.mu5, start_cfg.RandomScalar):
        mu5 = start.mu5.rms
    if not mu5 and getattr(start, "of", "") == "mu5":
        mu5 = start.amplitude
    return model.plasma(start.mean("mu"), mu5)


def terms_of(model: cfg.AnomalousMaxwell, plasma: Plasma) -> dispersion.Terms | None:
    """The currents that the case takes; None in the resistive limit."""
    if model.limit == "resistive":
        return None
    current = model.chosen_current(plasma.permittivity)
    second = model.second_order(current)
    names = ("hall", "magnetization", "electric_relaxation")
    return dispersion.Terms(*(name in second for name in names), drude=current == "drude")


def expectations(resolved: Mapping[str, Any]) -> Expectations:
    """Of the resolved case of a run."""
    sections = TypeAdapter(start_cfg.Initial).validate_python(resolved["initial"])
    return expected(cfg.AnomalousMaxwell(**resolved["model"]), cfg.Box(**resolved["geometry"]), sections)


def expected(model: cfg.AnomalousMaxwell, box: cfg.Box, start: start_cfg.Uniform) -> Expectations:
    """For the mode of a helical start, else for the fastest mode; only where the initial mu5 is uniform."""
    plasma = plasma_at_start(model, start)
    uniform = isinstance(start.mu5, float) and getattr(start, "of", "") != "mu5" and not isinstance(start, start_cfg.FieldFile)
    if not uniform or not plasma.mu5 or model.electric_field_off or model.regime == "drifting":
        return Expectations(None, None)
    longest = min(unit for unit, n in zip(box.wave_numbers_min, box.n, strict=True) if n > 1)
    k, helicity = max(longest, abs(plasma.chiral_wavenumber) / 2), int(math.copysign(1, plasma.mu5))
    if isinstance(start, start_cfg.HelicalMode):
        mode = start_cfg.numbers(start, box)
        longest = k = math.hypot(*(m * unit for m, unit in zip(mode, box.wave_numbers_min, strict=True)))
        helicity = start.helicity
    growth = float(dispersion.cpi_growth(plasma, k, helicity, terms_of(model, plasma)))
    saturation = math.pi * plasma.c**2 * longest / (2 * plasma.charge**2)
    grows = growth > 0
    return Expectations(growth if grows else None, saturation if grows and saturation < abs(plasma.mu5) else None)


def scenario(config: MaxwellRun) -> dict[str, Any]:
    """Records for `kiral estimate`, what the expansion needs, and all numbers by name."""
    plasma = plasma_at_start(config.model, config.initial)
    found = expected(config.model, config.geometry, config.initial)
    field = cfg.background(config.initial.background_field)
    records = [
        Record("sigma", "conductivity", plasma.sigma, "1/time", "G16 (68)"),
        Record("ohmic_rate", "relaxation of E, 4 pi sigma", plasma.ohmic_rate, "1/time", "transverse modes, k = 0"),
        Record("permittivity", "1 - 4 pi sigma tau", plasma.permittivity, "1", "electric relaxation needs > 0"),
        Record("diffusion", "diffusion constant c^2 tau/3", plasma.diffusion, "length^2/time", "G16 below (64)"),
        Record("debye", "inverse screening length", plasma.debye, "1/length", "(4 pi e^2 chi)^1/2"),
        Record("k_mu", "chiral wave number 2 e^2 mu5/(pi c^2)", plasma.chiral_wavenumber, "1/length", "modes below it grow"),
        Record("growth", "growth rate of the field", found.growth, "1/time", "chiral plasma instability"),
        Record("mu5_end", "mu5 at which the longest wave stops growing", found.saturation, "energy", "pi c^2 k/(2 e^2)"),
        Record("wave_speed", "chiral magnetic wave at E = 0", plasma.wave_speed(field) if field else None, "length/time",
               "G16 (66)"),
        Record("propagation_field", "field above which a long one propagates", dispersion.propagation_field(plasma),
               "energy/(length e)", "v k_D = 2 pi sigma"),
        Record("k_star", "magnetization makes shorter waves ill-posed", _ill_posed(config, plasma), "1/length", "k*"),
    ]  # fmt: skip
    return {"records": records, "flat": {r.name: r.value for r in records}, "validity": _validity(config, plasma), "table1": []}


def _ill_posed(config: MaxwellRun, plasma: Plasma) -> float | None:
    """k* where the magnetization current is taken; None where there is none."""
    terms = terms_of(config.model, plasma)
    if terms is None or not terms.magnetization or not plasma.mu5:
        return None
    return ill_posed_wavenumber(plasma, drude=terms.drude)


def _validity(config: MaxwellRun, plasma: Plasma) -> list[Validity]:
    model, field = config.model, cfg.background(config.initial.background_field)
    gradient = plasma.c * plasma.tau * min(config.geometry.k_max, model.filter or math.inf)
    size = (model.charge * model.light_speed * field) / model.temperature**2
    ohm = plasma.ohmic_rate * plasma.tau
    small = [
        ("gradients", gradient, 1.0, "c tau k below 1 at the largest k"),
        ("magnetic_field", size, EXPANSION, "c e B/T^2 small"),
        ("collisions", ohm if terms_of(model, plasma) and not terms_of(model, plasma).drude else None, 1.0,
         "4 pi sigma tau below 1: Ohm's law follows the field"),
    ]  # fmt: skip
    return [Validity(name, value, limit, None if value is None else value < limit, text) for name, value, limit, text in small]
