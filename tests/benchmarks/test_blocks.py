"""Strong models' scores by blocks become surfaces like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import blocks, tables
from benchmarks.miprov2 import LIGHT, MEDIUM
from benchmarks.tables import UnreadableTable


def written(folder: Path, scores: list[list[int]]) -> str:
    folder.mkdir(exist_ok=True)
    file = folder / "made.json"
    runs = [{"seed": 1, "scores": scores}]
    file.write_text(json.dumps({"block_size": 3, "blocks": 2, "runs": runs}))
    return str(file)


def test_every_file_kept_here_can_be_drawn_from() -> None:
    assert len(blocks.names()) == 11
    for name in blocks.names():
        assert blocks.holds_blocks(name)
        surface, modules = blocks.drawn(name, LIGHT, seed=3)
        assert modules == 1
        assert surface.examples == 90
        assert surface.held_out.shape == (surface.sizes[0], 210)


def test_a_split_keeps_every_block_s_count_and_begins_with_the_run_s_first_prompt() -> None:
    surface, _ = blocks.drawn("subj_qwen", MEDIUM, seed=1)
    together = surface.scores((0,)).sum() + surface.held_out[0].sum()
    assert together in {run[0].sum() for run in blocks.load("subj_qwen").runs}
    assert set(surface.scores((0,))) <= {0.0, 1.0}


def test_a_split_repeats_itself_by_its_seed() -> None:
    first, again = (blocks.drawn("copa_llama", LIGHT, seed=7)[0] for _ in range(2))
    assert (first.chosen_by == again.chosen_by).all()
    assert not (first.chosen_by == blocks.drawn("copa_llama", LIGHT, seed=8)[0].chosen_by).all()


def test_counts_that_cannot_be_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="outside 0–3"):
        blocks.load(written(tmp_path, [[3, 4]]))
    with pytest.raises(UnreadableTable, match="lacks blocks"):
        blocks.load(written(tmp_path / "other", [[3]]))


def test_tables_of_options_are_no_blocks() -> None:
    assert not any(blocks.holds_blocks(name) for name in tables.names())
    assert not blocks.holds_blocks(str(tables.TABLES / "people.json"))
