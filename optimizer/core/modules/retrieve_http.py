"""Passages of an address: the passages that an endpoint of somebody's own finds for a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.modules.addresses import url_problems
from optimizer.core.modules.retrieve import retrieving_problems
from optimizer.core.modules.wordless import Wordless
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.endpoints import NoPassages, body_for, passages_in
from optimizer.core.programs.passages import passages_as
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.signature import Value, written
from optimizer.core.programs.steps import Fetch, Ran, Steps, fetch
from optimizer.core.programs.urls import filled, placeholders_of
from optimizer.core.programs.values import UnreadableValue

QUERY, COUNT = "query", "k"
"""The places of an address and of a body."""


@dataclass(frozen=True)
class RetrieveHttp(Wordless):
    """Gives its one output, a list, at most `k` passages that `url` finds for its one input: by
    GET, with the query in its place {query}; or by POST, with the JSON `body` that has it. `path`
    is where they are in the answer. `version` tells apart what it gave at different times: equal
    queries are asked once.
    """

    kind: Literal["retrieve_http"] = "retrieve_http"
    url: str = ""
    body: str = ""
    path: str = ""
    k: int = 3
    version: str = ""

    python_class: ClassVar[str] = "Endpoint"

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.url,)

    def problems(self) -> list[Problem]:
        found = [*super().problems(), *retrieving_problems(self.signature, self.k)]
        faults = url_problems(self.url, self.name)
        unknown = [n for n in placeholders_of(self.url) if n not in (QUERY, COUNT)]
        found += faults
        found += [problem("endpoint.no_such_place", place_in="{" + n + "}") for n in unknown]
        if not faults and "{query}" not in self.url + self.body:
            found.append(problem("endpoint.no_query"))
        if self.body:
            try:
                body_for(self.body, "", 1)
            except (ValueError, RecursionError) as error:
                found.append(problem("endpoint.body", why=str(error)))
        return found

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        (query,) = values.values()
        url = filled(self.url, {QUERY: written(query), COUNT: self.k})
        if url is None:
            return Ran({}, problem="the query leads to another address", answered=False)
        body = body_for(self.body, written(query), self.k) if self.body else ""
        answer = yield from fetch(Fetch(url, body, self.version))
        if answer.problem is not None:
            return Ran({}, problem=answer.told or answer.problem.code, answered=False)
        if answer.status != 200:
            told = f"the address answered with status {answer.status}"
            return Ran({}, problem=told, answered=False)
        (output,) = self.signature.outputs
        try:
            found = passages_in(answer.text, self.path, self.k)
            return Ran({output.name: passages_as(output.kind, found)})
        except (NoPassages, UnreadableValue) as error:
            return Ran({}, problem=str(error), answered=False)

    def python_constant(self) -> dict[str, Any]:
        (output,) = self.signature.outputs
        return {
            "url": self.url,
            "body": self.body,
            "path": self.path,
            "k": self.k,
            "output": output.name,
            "kind": output.kind,
        }
