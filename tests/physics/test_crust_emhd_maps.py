"""Fields of stored snapshots at any point, against analytic fields; what the figures of shell runs draw from them."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from kiral.crust import emhd_maps as maps
from kiral.geometry.shell import element_edges, make_shell

ORDER = 8
SHELL = make_shell(element_edges(0.6, 1.0, 4), ORDER)
R, THETA, PHI = np.linspace(0.61, 0.99, 7), np.linspace(0.0, np.pi, 9), np.array([0.3, 1.1, 4.0])


def snapshots(f, g, *, r=SHELL.r, t=0.0, **radial):
    """A run of one snapshot. f, g: {(l, m): complex values at the nodes}."""
    l_max = max(l for l, _ in (*f, *g))
    m_max = max(m for _, m in (*f, *g))
    both = np.zeros((2, 1, 2, l_max + 1, m_max + 1, r.size))
    for target, given in zip(both, (f, g), strict=True):
        for (l, m), values in given.items():
            target[0, 0, l, m], target[0, 1, l, m] = np.real(values), np.imag(values)
    dims = ("t", "part", "l", "m", "r")
    data = {name: (dims, values, {"units": "B"}) for name, values in zip("fg", both, strict=True)}
    data |= {name: (("t", "r"), values[None]) for name, values in radial.items()}
    coordinates = {"t": [t], "l": np.arange(l_max + 1), "m": np.arange(m_max + 1), "r": ("r", r, {"units": "R"})}
    return SimpleNamespace(snapshots=xr.Dataset(data, coordinates), config={"geometry": {"order": ORDER}, "model": {}})


def cartesian(b, theta, phi):
    """(3, theta, phi, r) in spherical directions → x, y, z."""
    theta, phi = theta[:, None, None], phi[None, :, None]
    s, c, cp, sp = np.sin(theta), np.cos(theta), np.cos(phi), np.sin(phi)
    return np.stack([
        b[0] * s * cp + b[1] * c * cp - b[2] * sp, b[0] * s * sp + b[1] * c * sp + b[2] * cp, b[0] * c - b[1] * s,
    ])  # fmt: skip


def points(r, theta, phi):
    theta, phi, r = np.meshgrid(theta, phi, r, indexing="ij")
    return np.stack([r * np.sin(theta) * np.cos(phi), r * np.sin(theta) * np.sin(phi), r * np.cos(theta)])


def test_a_dipole_of_any_direction_is_the_dipole():
    """B = (3 (m·r̂) r̂ - m)/r³, poles included; f = m sqrt(4π/3)/r for m along the axis, -(mx - i my) sqrt(2π/3)/r across."""
    m = np.array([0.4, -0.7, 1.3])
    f = {(1, 0): m[2] * np.sqrt(4 * np.pi / 3) / SHELL.r, (1, 1): -(m[0] - 1j * m[1]) * np.sqrt(2 * np.pi / 3) / SHELL.r}
    field = maps.stored_field(snapshots(f, {}))
    found = cartesian(maps.on_grid(field, R, THETA, PHI), THETA, PHI)
    x = points(R, THETA, PHI)
    r = np.sqrt(np.sum(x**2, axis=0))
    exact = 3 * np.einsum("i,i...->...", m, x) * x / r**5 - m[:, None, None, None] / r**3
    off = np.s_[:, 1:-1]  # at the poles the directions are those POLE away
    np.testing.assert_allclose(found[off], exact[off], atol=1e-6 * np.abs(exact).max())
    np.testing.assert_allclose(found, exact, atol=5e-6 * np.abs(exact).max())
    j = maps.on_grid(maps.current(field), R, THETA, PHI)
    assert np.abs(j).max() < 1e-3 * np.abs(exact).max(), np.abs(j).max()
