"""Gurgenidze, Long, Roper Pol, Brandenburg & Kahniashvili (2025), "G25": sourced chiral plasma instability."""
