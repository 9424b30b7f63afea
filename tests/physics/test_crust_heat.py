"""Heat of a crust: its microphysics, conduction along and across a field, and the coupling to the field."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import spherical_jn, spherical_yn

import kiral
from kiral.constants import BOLTZMANN_ERG_K, BOLTZMANN_EV_K, ELECTRON_MASS_EV, FINE_STRUCTURE, YEAR_S
from kiral.core.equation import Equation
from kiral.core.integrators import SCHEMES
from kiral.crust import heat_matter
from kiral.crust.coefficients import matter_of_star
from kiral.crust.conductivity import ATOMIC_MASS_G, ATOMIC_PER_ELECTRON, CHARGE_SQUARED, scattering
from kiral.crust.heat import CrustHeat, HeatLedger, Neutrinos, Surface
from kiral.crust.heat_build import crust_heat, grid_sphere
from kiral.crust.heat_config import Heat
from kiral.crust.heat_emhd import ThermalEMHD
from kiral.crust.heat_tables import make_tables
from kiral.crust.linear_build import cached_star
from kiral.errors import ConfigError
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere

jax.config.update("jax_enable_x64", True)
ZERO = jnp.zeros(())
SPHERE = make_sphere(5, 4)

# --- microphysics ----------------------------------------------------------------------------------------------------


def test_phonons_have_the_entropy_of_a_coulomb_crystal():
    """∫ C dT/T up to T_p/T = θ → 0 is 3 (1 - ln θ - <ln ω/ω_p>) + θ²/24, whose moment is known: -0.831298; C → 3 - θ²/12."""
    theta = 0.02
    entropy = quad(lambda x: float(heat_matter.crystal_heat_capacity(np.exp(x))), np.log(theta), np.log(3e3), limit=400)[0]
    assert entropy == pytest.approx(3 * (1 - np.log(theta) + 0.831298) + theta**2 / 24, rel=2e-6)
    assert heat_matter.crystal_heat_capacity(0.1) == pytest.approx(3 - 0.01 / 12, rel=1e-6)
    cold = heat_matter.crystal_heat_capacity(np.array([400.0, 800.0]))
    assert cold[0] / cold[1] == pytest.approx(8, rel=1e-3)  # Debye's law


def test_electrons_hold_the_heat_of_a_fermi_gas():
    """dU/dT at constant density by quadrature of Fermi-Dirac, kT = 0.02 m_e c², p_F = 4 m_e c: corrections are 3e-3."""
    energy = np.linspace(1.0, 8.0, 40001)
    states = energy * np.sqrt(energy**2 - 1)

    def content(kt):
        def filled(mu):
            return 1 / (1 + np.exp(np.clip((energy - mu) / kt, -700, 700)))

        mu = brentq(lambda mu: np.trapezoid(states * filled(mu), energy) - 4.0**3 / 3, 3.5, 4.5, xtol=1e-13)
        return np.trapezoid(energy * states * filled(mu), energy)

    kt = 0.02
    exact = (content(1.01 * kt) - content(0.99 * kt)) / (0.02 * kt) / (4.0**3 / 3)  # in k per electron
    n = (4.0 / 3.8615926796e-11) ** 3 / (3 * np.pi**2)
    found = heat_matter.electron_heat_capacity(kt * ELECTRON_MASS_EV / BOLTZMANN_EV_K, n) / (n * BOLTZMANN_ERG_K)
    assert found == pytest.approx(exact, rel=5e-3)


@pytest.mark.parametrize(("density", "z", "a", "temperature"), [(1e10, 34, 84, 5e8), (1e11, 28, 80, 1e9), (1e9, 26, 56, 3e8)])
def test_heat_conduction_is_that_of_wiedemann_and_franz_and_inelastic_when_cold(density, z, a, temperature):
    """Hot: κ/σT = (π²/3)(k/e)². Less hot: ν_κ/ν - 1 against the second moment of a classical crystal's S(q, ω),
    <ω²> = q² kT/M S⁰, beyond the first Brillouin zone: the same size and its dependence on T as T^-2 at constant logarithm."""
    n_i = density / (a * ATOMIC_MASS_G)

    def both(t):
        electrons = scattering(None, t, z, a, n_i)
        return electrons, heat_matter.conduction(electrons, t, z, z * n_i, 0.0, 0.0)

    electrons, heat = both(20 * temperature)
    law = np.pi**2 * BOLTZMANN_ERG_K**2 / (3 * CHARGE_SQUARED)
    assert heat.conductivity == pytest.approx(law * 20 * temperature * electrons.conductivity, rel=1e-3)
    electrons, heat = both(temperature)
    x = float(electrons.relativity)
    v2, screening = x**2 / (1 + x**2), FINE_STRUCTURE / np.pi * np.sqrt(1 + x**2) / x
    kt = BOLTZMANN_EV_K * temperature / ELECTRON_MASS_EV
    moment = quad(lambda t: t * (1 - v2 * t) * (3 - 2 * t) / (t + screening) ** 2, (2 / z) ** (2 / 3) / 4, 1)[0] / 2
    expected = x**2 / (np.pi**2 * a * ATOMIC_PER_ELECTRON * kt) * moment / electrons.logarithm
    assert 0.4 < float(heat.collision_rate / electrons.collision_rate - 1) / expected < 1.1


@pytest.mark.parametrize("ratio", [0.1, 1.0, 4.0])
def test_decay_of_plasmons_against_its_integrals(ratio):
    """Dispersion relations and residues of a degenerate ultrarelativistic plasma (Braaten & Segel 1993) at ħω_p/kT = ratio; the
    fit is wrong by -3 to 19 %."""
    v = 1 - 1e-6

    def log(k, w):
        return np.log((w + v * k) / (w - v * k)) * w / (2 * v * k)

    def transverse(k):
        def relation(w):
            return w**2 - k**2 - 1.5 * (ratio * w / (v * k)) ** 2 * (1 - (1 - (v * k / w) ** 2) * log(k, w))

        w = brentq(relation, np.sqrt(k**2 + ratio**2) * (1 - 1e-9), np.sqrt(k**2 + 1.5 * ratio**2) * (1 + 1e-9))
        below = w**2 - (v * k) ** 2
        z = 2 * w**2 * below / (3 * (ratio * w) ** 2 + (w**2 + k**2) * below - 2 * w**2 * (w**2 - k**2))
        return 2 * k**2 * z * (w**2 - k**2) ** 3 / np.expm1(w)

    def longitudinal(k):
        def relation(w):
            return w**2 - 3 * (ratio * w / (v * k)) ** 2 * (log(k, w) - 1)

        low = v * k * (1 + 1e-12)
        if relation(low) > 0:
            return 0.0
        w = brentq(relation, low, 2 * (k + ratio))
        below = w**2 - (v * k) ** 2
        return 2 * below / (3 * ratio**2 - below) * (k * w * (w**2 - k**2)) ** 2 / np.expm1(w) if w > k else 0.0

    exact = quad(transverse, 1e-3, 40 + 4 * ratio, limit=200)[0] + quad(longitudinal, 1e-3, 3 * ratio + 3, limit=200)[0]
    n_e = 1e36  # x = 119
    x = float(heat_matter.fermi_relativity(n_e))
    kt = np.sqrt(4 * FINE_STRUCTURE / (3 * np.pi) * x**3 / np.sqrt(1 + x**2)) / ratio
    found = heat_matter.plasmon_decay(n_e, kt * ELECTRON_MASS_EV / BOLTZMANN_EV_K) / heat_matter.PLASMON_UNIT / kt**9
    assert found == pytest.approx(exact, rel=0.2)


def test_envelope():
    """Effective temperature of 1e6 K below 1.288e8 K for g = 1e14 cm/s²; the constant of Stefan and Boltzmann."""
    assert pytest.approx(5.670374419e-5, rel=1e-9) == heat_matter.STEFAN_BOLTZMANN
    assert heat_matter.envelope_flux(1.288e8, 1e14) == pytest.approx(5.670374419e19, rel=1e-9)
    assert heat_matter.envelope_flux(1e9, 2e14) ** 0.455 / heat_matter.envelope_flux(1e8, 2e14) ** 0.455 == pytest.approx(10)


# --- the heat equation -----------------------------------------------------------------------------------------------


def constant_heat(shell, sphere, *, kappa=1.0, capacity=1.0, gyration=1e-300, lapse=None, area=0.0, density=1e-200):
    """Constant coefficients, no units; core at 1. The same terms in all tests, so that they share what is compiled."""
    one = np.ones(shell.r.size)
    functions = {"conductivity": lambda t: kappa * one, "gyration": lambda t: gyration * one}
    tables = make_tables(lambda t: capacity * one, functions, low=0.1, high=30.0)
    compiled, lapse = jax.tree.map(jnp.asarray, shell), jnp.asarray(one if lapse is None else lapse)
    surface = Surface(jnp.asarray(1e14), jnp.asarray(area))
    neutrinos = Neutrinos(jnp.asarray(density * one), jnp.asarray(1e23 * density * one))
    return CrustHeat(compiled, grid_sphere(sphere), lapse, tables, jnp.asarray(1.0), surface, neutrinos, True)


def cartesian(heat):
    """(x, y, z) at the grid's points (3, theta, phi, nodes); unit vectors of r, theta, phi there."""
    theta, phi = heat.sphere.theta[:, None], heat.sphere.phi[None, :]
    sin, cos = np.sin(theta), np.cos(theta) + 0 * phi
    radial = np.stack([sin * np.cos(phi), sin * np.sin(phi), cos])
    south = np.stack([cos * np.cos(phi), cos * np.sin(phi), -sin + 0 * phi])
    east = np.stack([-np.sin(phi) + 0 * theta, np.cos(phi) + 0 * theta, 0 * cos])
    return radial[..., None] * np.asarray(heat.shell.r), (radial, south, east)


