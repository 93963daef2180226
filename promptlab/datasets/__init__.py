"""Datasets: files read with care, columns mapped to fields, examples in splits."""
