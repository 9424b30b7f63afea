"""G16, Secs. IV and V in runs: the equations of the chemical potentials beside Maxwell's, and the chiral magnetic wave.

The solver has the densities for unknowns and one current for Ampère's law and the continuity equations. What the paper says of
mu and mu5 is taken from the stored fields: rates by differences in time, gradients by Fourier sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kiral.config.load import apply_overrides, read_toml, validate
from kiral.errors import ConfigError
from kiral.kinetic import drag, printed, transport
from kiral.kinetic.dispersion import dispersion_roots
from kiral.maxwell import dispersion
from kiral.maxwell.plasma import Plasma
from kiral.maxwell.solutions import dynamic_field_pulse
from kiral.papers import paper_folder
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016.common import KEY, percent, ratio, which

CLOSE = 1e-6
"""Part across the formula that differences in time, the steps' error and amplitude² may leave in a run."""
STENCIL = np.array([1, -8, 0, 8, -1]) / 12
"""Derivative over five equally spaced samples, times the spacing; error of fourth order."""


class Sample(NamedTuple):
    """Fields of a one-dimensional run along z at one time, (n,) and (3, n), and the rates of mu and mu5."""

    fields: dict[str, np.ndarray]
    dt_mu: np.ndarray
    dt_mu5: np.ndarray


def profile(context: Context, name: str, quantity: str, t: float) -> np.ndarray:
    """A stored quantity along z, components first. LookupError: not stored at that time."""
    found = context.run(name).snapshots[quantity].sel(t=t, method="nearest")
    if abs(float(found["t"]) - t) > 1e-9:
        raise LookupError(f"run {name} has no fields at t = {t:g}")
    return np.asarray(found.isel(x=0, y=0), dtype=float)


def places(context: Context, name: str) -> tuple[np.ndarray, float]:
    """(z, length of the box)."""
    return np.asarray(context.run(name).snapshots["z"], dtype=float), float(context.run(name).config["geometry"]["length"][2])


