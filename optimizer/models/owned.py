"""What one worker at a time acts for."""

from __future__ import annotations

from django.db import models


class Owned(models.Model):
    """A row that one worker at a time acts for (optimizer/ownership.py).

    `epoch` counts owners: only the newest may write. `heard_at` is when that one last said that it
    lives, by the database's clock; None: nobody holds it.
    """

    epoch = models.PositiveIntegerField(default=0)
    heard_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @classmethod
    def described(cls) -> list[str]:
        """All columns but those of its owner, for whoever saves what it describes."""
        columns = [field.name for field in cls._meta.concrete_fields if not field.primary_key]
        return [name for name in columns if name not in ("epoch", "heard_at")]
