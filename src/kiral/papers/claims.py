"""What a paper says, claim by claim, and whether ours agrees. Needs no jax.

A claim is a number, a bound or a statement with the place where the paper makes it. The verdict is computed, never written
down: "printed" (ours agrees with the paper), "corrected" (only with the corrected value), "larger" (needs a larger size),
"differs" (agrees with neither).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from kiral.config.base import Positive, Section
from kiral.config.load import read_toml
from kiral.config.messages import explain, nearest
from kiral.errors import ConfigError
from kiral.papers import paper_folder

SIZES = ("ci", "laptop", "paper")
"""Sizes of a reproduction, each includes what the ones before it can judge."""

Verdict = Literal["printed", "corrected", "larger", "differs"]
VERDICTS: tuple[Verdict, ...] = ("printed", "corrected", "larger", "differs")

ROUNDING = 1 + 1e-9
"""Ours is a binary number: the edge of a band that is given in decimals is met within this."""


class Claim(Section):
    """One claim of a paper; the keys of a [[claim]] in claims.toml."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = Field(description="unique name: a-z, 0-9, -")
    where: str = Field(min_length=1, description="place in the paper")
    statement: str = Field(min_length=1, description="what is claimed, one line")
    kind: Literal["number", "bound", "statement"] = Field(description="number, bound or statement")
    printed: str = Field(min_length=1, description="the number or limit as text, with its digits; or what the paper says")
    unit: str = Field(default="", description="unit of the number")
    relation: Literal["<", ">"] | None = Field(default=None, description="of a bound: ours < printed")
    corrected: str | None = Field(default=None, description="number that is right where the printed one is not, as text")
    corrected_statement: str | None = Field(default=None, description="what is right where the paper's statement is not")
    derivation: str | None = Field(default=None, description="why the corrected value is right")
    expected: str | None = Field(default=None, description="independent number with more digits than the printed one")
    expected_source: str | None = Field(default=None, description="where the expected number comes from")
    tolerance: Positive | None = Field(default=None, description="relative; instead of half a unit of the last digit")
    cause: str | None = Field(default=None, description="why this tolerance")
    needs: Literal["theory", "ci", "laptop", "paper"] = Field(description="smallest size that can judge; theory: no run")
    value: str = Field(default="", description="name in values.VALUES; default: the id")
    figure: str | None = Field(default=None, description="name in figures.FIGURES")

    @model_validator(mode="before")
    @classmethod
    def _value_is_named_as_the_claim(cls, values: Any) -> Any:
        return {"value": values.get("id"), **values} if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Claim:
        numeric = self.kind != "statement"
        _only(numeric, self, "corrected", "expected", "tolerance", "unit")
        _only(self.kind == "bound", self, "relation")
        _only(self.kind == "statement", self, "corrected_statement")
        if self.kind == "bound" and self.relation is None:
            raise ValueError('relation: is missing; a bound needs relation = "<" or ">"')
        for name in ("printed", "corrected", "expected") if numeric else ():
            _check_decimal(name, getattr(self, name))
        return self

    @model_validator(mode="after")
    def _says_why(self) -> Claim:
        for given, reason in (
            ("corrected", "derivation"), ("corrected_statement", "derivation"), ("expected", "expected_source"),
            ("tolerance", "cause"),
        ):  # fmt: skip
            if getattr(self, given) is not None and not getattr(self, reason):
                raise ValueError(f"{reason}: is missing; it must come with {given}")
        for reason, subjects in (
            ("derivation", ("corrected", "corrected_statement")), ("expected_source", ("expected",)), ("cause", ("tolerance",))
        ):  # fmt: skip
            if getattr(self, reason) is not None and all(getattr(self, name) is None for name in subjects):
                raise ValueError(f"{reason}: stands alone; it belongs to {' or '.join(subjects)}")
        return self

    def judged_at(self, size: str) -> bool:
        """Whether this size is large enough for the claim."""
        return self.needs == "theory" or SIZES.index(self.needs) <= SIZES.index(size)


def load_claims(key: str) -> tuple[Claim, ...]:
    """The claims of a paper. ConfigError: no such paper; or file, claim and key of everything that is wrong."""
    return read_claims(paper_folder(key) / "claims.toml")


def read_claims(path: Path) -> tuple[Claim, ...]:
    """The claims of a file; errors as in `load_claims`."""
    _, values = read_toml(path)
    entries = values.get("claim")
    if set(values) != {"claim"} or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise ConfigError(f"{path}: must be a list of [[claim]] and nothing else; it has: {', '.join(values) or 'nothing'}")
    claims, problems = [], []
    for number, entry in enumerate(entries, 1):
        name = f"claim {entry['id']!r}" if isinstance(entry.get("id"), str) else f"claim number {number}"
        try:
            claims.append(Claim.model_validate(entry))
        except ValidationError as failure:
            problems += [f"{name}: {line}" for line in explain(failure, Claim)]
    ids = [claim.id for claim in claims]
    problems += [f"claim {name!r}: id: given twice" for name in dict.fromkeys(i for i in ids if ids.count(i) > 1)]
    _raise(path, problems)
    return tuple(claims)


