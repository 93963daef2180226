"""/healthz."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client


@pytest.mark.django_db
def test_healthz_says_that_the_database_works_and_that_no_worker_is_seen(client: Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "workers": 0,
        "disk": "ok",
        "model": "absent",
    }
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize(("rows", "processes"), [(0, 0), (1, 1), (2, 1), (4, 2)])
def test_healthz_counts_worker_processes_and_not_their_queues(
    rows: int, processes: int, client: Client
) -> None:
    with connection.cursor() as cursor:
        for _ in range(rows):
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert client.get("/healthz").json()["workers"] == processes
