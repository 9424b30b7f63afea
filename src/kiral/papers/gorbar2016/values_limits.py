"""G16, Sec. IV C, Eqs. (59)–(66): high temperature, diffusion, the chiral magnetic wave."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.kinetic import equilibrium, transport
from kiral.kinetic.exact import hall_current
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016.common import (
    CHARGE,
    PI2,
    TAU,
    TEMPERATURE,
    C,
    State,
    at_rest,
    current,
    density,
    general,
    inputs,
    rates,
    ratio,
    summed,
    which,
)

SMALL = 1e-6
"""mu/T of the high-temperature states; drivers that must be as small as mu are scaled with it."""
NEARLY = 1e-4
"""Part across the formula that terms of order mu/T may have there."""
FOUND = "sums over momenta at mu/T = 1e-6"
B_FIELD = np.array([0.0, 0.0, 0.7])
EXAMPLE = {"temperature": 1.0, "tau": 2.0, "charge": 0.3, "c": 1.0}
"""State of the example wave: light coupling, B = 1."""


def hot() -> State:
    """All drivers; all but B are scaled down with mu, so that each term of (59)–(64) counts."""
    state = general()
    kept = ("temperature", "tau", "charge", "c", "b")
    return state | {name: SMALL * np.asarray(value) for name, value in state.items() if name not in kept}


def high(axial: bool) -> Callable[[Context], Measured]:
    """Sum or difference over chiralities of the current over (59) or (60)."""

    def value(context: Context) -> Measured:
        state = hot()
        found = summed(state, current)[axial]
        given = inputs(state, "dt_mu", "dt_mu5", "dt_magnetic_field", "grad_electric_field", "grad_magnetic_field",
                       "div_electric_field", "laplacian_mu", "laplacian_mu5")  # fmt: skip
        made = transport.high_temperature_currents(**given)
        return Measured(ratio(found, made.axial if axial else made.electric, NEARLY), FOUND)

    return value


def _arguments(state: State, *left_out: str) -> dict[str, Any]:
    return inputs(state, *left_out, "dt_electric_field", "dt_magnetic_field", "grad_electric_field", "grad_magnetic_field")


def high_density(axial: bool) -> Callable[[Context], Measured]:
    """Sum or difference over chiralities of n over (61) or (62)."""

    def value(context: Context) -> Measured:
        state = hot()
        formula = transport.high_temperature_densities(**_arguments(state))[axial]
        return Measured(ratio(summed(state, density)[axial], formula, NEARLY), FOUND)

    return value


def high_rate(axial: bool) -> Callable[[Context], Measured]:
    """dmu/dt or dmu5/dt by conservation in collisions over (63) or (64)."""

    def value(context: Context) -> Measured:
        state = hot()
        formula = transport.high_temperature_rates(**_arguments(state, "mu", "mu5", "dt_mu", "dt_mu5"))[axial]
        return Measured(ratio(rates(state)[axial], formula, NEARLY), f"sum over momenta of f - f_eq is zero; {FOUND}")

    return value


# --- diffusion -------------------------------------------------------------------------------------------------------


def _diffusion(axis: int) -> float:
    """(dmu/dt)/∂²mu along one axis, at mu = mu5 = 0 in B along z."""
    hessian = np.zeros((3, 3))
    hessian[axis, axis] = 0.1
    return rates(at_rest(mu=0.0, mu5=0.0, b=B_FIELD, hessian_mu=hessian))[0] / 0.1


def diffusion(context: Context) -> Measured:
    """The 3 of tau c²/3."""
    return Measured(TAU * C**2 / _diffusion(2), "rate of mu for a second derivative along B")


def isotropic(context: Context) -> Measured:
    """Whether the constants along and across B are the same to second order."""
    along, across = _diffusion(2), _diffusion(0)
    return Measured(abs(along / across - 1) < 1e-9, f"ratio less one: {abs(along / across - 1):.0e}")


def wave_root(x: float, v: float, tau: float = 1.0) -> complex:
    """Growth s of a wave along B with E = 0, all orders in k = x/(c tau), linear, first order in Berry curvature.

    v is 3 e B/(2π²T²), c = 1. dmu = ⟨φ0⟩ + v (⟨φ1⟩ + ⟨ξ φ0⟩) with (1 + s τ + i x ξ) φ0 = dmu and
    (1 + s τ + i x ξ) φ1 = -i x (1 - ξ²) φ0; Newton's method from (65).
    """
    xi, w = np.polynomial.legendre.leggauss(60)

    def lack(s: complex) -> complex:
        phi0 = 1 / (1 + s + 1j * x * xi)
        phi1 = -1j * x * (1 - xi**2) * phi0**2
        return 1 - complex(w @ (phi0 + v * (phi1 + xi * phi0))) / 2

    s = complex(-(x**2) / 3, -v * x)
    for _ in range(20):
        slope = (lack(s + 1e-7) - lack(s - 1e-7)) / 2e-7
        step = lack(s) / slope
        s -= step
        if abs(step) < 1e-16:
            break
    return s / tau


def correction(context: Context) -> Measured:
    """Power of B with which the longitudinal constant changes: kinetic wave to all orders in k, at c k tau = 0.05."""
    x = 0.05
    change = [(wave_root(x, v) - wave_root(x, 0.0)).real / x**2 for v in (0.04, 0.02)]
    b = 0.03 * TEMPERATURE / (C * CHARGE * TAU)
    common = {"mu_l": 0.0, "temperature": TEMPERATURE, "tau": TAU, "charge": CHARGE, "c": C}
    along, b_field = np.eye(3)[0], np.array([0.0, 0.0, b])
    across = [float(hall_current(electric_field=along, magnetic_field=f * b_field, **common)[0]) for f in (1e-6, 1.0)]
    turned = (across[1] / across[0] - 1) / (3 * (C * CHARGE * b * TAU) ** 2 / (PI2 * TEMPERATURE**2))
    text = (
        f"D changes by {-change[1] / 0.02**2:.3f} v² tau; not in the text: across B orbits reduce it by 3 (c e B tau)²/X "
        f"({turned:.3f} of that)"
    )
    return Measured(math.log2(change[0] / change[1]), text)


# --- the wave --------------------------------------------------------------------------------------------------------


def _wave_coefficients(temperature: float = TEMPERATURE, cosine: float = 1.0) -> tuple[float, float]:
    """(V, D) of ∂t mu5 = -V ∂mu along k, ∂t mu = D ∂²mu, by conservation in collisions at mu = mu5 = 0."""
    k = np.array([math.sqrt(1 - cosine**2), 0.0, cosine])
    base = {"temperature": temperature, "mu": 0.0, "mu5": 0.0, "b": B_FIELD}
    carried = rates(at_rest(grad_mu=0.1 * k, **base))[1] / 0.1
    return -carried, rates(at_rest(hessian_mu=0.1 * np.outer(k, k), **base))[0] / 0.1


def coefficient_of_speed(context: Context) -> Measured:
    """The 3/2 of (65) and (66)."""
    speed, _ = _wave_coefficients()
    return Measured(speed * PI2 * TEMPERATURE**2 / (C**2 * CHARGE * B_FIELD[2]), "rate of mu5 for a gradient of mu along B")


def dispersion(context: Context) -> Measured:
    """Frequencies (real parts, imaginary parts) of a plane wave over (65)."""
    speed, spread = _wave_coefficients()
    k = 0.3
    found = np.sort_complex(1j * np.linalg.eigvals([[-spread * k**2, -1j * speed * k], [-1j * speed * k, -spread * k**2]]))
    size = 3 * C**2 * CHARGE * B_FIELD[2] * k / (2 * PI2 * TEMPERATURE**2)
    formula = np.array([-size, size]) - 1j / 3 * TAU * C**2 * k**2
    parts = [np.r_[values.real, values.imag] for values in (found, formula)]
    return Measured(ratio(*parts), "eigenvalues of the linear rates, which are sums over momenta")


def angle(context: Context) -> Measured:
    """Speed at an angle of 60° over (66)."""
    speed, _ = _wave_coefficients(cosine=0.5)
    return Measured(speed / (3 * C**2 * CHARGE * B_FIELD[2] / (2 * PI2 * TEMPERATURE**2) * 0.5), "k at 60° to B")


def power_of_temperature(context: Context) -> Measured:
    """Power of T in the speed."""
    speeds = [_wave_coefficients(temperature=t)[0] for t in (TEMPERATURE, 2 * TEMPERATURE)]
    return Measured(math.log2(speeds[1] / speeds[0]), "T doubled")


def with_gauss(k: float, b: float = 1.0) -> np.ndarray:
    """Both growth rates of a wave along B with the E that Gauss's law (3) asks for, in the example plasma."""
    t, e, tau = EXAMPLE["temperature"], EXAMPLE["charge"], EXAMPLE["tau"]
    common = {"temperature": t, "tau": tau, "charge": e, "c": 1.0, "magnetic_field": (0, 0, b)}
    speed = -float(transport.high_temperature_rates(**common, grad_mu=(0, 0, 1.0)).dmu5_dt)
    spread = float(transport.high_temperature_rates(**common, laplacian_mu=1.0).dmu_dt)
    charge = 4 * math.pi * e * t**2 / 3  # i k E = charge × mu
    field = -1j * charge / k
    matrix = [[-spread * (k**2 + e * charge), -1j * speed * k], [-1j * speed * k + speed * e * field, -spread * k**2]]
    return np.sort_complex(np.linalg.eigvals(np.array(matrix)))