def along_z(values: np.ndarray, length: float, order: int = 1) -> np.ndarray:
    """Derivative along z of periodic values (..., n)."""
    k = 2j * math.pi / length * np.arange(values.shape[-1] // 2 + 1)
    return np.fft.irfft(k**order * np.fft.rfft(values), values.shape[-1])


def sample(context: Context, name: str, t: float, spacing: float = 0.1) -> Sample:
    """The fields at t with what G16 (52)–(54), (63), (64) have in them; rates from five times around."""
    length = places(context, name)[1]
    now = {quantity: profile(context, name, quantity, t) for quantity in ("E", "B", "mu", "mu5")}
    gradient = {f"grad_{q}": np.stack([0 * now[q], 0 * now[q], along_z(now[q], length)]) for q in ("mu", "mu5")}
    second = {f"laplacian_{q}": along_z(now[q], length, 2) for q in ("mu", "mu5")}
    fields = gradient | second | {
        "electric_field": now["E"], "magnetic_field": now["B"], "div_electric_field": along_z(now["E"][2], length),
    }  # fmt: skip
    times = t + spacing * np.arange(-2, 3)
    dt_mu, dt_mu5 = (
        sum(w * profile(context, name, q, x) for w, x in zip(STENCIL, times, strict=True)) / spacing for q in ("mu", "mu5")
    )
    return Sample(fields | {"mu": now["mu"], "mu5": now["mu5"]}, dt_mu, dt_mu5)


def plasma(context: Context, name: str) -> Plasma:
    """The plasma of a run, at mu = mu5 = 0."""
    model = context.run(name).config["model"]
    return Plasma(model["temperature"], model["relaxation_time"], model["charge"], model["light_speed"])


def _matter(context: Context, name: str) -> dict[str, float]:
    p = plasma(context, name)
    return {"temperature": p.temperature, "tau": p.tau, "charge": p.charge, "c": p.c}


# --- equations of the chemical potentials ----------------------------------------------------------------------------


def _sides(context: Context, form: Callable[..., drag.Residuals]) -> tuple[drag.Residuals, drag.Residuals]:
    """(terms with rates, less all other terms) of (53), (54) along the run `general` at t = 2."""
    found = context.cached("general", lambda: sample(context, "general", 2.0))
    given = found.fields | _matter(context, "general")
    still = form(dmu_dt=0 * found.dt_mu, dmu5_dt=0 * found.dt_mu5, **given)
    moving = form(dmu_dt=found.dt_mu, dmu5_dt=found.dt_mu5, **given)
    return drag.Residuals(moving.number - still.number, moving.axial - still.axial), drag.Residuals(-still.number, -still.axial)


def electric_potential(context: Context) -> Measured:
    """The rate terms of (53) in a run of the conservative equations over what (53) gives for them."""
    left, right = _sides(context, drag.coupled_residuals)
    return Measured(ratio(left.number, right.number, CLOSE), "at all points of the run; rates by differences in time")


def axial_potential(context: Context) -> Measured:
    """(54) as printed and with the anomaly, against the same run."""
    left, right = _sides(context, drag.coupled_residuals)
    wrong = _sides(context, printed.coupled_equations)[1]
    off = [float(np.linalg.norm(left.axial - side.axial) / np.linalg.norm(left.axial)) for side in (wrong, right)]
    text = f"as printed it is off by {percent(off[0])}, corrected by {off[1]:.0e}"
    return Measured(which(off[0] < CLOSE, off[1] < CLOSE), text)


def closed(context: Context) -> Measured:
    """Charge and Gauss's law in the run."""
    drift = context.run("general").drift
    kept = max(drift["gauss"], drift["charge"]) < 1e-12
    return Measured(kept, f"∇·E = 4π e n to {drift['gauss']:.0e} of the largest charge")


def hot(axial: bool) -> Callable[[Context], Measured]:
    """dmu/dt or dmu5/dt in the run of a weak pulse over (63) or (64)."""

    def value(context: Context) -> Measured:
        found = context.cached("hot", lambda: sample(context, "dynamic", 20.0))
        fields = {name: field for name, field in found.fields.items() if name not in ("mu", "mu5")}
        formula = transport.high_temperature_rates(**fields, **_matter(context, "dynamic"))[axial]
        made = found.dt_mu5 if axial else found.dt_mu
        return Measured(ratio(made, formula, 10 * CLOSE), "pulse of mu5 = 1e-3 T with its electric field")

    return value


def well_posed(context: Context) -> Measured:
    """Whether the closed set of second order is accepted beyond 4π sigma tau = 1, and for waves beyond k*."""
    _, values = read_toml(paper_folder(KEY) / "case.toml")
    asked = {"model.order": 2, "model.current": "ohm", "model.relaxation_time": 4.0}
    try:
        validate(apply_overrides(values, asked), "case.toml")
    except ConfigError as refusal:
        p = Plasma(1.0, 4.0, 0.3)
        rate = -p.ohmic_rate / p.permittivity  # (1 - 4π sigma tau) ∂t E = -4π sigma E of a uniform field
        text = (
            f"tau T = 4, e = 0.3: 4π sigma tau = {1 - p.permittivity:.2f}; a uniform E would grow at {rate:.2g} T; the case is "
            "refused"
        )
        return Measured(which(False, rate > 0 and "4 pi sigma tau" in str(refusal)), text)
    return Measured("printed", "accepted")


def growth_error(tau: float, terms: dispersion.Terms | None) -> float:
    """Relative error of the growth rate of a closed set against kinetic theory to all orders; nan where the set is ill-posed.

    Fastest mode of the chiral plasma instability at T = 1, e = 0.3, mu5 = 0.3.
    """
    p = Plasma(1.0, tau, 0.3, mu5=0.3)
    k, given = p.chiral_wavenumber / 2, {"temperature": p.temperature, "mu5": p.mu5, "tau": tau, "charge": p.charge}
    if terms is not None and terms.relaxation and p.permittivity <= 0:
        return math.nan
    exact = float(dispersion_roots(k, wave="right_handed", **given)[0].real)
    return abs(float(dispersion.cpi_growth(p, k, 1, terms)) / exact - 1)


def second_order(context: Context) -> Measured:
    """Whether the terms of second order bring the growth of helical fields nearer to kinetic theory."""
    alone = dispersion.Terms(magnetization=True)
    names = {"first order": dispersion.FIRST, "with magnetization alone": alone, "second order": dispersion.SECOND}
    error = {name: growth_error(0.5, terms) for name, terms in names.items()}
    found = ", ".join(f"{name} {value:.1e}" for name, value in error.items())
    text = f"error of the growth rate at tau T = 0.5, 4π sigma tau = 0.03: {found}"
    return Measured(error["second order"] < 0.1 * error["first order"], text)


# --- chiral magnetic wave --------------------------------------------------------------------------------------------


def modes(context: Context, name: str, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k, mu5_k, mu_k) of the pulse at t, the pulse's centre being the origin; the 24 longest waves."""
    z, length = places(context, name)
    k = 2 * math.pi / length * np.arange(1, 25)
    shift = np.exp(1j * k * length / 2) / len(z)
    return k, *(np.fft.rfft(profile(context, name, q, t))[1:25] * shift for q in ("mu5", "mu"))


def running_rates(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """(k, growth rate s of the wave along B) with E = 0, from the run's two times."""

    def found() -> tuple[np.ndarray, np.ndarray]:
        (k, *one), (_, *two) = (modes(context, "given", t) for t in (0.0, 20.0))
        return k, np.log((two[0] + two[1]) / (one[0] + one[1])) / 20.0

    return context.cached("running", found)


def slow_rates(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """(k, rate of the slower decay) of twelve waves with Maxwell's E, from t = 40 to 60, when the fast part is gone."""

    def found() -> tuple[np.ndarray, np.ndarray]:
        (k, one, _), (_, two, _) = (modes(context, "dynamic", t) for t in (40.0, 60.0))
        return k[:12], np.log((two / one).real[:12]) / 20.0

    return context.cached("slow", found)


def field(context: Context) -> float:
    """B of the runs."""
    return float(context.run("dynamic").config["initial"]["background_field"][2])


def wave(context: Context) -> Measured:
    """Frequency and damping of the run with E = 0 over (65), of the twelve longest waves."""
    k, s = running_rates(context)
    p = plasma(context, "given")
    formula = -p.diffusion * k**2 - 1j * p.wave_speed(field(context)) * k
    parts = [np.r_[values.real, values.imag][np.r_[0:12, 24:36]] for values in (s, formula)]
    return Measured(ratio(*parts, parallel=1e-5), "a pulse of mu5 with E held at zero, t = 20")


def speed(context: Context) -> Measured:
    """Speed of the two pulses over (66): where mu5 + mu has its centre."""
    z, length = places(context, "given")
    right = profile(context, "given", "mu5", 20.0) + profile(context, "given", "mu", 20.0)
    turn = 2 * math.pi / length * (z - length / 2)
    way = float(np.angle(np.sum(right * np.exp(1j * turn)))) * length / (2 * math.pi)
    formula = 20 * plasma(context, "given").wave_speed(field(context))
    return Measured(way / formula, f"centre of mu5 + mu moved by {way:.4f}")


def overdamped(context: Context) -> Measured:
    """Whether the same pulse runs when E obeys Maxwell's equations."""
    z, length = places(context, "dynamic")
    config, p = context.run("dynamic").config["initial"], plasma(context, "dynamic")
    shape = {"amplitude": config["amplitude"], "width": config["width"], "length": length}
    exact = dynamic_field_pulse(p, z - length / 2, 20.0, field=field(context), **shape)
    found = {name: profile(context, "dynamic", name, 20.0) for name in ("mu5", "mu")}
    off = float(np.abs(found["mu5"] - exact.mu5).max() / exact.mu5.max())
    right = found["mu5"] + found["mu"]
    way = float(np.sum((z - length / 2) * right) / np.sum(right))
    run = 20 * p.wave_speed(field(context))
    k, s = slow_rates(context)
    root = float(dispersion_roots(k[0], **_matter(context, "dynamic"), magnetic_field=field(context))[0].real)
    text = (
        f"centre of mu5 + mu at {way:.3f} in place of {run:.3f}; the solution with two decaying modes is met to {off:.0e} of "
        f"the pulse; the longest wave decays at {-s[0]:.6f} T, in kinetic theory to all orders at {-root:.6f}"
    )
    return Measured(which(abs(way / run - 1) < 0.1, abs(way) < 0.5 * run and off < 1e-4), text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq53-run": electric_potential,
    "eq54-run": axial_potential,
    "conclusion-closed": closed,
    "eq63-run": hot(axial=False),
    "eq64-run": hot(axial=True),
    "eq75-posed": well_posed,
    "eq76-growth": second_order,
    "eq65-run": wave,
    "eq66-run": speed,
    "eq65-dynamic": overdamped,
}
