"""The magnetic field today of one scenario: `kiral.relic_field(...)`, `kiral calc relic`. No jax.

A scenario is the decay of particles that source chirality (G25 Secs. II, V), a helicity, or a finished run. Its helicity is
conserved, the field cascades to the line of the largest eddies (`kiral.mhd.bounds`), and stands beside the bounds.
G25 = Gurgenidze et al. (2025).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from kiral.config.base import Number, Positive
from kiral.config.calculation import Calculation
from kiral.config.messages import explain
from kiral.config.units import Units, quantity
from kiral.errors import ConfigError
from kiral.mhd import cpi_formulas as cpi
from kiral.mhd.bounds import bound, load_bounds
from kiral.mhd.decay_source import lifetime_from_source_time, source_amplitude
from kiral.mhd.estimates import scenario
from kiral.mhd.relic import field_today, length_mpc, relic_track, units_of

if TYPE_CHECKING:
    from pathlib import Path

    import xarray

    from kiral.units import ComovingRadiation

END = 0.2
"""Share of a run's time over which its helicity must have come to rest."""


class Condition(NamedTuple):
    """A condition on which the answer rests: `value` below `limit`."""

    name: str
    value: float | None
    limit: float
    meaning: str


class Start(NamedTuple):
    """Where the cascade starts: helicity [G² Mpc], B [G], λ_B [Mpc]; None where only the helicity is known."""

    helicity: float
    field: float | None
    length: float | None


class Relic(Calculation):
    """Magnetic field today of a decay that sources chirality (fiducial values of G25 by default), a helicity, or a run."""

    title: ClassVar[str] = "magnetic field today of a scenario, a helicity or a run, beside the bounds"
    units: Units = Units()
    mass: Annotated[Positive, BeforeValidator(quantity("GeV"))] = Field(
        default=100.0, description="mass m_phi of the decaying particle [GeV]"
    )
    asymmetry: Annotated[Number, Field(ge=-1, le=1)] = Field(
        default=1e-5, description="epsilon beta Omega_phi: chiral asymmetry x branching x energy fraction of the particle"
    )
    t_phi: Positive | None = Field(default=None, description="maximum of the source; 0.05 where no lifetime is given [t*]")
    lifetime: Annotated[Positive, BeforeValidator(quantity("s"))] | None = Field(
        default=None, description="lifetime of the particle [s]"
    )
    magnetic_diffusivity: Positive | None = Field(default=None, description="eta; fiducial where not given [l*^2/t*]")
    chiral_feedback: Positive | None = Field(default=None, description="lambda; fiducial where not given [l*/E*]")
    flipping_rate: Positive | None = Field(default=None, description="Gamma5; fiducial where not given [1/t*]")
    helicity: Number | None = Field(default=None, description="comoving helicity, instead of a scenario [G^2 Mpc]")
    run: str | None = Field(default=None, description="run folder, instead of a scenario")

    @model_validator(mode="after")
    def _one_way(self) -> Relic:
        given = sorted(name for name in self.model_fields_set if getattr(self, name) is not None)
        for way in ("helicity", "run"):
            if way in given and len(given) > 1:
                others = ", ".join(name for name in given if name != way)
                raise ValueError(f"{way} stands for a whole scenario; remove {others}, or {way}")
        if self.t_phi is not None and self.lifetime is not None:
            raise ValueError("give t_phi or lifetime, not both")
        if self.asymmetry == 0 or self.helicity == 0:
            raise ValueError(f"{'asymmetry' if self.asymmetry == 0 else 'helicity'} must differ from 0: no helicity, no relic")
        return self

    def depends_on(self) -> dict[str, Any]:
        """Identity and progress of the run, where the field is one's."""
        if self.run is None:
            return {}
        from kiral.core.folder import config_hash, open_run

        found = open_run(self.run)
        return {"run_hash": config_hash(found.config), "run_t": found.status.get("t")}

    def figures(self, data: xarray.Dataset) -> tuple:
        """The field today beside the bounds."""
        from kiral.mhd.relic_figures import draw_relic_fields

        return (draw_relic_fields({"field today": data}),)

    def compute(self) -> xarray.Dataset:
        """Numbers by name; the docs page "Relic fields" says what they are. RunFolderError: the run has no field to show."""
        if self.run is not None:
            values, start, conditions = _of_run(self.run)
        elif self.helicity is not None:
            values, start, conditions = {}, Start(self.helicity, None, None), []
        else:
            values, start, conditions = self._of_decay_in_range()
        return _dataset(values | _today(start), conditions)

    def _of_decay_in_range(self) -> tuple[dict[str, Any], Start, list[Condition]]:
        try:
            return self._of_decay()
        except (ArithmeticError, ValueError):
            given = ", ".join(f"{name} = {getattr(self, name)}" for name in sorted(self.model_fields_set - {"units"}))
            raise ConfigError(f"the field of this scenario is beyond what numbers hold; bring nearer to 1: {given}") from None

    def _of_decay(self) -> tuple[dict[str, Any], Start, list[Condition]]:
        """Sec. V of G25 for a decaying particle."""
        units = self.units.system()
        t_phi = self.t_phi or cpi.FIDUCIAL_T_PHI
        if self.lifetime is not None:
            t_phi = math.sqrt(self.lifetime / (2 * units.cosmic_time_s))
        mass = 1e9 * self.mass
        inputs = {
            "eta": self.magnetic_diffusivity or cpi.fiducial_diffusivity(units),
            "lam": self.chiral_feedback or cpi.fiducial_feedback(units),
            "gamma5": self.flipping_rate or cpi.fiducial_flipping_rate(units),
            "amplitude": source_amplitude(mass_ev=mass, t_phi=t_phi, asymmetry=self.asymmetry, g_energy=units.g_energy),
            "t_phi": t_phi,
        }
        found = scenario(
            eta=inputs["eta"],
            lam=inputs["lam"],
            gamma5=inputs["gamma5"],
            amplitude=inputs["amplitude"],
            t_phi=t_phi,
            temperature_eV=units.temperature_physical_ev,
            g_energy=units.g_energy,
            g_entropy=units.g_entropy,
        )
        flat, unit = found["flat"], units.helicity_gauss2_mpc
        if not flat["helicity"] or not flat["k_phi"]:
            raise ArithmeticError
        values = {
            "temperature": self.units.temperature,
            "lifetime": lifetime_from_source_time(units, t_phi),
            "mu5_max": flat["mu5_max"],
        } | inputs
        values |= _estimates(units, inputs) | {
            "helicity_fiducial": cpi.fiducial_helicity_gauss2_mpc(units, mass_ev=mass, t_phi=t_phi, asymmetry=self.asymmetry)
        }
        field = math.sqrt(flat["k_phi"] * abs(flat["helicity"])) * units.field_gauss
        start = Start(flat["helicity"] * unit, field, 2 * math.pi / flat["k_phi"] * length_mpc(units))
        conditions = [Condition(v.name, v.value, v.limit, v.meaning) for v in found["validity"] if v.value is not None]
        hot = Condition("temperature_over_mass", self.units.temperature / (t_phi * self.mass), 1.0,
                        "k_B T at t_phi < m_phi: the particle is slow even as hot as the plasma, Sec. II")  # fmt: skip
        return values, start, [*conditions, _growth(units, inputs, flat), hot]


