"""The parser of quantities with units, such as "1e14 G", "10 min", "2 1/km"."""

from __future__ import annotations

import difflib
import math
import re

from kiral import constants as const
from kiral.errors import ConfigError

# Dimensions: powers of (length, time, mass, field). A kelvin is an energy (k_B T); the magnetic field stays apart from
# the mechanical units, so that no √4π hides in a conversion.
_Dimension = tuple[int, int, int, int]
_LENGTH, _TIME, _MASS, _FIELD = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)
_ENERGY = (2, -2, 1, 0)
_KINDS = {_LENGTH: "a length", _TIME: "a time", _MASS: "a mass", _FIELD: "a magnetic field", _ENERGY: "an energy"}
_UNITS: dict[str, tuple[float, _Dimension]] = {
    "G": (1.0, _FIELD),
    "T": (1e4, _FIELD),
    "eV": (const.EV_ERG, _ENERGY),
    "keV": (1e3 * const.EV_ERG, _ENERGY),
    "MeV": (1e6 * const.EV_ERG, _ENERGY),
    "GeV": (1e9 * const.EV_ERG, _ENERGY),
    "TeV": (1e12 * const.EV_ERG, _ENERGY),
    "erg": (1.0, _ENERGY),
    "K": (const.BOLTZMANN_ERG_K, _ENERGY),
    "ms": (1e-3, _TIME),
    "s": (1.0, _TIME),
    "min": (60.0, _TIME),
    "h": (3600.0, _TIME),
    "yr": (const.YEAR_S, _TIME),
    "kyr": (1e3 * const.YEAR_S, _TIME),
    "Myr": (1e6 * const.YEAR_S, _TIME),
    "cm": (1.0, _LENGTH),
    "m": (1e2, _LENGTH),
    "km": (1e5, _LENGTH),
    "pc": (const.PARSEC_CM, _LENGTH),
    "kpc": (1e3 * const.PARSEC_CM, _LENGTH),
    "Mpc": (const.MEGAPARSEC_CM, _LENGTH),
    "g": (1.0, _MASS),
    "kg": (1e3, _MASS),
}
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_FACTOR = re.compile(r"([A-Za-z]+)(?:\^([+-]?\d))?")


def parse_quantity(value: object, unit: str, where: str = "quantity") -> float:
    """Number in `unit` of a number (taken to be in `unit`) or a text such as "1e14 G", "10 min", "2 1/km", "3 cm^2/s".

    `where` is the key named in errors. ConfigError: not a finite number, an unknown unit, or one of another dimension.
    """
    if isinstance(value, str):
        number, given = _split(value, unit, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number, given = _as_float(value), ""
    else:
        raise ConfigError(f"{where}: {value!r} given; allowed: {_allowed(unit)}")
    scale, dimension = _resolve(given or unit, unit, where)
    target_scale, target = _resolve(unit, unit, where)
    if dimension != target:
        kind = _KINDS.get(dimension, "of another dimension")
        raise ConfigError(f"{where}: '{given}' in {value!r} is {kind}; allowed: {_allowed(unit)}")
    result = number * (scale / target_scale)
    if not math.isfinite(result):
        raise ConfigError(f"{where}: {value!r} is not finite; allowed: {_allowed(unit)}")
    return result


def _as_float(value: float) -> float:
    """The float nearest to a number; inf where an integer is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _split(text: str, unit: str, where: str) -> tuple[float, str]:
    """(number, unit text) of a quantity."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ConfigError(f"{where}: {text!r} does not begin with a number; allowed: {_allowed(unit)}")
    return float(match[1]), match[2]


def _resolve(text: str, wanted: str, where: str) -> tuple[float, _Dimension]:
    """(scale in cgs, dimension) of a unit such as "km", "1/s", "cm^2/s"."""
    scale, dimension, sign = 1.0, [0, 0, 0, 0], 1
    for token in re.split(r"([*/])", text.replace(" ", "")):
        if token in ("*", "/"):
            sign = -1 if token == "/" else 1
        elif token != "1":
            factor, powers, exponent = _factor(token, wanted, where)
            scale *= factor ** (sign * exponent)
            dimension = [d + sign * exponent * p for d, p in zip(dimension, powers, strict=True)]
    length, time, mass, field = dimension
    return scale, (length, time, mass, field)


def _factor(token: str, wanted: str, where: str) -> tuple[float, _Dimension, int]:
    """(scale, dimension, exponent) of one factor such as "cm^2"."""
    match = _FACTOR.fullmatch(token)
    if match is None or match[1] not in _UNITS:
        hint = f"unknown unit '{match[1] if match else token}'{_nearest(token)}"
        raise ConfigError(f"{where}: {hint}; allowed: {_allowed(wanted)}")
    return *_UNITS[match[1]], int(match[2] or 1)


def _nearest(name: str) -> str:
    """The hint "did you mean ...?" with the unit closest to an unknown one, regardless of case; empty where none is."""
    by_lower = {known.lower(): known for known in _UNITS}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f" (did you mean '{by_lower[near[0]]}'?)" if near else ""


def _allowed(unit: str) -> str:
    """What may be written where `unit` is declared."""
    _, target = _resolve(unit, unit, unit)
    same = [name for name, (_, dimension) in _UNITS.items() if dimension == target]
    inverse = [f"1/{name}" for name, (_, dimension) in _UNITS.items() if tuple(-d for d in dimension) == target]
    names = ", ".join(same or inverse) or f"any product of units equal in kind to {unit}, such as {unit}"
    return f"a number (in {unit}) or a number with one of {names}"
