"""How proposals and trials take turns: what the optimizers are put together from."""
