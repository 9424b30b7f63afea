"""Calculations with neutrino radiation (`kiral calc weak`, `weak-map`, `weak-star`). Nothing here imports jax."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from kiral.config.base import NonNegative, Number, Positive
from kiral.config.calculation import Calculation
from kiral.constants import AXIAL_COUPLING, SOLAR_MASS_G
from kiral.core.provenance import file_checksum
from kiral.errors import ConfigError
from kiral.weak.composition import NUCLEON_MASS_MEV

if TYPE_CHECKING:
    import xarray

    from kiral.weak.effective import EffectiveCME
    from kiral.weak.spectra import PinchedSpectrum

Fraction = Annotated[float, Field(strict=True, gt=0, lt=1)]
EnergyCurrentChoice = Literal["consistent", "printed"]
TEXTS = {
    "xi_b": ("MeV", "conductivity xi_B of the electric current, electrons"),
    "xi_b_total": ("MeV", "conductivity xi_B of the electric current, electrons and positrons"),
    "kappa_b": ("MeV^2", "conductivity kappa_B of the energy current, electrons"),
    "kappa_b_total": ("MeV^2", "conductivity kappa_B of the energy current, electrons and positrons"),
    "max_delta_f": ("1", "largest change of an occupation"),
}


class _Neutrinos(Calculation):
    """The matter, and a pinched spectrum for neutrinos and, where given, another one for antineutrinos."""

    density: Positive = Field(default=1e10, description="mass density [g/cm^3]")
    temperature: Positive = Field(default=8.6, description="temperature [MeV]")
    electron_fraction: Fraction = Field(default=0.4, description="electrons per nucleon")
    alpha: NonNegative = Field(default=2.65, description="pinching of the neutrinos' spectrum")
    mean_energy: Positive = Field(default=13.05, description="its energy scale; the mean energy for shape = number [MeV]")
    number_density: NonNegative | None = Field(default=None, description="neutrinos; amplitude 1 where not given [1/cm^3]")
    mean_occupation: NonNegative | None = Field(default=None, description="mean occupation instead of number_density")
    shape: Literal["occupation", "number"] = Field(
        default="occupation", description="what has the pinched form: the occupation f, or the number of neutrinos q^2 f"
    )
    alpha_bar: NonNegative | None = Field(default=None, description="antineutrinos; as the neutrinos where not given")
    mean_energy_bar: Positive | None = Field(default=None, description="antineutrinos; as the neutrinos where not given [MeV]")
    number_density_bar: NonNegative | None = Field(default=None, description="antineutrinos [1/cm^3]")
    mean_occupation_bar: NonNegative | None = Field(default=None, description="antineutrinos")
    time: NonNegative = Field(default=0.1, description="time since the neutrinos began to shine [s]")
    energy_current: EnergyCurrentChoice = Field(default="consistent", description="kappa_B by Eq. (22); printed: half of it")
    refilling_rate: NonNegative = Field(default=0.0, description="electromagnetic refilling, bounded answer [1/s]")
    flipping_rate: NonNegative = Field(default=0.0, description="chirality flips, bounded answer [1/s]")
    axial_coupling: Number = Field(default=AXIAL_COUPLING, description="axial coupling g_A of the nucleon")
    nucleon_mass: Positive = Field(default=NUCLEON_MASS_MEV, description="nucleon mass [MeV]")

    @model_validator(mode="after")
    def _physical(self) -> _Neutrinos:
        try:
            self.spectra()
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    def spectra(self) -> tuple[PinchedSpectrum, PinchedSpectrum | None]:
        """Of the neutrinos, and of the antineutrinos where they have their own."""
        from kiral.weak.spectra import PinchedSpectrum

        nu = PinchedSpectrum(self.alpha, self.mean_energy, self.number_density, self.mean_occupation, self.shape)
        bar = (self.alpha_bar, self.mean_energy_bar, self.number_density_bar, self.mean_occupation_bar)
        if all(value is None for value in bar):
            return nu, None
        alpha = self.alpha if self.alpha_bar is None else self.alpha_bar
        energy = self.mean_energy if self.mean_energy_bar is None else self.mean_energy_bar
        amplitude = bar[2:] if bar[2:] != (None, None) else (self.number_density, self.mean_occupation)
        return nu, PinchedSpectrum(alpha, energy, *amplitude, self.shape)

    def answer(self, **changes: Any) -> EffectiveCME:
        """`effective_cme` with these inputs; those in `changes` otherwise. The warning is left to `max_delta_f`."""
        from kiral.weak.effective import LinearAnswerWarning, effective_cme

        nu, nu_bar = self.spectra()
        names = ("density", "temperature", "electron_fraction", "time", "energy_current", "refilling_rate", "flipping_rate",
                 "axial_coupling", "nucleon_mass")  # fmt: skip
        given = {name: getattr(self, name) for name in names} | changes
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LinearAnswerWarning)
            return effective_cme(spectrum=nu, antineutrino_spectrum=nu_bar, **given)

    def zone(self) -> Any:
        """Matter and spectra as one object."""
        from kiral.weak.composition import composition
        from kiral.weak.effective import Zone

        nu, nu_bar = self.spectra()
        matter = composition(self.density, self.temperature, self.electron_fraction, self.nucleon_mass)
        return Zone(matter, nu, nu_bar or nu, self.axial_coupling)


class Weak(_Neutrinos):
    """The effective chiral magnetic effect in one zone; the inputs of Yamamoto & Yang (2023) by default."""

    title: ClassVar[str] = "effective chiral magnetic effect of neutrino radiation in one zone: linear and Pauli-bounded"
    points: Annotated[int, Field(strict=True, ge=2)] = Field(default=61, description="number of times")
    energies: Annotated[int, Field(strict=True, ge=2)] = Field(default=201, description="number of energies")

    def compute(self) -> xarray.Dataset:
        """Numbers at `time`; the currents over `t`; collision terms over `energy`; occupations over `t_shown` and `energy`."""
        import xarray

        variables = self._numbers() | self._times() | self._energies()
        coordinates = {
            "t": ("t", self._t(), _label("s", "time since the neutrinos began to shine")),
            "t_shown": ("t_shown", self._t_shown(), _label("s", "times of the occupations")),
            "energy": ("energy", self._q(), _label("MeV", "energy")),
        }
        return xarray.Dataset(variables, coordinates, {"warning": self.answer().warning})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Collision terms, occupations, conductivities in time."""
        from kiral.weak import figures

        return figures.collision_terms(data), figures.occupations(data), figures.conductivities(data)

    def _t(self) -> np.ndarray:
        return np.geomspace(1e-5, 1.0, self.points) * (self.time or 1.0)

    def _t_shown(self) -> np.ndarray:
        return np.geomspace(1e-3, 1.0, 4) * (self.time or 1.0)

    def _q(self) -> np.ndarray:
        return np.linspace(0.0, 12 * max(self.temperature, self.mean_energy / 3), self.energies + 1)[1:]

    def _numbers(self) -> dict[str, tuple]:
        from kiral.units import chiral_wavenumber_from_conductivity
        from kiral.weak.composition import neutrino_chemical_potential
        from kiral.weak.scales import equipartition_field, flipping_rate, instability_scales, pair_plasma_conductivity

        found = self.answer()
        values: dict[str, tuple[Any, str, str]] = {}
        for name, (unit, text) in TEXTS.items():
            values[name] = (getattr(found, name), unit, text)
            values[f"{name}_bounded"] = (getattr(found.bounded, name), unit, f"{text}, within the Pauli bound")
        for name in ("xi_b_total", "kappa_b_total"):
            values[f"error_{name}"] = (getattr(found.error, name), TEXTS[name][0], f"numerical error of {name}")
        for name, text in (("mu_e", "electrons"), ("mu_n", "neutrons"), ("mu_p", "protons")):
            values[name] = (getattr(found, name), "MeV", f"chemical potential of {text}")
        zone = self.zone()
        values["mu_nu_equilibrium"] = (neutrino_chemical_potential(zone.matter), "MeV", "that of neutrinos in beta equilibrium")
        values["valid_until"] = (found.valid_until, "s", "time at which the linear max|delta f| reaches 0.1")
        values["impossible_from"] = (found.impossible_from, "s", "time at which the linear max|delta f| reaches 1")
        conductivity = pair_plasma_conductivity(self.temperature)
        values["conductivity"] = (conductivity, "MeV", "electric conductivity of a pair plasma, leading logarithm")
        for suffix, xi in (("", found.xi_b_total), ("_bounded", found.bounded.xi_b_total)):
            scales = instability_scales(xi, conductivity)
            values[f"wave_number{suffix}"] = (chiral_wavenumber_from_conductivity(xi), "1/cm", "xi_B,tot/(hbar c)")
            values[f"growth_time{suffix}"] = (scales.growth_time_s, "s", "growth time of the chiral plasma instability")
        values["flipping_scale"] = (flipping_rate(self.temperature), "1/s", "alpha m_e^2/T, scale of chirality flips")
        values["equipartition_field"] = (equipartition_field(zone.matter), "G", "field with the energy of the thermal matter")
        return {name: ((), float(value), _label(unit, text)) for name, (value, unit, text) in values.items()}

    def _times(self) -> dict[str, tuple]:
        from kiral.weak.thermal import thermal_answer

        found = self.answer(time=self._t())
        result = {}
        for name, (unit, text) in TEXTS.items():
            result[f"{name}_of_t"] = ("t", getattr(found, name), _label(unit, text))
            bounded = _label(unit, f"{text}, within the Pauli bound")
            result[f"{name}_bounded_of_t"] = ("t", getattr(found.bounded, name), bounded)
        xi = thermal_answer(self.zone(), self._t(), self.flipping_rate).xi_b_total
        text = f"{TEXTS['xi_b_total'][1]}, limit of fast collisions that keep chirality"
        return result | {"xi_b_total_thermal_of_t": ("t", xi, _label("MeV", text))}

    def _energies(self) -> dict[str, tuple]:
        from kiral.units import per_second_to_mev, seconds_to_inverse_mev
        from kiral.weak.bounded import bounded_change

        q, t = self._q(), seconds_to_inverse_mev(self._t_shown())[:, None]
        rates = (per_second_to_mev(self.refilling_rate), per_second_to_mev(self.flipping_rate))
        result = {}
        for end, particles, channel in zip(("", "_bar"), ("electrons", "positrons"), self.zone().channels(q), strict=True):
            left, _ = bounded_change(channel.drive, channel.rate, t, *rates)
            result[f"collision_term{end}"] = ("energy", channel.collision_term, _label("MeV^2", f"F_W of {particles}"))
            result[f"occupation{end}"] = ("energy", channel.thermal, _label("1", f"thermal occupation of {particles}"))
            text = f"change of the occupation of {particles}"
            result[f"delta_f{end}"] = (("t_shown", "energy"), channel.drive * t, _label("1", f"{text}, linear"))
            result[f"delta_f_bounded{end}"] = (("t_shown", "energy"), left, _label("1", f"{text}, within the Pauli bound"))
        return result


