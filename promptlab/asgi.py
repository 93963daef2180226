"""The web process: HTTP to Django, live pages to the rooms' consumers."""

from __future__ import annotations

import gc
import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from channels.sessions import SessionMiddlewareStack
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
http = get_asgi_application()

from promptlab.body_limit import BodyLimit  # noqa: E402  (Django must be set up)
from promptlab.origins import OwnPagesOnly  # noqa: E402
from promptlab.urls import websocket_urlpatterns  # noqa: E402

# Addresses that mean nothing are refused, too.
nowhere: Any = WebsocketDenier.as_asgi()
live: list[Any] = [*websocket_urlpatterns, re_path(r"", nowhere)]
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http),
        "websocket": OwnPagesOnly(SessionMiddlewareStack(URLRouter(live))),
    }
)

# A page of thousands of rows makes tens of thousands of objects at once; by default each 700 of
# them have the collector look, now and then at all that Django ever made, in the midst of a page.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
