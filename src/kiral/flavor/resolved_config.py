"""The case file of flavor kinetics resolved in momentum, `kind = "flavor_energy"`: the sections [model], [geometry], [initial].

Two beams along +z and -z, the first of electron neutrinos, the second of another flavor, each of number density 1/2 and with
a Gaussian spectrum. Units of Fiorillo, Raffelt & Sigl (2024): ħ = c = 1, and √2 G_F is `interaction`. Needs no jax.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from kiral.config.base import Count, Integer, NonNegative, Number, Positive, Section

Amplitude = tuple[Integer, Number]


class ResolvedFlavorModel(Section):
    """Eq. (16) of F24 for two beams with spectra."""

    kind: Literal["flavor_energy"]
    interaction: Positive = Field(default=1.0, description="√2 G_F, with number densities of 1/2 a beam [l*^3 E*]")
    momentum: Positive = Field(description="centre of the spectra of |p_z| [E*]")
    spread: Positive = Field(description="standard deviation of the spectra [E*]")
    transverse_momentum: NonNegative = Field(
        default=0.0, description="p_perp of all neutrinos, v = p_z/sqrt(p_z^2 + p_perp^2); 0: v = 1 and -1 [E*]"
    )
    gradients: Literal["full", "force", "none"] = Field(
        default="full",
        description="gradient terms: full: Eq. (16); force: without ½{∇p Ω, ∇r ρ}; none: Eq. (1); only full conserves energy",
    )


def _as_side(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


class ResolvedGrid(Section):
    """Points along z and in momentum."""

    n: Annotated[tuple[Annotated[Count, Field(ge=4)]], BeforeValidator(_as_side)] = Field(description="points along z")
    length: Positive = Field(description="length of the periodic box; z from -length/2 to length/2 [l*]")
    n_momentum: Annotated[Count, Field(ge=8)] = Field(default=48, description="points in momentum, per beam")
    half_width: Positive = Field(description="momenta reach from the centre minus to the centre plus this [E*]")


class ResolvedModes(Section):
    """psi = P^x + i P^y = sum of amplitude exp(2 pi i n z/length) in both beams; |P| = 1/2 exactly (pure states)."""

    kind: Literal["modes"]
    modes: tuple[Amplitude, ...] = Field(min_length=1, description="list of [n, amplitude]")


def check_resolved(model: ResolvedFlavorModel, geometry: ResolvedGrid, initial: ResolvedModes) -> None:
    """ValueError where the sections do not fit one another."""
    total = sum(abs(amplitude) for _, amplitude in initial.modes)
    if total >= 0.5:
        raise ValueError(f"initial.modes: |P| is 1/2, so the amplitudes must sum to less; their sum is {total:g}")
    for n, _ in initial.modes:
        if 2 * abs(n) >= geometry.n[0]:
            raise ValueError(f"initial.modes: geometry.n = {geometry.n[0]} points hold |n| < {geometry.n[0] / 2:g}; got {n}")
    if geometry.half_width < 6 * model.spread:
        least = 6 * model.spread
        raise ValueError(f"geometry.half_width: must be at least 6 spreads, {least:g}; got {geometry.half_width:g}")
    if model.spread < (step := 2 * geometry.half_width / geometry.n_momentum):
        needed = math.ceil(2 * geometry.half_width / model.spread)
        raise ValueError(
            f"geometry.n_momentum: points are {step:g} apart, more than model.spread = {model.spread:g}; give {needed} or more"
        )
    if model.transverse_momentum == 0 and model.momentum <= geometry.half_width:
        raise ValueError(
            f"model.momentum: without transverse momentum the range of p_z must not reach 0: more than {geometry.half_width:g}"
        )


class Record(NamedTuple):
    """One line of `kiral estimate`."""

    name: str
    title: str
    value: float
    code_unit: str
    physical: float | None
    physical_unit: str
    equation: str


def estimates(model: ResolvedFlavorModel, geometry: ResolvedGrid, initial: ResolvedModes) -> dict[str, Any]:
    """Growth rates of the seeded modes, as `kiral estimate` takes them."""
    records = []
    for n, _ in initial.modes:
        k = 2 * math.pi * n / geometry.length
        title = f"growth rate of mode {n}, k = {k:.4g}"
        records.append(Record(f"growth_{n}", title, growth_rate(model, k), "1/t*", None, "", "F24, Eq. (9)"))
    return {"records": records, "flat": {r.name: r.value for r in records}, "validity": [], "table1": []}


def growth_rate(model: ResolvedFlavorModel, k: float) -> float:
    """Growth rate of mode k of two cold beams of velocities ±V, 0 where it is stable [1/t*].

    F24's Eq. (9) with 2 replaced by mu (1 + V²) = 2 c, V = p/sqrt(p² + p_perp²): γ² = -V k (V k + 2 c). The spectra are of no
    account for V = 1.
    """
    speed = model.momentum / math.hypot(model.momentum, model.transverse_momentum)
    coupling = model.interaction * (1 + speed**2) / 2
    return math.sqrt(max(0.0, -speed * k * (speed * k + 2 * coupling)))
