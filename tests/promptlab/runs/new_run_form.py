"""The form of a new run, as a browser sees and sends it."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client

from optimizer.models import ExampleSet, Run
from promptlab.runs.models import ProjectRun

NEW = "/p/support-triage/runs/new/"
Post = dict[str, str]


def values_in(html: str) -> Post:
    """What a browser would send if one pressed the button at once."""
    form = html[html.index('id="new-run"') :]
    found: Post = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = attribute(tag, "name"), attribute(tag, "type")
        if not name or (kind == "radio" and " checked" not in tag):
            continue
        found[name] = attribute(tag, "value")
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        first = re.search(r'<option value="([^"]*)"', options)
        found[name] = (chosen or first).group(1) if first else ""  # type: ignore[union-attr]
    found.pop("csrfmiddlewaretoken", None)
    return {name: unescape(value) for name, value in found.items()}


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found.group(1) if found else ""


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def refused(client: Client, post: Post) -> str:
    """The page that refuses; nothing was stored."""
    answer = client.post(NEW, post)
    assert answer.status_code == 422
    assert not Run.objects.filter(task=Run.Task.OPTIMIZE).exists()
    assert not ProjectRun.objects.exists()
    assert not ExampleSet.objects.filter(count__gt=0).exists()
    return answer.content.decode()


def errors_at(html: str, field: str) -> str:
    """The text of a field's own error."""
    block = re.search(rf'id="id_{field}_error".*?</(ul|p|div)>', html, re.S)
    return texts(block.group(0)) if block else ""