tendency = jax.jit(lambda heat, u, b, joule: heat.tendency(ZERO, u, b, joule))


def test_conduction_in_a_uniform_field_is_exact_for_polynomials():
    """div(K ∇T) with K = κ/(1 + h²)(1 + h h), h in any direction; the antisymmetric part has no divergence."""
    heat = constant_heat(make_shell(element_edges(0.5, 1.0, 2), 8), SPHERE, kappa=2.0, capacity=3.0, gyration=1.5)
    (x, y, z), frame = cartesian(heat)
    field = np.array([0.3, -0.5, 0.8])
    points = heat.shell.local(heat.shell.r).shape
    b = tuple(jnp.broadcast_to(jnp.asarray(np.tensordot(field, e, 1))[..., None, None], (*x.shape[:2], *points)) for e in frame)
    u = heat.tables.content(jnp.asarray(5 + x**2 + 2 * y**2 * z + z**3 - x * y * z + z**2))
    found = np.asarray(tendency(heat, u, b, jnp.zeros_like(b[0]))[0])
    h = 1.5 * field
    k = 2 / (1 + h @ h) * (np.eye(3) + np.outer(h, h))
    second = {(0, 0): 2, (1, 1): 4 * z, (2, 2): 6 * z + 2, (0, 1): -z, (0, 2): -y, (1, 2): 4 * y - x}
    exact = sum((1 if i == j else 2) * k[i, j] * value for (i, j), value in second.items())
    assert np.abs(found - exact)[..., 1:-1].max() < 1e-9 * np.abs(exact).max()


