"""Runs from the command line: files in, a progress bar, a line of JSON out."""
