"""The tests of a peer, Emu (Richers, Willcox, Ford & Myers 2021, Phys. Rev. D 103, 083013), at tighter tolerances; and
properties of any state. Emu's constants are put in the place of ours, so that its numbers are met digit by digit.
"""

import numpy as np
import pytest
from flavor_setups import follow, problem
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import drifts, values
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from kiral import constants
from kiral.flavor.groups import SU2, SU3
from kiral.flavor.terms_config import PhysicalUnits, mixing_matrix

C, HBAR, EV, PROTON = 2.99792458e10, 1.05457266e-27, 1.60218e-12, 1.6726219e-24  # cgs
FERMI = 1.1663787e-5 / (1e9 * EV) ** 2 * (HBAR * C) ** 3  # erg cm³
SPLITTING = 7.39e-5  # m1² - m2² [eV²], e-like state heavy: inverted order
MEV = 1e6 * EV
NOTHING = 1e-300  # a term that is there and does nothing: the same compiled program as with it
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=4, deadline=None, derandomize=True, database=None)


@pytest.fixture
def emu(monkeypatch):
    """Emu's constants."""
    monkeypatch.setattr(constants, "FERMI_GEV_2", 1.1663787e-5)
    monkeypatch.setattr(constants, "SPEED_OF_LIGHT_CM_S", C)
    monkeypatch.setattr(constants, "HBAR_EV_S", HBAR / EV)
    monkeypatch.setattr(constants, "HBAR_C_EV_CM", HBAR * C / EV)


def units(density):
    """The section, and t* [s], which must be ħ/(√2 G_F density)."""
    found = PhysicalUnits(kind="neutrinos", density=density)
    assert found.time_s == pytest.approx(HBAR / (np.sqrt(2) * FERMI * density), rel=1e-14)
    assert found.length_cm == pytest.approx(C * found.time_s, rel=1e-14)
    return found.model_dump(), found.time_s


def beams(plus, minus, **terms):
    """(densities of ν, of ν̄) in +z and in -z."""
    found = [{"velocity": v, "nu": nu, "nubar": nubar} for v, (nu, nubar) in ((1.0, plus), (-1.0, minus))]
    return {"kind": "flavor_beams", "beams": found, **terms}


def massive(theta, energy_mev):
    return {"vacuum": {"mass_squared": [SPLITTING, 0.0], "angles": [theta]}, "energies": {"values": [energy_mev]}}


def frequency(energy):
    """Δm² c⁴/2E/ħ [1/s], energy in erg."""
    return SPLITTING * EV**2 / (2 * energy) / HBAR


def growth(samples, step):
    """Re γ of A exp(γ t) + B exp(-γ t), three equally spaced complex samples: (s0 + s2)/s1 = 2 cosh(γ step)."""
    s0, s1, s2 = samples
    return np.arccosh((s0 + s2) / (2 * s1)).real / step


# ---- Emu's tests


def test_oscillations_in_matter(emu):
    """MSW, ν̄ at the resonance: P = 1 - sin²2θ_eff sin²(...) over five wavelengths of both."""
    theta, energy, density = np.deg2rad(33.82), 2.207920e-13, 1.346160135e9 / PROTON
    section, second = units(density)
    few = ([1e-14, 0.0], [1e-14, 0.0])  # next to the matter: its own interaction is negligible
    made = problem(beams(few, few, **massive(theta, energy / MEV), matter=1.0), units=section)
    omega, matter = frequency(energy), np.sqrt(2) * FERMI * density / HBAR
    assert matter == pytest.approx(omega * np.cos(2 * theta), rel=1e-6)  # as they meant it
    times = np.linspace(0, 5 * 2 * np.pi / (omega * np.sin(2 * theta)), 8)[1:]  # the longer wavelength, that of ν̄
    found = [values(made, t / second, y, "survival_nue", "survival_nuebar")
             for t, y in zip(times, follow(made, times / second, tolerance=1e-12), strict=True)]  # fmt: skip
    for sign, name in ((1, 0), (-1, 1)):
        size = np.hypot(omega * np.cos(2 * theta) + sign * matter, omega * np.sin(2 * theta))
        expected = 1 - (omega * np.sin(2 * theta) / size) ** 2 * np.sin(size * times / 2) ** 2
        np.testing.assert_allclose(np.array(found)[:, name], expected, rtol=0, atol=1e-8)
    assert np.ptp(np.array(found)[:, 1]) > 0.5


