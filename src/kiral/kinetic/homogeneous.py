"""Homogeneous chiral plasma in electric and magnetic fields of any size: steady states and their approach, from f(p).

The chiral kinetic equation in relaxation-time approximation, G16 (12) with uniform fields, solved on a grid of momenta
(`kiral.kinetic.vlasov`): non-perturbative in E and v × B, first order in the Berry curvature. It goes where the closed forms
of `kiral.kinetic.currents` fail, c e E τ ~ T or c e B τ ~ T, and checks them where they hold.

Number currents j_λ (the electric current is e Σ_λ j_λ). Units: ħ = 1, Gaussian, c explicit. Vectors have their component on
the first axis; chirality, right then left, comes second, time last. G16 = Gorbar et al. 2016 (arXiv:1603.03442).

Limits of the model: T is a fixed bath; the magnetic-moment energy and the side jump of collisions are left out, as in G16;
first order in Berry curvature asks for e c B ≪ T². The anomaly of a driven state is A e²E·B/(4π²c) with A < 1
(`kiral.kinetic.exact.anomaly_factor`), A depends on mu_λ: with E·B ≠ 0 and mu mu5 ≠ 0 the two chiralities do not gain and lose
quite the same, and the total charge drifts by A(mu_R) - A(mu_L). That is the model's, not the grid's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kiral.core.arrays import check
from kiral.errors import ConfigError, NumericalError
from kiral.kinetic.phase_space import real_harmonics
from kiral.kinetic.vlasov import Fields, Grid, Operator, Resolution

Field = Any  # a vector (3,), a function of time that gives one, or None for no field

# Hairer & Wanner, Solving Ordinary Differential Equations II, table IV.6.5: SDIRK of order 4, L-stable, stiffly accurate
_GAMMA = 0.25
_STAGES = np.array([0.25, 0.75, 0.55, 0.5, 1.0])
_TABLEAU = (
    (),
    (1 / 2,),
    (17 / 50, -1 / 25),
    (371 / 1360, -137 / 2720, 15 / 544),
    (25 / 24, -49 / 48, 125 / 16, -85 / 12),
)


@dataclass(frozen=True)
class Plasma:
    """temperature, mu, mu5 [energy] with mu_λ = mu + λ mu5; tau – relaxation time; charge – e; c."""

    temperature: float
    mu: float
    mu5: float
    tau: float
    charge: float
    c: float = 1.0

    def __post_init__(self) -> None:
        for name in ("temperature", "tau", "c"):
            check(name, getattr(self, name), above=0.0)
        for name in ("mu", "mu5", "charge"):
            check(name, getattr(self, name))

    @property
    def potentials(self) -> np.ndarray:
        """mu_λ/T (2,)."""
        return np.array([self.mu + self.mu5, self.mu - self.mu5]) / self.temperature

    def reduced(self, electric: np.ndarray, magnetic: np.ndarray) -> Fields:
        """The fields as the kinetic equation in units of T/c and τ sees them."""
        scale = self.c * self.charge / self.temperature
        return Fields(
            scale * self.tau * electric, scale * self.tau * magnetic, scale / self.temperature * magnetic,
            scale / self.temperature * electric,
        )  # fmt: skip


@dataclass(frozen=True)
class Distribution:
    """f(p) of both species and chiralities as harmonics.

    momentum – (n_p,) |p|. degree, order – (n_lm,). frame – (3, 3), rows are the axes of the harmonics. vlasov, berry – F and
    g as (species, chirality, n_p, n_lm): particles then antiparticles, right then left.
    """

    momentum: np.ndarray
    degree: np.ndarray
    order: np.ndarray
    frame: np.ndarray
    vlasov: np.ndarray
    berry: np.ndarray

    def occupation(self, directions: np.ndarray) -> np.ndarray:
        """f = F + g for unit vectors (3, n): (species, chirality, n_p, n)."""
        harmonics = real_harmonics(self.degree, self.order, self.frame @ np.asarray(directions, dtype=float))
        return (self.vlasov + self.berry) @ harmonics


@dataclass(frozen=True)
class Homogeneous:
    """What a homogeneous plasma carries; S is () for a steady state, (times,) for an evolution.

    time – S. mu – (2, *S) of both chiralities. density – (2, *S) net number. production – (2, *S) dn/dt by the anomaly.
    vlasov, berry, chiral_magnetic, anomalous_hall – (3, 2, *S): ∫ v F, ∫ v g, (e/c) B ∫ (v·Ω) F, e E × ∫ Ω F, G16 (9).
    distribution – of the steady state or the last time.
    """

    time: np.ndarray
    mu: np.ndarray
    density: np.ndarray
    production: np.ndarray
    vlasov: np.ndarray
    berry: np.ndarray
    chiral_magnetic: np.ndarray
    anomalous_hall: np.ndarray
    distribution: Distribution

    @property
    def current(self) -> np.ndarray:
        """Number current of each chirality, (3, 2, *S)."""
        return self.vlasov + self.berry + self.chiral_magnetic + self.anomalous_hall

    @property
    def electric(self) -> np.ndarray:
        """j (3, *S); e times it is the electric current."""
        return self.current.sum(axis=1)

    @property
    def axial(self) -> np.ndarray:
        """j5 (3, *S)."""
        return self.current[:, 0] - self.current[:, 1]


def steady_state(
    *, temperature: float, mu: float, mu5: float = 0.0, tau: float, charge: float, c: float = 1.0, electric_field: Field = None,
    magnetic_field: Field = None, resolution: Resolution | None = None,
) -> Homogeneous:  # fmt: skip
    """The stationary f(p) in constant E and B (3,), for given mu_λ: one sparse factorisation, two back-substitutions.

    With E·B = 0 its density is the equilibrium one of mu_λ. With E·B ≠ 0 there is no stationary state at fixed density; this
    is the one whose anomalous production is taken up by the bath, n - n_eq = τ dn/dt, with mu_λ held.
    Errors against exact results: `Resolution`. ConfigError for fields that are not constant vectors.
    """
    plasma = Plasma(temperature, mu, mu5, tau, charge, c)
    electric, magnetic = (_constant(n, f) for n, f in (("electric_field", electric_field), ("magnetic_field", magnetic_field)))
    problem = _Problem(plasma, electric[None], magnetic[None], resolution or Resolution())
    operator = problem.operator(electric, magnetic)
    h = operator.solve(problem.grid.equilibrium(plasma.potentials), 1.0, 1.0)
    k = operator.solve(operator.source(h), 1.0, 1.0)
    record = problem.record(operator, h, k, plasma.potentials)
    return problem.answer(np.array(np.inf), [np.squeeze(part) for part in record], operator, h, k)


def evolve(
    *, temperature: float, mu: float, mu5: float = 0.0, tau: float, charge: float, c: float = 1.0, electric_field: Field = None,
    magnetic_field: Field = None, t_end: float, steps: int, resolution: Resolution | None = None,
) -> Homogeneous:  # fmt: skip
    """f(p, t) from equilibrium at t = 0 to t_end in equal steps; the fields are vectors (3,) or functions of time.

    SDIRK of order 4, L-stable: steps need to follow the fields and τ, not the small elements. The matrix is factorised once
    where the fields are constant, else at each of five stages. mu_λ follows from the number at each stage; collisions conserve
    it to round-off. Fields with one common axis at all times are solved with its rotational symmetry.
    """
    plasma = Plasma(temperature, mu, mu5, tau, charge, c)
    check("t_end", t_end, above=0.0)
    if not isinstance(steps, int) or steps < 1:
        raise ConfigError(f"steps: {steps!r} given; allowed: a whole number of at least 1")
    h = t_end / steps
    times = h * np.r_[0.0, (np.arange(steps)[:, None] + _STAGES).ravel()]
    electric = _sampled("electric_field", electric_field, times)
    magnetic = _sampled("magnetic_field", magnetic_field, times)
    problem = _Problem(plasma, electric, magnetic, resolution or Resolution())
    state = _State(problem, problem.operator(electric[0], magnetic[0]), plasma.potentials)
    rows = [state.record()]
    for step in range(steps):
        here = slice(1 + 5 * step, 6 + 5 * step)
        state.advance(electric[here], magnetic[here], h / tau)
        rows.append(state.record())
    parts = [np.stack(part, axis=-1) for part in zip(*rows, strict=True)]
    return problem.answer(h * np.arange(steps + 1), parts, state.operator, state.h, state.k)


class _Problem:
    """A plasma, the frame and grid that fit all its fields, and the way back to units."""

    def __init__(self, plasma: Plasma, electric: np.ndarray, magnetic: np.ndarray, resolution: Resolution) -> None:
        for name in ("elements", "nodes", "l_max"):
            value = getattr(resolution, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ConfigError(f"resolution.{name}: {value!r} given; allowed: a whole number of at least 1")
        if resolution.first_element is not None:
            check("resolution.first_element", resolution.first_element, above=0.0, below=45.0)
        self.plasma, self.frame = plasma, _frame(electric, magnetic)
        fields = plasma.reduced(electric @ self.frame.T, magnetic @ self.frame.T)
        across = max(np.abs(fields.force[:, :2]).max(), np.abs(fields.turning[:, :2]).max())
        force, turning = (float(np.linalg.norm(v, axis=-1).max()) for v in (fields.force, fields.turning))
        self._negligible = 1e-14 * max(force, turning)
        self.grid = Grid(
            resolution, axisymmetric=bool(across <= self._negligible), force=force, turning=turning,
            potential=float(np.abs(plasma.potentials).max()),
        )  # fmt: skip

    def fields(self, electric: np.ndarray, magnetic: np.ndarray) -> Fields:
        """Reduced fields in the frame; rounding of the rotation is removed."""
        made = self.plasma.reduced(self.frame @ electric, self.frame @ magnetic)
        small = [np.abs(v) <= self._negligible for v in (made.force, made.turning)]
        clean = [np.where(s, 0.0, v) for s, v in zip([*small, small[1], small[0]], vars(made).values(), strict=True)]
        return Fields(*clean)

    def operator(self, electric: np.ndarray, magnetic: np.ndarray) -> Operator:
        return Operator(self.grid, self.fields(electric, magnetic))

    def record(self, operator: Operator, h: np.ndarray, k: np.ndarray, potentials: np.ndarray) -> list[np.ndarray]:
        """mu, density, production and the four currents, in the user's units and axes."""
        p = self.plasma
        states = (p.temperature / p.c) ** 3
        flows = p.c * states * np.einsum("ji,tjx->tix", self.frame, operator.currents(h, k))
        made = states / p.tau * operator.production(h)
        return [p.temperature * potentials, states * operator.number(h, k), made, *flows]

    def answer(
        self, time: np.ndarray, parts: list[np.ndarray], operator: Operator, h: np.ndarray, k: np.ndarray
    ) -> Homogeneous:
        grid = self.grid
        f, g = (operator.in_frame(v) / grid.radius.p[:, None] ** 2 for v in (h, k))
        momentum = grid.radius.p * self.plasma.temperature / self.plasma.c
        distribution = Distribution(momentum, grid.angles.degree, grid.angles.order, self.frame, f, g)
        mu, density, production, *currents = parts
        return Homogeneous(time, mu, density, production, *currents, distribution=distribution)


