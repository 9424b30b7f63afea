"""Limits of the step, rate times step: for what a scheme treats explicitly, and for what it treats exactly. No jax."""

# Stability limits of classical RK4 on the negative real and on the imaginary axis are 2.785 and 2.828.
DAMPING_LIMIT, WAVE_LIMIT = 2.5, 2.5
EXACT_LIMIT = 50.0  # for what is exact: no stability limit, but a step should not span a hundred periods
