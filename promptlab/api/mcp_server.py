"""promptlab for assistants: a server of the Model Context Protocol over the API.

    PROMPTLAB_TOKEN=plab_… PROMPTLAB_PROJECT=support python -m promptlab.api.mcp_server

It speaks over standard input and output, and does what its token may: list, estimate, start, watch,
compare, propose for review. It approves nothing and moves no label. What labels point at are its
prompts. Nothing of the web process imports this file.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    GetPromptResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
    ToolAnnotations,
)

from promptlab.releases.client import client_module
from promptlab.releases.formats.system_less import without_system

client: Any = client_module()
READS = ToolAnnotations(read_only_hint=True)
STARTS = ToolAnnotations(read_only_hint=False, destructive_hint=False)
TOLD = (
    "promptlab optimizes prompts of a project on its datasets. List programs and datasets first, "
    "estimate a run before you start one, and tell the person what it may cost. Watch a run until "
    "it has ended. Send its best candidate to review where it is better; people approve."
)


class PromptServer(MCPServer):
    """Its prompts are what the label `production` of each program points at, as it is now."""

    def __init__(self, lab: Any) -> None:
        super().__init__("promptlab", instructions=TOLD)
        self.lab = lab

    async def list_prompts(self) -> list[Prompt]:
        found = []
        for row in _rows(self.lab, "/prompts"):
            if "production" in row["labels"] and row["project"] == self.lab.project:
                told = self.lab.prompt(row["name"])
                inputs = [PromptArgument(name=name, required=True) for name in told.inputs]
                described = f"{told.name}, version {told.version}"
                found.append(Prompt(name=row["name"], description=described, arguments=inputs))
        return found

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Any = None
    ) -> GetPromptResult:
        told = self.lab.prompt(name)
        said = told.messages(arguments or {})
        if said and said[0]["role"] == "system":
            said = without_system(said)  # the protocol knows no messages of the system
        messages = [
            PromptMessage(
                role="assistant" if each["role"] == "assistant" else "user",
                content=TextContent(type="text", text=each["content"]),
            )
            for each in said
        ]
        return GetPromptResult(
            description=f"{told.name}, version {told.version}", messages=messages
        )


def server_for(lab: Any) -> PromptServer:
    """The server of one project; `lab` is a `Promptlab` of the client."""
    server = PromptServer(lab)

    @server.tool(annotations=READS)
    def list_things(kind: str) -> list[dict[str, Any]]:
        """List what the project has: programs, datasets, metrics, providers (models), runs,
        versions or optimizers.
        """
        kinds = ("programs", "datasets", "metrics", "providers", "runs", "versions", "optimizers")
        if kind not in kinds:
            raise ToolError(f"kind is one of {', '.join(kinds)}")
        return _rows(lab, f"/projects/{lab.project}/{kind}")

    @server.tool(annotations=READS)
    def estimate_run(wish: dict[str, Any]) -> dict[str, Any]:
        """Say what a run would take, and what keeps it from starting: nothing is started or spent.
        `wish` has program and dataset (ids); metric, optimizer, effort, models, limits if wished.
        """
        return _call(lab, "POST", "/runs/estimate", wish)

    @server.tool(annotations=STARTS)
    def start_run(wish: dict[str, Any], key: str) -> dict[str, Any]:
        """Start a run, which spends up to its limits. `wish` as for an estimate; `key` is one of
        your own for each run: sent again with it, nothing more is started.
        """
        return _call(lab, "POST", "/runs", wish, {"Idempotency-Key": key})

    @server.tool(annotations=READS)
    def watch_run(number: int, after: int = 0) -> dict[str, Any]:
        """A run as it stands, and its events behind `after`; `ended` says that no more come."""
        events = _call(lab, "GET", f"/runs/{number}/events?after={after}&limit=200")
        return {"run": _call(lab, "GET", f"/runs/{number}"), **events}

    @server.tool(annotations=READS)
    def compare_candidates(number: int, candidate: int, against: int = 0) -> dict[str, Any]:
        """A candidate of a run against another (0: the original prompt) on the same examples: the
        verdict, and where they disagree.
        """
        query = urlencode({"against": against, "show": "disagreements", "limit": 50})
        return _call(lab, "GET", f"/runs/{number}/candidates/{candidate}/outcomes?{query}")

    @server.tool(annotations=STARTS)
    def propose_for_review(number: int, candidate: int, note: str = "") -> dict[str, Any]:
        """Send a candidate to review, with its evidence. A person decides."""
        at = f"/runs/{number}/candidates/{candidate}/packets"
        return _call(lab, "POST", at, {"note": note})

    @server.tool(annotations=READS)
    def get_approved_prompt(name: str, label: str = "production") -> dict[str, Any]:
        """What a label points at: the program with its prompts, and where they come from."""
        query = urlencode({"label": label, "project": lab.project})
        found: dict[str, Any] = _sent(lab, "GET", f"/prompts/{quote(name, safe='')}?{query}")
        return found

    return server


def _call(
    lab: Any, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """An operation of the project."""
    found: dict[str, Any] = _sent(lab, method, f"/projects/{lab.project}{path}", body, headers)
    return found


def _rows(lab: Any, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _sent(lab, "GET", f"{path}?limit=100")["items"]
    return found


def _sent(
    lab: Any, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Any:
    """Raises ToolError with what the server said."""
    try:
        _status, told, _headers = lab.send(method, path, body, headers)
    except (client.Refused, client.Away) as refusal:
        raise ToolError(str(refusal)) from None
    return json.loads(told)


def main() -> None:
    lab = client.Promptlab()
    if not lab.project:
        raise SystemExit("Say which project is meant: PROMPTLAB_PROJECT=support")
    server_for(lab).run("stdio")


if __name__ == "__main__":
    main()