def _increasing(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError(f"the second number must be the larger one; got {list(ends)}")
    return ends


Range = Annotated[tuple[Positive, Positive], AfterValidator(_increasing)]
Parameter = Literal["density", "temperature", "electron_fraction"]
AXES = {
    "density": ((1e8, 1e13), "log", "g/cm^3", "mass density"),
    "temperature": ((1.0, 20.0), "linear", "MeV", "temperature"),
    "electron_fraction": ((0.05, 0.6), "linear", "1", "electrons per nucleon"),
}


class WeakMap(_Neutrinos):
    """The currents in a plane of densities, temperatures or electron fractions; all else as in `weak`."""

    title: ClassVar[str] = "effective chiral magnetic effect of neutrino radiation in a plane of parameters"
    x: Parameter = Field(default="electron_fraction", description="first parameter")
    y: Parameter = Field(default="temperature", description="second parameter")
    x_range: Range | None = Field(default=None, description="ends of the first one; wide where not given")
    y_range: Range | None = Field(default=None, description="ends of the second one; wide where not given")
    points: Annotated[int, Field(strict=True, ge=2, le=400)] = Field(default=81, description="points of each side")

    @model_validator(mode="after")
    def _a_plane(self) -> WeakMap:
        if self.x == self.y:
            raise ValueError(f"y must differ from x = {self.x!r}; got {self.y!r}")
        for axis, ends in ((self.x, self.x_range), (self.y, self.y_range)):
            if axis == "electron_fraction" and ends is not None and ends[1] >= 1:
                raise ValueError(f"electron_fraction must stay below 1; got {list(ends)}")
        return self

    def axis(self, name: str, given: tuple[float, float] | None) -> np.ndarray:
        """Values of a parameter."""
        ends, scale, _, _ = AXES[name]
        return (np.geomspace if scale == "log" else np.linspace)(*(given or ends), self.points)

    def compute(self) -> xarray.Dataset:
        """Currents and max|δf|, linear and bounded, and the nucleons' degeneracy over (y, x); coordinates by their names."""
        import xarray

        x, y = self.axis(self.x, self.x_range), self.axis(self.y, self.y_range)
        rows = [self._row(x, value) for value in y]
        variables = {}
        for name, (unit, text) in TEXTS.items():
            linear, bounded = (np.stack([row[k][name] for row in rows]) for k in (0, 1))
            variables[name] = ((self.y, self.x), linear, _label(unit, text))
            variables[f"{name}_bounded"] = ((self.y, self.x), bounded, _label(unit, f"{text}, within the Pauli bound"))
        text = "fugacity of the more abundant nucleon; Boltzmann statistics needs it well below 1"
        variables["degeneracy"] = ((self.y, self.x), self._degeneracy({self.x: x, self.y: y[:, None]}), _label("1", text))
        coordinates = {name: (name, values, _label(*AXES[name][2:])) for name, values in ((self.x, x), (self.y, y))}
        return xarray.Dataset(variables, coordinates)

    def _degeneracy(self, plane: dict[str, np.ndarray]) -> np.ndarray:
        from kiral.weak.composition import composition, degeneracy

        names = ("density", "temperature", "electron_fraction")
        rho, temperature, fraction = (plane.get(name, getattr(self, name)) for name in names)
        matter = composition(rho, temperature, fraction, self.nucleon_mass)
        most = np.maximum(matter.n_n, matter.n_p)
        return np.broadcast_to(degeneracy(most, matter.temperature, self.nucleon_mass), (self.points, self.points))

    def _row(self, x: np.ndarray, y: float) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "nucleons are degenerate", UserWarning)
            found = self.answer(**{self.x: x, self.y: y})
        return tuple({name: np.asarray(getattr(part, name)) for name in TEXTS} for part in (found, found.bounded))  # type: ignore

    def figures(self, data: xarray.Dataset) -> tuple:
        """The sign of the current and the sizes of both currents over the plane."""
        from kiral.weak import figures

        return figures.sign_map(data), figures.plane_maps(data)


