"""How far off the closed forms of the drag regime are, for given fields, wave number and frequency; and warnings of it.

Read from a table (`validity.toml`) that `kiral calc kinetic-validity` computes with the kinetic equation itself; method and
figures in docs/kinetic/validity.md. No jax, no scipy: subjects that use the closed forms may ask at their start.

    from kiral.kinetic import validity
    found = validity.expected_errors(temperature=1.0, tau=2.0, charge=0.3, magnetic_field=0.2, wave_number=0.1)
    found.grade, found.errors["ohmic"]
    validity.warn(found)

Numbers that count, T standing for sqrt(T² + 3 mu_λ²/π²): a = ceEτ/T, b = ceBτ/T, ckτ, ωτ. ħ = 1, Gaussian, c explicit.
"""

from __future__ import annotations

import math
import tomllib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import numpy as np

from kiral.core.arrays import check
from kiral.errors import ConfigError

GOOD, FAIR, LARGE = 0.01, 0.1, 0.3
QUANTUM = 0.1
"""ceB/T² above this is warned of: the kinetic equation is of first order in it, and has no error to offer."""
Grade = Literal["1 %", "10 %", "outside"]
TERMS = {
    "ohmic": "Ohmic current",
    "hall": "Hall current",
    "chiral_magnetic": "chiral magnetic current",
    "diffusion": "diffusion",
    "anomaly": "production by the anomaly",
}
PARAMETERS = {
    "electric": "c e E tau/T",
    "magnetic": "c e B tau/T",
    "gradient": "c k tau",
    "frequency": "omega tau",
    "quantum": "c e B/T^2",
}
_LINES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "ohmic": (("gradient", "wave", "ohmic_wave"), ("frequency", "frequency", "ohmic_frequency")),
    "hall": (("gradient", "wave", "hall_wave"), ("frequency", "frequency", "hall_frequency")),
    "chiral_magnetic": (
        ("electric", "parallel", "chiral_magnetic"),
        ("frequency", "frequency", "chiral_magnetic_frequency"),
    ),
    "diffusion": (("gradient", "wave", "diffusion"),),
    "anomaly": (("electric", "parallel", "anomaly"),),
}
"""What adds to a term's error along a line: parameter, coordinate, errors in the table."""
_PLANES = {"ohmic": "ohmic", "hall": "hall", "diffusion": "ohmic"}


class ValidityWarning(UserWarning):
    """Closed-form currents are used where the kinetic equation says otherwise."""


@dataclass(frozen=True)
class Validity:
    """Expected relative errors by term (`TERMS`), and what they follow from (`PARAMETERS`); numbers or arrays.

    An error of 0.3 or more tells no more than "large"; inf means beyond the table.
    """

    parameters: dict[str, Any]
    errors: dict[str, Any]

    @property
    def worst(self) -> tuple[str, float]:
        """The term with the largest error anywhere, and the error."""
        sizes = {name: float(np.max(error)) for name, error in self.errors.items()}
        name = max(sizes, key=lambda key: sizes[key])
        return name, sizes[name]

    @property
    def grade(self) -> Grade:
        """Whether all terms hold to 1 %, to 10 %, or not: "1 %", "10 %", "outside"."""
        error = self.worst[1]
        return "1 %" if error <= GOOD else "10 %" if error <= FAIR else "outside"


def expected_errors(
    *, temperature: Any, tau: Any, charge: Any, c: Any = 1.0, mu: Any = 0.0, mu5: Any = 0.0, electric_field: Any = 0.0,
    magnetic_field: Any = 0.0, wave_number: Any = 0.0, frequency: Any = 0.0,
) -> Validity:  # fmt: skip
    """Expected errors of the closed forms of `kiral.kinetic.currents` for fields of these sizes. All broadcast.

    Args: electric_field, magnetic_field – |E|, |B|; wave_number – k of what varies; frequency – |ω|. ħ = 1, Gaussian.
    A term without its field has error 0. Single effects are to a few percent of the error below 10 %; together they are added,
    and E is taken across B, the worse case. Compared with solutions that made no part of the table: within a factor of 1.5.
    Errors: ConfigError for T, tau, c <= 0, and for negative sizes.
    """
    for name, value in (("temperature", temperature), ("tau", tau), ("c", c)):
        check(name, value, above=0.0)
    sizes = {"electric_field": electric_field, "magnetic_field": magnetic_field, "wave_number": wave_number}
    for name, value in (sizes | {"frequency": frequency}).items():
        check(name, value, least=0.0)
    thermal = np.sqrt(np.square(temperature) + 3 * np.minimum(np.abs(mu + mu5), np.abs(mu - mu5)) ** 2 / math.pi**2)
    force = c * np.abs(charge) / thermal
    return from_parameters(
        electric=force * tau * electric_field, magnetic=force * tau * magnetic_field, gradient=c * tau * wave_number,
        frequency=tau * frequency, quantum=force * magnetic_field / thermal,
    )  # fmt: skip


