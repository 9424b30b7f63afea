"""Several processes that advance one run together. The first one decides, reports and writes; with one process all is trivial.

Words between processes go through the coordination service of JAX's runtime, not through collectives of arrays: those give
up after half a minute (gloo), while one process may well compile or write to disk for longer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count as counter
from typing import Any, TypeVar

from kiral.errors import KiralError, ProcessError, ToldError

T = TypeVar("T")
PATIENCE_S = 3600.0
"""How long one process waits for another one that is alive."""

_numbers = counter()
_said: list[str] = []
_moment: list[float] = []


def number() -> int:
    """How many processes there are."""
    client = _client()
    if client is None:
        return 1
    import jax

    return jax.process_count()


def is_first() -> bool:
    """Is this the process that reports and writes?"""
    if _client() is None:
        return True
    import jax

    return jax.process_index() == 0


def meet() -> None:
    """Wait until all processes are here. What was said before has then been heard by all, and is dropped."""
    if number() > 1:
        name, wait = f"kiral-meet-{next(_numbers)}", int(PATIENCE_S * 1000)
        _talk(lambda client: client.wait_at_barrier(name, wait))
        while _said:
            _talk(lambda client: client.key_value_delete(_said.pop()))


def moment() -> float:
    """Seconds on a clock that all processes share: it moves on with `tick` where there are several."""
    return _moment[0] if _moment and number() > 1 else time.monotonic()


def tick() -> None:
    """Set the shared clock to that of the first process."""
    if number() > 1:
        _moment[:] = [agreed(time.monotonic())]


def agreed(value: T) -> T:
    """What the first process says; `value` is made of JSON's types."""
    if number() == 1:
        return value
    key = f"kiral-said-{next(_numbers)}"
    if is_first():
        _talk(lambda client: client.key_value_set(key, json.dumps(value)))
        _said.append(key)
        return value
    return json.loads(_talk(lambda client: client.blocking_key_value_get(key, int(PATIENCE_S * 1000))))


def gathered(value: Any) -> list[Any]:
    """Everybody's value, in the order of the processes, on every process."""
    if number() == 1:
        return [value]
    import jax

    key = f"kiral-told-{next(_numbers)}"
    _talk(lambda client: client.key_value_set(f"{key}/{jax.process_index()}", json.dumps(value)))
    wait = int(PATIENCE_S * 1000)
    return [
        json.loads(_talk(lambda client, i=i: client.blocking_key_value_get(f"{key}/{i}", wait))) for i in range(number())
    ]


def by_first(action: Callable[[], T]) -> T | None:
    """action() on the first process, None on the others; they go on when it is done, and end as it does if it fails."""
    result, failure = None, None
    if is_first():
        try:
            result = action()
        except KiralError as error:
            failure = error
    if said := agreed(None if failure is None else str(failure)):
        meet()  # all have heard it before the first one ends, and the service with it
        raise failure or ToldError(f"the first process said: {said}")
    return result


def lost(error: BaseException) -> bool:
    """Does this error of the runtime say that another process is gone?"""
    text = str(error)
    signs = ("Gloo", "gloo", "UNAVAILABLE", "Connection closed by peer", "Connection reset", "NCCL", "heartbeat", "DEADLINE")
    return number() > 1 and any(sign in text for sign in signs)


def _talk(action: Callable[[Any], Any]) -> Any:
    try:
        return action(_client())
    except RuntimeError as error:  # jax raises one for everything that the service says
        raise ProcessError(f"another process of this run is gone or does not answer ({_first_line(error)})") from None


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0][:200]


def _client() -> Any:
    """The client of the coordination service; None without one. JAX has no public name for it."""
    import sys

    if "jax" not in sys.modules:
        return None
    from jax._src.distributed import global_state

    return global_state.client