def test_homogeneous_fast_flavor(emu):
    """ν in +z, ν̄ in -z, √2 G_F n = ω/2: growth ω/ħ."""
    density = frequency(50 * MEV) * HBAR / 2 / (np.sqrt(2) * FERMI)
    assert density == pytest.approx(2.915427e24, rel=1e-6)
    section, second = units(density)
    terms = massive(np.deg2rad(1e-6), 50.0)
    made = problem(beams(([1.0, 0.0], [0.0, 0.0]), ([0.0, 0.0], [1.0, 0.0]), **terms, matter=NOTHING), units=section)
    step = 1.0 / 1122.74
    times = (6 + np.arange(4)) * step / second
    psi = np.array([complex(y.p[0][0, 0, 0, 0, 0], y.p[1][0, 0, 0, 0, 0]) for y in follow(made, times, tolerance=1e-12)])
    # What the mixing drives is constant, and gone in the differences.
    assert growth(np.diff(psi), step) == pytest.approx(1122.740, rel=1e-5)
    assert abs(psi[-1]) < 1e-3


def random_states(rng, n, shape):
    """Density matrices (*shape, n, n) of trace 1, of any rank."""
    a = rng.normal(size=(*shape, n, n)) + 1j * rng.normal(size=(*shape, n, n))
    a[..., rng.integers(1, n + 1) :] = 0
    rho = a @ np.conj(np.swapaxes(a, -1, -2))
    return rho / np.trace(rho, axis1=-2, axis2=-1)[..., None, None].real


def write(path, nu, nubar):
    """A state file from ρ, ρ̄ (D, nx, ny, nz, N, N)."""
    group = {2: SU2, 3: SU3}[nu.shape[-1]]
    np.savez(path, **{name: np.moveaxis(group.vector(rho), 0, 1) for name, rho in (("nu", nu), ("nubar", nubar))})
    return {"kind": "file", "path": str(path)}


def matrices(made, y):
    """ρ, ρ̄ along the rays from a state with both species, (D, nx, ny, nz, N, N)."""
    rho = made.equation.group.matrix(np.array([np.asarray(p) for p in y.p]), 1.0)
    return rho[:, 0], rho[:, 1].conj()


LINE = {"n": 16}


def test_fast_flavor_of_a_wave(emu, tmp_path):
    """Massless, √2 G_F n = k ħ c/2: growth k c of the seed Re N_ex = 1e-6 sin(kz)(N_ee - N_xx)."""
    k, density = 2 * np.pi, 4.891291e32
    assert density == pytest.approx(k * HBAR * C / (2 * np.sqrt(2) * FERMI), rel=1e-6)
    section, second = units(density)
    rho = np.zeros((2, 1, 1, 16, 2, 2), complex)
    rho[..., 0, 0] = 1.0
    rho[..., 0, 1] = rho[..., 1, 0] = 1e-6 * np.sin(k * (np.arange(16) / 16 - 0.5))
    model = beams(([1.0, 0.0], [0.0, 0.0]), ([0.0, 0.0], [1.0, 0.0]))
    made = problem(model, write(tmp_path / "seed.npz", rho, rho), units=section, length=1.0 / (C * second), **LINE)
    step = 1 / 1.883652e11
    times = np.arange(2, 5) * step
    states = follow(made, times / second, tolerance=1e-12)
    # ν of +z, from its rays: the wave exp(∓ i k z), the one that grows.
    modes = np.array([np.fft.fft(np.asarray(y.p[0] + 1j * y.p[1])[0, 0, 0, 0]) / 16 for y in states])
    grown = [modes[:, m] * np.exp(-1j * sign * k * C * times) for m, sign in ((1, 1), (-1, -1))]
    assert max(growth(s, step) for s in grown) == pytest.approx(1.883652e11, rel=1e-5)


def by_matrices(vacuum, matter, velocity, content, rho, times):
    """ρ, ρ̄ of homogeneous beams at the times, by commutators of matrices and another integrator.

    vacuum (N, N), matter, content (2, D) in the same rate; rho (2, D, N, N).
    """
    n = vacuum.shape[0]
    away = 1 - np.multiply.outer(velocity, velocity)
    electron = matter * np.diag([1.0] + (n - 1) * [0.0])

    def rate(_, y):
        r, q = y.reshape(rho.shape)
        source = content[0][:, None, None] * r - content[1][:, None, None] * q.conj()
        both = electron + np.einsum("de,eij->dij", away, source)
        found = [h @ m - m @ h for h, m in ((vacuum + both, r), (vacuum.conj() - both.conj(), q))]
        return -1j * np.ravel(found)

    solved = solve_ivp(rate, (0, times[-1]), rho.astype(complex).ravel(), rtol=1e-12, atol=1e-14, t_eval=times,
                       method="DOP853", dense_output=True)  # fmt: skip
    return solved.y.T.reshape(-1, *rho.shape), solved.sol