class WeakStar(Calculation):
    """Currents, growth times and kick of a star from profiles of a simulation; an analytic neutrino bulb by default."""

    title: ClassVar[str] = "effective chiral magnetic effect in a star, from profiles of a simulation"
    file: str | None = Field(default=None, description="CSV, NetCDF or Zarr of profiles; an analytic bulb where not given")
    shape: Literal["number", "occupation"] = Field(
        default="number", description="what alpha and mean_energy of the profiles describe: q^2 f, or the occupation f"
    )
    times: Annotated[tuple[Positive, ...], Field(min_length=1)] | None = Field(
        default=None, description="times since the neutrinos began to shine, for steady profiles [s]"
    )
    energy_current: EnergyCurrentChoice = Field(default="consistent", description="kappa_B by Eq. (22); printed: half of it")
    refilling_rate: NonNegative = Field(default=0.0, description="electromagnetic refilling, bounded answer [1/s]")
    flipping_rate: NonNegative = Field(default=0.0, description="chirality flips, bounded answer [1/s]")
    axial_coupling: Number = Field(default=AXIAL_COUPLING, description="axial coupling g_A of the nucleon")
    flight: bool = Field(default=False, description="also the current of electrons in straight flight (linear)")
    field: Number = Field(default=1e13, description="uniform magnetic field for the kick [G]")
    mass: Positive = Field(default=1.4, description="mass of the star for the kick [solar masses]")

    def compute(self) -> xarray.Dataset:
        """Everything that `kiral.weak.star.star_currents` and `star_kick` give."""
        from kiral.weak.bulb import neutrino_bulb
        from kiral.weak.star import Rates, star_currents, star_kick
        from kiral.weak.star_file import checked, read_profiles

        data = checked(neutrino_bulb()) if self.file is None else read_profiles(Path(self.file))
        found = star_currents(
            data,
            self.times,
            energy_current=self.energy_current,
            shape=self.shape,
            rates=Rates(self.refilling_rate, self.flipping_rate),
            axial_coupling=self.axial_coupling,
            flight=self.flight,
        )
        return found.merge(star_kick(found, self.field, self.mass * SOLAR_MASS_G))

    def figures(self, data: xarray.Dataset) -> tuple:
        """Profiles of the conductivities, growth times and the kick."""
        from kiral.weak import figures

        return (figures.star_profiles(data),)

    def depends_on(self) -> dict[str, Any]:
        """The content of the file, or of the files of a Zarr store."""
        if self.file is None or not Path(self.file).exists():
            return {}
        path = Path(self.file)
        files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
        return {"file_sha256": [file_checksum(f) for f in files]}


