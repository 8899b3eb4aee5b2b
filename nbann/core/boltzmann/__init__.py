"""Boltzmann machines: the restricted one, its energy, stacks of them; the core's own parts only."""
