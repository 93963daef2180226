"""Bad input gets a message before any call is spent, or a run that ends well; and nothing that is
known to go wrong in DSPy 3.4.1's MIPROv2 goes wrong here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from optimizer.core.conversation.events import Noted, Result, StopReason, TrialStarted
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import Effort, ModelRef, RunSpec, Settings
from optimizer.core.evaluation.stats import Estimate
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.core.runs.validation import label_fault, setting_faults, warnings_of
from optimizer.core.search.search import Choice
from optimizer.running.tpe import TPESearch, tpe
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
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
DEMOS_ONLY = [n for n in NAMES if not OPTIMIZERS[n].uses_instructions]
SMALL = Settings(trials=12, minibatch_size=5, full_every=4, instructions=3, demo_sets=4)


def spec_for(name: str, **changes) -> RunSpec:
    model = ModelRef(1, "scripted")
    base = RunSpec(
        one_module_program(),
        LABEL,
        name,
        SMALL,
        {Role.TASK: model, Role.OPTIMIZER: model},
        train=messages(30, "t"),
        validation=messages(20, "v"),
    )
    return replace(base, **changes)


def settings(**changes) -> Settings:
    return replace(SMALL, **changes)


def held(spec: RunSpec, world: World, new_search=RandomSearch) -> Result:
    return world.hold(OPTIMIZERS[spec.optimizer].converse(spec, new_search))


def warnings(world: World) -> str:
    return " ".join(told(note.message) for note in world.events_of(Noted) if note.warning)


def with_demo(example: Example) -> Program:
    return one_module_program((Demo({**example.inputs, **example.expected}),))


def expecting(label: str | None, count: int = 20) -> tuple[Example, ...]:
    made = messages(count, f"v{label}")
    return tuple(replace(example, expected={"label": label}) for example in made)


# --- Data that says little ---------------------------------------------------------------------


@pytest.mark.parametrize(("failed", "told"), [(0, False), (1, True), (5, True), (6, False)])
def test_a_baseline_that_no_candidate_could_be_told_from_is_told_before_the_search(failed, told):
    def judge(candidate: Candidate, example: Example) -> float:
        return float(example.id not in {f"v{i}" for i in range(failed)})

    world = World(one_module_program(), judge=judge)
    held(spec_for("mipro"), world)
    examples = "1 example" if failed == 1 else f"{failed} examples"
    assert (f"falls short on only {examples} of 20" in warnings(world)) == told


def test_validation_examples_among_the_programs_own_demos_are_told():
    shown = spec_for("mipro", program=with_demo(messages(20, "v")[4]))
    assert any(
        "1 of 20 validation examples stand among" in told(doubt) for doubt in warnings_of(shown)
    )
    other = Example("x", {"message": "another message"}, {"label": "ham"})
    assert not warnings_of(spec_for("mipro", program=with_demo(other)))


def test_examples_that_contradict_each_other_are_told_as_what_no_prompt_can_mend():
    labels = ("spam", "ham", "spam")
    same = [
        Example(f"x{i}", {"message": "win"}, {"label": label}) for i, label in enumerate(labels)
    ]
    (doubt,) = warnings_of(spec_for("mipro", validation=(*messages(20, "v"), *same)))
    assert told(doubt).startswith("On 1 of 23 validation examples every prompt must fail")


def test_examples_whose_twin_is_for_training_are_told_to_score_too_high():
    twins = [replace(example, id=f"copy of {example.id}") for example in messages(3, "t")]
    (doubt,) = warnings_of(spec_for("mipro", validation=(*messages(20, "v"), *twins)))
    assert told(doubt).startswith("3 of 23 validation examples have the same input as")
    (doubt,) = warnings_of(spec_for("mipro", test=(*messages(9, "s"), twins[0])))
    assert told(doubt).startswith("1 of 10 test examples has the same input as a training example")


@pytest.mark.parametrize("name", NAMES)
def test_one_example_is_said_to_be_too_few_and_the_run_ends_well(name):
    world = World(one_module_program())
    result = held(spec_for(name, train=messages(1, "t"), validation=messages(1, "v")), world)
    assert result.best_score.n == 1
    assert result.comparison.verdict == "tied"
    assert "With 1 validation example luck decides" in warnings(world)


def test_no_labels_are_a_fault_before_any_call():
    labels = [example.expected["label"] for example in expecting(None)]
    assert "No validation example says anything in “label”" in told(label_fault(labels, "label"))
    assert label_fault(["", "  ", []], "label")
    assert not label_fault(["spam", None], "label")
    assert not label_fault([0, False], "label")


def test_a_few_missing_labels_are_told_when_the_run_starts():
    some = (*expecting("ham", 9), *expecting("spam", 9), *expecting(None, 2))
    (doubt,) = warnings_of(spec_for("mipro", validation=some))
    assert told(doubt).startswith("2 of 20 validation examples say nothing in “label”")


@pytest.mark.parametrize("name", NAMES)
def test_one_class_only_is_told_first_and_the_run_ends_well(name):
    world = World(one_module_program())
    result = held(spec_for(name, validation=expecting("spam")), world)
    assert result.stop in (StopReason.COMPLETED, StopReason.NO_GAIN)
    assert isinstance(world.events[0], Noted)
    assert "Every validation example expects “spam”" in told(world.events[0].message)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_metric_that_is_constant_keeps_the_baseline(name, value):
    result = held(spec_for(name), World(one_module_program(), judge=always(value)), tpe)
    assert result.best == baseline_of(one_module_program())
    assert result.comparison.verdict == "tied"


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_that_is_right_everywhere_costs_its_own_calls_and_no_other(name):
    world = World(one_module_program(), judge=always(1.0))
    assert held(spec_for(name), world).stop is StopReason.PERFECT
    assert (world.spent, world.asked) == (20, [])


# --- Settings that make no sense ---------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("trials", 0), ("minibatch_size", 0), ("full_every", 0), ("instructions", 0),
        ("demo_sets", 0), ("max_bootstrapped_demos", -1), ("max_labeled_demos", -1),
        ("max_validation", 0), ("proposal_temperature", -0.1), ("proposal_temperature", 7.0),
    ],
)  # fmt: skip
def test_a_setting_out_of_bounds_is_a_fault_that_names_it(name, setting, value):
    wrong = settings(**{setting: value})
    (fault,) = setting_faults(wrong, OPTIMIZERS[name], one_module_program())
    assert fault.place == f"settings.{setting}"
    assert setting in told(fault)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("effort", list(Effort))
def test_an_optimizers_own_settings_are_without_fault(name, effort):
    optimizer, program = OPTIMIZERS[name], two_module_program()
    assert not setting_faults(optimizer.settings(effort, program), optimizer, program)


@pytest.mark.parametrize("name", DEMOS_ONLY)
@pytest.mark.parametrize(
    "none", [{"max_bootstrapped_demos": 0, "max_labeled_demos": 0}, {"demo_sets": 1}]
)
def test_where_no_demo_is_possible_a_search_for_demos_is_refused(name, none):
    optimizer = OPTIMIZERS[name]
    (fault,) = setting_faults(settings(**none), optimizer, one_module_program())
    assert "no demo is allowed" in told(fault)
    own = one_module_program((Demo({"message": "win", "label": "spam"}),))
    assert not setting_faults(settings(**none), optimizer, own)  # to be kept or dropped


@pytest.mark.parametrize("name", NAMES)
def test_a_minibatch_of_one_is_doubted_where_there_are_minibatches_and_ends_well(name):
    world = World(one_module_program())
    result = held(spec_for(name, settings=settings(minibatch_size=1)), world)
    assert result.best_score.n == 20
    told = "A minibatch of 1 says next to nothing" in warnings(world)
    assert told == ("minibatch_size" in OPTIMIZERS[name].uses)


@pytest.mark.parametrize("name", NAMES)
def test_more_candidates_wished_than_there_can_be_end_well(name):
    """Fifty demo sets of one training example, fifty instructions of a writer that knows one."""
    world = World(one_module_program(), write=lambda text, n: "Say whether it is spam at all.")
    many = settings(instructions=50, demo_sets=50)
    result = held(spec_for(name, settings=many, train=messages(1, "t")), world)
    assert result.best_score.n == 20


# --- What is known to go wrong in DSPy's MIPROv2 (algorithms.md §2.5) -----------------------------


def test_a_light_search_is_not_random_draws_nearly_to_its_end():
    """a. There, 8 of 9 light trials are random."""
    asked: Counter[int] = Counter()
    for seed in range(20):
        search = TPESearch({"tip": 6}, seed, trials=12)
        for trial in range(12):
            choice = search.ask()
            if trial >= 6:
                asked[choice["tip"]] += 1
            value = float(choice["tip"] == 2)
            search.tell(choice, Estimate(value, 25, value, value))
    assert asked[2] > 2.5 * asked.total() / 6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("new_search", [RandomSearch, tpe], ids=["random", "tpe"])
def test_few_combinations_and_many_trials_do_not_lose_the_run(name, new_search):
    """b. There, ValueError: No valid program found in param_score_dict."""
    few = settings(instructions=2, demo_sets=2, trials=40, full_every=2)
    world = World(one_module_program())
    result = held(spec_for(name, settings=few), world, new_search)
    assert result.best_score.n == 20
    assert result.best in {e.candidate for e in world.evaluated}


def test_trials_are_not_spent_on_combinations_that_are_all_fully_evaluated():
    few = settings(instructions=1, demo_sets=2, trials=40, full_every=2)
    world = World(one_module_program())
    held(spec_for("bayesian_bootstrap", settings=few), world)
    assert len(world.events_of(TrialStarted)) < 12
    said = [told(note.message) for note in world.events_of(Noted)]
    assert "All 2 combinations are fully evaluated: no other is left to try." in said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("made", "taken"), [(0, 4), (4, 0), (0, 0), (1, 8)])
def test_labelled_demos_without_bootstrapped_ones_do_not_crash(name, made, taken):
    """c. There, ValueError: empty range."""
    wished = settings(max_bootstrapped_demos=made, max_labeled_demos=taken)
    world = World(two_module_program())
    result = held(spec_for(name, program=two_module_program(), settings=wished), world)
    assert result.best_score.n == 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_candidate_is_fully_evaluated_twice_the_baseline_no_more_than_others(name, seed):
    """d. There, the default program is evaluated again when its combination leads."""
    world = World(one_module_program(), judge=_baseline_is_best)
    held(spec_for(name, seed=seed, settings=settings(trials=24)), world)
    times = Counter(
        e.candidate for e in world.evaluated if e.purpose in (Purpose.FULL, Purpose.BASELINE)
    )
    assert set(times.values()) == {1}


def _baseline_is_best(candidate: Candidate, example: Example) -> float:
    own = candidate == baseline_of(one_module_program())
    return float(chance(candidate.digest, example.id) < (0.9 if own else 0.4))


@pytest.mark.parametrize("name", NAMES)
def test_calls_that_all_fail_never_pass_for_a_score_of_zero(name):
    """e. There, the run "finishes" with a program scored 0.0. (A worker pauses such a run:
    tests/optimizer/test_runner.py.)
    """
    world = World(one_module_program(), judge=always(None))
    result = held(spec_for(name), world)
    assert (result.best_trial, result.best) == (0, baseline_of(one_module_program()))
    assert (result.best_score.n, result.best_score.errors) == (0, 20)
    assert (result.best_score.low, result.best_score.high) == (0.0, 1.0)  # nothing is known
    assert result.comparison is None or result.comparison.n == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_is_not_chosen_for_the_few_examples_it_answered(name):
    own = baseline_of(one_module_program())

    def judge(candidate: Candidate, example: Example) -> float | None:
        if candidate == own:
            return float(chance(example.id) < 0.7)
        return 1.0 if chance(candidate.digest, example.id) < 0.3 else None

    world = World(one_module_program(), judge=judge)
    result = held(spec_for(name), world)
    assert result.best == own
    tried = {trial.candidate for trial in world.events_of(TrialStarted)} - {own}
    assert warnings(world).count("cannot win") == len(tried)


@pytest.mark.parametrize("name", NAMES)
def test_a_failed_call_now_and_then_costs_no_candidate_its_place(name):
    def judge(candidate: Candidate, example: Example) -> float | None:
        if example.id == "v3":
            return None
        return float(candidate != baseline_of(one_module_program()))

    world = World(one_module_program(), judge=judge)
    result = held(spec_for(name), world)
    others = [t for t in world.events_of(TrialStarted) if t.full][1:]
    assert (result.best != baseline_of(one_module_program())) == bool(others)
    assert (result.best_score.n, result.best_score.errors) == (19, 1)


@pytest.mark.parametrize("name", NAMES)
def test_seed_0_is_a_seed_and_not_a_wish_for_another(name):
    """f. There, seed=0 silently means 9."""
    digests = {}
    for seed in (0, 9):
        world = World(one_module_program())
        held(spec_for(name, seed=seed), world, tpe)
        digests[seed] = world.digests
    assert digests[0] != digests[9]


@pytest.mark.parametrize("program", [one_module_program(), two_module_program()])
def test_the_surrogate_is_never_told_of_another_choice_than_was_evaluated(program):
    """g. There, demo indices were told as instruction indices until 2026."""
    told: list[tuple[Choice, Estimate]] = []

    class Listening(RandomSearch):
        def tell(self, choice: Choice, score: Estimate) -> None:
            told.append((choice, score))

    world = World(program)
    held(spec_for("mipro", program=program), world, Listening)
    minibatches = [e for e in world.evaluated if e.purpose is Purpose.MINIBATCH]
    trials = [t for t in world.events_of(TrialStarted) if not t.full]
    assert len(told) == len(minibatches) == SMALL.trials
    options: dict[tuple[str, int], set] = {}
    for (choice, score), request, trial in zip(told, minibatches, trials, strict=True):
        assert trial.choice == choice
        assert trial.candidate == request.candidate
        values = [by_luck(request.candidate, example) for example in request.examples]
        assert score.mean == pytest.approx(sum(values) / len(values))
        for name, prompt in request.candidate.modules.items():
            for what, value in (("instruction", prompt.instruction), ("demos", prompt.demos)):
                parameter = f"{name}:{what}"
                options.setdefault((parameter, choice.get(parameter, 0)), set()).add(repr(value))
    assert all(len(seen) == 1 for seen in options.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_number_of_trials_beside_an_effort_is_not_refused(name):
    """h. There, num_trials raises because auto is “light” unless said otherwise."""
    light = OPTIMIZERS[name].settings(Effort.LIGHT, one_module_program())
    chosen = replace(light, trials=3, effort=Effort.CUSTOM)
    assert not setting_faults(chosen, OPTIMIZERS[name], one_module_program())
    world = World(one_module_program())
    assert held(spec_for(name, settings=chosen), world).best_score is not None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_lucky_minibatch_never_decides_who_wins_or_what_is_reported(name, seed):
    """i. There, means of single minibatches are compared raw."""
    world = World(one_module_program(), judge=by_luck)
    tiny = settings(minibatch_size=2, full_every=3)
    result = held(spec_for(name, seed=seed, settings=tiny), world)
    full = {
        e.candidate: sum(by_luck(e.candidate, x) for x in e.examples) / 20
        for e in world.evaluated
        if len(e.examples) == 20 and set(e.examples) == set(spec_for(name).validation)
    }
    assert full[result.best] == max(full.values())
    assert result.best_score.mean == pytest.approx(full[result.best])
    if result.estimate is not None and result.best_trial:
        assert result.estimate.mean <= result.best_score.mean
