"""A solution that varies along one direction only is the same along any direction of a 3-D box."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from setups import NONLINEAR, equation, number, random_state, rms, run

from kiral.geometry.box import Box
from kiral.mhd.equations import State

MODES = 2  # |j| <= 2 along the direction; the grids are such that the 3-D box keeps exactly these multiples of it


class Line(Box):
    """As many modes, and more points: products of many factors alias differently in the two boxes, and must not matter."""

    @property
    def m(self):
        return (MODES, 0, 0)


def rotation(direction):
    """Proper rotation that takes the x axis to `direction`."""
    e = np.array(direction) / np.linalg.norm(direction)
    f = np.cross(e, [0.3, -0.2, 0.9])
    f /= np.linalg.norm(f)
    return np.stack([e, f, np.cross(e, f)], axis=1)


def place(where, direction, line):
    """3-D modes of a field that varies along `direction` as the 1-D modes `line` do."""
    field = np.zeros(where.shape, complex)
    for j in range(-MODES, MODES + 1):
        index = tuple(j * d for d in direction)
        if index[2] >= 0:
            field[index] = np.asarray(line)[j, 0, 0]
    return jnp.asarray(field)


def tilt(where, direction, y: State) -> State:
    turn = rotation(direction)

    def vector(v):
        lines = np.tensordot(turn, np.stack([np.asarray(c) for c in v]), 1)
        return tuple(place(where, direction, c) for c in lines)

    scalars = {"rho": place(where, direction, y.rho), "mu5": place(where, direction, y.mu5)}
    return y._replace(A=vector(y.A), momentum=vector(y.momentum), **scalars)


@pytest.mark.parametrize(("direction", "n"), [((1, 1, 0), 15), ((1, -1, 0), 15), ((1, 2, 3), 25)])
def test_the_tilted_solution_is_the_one_dimensional_one(direction, n):
    length = 2 * np.pi / np.linalg.norm(direction)
    line = equation(**NONLINEAR)
    line = eqx.tree_at(lambda eq: eq.box, line, Line((16, 1, 1), number([length] * 3)))
    cube = equation((n, n, n), **NONLINEAR)
    y = random_state(line, a=0.01 * length, m=0.02, rho=0.01, mu5=0.2)
    end = run(line, y, 1.0, 25, "rk4")
    expected, got = tilt(cube.box, direction, end), run(cube, tilt(cube.box, direction, y), 1.0, 25, "rk4")
    mean = jnp.zeros_like(got.rho).at[0, 0, 0].set(1.0)
    for field in (lambda s: s.A, lambda s: s.momentum, lambda s: (s.rho - mean,), lambda s: (s.mu5,)):
        difference = tuple(a - b for a, b in zip(field(got), field(expected), strict=True))
        assert rms(cube.box, difference) < 1e-10 * rms(cube.box, field(expected))
    for name in ("washout", "source", "energy"):
        assert float(getattr(got.ledger, name)) == pytest.approx(float(getattr(end.ledger, name)), rel=1e-10)
    moved = tuple(a - b for a, b in zip(end.momentum, y.momentum, strict=True))
    assert rms(line.box, moved) > 0.1 * rms(line.box, y.momentum)
