"""Beyond G25: incompressible flow, the corrected relativistic form, uniform field, chiral magnetic waves, tables, forces."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from setups import (
    EXTENSIONS,
    NONLINEAR,
    box,
    distance,
    equation,
    full_tendency,
    helical_force,
    helical_parts,
    number,
    random_modes,
    random_state,
    rms,
    run,
    tendency,
)
from test_equations import cross, derivatives, on_grid, transverse
from test_ledgers import helical_state, mutant, residuals

from kiral.core.table import time_table
from kiral.geometry.fft import to_grid
from kiral.mhd import equations, solutions
from kiral.mhd.forcing import modes_in_shell
from kiral.mhd.initial import cosine, state_from, uniform

SMALL = (8, 8, 8)
ALL = NONLINEAR | EXTENSIONS


def extended(flow, *, n=SMALL, force=True, **changes):
    """Everything on that this flow can have."""
    stirred = {"forcing": helical_force(box(n))} if force and flow != "none" else {}
    if changes.get("xi_shape"):
        changes["xi_shape"] = to_grid(box(n), (random_modes(box(n), 5, 0.7),))[0]
    return equation(n, flow=flow, **(ALL | stirred | changes))


def magnetised_state(eq):
    """Net helicity, of the fluctuations and with the uniform field."""
    y = helical_state(eq)
    return y._replace(A=tuple(a.at[0, 0, 0].set(0.1 * i) for i, a in enumerate(y.A)))


VARIANTS = {
    "no flow": ("none", {}),
    "incompressible": ("incompressible", {}),
    "relativistic, paper": ("relativistic", {}),
    "xi in space": ("relativistic", {"xi_shape": True, "heating": "consistent"}),
    "relativistic, corrected": ("relativistic", {"form": "roperpol2025", "heating": "consistent"}),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_ledgers_close_to_round_off(name):
    flow, changes = VARIANTS[name]
    eq = extended(flow, **changes)
    found = residuals(eq, magnetised_state(eq))
    assert {"helicity_chirality", "energy", "charge"} <= set(found)
    assert max(found.values()) < 1e-12, found


MUTANTS = {  # what: (text, wrong text, variant, the ledger that opens)
    "lift": ("lift = 2 / 3 *", "lift = -2 / 3 *", "relativistic, corrected", "energy"),
    "work of the force": ("+ dot(g.u, g.force)", "- dot(g.u, g.force)", "relativistic, paper", "energy"),
    "eta in time": ("rate - eta * box.k2", "rate + eta * box.k2", "no flow", "helicity_chirality"),
    "gamma5 in time": ("mu5 - gamma5 * y.mu5", "mu5 + gamma5 * y.mu5", "no flow", "helicity_chirality"),
    "uniform field": ("(f, self.background_field", "(f, -self.background_field", "no flow", "helicity_chirality"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_sign_opens_a_ledger(name):
    old, new, variant, ledger = MUTANTS[name]
    flow, changes = VARIANTS[variant]
    eq = extended(flow, kind=mutant(equations, old, new), **changes)
    found = residuals(eq, magnetised_state(eq))
    assert found[ledger] > 1e-3, found


# --- transforms ----------------------------------------------------------------------------------------------------------


def transforms(jaxpr) -> Counter:
    """Number of real 3-D transforms, {"IRFFT": to the grid, "RFFT": back}, anywhere inside."""
    found = Counter()
    for equation_ in jaxpr.eqns:
        if equation_.primitive.name == "fft":
            found[equation_.params["fft_type"].name] += 1
        for value in equation_.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                found += transforms(inner) if hasattr(inner, "eqns") else Counter()
    return found


@pytest.mark.parametrize(
    ("flow", "changes", "to_the_grid", "back"),
    [
        ("none", {}, 7, 4), ("none", {"charge": (1.0, 1.0, 1.0)}, 8, 10),
        ("relativistic", {}, 14, 14), ("relativistic", {"form": "roperpol2025"}, 14, 17),
        ("relativistic", {"charge": (1.0, 1.0, 1.0), "forcing": "yes"}, 18, 17),
        ("incompressible", {}, 10, 12), ("incompressible", {"charge": (1.0, 1.0, 1.0), "forcing": "yes"}, 11, 15),
    ],
)  # fmt: skip
def test_the_number_of_transforms(flow, changes, to_the_grid, back):
    if "forcing" in changes:
        changes = changes | {"forcing": helical_force(box(SMALL))}
    eq = equation(SMALL, flow=flow, **(NONLINEAR | changes))
    found = transforms(jax.make_jaxpr(eq.evaluate)(number(0.1), random_state(eq)).jaxpr)
    assert found == {"IRFFT": to_the_grid, "RFFT": back}


# --- forms of the fluid ---------------------------------------------------------------------------------------------------


def test_the_corrected_form_is_footnote_2():
    """G25 (7c, 7d) with rho ∇·u + u·∇rho/2 in place of ∇·(rho u): the difference of both forms, coded in numpy."""
    n = (60, 60, 1)
    old, new = (equation(n, form=form, **NONLINEAR) for form in ("brandenburg1996", "roperpol2025"))
    y = random_state(old, a=0.2, m=0.1, rho=0.05, mu5=0.3)
    rho, momentum = on_grid(old, (y.rho,))[0], on_grid(old, y.momentum)
    u, d = 0.75 * momentum / rho, derivatives(n)
    change = -0.5 * sum(u[i] * d(rho, i) for i in range(3))  # of ∇·(rho u)
    u_t, rho_t = u / 3 * change / rho, -4 / 3 * change
    a, b = (tendency(eq, number(0.6), y) for eq in (new, old))
    got_rho = on_grid(old, (a.rho - b.rho,))[0]
    got_m = on_grid(old, tuple(p - q for p, q in zip(a.momentum, b.momentum, strict=True)))
    for got, right in ((got_rho, rho_t), (got_m, 4 / 3 * (rho * u_t + u * rho_t))):
        assert np.abs(got - right).max() < 1e-12 * np.abs(right).max()


def test_the_corrected_form_keeps_the_relativistic_energy_to_higher_order():
    """d⟨rho (1 + 4u²/3)⟩/dt of an ideal fluid: second order in the amplitude as in 1996, higher order as corrected."""

    def loss(form, size):
        eq = equation(SMALL, form=form)
        y = random_state(eq, a=0.0, m=size, rho=size, mu5=0.0)
        y = y._replace(momentum=tuple(m.at[0, 0, 0].set(0.0) for m in y.momentum))

        def energy(state):
            rho = to_grid(eq.box, (state.rho,))[0]
            m2 = sum(m**2 for m in to_grid(eq.box, state.momentum))
            return jnp.mean(rho + 0.75 * m2 / rho)

        return abs(float(jax.jvp(energy, (y,), (tendency(eq, number(0.0), y),))[1]))

    order = {form: np.log2(loss(form, 2e-3) / loss(form, 1e-3)) for form in ("brandenburg1996", "roperpol2025")}
    assert abs(order["brandenburg1996"] - 2) < 0.05
    assert order["roperpol2025"] > 2.9


def test_the_incompressible_right_hand_side():
    """∂t u = P[-u·∇u + J×B/w + nu ∇²u + f/w] in numpy, and the pressure-free induction and chirality equations' flow parts."""
    n, w, nu = (48, 1, 48), 0.7, 0.04
    b0 = np.array([0.3, -0.2, 0.4])
    force = helical_force(box(n))
    eq = equation(n, flow="incompressible", enthalpy=w, viscosity=nu, background_field=b0, forcing=force)
    y = random_state(eq)
    d, u, b = derivatives(n), on_grid(eq, y.momentum) / w, on_grid(eq, eq.box.curl(y.A)) + b0[:, None, None, None]
    g = np.stack([[d(u[i], j) for j in range(3)] for i in range(3)])
    j = np.stack([d(b[(i + 2) % 3], (i + 1) % 3) - d(b[(i + 1) % 3], (i + 2) % 3) for i in range(3)])
    viscous = nu * np.stack([sum(d(g[i, k], k) for k in range(3)) for i in range(3)])
    stirring = on_grid(eq, force(number(0.6), eq.box))
    u_t = transverse(n, -np.einsum("j...,ij...->i...", u, g) + (cross(j, b) + stirring) / w + viscous)
    rate = tendency(eq, number(0.6), y)
    assert np.abs(on_grid(eq, rate.momentum) / w - u_t).max() < 1e-12 * np.abs(u_t).max()
    a_t = transverse(n, cross(u, b))
    assert np.abs(on_grid(eq, rate.A) - a_t).max() < 1e-12 * np.abs(a_t).max()
    chirality = on_grid(eq, (y.mu5,))[0]
    mu5_t = -sum(d(chirality * u[i], i) for i in range(3))
    assert np.abs(on_grid(eq, (rate.mu5,))[0] - mu5_t).max() < 1e-12 * np.abs(mu5_t).max()


