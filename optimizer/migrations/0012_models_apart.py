"""How each model wants its requests, and what people want of it, stand apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0011_one_conversation")]

    operations = [
        migrations.AddField("provider", "model_traits", models.JSONField(default=dict)),
        migrations.AddField("provider", "model_settings", models.JSONField(default=dict)),
    ]
