"""The right-hand side against the printed equations G25 (7a-7d), coded here in primitive variables and numpy alone."""

import jax
import numpy as np
import pytest
from setups import NONLINEAR, equation, number, random_state, tendency

from kiral.geometry import fft
from kiral.geometry.fft import to_grid

T = 0.6
ETA, NU, D5, LAM, GAMMA5, XI = (NONLINEAR[name] for name in (
    "magnetic_diffusivity", "viscosity", "chiral_diffusivity", "chiral_feedback", "flipping_rate", "xi",
))  # fmt: skip
S5BAR, T_PHI = NONLINEAR["source"]


def source(t):
    """G25 (9)."""
    return S5BAR * t / T_PHI * np.exp(-(t**2 - T_PHI**2) / (2 * T_PHI**2))


def derivatives(n):
    """d(f, axis): the spectral derivative of a field on an n grid of side 2π."""
    k = [np.where(np.abs(f := np.fft.fftfreq(m, 1 / m)) < m / 2, f, 0) for m in n]

    def d(f, axis):
        shape = [1, 1, 1]
        shape[axis] = n[axis]
        return np.fft.ifftn(1j * k[axis].reshape(shape) * np.fft.fftn(f)).real

    return d


def cross(a, b):
    return np.cross(a, b, axis=0)


def printed(n, a, u, log_rho, mu5, heating):
    """∂t of (A before projection, mu5, u, ln rho) as in G25 (7a-7d); the heat Q stands in both brackets for eta J²."""
    d = derivatives(n)

    def grad(f):
        return np.stack([d(f, i) for i in range(3)])

    def div(v):
        return sum(d(v[i], i) for i in range(3))

    def curl(v):
        g = np.stack([grad(c) for c in v])  # g[i, j] = ∂_j v_i
        return np.stack([g[2, 1] - g[1, 2], g[0, 2] - g[2, 0], g[1, 0] - g[0, 1]])

    b = curl(a)
    j, rho, mu_eff = curl(b), np.exp(log_rho), mu5 + XI
    e = -cross(u, b) - ETA * (mu_eff * b - j)
    mu5_t = -div(mu5 * u) + D5 * div(grad(mu5)) + LAM * np.sum(e * b, 0) - GAMMA5 * mu5 + source(T)
    g = np.stack([grad(c) for c in u])
    strain = (g + np.swapaxes(g, 0, 1)) / 2 - np.eye(3)[:, :, None, None, None] * div(u) / 3
    lorentz = cross(j, b)
    heat = {"paper": ETA * np.sum(j * j, 0), "consistent": ETA * np.sum((j - mu_eff * b) ** 2, 0), "none": 0.0}[heating]
    gained = np.sum(u * lorentz, 0) + heat
    squeezed = div(u) + np.sum(u * grad(log_rho), 0)
    viscous = np.stack([div(rho * NU * strain[i]) for i in range(3)])
    advection = np.stack([np.sum(u * g[i], 0) for i in range(3)])
    u_t = -advection + 2 / rho * viscous - grad(log_rho) / 4 + u / 3 * squeezed + 0.75 / rho * lorentz - u / rho * gained
    return -e, mu5_t, u_t, -4 / 3 * squeezed + gained / rho


def on_grid(eq, fields):
    return np.stack([np.asarray(f) for f in to_grid(eq.box, fields)])


def transverse(n, v):
    """The divergence-free part of a grid field."""
    k = np.stack(np.meshgrid(*(np.fft.fftfreq(m, 1 / m) for m in n), indexing="ij"))
    hat = np.stack([np.fft.fftn(c) for c in v])
    k2 = np.where((k**2).sum(0) > 0, (k**2).sum(0), 1)
    return np.stack([np.fft.ifftn(c).real for c in hat - k * (k * hat).sum(0) / k2])


def primitive_tendencies(eq, y, rate):
    """∂t of (A, mu5, u, ln rho) on the grid from those of (A, mu5, m, rho)."""
    (rho, rho_t), m, m_t = on_grid(eq, (y.rho, rate.rho)), on_grid(eq, y.momentum), on_grid(eq, rate.momentum)
    u = 0.75 * m / rho
    return on_grid(eq, rate.A), on_grid(eq, (rate.mu5,))[0], 0.75 * m_t / rho - u * rho_t / rho, rho_t / rho


