"""A run's magnetic field in the conventions of primordial magnetism: per log k, comoving gauss and Mpc, a = 1 today.

Reads what a run has stored (`config`, `series`, `spectra`); no jax. Conventions, with ρ_B = ⟨B²/2⟩ and h = ⟨A·B⟩:

    ρ_B = ∫ dlnk dρ_B/dlnk,   h = ∫ dlnk dh/dlnk,   ⟨B_i(k) B_j*(q)⟩ = (2π)³ δ(k-q) [(δ_ij - n_i n_j) P_B - i ε_ijl n_l P_aB]
    P_B = (2π²/k³) dρ_B/dlnk,   P_aB = (π²/k²) dh/dlnk,   |P_aB| ≤ P_B,   n = k/|k|

as Durrer & Neronov, Astron. Astrophys. Rev. 21, 62 (2013) and Gurgenidze et al. (2025), G25, below Eq. (37). The bracket's
trace is 2 P_B: P_B is the power of one polarisation. (A projector with a factor 1/2, as the white noise below G25 Eq. (34)
has it, means twice this P_B.) Lengths: λ_B = 2π/k_I with 1/k_I = ∫ E dk/k / ∫ E dk, so that a fully helical field has
B² λ_B = 2π |h| exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral.constants import MEGAPARSEC_CM
from kiral.errors import RunFolderError
from kiral.mhd.bounds import Bound
from kiral.mhd.decay_source import Values
from kiral.units import ComovingRadiation, comoving_radiation

if TYPE_CHECKING:
    import xarray

TRACK = ("b_rms", "magnetic_helicity", "k_integral")
"""The series that the track of a run is made of."""

CONVENTION = (
    "<B_i(k) B_j*(q)> = (2 pi)^3 delta(k-q) [(delta_ij - n_i n_j) power_b - i eps_ijl n_l power_ab], n = k/|k|; "
    "power_b = (2 pi^2/k^3) d rho_B/dlnk, power_ab = (pi^2/k^2) dh/dlnk; rho_B = <B^2/2>, h = <A.B>; comoving, a = 1 today"
)


def units_of(config: Mapping[str, Any]) -> ComovingRadiation:
    """The unit system of a resolved case (the content of config.json). RunFolderError for a local box of matter."""
    units = config["units"]
    if units.get("kind") == "matter":
        raise RunFolderError('units.kind = "matter": a local box of matter has no comoving field today; use a plain export')
    return comoving_radiation(1e9 * units["temperature"], units["g_energy"], units["g_entropy"])


def length_mpc(units: ComovingRadiation) -> float:
    """One code unit of length, l*, in comoving Mpc."""
    return units.length_cm / MEGAPARSEC_CM


def correlation_length_mpc(wave_number: ArrayLike, units: ComovingRadiation) -> Values:
    """λ_B = 2π/k_I [comoving Mpc] of the integral wave number k_I [1/l*]; inf for 0."""
    with np.errstate(divide="ignore"):
        return 2 * math.pi / np.asarray(wave_number, dtype=float) * length_mpc(units)


def field_of_helicity(helicity_gauss2_mpc: float, correlation_mpc: ArrayLike) -> Values:
    """B [G] of a fully helical field of helicity h [G² Mpc] and correlation length λ_B [Mpc]: B² λ_B = 2π |h|.

    The relation is exact for λ_B = 2π/k_I; the smallest field that the helicity allows, otherwise. G25 (Sec. IV) writes
    |h| ≈ B² λ_B, which is λ_B = 1/k_I.
    """
    return np.sqrt(2 * math.pi * abs(helicity_gauss2_mpc) / np.asarray(correlation_mpc, dtype=float))


def field_today(helicity_gauss2_mpc: float, eddies: Bound) -> tuple[float, float]:
    """(B [G], λ_B [Mpc]) today of a helical field that cascaded, h conserved, to the line of the largest eddies.

    `eddies`: a bound B = s λ through the origin (slopes 1). With it λ_B = (2π|h|/s²)^⅓ and B = (2π|h| s)^⅓. Valid for a
    field that starts above the line, where its eddies turn over; below it the comoving field keeps its values.
    """
    slope = eddies.field_gauss / eddies.pivot_mpc
    budget = 2 * math.pi * abs(helicity_gauss2_mpc)
    return (budget * slope) ** (1 / 3), (budget / slope**2) ** (1 / 3)


def relic_track(run: Any) -> xarray.Dataset:
    """B_rms, λ_B and helicity of a run in time, comoving gauss and Mpc, a = 1 today. Samples without field are left out.

    RunFolderError: the run has no such series, or a uniform background field, whose length is that of the universe.
    """
    import xarray

    if problem := _no_track(run):
        raise RunFolderError(f"{getattr(run, 'path', 'run')}: {problem}")
    units = units_of(run.config)
    t = np.asarray(run.series["t"], dtype=float)
    b, h, k = (np.asarray(run.series[name], dtype=float) for name in TRACK)
    good = np.isfinite(b) & np.isfinite(h) & np.isfinite(k) & (b > 0) & (k > 0)
    b, h, k = b[good], h[good], k[good]
    return xarray.Dataset(
        {
            "b_rms": ("t", b * units.field_gauss, _label("G", "magnetic field, rms, comoving")),
            "lambda_b": ("t", correlation_length_mpc(k, units), _label("Mpc", "correlation length 2 pi/k_I, comoving")),
            "helicity": ("t", h * units.helicity_gauss2_mpc, _label("G^2 Mpc", "magnetic helicity <A.B>, comoving")),
            "helicity_fraction": ("t", h * k / b**2, _label("1", "helicity over the largest one, h k_I/B^2")),
        },
        coords={"t": ("t", t[good], _label("t*", "conformal time"))},
    )


def _no_track(run: Any) -> str:
    """Why a run has no track; empty where it has one."""
    missing = [name for name in ("t", *TRACK) if name not in run.series]
    if missing:
        return f"no {', '.join(missing)} among the stored series"
    if any(run.config["model"].get("background_field") or ()):
        return "model.background_field is not 0: a uniform field has no correlation length and no place beside these bounds"
    return ""


def has_track(run: Any) -> bool:
    """Whether `relic_track` has anything to give for a run."""
    return not _no_track(run) and bool(np.asarray(run.series["b_rms"], dtype=float).size)


def relic_spectra(run: Any) -> xarray.Dataset:
    """The stored magnetic spectra of a run in the conventions above: dims t and k; and ρ_B, h, B_rms, λ_B over t.

    Coordinates: k [1/l*]; k_over_hubble, the same number, since l* = c/(a H) at the reference epoch; k_mpc [1/Mpc]; dlnk,
    with which Σ dlnk dρ_B/dlnk = ρ_B holds as in the run. `omega_b` is dρ_B/dlnk over the radiation's energy density at the
    reference epoch, 1 E*/l*³. Shells are as wide as the box's smallest k, so that |P_aB| may exceed P_B by up to half a shell;
    `helicity_fraction`, where every mode counts with its own k, stays within ±1. RunFolderError without spectra.
    """
    import xarray

    names = ("energy_spectrum", "helicity_spectrum", "helicity_fraction")
    if any(name not in run.spectra for name in names) or run.spectra.sizes.get("t", 0) == 0:
        raise RunFolderError(f"{getattr(run, 'path', 'run')}: no magnetic spectra are stored; run it with output.spectra")
    units, mpc = units_of(run.config), length_mpc(units_of(run.config))
    k, t = (np.asarray(run.spectra[name], dtype=float) for name in ("k", "t"))
    dk = k[0]  # shells 1, 2, ... times the box's smallest wave number
    energy, helicity, fraction = (np.asarray(run.spectra[name].transpose("t", "k"), dtype=float) for name in names)
    rho, h, unit = k * energy, k * helicity, units.helicity_gauss2_mpc
    power_b, power_ab, power_unit = 2 * np.pi**2 / k**3 * rho, np.pi**2 / k**2 * h, units.field_gauss**2 * mpc**3
    per_k = {
        "rho_b": (rho, "E*/l*^3", "magnetic energy density per log k"),
        "omega_b": (rho, "1", "the same over the energy density of the reference epoch"),
        "helicity": (h, "E*/l*^2", "magnetic helicity per log k"),
        "helicity_fraction": (fraction, "1", "helicity over its largest value"),
        "power_b": (power_b, "E*", "power spectrum P_B"),
        "power_ab": (power_ab, "E*", "antisymmetric power spectrum P_aB"),
        "b_gauss": (np.sqrt(2 * rho) * units.field_gauss, "G", "magnetic field per log k, comoving"),
        "helicity_gauss2_mpc": (h * unit, "G^2 Mpc", "magnetic helicity per log k, comoving"),
        "power_b_gauss2_mpc3": (power_b * power_unit, "G^2 Mpc^3", "power spectrum P_B, comoving"),
        "power_ab_gauss2_mpc3": (power_ab * power_unit, "G^2 Mpc^3", "antisymmetric power spectrum P_aB, comoving"),
    }
    total, over_k = energy.sum(-1) * dk, (energy / k).sum(-1) * dk
    with np.errstate(invalid="ignore"):
        k_integral = np.where(total > 0, total / np.where(over_k > 0, over_k, 1.0), 0.0)
    lengths = np.where(k_integral > 0, correlation_length_mpc(k_integral, units), np.nan)
    per_t = {
        "rho_b_total": (total, "E*/l*^3", "magnetic energy density"),
        "helicity_total": (helicity.sum(-1) * dk, "E*/l*^2", "magnetic helicity"),
        "b_rms": (np.sqrt(2 * total) * units.field_gauss, "G", "magnetic field, rms, comoving"),
        "helicity_total_gauss2_mpc": (helicity.sum(-1) * dk * unit, "G^2 Mpc", "magnetic helicity, comoving"),
        "lambda_b": (lengths, "Mpc", "correlation length 2 pi/k_I of the shells, comoving"),
    }
    return xarray.Dataset(
        _variables(per_k, ("t", "k")) | _variables(per_t, ("t",)),
        coords={
            "t": ("t", t, _label("t*", "conformal time")),
            "k": ("k", k, _label("1/l*", "wave number, comoving")),
            "k_over_hubble": ("k", k, _label("1", "wave number over a H/c of the reference epoch")),  # l* = c/(a H)
            "k_mpc": ("k", k / mpc, _label("1/Mpc", "wave number, comoving")),
            "dlnk": ("k", dk / k, _label("1", "width of the shell in ln k")),
        },
        attrs=_attributes(run, units),
    )


def relic_table(data: xarray.Dataset) -> tuple[list[str], NDArray[np.float64]]:
    """(header, rows) of the spectra as one table, a row per (t, k); columns are named "quantity [unit]"."""
    names = [str(name) for name, values in data.data_vars.items() if values.dims == ("t", "k")]
    t, k = np.meshgrid(data["t"], data["k"], indexing="ij")
    columns = {"t": t, "k": k}
    columns |= {name: np.broadcast_to(data[name], t.shape) for name in ("k_over_hubble", "k_mpc", "dlnk", *names)}
    header = [f"{name} [{data[name].attrs['units']}]" for name in columns]
    return header, np.stack([values.ravel() for values in columns.values()], axis=1)


def _variables(values: Mapping[str, tuple[NDArray, str, str]], dims: Sequence[str]) -> dict[str, tuple]:
    return {name: (dims, array, _label(unit, text)) for name, (array, unit, text) in values.items()}


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}


def _attributes(run: Any, units: ComovingRadiation) -> dict[str, Any]:
    """What a reader of the file alone must know."""
    return {
        "title": "magnetic spectra of a chiral MHD run: " + str(run.config.get("title", "")),
        "convention": CONVENTION,
        "correlation_length": "lambda_b = 2 pi/k_I, 1/k_I = int E dk/k / int E dk; fully helical: B^2 lambda_b = 2 pi |h|",
        "temperature_gev": units.temperature_physical_ev / 1e9,
        "g_energy": units.g_energy,
        "g_entropy": units.g_entropy,
        "l_star_mpc": length_mpc(units),
        "field_unit_gauss": units.field_gauss,
        "helicity_unit_gauss2_mpc": units.helicity_gauss2_mpc,
    }