def overdamped(context: Context) -> Measured:
    """Whether waves propagate at k → 0: with E = 0, and with the E of Gauss's law."""
    k = 1e-3
    found = with_gauss(k)
    speed = float(equilibrium.wave_speed(1.0, 1.0, EXAMPLE["charge"]))
    moves = float(np.max(np.abs(found.imag))) > 1e-9 * speed * k
    sigma = float(equilibrium.conductivity(EXAMPLE["temperature"], 0.0, 0.0, EXAMPLE["tau"], EXAMPLE["charge"]))
    spread, gamma = EXAMPLE["tau"] / 3, 4 * math.pi * sigma
    slow, root = float(found.real.max()), math.sqrt(gamma**2 / 4 - speed**2 * (k**2 + gamma / spread))
    quadratic = -gamma / 2 - spread * k**2 + root
    word = which(moves, not moves and abs(slow / quadratic - 1) < 1e-9)
    text = (
        f"e = 0.3, tau T = 2, B = T², k = 1e-3 T: rates {slow:.6f} and {float(found.real.min()):.4f} T, no oscillation; "
        f"-Γ/2 - Dk² + √(Γ²/4 - v²(k² + Γ/D)) with Γ = 4π sigma is {quadratic:.6f} T"
    )
    return Measured(word, text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq59": high(axial=False),
    "eq60": high(axial=True),
    "eq61": high_density(axial=False),
    "eq62": high_density(axial=True),
    "eq63": high_rate(axial=False),
    "eq64": high_rate(axial=True),
    "diffusion": diffusion,
    "diffusion-isotropic": isotropic,
    "diffusion-correction": correction,
    "eq65": dispersion,
    "eq65-speed": coefficient_of_speed,
    "eq65-gauss": overdamped,
    "eq66": angle,
    "conclusion-speed": power_of_temperature,
}
