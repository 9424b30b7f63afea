"""Calculations with the model without flow (`kiral calc mean-field`, `eq27-map`). Nothing here imports jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from kiral.config.base import NonNegative, Number, Positive
from kiral.config.calculation import Calculation
from kiral.mhd.calculations import label
from kiral.mhd.config import RUN_A_SPACING

if TYPE_CHECKING:
    import xarray


def _increasing(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError(f"the second number must be the larger one; got {list(ends)}")
    return ends


Range = Annotated[tuple[Positive, Positive], AfterValidator(_increasing)]


class _FromNoise(Calculation):
    """What starts from white noise."""

    noise: Positive = Field(default=1e-12, description="standard deviation of each component of A per point [E*^1/2 l*^-1/2]")
    reference_spacing: Positive = Field(default=RUN_A_SPACING, description="grid spacing to which the noise refers [l*]")

    @property
    def density(self) -> float:
        """Density of the noise [E* l*^2]."""
        return self.noise**2 * self.reference_spacing**3


class MeanField(_FromNoise):
    """The sourced instability without flow (`kiral.mhd.mean_field`); run A of Gurgenidze et al. (2025) by default."""

    title: ClassVar[str] = "sourced chiral plasma instability without flow, uniform mu5: h, mu5, B against time"
    magnetic_diffusivity: Positive = Field(default=1e-6, description="eta [l*^2/t*]")
    chiral_feedback: NonNegative = Field(default=1e8, description="feedback lambda; 0: none [l*/E*]")
    flipping_rate: NonNegative = Field(default=1e3, description="washout Gamma5 [1/t*]")
    amplitude: Number = Field(default=4e7, description="source S5 at t_phi [1/(l* t*)]")
    t_phi: Positive = Field(default=0.05, description="time of the decay [t*]")
    mu5: Number = Field(default=0.0, description="initial uniform mu5 [1/l*]")
    k_max: Positive | None = Field(
        default=None, description="cut-off exp(-k^2/k_max^2) of the noise; where not given, beyond all that grows [1/l*]"
    )
    k_min: NonNegative = Field(default=0.0, description="smallest wave number of the box; 0: unlimited space [1/l*]")
    t_start: NonNegative = Field(default=1e-5, description="start [t*]")
    t_end: Positive = Field(default=2.0, description="end [t*]")
    points: Annotated[int, Field(strict=True, ge=10)] = Field(default=400, description="number of times")

    @model_validator(mode="after")
    def _in_order(self) -> MeanField:
        if self.t_end <= self.t_start:
            raise ValueError(f"t_end must be later than t_start = {self.t_start:g}; got {self.t_end:g}")
        if self.k_max is not None and self.k_min >= self.k_max:
            raise ValueError(f"k_min must lie below the noise's cut-off k_max = {self.k_max:g}; got {self.k_min:g}")
        return self

    def figures(self, data: xarray.Dataset) -> tuple:
        """mu5, field and helicity in time."""
        from kiral.mhd.mean_field_figures import evolution

        return (evolution({"model without flow": data}),)

    def compute(self) -> xarray.Dataset:
        """Series over t, named as those of a run; the largest h and when; (27) and the ratio to it where it is defined."""
        import xarray

        from kiral.mhd import mean_field

        plasma = mean_field.Plasma(self.magnetic_diffusivity, self.chiral_feedback, self.flipping_rate, self.amplitude,
                                   self.t_phi, self.mu5)  # fmt: skip
        uncut = mean_field.uncut_noise(plasma, self.density)
        noise = uncut if self.k_max is None else mean_field.Noise(self.density, self.k_max)
        seed = mean_field.noise_modes(noise, self.k_min) if self.k_min > 0 else noise
        # Logarithmic in the time since the start: the instability is resolved wherever it sets in.
        times = np.geomspace(1e-4 * (self.t_end - self.t_start), self.t_end - self.t_start, self.points - 1)
        t = self.t_start + np.concatenate([[0.0], times])
        found = mean_field.solve(plasma, seed, t)
        top = mean_field.peak(found, self.magnetic_diffusivity)
        series = self._series(found, seed.energy_over_k(found.drive, found.damping))
        variables = {name: ("t", values, label(unit, text)) for name, (values, unit, text) in series.items()}
        numbers = self._numbers(top) | {"drift_max": (found.drift.max(), "1", "largest drift of the ledger")}
        variables |= {name: ((), value, label(unit, text)) for name, (value, unit, text) in numbers.items()}
        return xarray.Dataset(variables, {"t": ("t", t, label("t*", "conformal time"))})

    def _series(self, found: Any, energy_over_k: np.ndarray) -> dict[str, tuple[np.ndarray, str, str]]:
        series = {
            "mu5_mean": (found.mu5, "1/l*", "chiral chemical potential"),
            "magnetic_helicity": (found.h, "E*/l*^2", "magnetic helicity <A.B>"),
            "b_rms": (np.sqrt(found.b2), "E*^1/2 l*^-3/2", "rms magnetic field"),
            "current_helicity": (found.j_b, "E*/l*^4", "current helicity <J.B>"),
            "k_integral": (found.b2 / 2 / energy_over_k, "1/l*", "integral wave number of B"),
            "drift_helicity_chirality": (found.drift, "1", "drift of <A.B> + 2 <mu5>/lambda against source and washout"),
        }
        if self.chiral_feedback > 0:
            total = found.h + 2 / self.chiral_feedback * found.mu5
            series["helicity_total"] = (total, "E*/l*^2", "<A.B> + 2 <mu5>/lambda")
        if self.flipping_rate > 0:
            ratio = self.chiral_feedback * self.magnetic_diffusivity * found.b2 / self.flipping_rate
            series["cme_ratio"] = (ratio, "1", "lambda eta <B^2>/Gamma5")
        return series

    def _numbers(self, top: Any) -> dict[str, tuple[float, str, str]]:
        """What stands for the whole solution."""
        from kiral.mhd.cpi_formulas import final_helicity

        found = {
            "helicity_max": (float(top.h), "E*/l*^2", "largest |<A.B>|"),
            "time_of_max": (float(top.t), "t*", "time of the largest |<A.B>|"),
        }
        if self.amplitude and self.flipping_rate > 0 and self.chiral_feedback > 0:
            estimate = final_helicity(amplitude=self.amplitude, t_phi=self.t_phi, flipping_rate=self.flipping_rate,
                                      chiral_feedback=self.chiral_feedback)  # fmt: skip
            found["estimate_27"] = (estimate, "E*/l*^2", "the estimate of Eq. (27)")
            found["ratio_27"] = (float(top.h) / abs(estimate), "1", "largest |<A.B>| over Eq. (27)")
        return found


class _Axis(NamedTuple):
    name: str
    default: tuple[float, float]
    unit: str
    text: str


_PLANES = {
    "feedback-source": (
        _Axis("chiral_feedback", (1e6, 1e14), "l*/E*", "chiral feedback lambda"),
        _Axis("amplitude", (2.5e7, 1e8), "1/(l* t*)", "source S5 at t_phi"),
    ),
    "washout-onset": (
        _Axis("washout", (1.0, 1e3), "1", "Gamma5 t_phi"),
        _Axis("onset", (0.15, 0.6), "1", "t_cross/t_phi, Eq. (18)"),
    ),
}
"""x and y axis of each plane."""


class Eq27Map(_FromNoise):
    """Helicity over Eq. (27) of Gurgenidze et al. (2025) in a plane of parameters around a point, run A by default.

    The model is `mean-field`; the helicity is the largest in time. `kiral.mhd.eq27` explains the parameters.
    """

    title: ClassVar[str] = "where Eq. (27) holds: largest helicity without flow over the estimate, in a plane of parameters"
    plane: Literal["feedback-source", "washout-onset"] = Field(
        default="feedback-source",
        description="feedback-source: (chiral_feedback, amplitude), all else fixed; "
        "washout-onset: (Gamma5 t_phi, t_cross/t_phi) at the same lambda times seed, as a pure number",
    )
    x_range: Range | None = Field(default=None, description="ends of the first parameter; 1e6, 1e14 or 1, 1e3")
    y_range: Range | None = Field(default=None, description="ends of the second parameter; 2.5e7, 1e8 or 0.15, 0.6")
    points: Annotated[int, Field(strict=True, ge=2, le=100)] = Field(default=25, description="points of each side")
    magnetic_diffusivity: Positive = Field(default=1e-6, description="eta [l*^2/t*]")
    chiral_feedback: Positive = Field(default=1e8, description="feedback lambda [l*/E*]")
    flipping_rate: Positive = Field(default=1e3, description="washout Gamma5 [1/t*]")
    amplitude: Positive = Field(default=4e7, description="source S5 at t_phi [1/(l* t*)]")
    t_phi: Positive = Field(default=0.05, description="time of the decay [t*]")
    t_start: NonNegative = Field(default=1e-5, description="start [t*]")

    def figures(self, data: xarray.Dataset) -> tuple:
        """The map."""
        from kiral.mhd.mean_field_figures import eq27_map

        return (eq27_map(data),)

    def compute(self) -> xarray.Dataset:
        """ratio, cme_ratio, time_of_max and drift over (y, x), the coordinates under their own names."""
        import xarray

        from kiral.mhd import eq27

        axes = _PLANES[self.plane]
        x, y = (
            np.geomspace(*(given or axis.default), self.points)
            for given, axis in zip((self.x_range, self.y_range), axes, strict=True)
        )
        plasma, density = self._parameters(x, y[:, None])
        found = eq27.ratio_at_peak(plasma, density, self.t_start)
        dims = (axes[1].name, axes[0].name)
        texts = {
            "ratio": (found.ratio, "largest <A.B> over Eq. (27)"),
            "cme_ratio": (found.cme_ratio, "lambda eta <B^2>/Gamma5 at that time"),
            "time_of_max": (found.time, "that time over t_phi"),
            "drift": (found.drift, "largest drift of the ledger"),
        }
        variables = {name: (dims, values, label("1", text)) for name, (values, text) in texts.items()}
        coordinates = {a.name: (a.name, v, label(a.unit, a.text)) for a, v in zip(axes, (x, y), strict=True)}
        return xarray.Dataset(variables, coordinates)

    def _parameters(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        """(plasma, noise density) over the plane."""
        from kiral.mhd import eq27
        from kiral.mhd.mean_field import Plasma

        if self.plane == "feedback-source":
            return Plasma(self.magnetic_diffusivity, x, self.flipping_rate, y, self.t_phi), self.density
        here = Plasma(self.magnetic_diffusivity, self.chiral_feedback, self.flipping_rate, self.amplitude, self.t_phi)
        numbers = eq27.Groups(x, y, eq27.groups(here, self.density).seed)
        return eq27.plasma_from(numbers, eta=self.magnetic_diffusivity, lam=self.chiral_feedback, t_phi=self.t_phi)
