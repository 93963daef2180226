"""Programs that branch, vote, repeat and run code: what is made, and what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.core.demos.traces import harvest
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.instructions.shown import pseudo_code
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.modules.code_step import CodeStep
from optimizer.core.modules.vote import Vote
from optimizer.core.programs.calls import Call, Repeat, When
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.core.programs.steps import alone
from optimizer.core.programs.voting import most_frequent
from optimizer.files.program_file import read, write
from tests.fakes.flows import ANSWER, MESSAGE, branches, opinions, passes, tidied
from tests.fakes.steps import held


def ran(
    program: Program, inputs: dict[str, Value], answer: Callable[[Prompt], str]
) -> tuple[Prediction, list[Prompt]]:
    assert program.problems() == []
    said: list[Prompt] = []

    def reply(prompt: Prompt) -> Reply:
        said.append(prompt)
        return Reply(answer(prompt), prompt_tokens=3, cost=2)

    return held(predict(program, baseline_of(program), inputs), reply), said


def sorted_as(kind: str) -> Callable[[Prompt], str]:
    def answer(prompt: Prompt) -> str:
        sorts = "kind" in (prompt.schema or {})["properties"]
        return _sorted(kind) if sorts else '{"answer": "done"}'

    return answer


def _sorted(kind: str) -> str:
    return f'{{"reasoning": "-", "kind": "{kind}"}}'


def test_a_path_that_does_not_run_costs_nothing_and_its_values_are_null() -> None:
    prediction, said = ran(branches(), {"message": "Hi"}, sorted_as("delivery"))
    assert len(said) == 2
    assert prediction.outputs == {"answer": "done", "polished": None, "asked": "Hi"}
    assert [(call.call, call.made) for call in prediction.trace] == [
        ("sort", True), ("refund", False), ("others", True), ("polish", False), ("merge", True),
    ]  # fmt: skip


def test_the_path_that_a_choice_opens_runs_with_all_that_hangs_on_it() -> None:
    prediction, said = ran(branches(), {"message": "Hi"}, sorted_as("refund"))
    assert len(said) == 3
    assert prediction.outputs == {"answer": "done", "polished": "done", "asked": "Hi"}


def test_a_step_that_goes_on_without_some_is_not_made_without_all() -> None:
    program = branches()
    calls = [replace(c, when=When("sort.kind", ("refund",))) if c.name == "others" else c
             for c in program.calls]  # fmt: skip
    prediction, _ = ran(
        replace(program, calls=tuple(calls)), {"message": "Hi"}, sorted_as("delivery")
    )
    assert prediction.outputs["answer"] is None
    assert not next(call for call in prediction.trace if call.call == "merge").made


def test_a_null_of_a_path_that_did_not_run_is_judged_like_any_answer() -> None:
    prediction, _ = ran(branches(), {"message": "Hi"}, sorted_as("delivery"))
    example = Example("e", {"message": "Hi"}, {"polished": "done"})
    outcome = alone(judged(ExactMatch("polished", "polished"), example, prediction))
    assert outcome is not None
    assert outcome.score is not None
    assert outcome.score.value == 0


def test_traces_give_demos_of_what_ran_though_other_paths_did_not() -> None:
    program = branches()
    prediction, _ = ran(program, {"message": "Hi"}, sorted_as("delivery"))
    example = Example("e", {"message": "Hi"}, {"answer": "done"})
    outcome = alone(judged(ExactMatch("answer", "answer"), example, prediction))
    assert outcome is not None
    (found,) = harvest(program, [outcome], 1.0, [example])
    assert {"sort", "others"} <= set(found)
    assert not {"refund", "polish"} & set(found)


def test_three_calls_of_one_module_are_three_draws_and_samples_are_more() -> None:
    prediction, said = ran(opinions(), {"message": "Hi"}, sorted_as("refund"))
    assert len(said) == 6
    assert len({prompt.sample for prompt in said[:3]}) == 3
    assert len({prompt.sample for prompt in said[3:]}) == 3
    assert {prompt.temperature for prompt in said} == {0.7}
    assert all(prompt.sample < 2**31 for prompt in said)
    assert prediction.outputs == {"kind": "refund"}
    assert [call.call for call in prediction.trace].count("panel") == 3
    assert sum(call.cost for call in prediction.trace) == 12
    assert opinions().lm_calls == 6


def test_most_of_the_draws_that_can_be_read_decide() -> None:
    replies = iter(["refund", "other", "delivery", "nonsense", "delivery", "other"])
    prediction, _ = ran(opinions(), {"message": "Hi"}, lambda _: _sorted(next(replies)))
    # one refund; other, delivery and delivery, other: of equals the first that was said
    assert prediction.outputs == {"kind": "other"}


def test_draws_of_which_none_can_be_read_are_a_reply_that_cannot_be_read() -> None:
    program = opinions()
    prediction, _ = ran(
        program, {"message": "Hi"},
        lambda prompt: "nonsense" if "reasoning" in str(prompt.schema) else '{"kind": "other"}',
    )  # fmt: skip
    assert prediction.problem.startswith("panel: ")
    assert prediction.answered


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("text", ["Paris", "paris ", "London"], "Paris"),
        ("text", [], None),
        ("text", [None, None], None),
        (("a", "b"), [["b", "a"], "b", None], "b"),
        ("integer", ["3", 3, 4.0], 3),
        ("boolean", ["yes", False, True], True),
        ("text", ["a", "b"], "a"),
        ("integer", ["many"], None),
        ("list", [["a"], ["a"], ["b"]], ["a"]),
    ],
)
def test_most_of_several_values(kind: str, values: list[object], said: object) -> None:
    assert most_frequent(kind, values) == said


def test_code_runs_in_the_sandbox_between_prompts() -> None:
    prediction, said = ran(tidied(), {"message": " a   b "}, lambda _: '{"answer": "Oui"}')
    assert said[0].messages[-1].content == "message: a b\nlanguage: French"
    assert prediction.outputs == {"answer": "Oui (to 2 words)"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def step(message):\n    return 1 / 0\n", "code.failed"),
        ('def step(message):\n    return {"tidied": message}\n', '"tidied", "words"'),
        ('def step(message):\n    return {"tidied": "", "words": "many"}\n', "words"),
        ("def other(message):\n    return 1\n", "code.odd"),
    ],
)
def test_a_step_whose_code_fails_is_an_error_and_never_a_score_of_0(source: str, told: str) -> None:
    program = tidied()
    tidy, *rest = program.modules
    assert isinstance(tidy, CodeStep)
    broken = replace(program, modules=(replace(tidy, source=source), *rest))
    prediction, _ = ran(broken, {"message": "a"}, lambda _: '{"answer": "Oui"}')
    assert told in prediction.problem
    outcome = alone(judged(ExactMatch("answer", "a"), Example("e", {}, {"a": "x"}), prediction))
    assert outcome is not None
    assert outcome.score is None


@pytest.mark.parametrize("name", ["step", "class", "tidy", "str", "input"])
def test_an_input_of_a_code_step_may_have_any_name(name: str) -> None:
    source = (
        "def tidy(text):\n    return str(text).strip()\n"
        "def step(given):\n    return tidy(given) + '!'\n"
    )
    code = CodeStep("tidy", Signature((Field(name),), (ANSWER,)), source=source)
    calls = (Call("tidy", "tidy", {name: "input.message"}),)
    program = Program("Any", (MESSAGE,), (code,), calls, {"answer": "tidy.answer"})
    prediction, said = ran(program, {"message": " Hi "}, lambda _: "")
    assert (prediction.outputs, prediction.problem, said) == ({"answer": "Hi!"}, "", [])


def test_a_repeated_call_is_fed_what_it_gave_until_it_is_done() -> None:
    replies = iter(
        ['{"better": "one", "good": false}', '{"better": "two", "good": true}', "never asked"]
    )
    prediction, said = ran(passes(), {"message": "Hi"}, lambda _: next(replies))
    assert [prompt.messages[-1].content for prompt in said] == [
        "message: Hi\ndraft: ", "message: Hi\ndraft: one",
    ]  # fmt: skip
    assert prediction.outputs == {"draft": "two"}
    assert [(call.inputs["draft"], call.outputs["better"]) for call in prediction.trace] == [
        ("", "one"), ("one", "two"),
    ]  # fmt: skip
    assert passes().lm_calls == 3


def test_a_call_is_not_repeated_more_often_than_it_may_be() -> None:
    prediction, said = ran(
        passes(), {"message": "Hi"}, lambda _: '{"better": "again", "good": false}'
    )
    assert len(said) == 3
    assert prediction.outputs == {"draft": "again"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"when": When("sort.nothing", ("refund",))}, "when.no_such_source"),
        ({"when": When("sort.kind", ())}, "when.no_values"),
        ({"when": When("sort.kind", ("refunds",))}, "when.no_such_value"),
        ({"when": When("polish.answer", ("x",))}, "program.circle"),
        ({"repeat": Repeat(1, "answer")}, "repeat.times"),
        ({"repeat": Repeat(3, "answer")}, "repeat.until"),
        ({"repeat": Repeat(3, "answer", {"message": "none"})}, "repeat.feeds"),
        ({"constants": {"message": "x"}}, "call.constant_and_wire"),
        ({"constants": {"none": "x"}}, "call.no_such_input"),
    ],
)
def test_what_cannot_be_is_told_at_its_call(change: dict[str, object], code: str) -> None:
    program = branches()
    calls = tuple(
        replace(c, **change) if c.name == "refund" else c  # type: ignore[arg-type]
        for c in program.calls
    )
    found = replace(program, calls=calls).problems()
    assert code in [problem.code for problem in found]
    assert {problem.place for problem in found} <= {"calls.refund", "calls.merge"}


def test_a_constant_must_be_of_its_input_s_type() -> None:
    call = Call("sign", "sign", {"answer": "answer.answer"}, {"words": "many"})
    program = tidied()
    sign = replace(
        program.module("sign"),
        signature=Signature((Field("answer"), Field("words", FieldType.INTEGER)), (Field("x"),)),
    )
    program = replace(
        program, modules=(*program.modules[:2], sign), calls=(*program.calls[:2], call)
    )
    assert "call.constant" in [problem.code for problem in program.problems()]


def test_a_vote_gives_one_thing() -> None:
    vote = Vote("v", Signature((Field("a"),), (Field("b"), Field("c"))))
    assert "vote.one_output" in [problem.code for problem in vote.problems()]


@pytest.mark.parametrize("made", [branches, opinions, passes, tidied])
def test_a_program_file_holds_all_of_it(made: Callable[[], Program]) -> None:
    assert read(write(made())) == made()


def test_the_model_that_writes_is_told_when_calls_are_made() -> None:
    assert 'refund = refund(message=message) if sort.kind in ("refund")' in pseudo_code(branches())
    assert 'answer = answer(message=tidy.tidied, language="French")' in pseudo_code(tidied())
    assert "up to 3 times until good" in pseudo_code(passes())
