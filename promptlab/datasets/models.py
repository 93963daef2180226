"""Datasets and their examples; uploads between the steps of a new dataset."""

from __future__ import annotations

from dataclasses import fields

from django.conf import settings
from django.db import models

from optimizer.datasets.splitting import Split
from optimizer.datasets.table import Options
from promptlab.accounts.models import Project


class Dataset(models.Model):
    """Examples in versions, of which `version` is the newest; no version ever changes.

    `columns`: [{name, role (input | expected | metadata | ignored), type, field, choices}], in the
    file's order. `shares`: {train, validation, test} in percent, or {"column": name} where the file
    says, and with them group (a column), repeats (splitting.Repeats) and only ({column, value}).
    `splits`: how many rows each has in the newest version, of which `count` and `digest` are, too;
    `source_digest` is of the file's bytes.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=80)
    source_name = models.CharField(max_length=255)
    columns = models.JSONField()
    count = models.PositiveIntegerField()
    splits = models.JSONField(default=dict)
    left_out = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    source_digest = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)
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


class DatasetVersion(models.Model):
    """What a dataset was made of at a time: the rows whose `since` and `until` it lies between.

    `added`, `changed` and `removed` count rows, against the version before.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} · {self.number}"


class NewestExamples(models.Manager["DatasetExample"]):
    """Those of the newest version."""

    def get_queryset(self) -> models.QuerySet[DatasetExample]:
        return super().get_queryset().filter(until__isnull=True)


class DatasetExample(models.Model):
    """A row as it was from one version until before another; `until` is null while it is so.

    `key` is its id within the dataset, the same in all versions: the line or row of the file that
    it came from, or a number above all of those. `dataset.examples` are those of the newest
    version. `digest` is the SHA-256 of all that the row holds; null if an earlier release
    stored it. The database sees when a dataset goes that it leaves no rows, and does not look at
    each row that comes, which took a third of the time to store many: `storing` locks the dataset.
    """

    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="examples", db_index=False, db_constraint=False
    )
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=20)
    split = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Split])
    inputs = models.JSONField()
    expected = models.JSONField()
    metadata = models.JSONField(default=dict)
    digest = models.BinaryField(null=True)
    since = models.PositiveIntegerField(default=1)
    until = models.PositiveIntegerField(null=True)

    objects = NewestExamples()
    of_all_versions = models.Manager["DatasetExample"]()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "key"],
                condition=models.Q(until__isnull=True),
                name="example_key_once",
            ),
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
    together = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, blank=True)
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


class ProtectedExample(models.Model):
    """A row that must not get worse: comparisons and reviews tell first where it did."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="protected")
    key = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "key"], name="protected_once"),
        ]

    def __str__(self) -> str:
        return f"row {self.key} of {self.dataset}"
