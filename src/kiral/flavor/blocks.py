"""How many directions of neutrinos are looked at in one go. Apart from the equations, so that estimates read it without jax."""

BLOCK_BYTES = 2**18
"""Size of one component of a block of directions: some of them fit a CPU's second-level cache."""
BLOCK_DIRECTIONS = 4
"""Directions of a block however large they are: each block's share of the moments is added to all of them."""


def block_count(directions: int, bins: int, n: tuple[int, int, int]) -> int:
    """The fewest equal blocks of directions of at most BLOCK_BYTES a component, or of at most BLOCK_DIRECTIONS."""
    size = 8 * bins * n[0] * n[1] * n[2]
    most = max(BLOCK_DIRECTIONS, BLOCK_BYTES // size)
    return min(m for m in range(1, directions + 1) if directions % m == 0 and directions // m <= most)
