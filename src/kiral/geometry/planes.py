"""How much of the grid is looked at in one go. Apart from the transforms so that estimates read it without jax."""

SLAB_POINTS = {"cpu": 2**14, "gpu": 2**24}
"""Points of a slab in `through_grid`, by platform. CPU: some thirty fields of a slab stay in a core's cache; GPU: memory."""
