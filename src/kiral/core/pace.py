"""How fast a run goes: the length of the next chunk, steps per second, time left; compilation is counted apart."""

from __future__ import annotations

import math
from typing import Any

import jax


class Pace:
    """How fast the run goes, smoothed over some seconds, and how many steps make a chunk of the wanted length."""

    def __init__(self, wanted_seconds: float) -> None:
        self.wanted, self.steps = wanted_seconds, 1
        self.chunk_seconds = 0.0
        self._steps = self._time = self._wall = 0.0

    def learn(self, steps: int, time_done: float, seconds: float) -> None:
        """A chunk of `steps` steps took `seconds`; not to be told of one that compiled."""
        if steps == 0:
            return
        fade = math.exp(-seconds / 5.0)
        self._steps = fade * self._steps + steps
        self._time = fade * self._time + time_done
        self._wall = fade * self._wall + seconds
        self.chunk_seconds = seconds
        self.steps = int(min(4 * self.steps, max(1.0, steps / seconds * self.wanted)))

    @property
    def steps_per_s(self) -> float:
        return self._steps / self._wall if self._wall else 0.0

    def seconds_for(self, time_left: float) -> float | None:
        """Wall time for a span of the run's time at the present pace; None before the first step."""
        return time_left * self._wall / self._time if self._time > 0 else None


_COMPILE_EVENTS = ("/jax/core/compile/jaxpr_to_mlir_module_duration", "/jax/core/compile/backend_compile_duration")
_compile_seconds = [0.0]


def compile_seconds() -> float:
    """Seconds that this process has spent compiling since this module was imported."""
    return _compile_seconds[0]


def _count_compilation(event: str, duration_secs: float, **kwargs: Any) -> None:
    if event in _COMPILE_EVENTS:
        _compile_seconds[0] += duration_secs


jax.monitoring.register_event_duration_secs_listener(_count_compilation)