def relic_field(
    *,
    temperature: float | str = 100.0,
    g_energy: float = 106.75,
    g_entropy: float = 106.75,
    mass: float | str | None = None,
    asymmetry: float | None = None,
    t_phi: float | None = None,
    lifetime: float | str | None = None,
    magnetic_diffusivity: float | None = None,
    chiral_feedback: float | None = None,
    flipping_rate: float | None = None,
    helicity: float | None = None,
    run: str | Path | None = None,
) -> xarray.Dataset:
    """Magnetic field today of a scenario: strength, correlation length, helicity, its bounds, and what the answer rests on.

    Three ways: a decaying particle that sources chirality (the default, with the fiducial values of G25 where nothing is
    given), `helicity` [G² Mpc, comoving], or `run`, the folder of a run with a magnetic field. Temperature k_B T* and mass
    in GeV or as a text ("1 TeV"); asymmetry = ε β Ω_φ; t_phi in t*, or lifetime in s; coefficients in code units at T*.
    Returns a Dataset of numbers with units: field_today [G], length_today [Mpc], helicity [G² Mpc], ratio_<bound> (B over
    the bound at that length), the estimates, and each condition with <name>_holds. ConfigError for wrong input.
    """
    given: dict[str, Any] = {
        "mass": mass, "asymmetry": asymmetry, "t_phi": t_phi, "lifetime": lifetime, "helicity": helicity,
        "magnetic_diffusivity": magnetic_diffusivity, "chiral_feedback": chiral_feedback, "flipping_rate": flipping_rate,
        "run": None if run is None else str(run),
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    units = {"temperature": temperature, "g_energy": g_energy, "g_entropy": g_entropy}
    defaults = {"temperature": 100.0, "g_energy": 106.75, "g_entropy": 106.75}
    try:
        return Relic.model_validate(given | ({"units": units} if units != defaults else {})).compute()
    except ValidationError as failure:
        raise ConfigError("relic_field: " + "\n  ".join(explain(failure, Relic))) from None


def _estimates(units: ComovingRadiation, inputs: dict[str, float]) -> dict[str, float]:
    """Helicities [G² Mpc] of a source: Eq. (27), Eq. (15) of its maximal mu5, all of its chirality, the limit of (15b)."""
    unit, s5, lam = units.helicity_gauss2_mpc, inputs["amplitude"], inputs["lam"]
    rates = {"amplitude": s5, "flipping_rate": inputs["gamma5"]}
    peak = cpi.mu5_peak(**rates)
    emitted = math.sqrt(math.e) * s5 * inputs["t_phi"]  # the integral of Eq. (9) over all times
    found = {
        "helicity_estimate": cpi.final_helicity(**rates, t_phi=inputs["t_phi"], chiral_feedback=lam) * unit,
        "helicity_of_peak": cpi.helicity_from_chirality(delta_mu5=-peak, chiral_feedback=lam) * unit,
        "helicity_without_washout": cpi.helicity_from_chirality(delta_mu5=-emitted, chiral_feedback=lam) * unit,
        "helicity_limit": cpi.helicity_from_chirality_gauss2_mpc(
            units, delta_mu5_over_kt=-math.copysign(1, s5), feedback_ratio=lam / cpi.fiducial_feedback(units)
        ),
    }
    return {name: float(value) for name, value in found.items()}


def _growth(units: ComovingRadiation, inputs: dict[str, float], flat: dict[str, float]) -> Condition:
    """Whether the source lasts long enough for thermal noise to grow to what Eq. (27) says; stronger seeds need less."""
    seed = thermal_energy_per_log_k(units, flat["k_phi"])
    needed = 0.5 * math.log(flat["k_phi"] * abs(flat["helicity"]) / 2 / seed)
    given = source_efoldings(magnetic_diffusivity=inputs["eta"], mu5_max=flat["mu5_max"], t_phi=inputs["t_phi"])
    meaning = f"e-foldings from thermal noise to Eq. (27), {needed:.3g}, over those that the source gives, {given:.3g}"
    return Condition("growth_from_noise", needed / given, 1.0, meaning)


def source_efoldings(*, magnetic_diffusivity: float, mu5_max: float, t_phi: float) -> float:
    """e-foldings of the mode that grows most under a source with washout: max over k of ∫ eta k (mu5 - k) dt, mu5 > k.

    With mu5 = S5(t)/Γ5 (G25 Eqs. 9, 12, 17) it is C eta mu5_max² t_phi with C = 0.2711, at k = 0.38 mu5_max.
    """
    s, kappa = np.linspace(0.0, 6.0, 3001), np.linspace(0.2, 0.6, 81)
    excess = np.clip(s * np.exp((1 - s**2) / 2) - kappa[:, None], 0.0, None)
    largest = float((kappa * excess.sum(axis=1) * (s[1] - s[0])).max())
    return largest * magnetic_diffusivity * mu5_max**2 * t_phi


def thermal_energy_per_log_k(units: ComovingRadiation, wave_number: float) -> float:
    """dρ_B/dlnk = k³ k_B T/(2π²) [E*/l*³] of a field in equilibrium: k_B T/2 for each polarisation; ħck ≪ k_B T."""
    return wave_number**3 / (2 * math.pi**2) * units.temperature_ev / units.energy_ev


def _of_run(folder: str) -> tuple[dict[str, Any], Start, list[Condition]]:
    """The end of a run, and the estimate for its parameters."""
    from kiral.core.folder import open_run
    from kiral.mhd.analysis import scales

    run = open_run(folder)
    track = relic_track(run)
    if not track.sizes["t"] or not float(track["helicity"][-1]):
        raise ConfigError(f"run = {folder!r}: no helical field at the end of the run, so nothing to follow until today")
    units, known, end = units_of(run.config), scales(run.config, run.series), track.isel(t=-1)
    values = {"temperature": run.config["units"]["temperature"], "t_end": float(end["t"])}
    if known.helicity is not None:
        values["helicity_estimate"] = known.helicity * units.helicity_gauss2_mpc
    start = Start(float(end["helicity"]), float(end["b_rms"]), float(end["lambda_b"]))
    conditions = [
        Condition("nonhelical_part", 1 - abs(float(end["helicity_fraction"])), 0.1, "the field is fully helical at the end"),
        Condition("helicity_drift", _drift(track), 0.1, "|dln h/dln t| at the end of the run: the helicity has settled"),
    ]
    return values, start, conditions


def _drift(track: xarray.Dataset) -> float | None:
    """|d ln|h|/d ln t| over the last part of a run; None where too few samples have a sign in common."""
    t, h = np.asarray(track["t"]), np.asarray(track["helicity"])
    last = (t > (1 - END) * t[-1]) & (h * h[-1] > 0) & (t > 0)
    if last.sum() < 3:
        return None
    return abs(float(np.polyfit(np.log(t[last]), np.log(np.abs(h[last])), 1)[0]))


def today_of(helicity: float, field: float, length: float) -> tuple[float, float, bool]:
    """(B [G], λ_B [Mpc], whether it cascades) today of a field that starts with helicity [G² Mpc], B [G] and λ_B [Mpc].

    Above the line of the largest eddies it cascades to that line with h conserved (a field of little helicity first decays
    at its length: a lower limit on that length, since the growth of a nonhelical field's length is left out); below it, its
    comoving values stay.
    """
    eddies = bound("eddies")
    if field <= float(eddies.field(length)):
        return field, length, False
    on_line = max(field_today(helicity, eddies)[1], length)
    return float(eddies.field(on_line)), on_line, True


def _today(start: Start) -> dict[str, Any]:
    """The field today, and its ratio to every bound that says something at its length."""
    values: dict[str, Any] = {"helicity": start.helicity, "helicity_root": math.sqrt(abs(start.helicity))}
    if start.field is not None and start.length is not None:
        field, length, cascades = today_of(start.helicity, start.field, start.length)
        values |= {"field_start": start.field, "length_start": start.length, "cascades": cascades}
    else:
        field, length = field_today(start.helicity, bound("eddies"))
    values |= {"field_today": field, "length_today": length}
    for found in load_bounds():
        limit = float(found.field(length))
        if found.kind != "line" and math.isfinite(limit):
            values[f"ratio_{found.name.replace('-', '_')}"] = field / limit
    return values


# name: (unit, what it is)
_NAMES: dict[str, tuple[str, str]] = {
    "temperature": ("GeV", "k_B T at the reference epoch"),
    "lifetime": ("s", "lifetime of the particle"),
    "t_end": ("t*", "time of the run at which the cascade starts"),
    "t_phi": ("t*", "maximum of the source"),
    "amplitude": ("1/(l* t*)", "source at its maximum, G25 (9)"),
    "eta": ("l*^2/t*", "magnetic diffusivity"),
    "lam": ("l*/E*", "chiral feedback"),
    "gamma5": ("1/t*", "flipping rate"),
    "mu5_max": ("1/l*", "maximum of mu5, G25 (17)"),
    "helicity_estimate": ("G^2 Mpc", "estimate for these coefficients, G25 (27) or (15)"),
    "helicity_fiducial": ("G^2 Mpc", "estimate with fiducial coefficients, G25 (38)"),
    "helicity_of_peak": ("G^2 Mpc", "if all of the maximal mu5 became helicity, G25 (15)"),
    "helicity_without_washout": ("G^2 Mpc", "if all of the source's chirality became helicity, G25 (22)"),
    "helicity_limit": ("G^2 Mpc", "G25 (15b) at mu5 = k_B T, where it ends to hold"),
    "helicity": ("G^2 Mpc", "comoving magnetic helicity <A.B>, conserved until today"),
    "helicity_root": ("G Mpc^1/2", "square root of its size"),
    "field_start": ("G", "magnetic field, rms, when the cascade starts, comoving"),
    "length_start": ("Mpc", "correlation length when the cascade starts, comoving"),
    "cascades": ("1", "whether the eddies turn over before recombination"),
    "field_today": ("G", "magnetic field today, rms"),
    "length_today": ("Mpc", "correlation length today, 2 pi/k_I"),
}


def _dataset(values: dict[str, Any], conditions: list[Condition]) -> xarray.Dataset:
    """All numbers with unit and meaning; each condition as its value and `<name>_holds`."""
    import xarray

    named = {name: ((), values[name], _label(*_NAMES[name])) for name in _NAMES if name in values}
    for found in load_bounds():
        name = f"ratio_{found.name.replace('-', '_')}"
        if name in values:
            label = _label("1", f"field today over the {found.kind} bound: {found.title}")
            named[name] = ((), values[name], label | {"source": found.citation, "assumes": found.assumes})
    for name, value, limit, meaning in conditions:
        if value is not None:
            named[name] = ((), value, _label("1", meaning) | {"limit": limit})
            named[f"{name}_holds"] = ((), bool(abs(value) < limit), _label("1", f"below {limit:g}"))
    attrs = {"convention": "comoving, a = 1 today; lambda_b = 2 pi/k_I", "eddies": bound("eddies").citation}
    return xarray.Dataset(named, attrs=attrs)


def _label(unit: str, text: str) -> dict[str, Any]:
    return {"units": unit, "long_name": text}
