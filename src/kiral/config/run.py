"""One class per subject (`[model] kind`): the shared sections of a case (`config.case`) and those of its own.

A new subject adds its class here and to `RUNS`. Nothing here imports jax; `build` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from kiral.config.base import Positive
from kiral.config.case import RunConfig, Time
from kiral.config.crust_runs import CrustEMHDRun, CrustLinearRun, ShellRun
from kiral.config.table import TableConfig
from kiral.flavor import config as flavor
from kiral.flavor import resolved_config as resolved
from kiral.flavor.terms_config import FlavorUnits, NaturalUnits
from kiral.kinetic import run_config as kinetic
from kiral.maxwell import config as maxwell
from kiral.maxwell import initial_config as maxwell_initial
from kiral.mhd import config as mhd

if TYPE_CHECKING:
    from kiral.core.estimate import Needs
    from kiral.core.problem import Problem


class ChiralMHDRun(RunConfig):
    """A case of chiral magnetohydrodynamics in a periodic box."""

    model: mhd.ChiralMHD
    geometry: mhd.BoxSection
    initial: mhd.Initial

    @model_validator(mode="after")
    def _mode_fits(self) -> ChiralMHDRun:
        parts = {"initial": self.initial, "initial.mu5": self.initial.mu5, "initial.mu": self.initial.mu}
        for key, part in parts.items():
            if isinstance(part, mhd.HelicalMode | mhd.WaveScalar):
                problem = mhd.check_mode_fits(part, self.geometry, key)
                if problem:
                    raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _mu_is_coupled(self) -> ChiralMHDRun:
        if self.initial.mu != 0 and self.model.charge is None:
            raise ValueError("initial.mu needs the section [model.charge], which couples mu; give it, or remove initial.mu")
        return self

    @model_validator(mode="after")
    def _tolerance_of_float32(self) -> ChiralMHDRun:
        single = self.devices.precision == "float32" and self.time.dt is None
        if single and self.time.tolerance < mhd.FLOAT32_TOLERANCE:
            raise ValueError(
                f"time.tolerance = {self.time.tolerance:g} is finer than float32 rounds in a step; allowed with "
                f'devices.precision = "float32": {mhd.FLOAT32_TOLERANCE:g} and more; raise it, or set precision = "float64"'
            )
        return self

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem; files of the case are relative to `directory`. Imports jax."""
        from kiral.mhd.build import build_problem

        return build_problem(self, Path(directory))

    def estimates(self) -> dict[str, Any]:
        """The estimates of Gurgenidze et al. (2025) for this case: `kiral.mhd.estimates.scenario`."""
        from kiral.mhd.estimates import scenario

        model, source = self.model, self.model.source
        return scenario(
            eta=mhd.at_start(model.magnetic_diffusivity, self.time.t_start),
            lam=model.chiral_feedback,
            gamma5=mhd.at_start(model.flipping_rate, self.time.t_start),
            amplitude=source.amplitude if isinstance(source, mhd.ConstantSource | mhd.DecaySource) else 0.0,
            t_phi=source.t_phi if isinstance(source, mhd.DecaySource) else None,
            mu5=mhd.typical(self.initial.mu5),
            n=self.geometry.n,
            k_min=self.geometry.wave_numbers_min,
            units=self.units.system(),
        )

    def needs(self, devices: int, gpu: bool = False) -> Needs:
        """What memory, steps and disk on so many devices are estimated from: `kiral.mhd.resources`."""
        from kiral.mhd.resources import needs

        return needs(self, devices, gpu)

    def tables(self) -> dict[str, TableConfig]:
        """All tables in time, by dotted key."""
        return self.model.tables()

    def files(self) -> dict[str, str]:
        """Paths of all files that the case reads, by dotted key."""
        own = {"initial.path": self.initial.path} if isinstance(self.initial, mhd.FieldFile) else {}
        if isinstance(self.model.xi, mhd.FieldInSpace):
            own["model.xi.path"] = self.model.xi.path
        return super().files() | own


class FlavorTime(Time):
    """Time span, scheme and step control."""

    scheme: Literal["lie4", "rk4"] = Field(
        default="lie4", description="lie4: every |P| kept to round-off, but for collisions; rk4: the classical method"
    )
    tolerance: Positive = Field(default=1e-6, description="error per step, relative to the coherence, that the step aims at")


