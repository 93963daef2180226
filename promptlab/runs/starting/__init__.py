"""A new run: its form, its checks, its estimate, and the start."""
