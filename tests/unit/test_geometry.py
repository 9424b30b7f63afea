"""Boxes and transforms: round trips, Parseval, derivatives, projections, keyed random fields."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiral.api import setup_jax
from kiral.geometry import fft
from kiral.geometry.box import Box
from kiral.geometry.fft import through_grid, to_grid, to_modes
from kiral.geometry.random import normal_modes

setup_jax()
SHAPES = [(8, 8, 8), (9, 7, 11), (12, 8, 1), (16, 1, 1), (1, 1, 10), (1, 8, 9)]
LENGTHS = (1.0, 1.1, 0.9)


def make(n) -> Box:
    return Box(n, jnp.asarray(LENGTHS))


def points(box: Box):
    axes = [np.arange(n) * length / n for n, length in zip(box.n, LENGTHS, strict=True)]
    return np.meshgrid(*axes, indexing="ij")


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(SHAPES), st.integers(0, 2**30))
def test_round_trip_and_parseval(n, seed):
    box = make(n)
    f, g = (normal_modes(box, jax.random.key(s)) for s in (seed, seed + 1))
    grid_f, grid_g = to_grid(box, (f, g))
    np.testing.assert_allclose(to_modes(box, (grid_f,))[0], f, atol=1e-13)
    assert float(box.mean_product(f, g)) == pytest.approx(float(jnp.mean(grid_f * grid_g)), abs=1e-12)


@pytest.mark.parametrize("n", SHAPES)
def test_derivatives_of_a_sine(n):
    """A wave with one period along each direction that is not ignorable, against its derivatives by hand."""
    box = make(n)
    k = [2 * np.pi / length if points > 1 else 0.0 for points, length in zip(n, LENGTHS, strict=True)]
    phase = sum(ki * x for ki, x in zip(k, points(box), strict=True)) + 0.3
    (f,) = to_modes(box, (jnp.asarray(np.sin(phase)),))
    scale = np.linalg.norm(k)
    for ki, derivative in zip(k, to_grid(box, box.gradient(f)), strict=True):
        np.testing.assert_allclose(derivative, ki * np.cos(phase), atol=1e-13 * scale)
    vector = (f, 2 * f, -f)
    (divergence,) = to_grid(box, (box.divergence(vector),))
    np.testing.assert_allclose(divergence, (k[0] + 2 * k[1] - k[2]) * np.cos(phase), atol=1e-13 * scale)
    by_hand = np.cross(k, [1, 2, -1])
    for component, c in zip(to_grid(box, box.curl(vector)), by_hand, strict=True):
        np.testing.assert_allclose(component, c * np.cos(phase), atol=2e-13 * scale)


@pytest.mark.parametrize("n", SHAPES)
def test_transverse_projection(n):
    box = make(n)
    f = tuple(normal_modes(box, jax.random.key(i)) for i in range(3))
    once = box.transverse(f)
    size = float(jnp.sqrt(box.mean_dot(box.curl(f), box.curl(f)))) + 1
    assert float(jnp.max(jnp.abs(box.divergence(once)))) < 1e-13 * size
    for a, b, c in zip(box.transverse(once), once, box.curl(f), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)
        assert np.all(np.isfinite(c))
    for a, b in zip(box.curl(once), box.curl(f), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * size)


def test_products_are_free_of_aliasing():
    """cos(a x) cos(b x) of the two highest modes kept: the sum's mode lies beyond the sphere and must not fold back."""
    box = make((16, 1, 1))
    x = points(box)[0] * 2 * np.pi
    (product,) = to_modes(box, (jnp.asarray(np.cos(5 * x) * np.cos(4 * x)),))
    expected = np.zeros(11)
    expected[[1, -1]] = 0.25
    np.testing.assert_allclose(product[:, 0, 0].real, expected, atol=1e-15)


def test_modes_lie_in_a_sphere():
    box = make((12, 24, 8))
    k = np.sqrt(np.asarray(box.k2))
    assert float(box.k_max) == pytest.approx(min(2 * np.pi * m / length for m, length in zip(box.m, LENGTHS, strict=True)))
    assert np.array_equal(np.asarray(box.mask), k <= float(box.k_max) * (1 + 1e-9))


def test_random_modes_are_the_same_on_a_finer_grid():
    coarse, fine = Box((8, 8, 8), jnp.ones(3)), Box((16, 20, 12), jnp.ones(3))
    a, b = (np.asarray(normal_modes(box, jax.random.key(5))) for box in (coarse, fine))
    mask = np.asarray(coarse.mask)
    index = np.stack(np.broadcast_arrays(*coarse.numbers), -1)[mask]
    same = b[tuple(index.T)]
    assert np.array_equal(a[mask], same)
    assert a[0, 0, 0] == 0


def test_random_modes_are_normal():
    box = Box((40, 40, 40), jnp.ones(3))
    modes = np.asarray(normal_modes(box, jax.random.key(2)))[np.asarray(box.mask)]
    count = len(modes)
    assert np.mean(np.abs(modes) ** 2) == pytest.approx(1, abs=5 / np.sqrt(count))
    assert abs(np.mean(modes**2)) < 5 / np.sqrt(count)
    # |f|² of a complex Gaussian is exponential: its second moment is 2
    assert np.mean(np.abs(modes) ** 4) == pytest.approx(2, abs=5 * np.sqrt(20 / count))


def test_products_in_slabs_are_those_of_the_whole_grid(monkeypatch):
    """Two planes at a time and rows of ky that do not divide evenly; an array on the grid, summaries and the gradient."""
    box = Box((12, 10, 14), jnp.asarray([1.0, 2.0, 3.0]))
    f, g, h = (normal_modes(box, jax.random.key(i)) for i in range(3))
    (weight,) = to_grid(box, (h,))

    def product(fields, weight):
        return {"product": (weight * fields[0] * fields[1],)}, (jnp.max(fields[0]), jnp.mean(fields[1] ** 2))

    def energy(f):
        modes, summaries = through_grid(box, (f, g), product, weight)
        return box.mean_product(*modes["product"] * 2), (modes["product"][0], summaries)

    def found(f):
        return jax.jit(jax.value_and_grad(lambda f: energy(f), has_aux=True))(f)

    (_, (whole, (largest, mean))), slope = found(f)
    monkeypatch.setattr(fft, "SLAB_POINTS", {jax.default_backend(): 400})
    (_, (cut, (largest_of_each, mean_of_each))), slope_cut = found(f)
    assert len(largest) == 1 and len(largest_of_each) == 6
    np.testing.assert_allclose(cut, whole, atol=1e-13)
    np.testing.assert_allclose(jnp.max(largest_of_each), largest[0], rtol=1e-13)
    np.testing.assert_allclose(jnp.mean(mean_of_each), mean[0], rtol=1e-13)
    np.testing.assert_allclose(slope_cut, slope, atol=1e-12 * float(jnp.max(jnp.abs(slope))))
