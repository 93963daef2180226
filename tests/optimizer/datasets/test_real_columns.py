"""What the columns of real tasks are taken for: the guess is right, or a person is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.datasets.columns import Column, Role
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import guessed
from optimizer.datasets.reading import read_table
from optimizer.datasets.surveying import survey
from optimizer.datasets.table import Table

HEADS = Path(__file__).parents[2] / "data" / "task_heads"
# Inputs and answers as the tasks have them. What is neither must not be told to the model.
TASKS: dict[str, tuple[str, str]] = {
    "banking77": ("text", "label"),
    "bbh": ("input", "target"),
    "blocksworld_plan": ("initial_state goal", "plan"),
    "citation_extraction": (
        "reference",
        "author editor title container date volume pages publisher location edition doi",
    ),
    "facility_support": ("message", "urgency sentiment categories"),
    "gsm8k": ("question", "answer"),
    "heart_disease": (
        "age sex cp trestbps chol fbs restecg thalach exang oldpeak slope ca thal", "answer"
    ),
    "hotpotqa": ("question passages", "answer gold_titles gold_sentences"),
    "hotpotqa_conditional": ("question", "answer answer_category"),
    "hotpotqa_open": ("question", "answer"),
    "hover": ("claim", "gold_titles label"),
    "ifbench": ("prompt", "instruction_ids instruction_kwargs_json"),
    "instruction_induction": ("input", "output accepted_outputs"),
    "iris": ("petal_length petal_width sepal_length sepal_width", "answer"),
    "iris_typo": ("petal_length petal_width sepal_length sepal_width", "answer"),
    "musique_mini": ("question passages", "answer answer_aliases gold_titles"),
    "nlupp_triage": ("domain text", "intents"),
    "restaurant8k": ("text requested_slot", "people date time first_name last_name"),
    "scone": ("context question", "answer"),
    "sms_spam": ("message", "label"),
}  # fmt: skip


def head_of(task: str) -> Table:
    with (HEADS / f"{task}.jsonl").open("rb") as file:
        return read_table(file, f"{task}.jsonl")


@pytest.mark.parametrize("task", TASKS)
def test_columns_of_a_real_task_are_guessed_or_asked_about(task: str) -> None:
    columns = describe(head_of(task))
    inputs, expected = (set(names.split()) for names in TASKS[task])

    def is_right(column: Column) -> bool:
        if column.name in inputs:
            return column.role is Role.INPUT
        if column.name in expected:  # one of which all rows say nothing teaches nothing
            return column.role is Role.EXPECTED or not column.distinct
        return column.role is not Role.INPUT

    wrong = [c.name for c in columns if not is_right(c) and not c.doubt and c.distinct > 1]
    assert wrong == []


@pytest.mark.parametrize("task", TASKS)
def test_no_row_of_a_real_task_is_lost(task: str) -> None:
    table = head_of(task)
    found = survey(lambda: table.rows, table.columns, guessed(describe(table)))
    assert (found.problems, len(found.splits)) == ((), len(table.rows))


def test_ids_are_kept_and_what_a_row_is_about_is_no_input() -> None:
    roles = {column.name: column.role for column in describe(head_of("bbh"))}
    assert roles["id"] is roles["subtask"] is Role.METADATA
