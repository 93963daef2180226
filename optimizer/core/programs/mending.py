"""Objects that are almost JSON, mended by json-repair, where mending loses nothing that was said.

It stands alone, on json-repair and what stands above it: everything below the line of dashes is
copied into the files that a version is downloaded as.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from optimizer.core.programs.stated import spelled
from optimizer.core.programs.thinking import THINKS, folded

# ----------------------------------------------------------------------------------------------

BROKEN_OFF = "\ua66e"
"""A letter that nobody writes, set where a text ends, to be found again in what broke off there."""
_MOST_BRACKETS = 500
"""In what is mended: json-repair takes seconds for some thousands."""
_KEY = r"""(?<!\w)(?:%s)["'“”‘’`*\s]{0,20}:"""
_UNQUOTED = (
    r"""\s*([^\s"'“”‘’`{\[,][^"“”`{\[\n}]{0,80}?)\s*"""
    r"""(?P<end>\n|\}|//|\#|/\*|,\s*(?:["'“‘}\n]|[^\W\d]\w*\s*[:=]|//)|\Z)"""
)


def almost_json(names: Iterable[str], text: str) -> str:
    """From where an object begins that has one of these names as a key; "" where none does."""
    key = re.compile(_KEY % "|".join(map(spelled, names)), re.IGNORECASE)
    begin = re.search(rf"\{{(?=[^{{}}]{{0,400}}?{key.pattern})", text, re.IGNORECASE)
    start = begin.start() if begin else text.find("{")
    before = re.search(r"(\w+)\W*$", text[:start][-60:])
    broken = text[start:].partition("\n```")[0].rstrip() if start >= 0 else ""
    if not key.search(broken) or (before and THINKS.fullmatch(folded(before[1]))):
        return ""
    return broken if sum(map(broken.count, "{[")) <= _MOST_BRACKETS else ""


def mended(broken: str, names: Iterable[str], choices: Iterable[str]) -> Any:
    """The object that is meant; None where mending lost another answer: a name that stands there
    twice, or one of the choices.

    Raises:
        ImportError: json-repair is not installed.
    """
    import json_repair

    try:
        made = json_repair.loads(broken + BROKEN_OFF, skip_json_loads=True)
        kept = json.dumps(made, ensure_ascii=False).casefold()
    except (ValueError, RecursionError):
        return None
    lost = any(c.casefold() not in kept and re.search(_quoted(c), broken, re.I) for c in choices)
    again = any(len(re.findall(rf"{_quoted(name)}\s*:", broken)) > 1 for name in names)
    return None if lost or again else made


def as_written(name: str, broken: str, made: Any) -> Any:
    """A value as it stands in the text if it is not quoted there, of which mending keeps digits or
    letters alone: −5, 5 million, 12:30, ~5, 1 200, !true.
    """
    bare = re.search((_KEY % spelled(name)) + _UNQUOTED, broken, re.IGNORECASE)
    if bare is None:
        return made
    return bare[1] if bare["end"] else bare[1] + BROKEN_OFF


def stands_in(broken: str, made: Any) -> bool:
    """Whether each number and truth value of an object or a list stands in the text as it is: of
    what is not quoted mending keeps digits or letters alone.
    """
    if isinstance(made, dict | list):
        parts = made.values() if isinstance(made, dict) else made
        return all(stands_in(broken, part) for part in parts)
    if not isinstance(made, bool | int | float):
        return True
    spelled_so = re.escape(json.dumps(made))
    return bool(re.search(rf"[:\[,]\s*{spelled_so}\s*(?:[,\]}}\n#]|//)", broken, re.IGNORECASE))


def _quoted(name: str) -> str:
    return rf"""(?<!\\)["'“‘]{re.escape(name)}["'”’]"""
