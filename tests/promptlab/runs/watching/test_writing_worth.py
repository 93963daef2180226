"""What the plain instruction alone reaches of a gain, and what the writer took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.evaluation.shares import Share
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.about import ModelShown
from promptlab.runs.results.state import read_state
from promptlab.runs.watching import writing_worth
from promptlab.runs.watching.page import RunPage
from promptlab.runs.watching.writing_worth import (
    PlainGain,
    plain_gain_of,
    told_of_plain,
    told_of_writer,
)
from tests.promptlab.runs.scene import Scene, play


@pytest.fixture
def searched(scene: Scene) -> ProjectRun:
    settings = replace(scene.run_request().settings, trials=40)
    return play(scene.start(optimizer="zero_shot_mipro", settings=settings))


def test_the_plain_instruction_is_found_among_what_was_scored(
    searched: ProjectRun,
) -> None:
    page = RunPage(read_state(searched))
    compared = page.result.comparison
    assert compared is not None
    proved = replace(page.result, comparison=replace(compared, low=0.01))
    found = plain_gain_of(page.state, proved)
    if page.result.best_number:
        assert found is not None
        sources = {
            (e.data["module"], e.data["index"]): e.data["source"]
            for e in page.state.events if e.kind == "instruction_proposed"
        }  # fmt: skip
        choice = searched.run.candidates.get(number=found.number).choice
        used = {sources[name.removesuffix(":instruction"), i] for name, i in choice.items()}
        assert used <= {"current", *writing_worth.SOURCES}
        assert used != {"current"}
    assert plain_gain_of(page.state, replace(page.result, comparison=None)) is None
    unproved = replace(page.result, comparison=replace(compared, low=-0.01))
    assert plain_gain_of(page.state, unproved) is None


def test_it_is_told_in_a_sentence() -> None:
    told = told_of_plain(PlainGain(3, Share(0.8, 0.55, 1.1)), 7)
    assert "(candidate 3)" in told
    assert "reaches 80 % of the gain (95 % interval: 55 to 110 %)" in told
    assert "cannot be told" in told_of_plain(PlainGain(3, None), 7)
    assert "no model wrote: writing gained nothing more" in told_of_plain(PlainGain(7, None), 7)
    assert told_of_plain(None, 7) == ""


def test_the_writers_part_of_the_bill_is_told() -> None:
    task = ModelShown("task", "a", "p", 90, 9000, 600)
    writer = ModelShown("optimizer", "b", "p", 10, 1000, 400)
    assert told_of_writer([task, writer]) == (
        "Writing took 10 % of all tokens and 40 % of the price."
    )
    free = [replace(task, cost=0), replace(writer, cost=0)]
    assert told_of_writer(free) == "Writing took 10 % of all tokens."
    assert told_of_writer([task]) == ""