def test_bipolar_pendulum(emu):
    """√2 G_F n = 5 Δm²/E, n/2 of ν and ν̄ in each of ±z, inverted order: period and energy by density matrices."""
    theta, omega = 0.01, frequency(50 * MEV)
    section, second = units(10 * omega * HBAR / (np.sqrt(2) * FERMI))
    half = ([0.5, 0.0], [0.5, 0.0])
    made = problem(beams(half, half, **massive(theta, 50.0), matter=NOTHING), units=section)
    u = mixing_matrix([theta])
    vacuum = omega * (u * [1.0, 0.0]) @ u.T
    start = np.broadcast_to(np.diag([1.0, 0.0]), (2, 2, 2, 2))
    grid = np.linspace(0, 12, 600) / omega
    path, dense = by_matrices(vacuum, 0.0, np.array([1.0, -1.0]), np.full((2, 2), 5 * omega), start, grid)
    ee = path[:, 0, 0, 0, 0].real
    down = np.flatnonzero((ee[:-1] > 0.5) & (ee[1:] <= 0.5))
    crossings = np.array([brentq(lambda t: dense(t)[0].real - 0.5, grid[i], grid[i + 1], xtol=1e-18) for i in down[:2]])
    period = crossings[1] - crossings[0]
    times = crossings[0] + period * np.array([0.0, 0.2, 0.5, 0.8, 1.0])
    exact = dense(times).T.reshape(-1, 2, 2, 2, 2)
    states = follow(made, times / second, tolerance=1e-12)
    names = ("survival_nue", "survival_nuebar", "u_osc")
    found = np.array([values(made, t / second, y, *names) for t, y in zip(times, states, strict=True)])
    np.testing.assert_allclose(found[:, 0], exact[:, 0, 0, 0, 0].real, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found[:, 1], exact[:, 1, 0, 0, 0].real, rtol=0, atol=1e-7)
    # U_osc = (√2 G_F/4) Σ Σ' (1 - v·v') P·P': of two opposite beams with (p - p̄)/2 each, |p - p̄|²/4 in units of √2 G_F n².
    difference = SU2.vector(exact[:, 0, 0] - exact[:, 1, 0].conj())
    np.testing.assert_allclose(found[:, 2], np.sum(difference**2, axis=0) / 4, rtol=0, atol=1e-7)
    # The pendulum's energy: what U_osc gains the vacuum term loses.
    assert np.ptp(found[:, 2]) > 1e-2
    assert drifts(made, times[-1] / second, states[-1])["energy"] < 1e-8


def test_collisional_relaxation(emu):
    """Three flavors from empty, H off: N = N_eq (1 - exp(-κ c t)), ν and ν̄."""
    kappa, density = 5e-4, 1e33
    section, second = units(density)
    absorption = kappa * C * second
    equilibrium, bar = np.array([1.0, 0.6, 0.3]), np.array([0.5, 0.4, 0.2])
    collisions = {"nu": 3 * [absorption], "nubar": 3 * [absorption],
                  "equilibrium_nu": equilibrium.tolist(), "equilibrium_nubar": bar.tolist()}  # fmt: skip
    model = beams((3 * [0.0], 3 * [0.0]), (3 * [0.0], 3 * [0.0]), mu=0.0, collisions=collisions)
    made = problem(model, units=section, scheme="rk4")
    times = np.array([0.3, 1.0, 3.0]) / (kappa * C)
    for t, y in zip(times, follow(made, times / second, scheme="rk4", tolerance=1e-9), strict=True):
        p, trace = np.array([np.asarray(c) for c in y.p])[..., 0, 0, 0], np.asarray(y.trace)[..., 0, 0, 0]
        rho = SU3.matrix(p, trace) * np.asarray(made.equation.content).sum(axis=0)[..., None, None]
        expected = np.array([np.diag(equilibrium), np.diag(bar)]) * -np.expm1(-kappa * C * t)
        np.testing.assert_allclose(rho, np.broadcast_to(expected, rho.shape), rtol=1e-10, atol=1e-14)


