"""The radial grid: summation by parts, orders, interpolation, and the current-free field outside."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kiral.geometry.shell import element_edges, lobatto, make_shell, potential_slope

CURVED = make_shell(element_edges(0.6, 1.4, 7, centre=1.0, width=0.1, finer=5.0), 6, stretch=lambda r: 1 / np.sqrt(1 - 0.3 / r))


@pytest.mark.parametrize("order", [1, 2, 5, 8, 16])
def test_summation_by_parts_on_one_element(order):
    x, w, d = lobatto(order)
    ends = np.zeros((order + 1, order + 1))
    ends[0, 0], ends[-1, -1] = -1, 1
    q = w[:, None] * d
    assert np.abs(q + q.T - ends).max() < 3e-14
    assert abs(w @ x ** (2 * order - 2) - 2 / (2 * order - 1)) < 1e-14
    assert np.abs(d @ x**order - order * x ** (order - 1)).max() < 1e-12 * order**2


def test_weak_derivative_is_the_transpose_and_parts_sum_to_the_boundary():
    """On an uneven grid with a metric, for functions that are not smooth at all."""
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 3, CURVED.nodes))
    flux = rng.normal(size=(3, CURVED.elements, 7))
    left = np.sum(u * CURVED.derivative_transposed(flux), axis=-1)
    assert np.allclose(left, CURVED.integral(CURVED.derivative(u) * flux), rtol=1e-13, atol=1e-12)
    parts = CURVED.integral(CURVED.derivative(u) * CURVED.local(v) + CURVED.local(u) * CURVED.derivative(v))
    assert np.allclose(parts, u[:, -1] * v[:, -1] - u[:, 0] * v[:, 0], rtol=1e-12, atol=1e-12)


def test_gathering_is_the_transpose_of_local_and_projection_keeps_what_is_continuous():
    rng = np.random.default_rng(1)
    u, local = rng.normal(size=CURVED.nodes), rng.normal(size=(CURVED.elements, 7))
    assert np.sum(CURVED.local(u) * local) == pytest.approx(np.sum(u * CURVED.gathered(local)), rel=1e-13)
    assert np.allclose(CURVED.projected(CURVED.local(u)), u, rtol=1e-14)
    assert CURVED.nodal_integral(u) == pytest.approx(CURVED.integral(CURVED.local(u)), rel=1e-12)


def test_derivative_has_the_order_of_the_elements():
    """At least 6 for order 6, in the proper length of a curved shell."""
    errors = []
    for elements in (4, 8, 16):
        shell = make_shell(element_edges(0.6, 1.4, elements), 6, stretch=lambda r: 1 / np.sqrt(1 - 0.3 / r))
        exact = 3 * np.cos(3 * shell.r) * np.sqrt(1 - 0.3 / shell.r)
        errors.append(np.abs(shell.derivative(np.sin(3 * shell.r)) - shell.local(exact)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 5.7) and errors[-1] < 1e-8, (errors, orders)


def test_interpolation_is_exact_for_the_polynomials():
    r = np.linspace(0.6, 1.4, 41)
    assert np.abs(CURVED.interpolation(r) @ CURVED.r**6 - r**6).max() < 1e-13
    assert np.abs(CURVED.interpolation(CURVED.r) - np.eye(CURVED.nodes)).max() < 1e-13


def test_edges_are_finer_where_asked():
    edges = element_edges(0.0, 1.0, 200, centre=0.4, width=0.05, finer=6.0)
    widths, middle = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    density = 1 + 5 / (1 + ((middle - 0.4) / 0.05) ** 2)
    assert edges[0] == 0.0 and edges[-1] == 1.0
    assert np.allclose(widths * density, (widths * density).mean(), rtol=2e-3)


def test_field_outside_a_star():
    """The closed form for l = 1, and the equation ((1 - x/r) f')' = l(l+1) f/r² integrated inwards for others."""
    x, r = 0.34, 1.0
    dipole = np.log(1 - x) + x + x**2 / 2
    slope = 2 * dipole + (-x / (1 - x) + x + x**2) * -1  # r f'/r² with x = r_s/r, dx/dr = -x/r
    assert potential_slope(np.array([1]), r, x)[0] == pytest.approx(-slope / dipole, rel=1e-12)
    assert np.allclose(potential_slope(np.array([1, 2, 7]), 2.0), np.array([1, 2, 7]) / 2.0)
    assert np.allclose(potential_slope(np.array([3]), 2.0, 1e-9), 3 / 2, rtol=1e-8)
    for l in (2, 5):
        far = 40.0
        start = [1.0, -(1 - x / far) * potential_slope(np.array([l]), far, x / far)[0]]
        found = solve_ivp(
            lambda r, y, l=l: [y[1] / (1 - x / r), l * (l + 1) * y[0] / r**2], (far, r), start, rtol=1e-11, atol=1e-30
        ).y[:, -1]
        assert potential_slope(np.array([l]), r, x)[0] == pytest.approx(-found[1] / (1 - x) / found[0], rel=1e-8)
