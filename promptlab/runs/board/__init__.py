"""The history board: what OPRO's writer reads of a run, and what people wish of it."""
