"""Calculations: work without time. A validated configuration becomes an xarray.Dataset in a folder with its provenance.

The folder's name holds the hash of the configuration, so that a calculation done before is read, not repeated. A new
calculation is a class here (later: in its subject) and an entry in `CALCULATIONS`. Nothing here imports jax.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field, ValidationError

from kiral.config.base import Count, IntegerTriple, NonNegative, Number, Positive, PositiveTriple, Section
from kiral.config.load import apply_plain
from kiral.config.messages import explain, nearest
from kiral.config.run import Units
from kiral.core import provenance
from kiral.core.files import disk_errors, read_json, write_json
from kiral.core.folder import config_hash, differing_keys
from kiral.errors import ConfigError, RunFolderError

if TYPE_CHECKING:
    import xarray


class Calculation(Section):
    """Base class: fields are the input, `compute` makes the result. `title` is one line for `kiral calc`."""

    title: ClassVar[str] = ""

    def compute(self) -> xarray.Dataset:
        """The result; every variable has units and long_name."""
        raise NotImplementedError


class Estimates(Calculation):
    """What theory says about a sourced chiral plasma; run A of Gurgenidze et al. (2025) by default."""

    title: ClassVar[str] = "analytic estimates of a sourced chiral plasma, in code units"
    magnetic_diffusivity: NonNegative = Field(default=1e-6, description="eta [l*^2/t*]")
    chiral_feedback: NonNegative = Field(default=1e8, description="feedback lambda [l*/E*]")
    flipping_rate: NonNegative = Field(default=1e3, description="washout Gamma5 [1/t*]")
    amplitude: Number = Field(default=4e7, description="source S5 at t_phi [1/(l* t*)]")
    t_phi: Positive = Field(default=0.05, description="time of the decay [t*]")
    mu5: Number = Field(default=0.0, description="initial uniform mu5 [1/l*]")
    n: IntegerTriple = Field(default=(256, 256, 256), description="grid points")
    k_min: PositiveTriple = Field(default=(500.0, 500.0, 500.0), description="smallest wave number [1/l*]")
    units: Units = Units()

    def compute(self) -> xarray.Dataset:
        """One variable per estimate; those that do not apply are left out."""
        import xarray

        from kiral.mhd.estimates import scenario

        found = scenario(
            eta=self.magnetic_diffusivity,
            lam=self.chiral_feedback,
            gamma5=self.flipping_rate,
            amplitude=self.amplitude,
            t_phi=self.t_phi,
            mu5=self.mu5,
            n=self.n,
            k_min=self.k_min,
            temperature_eV=1e9 * self.units.temperature,
            g_energy=self.units.g_energy,
            g_entropy=self.units.g_entropy,
        )
        variables = {
            record.name: ((), record.value, {"units": record.code_unit or "1", "long_name": record.title})
            for record in found["records"]
            if record.value is not None
        }
        return xarray.Dataset(variables)


class Growth(Calculation):
    """Growth rates of both helicities, eta k (±mu5 - k), for uniform mu5, no flow (Gurgenidze et al. 2025, Eq. 12)."""

    title: ClassVar[str] = "growth rate of helical modes in a uniform mu5"
    magnetic_diffusivity: Positive = Field(default=1e-6, description="eta [l*^2/t*]")
    mu5: Number = Field(default=4e4, description="uniform mu5 [1/l*]")
    k_max: Positive | None = Field(default=None, description="largest wave number; 1.5 |mu5| where not given [1/l*]")
    points: Count = Field(default=201, description="number of wave numbers")

    def compute(self) -> xarray.Dataset:
        """growth_rate(helicity, k), and of the growing helicity the fastest mode, its rate, and the end of the band."""
        import xarray

        k_max = self.k_max if self.k_max is not None else 1.5 * abs(self.mu5) or 1.0
        k, sign = np.linspace(0.0, k_max, self.points), np.array([1, -1])
        rate = self.magnetic_diffusivity * k * (sign[:, None] * self.mu5 - k)
        k_fastest = abs(self.mu5) / 2
        return xarray.Dataset(
            {
                "growth_rate": (("helicity", "k"), rate, _label("1/t*", "growth rate of the amplitude")),
                "k_fastest": ((), k_fastest, _label("1/l*", "wave number of the fastest mode")),
                "rate_max": ((), self.magnetic_diffusivity * k_fastest**2, _label("1/t*", "largest growth rate")),
                "k_unstable": ((), abs(self.mu5), _label("1/l*", "unstable below this wave number")),
            },
            coords={
                "k": ("k", k, _label("1/l*", "wave number")),
                "helicity": ("helicity", sign, _label("1", "sign of the helicity")),
            },
        )


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}


CALCULATIONS: dict[str, type[Calculation]] = {"estimates": Estimates, "growth": Growth}
"""The calculations by name."""


@dataclass(frozen=True)
class Result:
    """A stored calculation; `cached` tells whether it had been done before."""

    path: Path
    data: xarray.Dataset
    cached: bool

    def flat(self) -> dict[str, Any]:
        """All values as plain numbers and lists, by name."""
        return {str(name): values.values.tolist() for name, values in self.data.variables.items()}


def calculate(name: str, overrides: Mapping[str, Any] | None = None, out: str | Path | None = None) -> Result:
    """Compute, or read what was computed before with the same input.

    Args: name - of CALCULATIONS; overrides - input by dotted key; out - folder, by default runs/calc-<name>-<hash>.
    Errors: ConfigError for wrong input, RunFolderError where the folder holds something else or cannot be written.
    """
    calculation = load_calculation(name, overrides or {})
    config = {"calculation": name, **calculation.model_dump(mode="json")}
    path = Path(out) if out is not None else Path("runs") / f"calc-{name}-{config_hash(config)[:8]}"
    if path.exists():
        return Result(path, _read(path, config), cached=True)
    data = calculation.compute()
    _write(path, data, config)
    return Result(path, data, cached=False)


def load_calculation(name: str, overrides: Mapping[str, Any]) -> Calculation:
    """The validated input of a calculation. ConfigError: unknown name, or wrong input."""
    if name not in CALCULATIONS:
        raise ConfigError(f"no calculation {name!r}{nearest(name, CALCULATIONS)}; allowed: {', '.join(CALCULATIONS)}")
    cls = CALCULATIONS[name]
    try:
        return cls.model_validate(apply_plain({}, overrides))
    except ValidationError as failure:
        raise ConfigError(f"calc {name}: " + "\n  ".join(explain(failure, cls))) from None


def _read(path: Path, config: dict[str, Any]) -> xarray.Dataset:
    import xarray

    if not (path / "result.zarr").is_dir():
        raise RunFolderError(f"{path} exists and holds no calculation; choose another folder with --out")
    keys = differing_keys(read_json(path / "config.json"), config)
    if keys:
        raise RunFolderError(f"{path} holds another calculation: {', '.join(keys)} differ; choose another --out")
    return xarray.load_dataset(path / "result.zarr", engine="zarr", consolidated=False)


def _write(path: Path, data: xarray.Dataset, config: dict[str, Any]) -> None:
    """Write under a temporary name, then rename: a folder under its final name is complete."""
    partial = path.with_name(f".partial-{path.name}-{os.getpid()}")
    with disk_errors(path):
        try:
            partial.mkdir(parents=True)
            write_json(partial / "config.json", config)
            provenance.write(partial, {"config_hash": config_hash(config)})
            write_json(partial / "status.json", {"status": "finished", "reason": "computed"})
            data.to_zarr(partial / "result.zarr", zarr_format=3, consolidated=False)
            os.rename(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
