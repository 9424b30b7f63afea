"""Time-stepping schemes, one family a file."""

from kiral.core.integrators.base import Scheme, Step
from kiral.core.integrators.exponential import ETDRK4
from kiral.core.integrators.imex import ARK4
from kiral.core.integrators.lie import LIE4, LieScheme
from kiral.core.integrators.refreshed import ARK4_REFRESHED
from kiral.core.integrators.runge_kutta import RK4

SCHEMES: dict[str, Scheme | LieScheme] = {s.name: s for s in (ETDRK4, RK4, ARK4, ARK4_REFRESHED, LIE4)}

__all__ = ["ARK4", "ARK4_REFRESHED", "ETDRK4", "LIE4", "RK4", "SCHEMES", "Scheme", "Step", "step"]


def step(equation, t, y, h, *, scheme: str = "rk4"):
    """One pure step: (y at t + h, embedded error estimate). `scheme` is a name in SCHEMES.

    For stepping by hand and for gradients; the run loop uses `core.advance`, which also keeps the first stage.
    """
    chosen = SCHEMES[scheme]
    slope, _ = chosen.slope(equation, t, y)
    result = chosen.step(equation, chosen.tables(equation, h), t, y, slope, h)
    return result.y, result.error
