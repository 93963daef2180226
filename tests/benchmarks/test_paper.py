"""The paper's tasks can be run, every optimizer keeps the budget, and rows become a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page, paper
from benchmarks.measured import Measured, scored
from benchmarks.model_server import LocalModel
from benchmarks.paper_figures import TITLES, summed_up, table
from benchmarks.paper_tasks import BASELINE, PAPER_TASKS
from benchmarks.peer_arms import Ours
from benchmarks.peer_ours import Models, planned, spec_within
from benchmarks.tasks import dealt
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.demos.labels import labelled_demo
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import baseline_of
from tests.fakes.openai_server import OpenAIServer

MODEL = Models(ModelRef(0, "a model"), ModelRef(0, "a model"))
SEARCHES = [arm for arm in TITLES if arm != BASELINE]


def row(task: str, arm: str, seed: int, test: list[float], evaluations: int) -> dict[str, Any]:
    return {
        "task": task, "seed": seed, "arm": arm, "test": test, "evaluations": evaluations,
        "reported": 0.5, "calls": 10, "prompt_tokens": 10, "completion_tokens": 10, "seconds": 1,
    }  # fmt: skip


def line_of(arm: str, rows: list[dict[str, Any]]) -> list[str]:
    """Cells of an arm's line in the table."""
    lines = table(summed_up(rows, "a model", 400)).splitlines()
    (line,) = [line for line in lines if line.startswith(f"| {TITLES[arm]} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("name", sorted(PAPER_TASKS))
def test_a_task_is_a_program_that_its_metric_can_score(name: str) -> None:
    one = PAPER_TASKS[name]
    assert one.task.program.problems() == []
    assert one.task.metric.problems(one.task.program, {"answer"}) == []
    assert set(one.published) <= set(TITLES)
    assert BASELINE in one.published


@pytest.mark.parametrize("name", sorted(PAPER_TASKS))
def test_every_row_has_all_values_and_is_in_one_split(name: str) -> None:
    one = PAPER_TASKS[name]
    (module,) = one.task.program.modules
    splits = dealt(one.task, 1, one.sizes)
    assert splits.sizes == one.sizes
    rows = [*splits.train, *splits.validation, *splits.test]
    assert len({json.dumps(e.inputs) for e in rows}) == len(rows)
    for example in rows:
        assert set(example.expected) == {"answer"}
        assert labelled_demo(one.task.program, one.task.metric, module, example) is not None


def test_the_typo_is_in_the_program_and_in_no_answer() -> None:
    one = PAPER_TASKS["iris_typo"]
    described = one.task.program.modules[0].signature.outputs[0].description
    answers = {str(e.expected["answer"]) for e in dealt(one.task, 1, one.sizes).test}
    assert "versicolour" in described
    assert answers == {"setosa", "versicolor", "virginica"}


@pytest.mark.parametrize("name", sorted(PAPER_TASKS))
@pytest.mark.parametrize("arm", SEARCHES)
def test_the_settings_of_every_optimizer_fill_the_budget_and_no_more(arm: str, name: str) -> None:
    one = PAPER_TASKS[name]
    spec = spec_within(one.task, Ours(arm, arm), paper.EVALUATIONS, 1, MODEL, one.sizes)
    assert 0.85 * paper.EVALUATIONS < planned(spec) <= paper.EVALUATIONS


@pytest.mark.parametrize("arm", SEARCHES)
def test_every_optimizer_chooses_by_all_validation_rows(arm: str) -> None:
    one = PAPER_TASKS["scone"]
    spec = spec_within(one.task, Ours(arm, arm), 1500, 1, MODEL, (50, 130, 100))
    assert spec.settings.max_validation == len(spec.validation) == 130
    assert spec.test == ()


def test_random_search_gets_a_demo_set_for_every_trial() -> None:
    one = PAPER_TASKS["scone"]
    settings = spec_within(
        one.task, Ours("", "bootstrap_search"), 1000, 1, MODEL, one.sizes
    ).settings
    assert settings.trials > 10
    assert settings.demo_sets == settings.trials + 1


def test_every_arm_is_an_optimizer_that_is_registered() -> None:
    assert set(SEARCHES) <= set(OPTIMIZERS)


def test_a_cell_has_the_papers_score_beside_ours_with_its_interval() -> None:
    rows = [row("scone", "mipro", 1, [1, 1, 1, 0], 390), row("iris", "mipro", 1, [1, 1], 380)]
    cells = line_of("mipro", rows)
    assert cells[1] == "79.4"
    assert cells[2].startswith("75.0 (")
    assert cells[3:5] == ["88.6", "100.0 (100.0 to 100.0)"]
    assert cells[5:] == ["68.7", "–", "380–390"]


def test_what_the_paper_or_nobody_measured_is_left_open() -> None:
    assert line_of("racing", []) == [TITLES["racing"], *["–"] * 7]
    assert line_of("module_opro", [row("iris", "module_opro", 1, [0, 0], 350)])[3] == "–"


def test_seeds_are_taken_together() -> None:
    rows = [row("iris", "racing", 1, [0, 0], 300), row("iris", "racing", 2, [1, 1], 400)]
    figures = summed_up(rows, "a model", 400)
    (cell,) = figures["cells"]
    assert cell["seeds"] == [1, 2]
    assert (cell["test"], cell["ci"], cell["evaluations"]) == (0.5, [0.0, 1.0], 350)
    assert "2 seeds" in table(figures)


def test_the_table_names_the_model_and_the_budget() -> None:
    text = table(summed_up([row("iris", "none", 1, [0, 1], 0)], "SomeModel-1B", 400))
    assert "SomeModel-1B" in text
    assert "Llama-3-8B" in text
    assert "at most 400 program evaluations" in " ".join(text.split())


def test_the_page_has_a_place_for_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "benchmarks.md"
    copy.write_text(page.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    page.write_part("paper", "the table")
    assert "\nthe table\n" in copy.read_text(encoding="utf-8")


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    made: list[str] = []

    def measure() -> dict[str, Any]:
        made.append("iris")
        return row("iris", "mipro", 1, [0, 1], 300)

    first = Measured(kept).row(("iris", 1, "mipro"), measure)
    with kept.open("a") as file:
        file.write('{"task": "iris", "se')  # the process died in the middle of a line
    again = Measured(kept)
    assert again.row(("iris", 1, "mipro"), measure) == first
    assert again.rows() == [first]
    assert made == ["iris"]


def says_yes(body: object) -> str:
    return '{"answer": "yes."}'


@pytest.mark.parametrize("engines", [1, 2, 4])
def test_scores_on_the_test_split_are_in_its_order_however_many_engines_there_are(
    engines: int,
) -> None:
    task = PAPER_TASKS["scone"].task
    examples = dealt(task, 1, (50, 50, 7)).test
    baseline = baseline_of(task.program)
    right = [float(e.expected["answer"] == "Yes") for e in examples]
    with OpenAIServer(script=says_yes) as server:
        model = LocalModel(server.url, "a model", engines)
        assert scored(model, task, [baseline], examples) == [right]
        assert scored(model, task, [baseline, baseline], examples) == [right, right]
    assert 0 < sum(right) < len(right)


UNENDED = '{"answer": "Yes and'


@pytest.mark.parametrize("engines", [1, 4])
def test_an_answer_that_comes_to_no_end_is_not_right_and_its_row_not_lost(engines: int) -> None:
    task = PAPER_TASKS["scone"].task
    examples = dealt(task, 1, (50, 50, 7)).test
    endless = str(examples[2].inputs["context"])
    right = [float(e.expected["answer"] == "Yes") for e in examples]
    right[2] = 0.0

    def script(body: Any) -> str:
        return UNENDED if endless in body["messages"][-1]["content"] else says_yes(body)

    def cut_off(reply: Any) -> str:
        if reply["choices"][0]["message"]["content"] == UNENDED:
            reply["choices"][0]["finish_reason"] = "length"
        return json.dumps(reply)

    with OpenAIServer(script=script, spoil=cut_off) as server:
        model = LocalModel(server.url, "a model", engines)
        assert scored(model, task, [baseline_of(task.program)], examples) == [right]
