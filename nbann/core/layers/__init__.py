"""Layers: what a net is made of."""
