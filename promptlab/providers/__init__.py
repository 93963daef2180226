"""Models and keys: where a project's models are called. Its rows are the optimizer's."""
