"""Field lines of a stored snapshot, in the shell and in the vacuum around it. numpy and scipy only.

The field is evaluated by its harmonics on a fine grid (radius, colatitude, longitude), in spherical components, and taken
linearly between: 8 points and more a shortest wave in angle. Outside it is the current-free one, f ~ r^-l, in a curved space
f ~ r^-l 2F1(l, l+2; 2l+2; x) with x = r_s/r of the lapse at the surface, N² = 1 - x (Wasserman & Shapiro 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kiral.crust.emhd_maps import ShellField, from_functions, on_grid

FAR = 1.7
"""Where lines end outside, in outer radii."""
STEPS = 1500
"""Most steps to either side."""
WITHIN, OUTSIDE = 257, 60
"""Fewest radii of the grid in the shell, radii outside."""


@dataclass(frozen=True)
class FieldTable:
    """(B_r, B_θ, B_φ) on a grid: values (3, theta, phi, r), phi from 0 to 2π, both included.

    stretch: proper length per r, (r,). radii: (inner, outer).
    """

    r: np.ndarray
    theta: np.ndarray
    phi: np.ndarray
    values: np.ndarray
    stretch: np.ndarray
    radii: tuple[float, float]

    def strength(self, points: np.ndarray) -> np.ndarray:
        """|B| at Cartesian points (n, 3): (n,)."""
        return np.linalg.norm(self._components(*spherical(points)), axis=0)

    def direction(self, points: np.ndarray) -> np.ndarray:
        """Unit vectors along which lines go on at Cartesian points, both (n, 3): dr is dℓ over stretch."""
        r, theta, phi = spherical(points)
        b = self._components(r, theta, phi)
        b[0] /= np.interp(r, self.r, self.stretch)
        b /= np.maximum(np.linalg.norm(b, axis=0), np.finfo(np.float32).tiny)
        return np.einsum("cn,cnd->nd", b, _directions(theta, phi))

    def _components(self, r: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """(B_r, B_θ, B_φ), (3, n); at the edge's value beyond the grid."""
        from scipy.ndimage import map_coordinates

        where = np.stack([
            theta / np.pi * (self.theta.size - 1), phi / (2 * np.pi) * (self.phi.size - 1),
            np.interp(r, self.r, np.arange(self.r.size)),
        ])  # fmt: skip
        return np.stack([map_coordinates(one, where, output=float, order=1, mode="nearest") for one in self.values])


