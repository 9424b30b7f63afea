"""Coefficients of a crust whose δmu is evolved, as a material of `kiral.crust.emhd`.

δmu does not know the field while the temperature is prescribed. Its equation (kiral.crust.imbalance) is solved on its own when
a run is built, on times evenly spaced in the logarithm from a small part of the fastest relaxation on, and read in between. As
an unknown of the run it would not do: captures relax at 1e13/yr, δmu/kT = s/k is 1e-16, and an additive scheme, which has s
explicit, leaves an error of h s times a power of h over the time in which s changes, that is far more than s/k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.equation import Rate, rate_limit
from kiral.core.table import TimeTable
from kiral.crust.coefficients import CrustMatter, ShellCoefficients, of_matter
from kiral.crust.imbalance import (
    check_compressed,
    compression,
    evolve,
    imbalance_matter,
    relaxation_rate,
    reservoir,
)
from kiral.crust.material import Material
from kiral.crust.rates import capture_rate
from kiral.geometry.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from kiral.crust.emhd_config import CrustEMHD
    from kiral.crust.neutron_star import Star

PER_DECADE, ROWS = 64, 512
"""Rows of the history per decade; their number is a multiple of ROWS, so that a later end seldom compiles anew."""
FIRST, LATEST_FIRST = 1e-3, 1e-9
"""First time of the history: in the shortest relaxation time of the crust, and at most [yr]."""
BURST, STEP = 1e-6, 0.5
"""Time at the start whose coefficients are those of its end [yr]; longest step over the time since the start."""


class Energies(NamedTuple):
    """Of δmu in the crust [erg], (times,): stored; put in by compression and released by captures since the start."""

    stored: Float[Array, "times"]
    put_in: Float[Array, "times"]
    released: Float[Array, "times"]


class History(eqx.Module):
    """δmu/kT (times, nodes) and its energies, at the times begin + first (e^(i spacing) - 1), i = 0, 1, ….

    Rows do not depend on when a run ends. layer: the node that would grow fastest at the start.
    """

    begin: Float[Array, ""]
    first: Float[Array, ""]
    spacing: Float[Array, ""]
    x: Float[Array, "times nodes"]
    energies: Energies
    layer: Array

    def at(self, values: Float[Array, "times ..."], t: Float[Array, ""]) -> Array:
        """Values at time t: cubic through the four nearest rows."""
        place = jnp.log1p(jnp.maximum(t - self.begin, 0.0) / self.first) / self.spacing
        i = jnp.clip(jnp.floor(place).astype(int) - 1, 0, values.shape[0] - 4)
        u = place - i
        weights = (
            -(u - 1) * (u - 2) * (u - 3) / 6, u * (u - 2) * (u - 3) / 2, -u * (u - 1) * (u - 3) / 2, u * (u - 1) * (u - 2) / 6,
        )  # fmt: skip
        rows = jax.lax.dynamic_slice_in_dim(values, i, 4)
        return jnp.tensordot(jnp.stack(weights), rows, axes=1)


class Driven(Material):
    """Coefficients of a crust whose δmu/kT is that of a history. temperature: [K], a number or a table in time [yr].

    The first `BURST` of the run, half a minute, has those of its end: what captures undo sooner does nothing to a field, and no
    step would resolve it. Then steps are no longer than a part of the time since the start, which resolves powers of it.
    """

    matter: CrustMatter
    temperature: Float[Array, ""] | TimeTable
    history: History
    options: dict[str, Float[Array, ""]]

    def rates(self, t: Float[Array, ""]) -> dict[str, Rate]:
        """The time since the start, as a rate."""
        return {"imbalance": rate_limit(1 / (jnp.maximum(t - self.history.begin, 0.0) + BURST), STEP)}

    def __call__(self, t: Float[Array, ""], matter: Any = None) -> ShellCoefficients:
        """Coefficients at time t."""
        temperature = self.temperature(t) if isinstance(self.temperature, TimeTable) else self.temperature
        x = self.history.at(self.history.x, jnp.maximum(t, self.history.begin + BURST))
        return of_matter(self.matter, temperature, x, **self.options)


def driven(
    star: Star,
    matter: CrustMatter,
    shell: Shell,
    model: CrustEMHD,
    temperature: Any,
    span: tuple[float, float],
    directory: Path,
) -> Driven:
    """The material of a case. temperature: number or TimeTable; span: (t_start, t_end) [yr]; directory: of files.

    ConfigError: compressed too much, or a rotation that is not possible.
    """
    assert model.imbalance is not None
    there = imbalance_matter(star, np.asarray(matter.r), np.asarray(shell.weights), gr=model.gr)
    law = compression(model.imbalance, star, there, directory)
    check_compressed(law, *span)
    since, spacing = _times(_relaxation(matter, there, model, _temperatures(temperature, np.array(span[:1]))), *span)
    heat = _temperatures(temperature, span[0] + since)
    relaxation = np.broadcast_to(_relaxation(matter, there, model, heat), (since.size, there.kappa.size))
    start = np.full_like(there.kappa, model.delta_mu or 0.0)
    found = evolve(since, start, there, lambda t: law(span[0] + t), heat, relaxation)
    energy = reservoir(found.x, there, heat[:, None], found.rate, relaxation)
    put_in, released = (_accumulated(e @ there.volume, since) for e in (energy.put_in, energy.released))
    energies = Energies(*(jnp.asarray(_padded(e)) for e in (energy.stored @ there.volume, put_in, released)))
    first, layer = since[1] / np.expm1(spacing), _layer(matter, heat[0], model)
    numbers = {"begin": span[0], "first": first, "spacing": spacing, "layer": layer, "x": _padded(found.x)}
    history = History(energies=energies, **{name: jnp.asarray(value) for name, value in numbers.items()})
    warm = temperature if isinstance(temperature, TimeTable) else jnp.asarray(float(temperature))
    return Driven(jax.tree.map(jnp.asarray, matter), warm, history, jax.tree.map(jnp.asarray, model.options))


def _times(relaxation: np.ndarray, begin: float, end: float) -> tuple[np.ndarray, float]:
    """(times since the start, first (e^(i spacing) - 1), spacing) until a little after the end."""
    fastest = float(relaxation.max())
    first = min(FIRST / fastest, LATEST_FIRST) if fastest > 0 else LATEST_FIRST
    spacing = np.log(10) / PER_DECADE
    count = int(np.log1p((end - begin) / first) / spacing) + 4
    return first * np.expm1(spacing * np.arange(count)), spacing


def _temperatures(temperature: Any, t: np.ndarray) -> np.ndarray:
    """At the times of rows, of which some lie beyond the end of a table: there it goes on, but does not fall below a half."""
    if not isinstance(temperature, TimeTable):
        return np.full(t.shape, float(temperature))
    return np.maximum(jax.vmap(temperature)(jnp.asarray(t)), temperature(temperature.t[-1]) / 2)


def _padded(rows: np.ndarray) -> np.ndarray:
    """The last row again until the number of rows is a multiple of `ROWS`; no time of the run comes to them."""
    return np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % ROWS, axis=0)])


def _relaxation(matter: CrustMatter, there: Any, model: CrustEMHD, temperature: np.ndarray) -> np.ndarray:
    """k [1/yr], (times, nodes), one row where the temperature does not change."""
    rows = temperature[:1] if np.ptp(temperature) == 0 else temperature
    captures = model.weak_rate_factor * capture_rate(np.asarray(matter.mu_e), rows[:, None])
    return relaxation_rate(there.kappa, captures, rows[:, None], there.lapse)


def _layer(matter: CrustMatter, temperature: float, model: CrustEMHD) -> int:
    """The node that would grow fastest at the start, with all captures where delta_mu is 0."""
    c = of_matter(matter, temperature, model.delta_mu or np.inf, **model.options)
    return int(np.argmax(np.asarray(c.lapse * c.eta * c.k5**2)))


def _accumulated(rate: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.diff(t) * (rate[1:] + rate[:-1]) / 2)])
