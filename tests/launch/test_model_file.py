"""A model file of somebody's own: named by the command or on the pages, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptlab.launch.home import Home
from promptlab.launch.model_weights import FACT, VARIABLE, own_weights, wished_weights
from promptlab.launch.refusals import CannotLaunch


def test_a_file_is_called_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "qwen2.5-coder-1.5b.gguf"
    file.write_bytes(b"GGUF and more")
    found = own_weights(str(file))
    assert (found.path, found.name, found.came_along) == (file, "qwen2.5-coder-1.5b", False)


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"PK\x03\x04", "no GGUF file"), (b"", "no GGUF file")],
)
def test_what_is_no_model_file_is_refused_in_a_sentence(
    content: bytes | None, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CannotLaunch, match=why):
        own_weights(file)
    with pytest.raises(CannotLaunch, match="Is a directory"):
        own_weights(tmp_path)


def test_the_command_has_the_last_word_over_the_pages(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    assert wished_weights({}, home) == ""
    home.write_fact(FACT, {"path": "/models/one.gguf"})
    assert wished_weights({}, home) == "/models/one.gguf"
    assert wished_weights({VARIABLE: "/models/two.gguf"}, home) == "/models/two.gguf"
