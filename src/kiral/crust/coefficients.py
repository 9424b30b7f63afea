"""What the induction equation in a spherical shell needs of the star, as plain arrays over radius.

Units of `kind = "crust_linear"` and of all that evolves: km, yr, G. With N = e^ν the lapse and e^λ dr the proper length,

    ∂t B = -∇×[eta (∇×(N B) - k5 N B) + hall ∇×(N B) × B]    (curls of the three-dimensional metric, t at infinity).

In flat space lapse and stretch are 1. Nothing here imports jax: numpy arrays, or jax arrays inside compiled code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kiral.constants import YEAR_S
from kiral.crust.conductivity import hall_prefactor, magnetic_diffusivity, scattering
from kiral.crust.rates import CM_PER_KM, chirality

if TYPE_CHECKING:
    from kiral.crust.neutron_star import Star

KM2_YEAR = YEAR_S / CM_PER_KM**2
"""1 cm²/s in km²/yr."""
ERG = 1e15
"""1 G² km³ in erg."""
Array = Any


class ShellCoefficients(NamedTuple):
    """Coefficients at the radii `r`, all of the same shape (radii,).

    r: areal radius [km], increasing from the core to the outer boundary. eta: magnetic diffusivity c²/(4π sigma) [km²/yr].
    k5: chiral wave number (4π/c) C5 mu5, after its cap [1/km]. hall: c/(4π e n_e) [km²/(yr G)].
    lapse: e^ν of g_tt = -e^2ν [1]. stretch: e^λ of g_rr = e^2λ [1]. k5_weak: k5 of captures before its cap [1/km]: what the
    anomaly of a strong field acts on, as the cap stands for a limit of the k5 that is left, not of the captures.
    """

    r: Array
    eta: Array
    k5: Array
    hall: Array
    lapse: Array
    stretch: Array
    k5_weak: Array


def uniform(r: Array, *, eta: float = 1.0, k5: Array = 0.0, hall: float = 0.0) -> ShellCoefficients:
    """Flat space with a uniform diffusivity; k5 is a number or an array over r. Unit-free where r is."""
    r = np.asarray(r, float)
    one = np.ones_like(r)
    return ShellCoefficients(r, eta * one, k5 * one, hall * one, one, one, k5 * one)


class CrustMatter(NamedTuple):
    """What the coefficients are made of, at radii, all of one shape: no temperature in it, so that it is made once per star.

    r [km]; charge_number, mass_number, nuclear_size as in `kiral.crust.composition`; electron_density, ion_density [1/cm³];
    mu_e [MeV]; lapse, stretch [1].
    """

    r: Array
    charge_number: Array
    mass_number: Array
    nuclear_size: Array
    electron_density: Array
    ion_density: Array
    mu_e: Array
    lapse: Array
    stretch: Array


def matter_of_star(star: Star, r: Array = None, *, gr: bool = True) -> CrustMatter:
    """The crust of a star at the radii r [km], those of its profile where not given; gr = False: lapse and stretch 1."""
    found = star.crust if r is None else star.at_radius(r)
    names = {"mu_e": "electron_chemical_potential"}
    values = {name: found[names.get(name, name)].values for name in CrustMatter._fields}
    if not gr:
        values |= {"lapse": np.ones_like(values["r"]), "stretch": np.ones_like(values["r"])}
    return CrustMatter(**values)


def of_matter(
    matter: CrustMatter,
    temperature: Array,
    delta_mu_over_kt: Array,
    *,
    k5_max: Array = 600.0,
    impurity: Array = 0.0,
    form_factor: Array = 1.0,
    weak_rate_factor: Array = 1.0,
) -> ShellCoefficients:
    """Coefficients at a temperature [K], a number or one per radius; numpy, or jax where an argument is traced.

    Args: delta_mu_over_kt: departure from beta equilibrium over kT. k5_max: cap of |k5| [1/km] (D24: 600; inf: none).
        impurity: Q. form_factor: factor of x_nuc, 0: nuclei are points. weak_rate_factor: multiplies Γw.
    """
    size = form_factor * matter.nuclear_size
    electrons = scattering(
        None, temperature, matter.charge_number, matter.mass_number, matter.ion_density, nuclear_size=size, impurity=impurity
    )
    sigma = electrons.conductivity
    found = chirality(matter.mu_e, sigma, temperature, delta_mu_over_kt, weak_rate_factor=weak_rate_factor)
    return ShellCoefficients(
        matter.r,
        KM2_YEAR * magnetic_diffusivity(sigma),
        found.k5.clip(-k5_max, k5_max),
        KM2_YEAR * hall_prefactor(matter.electron_density),
        matter.lapse,
        matter.stretch,
        found.k5,
    )


def of_star(
    star: Star,
    temperature: Array,
    delta_mu_over_kt: Array,
    k5_max: Array = 600.0,
    *,
    r: Array = None,
    gr: bool = True,
    **options: Array,
) -> ShellCoefficients:
    """`of_matter` of `matter_of_star`: coefficients of a star's crust at radii r [km], at one temperature."""
    return of_matter(matter_of_star(star, r, gr=gr), temperature, delta_mu_over_kt, k5_max=k5_max, **options)
