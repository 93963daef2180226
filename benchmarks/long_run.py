"""A run of thousands of trials and a million events: a short real one that SQL multiplies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptlab.runs.models import ProjectRun
    from tests.browser.lab import Lab

PLAYED = 50
"""Trials that are really made, of which the others are copies."""
CANDIDATES = 400
CALLS = 100_000
_FAR = 1_000_000
"""Where the numbers of what is copied begin."""

_COPIES = (
    # Candidates, so that trials are not all of the same few.
    """
    INSERT INTO optimizer_candidate (run_id, number, digest, prompts, choice)
    SELECT c.run_id, n, md5(n::text), c.prompts, c.choice
    FROM generate_series((SELECT max(number) + 1 FROM optimizer_candidate WHERE run_id = %(run)s),
                         %(candidates)s) AS n
    JOIN optimizer_candidate c ON c.run_id = %(run)s AND c.number = 1
    """,
    # The trial that a copy is of: every 25th a full one.
    """
    CREATE TEMPORARY TABLE copied AS
    WITH known AS (
        SELECT *, row_number() OVER (PARTITION BY "full" ORDER BY number) - 1 AS place,
               count(*) OVER (PARTITION BY "full") AS among
        FROM optimizer_trial
        WHERE run_id = %(run)s AND number > 0 AND score IS NOT NULL AND exchange_id IS NOT NULL
    )
    SELECT n AS number, known.exchange_id, known.id AS trial_id, c.id AS candidate_id
    FROM generate_series((SELECT max(number) + 1 FROM optimizer_trial WHERE run_id = %(run)s),
                         %(trials)s) AS n
    JOIN known ON known."full" = (n %% 25 = 0) AND known.place = n %% known.among
    JOIN optimizer_candidate c ON c.run_id = %(run)s AND c.number = 1 + n %% (%(candidates)s - 1)
    """,
    """
    INSERT INTO optimizer_exchange (run_id, seq, digest, kind, purpose, role, model, sample,
                                    candidate_id, size, refused, asked_at, answered_at)
    SELECT e.run_id, %(far)s + copied.number, md5(copied.number::text), e.kind, e.purpose, e.role,
           e.model, e.sample, copied.candidate_id, e.size, e.refused, now(), now()
    FROM copied JOIN optimizer_exchange e ON e.id = copied.exchange_id
    """,
    """
    INSERT INTO optimizer_outcome (exchange_id, position, example, score, error, data, at)
    SELECT e.id, o.position, o.example, o.score, o.error, o.data, now()
    FROM copied
    JOIN optimizer_exchange e ON e.run_id = %(run)s AND e.seq = %(far)s + copied.number
    JOIN optimizer_outcome o ON o.exchange_id = copied.exchange_id
    """,
    """
    INSERT INTO optimizer_trial (run_id, number, "full", candidate_id, choice, size, exchange_id,
                                 score, mean, tokens, cost, unpriced, seconds, started_at,
                                 scored_at)
    SELECT t.run_id, copied.number, t."full", copied.candidate_id, t.choice, t.size, e.id, t.score,
           t.mean, t.tokens, t.cost, t.unpriced, t.seconds, now(), now()
    FROM copied
    JOIN optimizer_trial t ON t.id = copied.trial_id
    JOIN optimizer_exchange e ON e.run_id = %(run)s AND e.seq = %(far)s + copied.number
    """,
    # A full score is told every 25 trials; all other events are of kinds that no page reads.
    """
    INSERT INTO optimizer_runevent (run_id, seq, kind, data, at)
    WITH known AS (
        SELECT DISTINCT ON (kind) kind, data FROM optimizer_runevent
        WHERE run_id = %(run)s AND kind IN ('full_scored', 'trial_started', 'minibatch_scored')
        ORDER BY kind, seq
    )
    SELECT %(run)s, n, known.kind, known.data, now()
    FROM generate_series((SELECT max(seq) + 1 FROM optimizer_runevent WHERE run_id = %(run)s),
                         %(events)s) AS n
    JOIN known ON known.kind = CASE
        WHEN n %% (25 * %(events)s / %(trials)s) = 0 THEN 'full_scored'
        WHEN n %% 2 = 0 THEN 'trial_started' ELSE 'minibatch_scored' END
    """,
    """
    INSERT INTO optimizer_completion (key, namespace, run_id, role, provider, model, state, owner,
        attempt, doubts, held_cost, request, reply, finish_reason, problem, prompt_tokens,
        completion_tokens, cost, doubt_cost, priced, seconds, reserved_at, settled_at)
    SELECT md5(n::text) || md5((n + 1)::text), c.namespace, c.run_id, c.role, c.provider, c.model,
        c.state, c.owner, 1, 0, c.held_cost, c.request, c.reply, c.finish_reason, '',
        c.prompt_tokens, c.completion_tokens, c.cost, 0, c.priced, c.seconds, now(), now()
    FROM generate_series(1, %(calls)s) AS n
    JOIN (SELECT * FROM optimizer_completion WHERE run_id = %(run)s LIMIT 1) c ON true
    """,
    """
    UPDATE optimizer_runevent SET data = jsonb_set(data, '{steps}', to_jsonb(2 * %(trials)s))
    WHERE run_id = %(run)s AND kind = 'phase_started' AND data->>'phase' = 'search'
    """,
    """
    UPDATE optimizer_run SET status = 'running', phase = 'search', phase_steps = 2 * %(trials)s,
        phase_done = %(trials)s, last_seq = %(events)s, heard_at = now(), ended_at = NULL,
        stop_reason = ''
    WHERE id = %(run)s
    """,
)


def long_run(lab: Lab, trials: int, events: int) -> ProjectRun:
    """A run that goes on, of so many trials and events."""
    from django.db import connection

    from benchmarks.bench_page import played_run

    project_run = played_run(lab, PLAYED)
    values: dict[str, Any] = {
        "run": project_run.run_id, "trials": trials, "events": events, "far": _FAR,
        "candidates": CANDIDATES, "calls": CALLS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in ("ANALYZE", *_COPIES, "ANALYZE"):
            cursor.execute(statement, values)
    project_run.refresh_from_db()
    return project_run


def store_trial(project_run: ProjectRun) -> int:
    """Write a further scored trial as a worker does, and ring; returns its number."""
    from django.db import connection, transaction

    from optimizer import doorbell

    run = project_run.run_id
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO optimizer_trial (run_id, number, "full", candidate_id, choice, size,
                exchange_id, score, mean, tokens, cost, unpriced, seconds, started_at, scored_at)
            SELECT run_id, number + 1, false, candidate_id, choice, size, exchange_id, score, mean,
                tokens, cost, unpriced, seconds, now(), now()
            FROM optimizer_trial WHERE run_id = %s ORDER BY number DESC LIMIT 1 RETURNING number
            """,
            [run],
        )
        number = int(cursor.fetchone()[0])
        cursor.execute(
            """
            INSERT INTO optimizer_runevent (run_id, seq, kind, data, at)
            SELECT run_id, seq + 1, 'minibatch_scored', data, now() FROM optimizer_runevent
            WHERE run_id = %s ORDER BY seq DESC LIMIT 1
            """,
            [run],
        )
        cursor.execute(
            """
            UPDATE optimizer_run SET last_seq = last_seq + 1, phase_done = phase_done + 1,
                used_calls = used_calls + 4, heard_at = now() WHERE id = %s
            """,
            [run],
        )
        doorbell.ring("run", run)
    return number
