"""Which model the embedded engine runs: the one that came along, or a file on this machine."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

from django.conf import settings

from optimizer.core.problems import Refused
from promptlab.accounts.models import User
from promptlab.launch.model_weights import FACT, MODEL_NAME, VARIABLE, own_weights
from promptlab.launch.refusals import CannotLaunch

audit = logging.getLogger("promptlab.audit")


@dataclass(frozen=True)
class ModelFile:
    """What runs now, and the file that is wished, "" for the model that came along.

    `given`: the command that started the instance names the file, so that pages cannot.
    `choosable`: the engine is ours to start, on this machine.
    """

    runs: str
    path: str
    given: bool
    choosable: bool

    @property
    def came_along(self) -> str:
        return MODEL_NAME


def model_file() -> ModelFile:
    given = os.environ.get(VARIABLE, "")
    path = given or str(settings.HOME.read_fact(FACT).get("path") or "")
    ours = bool(settings.HOME.read_fact("model").get("url"))
    return ModelFile(settings.EMBEDDED_MODEL_NAME, path, bool(given), ours)


def choose(path: str, by: User) -> str:
    """Have the engine run this file, or with "" the model that came along; returns its name. The
    launcher sees it in a moment, and starts engine, pages and worker again.

    Raises:
        Refused: the file cannot be read or is no GGUF file, or pages cannot choose here.
    """
    now = model_file()
    if now.given or not now.choosable:
        raise Refused.because("model_file.not_here", "path")
    if not path:
        settings.HOME.drop_fact(FACT)
        audit.info("%s has the engine run %s", by, MODEL_NAME)
        return MODEL_NAME
    try:
        weights = own_weights(path)
    except CannotLaunch as trouble:
        raise Refused.because("model_file.unusable", "path", why=str(trouble)) from trouble
    settings.HOME.write_fact(FACT, {"path": str(weights.path)})
    audit.info("%s has the engine run the file %s", by, weights.path)
    return weights.name
