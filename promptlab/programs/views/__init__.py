"""Pages of programs, one file for each thing that is edited."""
