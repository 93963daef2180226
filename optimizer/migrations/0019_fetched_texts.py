"""What addresses gave to programs, kept by what was asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0018_corpora")]

    operations = [
        migrations.CreateModel(
            "FetchedText",
            [
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("namespace", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
