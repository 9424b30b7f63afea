"""One claim judged: compute ours, compare, and say why. What goes wrong in a value is said at its claim, and logged."""

from __future__ import annotations

import math
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kiral
from kiral.core import provenance
from kiral.core.files import disk_errors
from kiral.core.progress import Reporter
from kiral.errors import ConfigError, RunFolderError
from kiral.papers.claims import Claim, Verdict, as_number, band, difference, is_truth, verdict
from kiral.papers.context import Context, Measured
from kiral.papers.runs import Interrupted

ABORT = (RunFolderError, Interrupted)
"""What ends a reproduction; everything else is the fault of one value or figure, and said there."""


@dataclass(frozen=True)
class Result:
    """A judged claim. `ours` is a float, a truth or a text; None where it was not or could not be computed."""

    claim: Claim
    verdict: Verdict
    ours: float | bool | str | None = None
    reason: str = ""
    how: str = ""
    runs: tuple[str, ...] = ()

    @property
    def difference(self) -> float | None:
        """Relative difference from the number that the verdict is about."""
        return difference(self.claim, self.ours, self.verdict)


def judge(claim: Claim, function: Callable[[Context], Any], context: Context, log: Log) -> Result:
    """Compute ours and compare. What goes wrong in the function is the claim's reason, and is logged."""
    if not claim.judged_at(context.size):
        return Result(claim, "larger", reason=f"needs the size {claim.needs!r}: kiral reproduce ... --size {claim.needs}")
    names: set[str] = set()
    try:
        with context.noting() as names:
            found = function(context)
        measured = found if isinstance(found, Measured) else Measured(found)
        names |= set(measured.runs)
        _check_needs(claim, names)
        ours = _plain(claim, measured.value)
        word = verdict(claim, ours, context.size)
    except ABORT:
        raise
    except Exception as error:
        log.error(f"claim {claim.id}", error)
        return Result(claim, "differs", reason=f"could not be computed: {said(error)}", runs=tuple(sorted(names)))
    return Result(claim, word, ours, _reason(claim, word, ours), measured.text, tuple(sorted(names)))


def _check_needs(claim: Claim, names: set[str]) -> None:
    """Theory is what needs no run, and the other way round."""
    if claim.needs == "theory" and names:
        raise ConfigError(f"needs = 'theory', but its value uses the run {', '.join(sorted(names))}; name the size it needs")
    if claim.needs != "theory" and not names:
        raise ConfigError(f"needs = {claim.needs!r}, but its value uses no run; give needs = 'theory'")


def _plain(claim: Claim, value: Any) -> float | bool | str:
    """Ours as a value of Python's own; TypeError where it does not fit the kind of claim (see `claims.verdict`)."""
    if claim.kind != "statement":
        return as_number(value)
    return value if isinstance(value, str) else bool(value) if is_truth(value) else value


def _reason(claim: Claim, word: Verdict, ours: Any) -> str:
    """Why the verdict is what it is."""
    if word == "corrected":
        return claim.derivation or ""
    if word == "printed":
        allowed = f"within {100 * claim.tolerance:.3g} %: {claim.cause}" if claim.tolerance else ""
        second = f"agrees also with {claim.expected} ({claim.expected_source})" if claim.expected else ""
        return "; ".join(part for part in (allowed, second) if part)
    if claim.kind == "statement":
        return "does not hold in our data"
    if not math.isfinite(ours):
        return f"ours is {ours}"
    parts = [_allowed(claim, text, name) for text, name in
             ((claim.printed, "the paper"), (claim.expected, "the independent value"), (claim.corrected, "the correction"))
             if text is not None]  # fmt: skip
    return "; ".join(parts)


def _allowed(claim: Claim, text: str, name: str) -> str:
    if claim.kind == "bound" and text != claim.expected:
        return f"{name} needs {claim.relation} {text}"
    return f"{name} allows {float(text):.12g} ± {band(claim, text):.3g}"


def said(error: Exception) -> str:
    """The error in one line, with the place in the paper's files where it arose."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.name != "judge"]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


class Log:
    """log.txt of a reproduction, and what is shown of it."""

    def __init__(self, path: Path, reporter: Reporter) -> None:
        self._path, self._reporter = path, reporter
        self._write(f"kiral {kiral.__version__}: {' '.join(sys.argv)}")

    def error(self, what: str, error: Exception) -> None:
        """Show the error in one line, and keep its traceback."""
        self._reporter.message(f"{what}: {said(error)}")
        self._write(f"{what}:\n" + "".join(traceback.format_exception(error)))

    def _write(self, text: str) -> None:
        with disk_errors(self._path), open(self._path, "a", encoding="utf-8") as file:
            file.write(f"{provenance.now()} {text.rstrip()}\n")
