"""Reflection: what the optimizer model is shown of failures, and what it is asked for."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.evaluation.cases import Case, cases_of, contrasts_of, failures_of
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.instructions.reflection import SHOWN_FAILURES, reflect, varied
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import Value
from tests.core.programs import CLASSIFY, JUDGE, MULTI_HOP, ONE_STEP, TWO_STEPS

METRIC = ChoiceAccuracy("intent", "intent")
NOW = ModulePrompt("Sort the {message} by intent.")


def spec_of(program: Program) -> RunSpec:
    return RunSpec(program, METRIC, "reflective", Settings(), {Role.TASK: ModelRef(1, "m")})


def case(
    number: int = 1,
    expected: str = "refund",
    got: str = "other",
    score: float = 0.0,
    text: str = "Money back, please",
) -> Case:
    given: dict[str, Value] = {"message": text}
    outputs: dict[str, Value] = {"intent": got}
    reason = "as expected" if score == 1.0 else f"expected “{expected}”, got “{got}”"
    trace = (CallTrace("classify", "classify", given, outputs, "{}"),)
    return Case(f"e{number}", given, {"intent": expected}, outputs, score, reason, trace)


def said(
    program: Program,
    module: Module,
    failures: tuple[Case, ...],
    contrasts: tuple[tuple[Case, Case], ...] = (),
    prompt: ModulePrompt = NOW,
) -> str:
    draft = reflect(spec_of(program), module, prompt, failures, contrasts, "reflection")
    return draft.prompt(0).messages[0].content


def test_the_whole_prompt_as_the_optimizer_model_reads_it() -> None:
    locked = replace(CLASSIFY, locked=("Classify the",))
    right = case(2, "delivery", "delivery", 1.0, "Where is it?")
    wrong = case(2, "delivery", "refund", 0.0, "Where is it?")

    assert said(ONE_STEP, locked, (case(),), ((right, wrong),)) == (
        "The module `classify` of a program made of language-model modules makes mistakes. Find "
        "out why, and write a better instruction for it.\n\n"
        "The program:\n"
        "module classify (predict): message: text -> intent: one of refund, delivery, other\n"
        "program(message: text):\n"
        "    classify = classify(message=message)\n"
        "    return intent=classify.intent\n\n"
        "The module's fields:\n"
        "- input message: text (what the customer wrote)\n"
        "- output intent: one of refund, delivery, other\n\n"
        "The module's current instruction:\n"
        "Sort the {message} by intent.\n\n"
        "Examples that did not come out right with it:\n\n"
        "--- Example 1 ---\n"
        "`classify` was given:\nmessage: Money back, please\n"
        "`classify` answered:\nintent: other\n"
        "Expected:\nintent: refund\n"
        "Score: 0.00 (expected “refund”, got “other”)\n\n"
        "The same example with two different instructions, once right and once wrong:\n\n"
        "--- Pair 1 ---\n"
        "Came out right:\n"
        "`classify` was given:\nmessage: Where is it?\n"
        "`classify` answered:\nintent: delivery\n"
        "Expected:\nintent: delivery\n"
        "Score: 1.00 (as expected)\n"
        "Came out wrong:\n"
        "`classify` was given:\nmessage: Where is it?\n"
        "`classify` answered:\nintent: refund\n"
        "Expected:\nintent: delivery\n"
        "Score: 0.00 (expected “delivery”, got “refund”)\n\n"
        "The new instruction must contain each of these word for word:\n"
        "- Classify the\n"
        "- {message}\n\n"
        "Think about what the failures have in common, and what the current instruction leaves "
        "unsaid or says wrongly. Then write an instruction with general rules that are right for "
        "examples that are not shown here, too. Keep what works. Do not copy the examples and do "
        "not list their answers: the model that follows the instruction sees other ones.\n\n"
        "Answer with the new instruction only.\n\n"
        "Instruction:"
    )


def two_step_case() -> Case:
    given: dict[str, Value] = {"message": "Money back, please"}
    summary: dict[str, Value] = {"summary": "wants money"}
    answer: dict[str, Value] = {"intent": "other"}
    trace = (
        CallTrace("summarize", "summarize", given, summary, "{}"),
        CallTrace("judge", "judge", summary, answer, "{}"),
    )
    return Case("e1", given, {"intent": "refund"}, answer, 0.0, "too vague", trace)


def test_a_module_inside_sees_its_own_part_between_the_programs_ends() -> None:
    text = said(TWO_STEPS, TWO_STEPS.module("summarize"), (two_step_case(),))
    assert (
        "`summarize` was given:\nmessage: Money back, please\n"
        "`summarize` answered:\nsummary: wants money\n"
        "The program's answer:\nintent: other\n"
        "Expected:\nintent: refund\n"
        "Score: 0.00 (too vague)"
    ) in text
    assert "A failure may be the fault of another module" in text


def test_a_later_module_is_shown_what_the_program_was_given() -> None:
    text = said(TWO_STEPS, JUDGE, (two_step_case(),))
    assert "The program was given:\nmessage: Money back, please\n`judge` was given:\n" in text


def test_a_reply_that_cannot_be_read_is_shown_as_it_came() -> None:
    unread = CallTrace("classify", "classify", {"message": "Hi"}, {}, "I think", "no JSON")
    bad = replace(case(), outputs={}, trace=(unread,), inputs={"message": "Hi"})
    text = said(ONE_STEP, CLASSIFY, (bad,))
    assert "`classify` gave a reply that cannot be read (no JSON):\nI think\nExpected:" in text


def test_every_call_of_a_shared_module_is_shown() -> None:
    calls = tuple(
        CallTrace(name, "hop", {"question": "Who?", "context": c}, {"query": q}, "{}")
        for name, c, q in (("hop1", "start", "first"), ("hop2", "first", "second"))
    )
    inputs: dict[str, Value] = {"question": "Who?", "context": "start"}
    hops = Case("e1", inputs, {"query": "third"}, {"query": "second"}, 0.0, "", calls)
    text = said(MULTI_HOP, MULTI_HOP.modules[0], (hops,))
    assert text.count("`hop` was given:") == 2


def test_the_length_is_bounded_however_long_the_data_is() -> None:
    long = tuple(case(i, text="word " * 50_000, got=f"w{i} " * 9_000) for i in range(50))
    text = said(ONE_STEP, CLASSIFY, long, tuple((c, c) for c in long))
    assert text.count("--- Example") == SHOWN_FAILURES
    assert len(text) < 25_000


def test_different_kinds_of_failure_come_before_more_of_the_same() -> None:
    cases = (case(1), case(2), case(3, "delivery", "refund"), case(4), case(5, "other", "refund"))
    assert [c.example_id for c in varied(CLASSIFY, cases)] == ["e1", "e3", "e5", "e2"]


def test_cases_that_reached_the_module_come_first() -> None:
    elsewhere = replace(case(1), trace=())
    assert [c.example_id for c in varied(CLASSIFY, (elsewhere, case(2)))] == ["e2", "e1"]


EXAMPLES = tuple(Example(f"e{i}", {"message": f"m{i}"}, {"intent": "refund"}) for i in range(4))


def outcome(number: int, score: float | None) -> Outcome:
    made = None if score is None else Score(score, f"why {number}")
    return Outcome(f"e{number}", made, {}, (), "" if made else "no answer")


def test_failed_calls_are_no_cases_and_the_worst_failures_come_first() -> None:
    scores = (0.5, None, 0.0, 1.0)
    found = cases_of(EXAMPLES, [outcome(i, s) for i, s in enumerate(scores)])
    assert [(c.example_id, c.reason) for c in found] == [
        ("e0", "why 0"),
        ("e2", "why 2"),
        ("e3", "why 3"),
    ]
    assert [c.example_id for c in failures_of(found)] == ["e2", "e0"]


def test_a_contrast_is_right_once_and_wrong_once_on_the_same_example() -> None:
    first = cases_of(EXAMPLES, [outcome(i, s) for i, s in enumerate((1.0, 1.0, 0.0, None))])
    second = cases_of(EXAMPLES, [outcome(i, s) for i, s in enumerate((0.0, 1.0, 0.0, 0.0))])
    ((right, wrong),) = contrasts_of(first, second)
    assert (right.example_id, right.score, wrong.example_id, wrong.score) == ("e0", 1.0, "e0", 0.0)
    assert contrasts_of(second, first) == ()


def test_another_draw_asks_the_same_with_another_sample() -> None:
    draft = reflect(spec_of(ONE_STEP), CLASSIFY, NOW, (case(),), (), "reflection on 1 failure")
    first, second = draft.prompt(0), draft.prompt(3)
    assert first.messages == second.messages
    assert (first.sample, second.sample) == (0, 3)
    assert first.temperature == spec_of(ONE_STEP).settings.proposal_temperature
    assert (draft.module, draft.source) == (CLASSIFY, "reflection on 1 failure")


def test_another_round_asks_the_same_with_other_samples() -> None:
    spec = spec_of(ONE_STEP)
    rounds = [reflect(spec, CLASSIFY, NOW, (case(),), (), "reflection", n) for n in (0, 1)]
    texts = [[d.prompt(sample) for sample in range(3)] for d in rounds]
    assert texts[0][0].messages == texts[1][0].messages
    assert len({prompt.sample for prompts in texts for prompt in prompts}) == 6


def test_a_long_instruction_leaves_room_for_a_longer_one() -> None:
    long = ModulePrompt("Mind this. " * 300)
    draft = reflect(spec_of(ONE_STEP), CLASSIFY, long, (case(),), (), "reflection")
    assert (draft.prompt(0).max_tokens or 0) > len(long.instruction) / 3 + 500
