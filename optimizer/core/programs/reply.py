"""The one reader of models' replies: that of runs, of try-outs, and of the files of a version.

With what it imports it stands alone, on the standard library and json-repair: all below the line of
dashes is copied into the files that a version is downloaded as, so that these read a reply as the
run did. Where two answers could be meant nothing is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from optimizer.core.programs.answers import (
    ANSWERS,
    THOUGHTS,
    Several,
    UnreadableReply,
    named_in,
    short,
    values_of,
)
from optimizer.core.programs.mending import (
    BROKEN_OFF,
    almost_json,
    as_written,
    mended,
    stands_in,
)
from optimizer.core.programs.stated import spelled
from optimizer.core.programs.thinking import INVISIBLE, THINKS, folded, unfenced, without_thinking
from optimizer.core.programs.values import (
    Kind,
    ListOf,
    Nullable,
    ObjectOf,
    as_text,
    is_null,
    plain_kind,
)

# ----------------------------------------------------------------------------------------------

IN_ITS_PLACE = "\ue66e"
"""Stands for the letter that marks what broke off, where a reply has that letter itself."""
_MARK = re.compile(rf"{BROKEN_OFF}|\\u{ord(BROKEN_OFF):04x}", re.IGNORECASE)
_ATTEMPTS = 64
"""Braces to try before a reply is called unreadable: a text may use some."""


def read_reply(
    outputs: Mapping[str, Kind], reply: str, inputs: Iterable[str] = ()
) -> dict[str, Any]:
    """The outputs that a reply gives: as a JSON object, alone, fenced, wrapped, almost right or in
    the midst of text; as labelled lines or tags; for a single output, as the bare answer.

    `inputs` are names by which a model begins the next example, which is not its answer.

    Raises:
        UnreadableReply: an output is missing or not of its type, or two answers could be meant.
    """
    plain = _MARK.sub(IN_ITS_PLACE, reply)
    if plain == reply:
        return _read(outputs, reply, inputs)
    found = _read(outputs, plain, inputs)
    told = json.dumps(found, ensure_ascii=False).replace(IN_ITS_PLACE, BROKEN_OFF)
    restored: dict[str, Any] = json.loads(told)
    return restored


def _read(outputs: Mapping[str, Kind], reply: str, inputs: Iterable[str]) -> dict[str, Any]:
    problem = f"The reply is no JSON object: “{short(reply)}”"
    for records in _records(outputs, reply, tuple(inputs)):
        answers: dict[str, dict[str, Any]] = {}
        told = []
        for record in records:
            try:
                values = values_of(outputs, record, reply)
            except UnreadableReply as error:
                told.append(str(error))
            else:
                told_apart = {name: v for name, v in values.items() if name != THOUGHTS}
                answers.setdefault(json.dumps(told_apart), values)
        if len(answers) > 1:
            raise UnreadableReply(f"The reply gives more than one answer: “{short(reply)}”")
        if answers:
            return next(iter(answers.values()))
        if told:
            problem = told[0]
            break
    raise UnreadableReply(problem)


def read_texts(names: Iterable[str], reply: str) -> dict[str, str]:
    """The texts that a reply gives under these names, as many as it gives.

    Where a name has two different texts it has none.
    """
    outputs: dict[str, Kind] = dict.fromkeys(names, "text")
    for records in [*_records(outputs, reply, ())][:-1]:  # the last reads what has no name
        told = [(name, value) for record in records for name, value in record.items()]
        texts = {name: [v for n, v in told if n == name] for name, _value in told}
        if texts:
            return {
                name: as_text(values[0])
                for name, values in texts.items()
                if values.count(values[0]) == len(values) and values[0] is not None
            }
    return {}


# Where an answer may stand


def _records(
    wanted: Mapping[str, Kind], reply: str, inputs: tuple[str, ...]
) -> Iterator[list[dict[str, Any]]]:
    """What may be the answer, as raw values by output; one way of reading after the other."""
    outputs = {name: plain_kind(kind) for name, kind in wanted.items()}
    whole = _of_json(outputs, reply.strip().strip(INVISIBLE))  # may speak of tags in its texts
    yield _with_nulls(wanted, whole)
    own = [name for name in outputs if name != THOUGHTS]
    text = _up_to_the_next(inputs, wanted, without_thinking(reply, own))
    found, rest = _of_objects(outputs, text)
    begun = _mended(outputs, rest)
    if "{" in rest and not begun and isinstance(outputs.get(_only(outputs) or ""), ObjectOf):
        found = []  # another object begins, which may be the answer
    found = _joined([*found, *begun])
    if found:  # a line behind an object may take it back; what broke off may have had more to say
        found = found if begun else _with_nulls(wanted, found)
        yield found + (_labelled(outputs, rest) if _only(outputs) else [])
    labelled = without_thinking(reply, outputs)
    yield _labelled(outputs, unfenced(_up_to_the_next(inputs, wanted, labelled)))
    yield _bare(wanted, unfenced(text))


def _up_to_the_next(inputs: tuple[str, ...], outputs: Mapping[str, Kind], text: str) -> str:
    """A reply without the next example that a model makes up behind its answer."""
    if not inputs:
        return text
    names = "|".join(map(spelled, inputs))
    begins = rf"(?:[*_#-]*\s*(?:{names})[*_]*\s*:|<(?:{names})(?:-\d+)?>)"
    going_on = re.search(rf"(?P<closed>\}})?[ \t]*\n[\s*_#-]*{begins}", text, re.I)
    if going_on is None:
        return text
    before = text[: going_on.start() + len(going_on["closed"] or "")]
    kinds = {name: plain_kind(kind) for name, kind in outputs.items() if name != THOUGHTS}
    if going_on["closed"] is None and not {"text", "list"}.isdisjoint(kinds.values()):
        return text  # a text may have such a line
    try:
        read_reply(outputs, before)
    except UnreadableReply:
        return text
    return before


def _of_json(outputs: Mapping[str, Kind], text: str) -> list[dict[str, Any]]:
    """The records of a text that is JSON from its beginning to its end."""
    try:
        found, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):  # ValueError: also a number of thousands of digits
        return []
    return _in(outputs, found) if end == len(text) else []


def _of_objects(outputs: Mapping[str, Kind], text: str) -> tuple[list[dict[str, Any]], str]:
    """The records of all JSON objects amid a text, and what stands outside of them."""
    if re.search(r"\{\s*\\\"", text):
        text = text.replace('\\"', '"')  # JSON within a text, of which the quotes are lost
    found, rest, end = [], "", 0
    start = text.find("{")
    for _ in range(_ATTEMPTS):
        if start < 0:
            break
        try:
            made, stop = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            stop = start + 1
        else:
            found += _in(outputs, made)
            rest, end = rest + text[end:start], stop
        start = text.find("{", stop)
    rest += text[end:]
    return found, rest


def _mended(outputs: Mapping[str, Kind], text: str) -> list[dict[str, Any]]:
    """The records of an object that is almost JSON."""
    known = (*outputs, *(ANSWERS if _only(outputs) else ()))
    choices = [choice for kind in outputs.values() for choice in _choices_in(kind)]
    begun = almost_json(known, text)
    try:
        made = mended(begun, tuple(outputs), choices) if begun else None
    except ImportError:
        raise UnreadableReply("Almost JSON is read with json-repair: install it.") from None
    records = _in(outputs, made)
    for record in records:
        for name in record:
            if outputs[name] in ("integer", "number", "boolean"):
                record[name] = as_written(name, begun, record[name])
            elif isinstance(outputs[name], ListOf | ObjectOf) and not stands_in(
                begun, record[name]
            ):
                record[name] = BROKEN_OFF
    return records


def _choices_in(kind: Kind) -> tuple[str, ...]:
    if isinstance(kind, ObjectOf):
        return tuple(choice for part in kind.kinds.values() for choice in _choices_in(part))
    if isinstance(kind, ListOf | Nullable):
        return _choices_in(kind.kind)
    return kind if isinstance(kind, tuple) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        same = key not in found or found[key] == value
        found[key] = value if same else Several([found[key], value])
    return found


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object)


def _in(outputs: Mapping[str, Kind], found: Any, depth: int = 8) -> list[dict[str, Any]]:
    """The outermost objects that have an output's name as a key; the answer may be wrapped, and be
    JSON within a text.
    """
    if isinstance(found, str) and found.lstrip().startswith(("{", "[")):
        try:
            found = _DECODER.decode(found)
        except (ValueError, RecursionError):
            return []
    whole = _whole(outputs, found)
    if whole:
        return [whole]
    if isinstance(found, list) and depth:
        return [record for part in found for record in _in(outputs, part, depth - 1)]
    if not isinstance(found, dict) or not depth:
        return []
    record = named_in(outputs, found)
    if record:
        return [record]
    inner = [part for key, part in found.items() if not THINKS.fullmatch(folded(key))]
    records = [r for part in inner for r in _in(outputs, part, depth - 1)]
    only = _only(outputs)
    if records or only is None:
        return records
    said = [value for key, value in found.items() if folded(key) in map(folded, ANSWERS)]
    return [{only: said[0] if len(said) == 1 else Several(said)}] if said else []


def _whole(outputs: Mapping[str, Kind], found: Any) -> dict[str, Any]:
    """The value of the only output where an object, or a list of objects, is nothing but that."""
    only = _only(outputs)
    kind = outputs[only] if only is not None else ""
    inner = plain_kind(kind.kind) if isinstance(kind, ListOf) else kind
    parts = found if isinstance(kind, ListOf) else [found]
    if only is None or not isinstance(inner, ObjectOf) or not isinstance(parts, list) or not parts:
        return {}
    needed = [name for name, part in inner.kinds.items() if not isinstance(part, Nullable)]
    for part in parts:
        own = named_in(inner.kinds, part) if isinstance(part, dict) else {}
        if not own or any(name not in own for name in needed) or named_in(outputs, part):
            return {}
    return {only: found}


def _joined(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Objects of a field each are one; objects that share a field stay apart."""
    names = [name for record in records for name in record]
    if len(records) < 2 or len({*names}) < len(names):
        return records
    return [{name: value for record in records for name, value in record.items()}]


