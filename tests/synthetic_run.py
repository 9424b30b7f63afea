"""A chiral MHD run made of formulas, for figures, tables and pages: no jax, no simulation."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import xarray as xr

UNITS = {
    "mu5_mean": "1/l*", "mu5_rms": "1/l*", "b_rms": "E*^1/2 l*^-3/2", "u_rms": "l*/t*", "dt": "t*",
    "magnetic_helicity": "E*/l*^2", "energy_magnetic": "E*/l*^3", "energy_kinetic": "E*/l*^3", "source": "1/(l* t*)",
}  # fmt: skip
MOMENTUM = ("u_rms", "u_max", "rho_mean", "rho_min", "energy_kinetic", "tail_kinetic", "drift_momentum")


def make_config(source: dict | None = None, **model: object) -> dict:
    """config.json of a case like run A of G25."""
    return {
        "title": "A source <of> chirality & a field",
        "seed": 1,
        "model": {
            "kind": "chiral_mhd", "magnetic_diffusivity": 1e-6, "viscosity": 1e-6, "chiral_diffusivity": 1e-6,
            "chiral_feedback": 1e8, "flipping_rate": 1e3, "form": "brandenburg1996", "heating": "paper",
            "flow": "relativistic", "xi": 0.0,
            "source": source or {"kind": "decay", "amplitude": 4e7, "t_phi": 0.05}, **model,
        },
        "geometry": {"kind": "box", "n": [48, 48, 48], "k_min": [2500.0, 2500.0, 2500.0], "length": None},
        "initial": {"kind": "white_noise", "mu5": 0.0, "amplitude": 1e-12, "reference_spacing": 4.9e-5},
        "time": {"t_start": 1e-5, "t_end": 0.15, "scheme": "etdrk4", "tolerance": 1e-6, "dt": None, "wall_limit": None},
        "output": {"series": {"every_time": 5e-4}, "spectra": {"at": [0.01, 0.05, 0.15]}},
        "devices": {"kind": "auto", "precision": "float64"},
        "units": {"temperature": 100.0, "g_energy": 106.75, "g_entropy": 106.75},
    }  # fmt: skip


def make_series(flow: bool = True) -> xr.Dataset:
    """Series shaped like run A: mu5 follows the source, B decays until t = 0.018, grows, saturates."""
    t = np.concatenate([[1e-5], np.arange(1, 301) * 5e-4])
    s5 = 4e7 * t / 0.05 * np.exp(0.5 - t**2 / 0.005)
    mu5 = s5 / 1e3 * (1 - np.exp(-1e3 * t))
    log_b = np.cumsum(np.where(t < 0.018, -1.0, 1e-6 * mu5**2 / 4 - 40) * np.gradient(t))
    b = 0.45 / (1 + np.exp(np.clip(-(log_b - 13.0), -60, 60)))
    h = -1e-12 + b**2 / 8e3
    total = h + 2e-8 * mu5
    data = {
        "step": np.arange(t.size), "dt": np.full(t.size, 2e-4), "mu5_mean": mu5, "mu5_rms": 1.01 * mu5,
        "mu5_max": 1.2 * mu5, "b_rms": b, "b_max": 3 * b, "u_rms": 0.3 * b, "u_max": b, "rho_mean": 1 + b**2,
        "rho_min": 1 - b**2, "magnetic_helicity": h, "energy_magnetic": b**2 / 2, "energy_kinetic": 0.06 * b**2,
        "current_helicity": 1e4 * b**2 * np.sign(t - 0.01), "mu5_b2": mu5 * b**2, "source": s5,
        "helicity_total": total, "helicity_production": total - total[0] + 1e-12, "k_integral": 1e4 - 4e4 * t,
        "tail_magnetic": 1e-4 * b + 1e-9, "tail_kinetic": 1e-5 * b + 1e-9, "tail_mu5": 1e-3 * b,
        "cme_ratio": 0.1 * b**2, "chiral_energy_ratio": mu5**2 / 2e8, "rate_sound": np.full(t.size, 2e4),
        "rate_alfven": 4e4 * b, "rate_error_control": np.full(t.size, 4e3),
        "drift_helicity_chirality": 1e-9 * (1 - np.exp(-t / 0.05)), "drift_energy": 1e-8 * t / 0.15,
        "drift_momentum": np.zeros(t.size),
    }  # fmt: skip
    kept = {name: v for name, v in data.items() if flow or name not in MOMENTUM}
    variables = {name: ("t", v, {"units": UNITS.get(name, "1"), "long_name": name}) for name, v in kept.items()}
    return xr.Dataset(variables, {"t": ("t", t, {"units": "t*", "long_name": "conformal time"})})


def make_spectra(flow: bool = True) -> xr.Dataset:
    """Spectra at six times: peaked, moving to small k."""
    t, k = np.array([1e-5, 0.01, 0.03, 0.05, 0.08, 0.15]), 2500.0 * np.arange(1, 16)
    peak = np.array([3e4, 1.2e4, 1.6e4, 2e4, 1e4, 5e3])[:, None]
    energy = np.array([1e-14, 1e-15, 1e-9, 1e-3, 1e-1, 8e-2])[:, None] / peak * (k / peak) ** 4 * np.exp(-2 * k / peak)
    fraction = np.tanh(3 * (t[:, None] - 0.01) / 0.05) * np.exp(-k / 4e4)
    units = {"energy_spectrum": "E*/l*^2", "kinetic_spectrum": "E*/l*^2", "mu5_spectrum": "1/l*"}
    data = {"energy_spectrum": energy, "helicity_spectrum": 2 / k * fraction * energy, "helicity_fraction": fraction,
            "kinetic_spectrum": 0.1 * energy, "mu5_spectrum": 1e4 * energy}  # fmt: skip
    if not flow:
        del data["kinetic_spectrum"]
    variables = {name: (("t", "k"), v, {"units": units.get(name, "1")}) for name, v in data.items()}
    return xr.Dataset(variables, {"t": t, "k": k})


def make_run(config: dict | None = None, flow: bool = True) -> SimpleNamespace:
    return SimpleNamespace(config=config or make_config(), series=make_series(flow), spectra=make_spectra(flow))


def make_full_run(n: tuple[int, int, int] = (12, 10, 8)) -> SimpleNamespace:
    """A run with all that figures can show at once: coefficients as tables, coupled mu, a force, snapshots."""
    tables = {"magnetic_diffusivity": {"t": [0.0, 1.0], "value": [1e-6, 2e-6]},
              "flipping_rate": {"t": [0.0, 0.1, 1.0], "value": [1e3, 1e1, 1e1]}}  # fmt: skip
    config = make_config(
        background_field=[0.0, 0.0, 0.0], charge={"separation": 1.0, "magnetic": 1.0, "diffusivity": 1e-6},
        forcing={"kind": "helical", "amplitude": 1.0, "wave_number": 5e3}, **tables,
    )  # fmt: skip
    run = make_run(config)
    t = run.series["t"].values
    more = {
        "mu_mean": (0 * t, "1/l*"),
        "mu_rms": (1e3 * np.abs(np.sin(100 * t)), "1/l*"), "force_power": (np.cos(20 * t), "E* l*^-3 t*^-1"),
        "magnetic_diffusivity": (1e-6 * (1 + t), "l*^2/t*"),
        "flipping_rate": (np.interp(t, *tables["flipping_rate"].values()), "1/t*"),
    }  # fmt: skip
    run.series = run.series.assign({name: ("t", values, {"units": unit}) for name, (values, unit) in more.items()})
    run.spectra["mu_spectrum"] = run.spectra["mu5_spectrum"] * 0.1
    run.spectra["mu_spectrum"].attrs["units"] = "1/l*"
    run.snapshots = make_snapshots(n, (0.0, 0.08, 0.15))
    return run


def make_snapshots(n: tuple[int, int, int], t: tuple[float, ...] = (0.0, 0.02, 0.05, 0.08, 0.1, 0.15)) -> xr.Dataset:
    """An ABC field B = a (sin kz + cos ky, sin kx + cos kz, sin ky + cos kx), a = 10^(100 t - 15), and the rest like it.

    mu5 is uniform at first. Along an ignorable direction (one point) the coordinate is 0.
    """
    k = 2500.0
    x, y, z = (np.arange(points) * 2 * np.pi / k / points for points in n)
    xx, yy, zz = np.meshgrid(k * x, k * y, k * z, indexing="ij")
    abc = np.stack([np.sin(zz) + np.cos(yy), np.sin(xx) + np.cos(zz), np.sin(yy) + np.cos(xx)])
    times = np.asarray(t)
    growing = (10 ** (100 * times - 15)).reshape(-1, 1, 1, 1)
    b = growing[..., None] * abc
    wave = np.cos(xx) + np.sin(yy) * np.cos(zz)
    scalar, vector = ("t", "x", "y", "z"), ("t", "component", "x", "y", "z")
    fields = {
        "b": (vector, b, "E*^1/2 l*^-3/2"), "u": (vector, 0.1 * b, "l*/t*"),
        "mu5": (scalar, 2e4 + 1e3 * np.minimum(times, 0.1).reshape(-1, 1, 1, 1) * wave, "1/l*"),
        "mu": (scalar, 1e2 * growing * wave, "1/l*"), "rho": (scalar, 1 + 1e-2 * growing * wave, "E*/l*^3"),
    }  # fmt: skip
    variables = {name: (dims, values, {"units": unit}) for name, (dims, values, unit) in fields.items()}
    return xr.Dataset(variables, {"t": times, "component": np.arange(3), "x": x, "y": y, "z": z})
