"""Python source of plain values: readable, the same each time, and nothing invisible in it."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

from optimizer.core.programs.values import ListOf, Nullable, ObjectOf

WIDTH = 96


def text(value: str, indent: int = 0) -> str:
    """A string literal; texts of several lines become one literal a line, in brackets."""
    lines = value.splitlines(keepends=True) if "\n" in value else [value]
    lines = [piece for line in lines for piece in _pieces(line, WIDTH - indent - 8)]
    if len(lines) < 2:
        return _quoted(value)
    pad = " " * (indent + 4)
    body = "\n".join(pad + _quoted(line) for line in lines)
    return f"(\n{body}\n{' ' * indent})"


def literal(value: Any, indent: int = 0, lead: int = 0) -> str:
    """Source of strings, numbers, booleans, None, kinds, lists, tuples and dicts of these;
    `lead` characters stand before it on its line.
    """
    if isinstance(value, Nullable):
        return f"Nullable({literal(value.kind, indent, lead + 10)})"
    if isinstance(value, ListOf):
        return f"ListOf({literal(value.kind, indent, lead + 8)})"
    if isinstance(value, ObjectOf):
        return f"ObjectOf({literal(value.kinds, indent, lead + 10)})"
    if isinstance(value, str):
        return text(value, indent)
    if isinstance(value, dict):
        named = [(_quoted(str(key)), part) for key, part in value.items()]
        parts = [f"{key}: {literal(part, indent + 4, len(key) + 2)}" for key, part in named]
        return bracketed("{", parts, "}", indent, lead)
    if isinstance(value, tuple):
        parts = [literal(v, indent + 4) for v in value]
        if len(parts) == 1:
            return f"({parts[0]},)"
        return bracketed("(", parts, ")", indent, lead)
    if isinstance(value, list):
        return bracketed("[", [literal(v, indent + 4) for v in value], "]", indent, lead)
    return repr(value)


def made_by(
    name: str, values: Mapping[str, Any], sources: Mapping[str, str], indent: int = 0
) -> str:
    """Source of a call by keywords: of plain values, and of what `sources` has the source of."""
    pad = " " * indent
    told = {key: literal(value, indent + 4) for key, value in values.items()} | dict(sources)
    body = "".join(f"{pad}    {key}={source},\n" for key, source in told.items())
    return f"{name}(\n{body}{pad})"


def comment_safe(value: str) -> str:
    """A text for a docstring or comment: one line, nothing that could end the docstring."""
    shown = "".join(c if c.isprintable() else " " for c in " ".join(value.split()))
    return shown.replace("\\", "/").replace('"""', "'''").rstrip('"')


def identifier(name: str, taken: Iterable[str] = (), otherwise: str = "part") -> str:
    """A valid Python name close to `name`, none of `taken`."""
    found = re.sub(r"[^A-Za-z0-9_]", "_", name).strip("_") or otherwise
    if found[0].isdigit():
        found = f"{otherwise}_{found}"
    if keyword.iskeyword(found) or keyword.issoftkeyword(found):
        found += "_"
    taken, unique, count = set(taken), found, 2
    while unique in taken:
        unique, count = f"{found}_{count}", count + 1
    return unique


def identifiers(
    names: Iterable[str], taken: Iterable[str] = (), style: str = "snake"
) -> Mapping[str, str]:
    """A distinct Python name for each name: snake (as it is), upper (CONSTANT) or camel (Class)."""
    used, found = set(taken), {}
    for name in names:
        found[name] = identifier(_styled(name, style), used)
        used.add(found[name])
    return found


def _styled(name: str, style: str) -> str:
    if style == "upper":
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    if style == "camel":
        parts = re.split(r"[^A-Za-z0-9]+", name)
        return "".join(part[:1].upper() + part[1:] for part in parts)
    return name


def _quoted(value: str) -> str:
    """The quote marks that need fewer escapes; what cannot be seen (control, bidirectional,
    zero-width) is always escaped."""
    inner = json.dumps(value, ensure_ascii=False)[1:-1]
    mark = '"'
    if '"' in value and "'" not in value:
        inner, mark = inner.replace('\\"', '"'), "'"
    return mark + "".join(c if c.isprintable() else _escaped(c) for c in inner) + mark


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _pieces(line: str, width: int) -> list[str]:
    """A long line in parts that end at a space."""
    pieces = []
    while len(line) > width:
        cut = line.rfind(" ", 0, width) + 1 or width
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line] if line or not pieces else pieces


def bracketed(opening: str, parts: list[str], closing: str, indent: int, lead: int = 0) -> str:
    line = f"{opening}{', '.join(parts)}{closing}"
    if len(line) + indent + max(lead - 16, 0) <= WIDTH - 16 and "\n" not in line:
        return line
    pad = " " * (indent + 4)
    return f"{opening}\n" + "".join(f"{pad}{part},\n" for part in parts) + " " * indent + closing
