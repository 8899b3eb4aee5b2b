"""The training core: layers -> program -> trainer. Imports NumPy alone."""
