"""Case files: loading, validation, overrides. Nothing here imports jax."""
