"""float64 and the cache of compiled programs, before any test module makes an array."""

from kiral.api import setup_jax

setup_jax()
