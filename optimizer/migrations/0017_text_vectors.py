"""Vectors that embedding models made of texts, kept by text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0016_unpriced_calls")]

    operations = [
        migrations.CreateModel(
            "TextVector",
            [
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("namespace", models.CharField(max_length=64)),
                ("vector", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
