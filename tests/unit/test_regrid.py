"""Moving fields between grids of one box: exact, by mode number, in any number of dimensions."""

from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import pytest

from kiral.api import setup_jax
from kiral.geometry.box import Box
from kiral.geometry.fft import to_grid
from kiral.geometry.regrid import coarser_sizes, regrid

setup_jax()
PAIRS = [
    ((16, 16, 16), (8, 8, 8)), ((15, 9, 12), (11, 7, 6)), ((16, 1, 12), (8, 1, 6)), ((12, 16, 1), (6, 8, 1)),
    ((1, 1, 16), (1, 1, 8)),
]  # fmt: skip
LENGTHS = np.array([1.0, 1.1, 0.9])


def boxes(pair):
    return tuple(Box(n, jnp.asarray(LENGTHS)) for n in pair)


def random_field(n):
    """A real field whose random modes depend on their signed numbers alone, within |k| ≤ k_max; numpy only."""
    m = [(points - 1) // 3 for points in n]
    numbers = np.stack(np.meshgrid(*(np.fft.fftfreq(2 * mi + 1, 1 / (2 * mi + 1)) for mi in m), indexing="ij"), axis=-1)
    phase = np.sin(numbers @ [12.9898, 78.233, 37.719]) * 43758.5453  # odd: f(-k) = f(k)*
    modes = np.cos(numbers @ [1.0, 0.3, 0.2]) * np.exp(1j * phase)
    k = np.linalg.norm(numbers / LENGTHS, axis=-1)
    radius = min(mi / length for mi, length in zip(m, LENGTHS, strict=True) if mi)
    return np.where(k <= radius * (1 + 1e-9), modes, 0)[:, :, : m[2] + 1]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_coarse_grid_keeps_its_modes_and_nothing_else(pair):
    fine, coarse = boxes(pair)
    f = random_field(pair[0])
    cut = regrid(fine, coarse, jnp.asarray(f))
    np.testing.assert_array_equal(cut, random_field(pair[1]))
    back = regrid(coarse, fine, cut)
    np.testing.assert_array_equal(regrid(fine, coarse, back), cut)
    kept = fine.k2 <= coarse.k_max**2 * (1 + 1e-12)
    np.testing.assert_array_equal(back, np.where(kept, f, 0))
    assert 0 < np.count_nonzero(back) < np.count_nonzero(f)


@pytest.mark.parametrize("pair", [((16, 16, 16), (8, 8, 8)), ((12, 16, 1), (6, 8, 1))])
def test_a_refined_field_has_the_same_values_at_the_old_points(pair):
    fine, coarse = boxes(pair)
    f = jnp.asarray(random_field(pair[1]))
    (old,), (new,) = to_grid(coarse, (f,)), to_grid(fine, (regrid(coarse, fine, f),))
    every = tuple(slice(None, None, a // b) for a, b in zip(*pair, strict=True))
    np.testing.assert_allclose(new[every], old, atol=1e-12)


def test_coarser_sizes_transform_well_and_end():
    assert coarser_sizes((128, 128, 128), 16) == [(n,) * 3 for n in (80, 48, 32, 20)]
    assert coarser_sizes((64, 48, 1), 20) == [(40, 32, 1), (24, 20, 1)]
    assert coarser_sizes((8, 8, 8), 1) == []
    for n in range(16, 600, 7):
        sizes = [n, *(size[0] for size in coarser_sizes((n, 1, 1), 12))]
        assert all(0.5 * big <= small <= 0.7 * big for big, small in pairwise(sizes)), sizes
