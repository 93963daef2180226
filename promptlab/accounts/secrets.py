"""Secrets that are shown once and kept as digests: links, invitations, API tokens."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_MARK = "plab_"  # lets secret scanners and people recognize a token
SHOWN_CHARACTERS = 12


def new_secret() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 (hex). Enough for secrets of 256 random bits, which cannot be guessed from it."""
    return hashlib.sha256(secret.encode()).hexdigest()
