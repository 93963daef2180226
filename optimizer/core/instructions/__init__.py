"""Instructions: how the optimizer model is asked for them, and which may be tried."""
