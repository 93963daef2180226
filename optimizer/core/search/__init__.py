"""Choosing what to try next among options, by what scores say: mathematics alone."""
