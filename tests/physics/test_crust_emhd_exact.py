"""Electron MHD in a shell against exact solutions: Hall drift of a toroidal field towards its shock, waves on a uniform
current, growth and saturation of a Beltrami field by feedback, Ohmic decay.

The exact solutions are those of unbounded space. Fields are kept away from the shell's boundaries, and what the boundaries send
does not arrive where and while fields are compared.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import lambertw

import kiral
from kiral.core.advance import advance, sample, start, step_options
from kiral.crust.coefficients import uniform
from kiral.crust.emhd import make_equation
from kiral.crust.emhd_page import estimate_rows
from kiral.crust.emhd_state import initial_state
from kiral.crust.induction import make_induction
from kiral.geometry.shell import element_edges, make_shell
from kiral.geometry.sphere import make_sphere

jax.config.update("jax_enable_x64", True)
HALL = 0.8
RING, WIDTH = 0.6, 0.13  # a ring around the axis, in a shell from 0.2 to 1: 8e-5 of it reaches the boundaries


def shell_equation(l_max, m_max, inner, n_r, order, *, eta, k5=0.0, hall=0.0, feedback=None):
    sphere, shell = make_sphere(l_max, m_max), make_shell(element_edges(inner, 1.0, n_r // order), order)
    induction = make_induction(shell, uniform(shell.r, eta=eta, k5=k5, hall=hall), sphere.degrees)
    return make_equation(induction, sphere, hall=hall != 0, feedback=feedback)


def ring(distance, z):
    return np.exp(-((distance - RING) ** 2 + z**2) / WIDTH**2)


def cylinder(equation):
    """(distance from the axis, z) at the grid's points, (theta, r)."""
    theta, r = equation.sphere.theta[:, None], np.asarray(equation.shell.r)
    return np.sin(theta) * r, np.cos(theta) * r


def runge_kutta(rate, x, h, steps):
    """The classical method, for what has no implicit part; the stages are a loop, so that the rate is compiled once."""
    nodes, weights = jnp.array([0.0, 0.5, 0.5, 1.0]), jnp.array([1, 2, 2, 1]) / 6

    def step(_, x):
        def stage(i, carry):
            slope, new = carry
            slope = rate(jax.tree.map(lambda a, s: a + nodes[i] * h * s, x, slope))
            return slope, jax.tree.map(lambda a, s: a + weights[i] * h * s, new, slope)

        return jax.lax.fori_loop(0, 4, stage, (jax.tree.map(jnp.zeros_like, x), x))[1]

    return jax.lax.fori_loop(0, steps, step, x)


# --- a toroidal field steepens ---------------------------------------------------------------------------------------


@jax.jit
def drifted(equation, f, g, h, steps):
    def rate(x):
        found = equation.evaluate(jnp.zeros(()), initial_state(*x))[0]
        return found.f, found.g

    return runge_kutta(rate, (f, g), h, steps)


def steepened(distance, z, t):
    """B_phi/ϖ = u(z + 2 f u t), which solves ∂t u = 2 f u ∂z u until characteristics meet."""
    u = ring(distance, z)
    for _ in range(50):
        at = z + 2 * HALL * u * t
        u = u - (u - ring(distance, at)) / (1 + 4 * HALL * t * at / WIDTH**2 * ring(distance, at))
    return u


def largest_slope(equation, g):
    """Largest ∂z of B_phi/ϖ on the line ϖ = RING, by Fourier series in z."""
    z = np.linspace(-0.5, 0.5, 200, endpoint=False)
    r = np.hypot(RING, z)
    x = z / r
    basis = [np.polynomial.legendre.Legendre.basis(l).deriv() for l in equation.sphere.degrees]
    slopes = np.stack([np.sqrt((2 * l + 1) / (4 * np.pi)) * p(x) for l, p in enumerate(basis)], axis=1)
    values = equation.shell.interpolation(r) @ np.asarray(g)[:, 0].real.T
    u = np.sum(values * slopes, axis=1) / r**2  # B_phi = -(g/r) ∂θ Y = (g/r) sinθ Y'(cosθ)
    waves = 2j * np.pi * np.fft.rfftfreq(z.size, z[1] - z[0])
    return np.fft.irfft(waves * np.fft.rfft(u)).max()


