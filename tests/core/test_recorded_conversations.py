"""Conversations and prompts stay what they were, to the byte, however the house is rebuilt.

A run that is under way during an upgrade is replayed: if an optimizer asked otherwise than before,
the run could not go on. How to record anew: tests/fakes/recording.py.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.optimizers import OPTIMIZERS
from tests.fakes.recording import CONVERSATIONS, PROMPTS, WORLDS, recorded, rendered_prompts


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_holds_the_conversation_that_it_held_before(optimizer, world):
    kept = json.loads(CONVERSATIONS.read_text())
    assert recorded(optimizer, WORLDS[world]()) == kept[optimizer][world]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_record_that_keeps_no_order_of_keys_replays_the_same_conversation(optimizer, world):
    kept = json.loads(CONVERSATIONS.read_text())
    read_back = WORLDS[world]()
    inner = read_back.outcome
    read_back.outcome = lambda candidate, example: _reordered(inner(candidate, example))
    assert recorded(optimizer, read_back) == kept[optimizer][world]


def _reordered(outcome: Outcome) -> Outcome:
    """As the database gives it back: the same values, the keys in another order."""
    trace = tuple(
        replace(call, inputs=_reversed(call.inputs), outputs=_reversed(call.outputs))
        for call in outcome.trace
    )
    return replace(outcome, outputs=_reversed(outcome.outputs), trace=trace)


def _reversed(values):
    return dict(reversed(values.items()))


def test_prompts_are_rendered_as_before():
    assert rendered_prompts() == json.loads(PROMPTS.read_text())
