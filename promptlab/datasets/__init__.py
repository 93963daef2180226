"""Datasets of a project: uploads read apart, their mapping, examples in splits."""