def test_a_toroidal_field_drifts_along_z_towards_its_shock():
    """Uniform n_e: ∂t B_phi = (2 f B_phi/ϖ) ∂z B_phi; the largest slope of B_phi/ϖ grows as 1/(1 - t/t_shock)."""
    first = np.sqrt(2 / np.e) / WIDTH  # largest ∂z of B_phi/ϖ
    shock = 1 / (2 * HALL * first)
    end, wrong, due = 0.2 * shock, [], []
    for l_max, n_r, steps in ((24, 40, 24), (40, 72, 48)):
        equation = shell_equation(l_max, 0, 0.2, n_r, 4, eta=0.0, hall=HALL)
        distance, z = cylinder(equation)
        field = jnp.asarray(distance * ring(distance, z))[:, None]
        g = equation.sphere.vector_analysis(0 * field, field)[1] * equation.shell.r
        f, g = drifted(equation, 0 * g, g.at[..., -1].set(0.0), end / steps, steps)
        assert float(np.abs(f).max()) == 0.0  # no poloidal field comes of it
        found = equation.sphere.vector_synthesis(0 * g, g / equation.shell.r)[1][:, 0]
        exact = distance * steepened(distance, z, end)
        wrong.append(float(np.abs(found - exact).max() / exact.max()))
        due.append(end / (1 - first / largest_slope(equation, g)) / shock - 1)
    assert np.abs(exact - field[:, 0]).max() > 0.1 * exact.max()  # it has moved
    assert wrong[1] < 1e-3 and wrong[1] < wrong[0] / 8
    assert abs(due[1]) < 0.03 and abs(due[1]) < abs(due[0]) / 4


# --- waves on a uniform current --------------------------------------------------------------------------------------


class Unbounded:
    """b = curl(F ẑ), F = e^{iφ} ring(ϖ, z - height), and what becomes of it in all space, by Fourier series in a large box."""

    side, points = 2.4, 48

    def __init__(self, height):
        line = np.arange(self.points) * self.side / self.points - self.side / 2
        x, y, z = np.meshgrid(line, line, line, indexing="ij")
        distance = np.hypot(x, y)
        scalar = (x + 1j * y) / np.maximum(distance, 1e-9) * ring(distance, z - height)
        self.k = 2 * np.pi * np.fft.fftfreq(self.points, self.side / self.points)
        self.waves = np.stack(np.meshgrid(self.k, self.k, self.k, indexing="ij"))
        modes = np.fft.fftn(scalar) / self.points**3 * np.exp(0.5j * self.side * self.waves.sum(axis=0))
        self.modes = self.curl(np.stack([0 * modes, 0 * modes, modes]))

    def curl(self, modes):
        return 1j * np.cross(self.waves, modes, axis=0)

    def after(self, drift, spread):
        """exp(-i spread curl) of the field moved down by `drift`, with curl² = k²."""
        k = np.sqrt(np.sum(self.waves**2, axis=0))
        turned = np.cos(spread * k) * self.modes - 1j * spread * np.sinc(spread * k / np.pi) * self.curl(self.modes)
        return np.exp(1j * drift * self.waves[2]) * turned

    def at(self, modes, x, z):
        """Complex (b_x, b_y, b_z) in the half plane φ = 0, each of the shape of x and z."""
        along_x, along_z = (np.exp(1j * np.outer(p, self.k)) for p in (x, z))
        planes = (modes.sum(axis=2).reshape(-1, self.points) @ along_z.T).reshape(3, self.points, -1)
        return np.einsum("cxp,px->cp", planes, along_x).reshape(3, *x.shape)