class FlavorRun(RunConfig):
    """A case of flavor kinetics in a periodic box, or homogeneous. Subclasses give the set of directions."""

    model: flavor.Beams | flavor.Angles | flavor.Sphere
    geometry: flavor.Geometry
    initial: flavor.Initial = flavor.FlavorStates()
    time: FlavorTime
    units: FlavorUnits = NaturalUnits()

    @model_validator(mode="after")
    def _seed_fits(self) -> FlavorRun:
        problem = flavor.check_seed(self.initial, self.geometry)
        if problem:
            raise ValueError(problem)
        return self

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem. Imports jax."""
        from kiral.flavor.build import build_problem

        return build_problem(self, Path(directory))

    def files(self) -> dict[str, str]:
        """Paths of all files that the case reads, by dotted key."""
        own = {"initial.path": self.initial.path} if isinstance(self.initial, flavor.StateFile) else {}
        if self.model.matter_file is not None:
            own["model.matter_file"] = self.model.matter_file
        return super().files() | own

    def needs(self, devices: int, gpu: bool = False) -> Needs:
        """What memory, steps and disk on so many devices are estimated from: `kiral.flavor.resources`."""
        from kiral.flavor.resources import needs

        return needs(self, devices)

    def estimates(self) -> dict[str, Any]:
        """What linear theory expects of this case: `kiral.flavor.estimates.scenario`."""
        from kiral.flavor.estimates import scenario

        return scenario(self)


class FlavorBeamsRun(FlavorRun):
    """Discrete beams."""

    model: flavor.Beams


class FlavorAnglesRun(FlavorRun):
    """Continuous angles, axially symmetric."""

    model: flavor.Angles


class FlavorSphereRun(FlavorRun):
    """Directions over the full sphere."""

    model: flavor.Sphere


class FlavorEnergyRun(RunConfig):
    """A case of flavor kinetics resolved in momentum, with its energy conserved."""

    model: resolved.ResolvedFlavorModel
    geometry: resolved.ResolvedGrid
    initial: resolved.ResolvedModes
    units: NaturalUnits = NaturalUnits()

    @model_validator(mode="after")
    def _sections_fit(self) -> FlavorEnergyRun:
        resolved.check_resolved(self.model, self.geometry, self.initial)
        return self

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem. Imports jax."""
        from kiral.flavor.resolved_build import build_resolved

        return build_resolved(self)

    def estimates(self) -> dict[str, Any]:
        """Growth rates of the initial modes by the linear theory of two cold beams."""
        return resolved.estimates(self.model, self.geometry, self.initial)


class KineticTime(Time):
    """Time span, scheme and step control."""

    scheme: Literal["ark4"] = Field(
        default="ark4", description="ark4: collisions and small momenta implicit, streaming explicit"
    )
    tolerance: Positive = Field(default=1e-7, description="error per step, relative to f, that the adaptive step aims at")


class ChiralKineticRun(RunConfig):
    """A case of chiral kinetic theory, homogeneous or along z."""

    model: kinetic.ChiralKineticModel
    geometry: kinetic.KineticGrid = kinetic.KineticGrid()
    initial: kinetic.LocalEquilibrium = kinetic.LocalEquilibrium()
    time: KineticTime
    units: kinetic.NaturalUnits = kinetic.NaturalUnits()

    @model_validator(mode="after")
    def _sections_fit(self) -> ChiralKineticRun:
        problem = kinetic.check_sections(self.model, self.geometry, self.initial)
        if problem:
            raise ValueError(problem)
        if self.devices.precision != "float64":
            raise ValueError('devices.precision: sums over momenta need "float64" here; remove the key')
        return self

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem; files of the case are relative to `directory`. Imports jax."""
        from kiral.kinetic.run_build import build_problem

        return build_problem(self, Path(directory))

    def tables(self) -> dict[str, TableConfig]:
        """All tables in time, by dotted key."""
        return self.model.tables()

    def estimates(self) -> dict[str, Any]:
        """What theory expects of this case: `kiral.kinetic.run_estimates.scenario`."""
        from kiral.kinetic.run_estimates import scenario

        return scenario(self)


class MaxwellTime(Time):
    """Time span, scheme and step control."""

    scheme: Literal["etdrk4", "rk4"] = Field(
        default="etdrk4", description="etdrk4: light, Ohmic relaxation, diffusion exact; rk4: all of them resolved"
    )


class MaxwellRun(RunConfig):
    """A case of the anomalous Maxwell equations in a periodic box."""

    model: maxwell.AnomalousMaxwell
    geometry: maxwell.Box
    initial: maxwell_initial.Initial = maxwell_initial.Uniform()
    time: MaxwellTime
    units: NaturalUnits = NaturalUnits()

    @model_validator(mode="after")
    def _sections_fit(self) -> MaxwellRun:
        start, single = self.initial, self.devices.precision == "float32"
        plasma = self.model.plasma(start.mean("mu"), start.mean("mu5"))
        problem = maxwell_initial.check_start(start, self.geometry) or self.model.check_permittivity(plasma)
        if single:
            problem = 'devices.precision = "float32" is not offered for these equations; allowed: "float64"'
        if problem:
            raise ValueError(problem)
        return self

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem; files of the case are relative to `directory`. Imports jax."""
        from kiral.maxwell.build import build_problem

        return build_problem(self, Path(directory))

    def estimates(self) -> dict[str, Any]:
        """What linear theory expects of this case: `kiral.maxwell.estimates.scenario`."""
        from kiral.maxwell.estimates import scenario

        return scenario(self)

    def needs(self, devices: int, gpu: bool = False) -> Needs:
        """What memory, steps and disk on so many devices are estimated from: `kiral.maxwell.resources`."""
        from kiral.maxwell.resources import needs

        return needs(self, devices, gpu)

    def tables(self) -> dict[str, TableConfig]:
        """All tables in time, by dotted key."""
        return self.model.tables()

    def files(self) -> dict[str, str]:
        """Paths of all files that the case reads, by dotted key."""
        own = {"initial.path": self.initial.path} if isinstance(self.initial, maxwell_initial.FieldFile) else {}
        return super().files() | own


RUNS: dict[str, type[RunConfig]] = {
    "chiral_mhd": ChiralMHDRun,
    "flavor_beams": FlavorBeamsRun,
    "flavor_angles": FlavorAnglesRun,
    "flavor_sphere": FlavorSphereRun,
    "flavor_energy": FlavorEnergyRun,
    "chiral_kinetic": ChiralKineticRun,
    "anomalous_maxwell": MaxwellRun,
    "crust_linear": CrustLinearRun,
    "shell_emhd": ShellRun,
    "crust_emhd": CrustEMHDRun,
}
"""The class of a case by its `[model] kind`."""
