"""What promptlab costs in time and memory. `python -m benchmarks` measures everything."""
