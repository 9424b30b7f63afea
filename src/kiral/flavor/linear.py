"""Linear stability of discrete beams: all modes ψ_j e^{i(k·r - ωt)} of ψ = P^x + i P^y about P = P^z, as eigenvalues.

    ω ψ_j = (k·V_j - G0 + G1·V_j + δ_j) ψ_j + g_j Σ_j' w_j' (1 - V_j·V_j') ψ_j',   G0 = Σ w g,  G1 = Σ w g V

in units √2 G_F = 1, with weights w that hold the quadrature (they add up to 2, see `kiral.flavor.distributions`). g is the
lepton number of a beam, P^z = ρ_ee - ρ_xx per dv for neutrinos, its negative for antineutrinos. A mode may be any direction,
energy and species. δ = -(vacuum + matter) - i damping, where `vacuum` is H_ee - H_xx of the vacuum term, m_e²-m_x² over 2E
times cos 2θ: negative for normal order, of opposite sign for antineutrinos. `matter` is √2 G_F n_e; `damping` the rate at
which ρ_ex decays, (κ_e + κ_x)/2 for emission and absorption. Mixing angles are taken to be small or suppressed by matter:
they feed the modes and do not change them.

ρ_ex itself is ½(P^x - i P^y): its modes are those of ψ with (k, ω) → (-k, -ω*), of the same growth.
Discrete angles have as many modes as beams. Those that continue no mode of the continuous distribution crowd on the real
axis, or grow slowly: they are spurious only if the beams stand for a continuum (`kiral.flavor.continuum` has its modes).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.errors import ConfigError

Complex = NDArray[np.complex128]


class Beams(NamedTuple):
    """Checked input: directions V (N, d) with d = 1 or 3, weights, lepton numbers and δ (N,)."""

    directions: NDArray[np.float64]
    weights: NDArray[np.float64]
    lepton_number: NDArray[np.float64]
    detuning: Complex

    @property
    def moments(self) -> tuple[float, NDArray[np.float64]]:
        """G0, and G1 (d,)."""
        number = self.weights * self.lepton_number
        return float(number.sum()), number @ self.directions

    @property
    def coupling(self) -> NDArray[np.float64]:
        """g_j w_j' (1 - V_j·V_j'), (N, N)."""
        kernel = 1 - self.directions @ self.directions.T
        return self.lepton_number[:, None] * kernel * self.weights

    @property
    def diagonal(self) -> Complex:
        """-G0 + G1·V + δ, (N,)."""
        g0, g1 = self.moments
        return -g0 + self.directions @ g1 + self.detuning

    @property
    def scale(self) -> float:
        """Σ w |g|, in which growth rates are small or large."""
        return float(np.abs(self.weights * self.lepton_number).sum())

    def tensor(self, omega: Any, k: Any, power: int = 1, factor: Any = 1.0) -> Complex:
        """Σ factor w g V^μ V^ν/(ω - k·V - diagonal)^power, (*S, 1+d, 1+d), for ω (*S,) and a wave vector k (d,)."""
        four = np.concatenate([np.ones((self.weights.size, 1)), self.directions], axis=1)
        pole = np.asarray(omega)[..., None] - self.directions @ k - self.diagonal
        number = factor * self.weights * self.lepton_number / pole**power
        return np.einsum("jm,...j,jn->...mn", four, number, four)

    def determinant(self, omega: Any, k: Any) -> Complex:
        """det(1 - Π η), η = diag(1, -1, …), 0 for a mode."""
        metric = np.r_[1.0, -np.ones(self.directions.shape[1])]
        return np.linalg.det(np.eye(metric.size) - self.tensor(omega, k) * metric)

    def group_velocity(self, omega: complex, k: NDArray, unit: NDArray) -> complex:
        """∂ω/∂k of a mode as the wave vector k grows along `unit`, from the null vectors of 1 - Π η."""
        metric = np.r_[1.0, -np.ones(self.directions.shape[1])]
        left, _, right = np.linalg.svd(np.eye(metric.size) - self.tensor(omega, k) * metric)
        left, right = left[:, -1].conj(), metric * right[-1].conj()
        along = self.tensor(omega, k, 2, self.directions @ unit)
        return complex((left @ along @ right) / (left @ self.tensor(omega, k, 2) @ right))


def beams(
    velocities: Any,
    weights: Any,
    lepton_number: Any,
    *,
    vacuum: Any = 0.0,
    matter: float = 0.0,
    damping: Any = 0.0,
) -> Beams:
    """Velocities (N,) of axially symmetric modes, or directions (N, 3); the others (N,) or one number for all.

    ConfigError: other shapes, numbers that are not finite, |V| > 1, damping < 0.
    """
    v = _numbers("velocities", velocities)
    v = v[:, None] if v.ndim == 1 else v
    if v.ndim != 2 or v.shape[1] not in (1, 3) or v.shape[0] == 0:
        raise ConfigError(f"velocities: shape {np.shape(velocities)} given; allowed: (n,) along the axis, or directions (n, 3)")
    if np.any(np.sum(v**2, axis=1) > 1 + 1e-12):
        raise ConfigError("velocities: above the speed of light; allowed: |v| <= 1")
    rows = {}
    for name, given in (("weights", weights), ("lepton_number", lepton_number), ("vacuum", vacuum), ("damping", damping)):
        values = _numbers(name, given)
        if values.shape not in ((), (v.shape[0],)):
            raise ConfigError(f"{name}: shape {values.shape} given; allowed: ({v.shape[0]},), a value for each velocity")
        rows[name] = np.broadcast_to(values, v.shape[:1])
    if np.any(rows["damping"] < 0):
        raise ConfigError(f"damping: {rows['damping'].min():g} given; allowed: at least 0")
    detuning = -(rows["vacuum"] + float(matter)) - 1j * rows["damping"]
    return Beams(v, rows["weights"], rows["lepton_number"], detuning)


def dispersion(
    velocities: Any,
    weights: Any,
    lepton_number: Any,
    k: Any,
    *,
    vacuum: Any = 0.0,
    matter: float = 0.0,
    damping: Any = 0.0,
) -> Complex:
    """All N frequencies ω for real wave numbers k, the fastest growing first, in units √2 G_F = 1.

    Args: as in the module's text. velocities (N,): along the axis, k of any shape S. velocities (N, 3): directions on the
        sphere, with the modes that break axial symmetry; k (*S, 3), or (*S,) for wave vectors along z.
        Sums over angles carry their weights: for beams without a quadrature give weights 1.
    Returns: (*S, N), complex, by falling Im ω; growth e^{Im ω t}.
    Errors: ConfigError for shapes or numbers that make no sense.
    """
    found = beams(velocities, weights, lepton_number, vacuum=vacuum, matter=matter, damping=damping)
    omega = np.linalg.eigvals(matrices(found, wave_vectors(found, k)))
    order = np.lexsort((omega.real, -omega.imag), axis=-1)
    return np.take_along_axis(omega, order, -1).astype(complex)


def matrices(found: Beams, k: NDArray[np.float64]) -> NDArray:
    """Matrices (*S, N, N) whose eigenvalues are ω, for wave vectors (*S, d); real where nothing is damped."""
    diagonal = k @ found.directions.T + found.diagonal
    if not found.detuning.imag.any():
        diagonal = diagonal.real
    return found.coupling + diagonal[..., None] * np.eye(found.weights.size)


def wave_vectors(found: Beams, k: Any) -> NDArray[np.float64]:
    """k as vectors (*S, d)."""
    k = _numbers("k", k)
    if found.directions.shape[1] == 1:
        return k[..., None]
    if k.ndim and k.shape[-1] == 3:
        return k
    return k[..., None] * np.array([0.0, 0.0, 1.0])


def spatial_branches(
    velocities: Any,
    weights: Any,
    lepton_number: Any,
    omega: Any,
    *,
    vacuum: Any = 0.0,
    matter: float = 0.0,
    damping: Any = 0.0,
) -> Complex:
    """All complex wave numbers k along z for real frequencies ω (*S,), by falling |Im k|: (*S, n), n beams with v_z ≠ 0.

    A steady perturbation grows in space as e^{-Im k z}; which end of a growing branch is causal is for its boundary to say.
    Arguments as for `dispersion`. ConfigError: also where no beam moves along z.
    """
    found = beams(velocities, weights, lepton_number, vacuum=vacuum, matter=matter, damping=damping)
    v = found.directions[:, -1]
    moving = v != 0
    if not moving.any():
        raise ConfigError("velocities: all 0; a branch in space needs a beam that moves along the axis")
    omega = _numbers("omega", omega)
    matrix = (omega[..., None] - found.diagonal)[..., None] * np.eye(v.size) - found.coupling
    block = matrix[..., moving, :]
    left = block[..., moving]
    if not moving.all():  # beams across the axis follow at once: k does not enter their equation
        rest = matrix[..., ~moving, :]
        left = left - block[..., ~moving] @ np.linalg.solve(rest[..., ~moving], rest[..., moving])
    k = np.linalg.eigvals(left / v[moving, None])
    return np.take_along_axis(k, np.lexsort((k.real, -np.abs(k.imag)), axis=-1), -1).astype(complex)


def polarization_tensor(
    velocities: Any,
    weights: Any,
    lepton_number: Any,
    omega: complex,
    k: Any,
    *,
    vacuum: Any = 0.0,
    matter: float = 0.0,
    damping: Any = 0.0,
) -> Complex:
    """Π^{μν} = Σ w g V^μ V^ν/(ω - k·V + G0 - G1·V - δ), (1+d, 1+d): a mode has det(1 - Π η) = 0, η = diag(1, -1, …).

    The same roots as `dispersion`, without the modes of beams that the field does not move. ω must not be real.
    """
    found = beams(velocities, weights, lepton_number, vacuum=vacuum, matter=matter, damping=damping)
    return found.tensor(omega, wave_vectors(found, k))


def collisional_eigenvalues(
    *, density: float, density_bar: float, damping: float, damping_bar: float, isotropic: bool = True
) -> tuple[complex, complex]:
    """Both frequencies ω of homogeneous, isotropic neutrinos and antineutrinos of one energy that collide: exact.

    The eigenvalues of ((c n - G0 - iΓ, c n), (-c n̄, -c n̄ - G0 - iΓ̄)), G0 = n - n̄, with c = 1 for isotropic modes and
    c = -1/3 for those with ψ ∝ v. Args: density n, density_bar n̄: ∫ G dv of either (both positive), √2 G_F = 1; damping Γ,
    damping_bar Γ̄ of ρ_ex. Without a vacuum term. The faster growing one comes first.
    """
    c = 1.0 if isotropic else -1.0 / 3
    n, nbar, total = density, density_bar, density - density_bar
    trace = c * total - 2 * total - 1j * (damping + damping_bar)
    difference = c * (n + nbar) - 1j * (damping - damping_bar)
    root = np.sqrt(difference**2 - 4 * c**2 * n * nbar + 0j)
    pair = sorted((complex(0.5 * (trace + root)), complex(0.5 * (trace - root))), key=lambda w: -w.imag)
    return pair[0], pair[1]


def pair_lepton_numbers(occupation: Any, occupation_bar: Any) -> dict[str, NDArray[np.float64]]:
    """Lepton numbers G of the pairs of three flavors, each of which is unstable on its own in linear order.

    Args: diagonal entries (3, *S) of ρ and of ρ̄ for e, mu, tau. Returns: "e-mu", "e-tau", "mu-tau" → (*S,), to be used as
    lepton_number. (An entry ρ_ab couples only to itself, through G = (ρ_aa - ρ_bb) - (ρ̄_aa - ρ̄_bb).)
    """
    nu, bar = _numbers("occupation", occupation), _numbers("occupation_bar", occupation_bar)
    if nu.shape != bar.shape or nu.ndim < 1 or nu.shape[0] != 3:
        raise ConfigError(f"occupation: shapes {nu.shape} and {bar.shape} given; allowed: (3, …) for both")
    net = nu - bar
    return {"e-mu": net[0] - net[1], "e-tau": net[0] - net[2], "mu-tau": net[1] - net[2]}


def _numbers(name: str, given: Any) -> NDArray[np.float64]:
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise ConfigError(f"{name}: not an array of numbers") from None
    if not np.isfinite(values).all():
        raise ConfigError(f"{name}: not finite; allowed: finite numbers")
    return values