def spherical(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(r, theta, phi) of Cartesian points (n, 3), phi from 0 to 2π."""
    r = np.linalg.norm(points, axis=1)
    theta = np.arccos(np.clip(points[:, 2] / np.maximum(r, 1e-300), -1, 1))
    return r, theta, np.mod(np.arctan2(points[:, 1], points[:, 0]), 2 * np.pi)


def cartesian(r: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Cartesian points (n, 3)."""
    return r[:, None] * _directions(theta, phi)[0]


def table(field: ShellField) -> FieldTable:
    """The field on a grid that its largest degree and order ask for. Memory: 0.5 GB for l_max = m_max = 60."""
    l_max, m_max = field.f.shape[0] - 1, field.f.shape[1] - 1
    nodes, outer = field.shell.r, field.radii[1]
    theta = np.linspace(0, np.pi, max(121, 4 * l_max + 1))
    phi = np.linspace(0, 2 * np.pi, max(121, 8 * m_max + 1) if m_max else 2)
    within = np.interp(np.linspace(0, 1, max(WITHIN, nodes.size)), np.linspace(0, 1, nodes.size), nodes)
    beyond = outer * np.geomspace(1.0, FAR, OUTSIDE + 1)[1:]
    parts = (on_grid(field, within, theta, phi), vacuum(field, beyond, theta, phi))
    values = np.concatenate(parts, axis=-1, dtype=np.float32, casting="same_kind")
    curved = 1 / np.sqrt(1 - _compactness(field) * outer / beyond)
    stretch = np.concatenate([np.interp(within, nodes, field.shell.stretch), curved])
    return FieldTable(np.concatenate([within, beyond]), theta, phi, values, stretch, field.radii)


def vacuum(field: ShellField, r: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """(B_r, B_θ, B_φ) at radii beyond the outer one, (3, theta, phi, r)."""
    from kiral.geometry.shell import potential_slope

    outer, compactness = field.radii[1], _compactness(field)
    l, x = field.degrees[1:], compactness * outer / r
    fall = np.stack([_fall(int(one), outer, r, compactness) for one in l])
    slope = np.stack([potential_slope(l, radius, float(s)) for radius, s in zip(r, x, strict=True)], axis=1)
    surface = np.concatenate([np.zeros((1, field.f.shape[1], r.size)), field.f[1:, :, -1:] * fall[:, None]])
    steep = np.concatenate([np.zeros((1, 1, r.size)), -(slope * np.sqrt(1 - x))[:, None]])
    level = (field.degrees * (field.degrees + 1.0))[:, None, None]
    return from_functions(level * surface / r**2, steep * surface / r, np.zeros_like(surface), theta, phi)


def trace(field: FieldTable, seeds: np.ndarray, longest: float) -> list[np.ndarray]:
    """A line through each seed (n, 3): its points (k, 3), from end to end. Lines end at the inner sphere, at FAR, or where
    they are `longest` to either side. Fourth-order Runge-Kutta in arc length, in steps of two radii of the grid at most.
    """
    back, forth = (_half_lines(field, seeds, sign, longest) for sign in (-1.0, 1.0))
    return [np.concatenate([a[::-1], b[1:]]) for a, b in zip(back, forth, strict=True)]


def _half_lines(field: FieldTable, seeds: np.ndarray, sign: float, longest: float) -> list[np.ndarray]:
    inner, outer = field.radii
    gap = np.gradient(field.r)
    paths, points, length = [seeds], seeds.copy(), np.zeros(len(seeds))
    alive = np.ones(len(seeds), bool)
    moves = [alive]
    for _ in range(STEPS):
        now = points[alive]
        first = sign * field.direction(now)
        r = np.linalg.norm(now, axis=1)
        climb = np.abs(np.sum(first * now, axis=1)) / r
        step = np.minimum(outer / 60, 2 * np.interp(r, field.r, gap) / np.maximum(climb, 1e-9))[:, None]
        second = sign * field.direction(now + step / 2 * first)
        third = sign * field.direction(now + step / 2 * second)
        fourth = sign * field.direction(now + step * third)
        points = points.copy()
        points[alive] = now + step / 6 * (first + 2 * second + 2 * third + fourth)
        length[alive] += step[:, 0]
        paths.append(points)
        moves.append(alive)
        r = np.linalg.norm(points, axis=1)
        alive = alive & (r > inner) & (r < FAR * outer) & (length < longest)
        if not alive.any():
            break
    tracks, moved = np.stack(paths, axis=1), np.stack(moves, axis=1)
    return [track[there] for track, there in zip(tracks, moved, strict=True)]


def _compactness(field: ShellField) -> float:
    """r_s over the outer radius."""
    return 1 - float(field.lapse[-1]) ** 2


def _fall(degree: int, outer: float, r: np.ndarray, compactness: float) -> np.ndarray:
    """f(r) over f at the outer radius."""
    ratio = (outer / r) ** degree
    if compactness <= 0:
        return ratio
    from scipy.special import hyp2f1

    first, second, third = degree, degree + 2, 2 * degree + 2
    return ratio * hyp2f1(first, second, third, compactness * outer / r) / hyp2f1(first, second, third, compactness)


def _directions(theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Unit vectors of r, theta and phi, (3, n, 3)."""
    s, c, cp, sp = np.sin(theta), np.cos(theta), np.cos(phi), np.sin(phi)
    rows = ((s * cp, s * sp, c), (c * cp, c * sp, -s), (-sp, cp, np.zeros_like(phi)))
    return np.stack([np.stack(row, axis=-1) for row in rows])
