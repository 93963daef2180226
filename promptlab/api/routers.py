"""Routing by input: what a run's router gains, and its files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from ninja import Path, Router, Schema

from promptlab.accounts.access import project_for
from promptlab.api.schemas.base import Text
from promptlab.api.tokens import caller
from promptlab.releases import router_files, routers
from promptlab.runs import queries

router = Router(tags=["runs"])


class RoutingOut(Schema):
    """`offered`: the gain over the best prompt alone is proved. Means are of scores in 0–1 on
    inputs not seen; `gain` is paired, with an interval that allows for folds that learn from much
    the same. `shares`: how often each candidate is given to an input. None of it is known where
    there is too little to learn from.
    """

    offered: bool
    single: float | None = None
    together: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    shares: dict[int, float] = {}


@router.get("", response=RoutingOut, summary="What routing by input gains")
def get_routing(request: HttpRequest, project: Path[str], number: Path[int]) -> RoutingOut:
    found = _finalists(request, project, number).routing
    if found is None:
        return RoutingOut(offered=False)
    gain = found.gain
    return RoutingOut(
        offered=found.offered, single=found.single, together=found.together, gain=gain.gain,
        low=gain.low, high=gain.high, n=gain.n, shares=found.shares,
    )  # fmt: skip


@router.get("/{kind}", summary="Download the router, or the log that it is learned from")
def get_router_file(
    request: HttpRequest, project: Path[str], number: Path[int], kind: Path[Text]
) -> HttpResponseBase:
    """`kind`: json and python where the gain is proved; log of any run, lines of
    (query, prompt, reward).
    """
    return router_files.answer(_finalists(request, project, number), kind)


def _finalists(request: HttpRequest, project: str, number: int) -> routers.Finalists:
    found = project_for(caller(request), project)
    return routers.finalists_of(queries.project_run_of(found, number))
