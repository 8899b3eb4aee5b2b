"""Explains one number of a run: what it is made of, down to the loss; see `Trainer.explain`."""
