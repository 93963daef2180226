"""OPRO and MIPRO++ as the paper has them: what is shown, what is tried, and what is learned."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from optimizer.core.conversation.events import (
    FullScored,
    ImportancesFound,
    InstructionProposed,
    MinibatchScored,
    Noted,
    ProposalRefused,
    TrialStarted,
)
from optimizer.core.conversation.requests import Ask, Purpose
from optimizer.core.conversation.spec import Grounding, ModelRef, RunSpec, Settings
from optimizer.core.instructions import prompts
from optimizer.core.instructions.guidance import HISTORY_SHOWN
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.search.search import Choice
from optimizer.core.strategies.proposal_space import TEMPERATURES, TIPS, Space
from optimizer.core.strategies.rounds import FUTILE
from optimizer.running.tpe import tpe
from tests.core.test_optimizer_laws import Fixed, well
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import LABEL, by_luck, messages, two_module_program

OPRO = ["module_opro", "module_opro_plain", "program_opro"]
LEARNING = ["mipro_plus", "zero_shot_mipro_plus"]
SMALL = Settings(trials=12, minibatch_size=5, full_every=4, demo_sets=4)
MODEL = ModelRef(1, "scripted")


def spec_for(name: str, **changes) -> RunSpec:
    base = RunSpec(
        two_module_program(),
        LABEL,
        name,
        SMALL,
        {Role.TASK: MODEL, Role.OPTIMIZER: MODEL},
        train=messages(30, "t"),
        validation=messages(20, "v"),
    )
    return replace(base, **changes)


def held(spec: RunSpec, write=well, new_search=RandomSearch) -> Fixed:
    world = Fixed(spec.program, by_luck, write)
    world.hold(OPTIMIZERS[spec.optimizer].converse(spec, new_search))
    return world


def instructions_of(candidate: Candidate) -> list[str]:
    return [prompt.instruction for prompt in candidate.modules.values()]


def rounds_of(world: Fixed) -> list[Ask]:
    return [ask for ask in world.asked if ask.purpose.startswith("instructions of round")]


def text_of(ask: Ask, module: int = 0) -> str:
    return ask.prompts[module].messages[0].content


def scores_in(text: str) -> list[float]:
    part = text.partition("tried before")[2].partition("The current instruction")[0]
    return [float(score) for score in re.findall(r"^- (\d+\.\d): ", part, re.M)]


def asking(choices: list[Choice]):
    """A search that asks for these choices, one after the other, and keeps what it is told."""

    class Scripted(RandomSearch):
        told: list[Choice] = []

        def ask(self) -> Choice:
            return choices.pop(0)

        def tell(self, choice, score) -> None:
            Scripted.told.append(choice)

    return Scripted


# --- OPRO -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPRO)
def test_opro_fully_evaluates_one_new_candidate_a_trial(name):
    world = held(spec_for(name))
    trials = world.events_of(TrialStarted)
    assert len(trials) == 1 + SMALL.trials
    assert all(trial.full and trial.size == 20 for trial in trials)
    assert len({trial.candidate for trial in trials}) == len(trials)


def test_module_opro_writes_for_all_modules_at_once_and_installs_all_at_once():
    world = held(spec_for("module_opro"))
    assert all(len(ask.prompts) == 2 for ask in rounds_of(world))
    baseline = baseline_of(two_module_program())
    for trial in world.events_of(TrialStarted)[1:]:
        for name, prompt in trial.candidate.modules.items():
            assert prompt.instruction != baseline.modules[name].instruction


def test_program_opro_has_all_instructions_written_in_one_reply():
    world = held(spec_for("program_opro"))
    assert all(len(ask.prompts) == 1 for ask in rounds_of(world))
    last = text_of(rounds_of(world)[-1])
    entries = [json.loads(line) for line in re.findall(r"^- \d+\.\d: (.*)$", last, re.M)]
    assert all(entry.keys() == {"extract", "decide"} for entry in entries)


@pytest.mark.parametrize("name", OPRO)
def test_the_history_is_shown_best_last_and_never_more_than_the_top(name):
    world = held(spec_for(name, settings=replace(SMALL, trials=HISTORY_SHOWN + 6)))
    shown = [scores_in(text_of(ask)) for ask in rounds_of(world)]
    assert [len(scores) for scores in shown[:3]] == [1, 2, 3]
    assert len(shown[-1]) == HISTORY_SHOWN
    assert all(scores == sorted(scores) for scores in shown)
    known = sorted(100 * s.mean for s in _full_scores(world)[:-1])
    assert shown[-1] == pytest.approx(known[-HISTORY_SHOWN:], abs=0.05)


def _full_scores(world: Fixed):
    return [event.score for event in world.events_of(FullScored)]


def test_without_grounding_only_demos_and_history_are_shown():
    world = held(spec_for("module_opro_plain"))
    assert {ask.purpose.partition(" of ")[0] for ask in world.asked} == {"instructions"}
    text = text_of(rounds_of(world)[3])
    assert "Worked examples" in text
    assert "tried before" in text
    for part in ("The dataset:", "What the program does", "Tip:"):
        assert part not in text


@pytest.mark.parametrize("name", OPRO + LEARNING)
def test_a_writer_with_nothing_new_to_say_is_asked_no_more(name):
    world = held(spec_for(name), write=lambda text, n: "Use {nothing_of_it}.")
    assert len({ask.purpose for ask in rounds_of(world)}) == FUTILE
    assert [e.index for e in world.events_of(InstructionProposed)] == [0, 0]
    assert world.events_of(ProposalRefused)
    assert any("no more are asked for" in told(note.message) for note in world.events_of(Noted))
    own = instructions_of(baseline_of(world.program))
    assert all(instructions_of(e.candidate) == own for e in world.evaluated)
    searched = {e.purpose for e in world.evaluated} - {Purpose.BASELINE, Purpose.BOOTSTRAP}
    assert bool(searched) == OPTIMIZERS[name].uses_demos


def test_demos_are_searched_where_no_instruction_may_change():
    program = two_module_program()
    frozen = tuple(replace(m, frozen_instruction=True) for m in program.modules)
    world = held(spec_for("mipro_plus", program=replace(program, modules=frozen)))
    tried = {e.candidate for e in world.events_of(TrialStarted)}
    assert len(tried) > 4
    chosen = {name for e in world.events_of(TrialStarted) for name in e.choice}
    assert {name.partition(":")[2] for name in chosen} == {"demos", "instruction"}
    assert not rounds_of(world)
    said = [told(note.message) for note in world.events_of(Noted)]
    assert not any("no more are asked for" in sentence for sentence in said)


# --- MIPRO++ --------------------------------------------------------------------------------------


def test_the_settings_chosen_are_the_settings_asked_with():
    off = {"dataset summary": 0, "program summary": 0, "history": 0, "tip": 0, "temperature": 0}
    on = {"dataset summary": 1, "program summary": 1, "history": 1, "tip": 5, "temperature": 2}
    shown = {"extract:shown demos": 1, "decide:shown demos": 0, "optimizer model": 1}
    search = asking([{**off, **shown}, {**on, **shown, "optimizer model": 0}])
    spec = spec_for(
        "zero_shot_mipro_plus",
        settings=replace(SMALL, trials=2),
        further_optimizers=(ModelRef(1, "other"),),
    )
    bare, full = rounds_of(held(spec, new_search=search))
    parts = ("The dataset:", "What the program does", "tried before", f"Tip: {_tip(5)}")
    assert not any(part in text_of(bare) for part in (*parts[:3], "Tip:"))
    assert all(part in text_of(full) for part in parts)
    assert [bare.prompts[0].temperature, full.prompts[0].temperature] == [
        TEMPERATURES[0], TEMPERATURES[2],
    ]  # fmt: skip
    assert [bare.model, full.model] == [1, 0]
    assert "Worked examples" in text_of(full, 0)
    assert "Worked examples" not in text_of(full, 1)


def _tip(index: int) -> str:
    return prompts.TIPS[TIPS[index]]


def test_the_same_settings_again_draw_fresh_instructions():
    same = {"tip": 1, "temperature": 1, "history": 0}
    search = asking([dict(same) for _ in range(6)])
    world = held(
        spec_for("zero_shot_mipro_plus", settings=replace(SMALL, trials=6)), new_search=search
    )
    samples = [prompt.sample for ask in rounds_of(world) for prompt in ask.prompts]
    assert len(set(samples)) == len(samples)
    tried = [t.candidate for t in world.events_of(TrialStarted) if not t.full]
    assert len(set(tried)) == 6


def test_refused_proposals_are_neither_tried_nor_told_as_a_score_of_zero():
    search = asking([{"tip": n % 6, "temperature": 0} for n in range(6)])

    def write(text: str, n: int) -> str:
        writes_for_it = "Tip: " + _tip(2) not in text
        return well(text, n) if writes_for_it else "Use {nothing_of_it}."

    world = held(spec_for("zero_shot_mipro_plus", settings=replace(SMALL, trials=6)), write, search)
    assert [choice["tip"] for choice in search.told] == [0, 1, 3, 4, 5]
    assert len(world.events_of(MinibatchScored)) == 5


@pytest.mark.parametrize("name", LEARNING)
def test_full_evaluations_are_of_the_best_programs_not_of_settings(name):
    world = held(spec_for(name))
    started = world.events_of(TrialStarted)
    kinds = [trial.full for trial in started]
    assert kinds[1:] == ([False] * 4 + [True]) * 3
    tried = {trial.candidate for trial in started if not trial.full}
    assert len(tried) == SMALL.trials
    assert {trial.candidate for trial in started[1:] if trial.full} < tried


def test_the_full_form_tries_demo_sets_and_the_zero_shot_form_none():
    full, zero_shot = (held(spec_for(name)) for name in LEARNING)
    demos = {repr(t.candidate.modules["decide"].demos) for t in full.events_of(TrialStarted)}
    assert len(demos) > 1
    for trial in zero_shot.events_of(TrialStarted):
        assert not any(prompt.demos for prompt in trial.candidate.modules.values())


@pytest.mark.parametrize("name", LEARNING)
def test_what_mattered_is_told_during_the_search_and_at_its_end(name):
    world = held(spec_for(name, settings=replace(SMALL, trials=16)), new_search=tpe)
    told = world.events_of(ImportancesFound)
    assert 1 < len(told) <= 3  # after 8, 12 and 16 trials, where there is something to tell
    for event in told:
        assert sum(event.importances.values()) == pytest.approx(1)
        assert {"tip", "temperature", "extract:shown demos"} <= set(event.importances)


def test_what_the_run_has_switched_off_is_not_searched():
    grounding = Grounding(False, False, False, False, False)
    spec = spec_for("zero_shot_mipro_plus", settings=replace(SMALL, grounding=grounding))
    assert Space(spec, None).sizes() == {"temperature": len(TEMPERATURES)}
    frozen = replace(spec.program.modules[0], frozen_instruction=True)
    rest = replace(spec.program, modules=(frozen, spec.program.modules[1]))
    asked = rounds_of(held(replace(spec, program=rest)))
    assert all(len(ask.prompts) == 1 for ask in asked)
