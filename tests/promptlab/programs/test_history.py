"""What a program was: taken back, done again, told in words, gone back to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from optimizer.core.problems import Conflict
from optimizer.core.programs.calls import Call, When
from optimizer.files import program_file
from promptlab.accounts.models import Project, User
from promptlab.programs import edits, history, services
from promptlab.programs.canvas import palette
from promptlab.programs.changes import in_words
from promptlab.programs.history import Drawn, Step
from promptlab.programs.models import Program
from promptlab.programs.pasting import pasted
from tests.core.programs import CLASSIFY, JUDGE, ONE_STEP, TWO_STEPS
from tests.promptlab.programs.by_hand import Browser, address, fresh, text_of


def saved(program: Program, core: object, by: User, part: str = "") -> None:
    services.save_definition(program, core, program.revision, by, Step(part=part))  # type: ignore[arg-type]


def test_what_was_done_is_taken_back_and_done_again(two_steps: Program, erin: User) -> None:
    saved(two_steps, edits.remove_call(TWO_STEPS, "judge"), erin)
    saved(two_steps, edits.remove_module(TWO_STEPS, "judge"), erin)

    services.undo(two_steps, 3, erin)
    assert [c.name for c in fresh(two_steps).core.calls] == ["summarize"]
    assert len(fresh(two_steps).core.modules) == 2
    services.undo(two_steps, 4, erin)
    assert fresh(two_steps).core == replace(TWO_STEPS, name=two_steps.name)
    with pytest.raises(Conflict, match="nothing_to_undo"):
        services.undo(two_steps, 5, erin)
    services.redo(two_steps, 5, erin)
    services.redo(two_steps, 6, erin)
    assert [m.name for m in fresh(two_steps).core.modules] == ["summarize"]
    with pytest.raises(Conflict, match="nothing_to_redo"):
        services.redo(two_steps, 7, erin)


def test_who_takes_back_what_somebody_else_changed_meanwhile_is_told(
    two_steps: Program, erin: User, alice: User
) -> None:
    saved(two_steps, edits.remove_call(TWO_STEPS, "judge"), erin)
    services.describe(fresh(two_steps), "Gist first", "By Alice", 2, alice)
    with pytest.raises(services.SavedMeanwhile):
        services.undo(two_steps, 2, erin)


def test_moving_a_box_is_taken_back_too_and_changes_nothing_of_the_program(
    one_step: Program, erin: User
) -> None:
    before = program_file.write(one_step.core)
    services.arrange(one_step, Drawn({"classify": [10, 20]}), erin)
    services.arrange(one_step, Drawn({"input": [0, 0]}), erin)
    assert (fresh(one_step).revision, program_file.write(fresh(one_step).core)) == (1, before)
    services.undo(one_step, 1, erin)
    now = history.newest(one_step)
    assert now is not None
    assert now.places == {"classify": [10, 20]}


def test_a_hundred_changes_can_be_taken_back_and_done_again_again(
    one_step: Program, erin: User
) -> None:
    for n in range(100):
        services.describe(one_step, "Intents", f"{n}", one_step.revision, erin)
    for _round in range(2):
        for _n in range(100):
            services.undo(one_step, one_step.revision, erin)
        assert fresh(one_step).core.description == ""
        for _n in range(100):
            services.redo(one_step, one_step.revision, erin)
        assert fresh(one_step).core.description == "99"


def test_what_is_typed_into_one_part_is_one_change(
    one_step: Program, erin: User, alice: User
) -> None:
    for text in ("S", "So", "Sort it."):
        changed = replace(CLASSIFY, signature=replace(CLASSIFY.signature, instruction=text))
        saved(one_step, replace(ONE_STEP, modules=(changed,)), erin, "modules.classify")
    saved(one_step, ONE_STEP, alice, "modules.classify")
    assert one_step.changes.count() == 3
    services.undo(one_step, 5, alice)
    services.undo(one_step, 6, alice)
    assert fresh(one_step).core.modules[0].signature.instruction == "Classify the {message}."


def test_a_name_that_another_program_has_by_now_is_not_taken_back(
    one_step: Program, two_steps: Program, erin: User
) -> None:
    services.describe(one_step, "Other", "", 1, erin)
    services.describe(two_steps, "Intents", "", 1, erin)
    services.undo(one_step, 2, erin)
    assert fresh(one_step).name == fresh(one_step).core.name == "Other"
    services.undo(two_steps, 2, erin)
    assert fresh(two_steps).name == fresh(two_steps).core.name == "Gist first"


def test_differences_are_told_in_words() -> None:
    renamed = edits.rename_call(TWO_STEPS, "judge", "decide")
    assert in_words(TWO_STEPS, TWO_STEPS) == []
    assert in_words(TWO_STEPS, edits.connect(TWO_STEPS, "judge", {"summary": ""})) == [
        "disconnected judge.summary from summarize.summary"
    ]
    assert in_words(TWO_STEPS, edits.remove_module(TWO_STEPS, "judge")) == [
        "removed module judge",
        "disconnected output.intent from judge.intent",
    ]
    assert "added call decide" in in_words(TWO_STEPS, renamed)
    other = replace(JUDGE, signature=replace(JUDGE.signature, instruction="Judge it."))
    told = in_words(TWO_STEPS, edits.replace_module(TWO_STEPS, "judge", other, {}, {}))
    assert told == ["changed the instruction of judge"]


def test_the_history_shows_what_changed_compares_and_goes_back(
    client_of: Browser, erin: User, alice: User, two_steps: Program
) -> None:
    other = replace(JUDGE, signature=replace(JUDGE.signature, instruction="Judge the tone."))
    saved(two_steps, edits.replace_module(TWO_STEPS, "judge", other, {}, {}), erin)
    services.arrange(two_steps, Drawn({"judge": [10, 20]}), alice)
    first, _second, last = two_steps.changes.order_by("pk")
    client = client_of(erin)

    page = text_of(client.get(address("history", two_steps)))
    assert "changed the instruction of judge" in page
    assert "moved boxes" in page
    assert "Alice" in page
    compared = client.get(address("history", two_steps), {"from": last.pk, "to": first.pk})
    assert "What differs" in text_of(compared)
    assert "tone" in text_of(compared)

    where = address("go_back", two_steps)
    stale = client.post(where, {"change": first.pk, "revision": 1}, follow=True)
    assert "Someone saved this program" in text_of(stale)
    client.post(where, {"change": first.pk, "revision": 2})
    assert fresh(two_steps).core.modules == TWO_STEPS.modules
    lost = client.post(where, {"change": 0, "revision": 3}, follow=True)
    assert "Choose a change of this program" in text_of(lost)


MOVES = ["call", "cut", "wait", "paste", "move", "tell", "undo", "redo"]


class AnySequence(TestCase):
    """Any sequence of edits and undos gives back the same program file."""

    def setUp(self) -> None:
        project = Project.objects.create(slug="any", name="Any")
        self.by = User.objects.create_user("any@example.org", None, name="Any")
        self.program = services.create_program(project, self.by, "Any", TWO_STEPS)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(MOVES), max_size=14))
    def test_files_come_back(self, moves: list[str]) -> None:
        past, future = [], []  # type: ignore[var-annotated]
        for number, move in enumerate(moves):
            program = fresh(self.program)
            before = self._seen(program)
            if move == "undo":
                if past:
                    services.undo(program, program.revision, self.by)
                    future.append(before)
                    assert self._seen(program) == past.pop()
            elif move == "redo":
                if future:
                    services.redo(program, program.revision, self.by)
                    past.append(before)
                    assert self._seen(program) == future.pop()
            else:
                self._edit(program, move, number)
                past, future = [*past, before], []

    def _edit(self, program: Program, move: str, number: int) -> None:
        revision = program.revision
        if move == "move":
            services.arrange(program, Drawn({f"box{number}": [number, 0]}), self.by)
        elif move == "tell":
            services.describe(program, program.name, str(number), revision, self.by)
        elif move == "wait":
            waits = replace(
                program.core,
                calls=tuple(
                    replace(c, when=When("summarize.summary", (str(number),)))
                    if c.name == "judge"
                    else c
                    for c in program.core.calls
                ),
            )
            services.save_definition(program, waits, revision, self.by)
        elif move == "paste":
            kinds = palette()
            module = kinds[number % len(kinds)]
            call = Call(module.name, module.name, {})
            part = program_file.write(replace(ONE_STEP, modules=(module,), calls=(call,)))
            sketch = pasted(program.core, Drawn({}), part, 10, 10)
            step = Step(drawn=sketch.drawn)
            services.save_definition(program, sketch.core, revision, self.by, step)
        elif move == "call":
            services.save_definition(
                program, edits.add_call(program.core, "judge"), revision, self.by
            )
        else:
            core = edits.connect(program.core, "judge", {"summary": ""})
            services.save_definition(program, core, revision, self.by)

    def _seen(self, program: Program) -> tuple[str, object]:
        last = history.newest(program)
        return program_file.write(fresh(program).core), last.places if last else {}