def _with_nulls(wanted: Mapping[str, Kind], records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An object says of what it leaves out that there is none, where there may be none."""
    may_be_none = {name: None for name, kind in wanted.items() if isinstance(kind, Nullable)}
    return [may_be_none | record if record.keys() - {THOUGHTS} else record for record in records]


def _labelled(outputs: Mapping[str, Kind], text: str) -> list[dict[str, Any]]:
    """Values behind their names: in tags, behind markers, or line by line."""
    only = _only(outputs)
    known = {folded(name): name for name in outputs}
    parts = _behind(tuple(outputs), text, only is not None and outputs == {only: "text"})
    if only is not None and not any(known[folded(label)] == only for label, _said in parts):
        known |= dict.fromkeys(map(folded, ANSWERS), only)
        parts += _behind(ANSWERS, text, outputs == {only: "text"})
    record: dict[str, Any] = {}
    for label, said in parts:
        name = known[folded(label)]
        value = _shown(outputs[name], said.partition("[[ ##")[0].strip())
        same = name not in record or record[name] == value
        record[name] = value if same else Several([record[name], value])
    return [record] if record.keys() - {THOUGHTS} else []


def _behind(names: tuple[str, ...], text: str, first: bool) -> list[tuple[str, str]]:
    """What stands in tags of these names or behind them. `first`: only at the text's beginning."""
    any_name = "|".join(map(spelled, sorted(names, key=len, reverse=True)))
    tags = re.finditer(rf"<\s*({any_name})\s*>(.*?)(?:<\s*/\s*\1\s*>|\Z)", text, re.I | re.S)
    parts = [(tag[1], tag[2]) for tag in tags]
    if parts:
        return parts
    heads = list(re.finditer(_HEAD % (any_name, any_name), text, re.I | re.M))
    if first:
        marked = [head for head in heads if "[[ ##" in head[0]]
        heads = marked or [head for head in heads[:1] if not text[: head.start()].strip()]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [
        (head[1] or head[2], text[head.end() : end].rstrip("| \n" if "|" in head[0] else None))
        for head, end in zip(heads, ends, strict=False)
    ]


def _shown(kind: Kind, said: str) -> Any:
    """A value as it stands behind its label: without quotes; of single values the first line."""
    if isinstance(kind, ListOf | ObjectOf):
        try:
            return _DECODER.decode(said)
        except (ValueError, RecursionError):
            return _shown("list", said) if isinstance(kind, ListOf) else said
    if kind not in ("text", "list"):
        return said.partition("\n")[0].partition(" #")[0].rstrip(" |,")
    if kind == "list" and re.fullmatch(r"(?:\s*<(\w+)>[^<]*</\1>)+\s*", said):
        return [item.strip() for item in re.findall(r">([^<]*)</", said)]
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        listed = kind == "list" and not _LISTED.fullmatch(said)
        return re.split(r"\n[ \t]*\n", said)[0] if listed else said
    return found if isinstance(found, str | list) else said


def _bare(wanted: Mapping[str, Kind], text: str) -> list[dict[str, Any]]:
    """The answer to a single output, without its name."""
    outputs = {name: plain_kind(kind) for name, kind in wanted.items()}
    only = _only(outputs)
    if only is not None and text and is_null(wanted[only], text):
        return [{only: None}]
    if only is None or not text or text.startswith("{") or f'"{only}"' in text:
        return [{}] if _is_object(text) else []  # several outputs, another object, a broken one
    if outputs[only] == "list" or isinstance(outputs[only], ListOf):
        listed = _LISTED.fullmatch(text)
        return [{only: listed["list"]}] if listed else []
    if outputs[only] == "text":
        return [] if THOUGHTS in outputs else [{only: _shown("text", text)}]
    return [{only: _MUSING.sub("", text).strip()}]


def _is_object(text: str) -> bool:
    try:
        return isinstance(_DECODER.raw_decode(text)[0], dict)
    except (ValueError, RecursionError):
        return False


def _only(outputs: Mapping[str, Kind]) -> str | None:
    """The single output beside the reasoning."""
    names = [name for name in outputs if name != THOUGHTS]
    return names[0] if len(names) == 1 else None


_MUSING = re.compile(
    r"^(?:[^\w\n]|_){0,20}"
    r"(?:think|thinking|thoughts?|reasoning|analysis|reflection|rationale|let me think)\b.*?"
    r"(?=\b(?:final )?(?:answer|label)\b\W{0,4}(?:is|:)|\n\s*\n|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_LISTED = re.compile(
    r"(?:[^\n\[\]{}]{1,120}[:=]\s*)?"
    r"(?P<list>\[.*\]|(?:[ \t]*(?:[-*•‣–]|\(?\d{1,3}[.)])[ \t]+[^\n]*(?:\n\s*|\Z))+)\.?",
    re.DOTALL,
)
_HEAD = (
    r"""^[ \t>*#|-]{0,20}(?:\d{1,2}[.)][ \t]+)?["'*_`]{0,4}(%s)["'*_`]{0,4}[ \t]{0,9}"""
    r"""(?:[:=|：]|->|→)(?!=)["'*_`]{0,4}[ \t]*"""
    r"""|^[ \t]{0,20}(?:#{1,6}[ \t]*|\*\*|__|\[\[ ##[ \t]*)"""
    r"""(%s)_?(?: ## \]\]|\*\*|__|:){0,3}[ \t]*$"""
)
