"""Calls to language models: small layers of one shape, each a `Client`. Workers only."""