class _State:
    """h, k and mu_λ/T of one time, and the step that advances them."""

    def __init__(self, problem: _Problem, operator: Operator, potentials: np.ndarray) -> None:
        self.problem, self.operator, self.potentials = problem, operator, potentials
        self.h = problem.grid.equilibrium(potentials)
        self.k = np.zeros_like(self.h)

    def record(self) -> list[np.ndarray]:
        return self.problem.record(self.operator, self.h, self.k, self.potentials)

    def advance(self, electric: np.ndarray, magnetic: np.ndarray, step: float) -> None:
        """One SDIRK step of length `step` τ with the fields (5, 3) of its stages."""
        x = _GAMMA * step
        start = np.array([self.operator.in_frame(self.h), self.operator.in_frame(self.k)])
        slopes: list[np.ndarray] = []
        for stage, weights in enumerate(_TABLEAU):
            base = start + step * sum((w * s for w, s in zip(weights, slopes, strict=True)), np.zeros_like(start))
            self._use(electric[stage], magnetic[stage])
            self._stage(self.operator.in_frame(base[0]), self.operator.in_frame(base[1]), x)
            here = np.array([self.operator.in_frame(self.h), self.operator.in_frame(self.k)])
            slopes.append((here - base) / x)

    def _use(self, electric: np.ndarray, magnetic: np.ndarray) -> None:
        fields = self.problem.fields(electric, magnetic)
        if not fields.same(self.operator.fields):
            self.operator = Operator(self.problem.grid, fields)

    def _stage(self, h: np.ndarray, k: np.ndarray, x: float) -> None:
        """h, k ← solution of (1 + x + x L)(h, k) = base + x (h_eq(mu), λ S h), with mu from the number that this has.

        The number obeys n = n(base) + x·production(h): an equation for mu that converges at once, because the production
        hardly depends on it.
        """
        operator, grid = self.operator, self.problem.grid
        before, production = operator.number(h, k), operator.production(self.h)
        for _ in range(30):
            potentials = grid.potentials(before + x * production)
            made = operator.solve(h + x * grid.equilibrium(potentials), 1 + x, x)
            last, production = production, operator.production(made)
            if np.all(np.abs(x * (production - last)) <= 1e-15 * (1e-3 + np.abs(before))):
                break
        else:
            raise NumericalError("the chemical potential of a stage did not converge; take more steps")
        self.h, self.potentials = made, potentials
        self.k = operator.solve(k + x * operator.source(made), 1 + x, x)


