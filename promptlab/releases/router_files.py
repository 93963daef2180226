"""A router's files as answers."""

from __future__ import annotations

from django.http import Http404
from django.http.response import HttpResponseBase

from promptlab.releases import routers
from promptlab.releases.attached import attached
from promptlab.releases.routers import Finalists

LOG = "log"


def answer(finalists: Finalists, file: str) -> HttpResponseBase:
    """The log of any run; a router where its gain is proved.

    Raises:
        Http404: there is no such file.
    """
    number, routing = finalists.project_run.number, finalists.routing
    if file == LOG:
        lines = (line.encode() for line in routers.log_of(finalists))
        return attached(f"run-{number}-log.jsonl", "application/jsonl", lines)
    if routing is not None and routing.offered and routing.router is not None:
        if file == "json":
            told = routers.as_json(finalists, routing.router)
            return attached(f"run-{number}-router.json", "application/json", told)
        if file == "python":
            told = routers.as_python(finalists, routing.router)
            return attached(f"run-{number}-router.py", "text/x-python", told)
    raise Http404("There is no such file.")
