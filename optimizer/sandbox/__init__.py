"""Users' code: run where it can do nothing but compute, or not at all."""
