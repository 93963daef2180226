"""The API's map: one router a noun."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from promptlab.api import (
    besides,
    candidates,
    datasets,
    evaluations,
    history,
    improving,
    labels,
    metrics,
    optimizers,
    packets,
    plays,
    problems,
    programs,
    projects,
    prompts,
    providers,
    public_pages,
    reviews,
    rewrites,
    routers,
    runs,
    spending,
    versions,
)
from promptlab.api.reference import reference
from promptlab.api.schemas.base import Refusal
from promptlab.api.tokens import BearerToken
from promptlab.outage import PROBLEM
from promptlab.releases.client import NAME as CLIENT
from promptlab.releases.client import client_file

IN_PROJECT = "/projects/{slug:project}"


class Api(NinjaAPI):
    """Names operations by their functions, and says what each may answer besides."""

    def create_response(self, *args: Any, **options: Any) -> HttpResponse:
        response = super().create_response(*args, **options)
        response["Cache-Control"] = "no-store"
        return response

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        shape = Refusal.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= {**shape.pop("$defs"), "Refusal": shape}
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Refusal"}}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["4XX"] = {"description": "Refused", "content": content}
                operation["responses"]["503"] = {"description": "Not now", "content": content}
        return schema


api = Api(
    title="promptlab",
    version="1",
    description="Datasets, programs, runs, candidates, reviews and versions, for programs.",
    urls_namespace="api",
    auth=BearerToken(),
    docs_url=None,  # the usual page of documentation loads scripts from elsewhere
)
problems.handle_all(api)
RUN = f"{IN_PROJECT}/runs/{{int:number}}"
for prefix, room in (
    ("/projects", projects),
    ("/prompts", prompts),
    (f"{IN_PROJECT}/spending", spending),
    (f"{IN_PROJECT}/datasets", datasets),
    (f"{IN_PROJECT}/programs", programs),
    (f"{IN_PROJECT}/programs/{{int:program}}", improving),
    (f"{IN_PROJECT}/programs/{{int:program}}/labels", labels),
    (f"{IN_PROJECT}/metrics", metrics),
    (f"{IN_PROJECT}/providers", providers),
    (f"{IN_PROJECT}/optimizers", optimizers),
    (f"{IN_PROJECT}/runs", runs),
    (f"{IN_PROJECT}/evaluations", evaluations),
    (f"{IN_PROJECT}/plays", plays),
    (f"{RUN}/candidates", candidates),
    (f"{RUN}/candidates", besides),
    (f"{RUN}/candidates/{{int:candidate}}/packets", packets),
    (f"{RUN}/candidates/{{int:candidate}}/reviews", reviews),
    (f"{IN_PROJECT}/rewrites", rewrites),
    (f"{RUN}/router", routers),
    (f"{RUN}/history", history),
    (f"{IN_PROJECT}/versions", versions),
    (f"{IN_PROJECT}/versions/{{int:program}}/{{int:number}}/page", public_pages),
):
    api.add_router(prefix, room.router)


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """`promptlab_client.py`: the same for everybody, so that no token is needed."""
    return HttpResponse(
        client_file(),
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{CLIENT}"'},
    )


@csrf_exempt  # no form leads here, and a session opens nothing
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Addresses that mean nothing get the same kind of answer as all others."""
    told = f"There is nothing at {request.path}. GET /api/v1/openapi.json lists every address."
    return problems.refuse(api, request, Http404(told))


urlpatterns = [
    path("", reference, {"api": api}, name="api-reference"),
    path(CLIENT, client, name="client"),
    path("", api.urls),
    re_path(r"", nothing_here),
]
