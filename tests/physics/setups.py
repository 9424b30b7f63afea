"""Small chiral MHD problems for the physics tests, and the ways to advance them.

Compiling costs seconds, stepping milliseconds: tests share grids and static choices, and differ in numbers only.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from kiral.core.advance import advance, start, step_options
from kiral.core.integrators.base import combine
from kiral.core.table import time_table
from kiral.geometry.box import Box
from kiral.mhd.equations import ChargeCoupling, ChiralMHD, State
from kiral.mhd.forcing import HelicalForcing, modes_in_shell
from kiral.mhd.initial import state_from
from kiral.mhd.source import DecaySource

CUBE = (12, 12, 12)  # the grid of most tests: modes |k| <= 3


def number(value) -> jnp.ndarray:
    return jnp.asarray(value, jnp.float64)


def box(n=CUBE, length=2 * np.pi) -> Box:
    return Box(n, number(np.broadcast_to(length, 3)))


COEFFICIENTS = ("magnetic_diffusivity", "viscosity", "chiral_diffusivity", "chiral_feedback", "flipping_rate", "xi")


def equation(n=CUBE, *, length=2 * np.pi, kind=ChiralMHD, heating="paper", flow="relativistic", form="brandenburg1996",
             source=(0.0, 1.0), **values):  # fmt: skip
    """Coefficients are 0 unless given; source is (amplitude, t_phi) of the decaying one, or a source.

    charge is (separation, magnetic, diffusivity); background_field a list of three.
    """
    values = dict.fromkeys(COEFFICIENTS, 0.0) | {"enthalpy": 4 / 3} | values
    numbers = {name: number(value) if isinstance(value, float) else value for name, value in values.items()}
    numbers["background_field"] = number(numbers.get("background_field", (0.0, 0.0, 0.0)))
    numbers["charge"] = ChargeCoupling(*map(number, numbers["charge"])) if numbers.get("charge") else None
    numbers.setdefault("forcing", None)
    numbers.setdefault("xi_shape", None)
    source = DecaySource(*map(number, source)) if isinstance(source, tuple) else source
    return kind(box=box(n, length), source=source, heating=heating, flow=flow, form=form, **numbers)


NONLINEAR = {
    "magnetic_diffusivity": 0.05, "viscosity": 0.04, "chiral_diffusivity": 0.06, "chiral_feedback": 2.0,
    "flipping_rate": 0.8, "xi": 0.3, "source": (3.0, 0.7),
}  # fmt: skip
"""Everything on, and of the same order of magnitude."""


def helical_force(where: Box, amplitude=0.5, helicity=0.6, wave_number=1.5, width=1.2, correlation_time=0.4):
    """A force on the modes of a shell."""
    numbers = jnp.asarray(modes_in_shell(where, wave_number, width))
    return HelicalForcing(numbers, *map(number, (amplitude, helicity, correlation_time)), jnp.asarray(7))


EXTENSIONS = {
    "charge": (0.7, 0.4, 0.05), "background_field": [0.3, -0.2, 0.4],
    "magnetic_diffusivity": time_table(np.array([0.0, 0.5, 1.0, 2.0]), np.array([0.05, 0.08, 0.03, 0.04]), "cubic"),
    "flipping_rate": time_table(np.array([0.0, 0.5, 1.0, 2.0]), np.array([0.8, 0.5, 0.9, 0.2]), "cubic"),
}  # fmt: skip
"""What goes beyond G25: mu, a uniform field, coefficients that change in time."""


def random_modes(where: Box, seed: int, rms: float, k_top: int = 2) -> jnp.ndarray:
    """A smooth real field of zero mean: modes of |k_i| <= k_top, the same on every grid; numpy only."""
    rng = np.random.default_rng(seed)
    field = np.zeros(where.shape, complex)
    for index in np.ndindex(*(2 * k_top + 1,) * 3):
        value = rng.normal() + 1j * rng.normal()
        k = np.array(index) - k_top
        if all(abs(ki) <= m for ki, m in zip(k, where.m, strict=True)) and 0 < k @ k <= k_top**2:
            for sign, part in ((1, value), (-1, value.conjugate())):
                if sign * k[2] >= 0:
                    field[tuple(sign * k)] += part / (k @ k) ** 1.5
    power = np.sum(np.where(np.arange(field.shape[2]) > 0, 2, 1) * np.abs(field) ** 2)
    return jnp.asarray(field * rms / np.sqrt(power))


def random_state(eq: ChiralMHD, seed: int = 1, *, a=0.2, m=0.15, rho=0.05, mu5=0.4, mean_mu5=0.7, k_top=2) -> State:
    """Smooth random fields of the given root mean squares, rho = 1 on average."""
    where = eq.box
    vector = [tuple(random_modes(where, 100 * seed + 10 * j + i, rms, k_top) for i in range(3)) for j, rms in enumerate((a, m))]
    chirality = random_modes(where, 100 * seed + 50, mu5, k_top).at[0, 0, 0].set(mean_mu5)
    mu = None if eq.charge is None else random_modes(where, 100 * seed + 70, mu5, k_top).at[0, 0, 0].set(0.3)
    if not eq.moves:
        return state_from(where, vector[0], chirality, flow="none", mu=mu)
    momentum = tuple(f.at[0, 0, 0].set(0.02 * (i - 1)) for i, f in enumerate(vector[1]))
    density = random_modes(where, 100 * seed + 60, rho, k_top).at[0, 0, 0].set(1.0)
    return state_from(where, vector[0], chirality, flow=eq.flow, u_momentum=momentum, rho=density, mu=mu)


def run(eq: ChiralMHD, y: State, t_end: float, steps: int, scheme: str = "etdrk4", t: float = 0.0) -> State:
    """The state after `steps` equal steps."""
    options = step_options(1.0, dt_fixed=(t_end - t) / steps)
    carry = advance(eq, scheme, start(eq, scheme, number(t), y, options), steps, np.inf, options)
    assert int(carry.step) == steps and not bool(carry.failed)
    return carry.y


def full_tendency(eq: ChiralMHD, t, y: State) -> State:
    """The whole right-hand side: products, linear part and forcing."""
    return eq.add_forcing(t, combine((1.0, eq.evaluate(t, y)[0]), (1.0, eq.linear().apply(y))))


tendency = eqx.filter_jit(full_tendency)


def rms(where: Box, fields) -> float:
    """Root of the mean square of scalar modes or a tuple of them."""
    fields = fields if isinstance(fields, tuple) else (fields,)
    return float(jnp.sqrt(sum(where.mean_product(f, f) for f in fields)))


def distance(eq: ChiralMHD, a: State, b: State) -> float:
    """Largest relative difference of the fields (rho without its mean)."""
    where = eq.box
    pairs = [(a.A, b.A), ((a.mu5,), (b.mu5,))]
    if eq.moves:
        pairs += [(a.momentum, b.momentum)]
    if eq.charge is not None:
        pairs += [((a.mu,), (b.mu,))]
    if eq.compressible:
        mean = jnp.zeros_like(b.rho).at[0, 0, 0].set(b.rho[0, 0, 0])
        pairs += [((a.rho - mean,), (b.rho - mean,))]
    return max(rms(where, tuple(x - y for x, y in zip(f, g, strict=True))) / rms(where, g) for f, g in pairs)


def helical_parts(where: Box, field) -> dict[int, np.ndarray]:
    """The two Beltrami parts (3, kx, ky, kz) of transverse modes: ∇×part = sign |k| part. numpy only."""
    f = np.stack([np.asarray(x) for x in field])
    unit = 2 * np.pi / np.asarray(where.length)
    k = np.stack(np.broadcast_arrays(*where.numbers)).astype(float) * unit[:, None, None, None]
    k_abs = np.sqrt(np.sum(k**2, axis=0))
    turned = 1j * np.cross(k, f, axis=0) / np.where(k_abs > 0, k_abs, 1)
    return {sign: (f + sign * turned) / 2 for sign in (1, -1)}