def test_content_changes_by_what_comes_in_less_what_goes_out():
    """Any heat content, field, heating, metric: to round-off."""
    shell = make_shell(element_edges(0.5, 1.0, 2), 8, lambda r: 1 + 0.3 * r)
    heat = constant_heat(shell, SPHERE, gyration=2.0, lapse=0.7 + 0.2 * shell.r, area=1e10, density=1e12)
    rng = np.random.default_rng(2)
    shape = (heat.sphere.n_theta, heat.sphere.n_phi)
    u = jnp.asarray(rng.uniform(0.5, 5.0, (*shape, 17)))
    b = tuple(jnp.asarray(rng.normal(size=(*shape, 2, 9))) for _ in range(3))
    joule = jnp.asarray(rng.uniform(0, 3, (*shape, 2, 9)))
    rate, powers, _ = tendency(heat, u, b, joule)
    assert all(float(x) != 0 for x in powers)
    gained = float(powers.joule - powers.neutrinos + powers.core - powers.photons)
    assert float(heat.content(rate)) == pytest.approx(gained, abs=1e-12 * float(sum(jnp.abs(x) for x in powers)))


def test_a_decay_mode_has_its_exact_rate():
    """T = core + ε [j_l(kr) + c y_l(kr)] Y_l0, insulated outside: rate k² κ/C. Error of "ark4_refreshed" in time."""
    l, inner = 2, 0.6

    def slope(k):
        ratio = spherical_jn(l, k * inner) / spherical_yn(l, k * inner)
        return spherical_jn(l, k, derivative=True) - ratio * spherical_yn(l, k, derivative=True)

    k = brentq(slope, 3.0, 6.5)
    sphere = make_sphere(8, 0)
    heat = constant_heat(make_shell(element_edges(inner, 1.0, 10), 4), sphere, kappa=0.7, capacity=2.0)
    r = np.asarray(heat.shell.r)
    mode = spherical_jn(l, k * r) - spherical_jn(l, k * inner) / spherical_yn(l, k * inner) * spherical_yn(l, k * r)
    mode = mode / np.abs(mode).max() * (1.5 * np.cos(sphere.theta) ** 2 - 0.5)[:, None, None]
    rate, end, steps = 0.35 * k**2, 0.2, 16
    first = heat.tables.content(jnp.asarray(1 + 1e-3 * mode))
    still = tuple(jnp.zeros((sphere.n_theta, 1, 10, 5)) for _ in range(3))
    later = heat.temperature(stepped(Alone(heat, still), first, jnp.asarray(end / steps), steps).u)
    assert np.abs((np.asarray(later) - 1) / 1e-3 - np.exp(-rate * end) * mode).max() < 2e-6


