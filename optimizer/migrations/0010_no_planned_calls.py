from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0009_tests_are_owned")]

    operations = [migrations.RemoveField("run", "planned_calls")]
