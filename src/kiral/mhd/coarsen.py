"""Coarser grids for chiral MHD: when the state fits on one, and what a cut drops. See core/coarsen.py."""

from __future__ import annotations

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from kiral.core.advance import together
from kiral.core.layout import place
from kiral.errors import ConfigError
from kiral.geometry.box import Box
from kiral.geometry.fft import to_grid, to_modes
from kiral.geometry.regrid import coarser_sizes, regrid
from kiral.mhd import ledgers
from kiral.mhd.config import Coarsen
from kiral.mhd.equations import ChiralMHD
from kiral.mhd.precision import in_code_units
from kiral.mhd.state import State, empty_ledger

EDGE = 0.9  # the part of k_max beyond which power counts as the tail (as for the series tail_...)
_BUDGETS = ("energy", "helicity_chirality")  # those of squares; of a mean, as momentum, a cut takes nothing
_REFILLED = 10.0  # a grid is left for a finer one when its tail holds so many times what was allowed when it was taken


@dataclass(frozen=True)
class SpectralGrids:
    """The equation on the grids of one box, finest first; `Grids` of core/coarsen.py.

    A state fits on a coarser grid when (1) the part of it beyond 0.9 k_max of that grid is, in the norm of the step
    control, at most √tail of the fields: a share `tail` of their power; (2) no mode there is driven by the chiral magnetic
    effect: those grow for k < |mu5 + xi|, however weak they are now. It has outgrown a grid when the share is above
    10 tail, or modes beyond k_max are driven.
    """

    equations: tuple[ChiralMHD, ...]
    k_max: tuple[float, ...]
    tail: float
    every_steps: int

    @property
    def points(self) -> list[int]:
        """Points along the longest side of each grid."""
        return [max(eq.box.n) for eq in self.equations]

    @property
    def loss_names(self) -> list[str]:
        """What `losses` gives."""
        eq = self.equations[0]
        names = {"energy_kinetic": eq.moves, "rho_squared": eq.compressible, "mu_squared": eq.charge is not None}
        return [*_BUDGETS, "energy_magnetic", "magnetic_helicity", "mu5_squared", *(n for n, there in names.items() if there)]

    def fits(self, t, y: State, here: int, coarser: int) -> bool:
        """(1) and (2) for the grid `coarser`."""
        edge = EDGE * self.k_max[coarser]
        share, driven = _need(self.equations[here], t, y, edge)
        return share <= self.tail and driven <= edge

    def outgrown(self, t, y: State, here: int) -> bool:
        """Does the state need a finer grid than `here`?"""
        share, driven = _need(self.equations[here], t, y, EDGE * self.k_max[here])
        return share > _REFILLED * self.tail or driven > self.k_max[here]

    def regrid(self, y: State, source: int, target: int) -> State:
        """The fields on another grid; the ledger goes along."""
        return together(_regrid, self.equations[source].box, self.equations[target].box, y)

    def losses(self, t, y: State, here: int, coarser: int) -> dict[str, Array]:
        """What the modes hold that the cut drops: the budgets' totals of energy and helicity_chirality, and more.

        energy_magnetic ⟨b²⟩/2, energy_kinetic (of relativistic flow to leading order in the variation of rho) [E*/l*³],
        magnetic_helicity [E*/l*²], mu5_squared, mu_squared [1/l*²], rho_squared [E*²/l*⁶].
        """
        return together(_losses, self.equations[here], self.equations[coarser].box, t, y)


def _fields(change, y: State) -> State:
    """`change` of every array of modes."""
    return jax.tree.map(change, y._replace(ledger=None))._replace(ledger=y.ledger)


@eqx.filter_jit
def _regrid(source: Box, target: Box, y: State) -> State:
    return _fields(lambda f: regrid(source, target, f), y)


@eqx.filter_jit
def _losses(eq: ChiralMHD, coarser: Box, t, y: State) -> dict[str, Array]:
    eq, y = in_code_units(eq, y)
    box = eq.box
    kept = _regrid(coarser, box, _regrid(box, coarser, y))
    lost = jax.tree.map(jnp.subtract, y, kept)._replace(ledger=empty_ledger())
    # The budgets are made of squares of modes and of means, and a cut keeps the means: the part cut off has its own total.
    found = {name: eq.budgets(t, lost)[name].total for name in _BUDGETS}
    found["energy_magnetic"] = ledgers.mean_b_squared(eq, lost) / 2
    found["magnetic_helicity"] = ledgers.magnetic_helicity(eq, lost)
    if eq.moves:
        per_square = 9 / 32 / box.mean(y.rho) if eq.compressible else 1 / (2 * eq.enthalpy)
        found["energy_kinetic"] = per_square * box.mean_dot(lost.momentum, lost.momentum)
    for name in ("rho", "mu5", "mu"):
        if (f := getattr(lost, name)) is not None:
            found[f"{name}_squared"] = box.mean_product(f, f)
    return found


