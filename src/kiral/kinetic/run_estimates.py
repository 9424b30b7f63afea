"""What theory expects of a run of chiral kinetic theory, before anything runs: exact currents, anomaly, waves. No jax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kiral.errors import ConfigError
from kiral.kinetic import equilibrium, exact
from kiral.kinetic import run_config as cfg

if TYPE_CHECKING:
    from kiral.config.run import ChiralKineticRun

CURRENT = "1/(l*^2 t*)"


class Record(NamedTuple):
    """One line of `kiral estimate`."""

    name: str
    title: str
    value: float
    code_unit: str
    physical: float | None
    physical_unit: str
    equation: str


class Set(NamedTuple):
    """The sections of a case, from its configuration or from what a run folder keeps of it."""

    model: cfg.ChiralKineticModel
    geometry: cfg.KineticGrid
    initial: cfg.LocalEquilibrium

    @property
    def potentials(self) -> tuple[float, float]:
        """Uniform mu_λ."""
        return self.initial.mu + self.initial.mu5, self.initial.mu - self.initial.mu5

    @property
    def constants(self) -> dict[str, float]:
        """temperature, tau, charge, c."""
        return {name: getattr(self.model, name) for name in ("temperature", "tau", "charge", "c")}

    @property
    def driven(self) -> bool:
        """Homogeneous, in a constant field along one axis that nothing but the case sets."""
        model = self.model
        return self.geometry.n[0] == 1 and any(model.electric_field) and model.ampere == "none" and not model.tables()

    @property
    def strength(self) -> float:
        """E along its axis."""
        return float(np.linalg.norm(self.model.electric_field))

    @property
    def wave_number(self) -> float:
        """k of the seeded wave."""
        return 2 * np.pi * self.initial.mode / self.geometry.length


def sections(config: Mapping[str, Any]) -> Set:
    """From the resolved configuration of a run."""
    parts = (cfg.ChiralKineticModel, cfg.KineticGrid, cfg.LocalEquilibrium)
    return Set(*(part(**config[name]) for part, name in zip(parts, Set._fields, strict=True)))


def scenario(config: ChiralKineticRun) -> dict[str, Any]:
    """Records for `kiral estimate`; what does not apply is left out."""
    case = Set(config.model, config.geometry, config.initial)
    records = [*_scales(case), *_driven(case), *_waves(case)]
    return {"records": records, "flat": {r.name: r.value for r in records}, "validity": [], "table1": []}


def ohm_current(case: Set, time: float | None = None) -> float | None:
    """Exact number current along E after switching on (steady without a time), to every order; None unless B = 0."""
    if not case.driven or any(case.model.magnetic_field):
        return None
    values = {"electric_field": case.strength, **case.constants}
    if time is None:
        return sum(exact.ohm_current(mu_l=mu, **values) for mu in case.potentials)
    return sum(exact.ohm_transient(mu_l=mu, time=time, **values) for mu in case.potentials)


def anomaly_factor(case: Set, mu: float, mu5: float) -> float | None:
    """dn5/dt over e² E·B/(2π²c) of the steady state with these potentials; None unless E ∥ B and both are there."""
    if not case.driven or not any(case.model.magnetic_field) or not cfg.one_axis(case.model):
        return None
    factors = [exact.anomaly_factor(electric_field=case.strength, mu_l=x, **case.constants) for x in (mu + mu5, mu - mu5)]
    return sum(factors) / 2


def wave_roots(case: Set) -> np.ndarray:
    """Roots s of the seeded wave, all orders in k, slowest first; empty where linear theory has none for this case."""
    from kiral.kinetic.dispersion import dispersion_roots

    model = case.model
    if case.geometry.n[0] == 1 or any(model.electric_field) or model.magnetic_profile or cfg.across(model.magnetic_field, _Z):
        return np.array([])
    field = "held" if model.ampere == "none" else "dynamic"
    values = {"mu": case.initial.mu, "mu5": case.initial.mu5, "magnetic_field": model.magnetic_field[2]}
    try:
        found = dispersion_roots(case.wave_number, field=field, **values, **case.constants)
    except ConfigError:  # mu5 and B with dynamic E: the state itself drains
        return np.array([])
    return found[np.isfinite(found)]


_Z = np.array([0.0, 0.0, 1.0])


def _scales(case: Set) -> list[Record]:
    model, mu = case.model, (case.initial.mu, case.initial.mu5)
    unit = model.c * model.charge / model.temperature
    sigma = equilibrium.conductivity(model.temperature, *mu, model.tau, model.charge, model.c)
    b = float(np.linalg.norm(model.magnetic_field))
    return [
        Record("force", "momentum that E gives in tau, over T/c", unit * model.tau * case.strength, "1", None, "", "c e E τ/T"),
        Record("berry", "strength of the Berry curvature", unit / model.temperature * b, "1", None, "", "e c B/T²"),
        Record("conductivity", "conductivity sigma", float(sigma), "1/t*", None, "", "Σ e²τ X_l/(18π²c)"),
        Record("relaxation", "rate at which charges are screened", float(4 * np.pi * sigma), "1/t*", None, "", "Γ = 4π sigma"),
    ]


def _driven(case: Set) -> list[Record]:
    found = []
    current = ohm_current(case)
    if current is not None:
        ohm = ohms_law(case)
        found += [
            Record("ohm_current", "number current by Ohm's law", ohm, CURRENT, None, "", "sigma E/e"),
            Record("exact_current", "steady number current, every order in E", current, CURRENT, None, "", "∫ e^-u G(eEτu) du"),
        ]
    factor = anomaly_factor(case, case.initial.mu, case.initial.mu5)
    if factor is not None:
        text = "anomaly over that without collisions"
        found.append(Record("anomaly_factor", text, factor, "1", None, "", "A = ∫ e^-u (f + f̄)(eEτu) du"))
    return found


def ohms_law(case: Set) -> float:
    """sigma E/e."""
    model = case.model
    mu = (case.initial.mu, case.initial.mu5)
    sigma = equilibrium.conductivity(model.temperature, *mu, model.tau, model.charge, model.c)
    return float(sigma) * case.strength / model.charge


def _waves(case: Set) -> list[Record]:
    model, found = case.model, []
    if case.geometry.n[0] > 1 and any(model.magnetic_field):
        speed = equilibrium.wave_speed(model.temperature, model.magnetic_field[2], model.charge, model.c)
        text = "speed of the chiral magnetic wave, E held at 0"
        found.append(Record("wave_speed", text, float(speed), "l*/t*", None, "", "3eB c²/(2π²T²)"))
    roots = wave_roots(case)
    for i, s in enumerate(roots[roots.imag >= 0], 1):
        name, text = f"root_{i}", f"wave {i} of k = {case.wave_number:.4g}"
        found.append(Record(f"{name}_rate", f"{text}: growth", float(s.real), "1/t*", None, "", "kinetic dispersion relation"))
        if s.imag > 0:
            found.append(Record(f"{name}_frequency", f"{text}: frequency", float(s.imag), "1/t*", None, "", ""))
    return found
