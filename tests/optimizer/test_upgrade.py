"""A database of the release 0.1.0 goes on in this one: real rows, dumped by that release.

It holds two finished runs, a paused one, one whose worker was killed, a try-out and a version.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fakes.openai_server import OpenAIServer

CHECKOUT = Path(__file__).parents[2]
DUMP = CHECKOUT / "tests" / "data" / "release-0.1.0.sql.gz"
DATABASE = "upgraded"
PAUSED, KILLED = 3, 4
OPENED = """
import json, re
from django.test import Client
from optimizer.jobs import controls
from promptlab.accounts.models import User

client = Client()
client.force_login(User.objects.get())
found = {}
start = ["/p/spam-filter/", "/p/spam-filter/runs/"]
queue, seen = list(start), set(start)
while queue:
    address = queue.pop()
    reply = client.get(address, headers={"host": "127.0.0.1"})
    found[address] = reply.status_code
    if reply.status_code == 200 and "html" in reply["Content-Type"]:
        for link in re.findall(r'href="(/p/spam-filter/[^"#?]*)["?]', reply.content.decode()):
            if link not in seen:
                seen.add(link)
                queue.append(link)
print(json.dumps(found))
"""


@pytest.fixture
def old_database(postgres_url: str) -> Iterator[str]:
    """The dump in a database of its own, as the release left it."""
    base = postgres_url.rpartition("/")[0]
    with psycopg.connect(postgres_url, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        link.execute(f"CREATE DATABASE {DATABASE}")
    url = f"{base}/{DATABASE}"
    said = gzip.decompress(DUMP.read_bytes()).decode()
    with psycopg.connect(url) as link:  # lines of a backslash are psql's own, not SQL
        link.execute("\n".join(line for line in said.splitlines() if not line.startswith("\\")))
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as link:
        link.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def manage(url: str, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "promptlab.settings",
        "PROMPTLAB_TESTING": "1",
        "PROMPTLAB_HOME": os.environ["PROMPTLAB_TEST_HOME"],
        **environ,
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def row(url: str, query: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as link:
        found = link.execute(query).fetchone()
    assert found is not None
    return found


def test_a_database_of_the_last_release_keeps_its_runs_versions_and_paid_calls(
    old_database: str,
) -> None:
    paid = "SELECT count(*), sum(prompt_tokens) FROM optimizer_completion WHERE state = 'settled'"
    scores = "SELECT baseline_score, best_score, comparison FROM optimizer_run WHERE id = 1"
    version = "SELECT count(*), max(sha256) FROM reviews_version"
    kept = [row(old_database, query) for query in (paid, scores, version)]
    said(manage(old_database, "migrate", "--verbosity", "0"))
    assert [row(old_database, query) for query in (paid, scores, version)] == kept

    opened = json.loads(
        said(manage(old_database, "shell", "-v", "0", "-c", OPENED)).splitlines()[-1]
    )
    assert len(opened) > 20
    assert {code for code in opened.values() if code != 302} == {200}


def test_runs_that_the_last_release_left_go_on_and_pay_nothing_twice(old_database: str) -> None:
    said(manage(old_database, "migrate", "--verbosity", "0"))
    with OpenAIServer() as server:
        resume = f"from optimizer.jobs import controls; controls.resume({PAUSED})"
        said(manage(old_database, "shell", "-v", "0", "-c", resume))
        worker = manage(old_database, "worker", PROMPTLAB_MODEL_URL=server.url)
        try:
            runs = f"FROM optimizer_run WHERE id IN ({PAUSED}, {KILLED})"
            ended = f"SELECT bool_and(status = 'finished') {runs}"
            for _ in range(1200):
                if row(old_database, ended)[0]:
                    break
                with pytest.raises(subprocess.TimeoutExpired):
                    worker.wait(0.05)
        finally:
            worker.terminate()
            words, _ = worker.communicate(timeout=30)
        assert row(old_database, ended)[0], words[-2000:]
        assert set(server.sent().values()) == {1}
    twice = "SELECT count(*) FROM optimizer_completion WHERE attempt > 1 AND doubts = 0"
    assert row(old_database, twice)[0] == 0
