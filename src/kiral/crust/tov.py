"""Stars in general relativity: the Tolman–Oppenheimer–Volkoff equations, integrated by diffrax from the centre outwards.

The independent variable is ξ = lg ρ, falling. With u = r², w = m/r³ and the log-enthalpy H = ∫ dP/(ε + P), G = c = 1,

    du/dH = -2 (1 - 2 u w)/(4π P + w)                (L. Lindblom 1992, Astrophys. J. 398, 569, in other variables)
    dw/dH = -(4π ε - 3 w)(1 - 2 u w)/(u (4π P + w)),     dH/dξ = (dP/dξ)/(ε + P),     dν = -dH

which is regular where P → 0, ends exactly at the density asked for, and passes jumps of the density at one pressure. Metric:
-e^{2ν} dt² + e^{2λ} dr² + r² dΩ². Lengths in km; ρ in g cm⁻³, P in dyn cm⁻².
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.constants import SOLAR_MASS_G, SPEED_OF_LIGHT_CM_S
from kiral.crust.eos import LN10, Barotrope, Spline

SUN_KM = 1.3271244e26 / SPEED_OF_LIGHT_CM_S**2 * 1e-5
"""G M_sun/c² [km], of the nominal solar mass parameter (IAU 2015 resolution B3)."""
KM2_PER_DENSITY = SUN_KM / SOLAR_MASS_G * 1e15
"""(G/c²) ρ in km⁻² of ρ = 1 g cm⁻³."""
CENTRE_STEP = 1e-5  # in ξ, at most: where the expansion about the centre is left; its error is the square of it
TOLERANCE, TABLE_TOLERANCE = 1e-10, 1e-8  # relative, per step; a table's own error is larger, and its corners cost steps
MAX_STEPS = 100_000


class Structure(NamedTuple):
    """A star along ξ, from the centre outwards, each (points,)."""

    xi: Float[Array, "points"]
    radius: Float[Array, "points"]  # [km]
    mass: Float[Array, "points"]  # gravitational, inside [solar masses]
    enthalpy: Float[Array, "points"]  # H from the centre to here, negative
    radius_slope: Float[Array, "points"]  # dr/dξ [km]


def structure(barotrope: Barotrope, xi: Float[Array, "points"]) -> Structure:
    """The star whose centre has the density xi[0], at the densities xi: falling, the last one the surface's.

    Pure: can be compiled, mapped (`jax.vmap`) and differentiated in reverse mode, in xi and the barotrope's numbers.
    """
    first = jnp.minimum(CENTRE_STEP, 0.5 * (xi[0] - xi[1]))
    start = _near_centre(barotrope, xi[0], first)
    tolerance = TABLE_TOLERANCE if isinstance(barotrope, Spline) else TOLERANCE
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(_slopes),
        diffrax.Tsit5(),
        t0=xi[0] - first,
        t1=xi[-1],
        dt0=-first,
        y0=start,
        args=barotrope,
        saveat=diffrax.SaveAt(ts=xi[1:]),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=0.0, dtmax=0.5),
        max_steps=MAX_STEPS,
    )
    assert solution.ys is not None
    u, w, enthalpy = solution.ys
    r = jnp.sqrt(u)
    slope = jax.vmap(lambda x, *y: _slopes(x, y, barotrope)[0])(xi[1:], u, w, enthalpy) / (2 * r)
    at_centre = jnp.zeros((1,))
    return Structure(
        xi,
        jnp.concatenate([at_centre, r]),
        jnp.concatenate([at_centre, w * r**3 / SUN_KM]),
        jnp.concatenate([at_centre, enthalpy]),
        jnp.concatenate([jnp.full((1,), -jnp.inf), slope]),
    )


compiled_structure = eqx.filter_jit(structure)


def lapse(found: Structure) -> Float[Array, "points"]:
    """e^ν, matched at the surface to Schwarzschild's sqrt(1 - 2GM/Rc²)."""
    surface = 0.5 * jnp.log(1 - 2 * SUN_KM * found.mass[-1] / found.radius[-1])
    return jnp.exp(surface + found.enthalpy[-1] - found.enthalpy)


def stretch(found: Structure) -> Float[Array, "points"]:
    """e^λ = (1 - 2Gm/rc²)^(-1/2); 1 at the centre."""
    r = jnp.where(found.radius > 0, found.radius, 1.0)
    return (1 - 2 * SUN_KM * found.mass / r) ** -0.5


def _matter(barotrope: Barotrope, xi: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """(ε, P, dH/dξ) in km⁻², km⁻², 1."""
    lg_p, rise = jax.value_and_grad(barotrope.log_pressure)(xi)
    energy = 10.0**xi * KM2_PER_DENSITY
    pressure = 10.0**lg_p * (KM2_PER_DENSITY / SPEED_OF_LIGHT_CM_S**2)
    return energy, pressure, LN10 * pressure * rise / (energy + pressure)


def _slopes(xi: Any, y: Any, barotrope: Barotrope) -> tuple:
    u, w, _ = y
    energy, pressure, rise = _matter(barotrope, xi)
    shared = -rise * (1 - 2 * u * w) / (4 * math.pi * pressure + w)
    # From the centre outwards H falls: dH/dξ is positive while ξ falls.
    return 2 * shared, shared * (4 * math.pi * energy - 3 * w) / u, rise


def _near_centre(barotrope: Barotrope, xi: Float[Array, ""], step: Float[Array, ""]) -> tuple:
    """(u, w, H) a small step below the central density, by r² = ΔH/((2π/3)(ε + 3P)), m = (4π/3) r³ (ε - (3/5) Δε)."""
    energy, pressure, rise = _matter(barotrope, xi)
    drop = rise * step
    u = drop / (2 * math.pi / 3 * (energy + 3 * pressure))
    w = 4 * math.pi / 3 * energy * (1 - 0.6 * LN10 * step)
    return u, w, -drop
