from django.db import migrations, models

# A provider whose models are of several vendors keeps none: whose its key is, only people know.
ONE_VENDOR = """
    UPDATE optimizer_provider AS p
    SET family = left(of_it.family, 60)
    FROM (
        SELECT id, min(split_part(model, '/', 1)) AS family
        FROM optimizer_provider, jsonb_array_elements_text(models_offered) AS model
        WHERE kind = 'litellm'
        GROUP BY id
        HAVING count(DISTINCT split_part(model, '/', 1)) = 1
    ) AS of_it
    WHERE p.id = of_it.id;

    UPDATE optimizer_provider SET family = left(name, 60)
    WHERE namespace = 'cli' AND kind = 'litellm';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("optimizer", "0006_spending"),
    ]

    operations = [
        migrations.AddField(
            "provider", "family", models.CharField(max_length=60, blank=True, default="")
        ),
        migrations.RunSQL(ONE_VENDOR, migrations.RunSQL.noop),
    ]
