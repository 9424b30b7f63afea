"""What a run of chiral kinetic theory reports. Each is a function of (equation, t, state).

Number currents (e times the sum is the electric current), means over the box, in the axes of the case.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.problem import Observable
from kiral.kinetic.boltzmann import ChiralKinetic, State

CURRENT, DENSITY, ENERGY, FIELD = "1/(l*^2 t*)", "1/l*^3", "E*/l*^3", "(E*/l*^3)^1/2"


# ---- parts


def mean_currents(eq: ChiralKinetic, y: State) -> Float[Array, "3 chirality"]:
    """j_λ in the axes of the case, mean over the box."""
    return jnp.einsum("ji,jx->ix", eq.frame, jnp.mean(eq.currents(y), axis=-1))


def _mu(eq: ChiralKinetic, y: State, axial: bool) -> Float[Array, "z"]:
    right, left = eq.potentials(y)
    return (right - left if axial else right + left) / 2


def _wave(eq: ChiralKinetic, values: Float[Array, "z"]) -> Array:
    """Amplitude of the seeded wave number, with the phase at z = 0: Re(amplitude e^{ikz}) is the wave."""
    place = jnp.arange(eq.n) / eq.n - 0.5
    return 2 * jnp.mean(values * jnp.exp(-2j * jnp.pi * eq.mode * place))


def legendre(eq: ChiralKinetic, y: State, species: int, chirality: int) -> Float[Array, "degree momentum"]:
    """f_l(|p|) of the part of f that is symmetric about the axis, f = Σ f_l P_l; mean over the box."""
    degree, order = _harmonics(eq)
    chosen = jnp.asarray(np.flatnonzero(order == 0))
    f = (jnp.mean(y.h + y.k, axis=-1) / eq.space.p[:, None, None, None] ** 2)[:, :, species, chirality]
    scale = jnp.sqrt((2 * jnp.asarray(degree[order == 0]) + 1) / (4 * jnp.pi))
    return (f * eq.space.turned[species])[:, chosen].T * scale[:, None]


def _harmonics(eq: ChiralKinetic) -> tuple[np.ndarray, np.ndarray]:
    """Degree and order of the harmonics, from their number: all of them, or m = 0."""
    size = eq.space.across.size
    if eq.symmetric:
        return np.arange(size), np.zeros(size, int)
    pairs = [(l, m) for l in range(int(np.sqrt(size))) for m in range(-l, l + 1)]
    degree, order = np.array(pairs).T
    return degree, order


# ---- numbers in time


def _current(axis: int, axial: bool):
    def current(eq, t, y):
        """A component of j or j5."""
        right, left = mean_currents(eq, y)[axis]
        return right - left if axial else right + left

    return current


def number(eq, t, y):
    """n."""
    return jnp.sum(jnp.mean(eq.densities(y), axis=-1))


def axial_number(eq, t, y):
    """n5."""
    right, left = jnp.mean(eq.densities(y), axis=-1)
    return right - left


def mu(eq, t, y):
    """mu."""
    return jnp.mean(_mu(eq, y, False))


def mu5(eq, t, y):
    """mu5."""
    return jnp.mean(_mu(eq, y, True))


def electric_mean(eq, t, y):
    """E along the axis."""
    return jnp.mean(eq.field(y))


def electric_rms(eq, t, y):
    """Rms of the plasma's own field."""
    return jnp.sqrt(jnp.mean(y.electric**2))


def berry(eq, t, y):
    """e c B/T²."""
    return jnp.abs(eq.berry(y.clock))


def anomaly_rate(eq, t, y):
    """dn5/dt by the anomaly."""
    right, left = jnp.mean(eq.production(y), axis=-1)
    return right - left


def anomaly_factor(eq, t, y):
    """The same over e² E·B/(2π²c)."""
    b = eq.berry(y.clock) * eq.temperature**2 / (eq.charge * eq.c) * jnp.dot(eq.electric_axis, eq.magnetic_axis)
    usual = eq.charge**2 * jnp.mean(eq.field(y)) * b / (2 * jnp.pi**2 * eq.c)
    return jnp.where(usual == 0, jnp.nan, anomaly_rate(eq, t, y) / jnp.where(usual == 0, 1.0, usual))


def plasma_energy(eq, t, y):
    """Σ ∫ c p f."""
    return eq.plasma_energy(y)


def work(eq, t, y):
    """∫ e E·j dt."""
    return y.worked


def heat(eq, t, y):
    """∫ of what the bath takes."""
    return y.heated


def gauss_residual(eq, t, y):
    """max |∂E/∂z - 4πe(n - mean n)| over the largest 4πe |n_λ - mean n_λ|."""
    density = eq.densities(y)
    charge = 4 * jnp.pi * eq.charge * (density - jnp.mean(density, axis=-1, keepdims=True))
    size = jnp.maximum(jnp.max(jnp.abs(charge)), 1e-300)
    return jnp.max(jnp.abs(eq.derivative(y.electric) - jnp.sum(charge, axis=0))) / size


def angular_tail(eq, t, y):
    """Share of the highest degree in Σ_{l>0} ∫ h² dp."""
    degree, _ = _harmonics(eq)
    power = jnp.einsum("p,pasxz->a", eq.space.weights, y.h**2)
    total = jnp.sum(power[1:])
    return jnp.where(total > 0, jnp.sum(power[np.flatnonzero(degree == degree.max())]) / jnp.where(total > 0, total, 1.0), 0.0)


def edge_content(eq, t, y):
    """Largest |h| at the last node over the largest of all."""
    return jnp.max(jnp.abs(y.h[-1])) / jnp.max(jnp.abs(y.h))


