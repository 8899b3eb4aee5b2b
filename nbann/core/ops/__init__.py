"""The primitives that layers are made of: kernels, formulas, derivatives."""
