"""Where a run is: what the loop reads off the carry after each chunk."""

from __future__ import annotations

from dataclasses import dataclass

from kiral.core.advance import Carry, limiter_names

STARTING_STEPS, HOPELESS = 200, 1e-12


@dataclass(frozen=True)
class Now:
    """The scalars of the carry, on the host."""

    t: float
    dt: float
    step: int
    rejected: int
    failed: bool
    limiter: str
    rates: dict[str, float]

    @classmethod
    def of(cls, carry: Carry) -> Now:
        """From a carry on the host; its state and tables are not looked at."""
        return cls(
            t=float(carry.t),
            dt=float(carry.dt),
            step=int(carry.step),
            rejected=int(carry.rejected),
            failed=bool(carry.failed),
            limiter=limiter_names(carry)[int(carry.limiter)],
            rates={name: float(rate.rate) for name, rate in carry.rates.items()},
        )

    def reaches(self, t: float) -> bool:
        """The next step would pass t (the condition under which `advance` stops)."""
        return self.t + self.dt > t

    def stuck(self, span: float) -> bool:
        """The step is lost in the round-off of t, or so short (long after the start) that a run over `span` never ends."""
        return self.t + self.dt == self.t or (self.step > STARTING_STEPS and self.dt < HOPELESS * span)
