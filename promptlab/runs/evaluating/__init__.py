"""Evaluations without a search: what is scored, on which rows, with which models."""
