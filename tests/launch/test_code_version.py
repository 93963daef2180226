"""Which code is running is told by its release and, in a clone, its commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptlab.launch.code_version import code_version

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "7.8.9"),
        ({".git/HEAD": COMMIT}, "7.8.9 (0123456789ab)"),
        ({".git/HEAD": "ref: refs/heads/x", ".git/refs/heads/x": COMMIT}, "7.8.9 (0123456789ab)"),
        (
            {".git/HEAD": "ref: refs/heads/x", ".git/packed-refs": f"{COMMIT} refs/heads/x"},
            "7.8.9 (0123456789ab)",
        ),
        (
            {
                ".git": "gitdir: there/worktrees/w", "there/worktrees/w/HEAD": "ref: refs/heads/x",
                "there/worktrees/w/commondir": "../..", "there/refs/heads/x": COMMIT,
            },
            "7.8.9 (0123456789ab)",
        ),
        ({".git/HEAD": "ref: refs/heads/new"}, "7.8.9"),
    ],
)  # fmt: skip
def test_the_release_and_the_commit(tmp_path: Path, files: dict[str, str], told: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "7.8.9"\n')
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    assert code_version(tmp_path) == told
