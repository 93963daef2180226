"""Corpora and what is found in them."""
