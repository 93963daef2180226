"""Metrics: how an output is judged against what a dataset expects."""
