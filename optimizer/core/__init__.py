"""The optimizers as conversations: pure values and generators, no input or output of their own."""
