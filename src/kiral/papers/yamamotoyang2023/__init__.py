"""Yamamoto & Yang (2023): claims, values, figures. No simulations."""
