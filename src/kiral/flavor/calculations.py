"""Calculations of flavor kinetics without time: linear stability (`kiral calc stability`). Nothing here imports jax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from kiral.config.base import NonNegative, Number, Positive
from kiral.config.calculation import Calculation
from kiral.config.table import read_csv
from kiral.core.provenance import file_checksum
from kiral.flavor.terms_config import DENSITIES, Distributions, Energies, FlavorUnits, NaturalUnits, PhysicalUnits

if TYPE_CHECKING:
    import xarray

    from kiral.flavor.angular import AngularDistribution
    from kiral.flavor.continuum import Continuum

PAIRS = {"e-mu": (0, 1), "e-tau": (0, 2), "mu-tau": (1, 2)}
GAUSSIAN = {"sigma_nu": 0.6, "sigma_nubar": 0.5, "asymmetry": 0.9}


def _increasing(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError(f"the second number must be the larger one; got {list(ends)}")
    return ends


class Stability(Calculation):
    """Growth rates of flavor waves about flavor states: of beams, or of continuous angular distributions.

    Continuous ones are Gaussians about v = 1 (sigma_nu, sigma_nubar, asymmetry), lists of distributions by flavor (nu, nubar;
    from density and flux by maximum entropy too), or a table of lepton number in a file. Units √2 G_F n* = 1, c = 1.
    """

    title: ClassVar[str] = "linear stability of flavor: growth rate versus k, bands, the most unstable mode"
    kind: Literal["gaussian", "beams", "distributions", "file"] = Field(default="gaussian", description="how angles are given")
    sigma_nu: Positive | None = Field(default=None, description="gaussian: width of the neutrinos; 0.6 where not given")
    sigma_nubar: Positive | None = Field(default=None, description="gaussian: width of the antineutrinos; 0.5 where not given")
    asymmetry: NonNegative | None = Field(default=None, description="gaussian: antineutrinos per neutrino; 0.9 where not given")
    velocities: tuple[Number, ...] | None = Field(default=None, description="beams: velocities along the axis [c]")
    lepton_numbers: tuple[Number, ...] | None = Field(
        default=None, description="beams: nu_e - nu_x less that of antineutrinos, of each [n*]"
    )
    nu: Distributions = Field(default=(), description=f"distributions: of neutrinos, {DENSITIES}")
    nubar: Distributions = Field(default=(), description=f"distributions: of antineutrinos, {DENSITIES}")
    file: str | None = Field(default=None, description="file: CSV with columns v and lepton number per dv, linear between rows")
    pair: Literal["e-mu", "e-tau", "mu-tau"] = Field(
        default="e-mu", description="distributions: which two flavors; they part in linear order"
    )
    vacuum: Number = Field(
        default=0.0, description="H_ee - H_xx of neutrinos at energy 1, negative in normal order; not for beams and file [1/t*]"
    )
    energies: Energies = Field(default=Energies(), description="bins of energy, for the vacuum term")
    matter: Number = Field(default=0.0, description="sqrt(2) G_F n_e: shifts Re omega only [1/t*]")
    damping_nu: NonNegative = Field(default=0.0, description="damping of rho_ex, (kappa_e + kappa_x)/2 [1/t*]")
    damping_nubar: NonNegative = Field(default=0.0, description="that of the antineutrinos [1/t*]")
    k_range: Annotated[tuple[Number, Number], AfterValidator(_increasing)] | None = Field(
        default=None, description="wave numbers; a little more than the bands where not given [1/l*]"
    )
    points: Annotated[int, Field(strict=True, ge=3, le=5000)] = Field(
        default=201, description="number of even wave numbers; bands get some more"
    )
    spatial: Annotated[int, Field(strict=True, ge=0, le=2000)] = Field(
        default=0, description="number of real frequencies at which complex k is sought as well; undamped only"
    )
    units: FlavorUnits = NaturalUnits()

    @model_validator(mode="after")
    def _what_the_kind_needs(self) -> Stability:
        groups = {
            "gaussian": ("sigma_nu", "sigma_nubar", "asymmetry"),
            "beams": ("velocities", "lepton_numbers"),
            "distributions": ("nu", "nubar"),
            "file": ("file",),
        }
        for kind, names in groups.items():
            stray = [name for name in names if kind != self.kind and getattr(self, name) not in (None, ())]
            if stray:
                raise ValueError(f"{stray[0]} goes with kind = {kind!r}; got kind = {self.kind!r}")
        missing = [name for name in groups[self.kind] if getattr(self, name) is None]
        if missing and self.kind != "gaussian":
            raise ValueError(f"kind = {self.kind!r} needs {', '.join(missing)}")
        if self.kind == "distributions" and not (self.nu or self.nubar):
            raise ValueError("kind = 'distributions' needs nu or nubar")
        if self.velocities is not None and len(self.velocities) != len(self.lepton_numbers or ()):
            raise ValueError("velocities and lepton_numbers must have the same length")
        if self.kind in ("beams", "file") and not self._is_fast:
            raise ValueError(f"vacuum and damping need neutrinos and antineutrinos apart; got kind = {self.kind!r}")
        if any(d.axis[:2] != (0.0, 0.0) for d in (*self.nu, *self.nubar)):
            raise ValueError("nu, nubar: stability is computed for axes along z")
        if not self._is_fast and self.k_range is None:
            raise ValueError("k_range is needed with a vacuum term or damping, where modes may grow at any k")
        return self

    @property
    def _is_fast(self) -> bool:
        return not (self.vacuum or self.damping_nu or self.damping_nubar)

    def compute(self) -> xarray.Dataset:
        """Over `k`: frequency and growth rate; bands; the most unstable mode; the angular distribution over `v`."""
        from kiral.flavor.stability_data import beams_dataset, continuum_dataset

        if self.kind == "beams":
            v, g = np.asarray(self.velocities), np.asarray(self.lepton_numbers)
            data = beams_dataset(v, g, self.matter, self.k_range, self.points, self.spatial)
        else:
            data = continuum_dataset(self._continuum(), self.k_range, self.points, self.spatial)
        return data.assign(self._physical(data))

    def figures(self, data: xarray.Dataset) -> tuple:
        """Growth rate against wave number, frequencies, the angular distribution, complex wave numbers."""
        from kiral.flavor import stability_figures as figures

        return figures.growth(data), figures.branches(data), figures.distribution(data), figures.spatial(data)

    def depends_on(self) -> dict[str, Any]:
        """The content of the file."""
        return {"file_sha256": file_checksum(Path(self.file))} if self.file and Path(self.file).exists() else {}

    def _continuum(self) -> Continuum:
        from kiral.flavor.continuum import Continuum
        from kiral.flavor.species import energy_continuum

        if self.kind == "file":
            return Continuum((self._table(),), (complex(-self.matter),))
        if self._is_fast:
            net = self._distribution(lambda v: self._species(v, 0) - self._species(v, 1))
            return Continuum((net,), (complex(-self.matter),))
        nu, nubar = (self._distribution(lambda v, s=s: self._species(v, s)) for s in (0, 1))
        shares, shares_bar = self.energies.shares
        rates = self.vacuum / np.asarray(self.energies.values)
        return energy_continuum(
            nu, nubar, shares=shares, shares_bar=shares_bar, vacuum=rates, matter=self.matter,
            damping=self.damping_nu, damping_bar=self.damping_nubar,
        )  # fmt: skip

    def _species(self, v: np.ndarray, species: int) -> np.ndarray:
        """First less second flavor of the pair, per dv."""
        from kiral.flavor.distributions import gaussian

        if self.kind == "gaussian":
            given = GAUSSIAN | {name: value for name in GAUSSIAN if (value := getattr(self, name)) is not None}
            return given["asymmetry"] * gaussian(v, given["sigma_nubar"]) if species else gaussian(v, given["sigma_nu"])
        flavors = self.nubar if species else self.nu
        along = np.stack([0 * v, 0 * v, v], -1)
        first, second = (flavors[i].at(along) if i < len(flavors) else 0 * v for i in PAIRS[self.pair])
        return first - second

    def _distribution(self, g: Any) -> AngularDistribution:
        from kiral.flavor.angular import AngularDistribution
        from kiral.flavor.terms_config import TableOfAngles

        tables = [d for d in (*self.nu, *self.nubar) if isinstance(d, TableOfAngles)]
        return AngularDistribution.from_function(g, sorted({np.sign(d.axis[2]) * v for d in tables for v in d.v}))

    def _table(self) -> AngularDistribution:
        from kiral.flavor.angular import AngularDistribution

        return AngularDistribution.from_table(*read_csv(Path(self.file or ""), None))

    def _physical(self, data: xarray.Dataset) -> dict[str, tuple]:
        """The most unstable mode in 1/s and cm, where the unit of density is given."""
        if not isinstance(self.units, PhysicalUnits):
            return {}
        k, rate = float(data["k_star"]), float(data["growth_rate"])
        length = 2 * np.pi / abs(k) * self.units.length_cm if k else np.inf
        return {
            "growth_rate_per_s": ((), rate / self.units.time_s, {"units": "1/s", "long_name": "growth rate of that mode"}),
            "wavelength_cm": ((), length, {"units": "cm", "long_name": "wavelength of that mode"}),
        }
