"""Corpora: passages that programs look things up in."""

from __future__ import annotations

from django.db import models


class Corpus(models.Model):
    """Passages of one project. They never change; `digest` is that of all of them, and finds their
    parts. `columns` are what each passage has, `size` is the bytes of their texts.
    """

    namespace = models.CharField(max_length=100)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, db_index=True)
    columns = models.JSONField()
    count = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="corpus_name_once"),
            models.UniqueConstraint(fields=["namespace", "digest"], name="corpus_content_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CorpusPart(models.Model):
    """Some passages in their order, a list of cells each; equal corpora share them."""

    digest = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    passages = models.JSONField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["digest", "number"], name="corpus_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]}, part {self.number}"
