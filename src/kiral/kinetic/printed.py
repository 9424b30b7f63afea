"""Equations of Gorbar et al. (2016) as the text prints them where they are wrong: for the reproduction's comparison only.

Nothing else may import this module (tests hold that). Each function names its equation and what is wrong with it; the
corrected form stands in the other modules, the derivation on the page of corrections. Read from the text of arXiv:1603.03442;
whether the journal's version has the same errors was not checked. Vectors have their component on the FIRST axis.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from kiral.constants import FINE_STRUCTURE
from kiral.core.arrays import namespace
from kiral.kinetic.drag import Residuals, coupled_residuals
from kiral.kinetic.drift import Drift, shapes
from kiral.kinetic.equilibrium import PI2, polynomial, slope
from kiral.kinetic.integrals import fermi_integral
from kiral.kinetic.transport import Currents
from kiral.kinetic.vectors import divergence, dot
from kiral.units import inverse_mev_to_cm


def energy(momentum: Any, magnetic_field: Any, *, chirality: int, charge: Any, c: Any = 1.0) -> Any:
    """Below (1): c p - λ e p·B/p². The magnetic moment is twice too large: right is c p - λ e p·B/(2 p²)."""
    p = dot(momentum, momentum) ** 0.5
    return c * p - chirality * charge * dot(momentum, magnetic_field) / p**2


def magnetization(velocity: Any, *, chirality: int, temperature: Any, mu: Any, c: Any = 1.0) -> Any:
    """M of j = curl M with the curl term of (20): Ω_λ there for antiparticles too; with -Ω_λ it becomes (26)."""
    beta2 = dot(velocity, velocity) / c**2
    net = fermi_integral(2, mu / temperature) - fermi_integral(2, -mu / temperature)
    return chirality * temperature**2 * net * shapes(beta2, 1 - beta2).g0 * velocity / (4 * PI2 * c**2)


def dissipative_current(
    flow: Drift, *, temperature: Any, mu: Any, tau: Any, charge: Any, c: Any, parallel_field: Any, grad_mu: Any,
    dt_mu: Any = 0.0, repairs: Collection[str] = (),
) -> Any:  # fmt: skip
    """(27) for one chirality. Needs v > 0. Three errors, each of which `repairs` can take away; without all three it is right.

    "powers": c² for 1/c and c for 1/c² before g0 and g1, g2. "rate": no term with ∂t mu. "along": g0 in place of gL for a
    gradient of mu along the drift.
    """
    v, beta2 = flow.velocity, flow.beta2
    beta = beta2**0.5
    speed = c * beta
    g0, rise, bend, _ = shapes(beta2, flow.rest)
    g1, g2 = beta * rise / 3, 2 * beta * beta2 * bend / 3
    grad_speed = namespace(v).stack([dot(v, flow.gradient[i]) for i in range(3)]) / speed
    dt_speed, w = dot(v, flow.dt) / speed, c**2 * flow.rest
    first = v * divergence(flow.gradient) + dot(v, flow.gradient) + speed * grad_speed
    power = c**-3 if "powers" in repairs else 1.0
    bracket = (first / speed * g1 + v * dot(v, grad_speed) / speed**2 * g2) * power
    bracket = bracket + 2 / (3 * w**2) * flow.dt + 8 * speed * v / (3 * w**3) * dt_speed
    x, ohm = slope(mu, temperature), c**2 * power * tau * slope(mu, temperature) / (12 * PI2)
    found = ohm * g0 * (charge * parallel_field - grad_mu) - c * tau * polynomial(mu, temperature) / (4 * PI2) * bracket
    if "rate" in repairs:
        found = found - tau * x / (6 * PI2 * c**3 * flow.rest**2) * dt_mu * v
    if "along" in repairs:
        found = found - ohm * 3 * beta * g1 * v * dot(v, grad_mu) / speed**2  # gL - g0 = 3 beta g1
    return found


def g2(beta: Any) -> Any:
    """(30): + 15/2 ln for - 15/2 ln, as its integral has it. Diverges as 10/beta³; right is 16/7 beta³."""
    xp = namespace(beta)
    x, logarithm = beta**2, xp.log1p(2 * beta / (1 - beta))
    return (beta * (15 - 40 * x + 33 * x**2) / (1 - x) ** 3 + 7.5 * logarithm) / (3 * x**2)


def gradient_of_correction(
    momentum: Any, field: Any, *, temperature: Any, mu: Any, tau: Any, charge: Any, c: Any = 1.0, corrected: bool = False
) -> Any:
    """(46), the momentum gradient of δf¹ at E_λ = `field`: its last term lacks 1/p; `corrected` has it."""
    xp = namespace(momentum, field)
    p = xp.sqrt(dot(momentum, momentum))
    f = 1 / (xp.exp((c * p - mu) / temperature) + 1)
    d, unit = f * (1 - f), momentum / p
    along = dot(field, unit)
    last = tau * d * charge * c / temperature * (field - unit * along)
    return -charge * c**2 * tau * d / temperature**2 * (1 - 2 * f) * unit * along + (last / p if corrected else last)


def coupled_equations(**values: Any) -> Residuals:
    """Left sides of (53) and (54): (54) lacks the anomaly, (3/2) e² c² E·B on its right. Arguments of `coupled_residuals`."""
    found = coupled_residuals(**values)
    e, c, eb = values["charge"], values.get("c", 1.0), dot(values["electric_field"], values["magnetic_field"])
    return Residuals(found.number, found.axial + 1.5 * e**2 * c**2 * eb)


def electric(found: Currents, charge: Any) -> Any:
    """(67): a stray e in the term with ∇mu5. `found` is the answer of `currents`."""
    return found.electric + (charge - 1) * found.chiral_diffusion


def axial(found: Currents, charge: Any) -> Any:
    """(72): stray e in the terms with ∇mu5, with E, and with ∇mu."""
    stray = found.axial_diffusion + found.chiral_electric_separation + found.axial_cross_diffusion
    return found.axial + (charge - 1) * stray


def chiral_diffusion(found: Currents, charge: Any) -> Any:
    """(73): a stray e."""
    return charge * found.chiral_diffusion


def chiral_separation_analogues(found: Currents, charge: Any) -> Any:
    """(79): a stray e in its first term."""
    return charge * found.axial_cross_diffusion + found.axial_electric_relaxation


def relaxation_time(temperature: Any) -> Any:
    """(71): 0.37·9/(alpha T) [fm/c] at T [MeV]; see `equilibrium.relaxation_time` for what it takes as the conductivity."""
    return 0.37 * 9 / FINE_STRUCTURE * inverse_mev_to_cm(1 / temperature) * 1e13


def hall_relation(number: Any, *, mu: Any, magnetic_field: Any) -> Any:
    """Below (71): n²/(mu B), what j_x/E_y is said to follow where j_y = 0; its dimension is wrong, right is chi⁰ for n."""
    return number**2 / (mu * magnetic_field)