def _need(eq: ChiralMHD, t, y: State, edge: float) -> tuple[float, float]:
    """(share of the power beyond the wave number `edge`, the largest over the fields; largest k that mu5 + xi drives)."""
    share, driven = jax.device_get(together(_measure, eq, t, y, place(jnp.asarray(edge, jnp.float64), eq.layout)))
    return float(share), float(driven)


@eqx.filter_jit
def _measure(eq: ChiralMHD, t, y: State, edge: Array) -> tuple[Array, Array]:
    beyond = eq.box.k2 > edge**2
    outside = _fields(lambda f: jnp.where(beyond, f, 0), y)
    mu5 = to_grid(eq.box, (y.mu5,))[0] + eq.external_conductivity(t, eq.xi_shape)
    return eq.error_norm(outside, y) ** 2, jnp.max(jnp.abs(mu5))


def spectral_grids(coarsen: Coarsen | None, equation: ChiralMHD) -> SpectralGrids | None:
    """The grids that a case may move to; None where it asks for none. ConfigError where there are none that serve.

    A grid must hold what does not change with the state: the modes of a force, and xi's shape in space but for `tail`.
    """
    if coarsen is None:
        return None
    box, equations = equation.box, [equation]
    for n in coarser_sizes(box.n, coarsen.n_min):
        coarser = replace(box, n=n)
        if not _holds_inputs(equation, coarser, coarsen.tail):
            break
        _check_devices(coarser)
        equations.append(_on(equation, coarser))
    if len(equations) == 1:
        raise ConfigError(_none_serves(coarsen, equation))
    k_max = tuple(float(eq.box.k_max) for eq in equations)
    return SpectralGrids(tuple(equations), k_max, coarsen.tail, coarsen.every_steps)


def _on(equation: ChiralMHD, box: Box) -> ChiralMHD:
    """The same equation on another grid. A force is given by signed mode numbers: it follows."""
    shape = equation.xi_shape
    if shape is not None:
        here, there = replace(equation.box, mesh=None), replace(box, mesh=None)
        shape = to_grid(there, (regrid(here, there, to_modes(here, (shape,))[0]),))[0]
    return replace(equation, box=box, xi_shape=shape)


def _holds_inputs(equation: ChiralMHD, coarser: Box, tail: float) -> bool:
    edge = EDGE * float(coarser.k_max)
    if equation.forcing is not None:
        k = np.asarray(equation.forcing.numbers) * 2 * np.pi / np.asarray(coarser.length)
        if np.max(np.sum(k**2, axis=1)) > edge**2:
            return False
    if equation.xi_shape is None:
        return True
    modes = to_modes(equation.box, (equation.xi_shape,))[0]
    outside = jnp.where(equation.box.k2 > edge**2, modes, 0)
    power = equation.box.mean_product
    return float(power(outside, outside)) <= tail * float(power(modes, modes))


def _check_devices(box: Box) -> None:
    """Grids depend on the case alone, not on the devices that happen to share it: one that they cannot share is refused."""
    if box.mesh is not None and box.n[box.split[0]] % box.mesh.size:
        raise ConfigError(
            f"geometry.coarsen.n_min: a grid of {max(box.n)} points cannot be shared by {box.mesh.size} devices; "
            f"set n_min above {max(box.n)}"
        )


def _none_serves(coarsen: Coarsen, equation: ChiralMHD) -> str:
    n, sizes = max(equation.box.n), coarser_sizes(equation.box.n, 1)
    next_one = f"the next coarser grid than {n} has {max(sizes[0])}" if sizes else f"there is no coarser grid than {n}"
    if not coarser_sizes(equation.box.n, coarsen.n_min):
        return f"geometry.coarsen.n_min = {coarsen.n_min}: {next_one}; lower n_min, or remove [geometry.coarsen]"
    what = "model.xi.path" if equation.forcing is None else "model.forcing.wave_number"
    return f"geometry.coarsen: {next_one} points and does not hold {what}; give more points, or remove [geometry.coarsen]"

