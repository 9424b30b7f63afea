"""The plasma of the equations as arrays: mu_l, conductivity and susceptibility that follow from the densities at a point."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.kinetic import equilibrium
from kiral.kinetic.equilibrium import PI2

CHIRALITIES = (1.0, -1.0)
FERMI, LINEAR = "fermi", "linear"


class Matter(eqx.Module):
    """Charge, temperature, relaxation time, speed of light (0-d arrays); `state`: equation of state, "fermi" or "linear"."""

    charge: Float[Array, ""]
    temperature: Float[Array, ""]
    tau: Float[Array, ""]
    c: Float[Array, ""]
    state: str = eqx.field(static=True)

    @property
    def diffusion(self) -> Float[Array, ""]:
        """D = c² tau/3."""
        return equilibrium.diffusion_constant(self.tau, self.c)

    def potential(self, n: Array) -> Array:
        """mu_l of the density of one chirality."""
        if self.state == LINEAR:
            return 6 * self.c**3 / self.temperature**2 * n
        return equilibrium.chemical_potential(self.temperature, n, self.c)

    def density(self, mu: Array) -> Array:
        """Its inverse."""
        if self.state == LINEAR:
            return self.temperature**2 / (6 * self.c**3) * mu
        return equilibrium.density(self.temperature, mu, self.c)

    def slope(self, mu: Array) -> Array:
        """X_l = 3 mu_l² + π²T²; chi_l = X_l/(6π²c³)."""
        if self.state == LINEAR:
            return jnp.broadcast_to(PI2 * self.temperature**2, jnp.shape(mu))
        return equilibrium.slope(mu, self.temperature)

    def conductivity(self, mu: Array) -> Array:
        """sigma_l = e² tau X_l/(18π²c)."""
        return self.charge**2 * self.tau * self.slope(mu) / (18 * PI2 * self.c)

    def chiral_energy(self, mu: Array) -> Array:
        """Free energy density of one chirality above mu = 0, at fixed T: the integral of mu dn."""
        if self.state == LINEAR:
            return self.temperature**2 * mu**2 / (12 * self.c**3)
        return (3 * mu**4 / 4 + PI2 * self.temperature**2 * mu**2 / 2) / (6 * PI2 * self.c**3)

    @property
    def topological(self) -> Float[Array, ""]:
        """e/(4π²c): J_l = l topological mu_l B; ∂t n_l = l e topological E·B."""
        return self.charge / (4 * PI2 * self.c)
