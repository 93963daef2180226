from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import replay_table, tables
from benchmarks.grid import grid_of
from benchmarks.tables import UnreadableTable, load
from benchmarks.tasks import TASKS
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.programs.demo import NearestDemos

TWO_MODULES: dict[str, Any] = {
    "task": "two",
    "model": "a model",
    "options": {"a:instruction": 1, "a:demos": 2, "b:instruction": 2, "b:demos": 1},
    "examples": 3,
    "table": {
        "0,0,0,0": [0, 1, 0],
        "0,0,1,0": [1, 1, 0],
        "0,1,0,0": [0, 0, 0],
        "0,1,1,0": [1, 0.5, 1],
    },
}


def written(folder: Path, **changes: Any) -> Path:
    file = folder / "two.json"
    file.write_text(json.dumps({**TWO_MODULES, **changes}))
    return file


def test_a_table_has_one_axis_for_each_parameter_and_one_for_examples(tmp_path: Path) -> None:
    table = load(written(tmp_path))
    assert table.scores.shape == (1, 2, 2, 1, 3)
    assert list(table.scores[0, 1, 1, 0]) == [1, 0.5, 1]
    assert (table.name, table.modules, table.examples) == ("two", 2, 3)


def test_a_cell_that_is_missing_is_told(tmp_path: Path) -> None:
    half = {"0,0,0,0": [0, 1, 0]}
    with pytest.raises(UnreadableTable, match="missing"):
        load(written(tmp_path, table=half))


def test_a_cell_with_too_few_scores_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="2 scores, not 3"):
        load(written(tmp_path, table={**TWO_MODULES["table"], "0,0,0,0": [0, 1]}))


def test_a_cell_outside_the_grid_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="no cell 0,2,0,0"):
        load(written(tmp_path, table={**TWO_MODULES["table"], "0,2,0,0": [0, 1, 1]}))


def test_every_table_kept_here_can_be_read() -> None:
    assert "banking10" in tables.names()
    for name in tables.names():
        table = load(name)
        assert table.scores.shape[:-1] == tuple(table.options.values())


def test_the_first_table_is_what_its_readme_says() -> None:
    table = load("banking10")
    assert table.options == {"classify:instruction": 8, "classify:demos": 12}
    assert table.scores[0, 0].mean() == pytest.approx(0.22)
    assert table.scores.mean(axis=-1).max() == pytest.approx(0.54)


def test_probabilities_stand_beside_right_and_wrong_where_the_model_told_them(
    tmp_path: Path,
) -> None:
    assert load(written(tmp_path)).soft is None
    soft = {key: [0.25, 0.5, 0.125] for key in TWO_MODULES["table"]}
    table = load(written(tmp_path, soft=soft))
    assert table.soft is not None
    assert table.soft.shape == table.scores.shape
    with pytest.raises(UnreadableTable, match="missing"):
        load(written(tmp_path, soft={"0,0,0,0": [0.5, 0.5, 0.5]}))


def test_a_table_has_columns_for_the_training_rows_nearest_to_each_example() -> None:
    task = TASKS["banking10"]
    options = json.loads((replay_table.OPTIONS / "banking10.json").read_text())
    train = task.splits().train
    grid = grid_of(task, options, train, {"classify": []})
    ways = [d for d in grid.demo_sets["classify"] if isinstance(d, NearestDemos)]
    assert [way.choosing for way in ways] == ["nearest", "nearest", "diverse", "balanced"]
    row = train[0]
    for way in ways:
        demos = way.demos_by_words(row.inputs, task.program.key_of(row.inputs))
        assert len(demos) == way.k
        assert row.inputs["text"] not in [demo.values["text"] for demo in demos]


def test_a_reply_that_comes_to_no_end_is_not_right_and_keeps_its_place() -> None:
    outcomes = [
        Outcome("1", Score(1.0), {}, ()),
        Outcome("2", None, {}, (), "the reply was cut off"),
        Outcome("3", Score(0.5), {}, ()),
    ]
    assert [replay_table.score_of(outcome) for outcome in outcomes] == [1.0, 0.0, 0.5]
