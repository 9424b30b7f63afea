"""Runs in a spherical shell made of formulas, for maps, lines, figures and pages: no simulation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from kiral.geometry.shell import Shell, element_edges, make_shell

ORDER = 8
FLAT = make_shell(element_edges(0.6, 1.0, 4), ORDER)
FIELD, LENGTH = "G", "km"


def make_run(
    f: dict,
    g: dict,
    *,
    shell: Shell = FLAT,
    times: tuple[float, ...] = (0.0,),
    scale: Any = None,
    series: Any = None,
    model: dict | None = None,
    **radial: np.ndarray,
) -> SimpleNamespace:
    """A run with snapshots of f and g, {(l, m): complex values at the nodes}, at each time over `scale`; coefficients by name.

    series: name → values over t, with "t" among them.
    """  # fmt: skip
    scale = np.ones(len(times)) if scale is None else np.asarray(scale)
    l_max, m_max = (max(key[i] for key in (*f, *g)) for i in (0, 1))
    snapshots = {name: _functions(given, (l_max, m_max), shell, scale) for name, given in (("f", f), ("g", g))}
    coordinates = {"t": ("t", list(times), {"units": "yr"}), "r": ("r", np.asarray(shell.r), {"units": LENGTH})}
    coordinates |= {"l": np.arange(l_max + 1), "m": np.arange(m_max + 1)}
    radial = {"lapse": np.ones(shell.nodes), "stretch": np.asarray(shell.stretch)} | radial
    energy = np.exp(-np.arange(l_max + 1.0)) * scale[:, None] ** 2 * (np.arange(l_max + 1) > 0)
    spectra = {name: (("t", "r"), np.tile(values, (len(times), 1)), {"units": "1/km"}) for name, values in radial.items()}
    spectra |= {
        f"energy{kind}_l": (("t", "l"), share * energy, {"units": "erg"})
        for kind, share in (("", 1.0), ("_poloidal", 0.6), ("_toroidal", 0.4))
    }
    spectra["energy_m"] = (("t", "m"), energy[:, : m_max + 1] + 1.0, {"units": "erg"})
    return SimpleNamespace(
        snapshots=xr.Dataset(snapshots, coordinates), spectra=xr.Dataset(spectra, coordinates),
        series=_series(series or {"t": [], "b_mean": []}), path=Path("run"),
        config={"geometry": {"order": ORDER}, "model": {"kind": "crust_emhd", "gr": True, "chiral": True, "hall": True,
                "feedback": True, "k5_max": 30.0, "delta_mu": 1e-2} | (model or {})},
    )  # fmt: skip


def _functions(given: dict, largest: tuple[int, int], shell: Shell, scale: np.ndarray) -> tuple:
    values = np.zeros((2, largest[0] + 1, largest[1] + 1, shell.nodes))
    for (l, m), one in given.items():
        values[0, l, m], values[1, l, m] = np.real(one), np.imag(one)
    return ("t", "part", "l", "m", "r"), scale[:, None, None, None, None] * values, {"units": f"{FIELD} {LENGTH}^2"}


def _series(values: dict) -> xr.Dataset:
    units = {"b_mean": FIELD, "surface_dipole": FIELD, "growth_rate": "1/yr", "even_share": "1", "t": "yr"}
    variables = {name: ("t", np.asarray(v, float), {"units": units.get(name, "erg")}) for name, v in values.items()}
    return xr.Dataset(variables)


def saturating_series() -> dict:
    """Toroidal energy ~ t² from nothing, both kinds ~ exp(0.3 t) from about t = 20 to 70, then slow: three stages."""
    t = np.arange(0.0, 160.5, 0.5)
    rate = 0.3 / (1 + np.exp((20 - t) / 1.0)) / (1 + np.exp((t - 70) / 2)) + 0.002
    growth = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(t))])
    poloidal = 1e42 * np.exp(growth)
    toroidal = poloidal * t**2 / (t**2 + 900)
    b = np.sqrt((poloidal + toroidal) / 1e42) * 3e12
    return {
        "t": t, "energy_poloidal": poloidal, "energy_toroidal": toroidal, "b_mean": b, "surface_dipole": 1e12 + 0 * t,
        "growth_rate": rate, "even_share": 1e-6 * np.exp(0.02 * t),
    }  # fmt: skip
