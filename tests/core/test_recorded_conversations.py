"""Conversations and prompts stay what they were, to the byte, however the house is rebuilt.

A run that is under way during an upgrade is replayed: if an optimizer asked otherwise than before,
the run could not go on. How to record anew: tests/fakes/recording.py.
"""

from __future__ import annotations

import json

import pytest

from optimizer.core.optimizers import OPTIMIZERS
from tests.fakes.recording import CONVERSATIONS, PROMPTS, WORLDS, recorded, rendered_prompts


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_holds_the_conversation_that_it_held_before(optimizer, world):
    kept = json.loads(CONVERSATIONS.read_text())
    assert recorded(optimizer, WORLDS[world]()) == kept[optimizer][world]


def test_prompts_are_rendered_as_before():
    assert rendered_prompts() == json.loads(PROMPTS.read_text())