def check_names(path: Path, claims: tuple[Claim, ...], values: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """ConfigError where a claim names a value or figure that is not there."""
    problems = []
    for claim in claims:
        for key, given, known in (("value", claim.value, values), ("figure", claim.figure, figures)):
            if given is not None and given not in known:
                table = f"{key}s.{key.upper()}S"
                problems.append(f"claim {claim.id!r}: {key}: {given!r} is not in {table}{nearest(given, known)}")
    _raise(path, problems)


def verdict(claim: Claim, ours: Any, size: str) -> Verdict:
    """Whether ours agrees with the printed value, the corrected one only, or neither, or cannot be judged at this size.

    Args: ours - the number; for a statement whether it holds, or, where a corrected one is given, which of the two holds:
        "printed", "corrected" or "neither".
    Errors: TypeError where ours is of another kind.
    """
    if not claim.judged_at(size):
        return "larger"
    if claim.kind == "statement":
        return _statement_verdict(claim, ours)
    number = as_number(ours)
    if not math.isfinite(number):
        return "differs"
    agrees = _meets_bound if claim.kind == "bound" else _within
    if agrees(claim, claim.printed, number) and (claim.expected is None or _within(claim, claim.expected, number)):
        return "printed"
    if claim.corrected is not None and agrees(claim, claim.corrected, number):
        return "corrected"
    return "differs"


def is_truth(ours: Any) -> bool:
    """Whether ours is a boolean, Python's or an array's."""
    return isinstance(ours, bool) or getattr(getattr(ours, "dtype", None), "kind", "") == "b"


def as_number(ours: Any) -> float:
    """Ours as a float. TypeError: a boolean, a text, an array of several numbers, a complex number."""
    if isinstance(ours, str) or is_truth(ours) or getattr(ours, "size", 1) != 1:
        raise TypeError(f"a number is needed, got {ours!r}")
    return float(ours)


def band(claim: Claim, text: str) -> float:
    """By how much ours may differ from the decimal number `text`: half a unit of its last digit, or the stated tolerance.

    Where an independent number is expected, the tolerance belongs to that one, and does not narrow the printed digits.
    """
    digits = 0.5 * 10.0 ** int(Decimal(text).as_tuple().exponent)
    if claim.tolerance is None:
        return digits
    stated = claim.tolerance * abs(float(text))
    return max(stated, digits) if claim.expected is not None and text == claim.printed else stated


def difference(claim: Claim, ours: Any, found: Verdict) -> float | None:
    """(ours - reference)/|reference| with the printed number, or the corrected one where the verdict says so; else None."""
    text = claim.corrected if found == "corrected" else claim.printed
    if claim.kind != "number" or text is None or float(text) == 0 or not isinstance(ours, float) or not math.isfinite(ours):
        return None
    return (ours - float(text)) / abs(float(text))


def _within(claim: Claim, text: str, ours: float) -> bool:
    return abs(ours - float(text)) <= band(claim, text) * ROUNDING


def _meets_bound(claim: Claim, text: str, ours: float) -> bool:
    return ours < float(text) if claim.relation == "<" else ours > float(text)


def _statement_verdict(claim: Claim, ours: Any) -> Verdict:
    if claim.corrected_statement is None:
        if not is_truth(ours):
            raise TypeError(f"a statement needs True or False, got {ours!r}")
        return "printed" if ours else "differs"
    if ours not in ("printed", "corrected", "neither"):
        raise TypeError(f'a statement with a corrected one needs "printed", "corrected" or "neither", got {ours!r}')
    return "differs" if ours == "neither" else ours


def _only(allowed: bool, claim: Claim, *names: str) -> None:
    for name in names:
        if not allowed and getattr(claim, name) not in (None, ""):
            raise ValueError(f"{name}: does not belong to a claim of kind = {claim.kind!r}")


def _check_decimal(name: str, text: str | None) -> None:
    if text is None:
        return
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite or text != text.strip():
        raise ValueError(f'{name}: must be a decimal number as text, such as "1.06e-18"; got {text!r}')


def _raise(path: Path, problems: list[str]) -> None:
    if len(problems) == 1:
        raise ConfigError(f"{path}: {problems[0]}")
    if problems:
        raise ConfigError(f"{path}: {len(problems)} problems\n" + "\n".join(f"  {line}" for line in problems))
