from django.db import migrations, models

# What providers said stood within our sentences: it goes where only admins read it.
APART = """
    UPDATE optimizer_provider
    SET check_said = check_message, check_message = 'The last test failed: test it again.'
    WHERE check_state = 'failed' AND check_message <> '';

    UPDATE optimizer_tryout SET said = problem, problem = 'The call failed.'
    WHERE state = 'failed' AND problem <> '';

    UPDATE optimizer_measurement SET said = problem, problem = 'The call failed.'
    WHERE state = 'failed' AND problem <> '';
"""
APART_IN_RUNS = """
    UPDATE optimizer_run
    SET said = message, message = 'The run stopped at a call to a model. Resume it to go on.'
    WHERE stop_reason IN ('provider down', 'provider refused', 'error') AND message <> '';

    UPDATE optimizer_outcome
    SET error = 'The call failed.',
        data = data || jsonb_build_object('error', 'The call failed.', 'said', error)
    WHERE error <> '';

    UPDATE optimizer_runevent
    SET data = jsonb_set(
        data, '{message}',
        to_jsonb(regexp_replace(data ->> 'message', ' The first failed with: .*$', ''))
    )
    WHERE kind = 'noted' AND data ->> 'message' LIKE '% The first failed with: %';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("optimizer", "0003_overruns"),
    ]

    operations = [
        migrations.AddField("provider", "check_said", models.TextField(blank=True, default="")),
        migrations.AddField("run", "said", models.TextField(blank=True, default="")),
        migrations.AddField("measurement", "said", models.TextField(blank=True, default="")),
        migrations.AddField("tryout", "said", models.TextField(blank=True, default="")),
        migrations.RunSQL(APART + APART_IN_RUNS, migrations.RunSQL.noop),
    ]
