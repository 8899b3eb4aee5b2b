"""Several runs beside one another: what they were told, where they part, moving in lockstep."""
