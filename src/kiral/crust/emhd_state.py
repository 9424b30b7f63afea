"""The state of electron magnetohydrodynamics in a shell: field, what of the matter is evolved, time integrals."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Inexact

from kiral.crust.heat import HeatLedger


class Chirality(NamedTuple):
    """Time integrals of chirality in units of helicity: made by captures, lost by spin flips, taken from helicity, cut off.

    The anomaly turns helicity H into chirality, dH/dt = -2 ∫E·B: `anomaly` is that integral, what H gained. `cut` is what the
    quasi-steady balance leaves over where the cap cuts k5 (and at the conductor, where the boundary condition sets E).
    """

    captured: Float[Array, ""]
    flipped: Float[Array, ""]
    anomaly: Float[Array, ""]
    cut: Float[Array, ""]


class Ledger(NamedTuple):
    """Time integrals. joule: heat; work: of the chiral current; outward: energy that went outside, net; filtered: energy that
    the filter took; linkage: what the relative helicity changed by; flux: what the toroidal flux changed by; chirality; heat.
    """

    joule: Float[Array, ""]
    work: Float[Array, ""]
    outward: Float[Array, ""]
    filtered: Float[Array, ""]
    linkage: Float[Array, ""]
    flux: Float[Array, ""]
    chirality: Chirality | None
    heat: HeatLedger | None = None


class Matter(NamedTuple):
    """What of the matter a run evolves; None: not evolved.

    k5: chiral wave number on the grid, (theta, phi, elements, order + 1), where n5 has its own equation. heat: content per
    volume, (theta, phi, nodes) [G²], see `kiral.crust.heat`.
    """

    k5: Float[Array, "..."] | None = None
    heat: Float[Array, "theta phi nodes"] | None = None


class State(NamedTuple):
    """Poloidal and toroidal functions of all modes, (l, m, nodes); matter; time integrals."""

    f: Inexact[Array, "l m nodes"]
    g: Inexact[Array, "l m nodes"]
    matter: Matter
    ledger: Ledger


def initial_state(f: Any, g: Any, *, matter: Matter | None = None, reacting: bool = False) -> State:
    """A state with an empty ledger; real where m = 0 is all there is.

    f, g: (l, m, nodes); reacting: does the ledger keep chirality (k5 with feedback).
    """
    zero, matter = jnp.zeros(()), matter or Matter()
    chirality = Chirality(*(zero,) * 4) if reacting else None
    heat = None if matter.heat is None else HeatLedger(*(zero,) * 4)
    ledger = Ledger(*(zero,) * 6, chirality, heat)
    f, g = (jnp.asarray(x.real, jnp.float64) if x.shape[1] == 1 else jnp.asarray(x, jnp.complex128) for x in (f, g))
    return State(f, g, matter, ledger)