def test_slow_relativistic_flow_is_incompressible():
    """Solenoidal flow and field at Mach numbers M and M/4, all rates scaled with M: the difference falls with M."""

    def ends(mach):
        common = {"magnetic_diffusivity": 0.1 * mach, "viscosity": 0.1 * mach}
        slow, fluid = (equation((12, 1, 12), flow=f, **common) for f in ("incompressible", "relativistic"))
        y = random_state(slow, a=0.5 * mach, m=4 / 3 * mach / 3**0.5, mu5=0.0, mean_mu5=0.0)
        y = y._replace(momentum=tuple(m.at[0, 0, 0].set(0.0) for m in y.momentum))
        start = state_from(fluid.box, y.A, y.mu5, flow="relativistic", u_momentum=y.momentum)
        t = 1.5 / mach
        a, b = run(slow, y, t, 120, "rk4"), run(fluid, start, t, int(120 * 0.08 / mach), "rk4")
        still = rms(slow.box, tuple(p - q for p, q in zip(y.momentum, a.momentum, strict=True))) / rms(slow.box, y.momentum)
        solenoidal = fluid.box.transverse(b.momentum)
        apart = rms(slow.box, tuple(p - q for p, q in zip(solenoidal, a.momentum, strict=True))) / rms(slow.box, a.momentum)
        return still, apart

    (moved, coarse), (_, fine) = ends(0.08), ends(0.02)
    assert moved > 0.3  # the flow has changed by much more than the two differ
    assert coarse < 0.02
    assert fine < coarse / 8


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
def test_alfven_waves_of_an_incompressible_fluid(scheme):
    """A shear Alfvén wave along B0 with speed B0/√w is an exact nonlinear solution: back after a period, damped exactly."""
    b0, w, k, eta = 0.8, 2.5, 2, 0.02
    damping = {"magnetic_diffusivity": eta, "viscosity": eta}
    eq = equation((12, 1, 12), flow="incompressible", enthalpy=w, background_field=[0, 0, b0], **damping)
    b = cosine(eq.box, 0.5, (0, 0, k))
    empty = jnp.zeros_like(b)
    a = tuple(f / k**2 for f in eq.box.curl((b, empty, empty)))
    y = state_from(eq.box, a, empty, flow="incompressible", u_momentum=(-(w**0.5) * b, empty, empty))
    period = 2 * np.pi * w**0.5 / (k * b0)
    end = run(eq, y, period, 100, scheme)
    decay = np.exp(-eta * k**2 * period)
    for got, start in ((end.A, y.A), (end.momentum, y.momentum)):
        assert rms(eq.box, tuple(p - decay * q for p, q in zip(got, start, strict=True))) < 1e-6 * rms(eq.box, start)


