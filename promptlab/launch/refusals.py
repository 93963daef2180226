"""What can be expected to keep promptlab from starting on somebody's machine."""

from __future__ import annotations


class CannotLaunch(Exception):
    """It cannot start here; the message says in a sentence what helps."""
