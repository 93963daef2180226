"""Tools that a model step may call: a corpus, a function in the sandbox, an address."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

from optimizer.core.modules.addresses import url_problems
from optimizer.core.modules.retrieve import MOST_PASSAGES
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.layouts import spelled_out
from optimizer.core.programs.passages import corpus_file, passage_text, passages_told
from optimizer.core.programs.signature import Field, FieldType, Value, name_problems
from optimizer.core.programs.steps import (
    Fetch,
    RunCode,
    Search,
    Steps,
    call_code,
    fetch,
    look_up,
)
from optimizer.core.programs.turns import FINISH, failed
from optimizer.core.programs.urls import filled, placeholders_of


@dataclass(frozen=True)
class Used:
    """What a tool gave, as a text; or why nothing can be said of it, which is nobody's answer."""

    observation: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Tool(ABC):
    """A tool by the name that the model calls it by; `description` is what the model is told that
    it does. Its kind is its class.
    """

    name: str
    description: str = ""
    kind: str = ""

    python_class: ClassVar[str]
    """The class that its `python_constant` makes in a version's files."""

    @property
    @abstractmethod
    def arguments(self) -> tuple[Field, ...]:
        """What it is called with; those that may be left out are nullable."""

    @abstractmethod
    def use(self, arguments: dict[str, Any]) -> Steps[Used]:
        """Call it once; equal calls give the same."""

    @abstractmethod
    def python_constant(self) -> dict[str, Any]: ...

    @property
    def told(self) -> str:
        """Its description on one line, as an instruction may have it."""
        return " ".join(self.description.split())

    @property
    def corpora(self) -> tuple[str, ...]:
        """Digests of the corpora that it looks things up in."""
        return ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses that it asks, with their places."""
        return ()

    def problems(self) -> list[Problem]:
        found = name_problems(self.name, "name.tool")
        if self.name == FINISH:
            found.append(problem("tool.named_finish", name=FINISH))
        if not self.description.strip():
            found.append(problem("tool.no_description", name=self.name))
        return found


@dataclass(frozen=True)
class SearchTool(Tool):
    """Gives the `k` passages of `corpus`, a digest, that say most about its query."""

    kind: Literal["search"] = "search"
    corpus: str = ""
    k: int = 3

    python_class: ClassVar[str] = "Searching"

    @property
    def arguments(self) -> tuple[Field, ...]:
        return (Field("query"),)

    @property
    def corpora(self) -> tuple[str, ...]:
        return (self.corpus,) if self.corpus else ()

    def problems(self) -> list[Problem]:
        found = [] if self.corpus else [problem("tool.no_corpus", name=self.name)]
        if not 1 <= self.k <= MOST_PASSAGES:
            found.append(problem("retrieve.k", most=MOST_PASSAGES))
        return [*super().problems(), *found]

    def use(self, arguments: dict[str, Any]) -> Steps[Used]:
        answer = yield from look_up(Search(self.corpus, arguments["query"], self.k))
        if answer.problem is not None:
            return Used(problem=answer.told or answer.problem.code)
        return Used(passages_told([passage_text(passage) for passage in answer.found]))

    def python_constant(self) -> dict[str, Any]:
        return {"file": corpus_file(self.corpus), "k": self.k}


@dataclass(frozen=True)
class CodeTool(Tool):
    """A function of the tool's name in `source`; its parameters, which may be annotated as str,
    int, float or bool, are the arguments.
    """

    kind: Literal["code"] = "code"
    source: str = ""

    python_class: ClassVar[str] = "Calling"

    @property
    def arguments(self) -> tuple[Field, ...]:
        return tuple(field for field, _default in self._parameters)

    def problems(self) -> list[Problem]:
        known = parameters(self.source, self.name) is not None
        found = [] if known else [problem("tool.no_function", name=self.name)]
        return [*super().problems(), *found]

    def use(self, arguments: dict[str, Any]) -> Steps[Used]:
        given = {f.name: arguments.get(f.name, default) for f, default in self._parameters}
        answer = yield from call_code(RunCode(self.source, self.name, given))
        if answer.problem is None:
            return Used(spelled_out(answer.value, nullable=True))
        if answer.problem.code in _NOT_THE_CODE_S:
            return Used(problem=answer.told or answer.problem.code)
        return Used(failed(_why(answer.problem)))

    def python_constant(self) -> dict[str, Any]:
        defaults = {f.name: default for f, default in self._parameters}
        return {"source": self.source, "function": self.name, "defaults": defaults}

    @property
    def _parameters(self) -> tuple[tuple[Field, Value], ...]:
        return parameters(self.source, self.name) or ()


@dataclass(frozen=True)
class FetchTool(Tool):
    """What `url` gives by GET. Names in braces behind its host, as in `?q={words}`, are the
    arguments. `version` tells apart what it gave at different times: equal ones are asked once.
    """

    kind: Literal["fetch"] = "fetch"
    url: str = ""
    version: str = ""

    python_class: ClassVar[str] = "Fetching"

    @property
    def arguments(self) -> tuple[Field, ...]:
        return tuple(map(Field, placeholders_of(self.url)))

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.url,)

    def problems(self) -> list[Problem]:
        return [*super().problems(), *url_problems(self.url, self.name)]

    def use(self, arguments: dict[str, Any]) -> Steps[Used]:
        url = filled(self.url, arguments)
        if url is None:
            return Used(failed("these arguments lead to another address"))
        answer = yield from fetch(Fetch(url, version=self.version))
        if answer.problem is not None:
            return Used(problem=answer.told or answer.problem.code)
        if answer.status != 200:
            return Used(failed(f"it answered with status {answer.status}"))
        return Used(answer.text)

    def python_constant(self) -> dict[str, Any]:
        return {"url": self.url}


TOOL_KINDS: dict[str, type[Tool]] = {kind.kind: kind for kind in (SearchTool, CodeTool, FetchTool)}
"""By the name that files and rows have."""


_NOT_THE_CODE_S = ("code.closed", "code.busy")
_TYPES = {
    "str": FieldType.TEXT,
    "int": FieldType.INTEGER,
    "float": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
}


@lru_cache(maxsize=256)
def parameters(source: str, function: str) -> tuple[tuple[Field, Value], ...] | None:
    """The parameters of a function of a source, with what those are that are left out; None where
    it has no such function, or one that takes more than named parameters.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = next((n for n in body if isinstance(n, ast.FunctionDef) and n.name == function), None)
    if found is None or found.args.vararg or found.args.kwarg or found.args.kwonlyargs:
        return None
    taken = (*found.args.posonlyargs, *found.args.args)
    defaults = (*(None for _ in taken[len(found.args.defaults) :]), *found.args.defaults)
    return tuple(map(_parameter, taken, defaults))


def _parameter(taken: ast.arg, default: ast.expr | None) -> tuple[Field, Value]:
    named = taken.annotation.id if isinstance(taken.annotation, ast.Name) else ""
    field = Field(taken.arg, _TYPES.get(named, FieldType.TEXT), nullable=default is not None)
    try:
        return field, None if default is None else ast.literal_eval(default)
    except ValueError:
        return field, None


def _why(fault: Problem) -> str:
    """What the code did, in words that are the same wherever it runs."""
    said = re.sub(r"^Traceback.*\n", "", str(fault.values.get("why", "")), flags=re.DOTALL)
    return said or {"code.slow": "it took too long"}.get(fault.code, fault.code)
