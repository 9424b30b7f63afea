"""The case file of a star's crust with Hall drift and feedback, `kind = "crust_emhd"`: [model], [geometry], [initial].

Times in years, lengths in km, fields in G, temperatures in K. Nothing here imports jax.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kiral.config.base import Count, Number, Positive
from kiral.config.table import TableConfig
from kiral.crust.config import CrustPhysics, RadialGrid
from kiral.crust.heat_config import Heat
from kiral.crust.imbalance_config import Imbalance
from kiral.crust.shell_config import Filter, RandomField, ShellDecayMode, TiltedDipole

SEED_G = 3e12
MEAN_FIELD = "root mean square field in the crust, local observers' [G]"


class CrustEMHD(CrustPhysics):
    """Ohm's law, Hall drift and the chiral current with the anomaly's feedback, in the crust of a star."""

    kind: Literal["crust_emhd"]
    delta_mu: Number | None = Field(
        default=None, description="departure from beta equilibrium over kT, delta mu/kT; captures where positive [1]"
    )
    hall: bool = Field(default=True, description="Hall drift")
    chiral: bool = Field(default=True, description="the chiral current")
    feedback: bool = Field(default=True, description="what the anomaly takes back of the chirality, n5 quasi-steady")
    n5_rate: Positive | None = Field(
        default=None,
        description="n5 with its own equation, relaxing at this rate in place of the spin flips' 1e22/yr; not given: "
        "quasi-steady [1/yr]",
    )
    imbalance: Imbalance | None = Field(
        default=None, description="what drives delta_mu, which captures undo, from its value at the start; not given: constant"
    )
    heat: Heat | None = Field(
        default=None, description="the temperature evolves above a core that has `temperature`; not given: prescribed"
    )
    filter: Filter | None = Field(default=None, description="damping of high degrees; none where not given")

    def tables(self) -> dict[str, TableConfig]:
        """Tables in time, by dotted key."""
        more = {} if self.imbalance is None else self.imbalance.tables()
        return super().tables() | {f"model.imbalance.{key}": table for key, table in more.items()}

    @model_validator(mode="after")
    def _terms(self) -> CrustEMHD:
        if self.imbalance is not None and not self.chiral:
            raise ValueError("imbalance drives the chiral current, but chiral = false; set chiral = true, or remove imbalance")
        if self.chiral and not self.delta_mu and self.imbalance is None:
            raise ValueError("chiral = true needs delta_mu, what drives the captures, e.g. 1e-2; or set chiral = false")
        if not self.chiral and self.delta_mu:
            raise ValueError(f"delta_mu = {self.delta_mu:g} is given, but chiral = false; set chiral = true or remove delta_mu")
        if self.n5_rate is not None and not (self.chiral and self.feedback):
            raise ValueError("n5_rate is given, but n5 reacts through the anomaly only: set chiral = true and feedback = true")
        return self


    @model_validator(mode="after")
    def _heat_fits(self) -> CrustEMHD:
        if self.heat is None:
            return self
        if self.imbalance is not None or self.n5_rate is not None:
            other = "imbalance" if self.imbalance is not None else "n5_rate"
            raise ValueError(f"heat and {other} cannot be evolved in one run; remove one of them")
        if problem := self.heat.complaint(self.temperature):
            raise ValueError(problem)
        return self


class CrustGrid(RadialGrid):
    """Points along the radius, in spectral elements; degrees and orders of the harmonics."""

    order: Annotated[Count, Field(ge=1, le=16)] = Field(
        default=4, description="degree of the polynomials of an element; high orders have points closer together: shorter steps"
    )
    l_max: Annotated[Count, Field(le=256)] = Field(description="largest degree")
    m_max: Annotated[int, Field(strict=True, ge=0)] = Field(default=0, description="largest order; 0: axisymmetric")

    @model_validator(mode="after")
    def _orders_fit(self) -> CrustGrid:
        if self.m_max > self.l_max:
            raise ValueError(f"m_max must be at most l_max = {self.l_max}; got {self.m_max}")
        return self


class CrustDecayMode(ShellDecayMode):
    """The slowest Ohmic decay mode of one harmonic in a crust of uniform conductivity."""

    b_mean: Positive = Field(default=SEED_G, description=MEAN_FIELD)


class CrustDipole(TiltedDipole):
    """The slowest poloidal mode of degree 1 about an axis in the plane phi = 0."""

    b_mean: Positive = Field(default=SEED_G, description=MEAN_FIELD)


class CrustRandom(RandomField):
    """Slowest poloidal and toroidal modes of all harmonics up to a degree, random amplitudes, equal mean squares per degree."""

    b_mean: Positive = Field(default=SEED_G, description=MEAN_FIELD)


Initial = Annotated[CrustDecayMode | CrustDipole | CrustRandom, Field(discriminator="kind")]
