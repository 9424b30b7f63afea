"""The coarse-grained outcome of a run: who survived, by direction, averaged over the box; what other subjects need of it.

With S the survival probability of a direction, the number of electron neutrinos there is S ρ_ee(0) + (1 - S) ρ_xx(0). Summed
over directions, occupations of an energy become kept · f_e + gained · f_x, with the means of S over the directions of ν_e and
of 1 - S over those of ν_x. Fast conversion does not know the energy; with a vacuum term S depends on it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kiral.errors import ConfigError
from kiral.flavor import config as cfg

if TYPE_CHECKING:
    import xarray

    from kiral.core.folder import Run

MODELS: dict[str, type[cfg.Model]] = {"flavor_beams": cfg.Beams, "flavor_angles": cfg.Angles, "flavor_sphere": cfg.Sphere}
SPECIES = ("nue", "nuebar")
Array = NDArray[np.float64]


def survival(now: Array, electron: Array, other: Array) -> Array:
    """S of ρ_ee = S ρ_ee(0) + (1 - S) ρ_xx(0), any shape; 1 where both flavors began alike and S has no meaning."""
    difference = electron - other
    known = np.abs(difference) > 1e-12 * np.max(np.abs(electron) + np.abs(other), initial=0.0)
    return np.where(known, (now - other) / np.where(known, difference, 1.0), 1.0)


def conversion(probability: Array, weight: Array, electron: Array, other: Array) -> tuple[float, float]:
    """(kept, gained): the means of S and 1 - S (D,) over the directions of ν_e and of ν_x (densities per weight, (D,)).

    Without ν_x those of ν_e stand for them. (1, 0) without either.
    """
    if not electron.any():
        return 1.0, 0.0
    source = other if other.any() else electron
    kept = np.sum(weight * electron * probability) / np.sum(weight * electron)
    return float(kept), float(np.sum(weight * source * (1 - probability)) / np.sum(weight * source))


def outcome(run: Run, since: float | None = None) -> xarray.Dataset:
    """The mean of the run's stored directions over t >= since; those of its last time where not given.

    Over `direction`: velocity, weight, initial_nue, initial_nuebar, initial_other(bar) and survival_nue(bar); numbers kept_nue,
    gained_nue, kept_nuebar, gained_nuebar, over `energy` [MeV] where the run has several: there S is that of all directions.
    ConfigError: another kind of run, no spectra, mu and tau that began differently, energies without a unit.
    """
    import xarray

    model, data = _model(run.config), run.spectra
    if data is None or data.sizes.get("t", 0) == 0 or "nue_v" not in data:
        raise ConfigError(f"{run.path}: no stored directions; run it with output.spectra = {{ every_time = … }}")
    start = float(data["t"][-1]) if since is None else since
    late = data.where(data["t"] >= start, drop=True)
    if late.sizes["t"] == 0:
        raise ConfigError(f"since: {start:g} given; the run's spectra end at {float(data['t'][-1]):g}")
    directions, densities = model.directions(), model.densities()
    variables: dict[str, Any] = {
        "velocity": ("direction", directions.velocity[:, 2], _label("1", "velocity along the axis")),
        "weight": ("direction", directions.weight, _label("1", "quadrature weight")),
    }
    coordinates = {}
    for name, of_species in zip(SPECIES, densities, strict=True):
        electron, other = of_species[:, 0], _others(of_species)
        now = late[f"{name}_v"].mean("t").values if f"{name}_v" in late else electron
        probability = survival(now, electron, other)
        end = name.removeprefix("nue")
        variables[f"initial_{name}"] = ("direction", electron, _label("n*", f"{name} at the start"))
        variables[f"initial_other{end}"] = ("direction", other, _label("n*", "each other flavor at the start"))
        variables[f"survival_{name}"] = ("direction", probability, _label("1", f"survival probability of {name}"))
        if f"survival_{name}_e" in late:
            energy, kept, gained = _by_energy(run.config, model, late[f"survival_{name}_e"].mean("t").values, electron, other)
            coordinates["energy"] = ("energy", energy, _label("MeV", "energy"))
            values: dict[str, Any] = {"kept": ("energy", kept), "gained": ("energy", gained)}
        else:
            pair = conversion(probability, directions.weight, electron, other)
            values = {"kept": ((), pair[0]), "gained": ((), pair[1])}
        variables[f"kept_{name}"] = (*values["kept"], _label("1", f"share of {name} that stays"))
        variables[f"gained_{name}"] = (*values["gained"], _label("1", f"share of each other flavor that became {name}"))
    attributes = {"form": "kiral flavor outcome", "since": start, "until": float(late["t"][-1]), "samples": late.sizes["t"]}
    return xarray.Dataset(variables, coordinates, attributes)


def _by_energy(config: Any, model: cfg.Model, ratio: Array, electron: Array, other: Array) -> tuple[Array, Array, Array]:
    """Energies [MeV], kept and gained (E,), from ν_e now over ν_e at the start of each energy."""
    if config["units"]["kind"] != "neutrinos":
        raise ConfigError('model.energies: in no unit; spectra need [units] kind = "neutrinos", energies in MeV')
    weight = model.directions().weight
    share = float(np.sum(weight * other) / np.sum(weight * electron)) if electron.any() else 0.0
    kept = survival(ratio, np.ones_like(ratio), np.full_like(ratio, share))
    return np.asarray(model.energies.values), kept, 1 - kept


def _model(config: Any) -> cfg.Model:
    kind = config.get("model", {}).get("kind", "none")
    if kind not in MODELS:
        raise ConfigError(f"model.kind: {kind!r}; a flavor outcome takes a run of {', '.join(MODELS)}")
    return MODELS[kind].model_validate(config["model"])


def _others(densities: Array) -> Array:
    """Densities of one other flavor (D,)."""
    others = densities[:, 1:]
    if np.ptp(others, axis=1).any():
        raise ConfigError("model: mu and tau neutrinos begin differently; their outcome is not that of one other flavor")
    return others[:, 0]


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
