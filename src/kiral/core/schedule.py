"""When something happens in a run: every so much time, so many steps, so many seconds of wall time, or at listed times.

A schedule only says when. It never moves an accepted step: what is due at a time between two steps is computed from a
throw-away side step. A schedule keeps no state; what was done last is remembered by its user and goes into the checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kiral.core import processes
from kiral.errors import ConfigError

KEYS = ("every_time", "every_steps", "every_wall", "at")


@dataclass(frozen=True)
class Schedule:
    """One of: every_time [time units], every_steps [accepted steps], every_wall [s], at (listed times)."""

    every_time: float | None = None
    every_steps: int | None = None
    every_wall: float | None = None
    at: tuple[float, ...] | None = None

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], where: str = "schedule") -> Schedule:
        """From `{"every_time": 5e-4}` and the like; keys that are None are ignored. `where` names it in a ConfigError."""
        given = {key: value for key, value in table.items() if value is not None}
        if len(given) != 1 or not set(given) <= set(KEYS):
            raise ConfigError(f"{where}: give exactly one of {', '.join(KEYS)}; got {', '.join(given) or 'none'}")
        ((key, value),) = given.items()
        if key == "at":
            return cls(at=_times(value, where))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ConfigError(f"{where}.{key}: must be a number > 0, got {value!r}")
        if key == "every_steps" and value != int(value):
            raise ConfigError(f"{where}.{key}: must be a whole number of steps, got {value!r}")
        if key == "every_steps":
            return cls(every_steps=int(value))
        return cls(every_time=float(value)) if key == "every_time" else cls(every_wall=float(value))

    def next_time(self, after: float | None, t_start: float) -> float:
        """The first due time after `after` (None: nothing done yet, t_start counts); inf where times don't matter."""
        if self.every_time is not None:
            return t_start if after is None else _next_multiple(after, t_start, self.every_time)
        floor = -math.inf if after is None else after
        return min((t for t in self.at or () if t >= t_start and t > floor), default=math.inf)

    def next_step(self, after: int | None) -> int | None:
        """The first due step number after `after`; None where steps don't matter."""
        if self.every_steps is None:
            return None
        return 0 if after is None else (after // self.every_steps + 1) * self.every_steps

    def wall_due(self, elapsed: float) -> bool:
        """True when `elapsed` seconds since the last time are enough."""
        return self.every_wall is not None and elapsed >= self.every_wall

    def outside(self, t_start: float, t_end: float) -> tuple[float, ...]:
        """Listed times that a run from t_start to t_end never meets."""
        return tuple(t for t in self.at or () if not t_start <= t <= t_end)


def _times(value: Any, where: str) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(t, int | float) and math.isfinite(t) for t in value):
        raise ConfigError(f"{where}.at: must be a list of times, got {value!r}")
    return tuple(sorted({float(t) for t in value}))


def _next_multiple(after: float, t_start: float, interval: float) -> float:
    """The smallest t_start + i·interval > after. By multiplication, so that no error adds up."""
    i = max(0, math.floor((after - t_start) / interval) - 1)
    while t_start + i * interval <= after:
        i += 1
    return t_start + i * interval


@dataclass
class Clock:
    """A schedule and what was done last. No schedule: never due."""

    schedule: Schedule | None
    last_time: float | None = None
    last_step: int | None = None
    last_wall: float = field(default_factory=processes.moment)

    def next_time(self, t_start: float) -> float:
        """Next due time; inf where there is none."""
        return self.schedule.next_time(self.last_time, t_start) if self.schedule else math.inf

    def steps_left(self, step: int) -> float:
        """Accepted steps until due by its step number; inf where steps don't matter."""
        due = self.schedule.next_step(self.last_step) if self.schedule else None
        return math.inf if due is None else max(0, due - step)

    def due_now(self, step: int) -> bool:
        """Due at this accepted step, by its number or by the wall clock."""
        if self.schedule is None:
            return False
        return self.steps_left(step) == 0 or self.schedule.wall_due(processes.moment() - self.last_wall)

    def mark(self, t: float, step: int) -> None:
        """It was done for time t, after `step` accepted steps. A t before the last one keeps that."""
        self.last_time = t if self.last_time is None else max(t, self.last_time)
        self.last_step, self.last_wall = step, processes.moment()

    def skip_before(self, t: float, step: int) -> None:
        """Drop what a changed schedule would have wanted before time t and accepted step `step`."""
        self.last_step = step - 1 if self.last_step is None else max(self.last_step, step - 1)
        just_before = math.nextafter(t, -math.inf)
        self.last_time = just_before if self.last_time is None else max(self.last_time, just_before)

    def state(self) -> dict[str, Any]:
        """What belongs to the checkpoint (the wall clock starts anew with each process)."""
        return {"last_time": self.last_time, "last_step": self.last_step}

    def restore(self, state: Mapping[str, Any]) -> None:
        """The inverse of `state`."""
        self.last_time, self.last_step = state["last_time"], state["last_step"]
