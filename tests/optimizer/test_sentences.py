"""The catalogue: every code has a sentence, and every sentence has what it speaks of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from optimizer import sentences
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.problems import problem
from optimizer.core.programs.lm import Role

ROOT = Path(__file__).parents[2]
MAKERS = {"problem", "warning", "fine"}
"""What makes a problem, as `Refused.because` does; its first argument is the code."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every place where the product says a code."""
    for room in ("optimizer", "promptlab"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if path == ROOT / "optimizer/core/problems.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _makes(node.func):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def _makes(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "because"
    return isinstance(function, ast.Name) and function.id in MAKERS


def _prefix(code: ast.JoinedStr) -> bool:
    """Whether a code that is put together begins as sentences of the catalogue do."""
    begin = code.values[0]
    return isinstance(begin, ast.Constant) and any(
        known.startswith(str(begin.value)) for known in sentences.codes()
    )


def said() -> dict[str, str]:
    """The sentences by code, both forms of one that counts."""
    found = {}
    for room in ("optimizer", "promptlab"):
        for path in sorted((ROOT / room).rglob("sentences/*.py")) + sorted(
            (ROOT / room).rglob("sentences.py")
        ):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _name(node.func) == "add":
                    assert isinstance(node.args[0], ast.Dict)
                    for key, value in zip(node.args[0].keys, node.args[0].values, strict=True):
                        assert isinstance(key, ast.Constant)
                        assert isinstance(value, ast.Call), f"{key.value} cannot be translated"
                        forms = [a.value for a in value.args if isinstance(a, ast.Constant)]
                        found[str(key.value)] = "".join(map(str, forms[:2]))
    return found


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def spoken(text: str) -> set[str]:
    return {name for _text, name, _spec, _kind in Formatter().parse(text) if name}


def test_every_code_is_a_word_in_the_code_and_has_a_sentence() -> None:
    for where, call in calls():
        code = call.args[0]
        if isinstance(code, ast.Name) and code.id == "code":
            continue  # whoever calls that function says it
        if isinstance(code, ast.JoinedStr) and _prefix(code):
            continue  # the name of a thing: the test below looks for all of them
        assert isinstance(code, ast.Constant), f"{where} says no code that can be looked up"
        assert code.value in sentences.codes(), f"{where}: “{code.value}” has no sentence"


def test_every_sentence_is_said_somewhere() -> None:
    texts = [
        path.read_text()
        for room in ("optimizer", "promptlab")
        for path in (ROOT / room).rglob("*.py")
    ]
    made = {prefix for text in texts for prefix in re.findall(r'f"([a-z_]+\.)\{', text)}
    spelt = {
        code for text in texts for code in re.findall(r'"([a-z_]+(?:\.[a-z0-9_]+)?)"(?!: )', text)
    }
    unsaid = [c for c in said() if c not in spelt and not any(c.startswith(m) for m in made)]
    assert unsaid == []


def test_every_optimizer_and_every_role_has_its_words() -> None:
    names = [f"optimizer.{name}" for name in OPTIMIZERS]
    wanted = {*names, *(f"{name}.description" for name in names), *(f"role.{r}" for r in Role)}
    assert wanted <= sentences.codes()


def test_every_sentence_is_given_what_it_speaks_of_and_nothing_else() -> None:
    catalogue = said()
    for where, call in calls():
        code = str(getattr(call.args[0], "value", ""))
        given = {keyword.arg for keyword in call.keywords} - {"place"}
        if None in given or code not in catalogue:
            continue  # values from a mapping: the next test tells every sentence
        assert given == spoken(catalogue[code]), f"{where}: “{code}”"


def test_a_code_without_a_sentence_is_a_defect() -> None:
    with pytest.raises(KeyError):
        sentences.sentence(problem("no.such_code"))


def test_a_code_has_one_sentence() -> None:
    with pytest.raises(ValueError, match="demo"):
        sentences.add({"demo": "again"})


def test_lists_and_problems_are_told_within_a_sentence() -> None:
    inner = problem("demo.no_such_field", name="x")
    assert sentences.sentence(problem("demo", number=2, why=inner)) == (
        "Demo 2: “x” is no field of this module."
    )
    none = problem("metric.no_such_output", output="a", given=())
    assert sentences.sentence(none).endswith("the program gives none.")
