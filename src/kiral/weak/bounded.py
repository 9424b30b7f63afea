"""The blocked relaxation of electrons, exact in time: occupations stay between 0 and 1, unlike in the linear answer.

For given rates, df_L/dt = (1 - f_L) Γ< - f_L Γ> is linear in f_L. With collisions that refill (rate r) and flips of
chirality (rate g), for the deviations from the thermal occupation f and s = (1 - f) Γ< - f Γ> = -F_W/q, G = Γ< + Γ>,

    dδ_L/dt = s - (G + r + g/2) δ_L + (g/2) δ_R
    dδ_R/dt =                     (g/2) δ_L - (r + g/2) δ_R,       δ = 0 at t = 0

- r: electromagnetic collisions as a number in Eq. (7) of Yamamoto & Yang (2023): what is missing is refilled from thermal
  matter without chirality. It does not keep the number of left-handed electrons, so it also relaxes chirality;
  `kiral.weak.thermal` is the limit of fast collisions that do keep it.
- g: left- and right-handed electrons of one momentum turn into each other; δ_L - δ_R decays with g.

Without both, δ_L = (s/G) (1 - e^{-Gt}), between -f and 1 - f. All rates in one unit, times in its inverse.
"""

from __future__ import annotations

from typing import Any

from kiral.core.arrays import namespace


def bounded_change(drive: Any, rate: Any, time: Any, refilling: Any = 0.0, flipping: Any = 0.0) -> tuple[Any, Any]:
    """(δ_L, δ_R) after `time` for s = `drive`, G = `rate`, r = `refilling`, g = `flipping`, all constant and not negative."""
    zero = 0 * drive
    return advance(zero, zero, drive, rate, time, refilling, flipping)


def advance(
    left: Any, right: Any, drive: Any, rate: Any, time: Any, refilling: Any = 0.0, flipping: Any = 0.0, drive_end: Any = None
) -> tuple[Any, Any]:
    """(δ_L, δ_R) after `time` from (left, right) at its start, exactly, for constant rates.

    With `drive_end`, s goes evenly from `drive` to it.

    The matrix of the decay is symmetric: eigenvalues r + (G + g ± √(G² + g²))/2 with eigenvectors (c, -s) and (s, c),
    c² - s² = G/√(G² + g²), 2 c s = g/√(G² + g²).
    """
    xp = namespace(left, drive, rate, time)
    root = xp.sqrt(rate**2 + flipping**2)
    safe = xp.where(root > 0, root, 1.0)
    fast = refilling + (rate + flipping + root) / 2
    slow = refilling + rate * flipping / xp.where(root > 0, rate + flipping + root, 1.0)
    c = xp.sqrt((1 + xp.where(root > 0, rate / safe, 1.0)) / 2)
    s = flipping / safe / (2 * c)
    a, b = c * left - s * right, s * left + c * right
    a = a * xp.exp(-fast * time) + c * _response(drive, drive_end, fast * time) * time
    b = b * xp.exp(-slow * time) + s * _response(drive, drive_end, slow * time) * time
    return c * a + s * b, -s * a + c * b


def _response(drive: Any, drive_end: Any, x: Any) -> Any:
    """∫₀¹ e^{-x (1-u)} s(u) du for s constant, or going evenly from `drive` to `drive_end`."""
    first = _phi(x)
    if drive_end is None:
        return drive * first
    xp = namespace(x)
    small = x < 1e-3
    safe = xp.where(small, 1.0, x)
    second = xp.where(small, 0.5 - x / 6 + x**2 / 24 - x**3 / 120, (1 - first) / safe)
    return drive * first + (drive_end - drive) * second


def _phi(x: Any) -> Any:
    """(1 - e^{-x})/x for x >= 0."""
    xp = namespace(x)
    small = x < 1e-8
    safe = xp.where(small, 1.0, x)
    return xp.where(small, 1 - x / 2, -xp.expm1(-safe) / safe)
