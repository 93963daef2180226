"""Steps that call tools in turns: what is said, what a tool gives, and when they end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from optimizer import codec
from optimizer.core.demos.traces import harvest
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Outcome, Prediction
from optimizer.core.instructions.guards import _form_fault
from optimizer.core.instructions.shown import current_text
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.tools import CodeTool, FetchTool, SearchTool
from optimizer.core.problems import problem
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.core.programs.steps import Fetch, Fetched, Passages, RunCode, Search, StepRequest
from optimizer.core.programs.urls import Fault, fault_in, filled
from optimizer.files.program_file import read, write
from tests.fakes.agents import ADD, agent, asking, passages, sunny, turn, with_lines
from tests.fakes.steps import held

ASKED = {"question": "How is it?"}
DONE = '{"answer": "done"}'


def ran(
    *replies: str | Reply,
    module: ReAct | None = None,
    fetch: Callable[[Fetch], Fetched] = sunny,
    look_up: Callable[[Search], Passages] = passages,
) -> tuple[Prediction, list[Prompt], list[StepRequest]]:
    """With these replies, and the last of them for ever."""
    program = asking(module)
    assert program.problems() == []
    said: list[Prompt] = []
    asked: list[StepRequest] = []

    def answer(prompt: Prompt) -> Reply:
        said.append(prompt)
        told = replies[min(len(said), len(replies)) - 1]
        return told if isinstance(told, Reply) else Reply(told, cost=2)

    steps = predict(program, baseline_of(program), dict(ASKED))
    return held(steps, answer, asked, look_up, fetch), said, asked


def outcome_of(prediction: Prediction) -> Outcome:
    example = Example("e", dict(ASKED), {"answer": "done"})
    return held(judged(ExactMatch("answer", "answer"), example, prediction), lambda _: Reply(""))


def observations(prompt: Prompt) -> list[str]:
    contents = (m.content for m in prompt.messages if m.content.startswith("Observation:\n"))
    return [
        content.removeprefix("Observation:\n").split("\n\nNo more turns")[0] for content in contents
    ]


def test_each_turn_is_told_what_its_tool_gave_until_the_model_finishes() -> None:
    prediction, said, asked = ran(
        turn("search", "look it up", query="Kyoto"),
        turn("add", a=2),
        turn("weather", place="a/b", day="7"),
        turn("finish", "enough"),
        DONE,
    )
    assert prediction.outputs == {"answer": "done"}
    assert [r for r in asked if isinstance(r, Search)] == [Search("c" * 64, "Kyoto", 2)]
    assert [r.arguments for r in asked if isinstance(r, RunCode)] == [{"a": 2, "b": 1}]
    assert [r for r in asked if isinstance(r, Fetch)] == [Fetch("https://w.example/v1/a%2Fb?d=7")]
    assert observations(said[-1]) == [
        "1. title: Kyoto\n   text: says Kyoto\n2. title: Nara\n   text: deer",
        "3",
        "sunny at https://w.example/v1/a%2Fb?d=7",
    ]
    assert [m.role for m in said[-1].messages] == ["system", "user", *["assistant", "user"] * 4]
    assert said[-1].messages[-1].content.startswith("No more turns. Answer with")
    # The prefix is always the same, so that a cache of prompts serves the turns.
    for before, after in pairwise(said[:-1]):
        assert after.messages[: len(before.messages)] == before.messages
    assert (len(said), asking().lm_calls) == (5, 5)
    assert set((said[0].schema or {})["properties"]) == {"thought", "tool", "arguments"}
    assert set((said[-1].schema or {})["properties"]) == {"answer"}


def test_the_turns_are_a_value_that_goes_on_and_every_one_is_in_the_trace() -> None:
    module = agent()
    prediction, said, _ = ran(turn("add", "sum", a=2), turn("finish"), DONE)
    *turns, last = prediction.trace
    assert [(t.turn, t.outputs["tool"], t.outputs["observation"]) for t in turns] == [
        (True, "add", "3"), (True, "finish", ""),
    ]  # fmt: skip
    assert last.outputs == {"answer": "done"}
    assert sum(call.cost for call in prediction.trace) == 6
    assert module.gives[0].type is FieldType.LIST
    prompt = ModulePrompt(module.signature.instruction)
    assert module.messages(prompt, last.inputs) == said[-1].messages
    assert codec.from_json(Outcome, codec.to_json(outcome_of(prediction))).trace[0].turn


def test_turns_that_are_used_up_end_with_the_answer() -> None:
    numbers = iter(range(9))
    module = replace(agent(), max_turns=3)
    replies = [turn("add", a=next(numbers)) for _ in range(3)]
    prediction, said, _ = ran(*replies, DONE, module=module)
    assert (len(said), module.lm_calls) == (4, 4)
    assert prediction.outputs == {"answer": "done"}
    assert observations(said[-1])[-1] == "3"
    assert said[-1].messages[-1].content.endswith('{"answer": <text>}')


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (turn("browse", query="x"), "There is no tool “browse”. The tools are: search, add,"),
        (turn("search"), "search needs query among its arguments."),
        (turn("add", a="many"), "This reply cannot be read."),
        ("I will look it up.", "This reply cannot be read."),
        (turn("weather", place="..", day="1"), "The tool failed: these arguments lead to another"),
        (turn("weather", place="gone", day="1"), "The tool failed: it answered with status 404"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_model(reply: str, told: str) -> None:
    def missing(request: Fetch) -> Fetched:
        return Fetched(404, "no such page")

    prediction, said, asked = ran(reply, turn("finish"), DONE, fetch=missing)
    assert observations(said[1])[0].startswith(told)
    assert prediction.outputs == {"answer": "done"}
    assert not any(isinstance(request, Search | RunCode) for request in asked)


def test_a_tool_whose_code_fails_says_so_to_the_model() -> None:
    tool = CodeTool("add", "Adds.", source="def add(a: int):\n    return 1 // a\n")
    prediction, said, _ = ran(
        turn("add", a=0), turn("finish"), DONE, module=replace(agent(), tools=(tool,))
    )
    assert observations(said[1]) == ["The tool failed: ZeroDivisionError: division by zero"]
    assert prediction.outputs == {"answer": "done"}


def test_a_model_that_repeats_a_call_is_told_so_and_the_tool_is_not_used_again() -> None:
    prediction, said, asked = ran(*[turn("search", query="Kyoto")] * 4, DONE)
    assert sum(isinstance(request, Search) for request in asked) == 1
    assert len(said) == 5
    assert "gives the same each time" in observations(said[-1])[-1]
    assert prediction.outputs == {"answer": "done"}


@pytest.mark.parametrize("which", ["corpus", "address", "cut"])
def test_what_is_no_answer_of_the_model_is_an_error_and_never_a_score_of_0(which: str) -> None:
    gone = problem("corpus.gone", digest="c")
    first: dict[str, str | Reply] = {
        "corpus": turn("search", query="x"),
        "address": turn("weather", place="x", day="1"),
        "cut": Reply("{", finish_reason="content_filter"),
    }
    prediction, said, _ = ran(
        first[which],
        look_up=lambda _: Passages(problem=gone, told="It is gone."),
        fetch=lambda _: Fetched(problem=gone, told="It cannot be reached."),
    )
    outcome = outcome_of(prediction)
    assert outcome.score is None
    assert outcome.error
    assert len(said) == 1
    assert prediction.trace[-1].problem


def test_an_answer_that_cannot_be_read_is_like_any_other_s() -> None:
    prediction, _, _ = ran(turn("finish"), "{}")
    assert prediction.problem
    assert prediction.answered
    score = outcome_of(prediction).score
    assert score is not None
    assert score.value == 0


def test_long_observations_are_cut() -> None:
    _, said, _ = ran(
        turn("weather", place="x", day="1"), turn("finish"), DONE,
        fetch=lambda _: Fetched(200, "x" * 9000),
    )  # fmt: skip
    (told,) = observations(said[-1])
    assert told.endswith("x… (cut off)")
    assert len(told) < 3100


def test_several_samples_are_several_conversations() -> None:
    module = replace(agent(), samples=2, temperature=0.7, max_turns=1)
    prediction, said, _ = ran(turn("finish"), turn("finish"), DONE, module=module)
    assert len({prompt.sample for prompt in said}) == 2
    assert prediction.outputs == {"answer": ["done", "done"]}
    assert module.lm_calls == 4
    assert [f.name for f in module.gives] == ["answer"]
    assert [call.turn for call in prediction.trace] == [True, False] * 2


def test_one_demo_is_made_of_a_trace_and_shows_its_turns() -> None:
    program = asking()
    prediction, said, _ = ran(turn("search", "first", query="Kyoto"), turn("finish"), DONE)
    outcome = outcome_of(prediction)
    (found,) = harvest(program, [outcome], 1.0, [Example("e", dict(ASKED), {})])
    (demo,) = found["find_out"]
    module = replace(agent(), demos=(demo,))
    assert module.problems() == []
    prompt = ModulePrompt(module.signature.instruction, (demo,))
    shown = module.messages(prompt, {"question": "Another?"})
    assert shown[1:-1] == (
        *said[-1].messages[1:],
        type(shown[0])("assistant", '{"answer": "done"}'),
    )
    assert not module.labels_are_demos
    assert read(write(asking(module))) == asking(module)


def test_a_demo_that_somebody_wrote_needs_no_turns_and_wrong_ones_are_told() -> None:
    written = Demo({"question": "a", "answer": "b"})
    prompt = ModulePrompt("", (written,))
    roles = [m.role for m in agent().messages(prompt, dict(ASKED))]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    wrong = replace(agent(), demos=(Demo({"answer": "b", "turns": "none at all"}),))
    assert "demo" in [p.code for p in wrong.problems()]
    wrong.messages(ModulePrompt("", wrong.demos), dict(ASKED))  # drafts are drawn, too


def test_a_line_of_the_instruction_describes_a_tool_in_the_place_of_its_own_words() -> None:
    plain, told = agent(), with_lines(agent(), "{search}: Finds cities.", "Be brief.")
    text = told.system_text(told.signature.instruction)
    assert "- search(query): Finds cities.\n- add(a, b?): Adds whole numbers." in text
    assert text.startswith("Answer the `question`.\nBe brief.\n\nTools:")
    assert "Looks up passages" not in text
    assert told.problems() == []
    assert [hint.code for hint in asking(told).warnings()] == []
    # Whoever rewrites an instruction sees all descriptions, and may change each.
    shown = current_text(plain, ModulePrompt("Answer the {question}."))
    assert shown == (
        "Answer the {question}.\n\n{search}: Looks up passages.\n{add}: Adds whole numbers.\n"
        "{weather}: Gives the weather."
    )
    assert current_text(plain, ModulePrompt(shown)) == shown
    assert _form_fault(plain, shown) is None
    assert plain.system_text(shown) == plain.system_text(plain.signature.instruction)


def test_a_description_of_several_lines_is_one() -> None:
    tool = SearchTool("search", "Looks up\n  passages.\n", corpus="c")
    module = replace(agent(), tools=(tool,))
    shown = module.rewritable("Answer.")
    assert shown == "Answer.\n\n{search}: Looks up passages."
    assert module.system_text(shown) == module.system_text("Answer.")


def test_a_locked_phrase_may_be_a_description() -> None:
    line = "{search}: Finds cities."
    assert replace(with_lines(agent(), line), locked=(line,)).problems() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tools": ()}, "react.tools"),
        ({"max_turns": 0}, "react.turns"),
        ({"tools": (SearchTool("question", "x", corpus="c"),)}, "react.tool_name_taken"),
        ({"tools": (SearchTool("finish", "x", corpus="c"),)}, "tool.named_finish"),
        ({"tools": (SearchTool("a b", "x", corpus="c"),)}, "name.tool"),
        ({"tools": (SearchTool("s", "", corpus="c"),)}, "tool.no_description"),
        ({"tools": (SearchTool("s", "x"),)}, "tool.no_corpus"),
        ({"tools": (SearchTool("s", "x", corpus="c", k=0),)}, "retrieve.k"),
        ({"tools": (CodeTool("minus", "x", source=ADD),)}, "tool.no_function"),
        ({"tools": (CodeTool("add", "x", source="def add(:"),)}, "tool.no_function"),
        ({"tools": (CodeTool("add", "x", source="def add(*a): pass"),)}, "tool.no_function"),
        ({"tools": (FetchTool("f", "x", url="ftp://x"),)}, "url.none"),
        ({"tools": (FetchTool("f", "x", url="https://{host}/"),)}, "url.host"),
        ({"signature": Signature((Field("turns"),), (Field("x"),))}, "react.turns_taken"),
        (
            {
                "tools": (
                    CodeTool("add", "x", source=ADD),
                    FetchTool("f", "x", url="https://x.org/{a}"),
                )
            },
            "react.argument_types",
        ),
    ],
)
def test_what_cannot_be_is_told(change: dict[str, object], code: str) -> None:
    assert code in [p.code for p in replace(agent(), **change).problems()]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "values", "made"),
    [
        ("https://x.org/{a}/b", {"a": "c d/é"}, "https://x.org/c%20d%2F%C3%A9/b"),
        ("https://x.org/{a}/b", {"a": ".."}, None),
        ("https://x.org/{a}{a}/b", {"a": "."}, None),
        ("https://x.org/v{a}/b", {"a": ".1"}, "https://x.org/v.1/b"),
        ("https://x.org/?q={a}&b=1", {"a": "x&b=2#f"}, "https://x.org/?q=x%26b%3D2%23f&b=1"),
    ],
)
def test_values_stay_in_their_places_of_an_address(
    url: str, values: dict[str, str], made: str | None
) -> None:
    assert fault_in(url) is None
    assert filled(url, values) == made


def test_an_address_names_nobody_to_sign_in_as_and_its_host_is_fixed() -> None:
    for url in ("https://me@x.org/", "https://x.org{a}/", "https://x.org\\{a}"):
        assert fault_in(url) is Fault.HOST