class Evolved(NamedTuple):
    u: Any
    ledger: HeatLedger


class AloneOperator(eqx.Module):
    heat: Any

    def apply(self, y):
        return Evolved(self.heat.apply(y.u), jax.tree.map(jnp.zeros_like, y.ledger))

    def tables(self, h):
        return self.heat.tables(h)

    def solve(self, tables, r):
        return Evolved(self.heat.solve(tables, r.u), r.ledger)


class Alone(Equation):
    """Heat in a field that stays as it is, as an equation for the scheme."""

    heat: Any
    b: Any

    def whole(self, t, y):
        rate, powers, rates = self.heat.tendency(t, y.u, self.b, jnp.zeros_like(self.b[0]))
        return Evolved(rate, powers), rates

    def linear_at(self, t, y):
        return AloneOperator(self.heat.linear_at(y.u, self.b))


@jax.jit
def stepped(equation, u, h, steps):
    scheme = SCHEMES["ark4_refreshed"]
    first = Evolved(u, HeatLedger(*(ZERO,) * 4))

    def body(_, carry):
        found = scheme.step(equation, (), ZERO, carry[0], carry[1], h)
        return found.y, found.slope

    return jax.lax.fori_loop(0, steps, body, (first, scheme.slope(equation, ZERO, first)[0]))[0]


def test_conduction_along_a_strong_field_is_stable_at_its_largest_step():
    """ω_B τ = 300 in a dipole with a toroidal part: noise dies out in steps 300 times those of an explicit scheme, with the
    ledger closed. A conductivity that is the same at all angles in the implicit part would not do."""
    shell, sphere = make_shell(element_edges(0.93, 1.0, 10), 4), make_sphere(8, 0)
    heat = constant_heat(shell, sphere, kappa=1e-2, gyration=300.0)
    theta, r = sphere.theta[:, None, None, None], shell.local(shell.r)
    parts = (np.cos(theta) / r**3, 0.5 * np.sin(theta) / r**3, np.sin(2 * theta) * (r - 0.93) / 0.07)
    b = tuple(jnp.asarray(np.broadcast_to(x, (sphere.n_theta, 1, *r.shape))) for x in parts)
    even = heat.isothermal(ZERO)
    noise = 1e-3 * np.random.default_rng(1).uniform(-1, 1, even.shape)
    u = even * jnp.asarray(1 + noise).at[..., 0].set(1.0)
    h = 0.0248
    assert h * 1e-2 * (2.4 / np.diff(shell.r).min()) ** 2 > 900
    y, rates = stepped(Alone(heat, b), u, jnp.asarray(h), 60), heat.tendency(ZERO, u, b)[2]
    assert h < float(rates["conduction"].limit / rates["conduction"].rate) < 1.01 * h
    assert float(jnp.abs(heat.temperature(y.u) - 1).max()) < 0.3e-3
    gained = float(heat.content(y.u) - heat.content(u))
    assert gained == pytest.approx(float(y.ledger.core), rel=1e-9, abs=1e-13 * float(heat.content(u)))


