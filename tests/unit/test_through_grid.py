"""Products formed a few elements at a time: the same as on the whole grid, and quadratures of what they sum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kiral.geometry import spherical_field
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere
from kiral.geometry.spherical_field import Components, Pointwise, from_grid, through_grid, to_grid

jax.config.update("jax_enable_x64", True)


def product(vectors, radial, grids):
    """(u × v) times a function of radius, more of u where the grid says so."""
    (a, b, c), (d, e, f) = vectors
    weight = radial["weight"]
    cross = (weight * (b * f - c * e) + grids * a, weight * (c * d - a * f) + grids * b, weight * (a * e - b * d) + grids * c)
    return Pointwise(cross, {"dot": a * d + b * e + c * f}, {"size": a * a}, grids * d)


@pytest.mark.parametrize("m_max", [3, 0])
@pytest.mark.parametrize("few", [5, 2])
def test_blocks_of_elements_give_what_the_whole_grid_gives(monkeypatch, m_max, few):
    """Five elements as one block, and by two, where the last block overlaps the one before."""
    shell, sphere = make_shell(element_edges(0.5, 1.0, 5), 3), make_sphere(4, m_max)
    points = sphere.n_theta * sphere.n_phi * 4
    monkeypatch.setattr(spherical_field, "BLOCK_POINTS", {jax.default_backend(): few * points})
    rng, shape = np.random.default_rng(1), (5, m_max + 1, 5, 4)
    inside = (sphere.mask * (sphere.degrees > 0)[:, None])[..., None, None]
    turning = 1j * (sphere.orders > 0)[:, None, None]
    values = [inside * (rng.normal(size=shape) + turning * rng.normal(size=shape)) for _ in range(6)]
    u, v = Components(*map(jnp.asarray, values[:3])), Components(*map(jnp.asarray, values[3:]))
    radial = {"weight": jnp.asarray(rng.normal(size=(5, 4)))}
    grids = jnp.asarray(rng.normal(size=(sphere.n_theta, sphere.n_phi, 5, 4)))

    @jax.jit
    def both(sphere, u, v, radial, grids):
        whole = product((to_grid(sphere, u), to_grid(sphere, v)), radial, grids)
        found = through_grid(shell, sphere, (u, v), product, radial, grids)
        modes = jax.tree.map(lambda x: sphere.like(x, u.radial), found.vector)
        summed = sphere.grid_product(whole.sums["dot"], jnp.ones_like(grids))
        largest = jnp.max(whole.largest["size"], axis=(0, 1))
        pairs = [*zip(modes, from_grid(sphere, *whole.vector), strict=True)]
        pairs += [(found.sums["dot"], summed), (found.largest["size"], largest), (found.grids, whole.grids)]
        return pairs

    for one, other in both(sphere, u, v, radial, grids):
        assert np.allclose(one, other, rtol=0, atol=1e-12 * np.abs(other).max())
