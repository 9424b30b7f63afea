"""Calculation of the validity map (`kiral calc kinetic-validity`). Nothing here imports jax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from kiral.config.base import NonNegative
from kiral.config.calculation import Calculation

if TYPE_CHECKING:
    import xarray

Size = Annotated[int, Field(strict=True, ge=2, le=64)]


class KineticValidity(Calculation):
    """Errors of the closed-form currents against the kinetic equation: fields, wave numbers, frequencies. Half a minute."""

    title: ClassVar[str] = "where the closed-form currents hold: their errors against the kinetic equation itself"
    mu: NonNegative = Field(default=0.5, description="chemical potential over T (the Hall current needs one) [T]")
    mu5: NonNegative = Field(default=0.1, description="axial chemical potential over T, for the chiral magnetic current [T]")
    points: Size = Field(default=8, ge=4, description="values of each field in the plane of c e E tau/T and c e B tau/T")
    line: Size = Field(default=13, ge=6, description="points along each line")
    elements: Size = Field(default=10, description="elements in |p|, in the plane")
    nodes: Size = Field(default=6, description="Gauss nodes per element")
    l_max: Annotated[int, Field(strict=True, ge=1, le=20)] = Field(default=6, description="highest spherical harmonic")

    def compute(self) -> xarray.Dataset:
        """Errors in the plane and along the lines, checks elsewhere, and ten points repeated with more resolution."""
        from kiral.kinetic.homogeneous import Resolution
        from kiral.kinetic.validity_study import study

        base = Resolution(self.elements, self.nodes, self.l_max)
        finer = Resolution(self.elements + 4, self.nodes + 2, self.l_max + 3)
        return study(mu=self.mu, mu5=self.mu5, points=self.points, line=self.line, resolution=base, finer=finer)

    def figures(self, data: xarray.Dataset) -> tuple:
        """The map of the plane, errors along the lines, and checks."""
        from kiral.kinetic import validity_figures as figures

        return figures.plane(data), figures.lines(data)

    def write_table(self, path: str | Path, data: xarray.Dataset | None = None) -> None:
        """Write the table that `kiral.kinetic.validity` reads, of this study or of `data`, computed before."""
        from kiral.kinetic.validity_study import table_text

        settings = self.model_dump(mode="json")
        Path(path).write_text(table_text(self.compute() if data is None else data, settings), encoding="utf-8")