@jax.jit
def drifted_about(equation, base, f, g, h, steps):
    """Linear in (f, g) about the fixed field `base`: the equation is quadratic, so that half a difference is exact."""

    def rate(x):
        states = (initial_state(base[0] + sign * x[0], base[1] + sign * x[1]) for sign in (1.0, -1.0))
        ahead, behind = (equation.evaluate(jnp.zeros(()), y)[0] for y in states)
        return (ahead.f - behind.f) / 2, (ahead.g - behind.g) / 2

    return runge_kutta(rate, (f, g), h, steps)


def functions(equation, exact, modes):
    """(f, g) of the real part of the field e^{iφ} with these Fourier modes."""
    sphere, r = equation.sphere, equation.shell.r
    b = exact.at(modes, *cylinder(equation))
    sine, cosine = np.sin(sphere.theta)[:, None], np.cos(sphere.theta)[:, None]
    turn = np.exp(1j * sphere.phi)[:, None]
    parts = (sine * b[0] + cosine * b[2], cosine * b[0] - sine * b[2], b[1])
    b_r, b_theta, b_phi = (jnp.asarray((turn * part[:, None]).real) for part in parts)
    level = np.maximum(sphere.degrees * (sphere.degrees + 1.0), 1)[:, None, None]
    return sphere.analysis(b_r) * r**2 / level, sphere.vector_analysis(b_theta, b_phi)[1] * r


def test_waves_on_a_uniform_current_drift_with_electrons_and_go_both_ways_by_helicity():
    """B = U ϖ φ̂, current 2 U ẑ: a small b of e^{imφ} obeys ∂t b = 2 f U ∂z b - i m f U curl b, |ω| = f (B·k) k but for drift.

    It is -f curl(J × b + curl b × B) with uniform J and ∇ × (curl b × B) = L_φ curl b · U. Either helicity goes at m f U, so
    that nothing comes from where U falls to 0, near both boundaries.
    """
    drift, spread, strength = 0.12, 0.06, 1.5
    equation = shell_equation(28, 1, 0.2, 64, 4, eta=0.0, hall=HALL)
    r, exact = np.asarray(equation.shell.r), Unbounded(drift / 2)

    def rising(s):
        s = np.clip(s / 0.15, 0, 1)
        return s**3 * (10 - 15 * s + 6 * s**2)

    base = np.zeros((2, 29, 2, r.size), complex)
    base[1, 1, 0] = strength * r**2 / np.sqrt(3 / (4 * np.pi)) * rising(r - 0.2) * rising(1 - r)
    first, last, carried = (
        functions(equation, exact, modes) for modes in (exact.modes, exact.after(drift, spread), exact.after(drift, 0.0))
    )
    f, g = (x.at[..., [0, -1]].set(0.0) for x in first)
    found = drifted_about(equation, tuple(base), f, g, spread / (HALL * strength) / 40, 40)
    inside = (r > 0.5) & (r < 0.7)

    def apart(a, b):
        """Largest difference, of f and of g, over their largest value."""
        return [float(np.abs(x - y)[..., inside].max() / np.abs(y)[..., inside].max()) for x, y in zip(a, b, strict=True)]

    assert min(apart(first, last) + apart(carried, last)) > 0.25  # neither at rest nor only carried along
    wrong = apart(found, last)
    assert wrong[0] < 1e-4 and wrong[1] < 5e-3


@jax.jit
def fastest_whistler(equation, base, f, g, turns):
    """|ω| of the fastest linear wave on `base`, by power iteration, and the rate that the equation limits its steps by."""
    zero = jnp.zeros(())

    def rate(x):
        found = equation.evaluate(zero, initial_state(*x))[0]
        return found.f, found.g

    def turned(_, carry):
        x = jax.jvp(rate, (base,), (carry[0],))[1]
        size = jnp.sqrt(sum(jnp.sum(jnp.abs(part) ** 2) for part in x))
        return jax.tree.map(lambda part: part / size, x), size

    limit = equation.evaluate(zero, initial_state(*base))[1]["hall"].rate
    return jax.lax.fori_loop(0, turns, turned, ((f, g), zero))[1], limit


