"""kiral: chiral matter on JAX. `run = kiral.run("sourced-cpi")`; `kiral --help` on the command line.

Names are imported when first used, so that `import kiral` and most commands start without jax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiral import crust, flavor, kinetic, weak
    from kiral.api import build, load_case, open_run, resume, run
    from kiral.calc import calculate
    from kiral.mhd.relic_scenario import relic_field
    from kiral.sweeps import sweep

__version__ = "0.1.0"
__all__ = [
    "__version__", "build", "calculate", "crust", "flavor", "kinetic", "load_case", "open_run", "relic_field", "resume", "run",
    "sweep", "weak",
]  # fmt: skip

_HOMES = {"calculate": "kiral.calc", "relic_field": "kiral.mhd.relic_scenario", "sweep": "kiral.sweeps"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'kiral' has no attribute {name!r}")
    from importlib import import_module

    if name in ("crust", "flavor", "kinetic", "weak"):  # subjects with functions of their own, kiral.weak.effective_cme
        return import_module(f"kiral.{name}")
    return getattr(import_module(_HOMES.get(name, "kiral.api")), name)
