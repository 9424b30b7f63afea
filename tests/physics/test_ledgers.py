"""Ledgers: the space discretisation closes them to round-off, and a wrong sign anywhere in the equation opens them."""

import inspect
import sys
from types import ModuleType

import jax
import numpy as np
import pytest
from setups import NONLINEAR, equation, full_tendency, number, random_state

from kiral.core.integrators import step
from kiral.mhd import equations, linear
from kiral.mhd.equations import ChiralMHD

GRID = (8, 8, 8)
T = 0.4
HEATINGS = ("paper", "consistent", "none")


def plasma(kind=ChiralMHD, **changes):
    """Products of many factors are aliased on this grid: the ledgers must not mind."""
    return equation(GRID, kind=kind, **(NONLINEAR | changes))


def helical_state(eq):
    """Random fields with all the terms of the ledgers of the same order: A has net helicity."""
    y = random_state(eq)
    return y._replace(A=tuple(a + c / 2 for a, c in zip(y.A, eq.box.curl(y.A), strict=True)))


def residuals(eq, y):
    """{budget: |d total/dt - d production/dt| over the tendencies' own size} at one moment, by automatic differentiation."""
    rate = full_tendency(eq, number(T), y)
    change = jax.jvp(lambda s: eq.budgets(number(T), s), (y,), (rate,))[1]
    size = {
        "helicity_chirality": abs(rate.ledger.source) + abs(rate.ledger.washout),
        "energy": abs(rate.ledger.energy),
        "momentum": max(float(np.abs(m).max()) for m in rate.momentum or (1.0,)),
        "charge": 1.0 if rate.mu is None else float(np.abs(rate.mu).max()),
    }
    return {k: float(np.max(np.abs(b.total - b.production)) / size[k]) for k, b in change.items()}


@pytest.mark.parametrize("flow", ["relativistic", "none"])
@pytest.mark.parametrize("heating", HEATINGS)
def test_space_closes_the_ledgers_to_round_off(heating, flow):
    eq = plasma(heating=heating, flow=flow)
    found = residuals(eq, helical_state(eq))
    assert set(found) == ({"helicity_chirality", "energy", "momentum"} if eq.moves else {"helicity_chirality", "energy"})
    assert max(found.values()) < 1e-12, found


def changed_copy(source: ModuleType, old: str, new: str) -> ModuleType:
    """A module from the text of `source` with one place of it changed."""
    text = inspect.getsource(source)
    assert text.count(old) == 1, f"{old!r} must stand once in {source.__name__}: adapt this test"
    copy = ModuleType("changed_" + source.__name__.rpartition(".")[2])
    sys.modules[copy.__name__] = copy  # dataclasses look there
    exec(compile(text.replace(old, new), copy.__name__, "exec"), copy.__dict__)
    return copy


def mutant(module: ModuleType, old: str, new: str) -> type:
    """ChiralMHD with one place in the text of `module` changed."""
    if module is equations:
        copy = changed_copy(equations, old, new)
    else:
        copy = changed_copy(equations, "class ChiralMHD(", "class ChiralMHD(")
        parts = changed_copy(linear, old, new)
        copy.ChiralMHDLinear, copy.Washout = parts.ChiralMHDLinear, parts.Washout
    return copy.ChiralMHD


MUTANTS = {  # what: (module, text, wrong text, the heating with which it shows, the ledger that opens)
    "anomaly": (equations, "e_dot_b = -eta * (mu_eff * b2", "e_dot_b = eta * (mu_eff * b2", "paper", "helicity_chirality"),
    "anomaly without J.B": (equations, "(mu_eff * b2 - j_dot_b)", "(mu_eff * b2 + j_dot_b)", "paper", "helicity_chirality"),
    "magnetic effect": (equations, "tuple(eta * mu_eff * b for", "tuple(-eta * mu_eff * b for", "paper", "helicity_chirality"),
    "resistivity": (linear, "A=tuple(-eta * k2 * a", "A=tuple(eta * k2 * a", "paper", "helicity_chirality"),
    "washout": (linear, "mu5=-rate * y.mu5", "mu5=rate * y.mu5", "paper", "helicity_chirality"),
    "source": (equations, "(y.mu5, gained)", "(y.mu5, -gained)", "paper", "helicity_chirality"),
    "chiral diffusion": (
        linear, "(self.chiral_diffusivity * self.box.k2 + self.flipping_rate)",
        "(self.flipping_rate - self.chiral_diffusivity * self.box.k2)", "consistent", "energy",
    ),
    "advection of mu5": (equations, "mu5 - box.divergence", "mu5 + box.divergence", "consistent", "energy"),
    "induction by flow": (equations, "e + v for e, v", "e - v for e, v", "paper", "energy"),
    "work on the fluid": (equations, "- dot(g.j, u_cross_b)", "+ dot(g.j, u_cross_b)", "paper", "energy"),
    "heat": (equations, "return eta * dot(g.j, g.j)", "return -eta * dot(g.j, g.j)", "paper", "energy"),
    "Ohmic heat": (equations, "return eta * dot(ohmic, ohmic)", "return -eta * dot(ohmic, ohmic)", "consistent", "energy"),
    "its chiral current": (equations, "tuple(j - mu_eff * b for", "tuple(j + mu_eff * b for", "consistent", "energy"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_sign_opens_a_ledger(name):
    module, old, new, heating, ledger = MUTANTS[name]
    eq = plasma(mutant(module, old, new), heating=heating)
    found = residuals(eq, helical_state(eq))
    assert found[ledger] > 1e-3, found


def test_the_unchanged_text_keeps_them_closed():
    """The mutants fail for their sign, not for being copies."""
    for module, text in ((equations, "class ChiralMHD("), (linear, "class Washout(")):
        eq = plasma(mutant(module, text, text))
        assert max(residuals(eq, helical_state(eq)).values()) < 1e-12


def drift_of_a_step(eq, scheme):
    """What one step misses in the helicity ledger, relative to what the source supplied; without flow, op by op."""
    y = random_state(eq, a=0.02)
    with jax.disable_jit():
        end, _ = step(eq, number(T), y, number(0.05), scheme=scheme)
    before, after = (eq.budgets(number(T), s)["helicity_chirality"] for s in (y, end))
    return abs(float(after.total - before.total - after.production) / float(end.ledger.source))


STEP_MUTANTS = {  # what only the stepper sees: the exact parts
    "none": ("etdrk4", equations, "class ChiralMHD(", "class ChiralMHD("),
    "washout, etdrk4": ("etdrk4", linear, "(plain - washout) * self.box.mean", "(washout - plain) * self.box.mean"),
    "washout, rk4": ("rk4", linear, "(plain - tables[order]) * mean", "(tables[order] - plain) * mean"),
    "source": ("etdrk4", equations, "supplied - gained, supplied", "gained - supplied, supplied"),
}


@pytest.mark.parametrize("name", STEP_MUTANTS)
def test_a_wrong_sign_in_the_exact_parts_opens_the_ledger_of_a_step(name):
    scheme, module, old, new = STEP_MUTANTS[name]
    eq = equation((8, 1, 1), kind=mutant(module, old, new), flow="none", **NONLINEAR)
    drift = drift_of_a_step(eq, scheme)
    assert drift < 1e-8 if name == "none" else drift > 1e-3, drift
