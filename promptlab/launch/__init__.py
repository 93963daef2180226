"""The launcher: one command from a clean clone to a signed-in page. Nothing here imports Django."""
