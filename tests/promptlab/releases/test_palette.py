"""“Search or jump to” knows the pages that its reader may open."""

from __future__ import annotations

import pytest
from django.urls import reverse

from promptlab.demo.project import load_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(db):
    return load_demo()


def places(client, project):
    return client.get(reverse("releases:palette", args=[project.slug]))


def labels(client, project):
    return {place["label"] for place in places(client, project).json()}


def test_it_leads_to_pages_programs_datasets_and_actions(demo, alice, client_of):
    demo.memberships.create(user=alice, role="admin")
    found = labels(client_of(alice), demo)
    assert {"Overview", "Booking date", "Booking messages", "Start a run"} <= found


def test_every_place_it_names_opens(demo, alice, client_of):
    demo.memberships.create(user=alice, role="admin")
    client = client_of(alice)
    for place in places(client, demo).json():
        assert client.get(place["url"], follow=True).status_code == 200, place


def test_a_viewer_is_offered_no_action(demo, carol, client_of):
    demo.memberships.create(user=carol, role="viewer")
    assert "Start a run" not in labels(client_of(carol), demo)


def test_an_outsider_is_told_nothing(demo, dave, client_of):
    assert places(client_of(dave), demo).status_code == 404
