"""How far a sweep is, over all its points."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from kiral.core.progress import Reporter, clock, make_reporter
from kiral.sweeps.points import ENDED, Point


class SweepProgress:
    """The share of every point; shown by a `Reporter` as one bar for all, with a line for every point that ends."""

    def __init__(self, points: Sequence[Point], *, quiet: bool) -> None:
        self._points = {point.folder: point for point in points}
        self._shares = {point.folder: float(point.status in ENDED) for point in points}
        self._status = {point.folder: point.status for point in points}
        self._running: dict[str, str] = {}
        self._reporter: Reporter = make_reporter(quiet=quiet)
        self._began, self._share_then = time.monotonic(), self.fraction

    @property
    def fraction(self) -> float:
        """Share of the sweep that is done, 0 to 1: the mean over the points of the shares of their time spans."""
        return sum(self._shares.values()) / len(self._shares)

    def head(self) -> str:
        """Share, numbers of points, time left."""
        return f"sweep {self.fraction:4.0%} | {self._counts()} | ETA {self._time_left()}"

    def detail(self) -> str:
        """How far the points are that run."""
        names = list(self._running)
        shown = [f"{name.removeprefix('point_')}: {self._running[name]}" for name in names[:6]]
        return " | ".join(shown) + (f" | and {len(names) - 6} more" if len(names) > 6 else "")

    def say(self, text: str) -> None:
        """A line that stays."""
        self._reporter.message(text)

    def update(self, shares: Mapping[str, float]) -> None:
        """Points are so far."""
        for name, share in shares.items():
            if self._status[name] not in ENDED:
                self._shares[name], self._running[name], self._status[name] = share, f"{share:.0%}", "running"
        self._reporter.update(self)

    def ended(self, name: str, status: str, reason: str) -> None:
        """A point has come to an end, or was stopped."""
        self._running.pop(name, None)
        self._status[name] = status
        self._shares[name] = 1.0 if status in ENDED else self._shares[name]
        why = f": {reason}" if reason and status == "failed" else ""
        self.say(f"{name} ({self._points[name].label}) {status}{why}")

    def close(self) -> None:
        """Nothing more comes."""
        self._reporter.close()

    def _counts(self) -> str:
        states = list(self._status.values())
        parts = [f"{states.count('finished')} of {len(states)} finished"]
        parts += [f"{states.count(word)} {word}" for word in ("running", "failed") if word in states]
        return ", ".join(parts)

    def _time_left(self) -> str:
        done, elapsed = self.fraction - self._share_then, time.monotonic() - self._began
        return clock(elapsed / done * (1 - self.fraction)) if done > 0.01 else "--:--"
