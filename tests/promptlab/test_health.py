"""/healthz."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
def test_healthz_says_that_the_database_works_and_that_no_worker_is_seen(client: Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "workers": 0,
        "model": "absent",
    }
    assert "default-src 'none'" in response["Content-Security-Policy"]
