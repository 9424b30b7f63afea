"""Dehman & Pons (2024): chiral magnetic instability in a neutron-star crust. Star, microphysics and linear stage."""
