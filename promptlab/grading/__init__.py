"""Verdicts of people and of judges: given blind, compared, and learned from."""
