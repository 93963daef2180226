"""Addresses of the API that mean nothing."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_method_is_told_that_there_is_nothing(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = getattr(client, method)("/api/v1/projects/support/nothing", {}, "application/json")
    assert answer.status_code == 404
    assert "There is nothing at /api/v1/projects/support/nothing" in answer.json()["detail"]