def test_steps_are_limited_by_the_fastest_whistler_of_the_grid():
    """The bound takes the largest B at each radius and its shortest wave: never below the wave, not far above."""
    equation = shell_equation(6, 2, 0.5, 16, 4, eta=0.0, hall=HALL)
    r = np.asarray(equation.shell.r)
    base, noise = np.zeros((2, 2, 7, 3, r.size), complex)
    base[:, 1, 0], base[:, 2, 1], base[:, 3, 2] = r - 0.5, (0.3 + 0.2j) * (r - 0.5), 0.2 * (r - 0.5) ** 2
    base[1] *= 1 - r
    random = np.random.default_rng(2).normal(size=(2, 6, 3, r.size))
    noise[:, 1:, :, 1:-1] = (equation.sphere.mask[1:, :, None] * random)[..., 1:-1]
    wave, limit = (float(x) for x in fastest_whistler(equation, tuple(base), *noise, 300))
    assert wave < limit < 4 * wave


# --- a Beltrami field under feedback ---------------------------------------------------------------------------------


def saturating(amplitude, t, b=1.0):
    """B of ln(B/B0) + b(B² - B0²)/2 = eta k(k5 - k) t, a uniform Beltrami field with the anomaly's feedback; that rate is 1."""
    return np.sqrt(lambertw(b * amplitude**2 * np.exp(b * amplitude**2 + 2 * t)).real / b)