def test_fiducial_growth_in_one_dimension(emu):
    """Emu's 1-D fiducial, flux factors ±1/3: the linear phase of a run in a box of the most unstable wavelength."""
    density = 4.891290819e32
    section, second = units(density)
    k, gamma = 0.90769775, 0.6896290310  # in units of mu: 1/t*
    assert 2 * np.pi / k * C * second == pytest.approx(2.2034, rel=1e-4)
    nu, nubar = ([{"kind": "table", "density": 1.0, "v": [-1.0, 1.0], "value": f}] for f in ([0.0, 1.0], [1.0, 0.0]))
    seed = {"kind": "modes", "modes": [[1, 1e-9], [-1, 1e-9]], "relative": True}
    model = {"kind": "flavor_angles", "n_angles": 16, "nu": nu, "nubar": nubar}
    made = problem(model, seed, n=8, length=2 * np.pi / k, units=section)
    times = (14.0, 18.0)
    power = [values(made, t, y, "psi_power")[0] for t, y in zip(times, follow(made, times, tolerance=1e-11), strict=True)]
    fastest = np.argmax(power[1])
    found = np.log(power[1][fastest] / power[0][fastest]) / 2 / (times[1] - times[0])
    assert found == pytest.approx(gamma, rel=1e-4)
    assert found / second == pytest.approx(6.495e10, rel=1e-4)
    assert power[1][fastest] < 1e-6


# ---- any state


def unitary(rng, n):
    """A random element of U(n)."""
    return np.linalg.qr(rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))[0]


def turned(u, rho):
    return u @ rho @ u.conj().T


@FEW
@given(seed=SEEDS)
def test_any_state_keeps_its_eigenvalues_and_turns_with_the_flavors(tmp_path_factory, seed):
    """Two flavors, 1-D: ρ → UρU†, ρ̄ → U*ρ̄Uᵀ everywhere at the start is the same later; eigenvalues on every ray stay."""
    rng, path = np.random.default_rng(seed), tmp_path_factory.mktemp("states")
    density = rng.uniform(0, 1, (4, 2)).tolist()
    model = beams((density[0], density[1]), (density[2], density[3]))
    nu, nubar = random_states(rng, 2, (2, 2, 1, 1, 16))
    u = unitary(rng, 2)
    starts = ((nu, nubar), (turned(u, nu), turned(u.conj(), nubar)))
    box = {"length": float(rng.uniform(1, 10)), **LINE}
    made = [problem(model, write(path / f"{i}.npz", *start), **box) for i, start in enumerate(starts)]
    t = 1.0
    found = [matrices(m, follow(m, [t], dt=0.05)[0]) for m in made]
    for before, now in zip(starts[0], found[0], strict=True):
        np.testing.assert_allclose(np.linalg.eigvalsh(now), np.linalg.eigvalsh(before), rtol=0, atol=1e-13)
        assert np.linalg.eigvalsh(now).min() > -1e-13
        assert np.abs(now - before).max() > 1e-3
    np.testing.assert_allclose(found[1][0], turned(u, found[0][0]), rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[1][1], turned(u.conj(), found[0][1]), rtol=0, atol=1e-12)


@FEW
@given(seed=SEEDS)
def test_any_three_flavors_follow_their_density_matrices(tmp_path_factory, seed):
    """Vacuum with CP phase, matter and self-interaction of two beams, against commutators; eigenvalues stay, none negative."""
    rng, path = np.random.default_rng(seed), tmp_path_factory.mktemp("states")
    density = rng.uniform(0, 0.5, (4, 3))
    angles, phase, matter = rng.uniform(0, np.pi / 2, 3).tolist(), float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.1, 1))
    levels = rng.uniform(-1, 1, 3).tolist()
    terms = {"vacuum": {"levels": levels, "angles": angles, "cp_phase": phase}, "matter": matter}
    d = density.tolist()
    states = random_states(rng, 3, (2, 2, 1, 1, 1))
    made = problem(beams((d[0], d[1]), (d[2], d[3]), **terms), write(path / "start.npz", *states))
    (y,) = follow(made, [3.0], dt=0.01)
    u = mixing_matrix(angles, phase)
    content = density.sum(axis=1)[[[0, 2], [1, 3]]]
    start = states[:, :, 0, 0, 0]
    expected, _ = by_matrices((u * levels) @ u.conj().T, matter, np.array([1.0, -1.0]), content, start, np.array([3.0]))
    found = np.array(matrices(made, y))[:, :, 0, 0, 0]
    np.testing.assert_allclose(found, expected[0], rtol=0, atol=1e-7)
    np.testing.assert_allclose(np.linalg.eigvalsh(found), np.linalg.eigvalsh(start), rtol=0, atol=1e-13)
    assert np.linalg.eigvalsh(found).min() > -1e-13
    assert np.abs(found - start).max() > 0.01
