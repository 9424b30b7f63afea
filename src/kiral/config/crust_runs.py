"""The cases of a spherical shell: a star's crust, linear or not, and a shell without units. Nothing here imports jax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from kiral.config.base import Positive
from kiral.config.case import RunConfig, Time
from kiral.config.table import TableConfig
from kiral.crust import config as crust
from kiral.crust import emhd_config as crust_emhd
from kiral.crust import shell_config as shell

if TYPE_CHECKING:
    from kiral.core.estimate import Needs
    from kiral.core.problem import Problem


class _Case(RunConfig):
    """What all of them share."""

    @model_validator(mode="after")
    def _sections_fit(self) -> _Case:
        problem = self._problem()
        if self.devices.precision != "float64":
            problem = 'devices.precision: solving along the radius needs "float64"; remove the key'
        if problem:
            raise ValueError(problem)
        return self

    def _problem(self) -> str | None:
        """What does not fit together, or None."""
        raise NotImplementedError

    def needs(self, devices: int, gpu: bool = False) -> Needs:
        """What memory, steps and disk are estimated from: `kiral.crust.emhd_resources`."""
        from kiral.crust.emhd_resources import needs

        return needs(self)


class _StarCase(_Case):
    """Those of a star's crust."""

    model: crust.CrustLinear | crust_emhd.CrustEMHD
    star: crust.StarSection = crust.StarSection()

    def tables(self) -> dict[str, TableConfig]:
        """All tables in time, by dotted key."""
        return self.model.tables()

    def estimates(self) -> dict[str, Any]:
        """What linear theory expects of this case: `kiral.crust.linear_estimates.scenario`."""
        from kiral.crust.linear_estimates import scenario

        return scenario(self)


class CrustLinearTime(Time):
    """Time span, scheme and step control."""

    scheme: Literal["ark4", "ark4_refreshed"] = Field(
        default="ark4", description="ark4: a constant temperature, factorised once per step size; ark4_refreshed: in every step"
    )
    tolerance: Positive = Field(default=1e-6, description="error per step, relative to the field, that the step aims at")


class CrustLinearRun(_StarCase):
    """A case of the linear chiral magnetic instability in a neutron star's crust."""

    model: crust.CrustLinear
    geometry: crust.RadialGrid = crust.RadialGrid()
    initial: crust.DecayMode = crust.DecayMode()
    time: CrustLinearTime
    units: crust.CrustUnits = crust.CrustUnits()

    def _problem(self) -> str | None:
        if self.model.tables() and self.time.scheme == "ark4":
            return 'time.scheme: a temperature that is a table in time needs scheme = "ark4_refreshed"'
        return crust.check_sections(self.geometry, self.initial)

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem; files of the case are relative to `directory`. Imports jax."""
        from kiral.crust.linear_build import build_problem

        return build_problem(self, Path(directory))


class CrustEMHDTime(Time):
    """Time span, scheme and step control."""

    scheme: Literal["ark4", "ark4_refreshed"] = Field(
        default="ark4", description="ark4: constant coefficients, factorised once per step size; ark4_refreshed: in every step"
    )
    tolerance: Positive = Field(default=1e-5, description="error per step, relative to the field, that the step aims at")


class CrustEMHDRun(_StarCase):
    """A case of electron magnetohydrodynamics with the chiral current in a neutron star's crust."""

    model: crust_emhd.CrustEMHD
    geometry: crust_emhd.CrustGrid
    initial: crust_emhd.Initial = crust_emhd.CrustDecayMode()
    time: CrustEMHDTime
    units: crust.CrustUnits = crust.CrustUnits()

    def _problem(self) -> str | None:
        evolved = self.model.tables() or self.model.imbalance or self.model.heat
        if evolved and self.time.scheme == "ark4":
            return 'time.scheme: a temperature that is a table in time, imbalance, or heat needs scheme = "ark4_refreshed"'
        return shell.check_initial(self.geometry, self.initial)

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem; files of the case are relative to `directory`. Imports jax."""
        from kiral.crust.emhd_build import build_crust

        return build_crust(self, Path(directory))


class ShellTime(Time):
    """Time span, scheme and step control."""

    scheme: Literal["ark4"] = Field(default="ark4", description="ark4: Ohm's law with k5(r) implicit, Hall drift explicit")
    tolerance: Positive = Field(default=1e-6, description="error per step, relative to the field, that the step aims at")


class ShellRun(_Case):
    """A case of electron magnetohydrodynamics in a spherical shell."""

    model: shell.ShellModel
    geometry: shell.ShellGrid
    initial: shell.Initial = shell.ShellDecayMode()
    time: ShellTime
    units: shell.ShellUnits = shell.ShellUnits()

    def _problem(self) -> str | None:
        return shell.check_sections(self.model, self.geometry, self.initial)

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem. Imports jax."""
        from kiral.crust.emhd_build import build_problem

        return build_problem(self)

    def estimates(self) -> dict[str, Any]:
        """Time scales of this case: `kiral.crust.emhd_estimates.scenario`."""
        from kiral.crust.emhd_estimates import scenario

        return scenario(self)
