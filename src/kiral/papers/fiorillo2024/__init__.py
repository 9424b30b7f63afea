"""Fiorillo, Raffelt & Sigl (2024): claims, values, figures, runs."""
