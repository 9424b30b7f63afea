"""How ours is computed for every claim of Yamamoto & Yang (2023): name in claims.toml → function of the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiral.papers.context import Context
from kiral.papers.yamamotoyang2023 import values_consequences, values_currents, values_kinetic

VALUES: dict[str, Callable[[Context], Any]] = values_kinetic.VALUES | values_currents.VALUES | values_consequences.VALUES
