"""Turns of a model with its tools: what is said in each, how a reply is read, and when they end.

It stands alone, on the reader of replies: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.layouts import spelled_out
from optimizer.core.programs.reply import read_reply
from optimizer.core.programs.values import Kind, Nullable, ObjectOf, as_text


def in_short(name: str, value: Any) -> Any:
    """A value as people see it at a glance: of an agent's turns, what was called."""
    turns = value if name == TURNS and isinstance(value, list) else []
    if not all(isinstance(turn, dict) and {"tool", "observation"} <= turn.keys() for turn in turns):
        return value
    return " → ".join(turn["tool"] or "?" for turn in turns) or value


# ----------------------------------------------------------------------------------------------

TURNS = "turns"
"""Where the turns stand behind which an answer was given, in values, demos and traces."""
FINISH = "finish"
"""What a model calls when it knows enough to answer."""
OBSERVATION, OVER = "Observation:\n", "No more turns."
"""How a message begins that tells what a tool gave, and one that asks for the answer."""
LONGEST_OBSERVATION, LONGEST_SAID = 3000, 500
"""Characters that are told of what a tool gave, and of a reply that cannot be read."""

Turn = dict[str, Any]
"""`thought`, `tool`, `arguments` and `observation`; without a tool, its thought is what was said as
it was said.
"""


class Say(NamedTuple):
    """The model's turn, behind these; the answer is its reply."""

    turns: list[Turn]


class Use(NamedTuple):
    """A tool's turn; the answer is what it gives, as a text."""

    tool: str
    arguments: dict[str, Any]


def turns_taken(
    tools: Mapping[str, Mapping[str, Kind]], most: int
) -> Generator[Say | Use, str, list[Turn]]:
    """At most so many turns, until the model finishes; returns them. `tools` are the kinds of their
    arguments by name, `Nullable` where they may be left out. What cannot be done is told to the
    model as the observation.
    """
    turns: list[Turn] = []
    while len(turns) < most and not (turns and turns[-1]["tool"] == FINISH):
        turn = turn_of(tools, (yield Say([*turns])))
        if not turn["observation"] and turn["tool"] != FINISH:
            turn["observation"] = _again(turn, turns)
            if not turn["observation"]:
                found = yield Use(turn["tool"], turn["arguments"])
                turn["observation"] = shortened(found)
        turns.append(turn)
    return turns


def turn_of(tools: Mapping[str, Mapping[str, Kind]], reply: str) -> Turn:
    """The turn that a reply asks for; with an observation already where it cannot be had."""
    try:
        found = read_reply(kinds_of_turn(tools), reply)
    except UnreadableReply as error:
        said = as_text(reply[:LONGEST_SAID])
        return _turn(said, "", {}, f"This reply cannot be read. {error}")
    name, given = found["tool"].strip(), found.get("arguments") or {}
    thought = found["thought"] or ""
    known = next((tool for tool in (*tools, FINISH) if tool.casefold() == name.casefold()), "")
    if not known:
        told = ", ".join((*tools, FINISH))
        return _turn(thought, name, {}, f"There is no tool “{name}”. The tools are: {told}.")
    wanted = tools.get(known, {})
    arguments = {n: given[n] for n in wanted if given.get(n) is not None}
    lacks = [
        n for n, kind in wanted.items() if n not in arguments and not isinstance(kind, Nullable)
    ]
    why = f"{known} needs {', '.join(lacks)} among its arguments." if lacks else ""
    return _turn(thought, known, arguments, why)


def kinds_of_turn(tools: Mapping[str, Mapping[str, Kind]]) -> dict[str, Kind]:
    """The kinds of the parts of a turn's reply."""
    every: dict[str, Kind] = {}
    for arguments in tools.values():
        for name, kind in arguments.items():
            every[name] = kind if isinstance(kind, Nullable) else Nullable(kind)
    parts: dict[str, Kind] = {"thought": Nullable("text"), "tool": "text"}
    return parts | ({"arguments": Nullable(ObjectOf(every))} if every else {})


def _turn(thought: str, tool: str, arguments: dict[str, Any], observation: str = "") -> Turn:
    return {
        "thought": thought,
        "tool": tool,
        "arguments": arguments,
        "observation": observation,
    }


def _again(turn: Turn, before: Sequence[Turn]) -> str:
    """What is told of a turn that was there before: a tool gives the same each time."""
    asked = turn["tool"], turn["arguments"]
    if all((each["tool"], each["arguments"]) != asked for each in before):
        return ""
    return (
        f"{turn['tool']} was called with these arguments before, and gives the same each time. "
        f"Call it with others, or {FINISH}."
    )


def shortened(observation: str) -> str:
    """What a tool gave, as much of it as is told."""
    text = as_text(observation)
    cut = f"{text[:LONGEST_OBSERVATION]}… (cut off)"
    return (cut if len(text) > LONGEST_OBSERVATION else text) or "(nothing)"


def failed(why: str) -> str:
    """The observation of a tool that failed."""
    return f"The tool failed: {why}"


def messages_of_turns(turns: Any, last: str = "") -> list[tuple[str, str]]:
    """What was said in these turns, role and text; `last` is what is asked behind them. What are no
    turns, as in a draft, are none.
    """
    said: list[tuple[str, str]] = []
    for turn in turns if isinstance(turns, list) else []:
        if isinstance(turn, dict):
            said.append(("assistant", reply_of(turn)))
            if turn.get("tool") != FINISH:
                said.append(("user", f"{OBSERVATION}{spelled_out(turn.get('observation'))}"))
    if not last:
        return said
    if said and said[-1][0] == "user":
        return [*said[:-1], ("user", f"{said[-1][1]}\n\n{last}")]
    return [*said, ("user", last)]


def reply_of(turn: Turn) -> str:
    """A turn as the model says it."""
    if not turn.get("tool"):
        return spelled_out(turn.get("thought"))
    told = {name: turn[name] for name in ("thought", "tool", "arguments") if name in turn}
    return json.dumps(told, ensure_ascii=False)