@pytest.mark.parametrize(("axis", "heating"), [(2, "paper"), (0, "consistent"), (1, "none")])
def test_the_conservative_form_is_the_printed_one(axis, heating):
    """2-D with all components and the ignorable direction along each axis; fine enough that 1/rho is resolved."""
    n = tuple(1 if i == axis else 60 for i in range(3))
    eq = equation(n, heating=heating, **NONLINEAR)
    y = random_state(eq, a=0.2, m=0.1, rho=0.05, mu5=0.3)
    rho = on_grid(eq, (y.rho,))[0]
    u = 0.75 * on_grid(eq, y.momentum) / rho
    a_t, *rest = printed(n, on_grid(eq, y.A), u, np.log(rho), on_grid(eq, (y.mu5,))[0], heating)
    expected = (transverse(n, a_t), *rest)
    for got, right in zip(primitive_tendencies(eq, y, tendency(eq, number(T), y)), expected, strict=True):
        assert np.abs(got - right).max() < 1e-12 * np.abs(right).max()


def test_in_three_dimensions():
    """Coarser: the lowest modes of ∂t (A, mu5, m, rho), which truncation does not touch."""
    n = (24, 24, 24)
    eq = equation(n, **NONLINEAR)
    y = random_state(eq, a=0.2, m=0.05, rho=0.02, mu5=0.3, k_top=1)
    rho = on_grid(eq, (y.rho,))[0]
    u = 0.75 * on_grid(eq, y.momentum) / rho
    a_t, mu5_t, u_t, log_rho_t = printed(n, on_grid(eq, y.A), u, np.log(rho), on_grid(eq, (y.mu5,))[0], "paper")
    m_t = 4 / 3 * rho * (u_t + u * log_rho_t)
    rate = tendency(eq, number(T), y)
    got_all = (rate.A, (rate.mu5,), rate.momentum, (rate.rho,))
    right_all = (transverse(n, a_t), mu5_t[None], m_t, (rho * log_rho_t)[None])
    for got, right in zip(got_all, right_all, strict=True):
        for modes, grid in zip(got, right, strict=True):
            low = np.fft.fftn(grid, norm="forward")[:4, :4, :4]
            size = np.abs(np.fft.fftn(right, axes=(1, 2, 3), norm="forward")).max()
            assert np.abs(np.asarray(modes)[:4, :4, :4] - low).max() < 1e-12 * size


def test_without_flow():
    n = (30, 30, 1)
    eq = equation(n, flow="none", **NONLINEAR)
    y = random_state(eq)
    still = np.zeros((3, *n))
    a_t, mu5_t, _, _ = printed(n, on_grid(eq, y.A), still, still[0], on_grid(eq, (y.mu5,))[0], "paper")
    rate = tendency(eq, number(T), y)
    assert np.abs(on_grid(eq, rate.A) - transverse(n, a_t)).max() < 1e-12 * np.abs(a_t).max()
    assert np.abs(on_grid(eq, (rate.mu5,))[0] - mu5_t).max() < 1e-12 * np.abs(mu5_t).max()


@pytest.mark.parametrize("n", [(12, 10, 8), (12, 1, 8)])
def test_slabs_of_any_number_of_planes_give_the_same(n, monkeypatch):
    """The grid is visited a few planes at a time: tendency, ledger productions and rates must not show it."""
    eq = equation(n, **NONLINEAR)
    y = random_state(eq)
    right, rates = eq.evaluate(number(T), y)
    for planes in (1, 3):
        monkeypatch.setitem(fft.SLAB_POINTS, "cpu", planes * n[1] * n[2])
        found, found_rates = eq.evaluate(number(T), y)
        for a, b in zip(jax.tree.leaves((found, found_rates)), jax.tree.leaves((right, rates)), strict=True):
            assert np.abs(a - b).max() <= 1e-13 * np.abs(b).max()
