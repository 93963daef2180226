"""The map of the site: every room has its own urls. Live pages have a socket each."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from promptlab.health import healthz
from promptlab.live.consumer import LiveConsumer
from promptlab.live.page import LivePage
from promptlab.metrics.live import LiveJudging
from promptlab.programs.tryouts import LiveTryout
from promptlab.providers.checks import LiveCheck
from promptlab.runs.playing.page import LivePlay
from promptlab.runs.starting.measuring import LiveMeasurement
from promptlab.runs.watching.live import LiveRun

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("", include("promptlab.accounts.sign_in")),
    path("projects/examples/", include("promptlab.demo.urls")),
    # Before accounts: the overview takes the address of a project.
    path("", include("promptlab.releases.urls")),
    path("", include("promptlab.reviews.urls")),
    path("", include("promptlab.grading.urls")),
    path("", include("promptlab.accounts.urls")),
    path("installation/", include("promptlab.installation.urls")),
    path("api/v1/", include("promptlab.api.urls")),
    path("p/<slug:project>/datasets/", include("promptlab.datasets.urls")),
    path("p/<slug:project>/programs/", include("promptlab.programs.urls")),
    path("p/<slug:project>/metrics/", include("promptlab.metrics.urls")),
    path("p/<slug:project>/providers/", include("promptlab.providers.urls")),
    path("p/<slug:project>/runs/", include("promptlab.runs.urls")),
]

LIVE_PAGES: dict[str, type[LivePage]] = {
    "runs/<int:number>/": LiveRun,
    "tryouts/<int:tryout>/": LiveTryout,
    "plays/<int:play>/": LivePlay,
    "measurements/<int:measurement>/": LiveMeasurement,
    "judgings/<int:judging>/": LiveJudging,
    "checks/<int:provider>/": LiveCheck,
}
websocket_urlpatterns: list[URLPattern] = [
    path(f"ws/p/<slug:project>/{route}", LiveConsumer.as_asgi(opens=page))  # type: ignore[arg-type]
    for route, page in LIVE_PAGES.items()
]

handler400 = "promptlab.outage.bad_request"
handler429 = "promptlab.accounts.middleware.too_many_requests"
handler500 = "promptlab.outage.server_error"
