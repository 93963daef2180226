"""The page of a run with 1,000 trials: time of the server, queries, bytes."""

from __future__ import annotations

import gzip
import http.client
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.figures import spread, tell
from tests.browser.ground import database, empty_home

if TYPE_CHECKING:
    from promptlab.runs.models import ProjectRun
    from tests.browser.lab import Lab

TRIALS = 1000
VISITS = 30


def main() -> None:
    with empty_home() as home, database(home) as url:
        from tests.browser.conftest import session_of
        from tests.browser.lab import Lab
        from tests.browser.stack import Stack

        lab = Lab("http://127.0.0.1:1/v1")
        project_run = played_run(lab)
        path = f"{lab.path}/runs/{project_run.number}/"
        stack = Stack(home, url)
        try:
            stack.prepare()
            stack.start_web()
            stack.await_web()
            cookie = "=".join(session_of(lab.alice))
            times, raw, packed = visit(stack.url, path, cookie)
        finally:
            stack.close()
        queries, sql_ms = count_queries(lab, path)
        trials = project_run.run.trials.count()
    report(trials, times, queries, sql_ms, raw, packed)


def played_run(lab: Lab, trials: int = TRIALS) -> ProjectRun:
    """A real run of that many trials, its model in this process and never perfect."""
    from optimizer.running import runner
    from tests.browser import desk
    from tests.fakes.scripted_lm import ScriptedLM

    two_modules(lab)
    project_run = lab.start_run(
        trials=trials, minibatch_size=4, full_every=25, max_validation=18, instructions=8,
        demo_sets=8,
    )  # fmt: skip
    model = ScriptedLM(lambda call: desk.answers(as_body(call), most=0.7))
    runner.run(project_run.run_id, runner.Means(connect=lambda provider: model))
    project_run.refresh_from_db()
    assert project_run.run.status == "finished", project_run.run.message
    return project_run


def two_modules(lab: Lab) -> None:
    """One module has too few combinations for so many trials."""
    from promptlab.datasets.queries import fields
    from promptlab.programs.services import create_program
    from promptlab.programs.starters import FirstStep, two_steps

    inputs, expected = fields(lab.dataset(45))
    core = two_steps("Triage", FirstStep.SUMMARIZE, inputs, expected)
    create_program(lab.project, lab.alice, core.name, core)


def as_body(call: Any) -> dict[str, Any]:
    """The call as it would go over the line."""
    body: dict[str, Any] = {
        "model": call.model,
        "messages": [{"role": m.role, "content": m.content} for m in call.messages],
        "seed": call.sample,
    }
    if call.schema is not None:
        body["response_format"] = {"json_schema": {"schema": call.schema}}
    return body


def visit(url: str, path: str, cookie: str) -> tuple[list[float], int, int]:
    """Milliseconds of each visit on one connection, and the page's bytes plain and packed."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    times, content = [], b""
    for _ in range(VISITS + 1):
        begun = time.perf_counter()
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        times.append(1000 * (time.perf_counter() - begun))
        assert reply.status == 200, reply.status
        assert reply.headers["Content-Encoding"] == "gzip"
    connection.close()
    return times[1:], len(gzip.decompress(content)), len(content)


def count_queries(lab: Lab, path: str) -> tuple[int, float]:
    """Queries of one visit, and the milliseconds that they take together."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(lab.alice, backend="django.contrib.auth.backends.ModelBackend")
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught), sum(1000 * float(query["time"]) for query in caught.captured_queries)


def report(
    trials: int, times: list[float], queries: int, sql_ms: float, raw: int, packed: int
) -> None:
    told = spread(times, 0)
    rows = [
        ("trials in the run", f"{trials:,}"),
        ("answered in, median", f"{told['median']:.0f} ms"),
        ("95 of 100 below", f"{told['p95']:.0f} ms"),
        ("queries", f"{queries}, {sql_ms:.0f} ms together"),
        ("page", f"{packed / 1024:.1f} KiB packed, {raw / 1024:.0f} KiB plain"),
    ]
    figures = {
        "trials": trials, "milliseconds": told, "queries": queries,
        "sql_milliseconds": round(sql_ms), "bytes_gzip": packed, "bytes_plain": raw,
    }  # fmt: skip
    tell("Page: a run with 1,000 trials", rows, figures)


if __name__ == "__main__":
    main()