def _frame(electric: np.ndarray, magnetic: np.ndarray) -> np.ndarray:
    """Rows x, y, z: z along the first field that is not zero (E before B), x towards the first other direction."""
    vectors = [v / np.linalg.norm(v) for v in np.concatenate([electric, magnetic]) if np.linalg.norm(v) > 0]
    z = vectors[0] if vectors else np.array([0.0, 0.0, 1.0])
    across = [v - (v @ z) * z for v in vectors]
    x = next((v for v in across if np.linalg.norm(v) > 1e-12), np.eye(3)[np.argmin(np.abs(z))])
    x = x - (x @ z) * z
    x = x / np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z])


def _constant(name: str, field: Field) -> np.ndarray:
    if callable(field):
        raise ConfigError(f"{name}: a function of time given; allowed: a vector (3,); a steady state needs constant fields")
    return _sampled(name, field, np.zeros(1))[0]


def _sampled(name: str, field: Field, times: np.ndarray) -> np.ndarray:
    """The field (times, 3)."""
    values: list[Any] = [np.zeros(3)] if field is None else [field(t) for t in times] if callable(field) else [field]
    for value in values:
        check(name, value)
        if np.shape(value) != (3,):
            raise ConfigError(f"{name}: shape {np.shape(value)} given; allowed: (3,), uniform in space, or a function of time")
    return np.broadcast_to(np.asarray(values, dtype=float), (len(times), 3))
