"""Electric and axial currents of an inhomogeneous chiral plasma with drag, term by term, and their high-temperature limit.

G16 = Gorbar et al. 2016, (67) and (72) corrected as the page on currents says: three stray factors e, one in (67). Currents
are number currents; e times them is the electric current. Validity as in `kiral.kinetic.drag`. ħ = 1, Gaussian. Vectors have
their component on the FIRST axis, (3, *S), scalars broadcast to S. On numpy arrays without jax; under jit only what is used
is computed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kiral.kinetic.drag import ChiralityCurrents, Rates
from kiral.kinetic.equilibrium import PI2, Densities, diffusion_constant, susceptibilities
from kiral.kinetic.vectors import aligned, check_matter, cross, dot


class Currents(NamedTuple):
    """Number currents [1/(length² time)], each (3, *S): nine terms of the electric current and nine of the axial one."""

    chiral_magnetic: Any
    ohmic: Any
    diffusion: Any
    chiral_diffusion: Any  # along ∇mu5
    hall: Any
    hall_diffusion: Any
    electric_relaxation: Any  # along ∂t E
    magnetization: Any  # along ∂t B
    anomalous_chiral_hall: Any  # along E × ∇mu5
    chiral_separation: Any
    chiral_electric_separation: Any
    axial_diffusion: Any
    axial_cross_diffusion: Any  # along ∇mu
    chiral_hall: Any
    axial_hall_diffusion: Any
    axial_electric_relaxation: Any
    axial_magnetization: Any
    axial_anomalous_hall: Any  # along E × ∇mu

    @property
    def electric(self) -> Any:
        """j, the sum over both chiralities; the electric current is e j. G16 (55), (67)."""
        return sum(self[:9])

    @property
    def axial(self) -> Any:
        """j5, right-handed less left-handed. G16 (56), (72)."""
        return sum(self[9:])

    @property
    def electric_terms(self) -> dict[str, Any]:
        """The terms of `electric` by name."""
        return dict(zip(ELECTRIC, self[:9], strict=True))

    @property
    def axial_terms(self) -> dict[str, Any]:
        """The terms of `axial` by name."""
        return dict(zip(AXIAL, self[9:], strict=True))

    @property
    def right(self) -> ChiralityCurrents:
        """Terms of the right-handed particles and left-handed antiparticles, (j + j5)/2."""
        return self._chirality(1)

    @property
    def left(self) -> ChiralityCurrents:
        """Terms of the left-handed particles and right-handed antiparticles, (j - j5)/2."""
        return self._chirality(-1)

    def _chirality(self, sign: int) -> ChiralityCurrents:
        along_mu = self.diffusion + self.chiral_diffusion
        electric = (*self[:2], along_mu, self[6], self[4], self[5], *self[7:9])
        along_mu5 = self.axial_diffusion + self.axial_cross_diffusion
        axial = (*self[9:11], along_mu5, self[15], self[13], self[14], *self[16:18])
        return ChiralityCurrents(*((j + sign * j5) / 2 for j, j5 in zip(electric, axial, strict=True)))


ELECTRIC, AXIAL = Currents._fields[:9], Currents._fields[9:]


def currents(
    *, temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, grad_mu5: Any = None, dt_electric_field: Any = None,
    dt_magnetic_field: Any = None,
) -> Currents:  # fmt: skip
    """Every current of second order in fields and derivatives, G16 (67) and (72) corrected.

    Args:
      temperature, mu, mu5 - [energy], mu_λ = mu + λ mu5; tau - relaxation time; charge - e; c. Scalars or grids.
      electric_field ... dt_magnetic_field - vectors (3, *S) or (3,); zero where not given. ħ = 1, Gaussian.
    Returns: the terms by name, `.electric` and `.axial` totals, `.right` and `.left`.
    Errors: ConfigError for wrong shapes, T <= 0, c <= 0, tau < 0. Traced values are not checked.
    """
    check_matter(temperature=temperature, tau=tau, c=c)
    i = aligned(
        {"temperature": temperature, "mu": mu, "mu5": mu5, "tau": tau, "charge": charge, "c": c},
        {"electric_field": electric_field, "magnetic_field": magnetic_field, "grad_mu": grad_mu, "grad_mu5": grad_mu5,
         "dt_electric_field": dt_electric_field, "dt_magnetic_field": dt_magnetic_field},
    )  # fmt: skip
    e, tau, c, mu, mu5 = i["charge"], i["tau"], i["c"], i["mu"], i["mu5"]
    electric, b, g, g5 = i["electric_field"], i["magnetic_field"], i["grad_mu"], i["grad_mu5"]
    chi, cross_chi = susceptibilities(i["temperature"], mu, mu5, c)
    d = diffusion_constant(tau, c)
    same, other = d * chi, d * cross_chi  # e² times them: conductivity, chiral electric separation
    exb, bxg, bxg5 = cross(electric, b), cross(b, g), cross(b, g5)
    magnetic, hall, curl = e / (2 * PI2 * c), tau**2 * e / (3 * PI2), e * tau / (6 * PI2)
    return Currents(
        chiral_magnetic=magnetic * mu5 * b,
        ohmic=same * e * electric,
        diffusion=-same * g,
        chiral_diffusion=-other * g5,
        hall=hall * e * mu * exb,
        hall_diffusion=hall * (mu * bxg + mu5 * bxg5),
        electric_relaxation=-tau * same * e * i["dt_electric_field"],
        magnetization=-curl * mu5 / c * i["dt_magnetic_field"],
        anomalous_chiral_hall=-curl * cross(electric, g5),
        chiral_separation=magnetic * mu * b,
        chiral_electric_separation=other * e * electric,
        axial_diffusion=-same * g5,
        axial_cross_diffusion=-other * g,
        chiral_hall=hall * e * mu5 * exb,
        axial_hall_diffusion=hall * (mu5 * bxg + mu * bxg5),
        axial_electric_relaxation=-tau * other * e * i["dt_electric_field"],
        axial_magnetization=-curl * mu / c * i["dt_magnetic_field"],
        axial_anomalous_hall=-curl * cross(electric, g),
    )


# --- |mu|, |mu5| well below T ----------------------------------------------------------------------------------------


class HighTemperatureCurrents(NamedTuple):
    """Number currents for |mu|, |mu5| << T, G16 (59) and (60)."""

    chiral_magnetic: Any
    ohmic: Any
    diffusion: Any
    electric_relaxation: Any
    chiral_separation: Any
    axial_diffusion: Any

    @property
    def electric(self) -> Any:
        """j, G16 (59)."""
        return sum(self[:4])

    @property
    def axial(self) -> Any:
        """j5, G16 (60)."""
        return sum(self[4:])


def high_temperature_currents(
    *, temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, grad_mu5: Any = None, dt_electric_field: Any = None,
) -> HighTemperatureCurrents:  # fmt: skip
    """Leading currents for |mu|, |mu5| << T, G16 (59), (60): terms of second order in mu/T, mu5/T left out."""
    check_matter(temperature=temperature, tau=tau, c=c)
    i = aligned(
        {"temperature": temperature, "mu": mu, "mu5": mu5, "tau": tau, "charge": charge, "c": c},
        {"electric_field": electric_field, "magnetic_field": magnetic_field, "grad_mu": grad_mu, "grad_mu5": grad_mu5,
         "dt_electric_field": dt_electric_field},
    )  # fmt: skip
    e, tau, c, b = i["charge"], i["tau"], i["c"], i["magnetic_field"]
    same, magnetic = tau * i["temperature"] ** 2 / (9 * c), e / (2 * PI2 * c)
    return HighTemperatureCurrents(
        chiral_magnetic=magnetic * i["mu5"] * b,
        ohmic=same * e * i["electric_field"],
        diffusion=-same * i["grad_mu"],
        electric_relaxation=-tau * same * e * i["dt_electric_field"],
        chiral_separation=magnetic * i["mu"] * b,
        axial_diffusion=-same * i["grad_mu5"],
    )


def high_temperature_rates(
    *, temperature: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None, magnetic_field: Any = None,
    grad_mu: Any = None, grad_mu5: Any = None, div_electric_field: Any = 0.0, laplacian_mu: Any = 0.0, laplacian_mu5: Any = 0.0,
) -> Rates:  # fmt: skip
    """dmu/dt and dmu5/dt for |mu|, |mu5| << T, G16 (63), (64)."""
    check_matter(temperature=temperature, tau=tau, c=c)
    i = aligned(
        {"t": temperature, "tau": tau, "e": charge, "c": c, "div": div_electric_field, "lap": laplacian_mu,
         "lap5": laplacian_mu5},
        {"electric_field": electric_field, "b": magnetic_field, "g": grad_mu, "g5": grad_mu5},
    )  # fmt: skip
    e, d = i["e"], diffusion_constant(i["tau"], i["c"])
    wave = 3 * i["c"] ** 2 * e / (2 * PI2 * i["t"] ** 2)
    number = d * (i["lap"] - e * i["div"]) - wave * dot(i["b"], i["g5"])
    return Rates(number, d * i["lap5"] + wave * dot(i["b"], e * i["electric_field"] - i["g"]))


def high_temperature_densities(
    *, temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, grad_mu5: Any = None, dt_mu: Any = 0.0, dt_mu5: Any = 0.0,
    div_electric_field: Any = 0.0, laplacian_mu: Any = 0.0, laplacian_mu5: Any = 0.0,
) -> Densities:  # fmt: skip
    """n and n5 for |mu|, |mu5| << T and any rates, G16 (61), (62). On the rates of (63), (64) they are T²mu/3c³, T²mu5/3c³."""
    rates = high_temperature_rates(
        temperature=temperature, tau=tau, charge=charge, c=c, electric_field=electric_field, magnetic_field=magnetic_field,
        grad_mu=grad_mu, grad_mu5=grad_mu5, div_electric_field=div_electric_field, laplacian_mu=laplacian_mu,
        laplacian_mu5=laplacian_mu5,
    )  # fmt: skip
    chi = temperature**2 / (3 * c**3)
    return Densities(chi * (mu - tau * (dt_mu - rates.dmu_dt)), chi * (mu5 - tau * (dt_mu5 - rates.dmu5_dt)))
