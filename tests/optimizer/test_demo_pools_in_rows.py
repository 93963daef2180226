"""Pools of demos that prompts choose from are stored once, however many candidates name them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer import codec
from optimizer.core.conversation.events import DemoSetFound
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Demo, DemoPool, NearestDemos, PooledDemo
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.models import DemoPool as DemoPoolRow
from optimizer.running import prompts
from tests.core.programs import CLASSIFY, ONE_STEP

pytestmark = pytest.mark.django_db

POOL = DemoPool(
    ("message",),
    tuple(
        PooledDemo({"message": f"message {n}", "intent": "refund"}, example=f"t{n}", key=f"k{n}")
        for n in range(3)
    ),
)
NEAREST = NearestDemos(2, POOL, fixed=(Demo({"message": "Hello", "intent": "other"}),))
CANDIDATE = Candidate({"classify": ModulePrompt("Classify.", NEAREST)})


def test_a_candidate_names_its_pool_and_is_read_back_with_it() -> None:
    written = prompts.to_row(CANDIDATE)
    again = prompts.to_row(DemoSetFound("classify", 4, NEAREST, "nearest"))

    assert written["modules"]["classify"]["demos"]["pool"] == POOL.digest
    assert again["demos"]["pool"] == POOL.digest
    assert DemoPoolRow.objects.get().count == 3
    assert prompts.from_row(Candidate, written) == CANDIDATE
    assert prompts.from_row(DemoSetFound, again).demos == NEAREST


def test_a_program_names_its_pools_too_and_is_read_with_and_without_them() -> None:
    program = replace(ONE_STEP, modules=(replace(CLASSIFY, demos=NEAREST),))
    written = prompts.to_row(program)

    assert written["modules"][0]["demos"]["pool"] == POOL.digest
    assert prompts.from_row(Program, written) == program
    assert prompts.from_row(Program, codec.to_json(program)) == program
    with pytest.raises(ValueError, match="modules"):
        codec.from_json(Program, written)


def test_elsewhere_a_pool_is_written_out_and_is_the_same_when_read() -> None:
    written = codec.to_json(CANDIDATE)

    assert written["modules"]["classify"]["demos"]["pool"]["demos"][1]["example"] == "t1"
    assert codec.from_json(Candidate, written) == CANDIDATE


def test_a_pool_that_is_gone_leaves_nothing_half_read() -> None:
    written = prompts.to_row(Candidate({"classify": ModulePrompt("Other.", NEAREST)}))
    DemoPoolRow.objects.all().delete()
    prompts._read.cache_clear()

    with pytest.raises(ValueError, match="not there any more"):
        prompts.from_row(Candidate, written)
