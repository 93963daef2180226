"""Tolerances of the last release are settings of the kinds that have one."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from promptlab.accounts.models import Project
from promptlab.metrics.models import Metric


def migrate(target: str) -> MigrationExecutor:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with work left is not altered
    executor = MigrationExecutor(connection)
    executor.migrate([("metrics", target)])
    return MigrationExecutor(connection)


def test_a_metric_of_the_last_release_keeps_its_tolerance(project: Project) -> None:
    before = migrate("0001_initial").loader.project_state([("metrics", "0001_initial")]).apps
    rows = before.get_model("metrics", "Metric").objects
    shared = {"project_id": project.pk, "output": "n", "expected": "n"}
    rows.create(name="near", kind="numeric", tolerance=0.5, threshold=0.8, **shared)
    rows.create(name="same", kind="numeric", **shared)
    rows.create(name="text", kind="exact_match", **shared)
    migrate("0002_kind_settings")

    found = {row.name: row.core for row in Metric.objects.all()}
    assert (found["near"].tolerance, found["near"].threshold) == (0.5, 0.8)
    assert (found["same"].tolerance, found["text"].tolerance) == (0.0, 0.0)

    after = migrate("0001_initial").loader.project_state([("metrics", "0001_initial")]).apps
    again = after.get_model("metrics", "Metric").objects
    assert again.get(name="near").tolerance == 0.5
    migrate("0002_kind_settings")
