"""What values and figures of a paper compute from: its runs at the chosen size, and results they share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiral.config.messages import nearest
from kiral.core.folder import Run
from kiral.errors import ConfigError, KiralError
from kiral.papers.runs import RunTable, obtain


@dataclass(frozen=True)
class Measured:
    """A value with how it was obtained, in a few words, and the runs it comes from."""

    value: Any
    text: str = ""
    runs: tuple[str, ...] = ()


class Context:
    """The runs of one reproduction. A run is started when it is first asked for, and notes who asked."""

    def __init__(self, table: RunTable, folder: Path, progress: bool) -> None:
        self._table, self._folder, self._progress = table, folder, progress
        self._found: dict[str, Run | KiralError] = {}
        self._cache: dict[Hashable, tuple[Any, frozenset[str]]] = {}
        self._used: set[str] = set()

    @property
    def size(self) -> str:
        """ "ci", "laptop" or "paper"."""
        return self._table.size

    def has(self, name: str) -> bool:
        """Whether the run is defined at this size."""
        return name in self._table.runs

    def run(self, name: str) -> Run:
        """The finished run; runs it where needed. Errors: ConfigError (no such run), NumericalError (it failed)."""
        if name not in self._table.runs:
            names = list(self._table.runs)
            raise ConfigError(f"no run {name!r} at size {self.size}{nearest(name, names)}; runs: {', '.join(names)}")
        self._used.add(name)
        if name not in self._found:
            try:
                self._found[name] = obtain(self._table.runs[name], self._folder, self._progress)
            except KiralError as error:
                self._found[name] = error
        found = self._found[name]
        if isinstance(found, KiralError):
            raise found
        return found

    def runs(self, names: Sequence[str]) -> dict[str, Run]:
        """Several runs by name."""
        return {name: self.run(name) for name in names}

    def cached(self, key: Hashable, function: Callable[[], Any]) -> Any:
        """function(), computed once for this key."""
        if key not in self._cache:
            with self.noting() as used:
                result = function()
            self._cache[key] = result, frozenset(used)
        result, names = self._cache[key]
        self._used |= names
        return result

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        """The names of the runs that are asked for inside, also through `cached`."""
        outer, self._used = self._used, set()
        try:
            yield self._used
        finally:
            outer |= self._used
            self._used = outer

    @property
    def finished(self) -> dict[str, Run]:
        """The runs that were asked for so far and are there."""
        return {name: run for name, run in self._found.items() if isinstance(run, Run)}
