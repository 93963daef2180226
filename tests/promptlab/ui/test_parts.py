"""Parts and tags, drawn alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, RequestContext, Template, TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import translation

from promptlab.ui import charts, graph

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates"


def draw(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def of_request(path: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    "name", sorted(str(p.relative_to(TEMPLATES)) for p in TEMPLATES.glob("parts/**/*.html"))
)
def test_every_part_compiles_and_names_its_variables(name: str) -> None:
    get_template(name)
    assert "{# " in (TEMPLATES / name).read_text()


@pytest.mark.parametrize("icon", sorted(p.stem for p in TEMPLATES.glob("parts/icons/*.svg")))
def test_every_icon_is_hidden_from_screen_readers(icon: str) -> None:
    assert 'aria-hidden="true"' in draw("{% icon name %}", name=icon)


def test_an_icon_that_is_not_there_is_a_mistake_of_the_page() -> None:
    with pytest.raises(TemplateDoesNotExist):
        draw('{% icon "nowhere" %}')


@pytest.mark.parametrize(
    ("text", "language"),
    [("返金してください", "ja"), ("환불", "ko"), ("退款", ""), ("refund", ""), (None, "")],
)
def test_the_language_is_told_by_the_script(text: str | None, language: str) -> None:
    assert draw("{{ text|lang_of }}", text=text) == language
    drawn = draw("<p{% lang_attr text %}>", text=text).replace("\n", "")
    assert drawn == (f'<p lang="{language}">' if language else "<p>")


def test_a_number_that_a_page_does_not_have_is_a_dash() -> None:
    assert draw("{{ run.best|score }} {{ run.cost|money }} {{ run.gain|points }}") == "– – –"


def test_a_diff_marks_words_for_eyes_and_ears_and_escapes_them() -> None:
    html = render_to_string("parts/diff.html", {"before": "a <b> c", "after": "a <i> c"})
    assert "<del>" in html
    assert "&lt;" in html
    assert "<b>" not in html
    assert "deleted" in html


def test_a_diff_in_pre_adds_no_white_space_of_its_own() -> None:
    html = render_to_string("parts/diff.html", {"before": "same", "after": "same"})
    assert html.count(">same</pre>") == 2


def test_a_sort_head_turns_around_when_pressed_again() -> None:
    context = {"request": of_request("/?sort=-score&page=3&q=x"), "key": "score", "label": "Score"}
    html = get_template("parts/sort_head.html").render(
        {**context, "sort": "-score"},
        context["request"],  # type: ignore[arg-type]
    )
    assert 'aria-sort="descending"' in html
    assert "sort=score" in html
    assert "page" not in html
    assert "q=x" in html


def test_geometry_is_the_same_in_every_language() -> None:
    trials = [charts.Trial(n, 0.5 + n / 90, n % 3 == 0) for n in range(1, 8)]
    chart = charts.score_by_trial(trials, 7, baseline=0.6)
    with translation.override("de"):
        html = render_to_string("parts/charts/score.html", {"chart": chart})
    assert 'cx="7.14%"' in html
    assert "baseline" in html.lower()


def test_a_chart_says_in_words_what_it_shows() -> None:
    chart = charts.score_by_trial([charts.Trial(1, 0.7, True)], 4, baseline=0.6)
    html = render_to_string("parts/charts/score.html", {"chart": chart})
    assert "Best full score 70.0 after 1 of 4 trials; baseline 60.0." in html


def test_a_drawn_module_is_a_link_that_says_its_ports() -> None:
    node = graph.Node("m", "classify", "Predict", [("text", "text")], url="/modules/1")
    html = render_to_string("parts/graph.html", {"graph": graph.layout([node], [])})
    assert '<a href="/modules/1"' in html
    assert 'aria-description="takes text, text, not connected"' in html
    assert 'aria-label="classify' not in html, "what is seen of it is its name"


@dataclass
class Project:
    slug: str = "triage"
    name: str = "Triage"


def navigation(**context: Any) -> str:
    request = of_request("/")
    template = Template("{% load ui %}{% side_nav %}")
    return template.render(RequestContext(request, {"project": Project(), **context}))


def test_the_navigation_marks_where_one_is_and_counts(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    html = navigation(section="runs", nav_counts={"runs": 12})
    assert re.search(r'<a href="/p/triage/runs/" aria-current="page" data-go="r">\s*Runs', html)
    assert '<span class="n">12</span>' in html


def test_rooms_without_pages_are_not_linked(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    assert "Metrics" not in navigation()


def test_a_transcript_can_be_copied_message_by_message() -> None:
    said = [SimpleNamespace(role="assistant", content='say "hi"', meta="3 tokens")]
    html = render_to_string("parts/transcript.html", {"messages": said})
    assert 'data-copy="say &quot;hi&quot;"' in html
    assert "Assistant" in html


def _urls() -> list[Any]:
    from django.http import HttpResponse
    from django.urls import include, path

    def page(request: HttpRequest, project: str) -> HttpResponse:
        return HttpResponse(project)

    return [path("p/<slug:project>/runs/", include(([path("", page, name="list")], "runs")))]


urlpatterns = _urls()
