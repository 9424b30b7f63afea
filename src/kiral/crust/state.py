"""The state of the linear induction equation in a crust."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Array, Float

from kiral.crust.induction import Productions


class State(NamedTuple):
    """Poloidal and toroidal functions of every degree [G km²], [G km]; time integrals of what changes energy and helicity."""

    f: Float[Array, "l nodes"]
    g: Float[Array, "l nodes"]
    ledger: Productions
