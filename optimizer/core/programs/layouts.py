"""How the inputs of a call are laid out in its last message, and those of demos before it.

It stands alone, on the standard library: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any


class Layout(StrEnum):
    """`lines`: a line for each input, as all prompts were at first; a text of several lines may
    look like several inputs. `tags`: each input between tags of its name, which no text can close;
    lists are numbered. `json`: one JSON object. The latter two remind of the reply's form last.
    """

    LINES = "lines"
    TAGS = "tags"
    JSON = "json"


# ----------------------------------------------------------------------------------------------


def laid_out(layout: str, values: Mapping[str, Any], nullable: Collection[str] = ()) -> str:
    """The inputs by name, in order, as one text; `nullable` are those that may be null."""
    if layout == "json":
        shown = {n: "" if v is None and n not in nullable else v for n, v in values.items()}
        return json.dumps(shown, ensure_ascii=False, indent=2)
    if layout == "tags":
        return _tagged({n: numbered(v, n in nullable) for n, v in values.items()})
    return "\n".join(f"{n}: {spelled_out(v, n in nullable)}" for n, v in values.items())


def as_input(value: Any, nullable: bool = False) -> Any:
    """What an input that is a text takes of a value: all but a null that may be is written out."""
    return None if value is None and nullable else spelled_out(value)


def spelled_out(value: Any, nullable: bool = False) -> str:
    """A value as it is, or as JSON."""
    if value is None:
        return "null" if nullable else ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def numbered(value: Any, nullable: bool = False) -> str:
    """The same with lists numbered and objects a line a part; what stands in them is indented."""
    if isinstance(value, list) and value:
        return "\n".join(_indented(f"{n}. {numbered(v, True)}") for n, v in enumerate(value, 1))
    if isinstance(value, dict) and value:
        parts = ((name, spelled_out(part, True)) for name, part in value.items())
        return "\n".join(_indented(f"{name}: {part}") for name, part in parts)
    return spelled_out(value, nullable)


def _indented(text: str) -> str:
    return "\n   ".join(text.splitlines()) if "\n" in text else text


def _tagged(texts: Mapping[str, str]) -> str:
    """Each text between tags; where a text has one of them, all tags get a number that none has."""
    said, mark, number = "\n".join(texts.values()).casefold(), "", 1
    while any(tag in said for name in texts for tag in _tags(name.casefold() + mark)):
        number += 1
        mark = f"-{number}"
    return "\n".join(f"<{n}{mark}>\n{text}\n</{n}{mark}>" for n, text in texts.items())


def _tags(name: str) -> tuple[str, str]:
    return f"<{name}>", f"</{name}>"
