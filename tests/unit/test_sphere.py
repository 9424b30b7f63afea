"""Spherical harmonic transforms: there and back, Parseval, adjoints, products, and against scipy's harmonics."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import sph_harm_y

from kiral.geometry.sphere import GridSize, gauss, linear_grid, make_sphere, product_grid

jax.config.update("jax_enable_x64", True)


def random_modes(sphere, seed, *rest, first=0):
    """Random modes of a real function, l from `first` on."""
    rng = np.random.default_rng(seed)
    shape = (sphere.l_max + 1, sphere.m_max + 1, *rest)
    modes = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    modes[:, 0] = modes[:, 0].real
    modes *= sphere.mask.reshape(*sphere.mask.shape, *(1,) * len(rest))
    modes[:first] = 0
    return jnp.asarray(modes)


@jax.jit
def there_and_back(sphere, f, s, t):
    values, tangential = sphere.synthesis(f), sphere.vector_synthesis(s, t)
    return values, tangential, sphere.analysis(values), sphere.vector_analysis(*tangential)


@pytest.fixture(scope="module", params=[(21, 13), (12, 0)], ids=["three dimensions", "axisymmetric"])
def transformed(request):
    sphere = make_sphere(*request.param)
    modes = random_modes(sphere, 0, 2), random_modes(sphere, 1, 2, first=1), random_modes(sphere, 2, 2, first=1)
    return sphere, modes, there_and_back(sphere, *modes)


def test_there_and_back(transformed):
    _, (f, s, t), (_, _, f_back, (s_back, t_back)) = transformed
    for a, b in ((f, f_back), (s, s_back), (t, t_back)):
        assert float(jnp.abs(a - b).max()) < 1e-12


def test_parseval(transformed):
    sphere, (f, s, t), (values, (v_theta, v_phi), _, _) = transformed
    assert np.allclose(sphere.grid_product(values, values), sphere.mode_product(f, f), rtol=1e-13)
    level = jnp.asarray(sphere.degrees * (sphere.degrees + 1.0))[:, None, None]
    energy = sphere.mode_product(level * s, s) + sphere.mode_product(level * t, t)
    assert np.allclose(sphere.grid_product(v_theta, v_theta) + sphere.grid_product(v_phi, v_phi), energy, rtol=1e-13)


def test_against_scipy(transformed):
    """Sums of scipy's harmonics and of their derivatives, one radius."""
    sphere, (f, s, t), (values, (v_theta, v_phi), _, _) = transformed
    theta, phi = np.meshgrid(sphere.theta, sphere.phi, indexing="ij")
    wanted = np.zeros((3, *theta.shape))
    for l in range(sphere.l_max + 1):
        for m in range(min(l, sphere.m_max) + 1):
            factor = 1 if m == 0 else 2
            y, slopes = sph_harm_y(l, m, theta, phi, diff_n=1)
            a, b = slopes[..., 0], slopes[..., 1] / np.sin(theta)
            terms = (f[l, m, 1] * y, s[l, m, 1] * a + t[l, m, 1] * b, s[l, m, 1] * b - t[l, m, 1] * a)
            wanted += factor * np.real(np.array(terms))
    for found, reference in zip((values, v_theta, v_phi), wanted, strict=True):
        assert np.abs(found[..., 1] - reference).max() < 1e-12 * np.abs(reference).max() * sphere.l_max


def test_projection_is_the_adjoint_for_any_values_on_the_grid():
    sphere = make_sphere(9, 7)
    rng = np.random.default_rng(3)
    a, b = (jnp.asarray(rng.normal(size=(sphere.n_theta, sphere.n_phi))) for _ in range(2))
    f, s, t = random_modes(sphere, 4), random_modes(sphere, 5, first=1), random_modes(sphere, 6, first=1)

    @jax.jit
    def both(sphere, a, b, f, s, t):
        (p, q), (v_theta, v_phi) = sphere.vector_projection(a, b), sphere.vector_synthesis(s, t)
        vector = sphere.grid_product(a, v_theta) + sphere.grid_product(b, v_phi)
        scalar = sphere.grid_product(a, sphere.synthesis(f))
        adjoint = sphere.mode_product(p, s) + sphere.mode_product(q, t)
        return (vector, adjoint), (scalar, sphere.mode_product(sphere.analysis(a), f))

    for left, right in both(sphere, a, b, f, s, t):
        assert float(left) == pytest.approx(float(right), rel=1e-12)


def test_products_are_free_of_aliasing_on_the_grid_for_them_and_not_on_the_smaller_one():
    modes = {}
    product = jax.jit(lambda sphere, a, b: sphere.analysis(sphere.synthesis(a) * sphere.synthesis(b)))
    for name, grid in (("product", product_grid(8, 8)), ("linear", linear_grid(8, 8)), ("fine", GridSize(40, 60))):
        sphere = make_sphere(8, 8, grid)
        modes[name] = product(sphere, random_modes(sphere, 7), random_modes(sphere, 8))
    assert float(jnp.abs(modes["product"] - modes["fine"]).max()) < 1e-12
    assert float(jnp.abs(modes["linear"] - modes["fine"]).max()) > 1e-2


def test_large_degrees():
    """l_max = 256: quadrature weights near the poles decide."""
    sphere = make_sphere(256, 3)
    f = random_modes(sphere, 9)
    back = jax.jit(lambda sphere, f: sphere.analysis(sphere.synthesis(f)))(sphere, f)
    assert float(jnp.abs(back - f).max()) < 1e-12
    assert gauss(386)[1].sum() == pytest.approx(2.0, rel=1e-14)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        make_sphere(8, 8, GridSize(8, 40))