# --- chiral magnetic waves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("b0", "eta"), [([0, 0, 0.9], 0.0), ([0, 0, 0.9], 0.3), ([0.5, 0, 0.7], 0.3)])
def test_chiral_magnetic_waves_have_the_predicted_speed_and_damping(b0, eta):
    """Along and across B0; lam eta B0² damps where E answers to the chiral current."""
    k, t, c5, c_mu, d5, d_mu, gamma5, lam = 2, 1.5, 0.8, 0.3, 0.02, 0.01, 0.05, 0.4
    coefficients = {"chiral_diffusivity": d5, "flipping_rate": gamma5, "chiral_feedback": lam, "magnetic_diffusivity": eta}
    eq = equation((1, 1, 12), flow="none", background_field=b0, charge=(c5, c_mu, d_mu), **coefficients)
    size, eps, index = np.linalg.norm(b0), 1e-7, (0, 0, k)
    start = state_from(
        eq.box, (jnp.zeros(eq.box.shape, complex),) * 3, cosine(eq.box, eps, index), flow="none", mu=uniform(eq.box, 0.0)
    )
    end = run(eq, start, t, 200, "rk4")
    rates, modes = solutions.chiral_magnetic_wave_rates(
        k, k * b0[2] / size, size, c5, c_mu, damping_mu5=d5 * k**2 + gamma5, damping_mu=d_mu * k**2, eta=eta, lam=lam
    )
    expected = modes @ (np.exp(rates * t) * np.linalg.solve(modes, np.array([1.0, 0, 0])))
    assert abs(complex(end.mu5[index]) / (eps / 2) - expected[0]) < 1e-6
    assert abs(complex(end.mu[index]) / (eps / 2) - expected[1]) < 1e-6
    if eta == 0.0:  # the textbook numbers: speed √(C5 Cmu) B0, damping (D5 k² + gamma5 + Dmu k²)/2
        wave = rates[np.argmax(rates.imag)]
        speed, half = np.sqrt(c5 * c_mu) * size, (d5 * k**2 + gamma5 - d_mu * k**2) / 2
        np.testing.assert_allclose(wave.imag, np.sqrt((k * speed) ** 2 - half**2), rtol=1e-12)
        np.testing.assert_allclose(wave.real, -(d5 * k**2 + gamma5 + d_mu * k**2) / 2, rtol=1e-12)


