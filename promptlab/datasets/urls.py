"""Addresses of datasets, under a project."""

from __future__ import annotations

from django.urls import path

from promptlab.datasets.views import new, pages, rows

app_name = "datasets"

urlpatterns = [
    path("", pages.list_datasets, name="list"),
    path("new/", new.new, name="new"),
    path("new/<uuid:upload>/", new.map_columns, name="map"),
    path("new/<uuid:upload>/outlook/", new.outlook, name="outlook"),
    path("new/<uuid:upload>/read/", new.read_again, name="read_again"),
    path("new/<uuid:upload>/discard/", new.discard, name="discard"),
    path("<int:dataset>/", pages.detail, name="detail"),
    path("<int:dataset>/rows/", pages.rows, name="rows"),
    path("<int:dataset>/rows/add/", rows.add, name="add"),
    path("<int:dataset>/rows/<str:row>/", rows.change, name="row"),
    path("<int:dataset>/rows/<str:row>/protect/", rows.protect, name="protect"),
    path("<int:dataset>/rows/<str:row>/remove/", rows.remove_row, name="remove_row"),
    path("<int:dataset>/versions/", rows.list_versions, name="versions"),
    path("<int:dataset>/versions/<int:number>/", rows.version, name="version"),
    path("<int:dataset>/versions/<int:number>/go_back/", rows.go_back, name="go_back"),
    path("<int:dataset>/download/<str:format>/", rows.download, name="download"),
    path("<int:dataset>/rename/", pages.rename, name="rename"),
    path("<int:dataset>/remove/", pages.remove, name="remove"),
]
