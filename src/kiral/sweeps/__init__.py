"""Parameter sweeps: one run folder per point; points run together in one compiled function, on a cluster, or in turn."""

from kiral.sweeps.points import Point, parse_over
from kiral.sweeps.run import sweep

__all__ = ["Point", "parse_over", "sweep"]