def test_a_beltrami_field_grows_and_saturates_by_feedback():
    """Six wavelengths along r in a thin shell, strength ∝ sinθ: at each colatitude the exact solution of a uniform one.

    Derivatives along the surface are 1e-4 of those along r, and the boundaries' influence has not come to the middle.
    """
    assert saturating(0.1, 1.0) == pytest.approx(0.263845316843, rel=1e-11)
    assert saturating(0.1, 5.0) == pytest.approx(2.00370503064, rel=1e-11)
    thickness, n_r = 0.02, 96
    k = 2 * np.pi * 6 / thickness
    equation = shell_equation(23, 0, 1 - thickness, n_r, 8, eta=1 / k**2, k5=2 * k, feedback=1.0)
    shell, sphere = equation.shell, equation.sphere
    f = np.zeros((24, 1, n_r + 1))
    f[1, 0] = 0.1 / k / np.sqrt(3 / (4 * np.pi)) * np.sin(k * (shell.r - 1))

    @jax.jit
    def strength(y):
        """|B| in the middle, by colatitude: tangential, where f' is that of the element that begins there."""
        spheroidal, toroidal = shell.derivative(y.f)[..., n_r // 16, :1], y.g[..., n_r // 2, None]
        return jnp.hypot(*sphere.vector_synthesis(spheroidal, toroidal))[:, 0, 0] / shell.r[n_r // 2]

    options = step_options(1e-6, 0.05)
    carry = start(equation, "ark4", jnp.zeros(()), initial_state(f, k * f, reacting=True), options)
    first, equator = strength(carry.y), sphere.n_theta // 2
    assert float(first[equator]) == pytest.approx(0.1, rel=1e-2)
    wrong = []
    for t in (1.0, 3.0, 5.0):
        carry = advance(equation, "ark4", carry, 10**6, t, options)
        wrong.append(np.abs(strength(sample(equation, "ark4", carry, t, options)[1]) / saturating(first, t) - 1))
    assert wrong[0].max() < 3e-6 and wrong[1].max() < 1e-3
    assert wrong[2][equator] < 2e-3  # near the poles fields still grow: too steep in angle for these degrees


# --- Ohmic decay -----------------------------------------------------------------------------------------------------


def test_a_mode_of_order_one_decays_at_its_rate_and_the_page_says_so(tmp_path):
    """(l, m) = (2, 1) in three dimensions, k = 5.05283555048 of Bessel functions."""
    small = {"geometry.n_r": 16, "geometry.l_max": 2, "geometry.m_max": 1, "time.t_end": 0.02, "output.spectra": None}
    run = kiral.run("crust-decay", small | {"output.snapshots": {"at": [0.02]}}, out=tmp_path / "run", progress=False)
    name, _, expected, measured, _ = estimate_rows(run)[0]
    assert name == "rate of the energy"
    assert float(expected) == pytest.approx(-2 * 5.05283555048**2, rel=1e-8)
    assert float(measured) == pytest.approx(-2 * 5.05283555048**2, rel=1e-7)
    f = run.snapshots["f"][-1].values
    assert np.abs(f[:, 2, 1]).max() > 0.01
    f[:, 2, 1] = 0.0
    assert np.abs(f).max() < 1e-14


# --- published behaviour ---------------------------------------------------------------------------------------------


def flux_and_rotation(run, time):
    """Ψ = r sinθ A_φ and electrons' angular velocity over f, -curl B_φ/(r sinθ), off both boundaries, flat arrays."""
    snapshot = run.snapshots.sel(t=time, method="nearest")
    r = np.asarray(snapshot["r"])
    f, shell = snapshot["f"].values[0, :, 0], make_shell(r[::4], 4)
    level = np.arange(f.shape[0])[:, None] * (np.arange(f.shape[0])[:, None] + 1.0)
    x = np.linspace(-0.98, 0.98, 81)
    basis = [np.polynomial.legendre.Legendre.basis(l).deriv() for l in range(f.shape[0])]
    slopes = np.stack([np.sqrt((2 * l + 1) / (4 * np.pi)) * p(x) for l, p in enumerate(basis)])
    second = shell.derivative(shell.projected(shell.derivative(f)))
    current = level * f / r**2 - shell.projected(second)
    inside = slice(2, -2)
    flux = (f.T @ slopes * (1 - x**2))[inside].ravel()
    return flux, -((current / r**2).T @ slopes)[inside].ravel()


@pytest.mark.slow
@pytest.mark.parametrize("degree", [1, 2])
def test_hall_drift_goes_to_the_attractor(degree, tmp_path):
    """Gourgouliatos & Cumming (2014, PRL 112, 171101): electrons rotate alike along lines of the field, nearly in proportion
    to the flux; from degree l mainly l and l + 2 are there, their ratio steady, and little energy is in the toroidal field.

    Hall number 50, uniform n_e and diffusivity, a shell of a quarter of the radius.
    """
    given = {"geometry.inner": 0.75, "geometry.n_r": 16, "geometry.l_max": 15, "model.magnetic_diffusivity": 0.02}
    given |= {"initial": {"kind": "decay_mode", "degree": degree}, "time.t_end": 1.0, "output.series": {"every_time": 0.1}}
    times = [0.0, 0.6, 0.8, 1.0]
    run = kiral.run("crust-hall", given | {"output.spectra": {"at": times}, "output.snapshots": {"at": times}}, out=tmp_path)

    def spread(time):
        """Of the angular velocity among points of nearly the same flux, over that of all."""
        flux, rotation = flux_and_rotation(run, time)
        groups = np.array_split(rotation[np.argsort(flux)], 30)
        return np.sqrt(np.mean([group.var() for group in groups])) / rotation.std()

    assert spread(0.0) > 0.4 and spread(1.0) < 0.12
    assert abs(np.corrcoef(*flux_and_rotation(run, 1.0))[0, 1]) > 0.9
    poloidal, toroidal = (run.spectra[f"energy_{part}_l"].values for part in ("poloidal", "toroidal"))
    assert np.all(poloidal[1:, [degree, degree + 2]].sum(axis=1) > 0.95 * poloidal[1:].sum(axis=1))
    assert np.all(toroidal[1:].sum(axis=1) < 5e-3 * poloidal[1:].sum(axis=1))
    ratio = poloidal[1:, degree + 2] / poloidal[1:, degree]
    assert ratio.max() / ratio.min() < {1: 1.5, 2: 1.15}[degree]  # by Ohm's law alone the share of l + 2 would fall
