"""Candidates side by side, one by itself, one example in full, and a try."""
