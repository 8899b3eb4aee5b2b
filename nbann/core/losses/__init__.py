"""Losses and penalties: what being wrong costs."""
