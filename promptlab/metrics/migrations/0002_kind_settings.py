"""What only some kinds ask is no column of all metrics."""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import JSONObject


def keep_tolerances(apps, schema_editor):
    rows = apps.get_model("metrics", "Metric").objects.exclude(tolerance=0)
    rows.update(kind_settings=JSONObject(tolerance=F("tolerance")))


def give_back(apps, schema_editor):
    for row in apps.get_model("metrics", "Metric").objects.exclude(kind_settings={}):
        row.tolerance = row.kind_settings.get("tolerance", 0)
        row.save(update_fields=["tolerance"])


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_initial")]

    operations = [
        migrations.AddField("metric", "kind_settings", models.JSONField(default=dict)),
        migrations.RunPython(keep_tolerances, give_back),
        migrations.RemoveConstraint("metric", "metric_within_bounds"),
        migrations.RemoveField("metric", "tolerance"),
        migrations.AlterField("metric", "kind", models.CharField(max_length=20)),
        migrations.AddConstraint(
            "metric",
            models.CheckConstraint(
                condition=Q(threshold__gte=0, threshold__lte=1), name="metric_within_bounds"
            ),
        ),
    ]
