"""A run: its board, its trials, and its way from the baseline to a conclusion."""
