"""What every optimizer keeps to, in any world and with any settings.

All registered optimizers are covered by themselves: a new one needs no line here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.core.conversation.events import Result, StopReason
from optimizer.core.conversation.requests import (
    Ask,
    BudgetSpent,
    Conversation,
    Evaluate,
    Outcomes,
    Purpose,
    Replies,
    Request,
)
from optimizer.core.conversation.spec import Grounding, ModelRef, Rewrite, RunSpec, Settings
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.lm import Role
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.running.tpe import tpe
from tests.fakes.random_search import RandomSearch
from tests.fakes.rewriting import rewritten
from tests.fakes.world import (
    LABEL,
    World,
    always,
    by_luck,
    chance,
    messages,
    one_module_program,
    two_module_program,
)

NAMES = sorted(OPTIMIZERS)
law = settings(
    max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@dataclass
class Fixed(World):
    """A world whose answer depends on nothing but the request. `refuses` is the number of the
    request that the budget does not pay for any more, from 0.
    """

    refuses: int | None = None
    asks: int = 0

    def answer(self, request: Request) -> Outcomes | Replies:
        self.asks += 1
        if self.refuses is not None and self.asks > self.refuses:
            raise BudgetSpent
        if isinstance(request, Evaluate):
            return super().answer(request)
        self.digests.append(request.digest)
        self.asked.append(request)
        said = [(p.messages[-1].content, (p.sample, p.temperature)) for p in request.prompts]
        return tuple(self.write(text, hash_of(text, *draw, request.model)) for text, draw in said)


def hash_of(*parts: object) -> int:
    return int(1e9 * chance(*parts))


def well(text: str, n: int) -> str:
    """A writer that does as it is told."""
    return rewritten(text) or _object(text, f"Instruction {n}: be {words(n)}.")


def feebly(text: str, n: int) -> str:
    """A writer that repeats itself, breaks rules, or says nothing."""
    return ("", "Use {nothing}.", "Decide whether the message is spam.", "COMPLETE")[n % 4]


def words(n: int) -> str:
    return " ".join(("swift", "calm", "exact", "plain", "wary")[n // 5**i % 5] for i in range(6))


def _object(text: str, instruction: str) -> str:
    found = re.search(r"one new instruction for each of: (.*)\.$", text)
    if not found:
        return instruction
    return json.dumps(dict.fromkeys(found.group(1).split(", "), instruction))


def flaky(candidate: Candidate, example) -> float | None:
    return None if chance(example.id) < 0.2 else by_luck(candidate, example)


OWN = (Demo({"message": "win a prize", "label": "spam"}),)
programs = st.sampled_from([one_module_program(), two_module_program(), one_module_program(OWN)])
judges = st.sampled_from([by_luck, by_luck, flaky, always(0.0), always(1.0), always(None)])
writers = st.sampled_from([well, well, feebly])


@st.composite
def specs(draw: st.DrawFn, name: str) -> RunSpec:
    few, several = st.integers(0, 3), st.integers(1, 4)
    grounding = Grounding(*(draw(st.booleans()) for _ in range(5)))
    chosen = Settings(
        instructions=draw(several),
        demo_sets=draw(several),
        max_bootstrapped_demos=draw(few),
        max_labeled_demos=draw(few),
        trials=draw(st.integers(1, 7)),
        minibatch_size=draw(st.integers(1, 8)),
        full_every=draw(several),
        max_validation=draw(st.integers(1, 14)),
        grounding=grounding,
        rounds=draw(few),
        step_candidates=draw(several),
        edit_budget=draw(st.integers(1, 12)),
        edit_budget_end=draw(st.integers(1, 12)),
        related=draw(several),
        failed_exemplars=draw(few),
        history_least=draw(st.sampled_from([0, 60])),
    )
    models = {Role.TASK: ModelRef(1, "scripted"), Role.OPTIMIZER: ModelRef(1, "writer")}
    return RunSpec(
        draw(programs),
        LABEL,
        name,
        chosen,
        models,
        train=messages(draw(st.integers(0, 14)), "t"),
        validation=messages(draw(st.integers(1, 30)), "v"),
        test=messages(draw(few), "s"),
        seed=draw(st.integers(0, 3)),
        further_optimizers=(ModelRef(1, "other"),) * draw(st.integers(0, 1)),
        rewrites=(Rewrite("7", "Sort it.", "Sort each letter.", 0.1, 40),)
        * draw(st.integers(0, 1)),
    )


def converse(spec: RunSpec, new_search=RandomSearch) -> Conversation[Result]:
    return OPTIMIZERS[spec.optimizer].converse(spec, new_search)


def told(conversation: Conversation[Result], world: World) -> tuple[list, list]:
    """Every turn of a conversation with its answer, the result last."""
    turns, answers = [], []
    answer = None
    refusal: BudgetSpent | None = None
    while True:
        try:
            turn = conversation.throw(refusal) if refusal else conversation.send(answer)
        except StopIteration as end:
            return [*turns, end.value], answers
        answer, refusal = None, None
        turns.append(turn)
        try:
            answer = answer_to(turn, world)
        except BudgetSpent as spent:
            refusal = spent
        answers.append(refusal or answer)


def answer_to(turn, world: World):
    if isinstance(turn, tuple):
        return tuple(world.answer(request) for request in turn)
    return world.answer(turn) if isinstance(turn, Evaluate | Ask) else None


def proven(world: World) -> set[Candidate]:
    """Candidates that were evaluated on the whole scored split."""
    whole = max((len(e.examples) for e in world.evaluated if e.purpose in _WHOLE), default=0)
    return {
        e.candidate
        for e in world.evaluated
        if e.purpose in (Purpose.BASELINE, Purpose.FULL) or len(e.examples) >= whole > 0
    }


_WHOLE = (Purpose.BASELINE, Purpose.FULL)


@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_that_was_never_evaluated_is_never_returned(name):
    @law
    @given(spec=specs(name), judge=judges, write=writers)
    def holds(spec, judge, write):
        world = Fixed(spec.program, judge, write)
        result = world.hold(converse(spec))
        assert result.best in {e.candidate for e in world.evaluated}
        assert result.best in proven(world)
        if result.best_score is not None and result.best_score.n:
            assert result.best_score.mean >= result.baseline_score.mean

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_a_budget_that_ends_at_any_request_ends_with_a_result(name):
    @law
    @given(spec=specs(name), judge=judges, write=writers, share=st.floats(0, 1))
    def holds(spec, judge, write, share):
        whole = Fixed(spec.program, judge, write)
        whole.hold(converse(spec))
        cut = int(share * whole.asks)
        world = Fixed(spec.program, judge, write, refuses=cut)
        result = world.hold(converse(spec))
        assert world.asks <= cut + 2  # what was asked together is refused together
        assert (result.stop is StopReason.BUDGET) == (world.asks > cut)
        evaluated = {e.candidate for e in world.evaluated}
        assert result.best in (evaluated or {baseline_of(spec.program)})

    holds()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("new_search", [RandomSearch, tpe], ids=["random", "tpe"])
def test_the_same_seed_holds_the_same_conversation_even_side_by_side(name, new_search):
    @settings(law, max_examples=5)
    @given(spec=specs(name), write=writers)
    def holds(spec, write):
        worlds = [Fixed(spec.program, by_luck, write) for _ in range(2)]
        first, second = (steps(converse(spec, new_search), world) for world in worlds)
        for one, other in zip_longest(first, second):
            assert one == other

    holds()


def steps(conversation: Conversation[Result], world: World):
    """The turns one by one, so that two conversations can be held in turns."""
    answer = None
    while True:
        try:
            turn = conversation.send(answer)
        except StopIteration as end:
            yield end.value
            return
        yield turn
        answer = answer_to(turn, world)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_answers_replayed_up_to_any_cut_lead_to_the_same_tail(name):
    @law
    @given(spec=specs(name), judge=judges, write=writers, share=st.floats(0, 1))
    def holds(spec, judge, write, share):
        turns, answers = told(converse(spec), Fixed(spec.program, judge, write))
        again, world = converse(spec), Fixed(spec.program, judge, write)
        cut = int(share * len(answers))
        answer = None
        for turn, recorded in zip(turns[:cut], answers[:cut], strict=True):
            assert again.send(answer) == turn
            answer = recorded
        tail, _ = told(_after(again, answer), world)
        assert tail == turns[cut:]

    holds()


def _after(conversation: Conversation[Result], answer) -> Conversation[Result]:
    """The rest of a conversation that waits for this answer."""
    while True:
        try:
            turn = conversation.send(answer)
        except StopIteration as end:
            return end.value
        answer = yield turn


@pytest.mark.parametrize("name", NAMES)
def test_a_run_never_asks_for_more_than_its_estimate(name):
    @settings(law, max_examples=20)
    @given(spec=specs(name), judge=judges, write=writers)
    def holds(spec, judge, write):
        world = Fixed(spec.program, judge, write)
        world.hold(converse(spec))
        expected = estimate(spec)
        asked = sum(len(ask.prompts) for ask in world.asked)
        assert asked <= expected.optimizer_calls[1]
        assert world.spent * len(spec.program.calls) <= expected.task_calls[1]

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_no_demos_means_no_demos_but_the_programs_own(name):
    @law
    @given(spec=specs(name), write=writers)
    def holds(spec, write):
        none = replace(spec.settings, max_bootstrapped_demos=0, max_labeled_demos=0)
        world = Fixed(spec.program, by_luck, write)
        world.hold(converse(replace(spec, settings=none)))
        own = {module.name: module.demos for module in spec.program.modules}
        shown = [m for e in world.evaluated for m in e.candidate.modules.items()]
        assert all(prompt.demos in ((), own[module]) for module, prompt in shown)

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_frozen_or_locked_no_candidate_changes(name):
    @law
    @given(spec=specs(name))
    def holds(spec):
        first, *rest = spec.program.modules
        fixed = replace(first, frozen_instruction=True, frozen_demos=True)
        others = [replace(m, locked=(m.signature.instruction,)) for m in rest]
        program = replace(spec.program, modules=(fixed, *others))
        world = Fixed(program, by_luck, well)
        world.hold(converse(replace(spec, program=program)))
        for candidate in {e.candidate for e in world.evaluated}:
            prompt = candidate.modules[first.name]
            assert (prompt.instruction, prompt.demos) == (first.signature.instruction, first.demos)
            for module in rest:
                assert module.signature.instruction in candidate.modules[module.name].instruction

    holds()


OTHERWISE = {
    "trials": 3, "minibatch_size": 4, "full_every": 2, "instructions": 2, "demo_sets": 3,
    "max_bootstrapped_demos": 1, "max_labeled_demos": 0, "max_validation": 12, "rounds": 0,
    "nearest_demos": 3, "late_rounds": 2, "step_candidates": 3, "edit_budget": 2,
    "edit_budget_end": 3, "related": 1, "failed_exemplars": 2, "history_least": 60,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("setting", OTHERWISE)
def test_a_setting_changes_what_is_done_where_the_optimizer_says_that_it_uses_it(name, setting):
    # A race can be stuck only where it has much to spend.
    trials = 100 if setting == "late_rounds" else 30
    usual = Settings(trials=trials, minibatch_size=8, full_every=3, max_validation=20, rounds=1)
    other = replace(usual, **{setting: OTHERWISE[setting]})
    heard = [_held(name, chosen) for chosen in (usual, other)]
    assert (heard[0] != heard[1]) == (setting in OPTIMIZERS[name].uses)


def test_every_setting_of_ones_own_is_held_to_this() -> None:
    assert OTHERWISE.keys() == set(OWN_SETTINGS)
    assert (
        set.union(*(set(optimizer.uses) for optimizer in OPTIMIZERS.values())) == OTHERWISE.keys()
    )


def _held(name: str, chosen: Settings) -> list:
    spec = _spec(name, chosen)
    return told(converse(spec), Fixed(spec.program, by_luck, well))[0]


def _spec(name: str, chosen: Settings) -> RunSpec:
    return RunSpec(
        one_module_program(),
        LABEL,
        name,
        chosen,
        {Role.TASK: ModelRef(1, "scripted"), Role.OPTIMIZER: ModelRef(1, "writer")},
        train=messages(24, "t"),
        validation=messages(30, "v"),
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_counts_the_tokens_of_as_many_demos_as_a_candidate_may_have(name):
    few, many = (
        estimate(_spec(name, Settings(max_bootstrapped_demos=1, max_labeled_demos=labelled)))
        for labelled in (1, 16)
    )
    more = few.prompt_tokens[1] < many.prompt_tokens[1]
    assert more == OPTIMIZERS[name].uses_demos
