"""Starting runs, steering them, and the worker process that carries them on."""
