"""Time travel: what was done when, snapshots, branches; imports NumPy and the core's own parts."""