def spectral_tail(eq, t, y):
    """Share of the finest third of the waves in the power of mu, mu5 and E."""
    power = sum(jnp.abs(jnp.fft.rfft(x)) ** 2 / (1e-300 + jnp.max(x**2)) for x in (*eq.potentials(y), y.electric))
    power = power[1:]
    return jnp.sum(power[2 * power.size // 3 :]) / jnp.maximum(jnp.sum(power), 1e-300)


def _wave_part(values, part):
    def amplitude(eq, t, y):
        """Real or imaginary part of a wave's amplitude."""
        return part(_wave(eq, values(eq, y)))

    return amplitude


# ---- along z, and f


def mu_z(eq, t, y):
    """mu(z)."""
    return _mu(eq, y, False)


def mu5_z(eq, t, y):
    """mu5(z)."""
    return _mu(eq, y, True)


def number_z(eq, t, y):
    """n(z)."""
    return jnp.sum(eq.densities(y), axis=0)


def axial_number_z(eq, t, y):
    """n5(z)."""
    right, left = eq.densities(y)
    return right - left


def electric_z(eq, t, y):
    """E(z)."""
    return eq.field(y)


def current_along_z(eq, t, y):
    """j_z(z)."""
    return jnp.sum(eq.along(eq.currents(y)), axis=0)


def _distribution(species: int, chirality: int):
    return lambda eq, t, y: legendre(eq, y, species, chirality)


def _components(axial: bool) -> tuple[Observable, ...]:
    name, text = ("axial_current", "axial number current") if axial else ("current", "number current")
    return tuple(
        Observable(f"{name}_{axis}", (), CURRENT, f"{text} along {axis}, mean over the box", _current(i, axial))
        for i, axis in enumerate("xyz")
    )


_WAVES = {
    "mu_wave": (lambda eq, y: _mu(eq, y, False), "E*", "wave of mu"),
    "mu5_wave": (lambda eq, y: _mu(eq, y, True), "E*", "wave of mu5"),
    "electric_wave": (lambda eq, y: eq.field(y), FIELD, "wave of E"),
}
SERIES = (
    *_components(False),
    *_components(True),
    Observable("number", (), DENSITY, "net number density, mean over the box", number),
    Observable("axial_number", (), DENSITY, "axial number density, mean over the box", axial_number),
    Observable("mu", (), "E*", "chemical potential, mean over the box", mu),
    Observable("mu5", (), "E*", "axial chemical potential, mean over the box", mu5),
    Observable("electric_mean", (), FIELD, "E along the axis, mean over the box", electric_mean),
    Observable("berry", (), "1", "e c B/T^2", berry),
    Observable("anomaly_rate", (), "1/(l*^3 t*)", "axial number made by the anomaly per volume and time", anomaly_rate),
    Observable("anomaly_factor", (), "1", "the same over e^2 E.B/(2 pi^2 c)", anomaly_factor),
    Observable("plasma_energy", (), ENERGY, "energy density of the particles", plasma_energy),
    Observable("work", (), ENERGY, "energy that the particles have got from E, integral of e E.j", work),
    Observable("heat", (), ENERGY, "energy that the bath has taken", heat),
    Observable("angular_tail", (), "1", "share of the highest degree in the anisotropic part of F", angular_tail),
    Observable("edge_content", (), "1", "F at the largest momenta over its largest value", edge_content),
)
IN_SPACE = (
    Observable("electric_rms", (), FIELD, "rms of the plasma's own field", electric_rms),
    Observable("gauss_residual", (), "1", "error of Gauss's law over the largest charge of one chirality", gauss_residual),
    Observable("spectral_tail", (), "1", "share of the finest third of the waves in mu, mu5 and E", spectral_tail),
    *(
        Observable(f"{name}_{end}", (), unit, f"{text}, {word} part of its amplitude", _wave_part(values, part))
        for name, (values, unit, text) in _WAVES.items()
        for end, word, part in (("re", "real", jnp.real), ("im", "imaginary", jnp.imag))
    ),
)
ALONG_Z = (
    Observable("mu_z", ("z",), "E*", "chemical potential", mu_z),
    Observable("mu5_z", ("z",), "E*", "axial chemical potential", mu5_z),
    Observable("number_z", ("z",), DENSITY, "net number density", number_z),
    Observable("axial_number_z", ("z",), DENSITY, "axial number density", axial_number_z),
    Observable("electric_z", ("z",), FIELD, "electric field along z", electric_z),
    Observable("current_along_z", ("z",), CURRENT, "number current along z", current_along_z),
)
_KINDS = {"right": (0, 0), "left": (0, 1), "anti_right": (1, 0), "anti_left": (1, 1)}
DISTRIBUTIONS = tuple(
    Observable(
        f"f_{name}", ("degree", "momentum"), "1",
        f"f_l of {'antiparticles of ' * name.startswith('anti')}{name.removeprefix('anti_')}-handed particles, f = sum f_l P_l "
        "about the axis, mean over the box", _distribution(*kind),
    )
    for name, kind in _KINDS.items()
)  # fmt: skip


def observables(eq: ChiralKinetic) -> tuple[Observable, ...]:
    """All that make sense for this equation."""
    found = (*SERIES, *(IN_SPACE + ALONG_Z if eq.n > 1 else ()), *DISTRIBUTIONS)
    parallel = bool(jnp.dot(eq.electric_axis, eq.magnetic_axis) * eq.magnetic != 0)
    absent = set() if parallel and eq.n == 1 else {"anomaly_factor"}
    absent |= set() if eq.follows != "none" else {"gauss_residual"}
    return tuple(o for o in found if o.name not in absent)
