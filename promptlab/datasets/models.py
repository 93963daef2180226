"""Datasets and their examples; uploads between the steps of a new dataset."""

from __future__ import annotations

from dataclasses import fields

from django.conf import settings
from django.db import models

from optimizer.datasets.splitting import Split
from optimizer.datasets.table import Options
from promptlab.accounts.models import Project


class Dataset(models.Model):
    """Examples made from one file. They never change; runs freeze their own copy all the same.

    `columns`: [{name, role (input | expected | ignored), type, field, choices}], in the file's
    order. `shares`: {train, validation, test} in percent, or {"column": name} where the file says.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=80)
    source_name = models.CharField(max_length=255)
    columns = models.JSONField()
    count = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    seed = models.PositiveIntegerField(default=0)
    shares = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="dataset_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class DatasetExample(models.Model):
    """One example. `key` is its id within the dataset: the line or row of the file it came from."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="examples")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=20)
    split = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Split])
    inputs = models.JSONField()
    expected = models.JSONField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "key"], name="example_key_once"),
        ]
        indexes = [models.Index(fields=["dataset", "split", "position"])]

    def __str__(self) -> str:
        return f"{self.dataset} · {self.key}"


class Upload(models.Model):
    """A file that was dropped and is not a dataset yet; only its owner sees it, for a day.

    `found`: what it holds (sandboxed_reader.Found), None until it was read. `refused`: why it could
    not be read (list of Problem), None unless that was tried in vain.
    """

    token = models.UUIDField(unique=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="uploads")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    encoding = models.CharField(max_length=20, blank=True)
    has_header = models.BooleanField(default=True)
    delimiter = models.CharField(max_length=8, blank=True)
    quoting = models.BooleanField(default=True)
    sheet = models.CharField(max_length=255, blank=True)
    flatten = models.BooleanField(default=False)
    found = models.JSONField(null=True)
    refused = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> Options:
        """How it was read, or tried."""
        return Options(**{field.name: getattr(self, field.name) for field in fields(Options)})

    @property
    def waits(self) -> bool:
        """Whether it has not been read: other files were, at that moment."""
        return self.found is None and self.refused is None
