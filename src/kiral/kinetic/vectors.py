"""Vectors with their component on the FIRST axis, (3, *S), over scalars that broadcast to S.

Of a gradient of a vector the first index is that of the derivative: G[i, j] = ∂_i F_j.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kiral.core.arrays import check, namespace, traced
from kiral.errors import ConfigError


def aligned(scalars: dict[str, Any], vectors: dict[str, Any], tensors: dict[str, Any] | None = None) -> dict[str, Any]:
    """All inputs as floats that broadcast: axes of space are padded on the left, None becomes zero. ConfigError: shapes."""
    tensors = tensors or {}
    given = [v for group in (scalars, vectors, tensors) for v in group.values() if v is not None]
    xp = namespace(*given)
    arrays = {name: _floats(xp, name, value) for name, value in (scalars | vectors | tensors).items() if value is not None}
    ranks = dict.fromkeys(scalars, 0) | dict.fromkeys(vectors, 1) | dict.fromkeys(tensors, 2)
    for name, array in arrays.items():
        if array.shape[: ranks[name]] != (3,) * ranks[name]:
            lead = ", ".join(["3"] * ranks[name])
            raise ConfigError(f"{name}: shape {array.shape} given; allowed: ({lead}, ...), components on the first axis")
    space = max((array.ndim - ranks[name] for name, array in arrays.items()), default=0)
    padded = {name: _padded(array, ranks[name], space) for name, array in arrays.items()}
    zeros = {name: xp.zeros((3,) * rank + (1,) * space) for name, rank in ranks.items() if name not in padded}
    return padded | zeros


def _floats(xp: Any, name: str, value: Any) -> Any:
    check(name, value)
    return xp.asarray(value) * 1.0


def _padded(array: Any, rank: int, space: int) -> Any:
    return array.reshape(array.shape[:rank] + (1,) * (space + rank - array.ndim) + array.shape[rank:])


def check_matter(**values: Any) -> None:
    """ConfigError unless temperature > 0, tau >= 0, c > 0 (those given). Traced values pass."""
    for name, value in values.items():
        check(name, value, least=0.0) if name == "tau" else check(name, value, above=0.0)


def check_drift(electric_field: Any, magnetic_field: Any) -> None:
    """ConfigError where the drifting regime does not exist. Traced values pass, and give nan there."""
    if traced(electric_field, magnetic_field):
        return
    b2 = dot(magnetic_field, magnetic_field)
    exists = (b2 - dot(electric_field, electric_field)) * b2 + dot(electric_field, magnetic_field) ** 2 > 0
    if not np.all(np.asarray(exists)):
        raise ConfigError(
            "electric_field: its part across the magnetic field is not below it somewhere; a drifting plasma needs "
            "|E_perp| < |B|, with Gaussian units (or take the regime with drag)"
        )


def dot(a: Any, b: Any) -> Any:
    """a·b over the first axis; of a tensor, over its first index."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Any, b: Any) -> Any:
    """a × b of vectors on the first axis; with nabla as a tensor's first index, `curl`."""
    xp = namespace(a, b)
    return xp.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def curl(gradient: Any) -> Any:
    """∇ × F from G[i, j] = ∂_i F_j."""
    xp = namespace(gradient)
    g = gradient
    return xp.stack([g[1, 2] - g[2, 1], g[2, 0] - g[0, 2], g[0, 1] - g[1, 0]])


def divergence(gradient: Any) -> Any:
    """∇·F from G[i, j] = ∂_i F_j."""
    return gradient[0, 0] + gradient[1, 1] + gradient[2, 2]