# --- coefficients in time, forces -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["etdrk4", "rk4"])
def test_tables_of_resistivity_and_washout_act_by_their_integrals(scheme):
    t, times = 1.2, np.array([0.0, 0.4, 0.8, 1.2])
    eta, gamma5 = np.array([0.02, 0.05, 0.03, 0.06]), np.array([0.4, 1.3, 0.2, 0.9])
    tables = {"magnetic_diffusivity": time_table(times, eta, "cubic"), "flipping_rate": time_table(times, gamma5, "cubic")}
    eq = equation((12, 1, 12), flow="none", **tables)
    y = random_state(eq, mu5=0.0, mean_mu5=0.0)
    y = y._replace(mu5=cosine(eq.box, 1e-15, (1, 0, 1)) + uniform(eq.box, 1e-15))
    end = run(eq, y, t, 60, scheme)
    decay = np.exp(-np.asarray(eq.box.k2) * CubicSpline(times, eta).integrate(0, t))
    for a, b in zip(y.A, end.A, strict=True):
        np.testing.assert_allclose(b, a * decay, rtol=1e-7, atol=1e-15)
    np.testing.assert_allclose(end.mu5, y.mu5 * np.exp(-CubicSpline(times, gamma5).integrate(0, t)), rtol=1e-8, atol=1e-25)


def test_the_scheme_keeps_its_order_with_everything_on():
    n = (12, 1, 12)
    eq = extended("incompressible", n=n, forcing=helical_force(box(n), correlation_time=100.0))
    y = random_state(eq)
    exact = run(eq, y, 0.4, 160, "rk4")
    coarse, fine = (distance(eq, run(eq, y, 0.4, steps, "rk4"), exact) for steps in (10, 20))
    assert 3.8 < np.log2(coarse / fine) < 4.6


def test_the_force_has_its_strength_helicity_and_scale():
    where = box((20, 20, 20))
    force = helical_force(where, amplitude=2.5, helicity=0.6, wave_number=3.0, width=1.0)
    for t in (0.0, 4 * 0.4):  # at the start of an interval the force is one pattern
        f = force(number(t), where)
        np.testing.assert_allclose(rms(where, f), 2.5, rtol=1e-12)
        assert rms(where, where.divergence(f)) < 1e-13 * 2.5 * 3
        parts = helical_parts(where, f)
        weight = np.where(np.arange(f[0].shape[2]) > 0, 2, 1)
        energy = {sign: np.sum(weight * np.abs(part) ** 2) for sign, part in parts.items()}
        np.testing.assert_allclose((energy[1] - energy[-1]) / 2.5**2, 0.6, rtol=1e-12)
        k = np.sqrt(np.asarray(where.k2))
        assert np.all((np.abs(k - 3.0) <= 0.5) | (np.abs(np.asarray(f[0])) < 1e-15))
    before, after, other = (np.stack(force(number(t), where)) for t in (0.4 - 1e-9, 0.4 + 1e-9, 0.8))
    assert np.abs(before - after).max() < 1e-7  # continuous
    assert np.abs(before - other).max() > 0.1  # and another one later


def test_the_force_is_the_same_on_another_grid():
    grids = [box((n, n, n)) for n in (14, 20)]
    coarse, fine = (helical_force(g, wave_number=2.0, width=1.0)(number(0.7), g) for g in grids)
    assert len(modes_in_shell(grids[0], 2.0, 1.0)) == len(modes_in_shell(grids[1], 2.0, 1.0))
    for a, b in zip(to_grid(grids[1], fine), to_grid(grids[0], coarse), strict=True):
        np.testing.assert_allclose(a[0, 0, 0], b[0, 0, 0], rtol=1e-11, atol=1e-12)


def test_a_force_accelerates_a_fluid_at_rest_in_both_flows():
    where = box(SMALL)
    force = helical_force(where, amplitude=1e-3, correlation_time=np.inf)
    for flow in ("incompressible", "relativistic"):
        eq = equation(SMALL, flow=flow, enthalpy=2.0, forcing=force)
        empty = jnp.zeros(where.shape, complex)
        rate = full_tendency(eq, number(0.3), state_from(where, (empty,) * 3, empty, flow=flow))
        np.testing.assert_allclose(rms(where, rate.momentum), 1e-3, rtol=1e-12)
        assert abs(float(rate.ledger.energy)) < 1e-18  # no work at rest
