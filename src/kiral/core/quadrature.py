"""Response of a decaying unknown to a known forcing, exact to round-off for any decay rate times step."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_PANELS = 12  # panels shrink by halves towards the end of the step, where the response kernel is narrow
_NODES = 10


def _graded_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on [0, 1], on panels [1 - 2^-i, 1 - 2^-(i+1)] and the last remainder."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    edges = np.r_[1 - 0.5 ** np.arange(_PANELS), 1.0]
    widths = np.diff(edges)
    nodes = edges[:-1, None] + widths[:, None] * (x + 1) / 2
    return nodes.ravel(), (widths[:, None] * w / 2).ravel()


_X, _W = _graded_nodes()


def forced_response(
    forcing: Callable[[Array], Array], t: Float[Array, ""], h: Float[Array, ""], rate: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(∫₀ʰ e^{-rate (h-s)} f(t+s) ds, ∫₀ʰ f(t+s) ds) for a smooth scalar f and rate ≥ 0.

    Both use the same nodes, so that their difference, the amount decayed within the step, closes budgets to round-off.
    Validity: f smooth over the step; rate·h up to ~1e4.
    """
    values = jax.vmap(forcing)(t + h * _X)
    weights = h * jnp.asarray(_W) * values
    return jnp.sum(weights * jnp.exp(-rate * h * (1 - _X))), jnp.sum(weights)
