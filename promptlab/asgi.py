"""The web process: HTTP to Django, live pages to the rooms' consumers."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
http = get_asgi_application()  # sets Django up, which importing consumers needs


def _live_routes() -> list[Any]:
    if find_spec("promptlab.runs") is None or find_spec("promptlab.runs.routing") is None:
        return []
    routes: list[Any] = import_module("promptlab.runs.routing").websocket_urlpatterns
    return routes


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(_live_routes()))),
    }
)
