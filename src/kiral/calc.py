"""Calculations: work without time. A validated configuration becomes an xarray.Dataset in a folder with its provenance.

The folder's name holds the hash of the configuration, so that a calculation done before is read, not repeated. A new
calculation is a class in its subject (`<subject>/calculations.py`) and an entry in `CALCULATIONS`. Nothing here imports jax.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kiral.config.calculation import Calculation
from kiral.config.load import apply_plain
from kiral.config.messages import explain, nearest
from kiral.core import provenance
from kiral.core.files import atomic_write, disk_errors, read_json, write_json
from kiral.core.folder import config_hash, differing_keys
from kiral.crust.imbalance_calculations import CrustImbalance
from kiral.crust.linear_calculations import CrustAmplification, CrustGrowth, CrustResolution
from kiral.crust.star_calculations import CrustProfile, CrustStar, MassRadius
from kiral.errors import ConfigError, RunFolderError
from kiral.flavor.calculations import Stability
from kiral.kinetic.calculations import Currents
from kiral.kinetic.homogeneous_calculations import KineticAnomaly, KineticOhm
from kiral.kinetic.response_calculations import KineticDispersion
from kiral.kinetic.validity_calculations import KineticValidity
from kiral.maxwell.calculations import CmwDispersion, MaxwellGrowth
from kiral.mhd.calculations import Estimates, Growth
from kiral.mhd.mean_field_calculations import Eq27Map, MeanField
from kiral.mhd.relic_scenario import Relic
from kiral.weak.calculations import Weak, WeakField, WeakMap, WeakStar
from kiral.weak.converted_calculation import WeakConverted

if TYPE_CHECKING:
    import xarray


CALCULATIONS: dict[str, type[Calculation]] = {
    "cmw-dispersion": CmwDispersion,
    "crust-amplification": CrustAmplification,
    "crust-growth": CrustGrowth,
    "crust-imbalance": CrustImbalance,
    "crust-profile": CrustProfile,
    "crust-resolution": CrustResolution,
    "currents": Currents,
    "estimates": Estimates,
    "growth": Growth,
    "kinetic-anomaly": KineticAnomaly,
    "kinetic-dispersion": KineticDispersion,
    "kinetic-ohm": KineticOhm,
    "kinetic-validity": KineticValidity,
    "maxwell-growth": MaxwellGrowth,
    "mass-radius": MassRadius,
    "mean-field": MeanField,
    "eq27-map": Eq27Map,
    "relic": Relic,
    "stability": Stability,
    "star": CrustStar,
    "weak": Weak,
    "weak-converted": WeakConverted,
    "weak-field": WeakField,
    "weak-map": WeakMap,
    "weak-star": WeakStar,
}
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
    config = {"calculation": name, **calculation.model_dump(mode="json"), **calculation.depends_on()}
    path = Path(out) if out is not None else Path("runs") / f"calc-{name}-{config_hash(config)[:8]}"
    if path.exists():
        return Result(path, _read(path, config), cached=True)
    data = calculation.compute()
    _write(path, data, config)
    return Result(path, data, cached=False)


def draw_figures(name: str, overrides: Mapping[str, Any] | None, result: Result) -> list[Path]:
    """Draw the figures of a stored result into figures/*.png of its folder; returns the files, none where it has none."""
    from kiral.report.style import png_bytes

    drawings = load_calculation(name, overrides or {}).figures(result.data)
    found = []
    for drawing in filter(None, drawings):
        found.append(result.path / "figures" / f"{drawing.name}.png")
        atomic_write(found[-1], png_bytes(drawing.figure))
    return found


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
