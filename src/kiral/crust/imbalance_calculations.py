"""How long δmu, and the chiral instability with it, lives in a crust (`kiral calc crust-imbalance`). Imports no jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Count, NonNegative, Number, Positive
from kiral.config.calculation import Calculation
from kiral.crust.imbalance_config import Imbalance, SpinDown
from kiral.crust.star_calculations import table_checksums

if TYPE_CHECKING:
    import xarray

    from kiral.crust.coefficients import CrustMatter
    from kiral.crust.imbalance import ImbalanceMatter

FIRST = 1e-3
"""First time of a result, in the shortest relaxation time of the crust."""
OVER_TIME = {
    "delta_mu": ("1", "delta mu/kT in the layer that would grow fastest at the start"),
    "k5": ("1/km", "largest |k5| of the crust"),
    "growth_rate": ("1/yr", "largest N eta k5^2/4 of the crust, the bound of growth"),
    "e_foldings": ("1", "largest of its time integrals over the crust"),
    "captures": ("1", "net captures per electron of the crust, since the start"),
    "stored": ("erg", "energy stored in delta mu"),
    "put_in": ("erg", "energy that compression has put into delta mu"),
    "released": ("erg", "energy that captures have released, into heat and neutrinos"),
    "drawn": ("erg", "most that a field can have drawn: mu5 of every capture"),
}


class _Crust(NamedTuple):
    """The crust at the radii: what evolves δmu, and what makes k5 of it."""

    matter: CrustMatter
    imbalance: ImbalanceMatter
    diffusivity: np.ndarray
    k5: np.ndarray  # with all captures of free protons and no inverse, without cap
    mu5: np.ndarray
    captures: np.ndarray  # Γw [1/s]


class CrustImbalance(Calculation):
    """delta mu of a crust in time: compression against captures, what k5 is left, and the energies."""

    title: ClassVar[str] = "imbalance of a crust under compression: how long delta mu and the chiral instability live"
    imbalance: Imbalance = Field(
        default=SpinDown(period=2e-3, dipole=1e15), description="what compresses the crust: spin_down or compression"
    )
    delta_mu: Number = Field(default=1e-2, description="departure from beta equilibrium over kT at the start [1]")
    weak_rate_factor: Annotated[tuple[NonNegative, ...], Field(min_length=1)] = Field(
        default=(1.0, 1e-7, 1e-14, 1e-21), description="factors of the captures' rate, one result each [1]"
    )
    captures: Literal["free_protons", "near_equilibrium"] = Field(
        default="free_protons",
        description="electrons that can be captured: all above m_n - m_p, or those that energy conservation leaves "
        "next to equilibrium",
    )
    temperature: Positive = Field(default=1e9, description="temperature of the crust [K]")
    k5_max: Positive = Field(default=600.0, description="cap of the chiral wave number [1/km]")
    gr: bool = Field(default=True, description="metric of the star; false: flat space")
    mass: Positive = Field(default=1.4, description="gravitational mass [Msun]")
    eos: str = Field(default="BSk24", description="equation of state: BSk24, SLy4, or the folder of a CompOSE table")
    outer_density: Positive = Field(default=1e10, description="density at the outer boundary [g/cm^3]")
    time_max: Positive = Field(default=1e3, description="time that is followed [yr]")
    per_decade: Annotated[Count, Field(le=200)] = Field(
        default=20, description="times per decade, from the fastest relaxation on"
    )

    @model_validator(mode="after")
    def _no_files(self) -> CrustImbalance:
        for name, table in self.imbalance.tables().items():
            if table.file is not None:
                raise ValueError(f"imbalance.{name}: give the table's numbers, t and value; a file belongs to a case")
        return self

    def depends_on(self) -> dict[str, Any]:
        """The content of a table's files."""
        return table_checksums(self.eos)

    def compute(self) -> xarray.Dataset:
        """Over (weak_rate_factor, t); profiles over r; lifetimes and totals over weak_rate_factor."""
        import xarray

        from kiral.crust.imbalance import check_compressed, compression
        from kiral.crust.linear_build import cached_star

        star = cached_star(self.mass, self.eos, self.outer_density)
        crust = self.crust()
        law = compression(self.imbalance, star, crust.imbalance)
        t = self.times(crust)
        check_compressed(law, 0.0, self.time_max)
        rows = [self.follow(crust, law, t, factor) for factor in self.weak_rate_factor]
        variables: dict[str, Any] = {}
        for name, (unit, text) in OVER_TIME.items():
            values = np.stack([row[name] for row in rows])
            variables[name] = (("weak_rate_factor", "t"), values, _label(unit, text))
        lifetimes = np.array([row["lifetime"] for row in rows])
        text = "last time at which the fastest wave, 4 pi/k5, is shorter than the crust is thick; 0: never"
        variables["lifetime"] = ("weak_rate_factor", lifetimes, _label("yr", text))
        factors = np.array(self.weak_rate_factor)
        coords = {
            "weak_rate_factor": ("weak_rate_factor", factors, _label("1", "factor of the captures' rate")),
            "t": ("t", t, _label("yr", "time")),
            "r": ("r", crust.matter.r, _label("km", "areal radius")),
        }
        return xarray.Dataset(variables | self._profiles(crust) | self._source(star, law, crust, t), coords)

    def crust(self) -> _Crust:
        """The star's crust at the temperature."""
        from kiral.crust.coefficients import KM2_YEAR, matter_of_star
        from kiral.crust.conductivity import magnetic_diffusivity, scattering
        from kiral.crust.imbalance import imbalance_matter
        from kiral.crust.linear_build import cached_star
        from kiral.crust.rates import chirality, fermi_factor

        star = cached_star(self.mass, self.eos, self.outer_density)
        m = matter_of_star(star, gr=self.gr)
        electrons = scattering(
            None, self.temperature, m.charge_number, m.mass_number, m.ion_density, nuclear_size=m.nuclear_size
        )
        share = np.ones_like(m.r)
        if self.captures == "near_equilibrium":
            near = np.array([fermi_factor(mu, self.temperature, mu) for mu in m.mu_e])
            share = near / fermi_factor(m.mu_e, self.temperature)
        found = chirality(m.mu_e, electrons.conductivity, self.temperature, np.inf)
        diffusivity = KM2_YEAR * magnetic_diffusivity(electrons.conductivity)
        there = imbalance_matter(star, m.r, gr=self.gr)
        return _Crust(m, there, diffusivity, share * found.k5, share * found.mu5, share * found.capture_rate)

    def times(self, crust: _Crust) -> np.ndarray:
        """0, then evenly in the logarithm from a small part of the fastest relaxation to time_max [yr]."""
        fastest = float(self.relaxation(crust, max(self.weak_rate_factor)).max())
        first = min(FIRST / fastest if fastest > 0 else np.inf, 1e-6 * self.time_max)
        count = int(np.ceil(np.log10(self.time_max / first) * self.per_decade)) + 1
        return np.concatenate([[0.0], np.geomspace(first, self.time_max, count)])

    def relaxation(self, crust: _Crust, factor: float) -> np.ndarray:
        """k [1/yr]."""
        from kiral.crust.imbalance import relaxation_rate

        return relaxation_rate(crust.imbalance.kappa, factor * crust.captures, self.temperature, crust.imbalance.lapse)

    def follow(self, crust: _Crust, law: Any, t: np.ndarray, factor: float) -> dict[str, Any]:
        """Everything over time with one factor of the captures' rate."""
        from kiral.constants import YEAR_S
        from kiral.crust.imbalance import MEV_ERG, evolve, reservoir

        k, there = self.relaxation(crust, factor), crust.imbalance
        start = np.full_like(k, self.delta_mu)
        found = evolve(t, start, there, law, np.full_like(t, self.temperature), np.broadcast_to(k, (t.size, k.size)))
        k5 = np.clip(factor * found.net * crust.k5, -self.k5_max, self.k5_max)
        growth = there.lapse * crust.diffusivity * k5**2 / 4
        layer = self.layer(crust)
        grown = _accumulated(growth, t)
        energy = reservoir(found.x, there, self.temperature, found.rate, k)
        captured = YEAR_S * there.lapse * factor * crust.captures * found.net  # per electron and year
        electrons = there.electron_density * there.volume
        drawn = MEV_ERG * captured * np.abs(factor * found.net * crust.mu5)
        largest = np.abs(k5).max(axis=1)
        fits = np.flatnonzero(4 * np.pi < largest * (crust.matter.r[-1] - crust.matter.r[0]))
        return {
            "delta_mu": found.x[:, layer],
            "k5": largest,
            "growth_rate": growth.max(axis=1),
            "e_foldings": grown.max(axis=1),
            "captures": _accumulated(captured @ electrons, t) / electrons.sum(),
            "stored": energy.stored @ there.volume,
            "put_in": _accumulated(energy.put_in @ there.volume, t),
            "released": _accumulated(energy.released @ there.volume, t),
            "drawn": _accumulated(np.abs(drawn) @ electrons, t),
            "lifetime": t[fits[-1]] if fits.size else 0.0,
        }

    def layer(self, crust: _Crust) -> int:
        """Where it would grow fastest at the start with a factor of 1: with all captures where delta_mu is 0."""
        net = -np.expm1(-self.delta_mu) if self.delta_mu else 1.0
        k5 = np.minimum(np.abs(net * crust.k5), self.k5_max)
        return int(np.argmax(crust.imbalance.lapse * crust.diffusivity * k5**2))

    def _profiles(self, crust: _Crust) -> dict[str, Any]:
        """Variables over r, with a factor of 1 where captures enter."""
        from kiral.crust.imbalance import MEV_K, e_foldings_of_release

        there, k = crust.imbalance, self.relaxation(crust, 1.0)
        growth = there.lapse * crust.diffusivity * crust.k5**2 / 4
        needed = -k * np.expm1(-self.delta_mu) * MEV_K * self.temperature / there.kappa
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(there.fewer != 0, needed / there.fewer, np.nan)
        found = {
            "kappa": (there.kappa, "MeV", "d delta mu/d ln Y_e"),
            "fewer": (there.fewer, "1", "-d ln Y_e/d ln n_b in equilibrium"),
            "response": (there.response, "s^2", "d ln n_b/d(Omega^2)"),
            "relaxation_rate": (k, "1/yr", "rate at which captures undo delta mu, with a factor of 1"),
            "release": (
                e_foldings_of_release(self.delta_mu, growth, k),
                "1",
                "e-foldings while captures undo the delta mu of the start, with a factor of 1, without cap",
            ),
            "needed": (needed, "1/yr", "d ln n_b/dt that would hold delta mu as it is at the start, with a factor of 1"),
        }
        return {name: ("r", values, _label(unit, text)) for name, (values, unit, text) in found.items()}

    def _source(self, star: Any, law: Any, crust: _Crust, t: np.ndarray) -> dict[str, Any]:
        """Variables of the compression, and of the rotation where there is one."""
        from kiral.constants import YEAR_S
        from kiral.crust.imbalance import e_foldings_of_balance, moment_of_inertia, rotation, spin

        density, rate = law(t)
        per_capture = crust.k5 / (YEAR_S * crust.captures)
        balance = e_foldings_of_balance(per_capture, crust.diffusivity, crust.imbalance, _accumulated(rate**2, t)[-1])
        found = {
            "balance": (("r",), balance, "1", "e-foldings until time_max while captures keep up with compression, at any rate"),
            "layer": ((), crust.matter.r[self.layer(crust)], "km", "radius that would grow fastest at the start"),
            "compressed": (("r",), density[-1] - density[0], "1", "ln n_b gained until time_max"),
            "compression_rate": (("t",), np.abs(rate).max(axis=1), "1/yr", "largest |d ln n_b/dt| of the crust"),
        }
        if isinstance(self.imbalance, SpinDown):
            numbers = rotation(self.imbalance, star)
            energy = 0.5 * moment_of_inertia(star.mass, star.radius_km) * spin(t, *numbers)[0]
            found |= {
                "period_derivative": ((), numbers[1], "1", "dP/dt at the start"),
                "rotational_energy": (("t",), energy, "erg", "rotational energy"),
            }
        return {name: (dims, values, _label(unit, text)) for name, (dims, values, unit, text) in found.items()}

    def figures(self, data: xarray.Dataset) -> tuple:
        """δmu, k5, e-foldings and energies in time."""
        from kiral.crust import imbalance_figures as figures

        return figures.evolution(data), figures.energies(data)


def _accumulated(rate: np.ndarray, t: np.ndarray) -> np.ndarray:
    """∫ rate dt by trapezoids from the first time on."""
    steps = np.diff(t).reshape((-1,) + (1,) * (rate.ndim - 1))
    return np.concatenate([0 * rate[:1], np.cumsum(steps * (rate[1:] + rate[:-1]) / 2, axis=0)])


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
