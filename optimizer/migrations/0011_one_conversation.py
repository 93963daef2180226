"""Everything that calls a model is a run: try-outs and measurements are not kept, what providers' last
tests said is."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from optimizer.core.programs.demo import digest_of


def keep_tests(apps: Any, _editor: object) -> None:
    """A provider's latest test becomes the run that it would be now."""
    ExampleSet = apps.get_model("optimizer", "ExampleSet")
    Provider, Run = apps.get_model("optimizer", "Provider"), apps.get_model("optimizer", "Run")
    nothing, _ = ExampleSet.objects.get_or_create(digest=digest_of([]), examples=[], count=0)
    for provider in Provider.objects.filter(check_state__in=["works", "failed"]):
        worked = provider.check_state == "works"
        model, _answered, _rest = provider.check_message.partition(" answered in ")
        ref = {"provider": provider.pk, "model": model if worked else ""}
        provider.check_run = Run.objects.create(
            task="check", spec={"model": ref, "namespace": provider.namespace},
            namespace=provider.namespace, train=nothing, validation=nothing,
            status="finished" if worked else "failed",
            stop_reason="completed" if worked else "provider refused",
            message="" if worked else provider.check_message, said=provider.check_said,
            active_seconds=provider.check_seconds or 0, ended_at=provider.checked_at,
        )  # fmt: skip
        provider.save(update_fields=["check_run"])


def end_short_jobs(apps: Any, _editor: object) -> None:
    """Calls that one of them has out count as those of an owner who is gone."""
    calls = apps.get_model("optimizer", "Completion").objects.filter(state="reserved")
    calls.exclude(owner__startswith="run:").update(owner="run:0:0")


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0010_no_planned_calls")]

    operations = [
        migrations.DeleteModel("Measurement"),
        migrations.DeleteModel("Tryout"),
        migrations.AddField("run", "digest", models.CharField(blank=True, default="", max_length=64)),
        migrations.AddField(
            "run",
            "task",
            models.CharField(
                choices=[
                    ("optimize", "Optimize a program"),
                    ("evaluate", "Evaluate programs as they stand"),
                    ("check", "Check a model"),
                ],
                default="optimize",
                max_length=10,
            ),
        ),
        migrations.AlterField("run", "optimizer", models.CharField(blank=True, max_length=40)),
        migrations.AddIndex("run", models.Index(fields=["namespace", "digest"], name="run_of")),
        migrations.AddIndex(
            "run",
            models.Index(
                fields=["status"],
                condition=models.Q(status__in=["queued", "running"]),
                name="run_active",
            ),
        ),
        migrations.AddField(
            "provider",
            "check_run",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="optimizer.run",
            ),
        ),
        migrations.RunPython(end_short_jobs, migrations.RunPython.noop),
        migrations.RunPython(keep_tests, migrations.RunPython.noop),
        # Rows that were changed have events that wait for the end of their transaction.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        *(
            migrations.RemoveField("provider", name)
            for name in (
                "check_message", "check_said", "check_seconds", "check_state", "checked_at",
                "epoch", "heard_at",
            )
        ),
    ]  # fmt: skip
