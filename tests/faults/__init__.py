"""Faults made on purpose, and what must be true after each of them.

`make test` runs the short set, `make faults` the whole one, which prints the table of
docs/reliability.md.
"""
