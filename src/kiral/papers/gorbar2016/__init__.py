"""Gorbar et al. (2016): anomalous Maxwell equations for inhomogeneous chiral plasma."""
