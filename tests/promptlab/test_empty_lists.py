"""Lists with nothing in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from promptlab.accounts.models import Project, User

ClientOf = Callable[[User], Client]


@pytest.mark.parametrize("room", ["datasets", "programs", "metrics", "runs"])
def test_the_key_for_something_new_works_where_nothing_is_yet(
    room: str, project: Project, erin: User, carol: User, client_of: ClientOf
) -> None:
    address = f"/p/{project.slug}/{room}/"
    shown = client_of(erin).get(address).content.decode()
    assert shown.count(" data-new") == 1  # what the key n presses
    assert f'href="{address}new/" data-new' in shown
    assert " data-new" not in client_of(carol).get(address).content.decode()
