"""The map of the site: every room has its own urls."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from promptlab.health import healthz

PROJECT_ROOMS = ["datasets", "programs", "metrics", "providers", "runs"]


def _room(route: str, module: str) -> list[URLResolver]:
    package = module.rpartition(".")[0]
    if package not in settings.INSTALLED_APPS or find_spec(module) is None:
        return []
    return [path(route, include(module))]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    *_room("", "promptlab.accounts.sign_in"),
    # Before accounts: the overview takes the address of a project.
    *_room("", "promptlab.releases.urls"),
    *_room("", "promptlab.reviews.urls"),
    *_room("", "promptlab.accounts.urls"),
    *_room("api/v1/", "promptlab.api.urls"),
]
for room in PROJECT_ROOMS:
    urlpatterns += _room(f"p/<slug:project>/{room}/", f"promptlab.{room}.urls")
