"""A tiny chaotic problem for tests of the loop: Lorenz (1996) waves, du_i/dt = (u_{i+1} - u_{i-2}) u_{i-1} - u_i + F.

Chaos makes every lost bit visible. The damping -u is the linear part; the energy budget is integrated along.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kiral.core.advance import step_options
from kiral.core.equation import Budget, Equation, Rate
from kiral.core.folder import RunFolder
from kiral.core.loop import run_loop
from kiral.core.phi import phi_functions
from kiral.core.problem import Coordinate, Monitor, Observable, Problem
from kiral.core.schedule import Schedule
from kiral.core.settings import LoopSettings

jax.config.update("jax_enable_x64", True)
N = 8


class State(NamedTuple):
    u: jax.Array
    work: jax.Array


class Damping(NamedTuple):
    """L u = -u; the ledger is not touched."""

    def apply(self, y: State) -> State:
        return State(-y.u, jnp.zeros_like(y.work))

    def tables(self, h):
        return phi_functions(-h, 3), phi_functions(0 * h, 3), h

    def phi(self, tables, order: int, y: State) -> State:
        return State(tables[0][order] * y.u, tables[1][order] * y.work)

    def solve(self, tables, r: State) -> State:
        return State(r.u / (1 + tables[2]), r.work)


class Waves(Equation):
    """`growth` > 0 adds growth·u³, which leaves the finite numbers in finite time."""

    forcing: jax.Array
    growth: jax.Array

    def evaluate(self, t, y: State):
        u = y.u
        advection = (jnp.roll(u, -1) - jnp.roll(u, 2)) * jnp.roll(u, 1)
        tendency = advection + self.forcing + self.growth * u**3
        work = jnp.sum(u * (self.forcing + self.growth * u**3 - u))
        return State(tendency, work), {"waves": Rate(jnp.max(jnp.abs(u)), jnp.asarray(1.0))}

    def linear(self) -> Damping:
        return Damping()

    def linear_rates(self) -> dict[str, Rate]:
        return {"damping": Rate(jnp.ones(()), jnp.asarray(2.7))}

    def error_norm(self, error: State, y: State):
        return jnp.max(jnp.abs(error.u)) / (1.0 + jnp.max(jnp.abs(y.u)))

    def budgets(self, t, y: State):
        energy = jnp.sum(y.u**2) / 2
        return {
            "energy": Budget(energy, y.work, energy + jnp.abs(y.work)),
            "vector": Budget(y.u[:3], y.u[:3], jnp.abs(y.u[:3])),
        }


def mean(equation, t, y):
    return jnp.mean(y.u)


def power(equation, t, y):
    return jnp.abs(jnp.fft.rfft(y.u)) ** 2


def field(equation, t, y):
    return jnp.stack([y.u.reshape(4, 2), 2 * y.u.reshape(4, 2)])


OBSERVABLES = (
    Observable("mean", (), "1", "mean of u", mean),
    Observable("power", ("k",), "1", "spectrum of u", power),
    Observable("u", ("component", "x", "y"), "1", "the field and twice the field", field),
)
COORDINATES = (
    Coordinate("k", np.arange(5.0), "1/l", "wave number"),
    Coordinate("x", np.arange(4.0), "l", "x"),
)


def initial(scale: float) -> State:
    return State(scale * (8.0 + 0.01 * jnp.sin(1.0 + jnp.arange(N))), jnp.zeros(()))


def toy_problem(forcing: float = 8.0, growth: float = 0.0, scale: float = 1.0, **changes) -> Problem:
    equation = Waves(jnp.asarray(forcing), jnp.asarray(growth))
    values = {
        "kind": "toy", "equation": equation, "initial_state": partial(initial, scale), "observables": OBSERVABLES,
        "coordinates": COORDINATES, "t_start": 0.5, "time_unit": "t*", "progress": ("mean",),
        "monitors": (Monitor("mean", 1e3, "the mean is out of range"),),
    }  # fmt: skip
    return Problem(**(values | changes))


def toy_settings(**changes) -> LoopSettings:
    values = {
        "t_end": 2.5, "scheme": "etdrk4", "options": step_options(1e-8), "series": Schedule(every_time=0.1),
        "spectra": Schedule(at=(0.7, 1.0)), "snapshots": Schedule(every_time=0.5), "checkpoint": Schedule(every_wall=60.0),
    }  # fmt: skip
    return LoopSettings(**(values | changes))


KILLABLE = {
    "t_end": 4.0, "scheme": "rk4", "options": step_options(1e-5), "series": Schedule(every_time=0.02),
    "checkpoint": Schedule(every_steps=1), "chunk_seconds": 0.0,
}  # fmt: skip


def run_toy(path: Path, problem: Problem | None = None, *, resume: bool = False, **changes) -> dict:
    """Run or resume the toy in the folder `path`."""
    config = {"model": {"forcing": 8.0}, "time": {"t_end": 2.5}}
    folder = RunFolder.open(path) if resume else RunFolder.create(path, "title = 'toy'\n", config)
    with folder:
        return run_loop(problem or toy_problem(), folder, toy_settings(**changes), resume=resume)


if __name__ == "__main__":  # a process to kill: python toy.py FOLDER [seconds to sleep in each write]
    target = Path(sys.argv[1])
    if len(sys.argv) > 2:
        import time

        from kiral.core import files

        write = files.write_bytes

        def slow(path, pieces, *, sync):
            pieces = list(pieces)
            write(path, [bytes(pieces[0])[: len(pieces[0]) // 2]], sync=sync)
            time.sleep(float(sys.argv[2]))
            write(path, pieces, sync=sync)

        files.write_bytes = slow
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    run_toy(target, resume=(target / "config.json").exists(), **KILLABLE)
