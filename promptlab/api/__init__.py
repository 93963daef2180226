"""The JSON API at /api/v1: the same rules and services as the pages, for programs."""
