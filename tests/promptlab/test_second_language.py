"""A second language needs a catalogue and nothing else: whatever a page says comes from one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real

from optimizer.core.problems import problem
from optimizer.core.programs.signature import FieldType
from optimizer.datasets.encodings import CHOICES
from optimizer.sentences import sentence
from promptlab.accounts.models import User
from promptlab.live.consumer import language_of
from tests.promptlab.everything import World, address_of
from tests.promptlab.test_permission_matrix import LEAST_ROLE, expected

ClientOf = Callable[[User], Client]

WORD = re.compile(r"[^\W\d_]{2,}")
SAID = {"aria-label", "title", "placeholder", "alt", "data-msg-new"}
UNREAD = {"script", "style", "code", "pre", "textarea", "kbd", "svg"}
"""Elements whose text is no language's."""
LEFT_OUT = {"accounts:setup", "accounts:invitation", "api-reference"}
"""One-time links sign somebody else in; the reference tells what the API's code says of itself."""
NAMES = {
    "CSV", "JSONL", "Parquet",
    "promptlab", "Anthropic", "DeepSeek", "Google", "Gemini", "Groq", "LiteLLM", "Mistral",
    "OpenAI", "OpenRouter", "compatible", "json", "dspy", "py", "csv",
    # of files' names
    "client", "prompts", "anthropic", "openai", "yaml", "md", "sh", "langchain", "mlflow", "prompt",
    "prompty", "promptfoo", "jsonl", "tests", "training", "validation", "preferences",
    *(kind.value for kind in FieldType),  # types are code
    *WORD.findall(" ".join(CHOICES.values())), "utf",  # encodings have names
    *WORD.findall("Read and choose the that fits"),  # an instruction for a model
    "two", "line",  # of a file that was uploaded and is not read yet
}  # fmt: skip


class Catalogue(trans_real.DjangoTranslation):
    """Every message, between brackets that no page has otherwise."""

    def __init__(self) -> None:
        super().__init__("en")

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message else message

    def ngettext(self, msgid1: str, msgid2: str, n: float) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Reader(HTMLParser):
    """What stands outside the brackets."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bare: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in SAID and value:
                self._look(f"{tag}[{name}]", without_brackets(value))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        outside = []
        for letter in data:
            self.depth += (letter == "⟦") - (letter == "⟧")
            if self.depth == 0 and letter != "⟧":
                outside.append(letter)
        if not UNREAD & set(self.open):
            self._look(self.open[-1] if self.open else "", "".join(outside))

    def _look(self, where: str, text: str) -> None:
        if WORD.search(text):
            self.bare.append(f"{where}: {' '.join(text.split())}")


VOID = {"input", "meta", "link", "br", "hr", "img", "wbr", "source"}


def without_brackets(text: str) -> str:
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    return text


DIGEST = re.compile(r"[0-9a-f]{12,64}")
"""The beginning of one may end within what looks like a word."""


def words_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from WORD.findall(key)
            yield from words_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from words_in(inner)
    else:
        yield from WORD.findall(str(value))


def data_words() -> set[str]:
    """The words of all rows: names, texts, prompts, replies."""
    found: set[str] = set()
    for model in apps.get_models():
        for row in model._default_manager.values():
            for value in row.values():
                found |= set(words_in(value))
    return found


@pytest.fixture
def other_language(settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A language whose catalogue puts every message between brackets."""
    settings.LANGUAGES = [*settings.LANGUAGES, ("xx", "Brackets")]
    monkeypatch.setattr(trans_real, "check_for_language", cache(lambda code: True))
    monkeypatch.setitem(trans_real._translations, "xx", Catalogue())
    return "xx"


def bare_texts(world: World, client: Client, language: str) -> dict[str, list[str]]:
    """What no catalogue says and no row holds, with the pages that say it."""
    bare: list[tuple[str, str]] = []
    for name, methods in LEAST_ROLE.items():
        if "get" not in methods or expected(methods["get"], "admin") != "allowed":
            continue
        if name in LEFT_OUT:
            continue
        address = address_of(name, world, "admin")
        response = client.get(address, headers={"Accept-Language": language})
        if "text/html" not in response.headers.get("Content-Type", ""):
            continue
        reader = Reader()
        reader.feed(response.content.decode())
        bare += [(text, name) for text in reader.bare]
    known = data_words() | NAMES  # some rows are made by who opens their page
    found: dict[str, list[str]] = {}
    for text, name in bare:
        said = text.partition(": ")[2]
        if not DIGEST.fullmatch(said.strip()) and set(WORD.findall(said)) - known:
            found.setdefault(text, []).append(name)
    return found


def test_every_word_of_every_page_comes_from_the_catalogue_or_the_data(
    world: World, alice: User, client_of: ClientOf, other_language: str
) -> None:
    assert bare_texts(world, client_of(alice), other_language) == {}


def test_a_live_page_speaks_the_language_of_its_reader(other_language: str) -> None:
    scope = {"path": "/ws/", "headers": [(b"accept-language", b"xx,en;q=0.5")]}
    assert language_of(scope) == "xx"
    assert language_of({"path": "/ws/", "headers": []}) == "en"


def test_a_sentence_of_a_worker_is_told_in_the_readers_language(other_language: str) -> None:
    told = problem("check.answered", model="m", seconds=1.0)
    with translation.override(other_language):
        assert sentence(told) == "⟦m answered in 1.0 s.⟧"
    assert sentence(told) == "m answered in 1.0 s."
