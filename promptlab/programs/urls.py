"""Addresses of programs."""

from __future__ import annotations

from django.urls import path

from promptlab.programs.views import (
    calls,
    canvas,
    corpora,
    ends,
    groups,
    history,
    improving,
    inserting,
    modules,
    new,
    pages,
    trying,
)

app_name = "programs"

urlpatterns = [
    path("", pages.programs, name="list"),
    path("new/", new.new_program, name="new"),
    path("corpora/", corpora.corpora, name="corpora"),
    path("corpora/<int:corpus>/passages.jsonl", corpora.corpus_file, name="corpus_file"),
    path("corpora/<int:corpus>/remove/", corpora.remove_corpus, name="remove_corpus"),
    path("<int:program>/", pages.program, name="program"),
    path("<int:program>/about/", pages.about, name="about"),
    path("<int:program>/duplicate/", pages.duplicate, name="duplicate"),
    path("<int:program>/delete/", pages.delete, name="delete"),
    path("<int:program>/program.json", pages.download, name="download"),
    path("<int:program>/graph/", canvas.graph, name="graph"),
    path("<int:program>/part.json", canvas.part, name="part"),
    path("<int:program>/paste/", canvas.paste, name="paste"),
    path("<int:program>/insert/", inserting.insert, name="insert"),
    path("<int:program>/undo/", canvas.undo, name="undo"),
    path("<int:program>/redo/", canvas.redo, name="redo"),
    path("<int:program>/history/", history.history, name="history"),
    path("<int:program>/history/back/", history.go_back, name="go_back"),
    path("<int:program>/inputs/", ends.inputs, name="inputs"),
    path("<int:program>/outputs/", ends.outputs, name="outputs"),
    path("<int:program>/modules/new/", modules.new_module, name="new_module"),
    path("<int:program>/modules/at/<str:module>/", modules.module, name="module"),
    path("<int:program>/modules/at/<str:module>/demos/", modules.demos, name="demos"),
    path("<int:program>/modules/at/<str:module>/demos/all/", pages.demos, name="all_demos"),
    path(
        "<int:program>/modules/at/<str:module>/remove/",
        modules.remove_module,
        name="remove_module",
    ),
    path("<int:program>/modules/at/<str:module>/improve/", improving.improve, name="improve"),
    path("<int:program>/modules/at/<str:module>/choose/", improving.choose, name="choose"),
    path("<int:program>/preferences.jsonl", improving.pairs, name="pairs"),
    path("<int:program>/calls/new/", calls.new_call, name="new_call"),
    path("<int:program>/calls/at/<str:call>/", calls.call, name="call"),
    path("<int:program>/calls/at/<str:call>/connect/", calls.connect, name="connect"),
    path("<int:program>/calls/at/<str:call>/remove/", calls.remove_call, name="remove_call"),
    path("<int:program>/groups/of/<str:call>/", groups.group, name="group"),
    path("<int:program>/try/", trying.try_program, name="try"),
    path("<int:program>/try/from/", trying.try_from, name="try_from"),
    path("tryouts/<int:tryout>/keep/", trying.keep_tryout, name="keep_tryout"),
    path("tryouts/<int:tryout>/stop/", trying.stop_tryout, name="stop_tryout"),
]