# --- a star ----------------------------------------------------------------------------------------------------------


def test_a_crust_without_sources_carries_one_luminosity():
    """Steady state above a core of 3e8 K against the integration of d(N T)/dℓ = -L/(4π r² N κ) inwards from the surface."""
    found = cached_star(1.4, "BSk24", 1e10)
    shell = make_shell(element_edges(found.core_radius_km, found.outer_radius_km, 24), 4)
    matter = matter_of_star(found, shell.r)
    shell = make_shell(element_edges(found.core_radius_km, found.outer_radius_km, 24), 4, lambda r: matter.stretch)
    options = {"impurity": 0.0, "form_factor": 1.0, "weak_rate_factor": 0.0}
    heat = crust_heat(Heat(neutrinos=False, anisotropic=False), found, matter, shell, make_sphere(1, 0), 3e8, options, True)

    @jax.jit
    def relaxed(heat, u):
        """Newton's method but for dκ/dT."""

        def body(_, u):
            operator, h = heat.linear_at(u), jnp.asarray(1e5)
            return u + operator.solve(operator.tables(h), h * heat.tendency(ZERO, u)[0])

        u = jax.lax.fori_loop(0, 40, body, u)
        return u, heat.tendency(ZERO, u)[1]

    u, powers = relaxed(heat, heat.isothermal(ZERO))
    assert float(powers.core) == pytest.approx(float(powers.photons), rel=1e-8)
    temperature = np.asarray(heat.temperature(u))[0, 0]
    luminosity = float(powers.photons) / YEAR_S * 1e15  # erg/s
    surface = found.profile.isel(r=-1)
    area = 4 * np.pi * (float(surface["r"]) * 1e5 * float(surface["lapse"])) ** 2
    gravity = 1.4 * 1.3271244e26 / (float(surface["r"]) * 1e5) ** 2 * float(surface["stretch"])
    assert luminosity == pytest.approx(area * heat_matter.envelope_flux(temperature[-1], gravity), rel=1e-6)

    names = ("charge_number", "mass_number", "ion_density", "electron_density", "nuclear_size", "lapse", "stretch", "r")
    rows = np.array([found.crust[name].values for name in names]).T[::-1]  # from the surface inwards

    def slope(row, redshifted):
        z, a, n_i, n_e, size, lapse, stretch, r = row
        t = redshifted / lapse
        kappa = heat_matter.conduction(scattering(None, t, z, a, n_i, size), t, z, n_e, size, 0.0).conductivity
        return -luminosity * stretch / (4 * np.pi * r**2 * 1e10 * lapse * kappa) * 1e5

    inwards = [temperature[-1] * matter.lapse[-1]]
    for before, middle, after in zip(rows[:-2:2], rows[1:-1:2], rows[2::2], strict=True):
        half = inwards[-1] + slope(before, inwards[-1]) * (middle[-1] - before[-1])
        inwards.append(inwards[-1] + slope(middle, half) * (after[-1] - before[-1]))
    here = np.interp(shell.r, rows[::-2, -1], inwards[::-1])
    assert temperature * matter.lapse == pytest.approx(here, rel=1e-3)
    assert temperature[-1] < 0.96 * temperature[0]