class WeakField(_Neutrinos):
    """Does the current of the neutrinos make a magnetar? Growth against flips and lifetime, helicity and field at most.

    `answer` counts: 0 linear in time, 1 within the Pauli bound, 2 with fast collisions that keep chirality, 3 with flips too.
    """

    title: ClassVar[str] = "the field that neutrino radiation can grow: linear, bounded, with collisions and with flips"
    flipping_rate: NonNegative | None = Field(
        default=None, description="chirality flips of the last answer; alpha m_e^2/T where not given [1/s]"
    )
    lifetime: Positive = Field(default=10.0, description="how long the star shines in neutrinos [s]")
    length: Positive = Field(default=1e5, description="wavelength at which the field is wanted [cm]")
    wanted_field: Positive = Field(default=1e16, description="field to compare with [G]")

    def compute(self) -> xarray.Dataset:
        """Over `answer`: xi, growth time and e-foldings, flips in a growth time, and the helicity and fields at most."""
        import xarray

        from kiral.units import chiral_wavenumber_from_conductivity
        from kiral.weak.field import grown_field
        from kiral.weak.scales import chirality_for_field, equipartition_field

        flips, matter = self._flips(), self.zone().matter
        xi = self._conductivities(flips)
        found = grown_field(np.array(list(xi.values())), matter, self.length)
        over = {
            "xi_b_total": (np.array(list(xi.values())), "MeV", "chiral conductivity"),
            "wave_number": (chiral_wavenumber_from_conductivity(np.array(list(xi.values()))), "1/cm", "xi/(hbar c)"),
            "growth_time": (found.scales.growth_time_s, "s", "growth time of the fastest mode"),
            "efoldings": (self.lifetime / found.scales.growth_time_s, "1", "growth times in the lifetime"),
            "flips_per_growth_time": (flips * found.scales.growth_time_s, "1", "chirality flips in a growth time"),
            "helicity": (found.helicity, "MeV^3", "largest magnetic helicity that the chirality allows"),
            "field": (found.field, "G", "field of that helicity at the fastest mode"),
            "field_at_length": (found.field_at_length, "G", "field of that helicity at the wavelength asked for"),
            "chirality_needed": (
                chirality_for_field(self.wanted_field, found.scales.wave_number), "MeV^3",
                "n_R - n_L that the wanted field takes at the fastest mode",
            ),
        }  # fmt: skip
        numbers = {
            "flipping_rate": (flips, "1/s", "rate of chirality flips"),
            "equipartition_field": (float(equipartition_field(matter)), "G", "field with the energy of the thermal matter"),
        }
        variables = {name: ("answer", np.asarray(value), _label(unit, text)) for name, (value, unit, text) in over.items()}
        variables |= {name: ((), value, _label(unit, text)) for name, (value, unit, text) in numbers.items()}
        named = {"long_name": "answer", "flag_values": list(range(len(xi))), "flag_meanings": " ".join(xi)}
        return xarray.Dataset(variables, {"answer": ("answer", np.arange(len(xi)), {"units": "1"} | named)})

    def _flips(self) -> float:
        from kiral.weak.scales import flipping_rate

        return float(flipping_rate(self.temperature)) if self.flipping_rate is None else self.flipping_rate

    def _conductivities(self, flips: float) -> dict[str, float]:
        """ξ_tot [MeV] at `time` in the four answers."""
        from kiral.weak.thermal import thermal_answer

        found, zone = self.answer(flipping_rate=0.0), self.zone()
        fast, flipped = (float(thermal_answer(zone, [self.time], rate).xi_b_total[0]) for rate in (0.0, flips))
        return {
            "linear": float(found.xi_b_total),
            "bounded": float(found.bounded.xi_b_total),
            "fast_collisions": fast,
            "with_flips": flipped,
        }


def _label(unit: str, text: str) -> dict[str, str]:
    """Attributes of a variable."""
    return {"units": unit, "long_name": text}
