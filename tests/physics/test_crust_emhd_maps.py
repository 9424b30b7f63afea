"""The field of a snapshot at any point, against analytic fields and the run's own equation; field lines."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import spherical_jn

from kiral.crust import emhd_lines as lines
from kiral.crust import emhd_maps as maps
from kiral.crust.coefficients import uniform
from kiral.crust.emhd import make_equation
from kiral.crust.emhd_products import wave_number
from kiral.crust.emhd_state import initial_state
from kiral.crust.induction import make_induction
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere
from kiral.geometry.spherical_field import to_grid
from shell_run import FLAT, make_run

R, THETA, PHI = np.linspace(0.6, 1.0, 7), np.linspace(0.0, np.pi, 9), np.array([0.3, 1.1, 4.0])
MOMENT = np.array([0.4, -0.7, 1.3])
AXIAL = {(1, 0): np.sqrt(4 * np.pi / 3) / FLAT.r}
ACROSS = -(MOMENT[0] - 1j * MOMENT[1]) * np.sqrt(2 * np.pi / 3) / FLAT.r
DIPOLE = {(1, 0): MOMENT[2] * AXIAL[1, 0], (1, 1): ACROSS}


def cartesian(b, theta, phi):
    """(3, theta, phi, r) in spherical directions → x, y, z."""
    theta, phi = theta[:, None, None], phi[None, :, None]
    s, c, cp, sp = np.sin(theta), np.cos(theta), np.cos(phi), np.sin(phi)
    x, y = b[0] * s * cp + b[1] * c * cp - b[2] * sp, b[0] * s * sp + b[1] * c * sp + b[2] * cp
    return np.stack([x, y, b[0] * c - b[1] * s])


def dipole_field(x):
    r = np.sqrt(np.sum(x**2, axis=0))
    m = MOMENT.reshape(3, *(1,) * (x.ndim - 1))
    return 3 * np.sum(m * x, axis=0) * x / r**5 - m / r**3


@pytest.mark.parametrize("outside", [False, True])
def test_a_dipole_of_any_direction_is_the_dipole_at_the_poles_too(outside):
    """In the shell, and in the vacuum around it, which continues it."""
    field = maps.stored_field(make_run(DIPOLE, {}))
    r = 1.5 * R if outside else R
    b = (lines.vacuum if outside else maps.on_grid)(field, r, THETA, PHI)
    theta, phi, radius = np.meshgrid(THETA, PHI, r, indexing="ij")
    x = radius * np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    exact = dipole_field(x)
    error = np.abs(cartesian(b, THETA, PHI) - exact).max(axis=(0, 2, 3)) / np.abs(exact).max()
    assert error[1:-1].max() < 1e-8 and error[[0, -1]].max() < 2e-6  # at the poles: directions of POLE away


def test_a_beltrami_field_is_its_own_curl():
    """f = r j_l(kr), g = k f: curl B = k B, all orders; with a lapse of 0.8, curl NB = 0.8 k B."""
    shell, k = make_shell(element_edges(0.6, 1.0, 8), 8), 9.0
    modes = {(1, 0): 1.0, (2, 1): 0.7 - 0.2j, (3, 3): 0.4j}
    f = {(l, m): a * shell.r * spherical_jn(l, k * shell.r) for (l, m), a in modes.items()}
    run = make_run(f, {key: k * values for key, values in f.items()}, shell=shell, lapse=np.full(shell.nodes, 0.8))
    field = maps.stored_field(run)
    b, j = (maps.on_grid(one, R, THETA, PHI) for one in (field, maps.current(field)))
    np.testing.assert_allclose(j, 0.8 * k * b, atol=1e-9 * k * np.abs(b).max())


def test_poloidal_lines_and_mean_squares_of_a_dipole():
    """ψ = sin²θ/r; means over a sphere 4/(3 r⁶), 2/(3 r⁶), 0."""
    field = maps.stored_field(make_run(AXIAL, {}))
    psi = maps.flux_function(field, R, THETA)
    np.testing.assert_allclose(psi, np.sin(THETA)[:, None] ** 2 / R, atol=1e-8)
    exact = np.array([4 / 3, 2 / 3, 0.0])[:, None] / R**6
    np.testing.assert_allclose(maps.mean_squares(field, R), exact, atol=1e-7)


def test_energy_is_found_where_it_is():
    r = FLAT.r
    thin = np.exp(-(((r - 0.8) / 0.02) ** 2))
    low, high = maps.where_it_is(maps.stored_field(make_run({(1, 0): 0 * r}, {(1, 0): thin})), 0.95)
    assert 0.72 < low < 0.78 and 0.82 < high < 0.88
    assert maps.where_it_is(maps.stored_field(make_run(AXIAL, {})), 0.95) == (0.6, 1.0)


def test_coefficients_between_stored_times():
    run = make_run(AXIAL, {}, times=(0.0, 2.0, 4.0))
    run.spectra["k5"] = (("t", "r"), np.outer([1.0, 3.0, 9.0], np.ones(FLAT.nodes)))
    found = [maps.coefficient(run, "k5", t)[0] for t in (-1.0, 0.0, 1.0, 2.5, 4.0, 9.0)]
    np.testing.assert_allclose(found, [1.0, 1.0, 2.0, 4.5, 9.0, 9.0])


@jax.jit
def on_the_grid(equation, y):
    """B, curl NB and k5 as the run forms them."""
    b, j = (to_grid(equation.sphere, part) for part in equation.components(equation.induction, y))
    return b, j, wave_number(equation, equation.induction, y, b, j)


def test_maps_show_what_the_run_computes():
    """B, curl NB and k5 with feedback and cap at the points of the elements, of a rough field in a curved shell."""
    shell, sphere = make_shell(element_edges(0.6, 1.0, 3), 8, lambda r: 1 + 0.3 * r), make_sphere(3, 2)
    captures = 20 * np.sin(9 * shell.r)
    c = uniform(shell.r, k5=captures, hall=1.0)._replace(stretch=shell.stretch, lapse=0.8 + 0.1 * shell.r)
    c = c._replace(k5=np.clip(captures, -15, 15))
    equation = make_equation(make_induction(shell, c, sphere.degrees), sphere, hall=True, feedback=0.3, k5_max=15.0)
    rng = np.random.default_rng(2)
    modes = [(l, m) for l in (1, 2, 3) for m in range(min(l, 2) + 1)]
    f, g = ({lm: rng.normal(size=shell.nodes) + 1j * (lm[1] > 0) * rng.normal(size=shell.nodes) for lm in modes} for _ in "fg")
    run = make_run(f, g, shell=shell, lapse=c.lapse, k5_captures=captures, feedback_strength=np.full(shell.nodes, 0.3))
    run.config["model"]["k5_max"] = 15.0
    y = initial_state(*(np.stack([[d.get((l, m), 0 * shell.r) for m in range(3)] for l in range(4)]) for d in (f, g)))
    b, j, k5 = on_the_grid(equation, y)
    inside = np.s_[..., 1:-1]  # derivatives jump at the edges of elements
    r = np.asarray(shell.local(shell.r))[inside].ravel()
    field = maps.stored_field(run)
    _, found = maps.chiral_wave_number(run, 0, r, sphere.theta, sphere.phi)
    for mine, theirs in ((maps.on_grid(field, r, sphere.theta, sphere.phi), b),
                         (maps.on_grid(maps.current(field), r, sphere.theta, sphere.phi), j), (found, k5)):  # fmt: skip
        exact = np.asarray(jnp.asarray(theirs)[inside])
        np.testing.assert_allclose(mine, exact.reshape(mine.shape), atol=1e-9 * np.abs(exact).max())
    assert np.abs(found).max() == 15.0 and (np.abs(found) < 15).any()


@pytest.mark.parametrize("compactness", [0.0, 0.33])
def test_lines_stay_on_surfaces_of_equal_flux_in_the_shell_and_outside(compactness):
    """r² B_r and dr/dℓ of the exterior metric; the dipole function of Wasserman & Shapiro, r² [ln(1-x) + x + x²/2]."""

    def stretch(r):
        return 1 / np.sqrt(1 - compactness / r)

    def dipole(r):
        x = compactness / r
        return 1 / r if compactness == 0 else -3 / compactness**3 * r**2 * (np.log1p(-x) + x + x**2 / 2)

    shell = make_shell(element_edges(0.8, 1.0, 4), 8, stretch)
    run = make_run({(1, 0): np.sqrt(4 * np.pi / 3) * dipole(shell.r)}, {}, shell=shell, lapse=1 / stretch(shell.r))
    field = maps.stored_field(run)
    table = lines.table(field)
    seeds = lines.cartesian(np.full(4, 0.9), np.array([0.5, 0.9, 1.2, 2.0]), np.array([0.0, 1.0, 2.0, 6.0]))
    found = lines.trace(table, seeds, 3.0)
    ends = [np.linalg.norm(line[[0, -1]], axis=1) for line in found]
    assert all((end < 0.82).all() or (end > 1.6).any() for end in ends) and max(end.max() for end in ends) > 1.6
    for line in found:
        r, theta, _ = lines.spherical(line)
        seen = r > 0.8
        psi = np.sin(theta[seen]) ** 2 * dipole(r[seen])
        assert np.ptp(psi) < 2e-3 * psi.mean(), np.ptp(psi) / psi.mean()