SMALL = {
    "model.heat": {}, "time.scheme": "ark4_refreshed", "geometry.n_r": 32, "geometry.l_max": 4, "geometry.finer": 1.0,
    "initial.b_mean": 3e14, "output.spectra": None, "output.snapshots": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def problem():
    return kiral.build("crust-cmi-axisymmetric", SMALL)


@jax.jit
def changes(equation, y):
    """(whole tendency, rate of the field's energy, rates that limit the step)."""
    change, limits = equation.whole(ZERO, y)
    energy = jax.jvp(lambda f, g: sum(jnp.sum(e) for e in equation.energies(y._replace(f=f, g=g))), (y.f, y.g), change[:2])
    return change, energy[1], limits


def strong(problem, temperature=None):
    """A state with a toroidal field too."""
    y, r = problem.initial_state(), np.asarray(problem.equation.shell.r)
    y = y._replace(g=0.1 * y.f * jnp.asarray(r - r[-1]))
    if temperature is None:
        return y
    u = problem.equation.heat.tables.content(jnp.broadcast_to(jnp.asarray(temperature), y.matter.heat.shape))
    return y._replace(matter=y.matter._replace(heat=u))


def test_field_and_heat_exchange_the_same_energy(problem):
    """A strong field in a crust of uneven temperature: heat on the grid is the field's Joule heat; both budgets close."""
    equation, r = problem.equation, np.asarray(problem.equation.shell.r)
    assert isinstance(equation, ThermalEMHD)
    theta = equation.sphere.theta[:, None, None]
    uneven = 1e9 * (1 + 0.3 * np.cos(theta) ** 2 * np.sin(np.pi * (r - r[0]) / (r[-1] - r[0])))
    change, energy, limits = changes(equation, strong(problem, uneven))
    made = change.ledger
    assert set(limits) >= {"hall", "conduction", "diffusion"} and float(limits["diffusion"].rate) > 0
    assert float(made.heat.joule) == pytest.approx(float(made.joule), rel=1e-11)
    assert float(energy) == pytest.approx(float(made.work - made.joule), rel=1e-10)
    gained = made.heat.joule - made.heat.neutrinos + made.heat.core - made.heat.photons
    content = equation.heat.content(change.matter.heat)
    assert float(content) == pytest.approx(float(gained), abs=1e-12 * float(sum(jnp.abs(x) for x in made.heat)))
    assert abs(float(made.work / made.joule)) > 0.01 and float(made.heat.photons) > 0


def test_a_uniform_temperature_is_the_prescribed_one(problem):
    """Field's tendency and ledger against those of the same case without heat, to the tables' accuracy."""
    plain = kiral.build("crust-cmi-axisymmetric", SMALL | {"model.heat": None})
    found, expected = changes(problem.equation, strong(problem, 1e9))[0], changes(plain.equation, strong(plain))[0]
    for a, b in ((found.f, expected.f), (found.g, expected.g)):
        assert np.abs(a - b).max() < 1e-4 * np.abs(b).max()
    for a, b in zip(jax.tree.leaves(found.ledger._replace(heat=None)), jax.tree.leaves(expected.ledger), strict=True):
        assert float(a) == pytest.approx(float(b), rel=2e-4)


def test_a_run_keeps_its_budgets_and_goes_on_to_the_same_bits(tmp_path):
    """A strong field heats the crust: field and heat close together, stopped and resumed or not."""
    strong_field = {"initial.b_mean": 3e14, "initial.noise": 0.3, "initial.noise_degree": 2}
    given = SMALL | strong_field | {"time.t_end": 0.4, "output.series": {"every_time": 0.2}}
    whole = kiral.run("crust-cmi-axisymmetric", given, out=tmp_path / "whole", progress=False)
    part = kiral.run("crust-cmi-axisymmetric", given | {"time.t_end": 0.2}, out=tmp_path / "part", progress=False)
    rest = kiral.resume(part.path, {"time.t_end": 0.4}, progress=False)
    names = ("energy_poloidal", "energy_toroidal", "heat_content", "temperature_max", "photon_energy")
    assert all(np.array_equal(rest.series[name], whole.series[name]) for name in names)
    assert float(abs(whole.series["drift_heat"]).max()) < 1e-13
    assert float(abs(whole.series["drift_energy"]).max()) < 1e-5
    assert float(whole.series["joule_heat"][-1]) > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model.temperature": 1e7}, "heat.lowest"),
        ({"time.scheme": "ark4"}, "ark4_refreshed"),
        ({"model.n5_rate": 1e3}, "n5_rate"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    with pytest.raises(ConfigError, match=says):
        kiral.build("crust-cmi-axisymmetric", SMALL | change)