def from_parameters(
    *, electric: Any = 0.0, magnetic: Any = 0.0, gradient: Any = 0.0, frequency: Any = 0.0, quantum: Any = 0.0
) -> Validity:
    """The same from the dimensionless numbers of `PARAMETERS`."""
    values = {"electric": electric, "magnetic": magnetic, "gradient": gradient, "frequency": frequency, "quantum": quantum}
    given = {name: np.asarray(value, dtype=float) for name, value in values.items()}
    given = dict(zip(given, np.broadcast_arrays(*given.values()), strict=True))
    a, b = given["electric"], given["magnetic"]
    present = {"hall": (a > 0) & (b > 0), "chiral_magnetic": b > 0, "anomaly": (a > 0) & (b > 0)}
    errors = {}
    for term in TERMS:
        error = sum((_line(given[p], *keys) for p, *keys in _LINES[term]), np.zeros(a.shape))
        error = error + _plane(a, b, _PLANES[term]) if term in _PLANES else error
        errors[term] = np.where(present.get(term, True), error, 0.0)
    return Validity(given, errors)


def largest(term: str, parameter: str, error: float = GOOD) -> float:
    """The value of one parameter, the others zero, up to which a term holds to `error`; inf where it does not depend on it.

    The Hall current takes the other field to be weak.
    """
    for name, value, allowed in (("term", term, TERMS), ("parameter", parameter, PARAMETERS)):
        if value not in allowed:
            raise ConfigError(f"{name}: {value!r} given; allowed: {', '.join(allowed)}")
    check("error", error, above=0.0)
    values = np.geomspace(1e-4, 3.0, 4000)
    weak = {"electric": 1e-12, "magnetic": 1e-12} if term in ("hall", "chiral_magnetic", "anomaly") else {}
    found = from_parameters(**{**weak, parameter: values}).errors[term]
    beyond = found > error
    return float(values[np.argmax(beyond)]) if beyond.any() else math.inf


def messages(found: Validity, allowed: float = GOOD, terms: Iterable[str] = tuple(TERMS), where: str = "") -> tuple[str, ...]:
    """What to tell a user who takes these terms from the closed forms: the numbers, what they mean, what to do. () if nothing.

    allowed – relative error of a term above which it is named. where – put before each sentence.
    """
    said = []
    sizes = {TERMS[name]: float(np.max(found.errors[name])) for name in terms}
    off = [f"the {name} by {_percent(size)}" for name, size in sizes.items() if size > allowed]
    if off:
        causes = [f"{PARAMETERS[n]} = {np.max(v):.2g}" for n, v in found.parameters.items() if n != "quantum" and np.any(v > 0)]
        said.append(
            f"{where}at {', '.join(causes)} closed-form currents are off by more than {100 * allowed:g} %: {', '.join(off)}; "
            "lower the field, k or tau, or solve the kinetic equation itself"
        )
    quantum = float(np.max(found.parameters["quantum"]))
    if quantum > QUANTUM:
        said.append(
            f"{where}{PARAMETERS['quantum']} = {quantum:.2g} exceeds {QUANTUM:g}: chiral currents are of first order in it, "
            "and their error is not known; lower B"
        )
    return tuple(said)


def warn(found: Validity, allowed: float = GOOD, terms: Iterable[str] = tuple(TERMS), where: str = "") -> None:
    """Python warnings (`ValidityWarning`) with these messages, as of the caller."""
    for message in messages(found, allowed, terms, where):
        warnings.warn(message, ValidityWarning, stacklevel=2)


def _percent(error: float) -> str:
    return f"about {100 * error:.2g} %" if error < LARGE else "30 % or more"


@cache
def table() -> dict[str, Any]:
    """The table as arrays, and `provenance`, the command and the settings that made it."""
    text = resources.files("kiral.kinetic").joinpath("validity.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    return {name: value if isinstance(value, dict) else np.array(value) for name, value in read.items()}


def _line(x: np.ndarray, coordinate: str, name: str) -> np.ndarray:
    """Error at x: straight in logarithms, continued below the table, inf beyond it, 0 at 0."""
    logs, values = np.log(table()[coordinate]), np.log(table()[name])
    at = np.log(np.maximum(x, 1e-300))
    slope = (values[1] - values[0]) / (logs[1] - logs[0])
    inside = np.where(at < logs[0], values[0] + slope * (at - logs[0]), np.interp(at, logs, values))
    return np.where(x == 0, 0.0, np.where(at > logs[-1] + 1e-9, np.inf, np.exp(inside)))


def _plane(a: np.ndarray, b: np.ndarray, name: str) -> np.ndarray:
    """Error at (a, b): bilinear in logarithms; below the table that of its edge, 0 without fields, inf beyond."""
    edges = np.log(table()["electric"]), np.log(table()["magnetic"])
    values = np.log(table()[name])
    places = []
    for x, edge in zip((a, b), edges, strict=True):
        at = np.interp(np.log(np.maximum(x, 1e-300)), edge, np.arange(len(edge)))
        low = np.minimum(at.astype(int), len(edge) - 2)
        places.append((low, at - low))
    (i, u), (j, v) = places
    below, above = ((1 - v) * values[row, j] + v * values[row, j + 1] for row in (i, i + 1))
    found = (1 - u) * below + u * above
    far = (a > np.exp(edges[0][-1]) * (1 + 1e-9)) | (b > np.exp(edges[1][-1]) * (1 + 1e-9))
    return np.where((a == 0) & (b == 0), 0.0, np.where(far, np.inf, np.exp(found)))
