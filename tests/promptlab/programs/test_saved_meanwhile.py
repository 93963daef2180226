"""Somebody else saved the program in the meantime: nothing is overwritten, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

from promptlab.accounts.models import User
from promptlab.programs import edits, services
from promptlab.programs.models import Program
from tests.core.programs import ONE_STEP, TWO_STEPS
from tests.promptlab.programs.by_hand import (
    MESSAGE_ROW,
    Browser,
    address,
    fresh,
    module_data,
    rows,
    text_of,
)


def test_who_saves_second_is_told_and_keeps_what_was_typed(
    client_of: Browser, alice: User, erin: User, one_step: Program
) -> None:
    here = address("module", one_step, "classify")
    client_of(alice).post(here, module_data(instruction="Alice's {message}."))
    client = client_of(erin)
    refused = client.post(here, module_data(instruction="Erin's {message}."))
    page = text_of(refused)

    assert refused.status_code == 409
    assert "Alice saved this program while you were editing it (now)." in page
    assert "Erin's {message}." in page
    assert 'name="revision" value="2"' in page
    assert fresh(one_step).core.modules[0].signature.instruction == "Alice's {message}."

    client.post(here, module_data(instruction="Erin's {message}.", revision=2))

    assert fresh(one_step).core.modules[0].signature.instruction == "Erin's {message}."


def test_a_module_that_was_removed_meanwhile_can_be_saved_as_a_new_one(
    client_of: Browser, alice: User, erin: User, one_step: Program
) -> None:
    here = address("module", one_step, "classify")
    client_of(alice).post(address("remove_module", one_step, "classify"))
    client = client_of(erin)

    assert client.get(here).status_code == 404
    assert client.post(here, module_data()).status_code == 409
    assert client.post(here, module_data(revision=2)).status_code == 302
    assert fresh(one_step).core.problems() == []


@pytest.mark.parametrize(
    ("page", "more", "data"),
    [
        ("about", (), {"name": "Mine", "description": ""}),
        ("inputs", (), rows("inputs", MESSAGE_ROW)),
        ("outputs", (), rows("outputs", {"name": "mine", "source": "classify.intent"})),
        ("demos", ("classify",), {"demos-count": 0}),
        ("call", ("classify",), {"name": "mine", "module": "classify"}),
        ("connect", ("classify",), {"from-message": "input.message"}),
    ],
)
def test_every_form_notices_that_someone_saved(
    client_of: Browser, erin: User, alice: User, one_step: Program,
    page: str, more: tuple[str, ...], data: dict[str, Any],
) -> None:  # fmt: skip
    services.describe(one_step, "Intents", "by Alice", 1, alice)
    response = client_of(erin).post(address(page, one_step, *more), {"revision": 1, **data})

    assert response.status_code == 409
    assert "Alice saved this program" in text_of(response)
    assert fresh(one_step).revision == 2


def test_two_saves_at_once_cannot_both_win(erin: User, one_step: Program) -> None:
    other = Program.objects.get(pk=one_step.pk)
    services.save_definition(one_step, ONE_STEP, 1, erin)

    with pytest.raises(services.SavedMeanwhile) as refused:
        services.save_definition(other, TWO_STEPS, 1, erin)
    assert refused.value.saved.revision == 2


def test_a_part_is_taken_away_also_while_someone_saves(erin: User, two_steps: Program) -> None:
    stale = Program.objects.get(pk=two_steps.pk)
    services.describe(two_steps, "Renamed meanwhile", "", 1, erin)
    saved = services.edit(stale, lambda core: edits.remove_module(core, "summarize"), erin)

    assert (saved.name, saved.revision) == ("Renamed meanwhile", 3)
    assert [m.name for m in fresh(two_steps).core.modules] == ["judge"]
