"""Effective path of a source that is not homogeneous: what stands for c t in the currents.

Electrons fly straight, at c, from t = 0 on (Yamamoto & Yang 2023, Eqs. 19–22). For F_W(q, x, t) the current along B at a
point is that of a homogeneous source with x0 replaced by x_eff. With n the direction of flight, c = n·b, b along B, s the
path flown and g the source at (x - n s, t - s), relative to any fixed unit, Eqs. (21), (22) give, averaged over n,

    charge:  x_eff = ⟨ ∫ ds [g - c s b·∇g] ⟩   = ⟨ 2c² ∫ g ds + c² t g(x - n t, 0) + c² ∫ s ∂t g ds ⟩
    energy:  x_eff = ⟨ ∫ ds [g - ½ c s b·∇g] ⟩ = ½ ⟨ ∫ g ds ⟩ + ½ (that of the charge)

The second forms follow by parts, on the sphere and along the ray; they need no gradient in space and are what is computed.
g is any moment of F_W: x_eff times g's unit is, for the charge, ∫ dt ∫ F_W/q dq. The vector x_eff of a source that is not
symmetric about b has parts across b, too; they are not computed. Lengths and times in one unit, c = 1.

Matter in which electrons collide within less than these paths does not let them fly: there the source at the point itself
counts, x_eff = ∫ g(x, t) dt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral.core.arrays import check
from kiral.errors import ConfigError

Moment = Literal["charge", "energy"]
TIME_STEP = 1e-3
"""Step of the time derivative over t: fourth-order differences."""


def x_eff(
    source: Callable[[NDArray, NDArray], Any],
    position: Sequence[float] | NDArray,
    time: float,
    field_direction: Sequence[float] | NDArray = (0.0, 0.0, 1.0),
    *,
    moment: Moment = "charge",
    longest: float = np.inf,
    nodes: tuple[int, int, int] = (32, 32, 96),
) -> tuple[float, float]:
    """(x_eff, its difference to half as many nodes) at one position (3,) and time, for B along `field_direction` (3,).

    source: g(x, t) of positions (..., 3) and times (...); it is called up to 0.002 t before 0 and after t. `GridSource`
    is one. longest: length of path beyond which no source is left. nodes: polar angle about B, azimuth, path.
    ConfigError: time negative, no direction.
    """
    check("time", time, least=0)
    here, b = np.asarray(position, dtype=float), np.asarray(field_direction, dtype=float)
    if b.shape != (3,) or not np.linalg.norm(b) > 0:
        raise ConfigError(f"field_direction: got {field_direction!r}; allowed: three numbers, not all 0")
    b = b / np.linalg.norm(b)

    def rule(polar: int, azimuth: int, path: int) -> float:
        c, w_c = np.polynomial.legendre.leggauss(polar)
        s, w_s = _path(min(time, longest), path)
        n = _directions(b, c, azimuth)  # (polar, azimuth, 3)
        total, end = _along(source, here - n[..., None, :] * s[:, None], (*n.shape[:-1], s.size), s, w_s, time)
        last = np.asarray(source(here - n * time, np.zeros(n.shape[:-1])), dtype=float)
        plain = (w_c / 2) @ total.mean(axis=1)
        charge = (w_c / 2) @ (c[:, None] ** 2 * (2 * total + time * last + end)).mean(axis=1)
        return charge if moment == "charge" else (plain + charge) / 2

    value = rule(*nodes)
    return float(value), float(abs(value - rule(*(max(2, n // 2) for n in nodes))))


class RadialPaths(NamedTuple):
    """x_eff of a spherically symmetric source for B along and across the radius, and their differences to half the nodes."""

    radial: float
    tangential: float
    error_radial: float
    error_tangential: float


def x_eff_radial(
    source: Callable[[NDArray, NDArray], Any],
    radius: float,
    time: float,
    *,
    moment: Moment = "charge",
    longest: float = np.inf,
    jumps: Sequence[float] = (),
    nodes: tuple[int, int] = (64, 160),
) -> RadialPaths:
    """x_eff of g(r, t) at a radius > 0. jumps: radii at which the source jumps; angles and paths are split there.

    nodes: angle to r, path, each in all. Source, moment and `longest` as in `x_eff`, with r >= 0.
    """
    check("time", time, least=0)
    check("radius", radius, above=0)

    def rule(polar: int, path: int) -> tuple[Any, Any]:
        w, weight = _angles(radius, jumps, polar)
        s, w_s = _split_path(radius, w, jumps, min(time, longest), path)
        total, end = _along(source, _radius(radius, s, w[:, None]), s.shape, s, w_s, time)
        last = np.asarray(source(_radius(radius, time, w), np.zeros_like(w)), dtype=float)
        plain, charge = weight @ total / 2, 2 * total + time * last + end
        along, across = (weight @ (c_squared * charge) / 2 for c_squared in (w**2, (1 - w**2) / 2))  # mean over the azimuth
        return (along, across) if moment == "charge" else ((plain + along) / 2, (plain + across) / 2)

    value, other = rule(*nodes), rule(*(n // 2 for n in nodes))
    errors = [abs(a - b) for a, b in zip(value, other, strict=True)]
    return RadialPaths(*map(float, (*value, *errors)))


def _radius(radius: float, s: Any, w: Any) -> NDArray:
    """Distance from the centre after going back s along a direction at the cosine w to r."""
    return np.sqrt(np.maximum(radius**2 + s**2 - 2 * radius * s * w, 0.0))


def _angles(radius: float, jumps: Sequence[float], nodes: int) -> tuple[NDArray, NDArray]:
    """Cosines to r and weights; panels end where rays begin to meet a sphere at which the source jumps."""
    grazing = [np.sqrt(1 - (jump / radius) ** 2) for jump in jumps if 0 < jump < radius]
    ends = np.unique([-1.0, *(-c for c in grazing), *grazing, 1.0])
    x, w = np.polynomial.legendre.leggauss(max(4, nodes // (ends.size - 1)))
    half = np.diff(ends)[:, None] / 2
    return (ends[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


def _split_path(radius: float, w: NDArray, jumps: Sequence[float], length: float, nodes: int) -> tuple[NDArray, NDArray]:
    """Points and weights (angles, n) on [0, length]; panels end where a ray crosses a sphere at which the source jumps."""
    ends = [np.zeros_like(w), np.full_like(w, length)]
    for jump in jumps:
        inside = jump**2 - radius**2 * (1 - w**2)
        chord = np.sqrt(np.maximum(inside, 0.0))
        ends += [np.where(inside > 0, np.clip(radius * w + sign * chord, 0.0, length), 0.0) for sign in (-1, 1)]
    ends = np.sort(np.stack(ends, -1), axis=-1)
    x, weight = np.polynomial.legendre.leggauss(max(6, nodes // (ends.shape[-1] - 1)))
    half = np.diff(ends, axis=-1)[..., None] / 2
    return (ends[:, :-1, None] + half * (1 + x)).reshape(w.size, -1), (half * weight).reshape(w.size, -1)


def _along(
    source: Callable, place: NDArray, rays: tuple[int, ...], s: NDArray, w_s: NDArray, time: float
) -> tuple[NDArray, NDArray]:
    """(∫ g ds, ∫ s ∂t g ds) along the rays, whose points `place` have the shape `rays`, the path last."""
    t, h = np.broadcast_to(time - s, rays), TIME_STEP * time
    if h == 0:
        return np.zeros(rays[:-1]), np.zeros(rays[:-1])
    later, earlier = (np.asarray(source(place, t + k * h), dtype=float) for k in (1, -1))
    far_later, far_earlier = (np.asarray(source(place, t + 2 * k * h), dtype=float) for k in (1, -1))
    change = (8 * (later - earlier) - (far_later - far_earlier)) / (12 * h)
    return (np.asarray(source(place, t), dtype=float) * w_s).sum(-1), (change * s * w_s).sum(-1)


def _path(length: float, nodes: int) -> tuple[NDArray, NDArray]:
    """Gauss–Legendre points and weights on [0, length], in panels of 16."""
    x, w = np.polynomial.legendre.leggauss(16)
    panels = max(1, nodes // 16)
    start = np.arange(panels)[:, None] / panels
    s = start + (x + 1) / (2 * panels)
    return length * s.ravel(), length * np.tile(w / (2 * panels), panels)


def _directions(b: NDArray, c: NDArray, azimuth: int) -> NDArray:
    """Unit vectors (polar, azimuth, 3) at the cosines c to b."""
    side = np.eye(3)[np.argmin(np.abs(b))]
    e1 = np.cross(b, side)
    e1 /= np.linalg.norm(e1)
    e2 = np.cross(b, e1)
    phi = 2 * np.pi * (np.arange(azimuth) + 0.5) / azimuth
    ring = np.cos(phi)[:, None] * e1 + np.sin(phi)[:, None] * e2
    return c[:, None, None] * b + np.sqrt(1 - c**2)[:, None, None] * ring


class GridSource:
    """A source on an even grid, g(x, t), by cubic splines in space and linear interpolation in time.

    values: (nx, ny, nz), or (times, nx, ny, nz) with `times` increasing. spacing, origin: of the grid's points, numbers or
    (3,). periodic: else 0 outside the grid. Before the first and after the last time the values there.
    """

    def __init__(
        self,
        values: ArrayLike,
        spacing: float | Sequence[float] | NDArray,
        origin: float | Sequence[float] | NDArray = 0.0,
        times: Sequence[float] | NDArray | None = None,
        *,
        periodic: bool = False,
    ) -> None:
        from scipy.ndimage import spline_filter

        grid = np.asarray(values, dtype=float)
        self.times = np.asarray([0.0] if times is None else times, dtype=float)
        grid = grid[None] if times is None else grid
        if grid.ndim != 4 or grid.shape[0] != self.times.size or np.any(np.diff(self.times) <= 0):
            raise ConfigError(
                f"source: values of shape {np.shape(values)} with {self.times.size} times given; allowed: (nx, ny, nz), or "
                "(times, nx, ny, nz) with increasing times"
            )
        check("source", grid)
        self.mode = "grid-wrap" if periodic else "grid-constant"
        self.spacing, self.origin = (np.broadcast_to(np.asarray(v, dtype=float), (3,)) for v in (spacing, origin))
        self.coefficients = [spline_filter(slab, order=3, mode="grid-wrap" if periodic else "mirror") for slab in grid]

    def __call__(self, x: NDArray, t: NDArray) -> NDArray:
        if self.times.size == 1:
            return self._slab(0, x)
        i = np.clip(np.searchsorted(self.times, t, side="right") - 1, 0, self.times.size - 2)
        s = np.clip((t - self.times[i]) / np.diff(self.times)[i], 0.0, 1.0)
        result = np.zeros(np.shape(t))
        for k in map(int, np.unique(i)):
            here = i == k
            result[here] = ((1 - s) * self._slab(k, x) + s * self._slab(k + 1, x))[here]
        return result

    def _slab(self, k: int, x: NDArray) -> NDArray:
        from scipy.ndimage import map_coordinates

        index = np.moveaxis((x - self.origin) / self.spacing, -1, 0)
        if self.mode == "grid-wrap":
            return map_coordinates(self.coefficients[k], index, order=3, mode=self.mode, prefilter=False)
        shape = np.array(self.coefficients[k].shape).reshape(3, *[1] * (index.ndim - 1))
        inside = np.all((index >= 0) & (index <= shape - 1), axis=0)
        return np.where(inside, map_coordinates(self.coefficients[k], index, order=3, mode="mirror", prefilter=False), 0.0)
