"""Demos are typed by hand, and the prompt is shown as it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.core.programs.demo import Demo
from optimizer.core.programs.signature import Field, FieldType
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from tests.core.programs import CLASSIFY, ONE_STEP, THINK
from tests.promptlab.programs.by_hand import (
    Browser,
    address,
    fresh,
    rows,
    text_of,
)


def test_demos_are_typed_value_by_value(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    tags = replace(
        THINK,
        signature=replace(
            THINK.signature, outputs=(*THINK.signature.outputs, Field("tags", FieldType.LIST))
        ),
    )
    program = make_program(replace(ONE_STEP, modules=(tags,)))
    demo = {
        "message": "Where\r\nis it?",
        "reasoning": "It is late.",
        "intent": "delivery",
        "tags": '["late", "lost"]',
        "augmented": "True",
    }
    here = address("demos", program, "classify")
    client_of(erin).post(here, {"revision": 1, **rows("demos", demo)})

    assert fresh(program).core.modules[0].demos == (
        Demo(
            {
                "message": "Where\nis it?",
                "reasoning": "It is late.",
                "intent": "delivery",
                "tags": ["late", "lost"],
            },
            augmented=True,
        ),
    )


def test_demos_come_and_go_and_stay_as_they_are(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    demos = (Demo({"message": "Hi", "intent": "other"}), Demo({"message": "x", "intent": "refund"}))
    program = make_program(replace(ONE_STEP, modules=(replace(CLASSIFY, demos=demos),)))
    here = address("demos", program, "classify")
    client = client_of(erin)
    page = text_of(client.get(here))
    sent = rows("demos", *({**d.values, "augmented": ""} for d in demos))
    removed = text_of(client.post(here, {"revision": 1, **sent, "remove": "demos-0"}))
    client.post(here, {"revision": 1, **sent})

    assert page.count("Demo 2") == 1
    assert 'name="demos-count" value="1"' in removed
    assert fresh(program).core.modules[0].demos == demos


@pytest.mark.parametrize(
    ("demo", "message"),
    [
        ({"message": "Hi", "intent": ""}, "it gives no output."),
        ({"message": "Hi", "intent": "praise"}, "“praise” is none of the choices"),
    ],
)
def test_a_demo_that_cannot_be_shown_is_refused_with_the_reason(
    client_of: Browser, erin: User, one_step: Program, demo: dict[str, str], message: str
) -> None:
    here = address("demos", one_step, "classify")
    response = client_of(erin).post(here, {"revision": 1, **rows("demos", demo)})

    assert response.status_code == 422
    assert message in text_of(response)


def test_the_module_page_shows_the_prompt_as_it_is_sent(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    demos = (Demo({"message": "Hi", "intent": "other"}),)
    program = make_program(replace(ONE_STEP, modules=(replace(CLASSIFY, demos=demos),)))
    page = text_of(client_of(erin).get(address("module", program, "classify")))

    assert "Classify the `message`." in page
    assert '{"intent": "other"}' in page
    assert "message: …" in page
