"""Programs as files, and runs from files and the command line."""
