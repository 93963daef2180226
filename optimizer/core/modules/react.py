"""ReAct: the model thinks, calls a tool, reads what it gives, and so on until it can answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from optimizer.core.modules.prompted import DRAW, Prompted
from optimizer.core.modules.tools import Tool, Used
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.answers import short
from optimizer.core.programs.demo import Demo, NearestDemos, fixed_of
from optimizer.core.programs.ending import is_cut_off, no_answer
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.lm import Functions, Message, Prompt, Reply
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.render import (
    answer_form,
    form_of,
    input_text,
    reply_schema,
    reply_text,
    task_parts,
)
from optimizer.core.programs.signature import Field, FieldType, Value, object_schema
from optimizer.core.programs.steps import Ran, Steps, say, side_by_side
from optimizer.core.programs.turns import (
    FINISH,
    LONGEST_OBSERVATION,
    OVER,
    TURNS,
    Say,
    Turn,
    messages_of_turns,
    turns_taken,
)
from optimizer.core.programs.values import Kind, UnreadableValue

MOST_TURNS, MOST_TOOLS = 20, 20
TURN_TOKENS = LONGEST_OBSERVATION // 4 + 60
"""Of a turn that is shown again: an observation of full length and what was said for it."""
_FINISHES = "when nothing more is needed to answer"


@dataclass(frozen=True)
class ReAct(Prompted):
    """Up to `max_turns` replies that call one of its tools each or finish, then one that answers.

    A line of the instruction that begins with a tool's name in braces, as in `{search}: …`,
    describes that tool in the place of its own description: so candidates carry other ones.
    """

    kind: Literal["react"] = "react"
    tools: tuple[Tool, ...] = ()
    max_turns: int = 5

    labels_are_demos: ClassVar[bool] = False
    python_class: ClassVar[str] = "Agent"

    @property
    def lm_calls(self) -> int:
        return self.samples * (self.max_turns + 1)

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        return self.signature.outputs

    @property
    def gives(self) -> tuple[Field, ...]:
        several = self._several(self.signature.outputs)
        return several if self.samples > 1 else (self.turns, *several)

    @property
    def shown_fields(self) -> tuple[Field, ...]:
        return (self.turns, *self.signature.outputs)

    @property
    def turns(self) -> Field:
        """The turns as a value."""
        told = (Field("thought"), Field("tool"), *self._given, Field("observation"))
        return Field(TURNS, FieldType.LIST, items=FieldType.OBJECT, fields=told)

    @property
    def corpora(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(digest for tool in self.tools for digest in tool.corpora))

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(url for tool in self.tools for url in tool.addresses)

    @property
    def later_tokens(self) -> int:
        return self.max_turns * TURN_TOKENS // 2

    @property
    def spoken_names(self) -> list[str]:
        return [*super().spoken_names, *(tool.name for tool in self.tools)]

    def rewritable(self, instruction: str) -> str:
        """The instruction with a line for each tool."""
        _said, described = self._parted(instruction)
        lines = [
            f"{{{tool.name}}}: {tool.told}" for tool in self.tools if tool.name not in described
        ]
        return "\n".join([*([f"{instruction}\n"] if lines else [instruction]), *lines])

    def problems(self) -> list[Problem]:
        found = [*super().problems(), *(p for tool in self.tools for p in tool.problems())]
        if not 1 <= self.max_turns <= MOST_TURNS:
            found.append(problem("react.turns", most=MOST_TURNS))
        if not 1 <= len(self.tools) <= MOST_TOOLS:
            found.append(problem("react.tools", most=MOST_TOOLS))
        named = Counter([*self.signature.names, *(tool.name for tool in self.tools)])
        for tool in self.tools:
            if named[tool.name] > 1:
                found.append(problem("react.tool_name_taken", name=tool.name))
        if TURNS in self.signature.names:
            found.append(problem("react.turns_taken", name=TURNS))
        return [*found, *self._argument_problems()]

    def _argument_problems(self) -> list[Problem]:
        kinds: dict[str, set[FieldType]] = {}
        for tool in self.tools:
            for taken in tool.arguments:
                kinds.setdefault(taken.name, set()).add(taken.type)
        return [
            problem("react.argument_types", name=name) for name, k in kinds.items() if len(k) > 1
        ]

    def demo_problems(self, demo: Demo) -> list[Problem]:
        found = super().demo_problems(demo)
        try:
            self.turns.read(demo.values.get(TURNS) or [])
        except UnreadableValue as error:
            found.append(problem("demo.value", why=str(error)))
        return found

    # What is said

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        """With the turns that are among the values, what is said before the answer."""
        turns = values.get(TURNS)
        said = self._begun(prompt, values)
        return self._said(said, turns, self._over if TURNS in values else "")

    def _begun(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        said = [Message("system", self.system_text(prompt.instruction))]
        for demo in prompt.demos_for(values):
            for shown, reply in self._pairs(demo):
                said += [Message("user", shown), Message("assistant", reply)]
        asked = "\n\n".join(filter(None, [input_text(self, values), self._reminder]))
        return (*said, Message("user", asked))

    @staticmethod
    def _said(begun: tuple[Message, ...], turns: Any, last: str = "") -> tuple[Message, ...]:
        more = messages_of_turns(turns, last)
        roles: dict[str, Literal["user", "assistant"]] = {"user": "user", "assistant": "assistant"}
        return (*begun, *(Message(roles[role], content) for role, content in more))

    def _pairs(self, demo: Demo) -> list[tuple[str, str]]:
        """A demo as what is said and replied by turns; one without turns finishes at once."""
        turns = demo.values.get(TURNS)
        last = turns[-1] if isinstance(turns, list) and turns else None
        if not isinstance(last, dict) or last.get("tool") != FINISH:
            # The last turn that there may be ended it, or nobody wrote any.
            turns = turns if last else [{"thought": "", "tool": FINISH, "arguments": {}}]
        said = [input_text(self, demo.values)]
        said += [content for _role, content in messages_of_turns(turns, self._over)]
        said.append(reply_text(self, demo))
        return list(zip(said[::2], said[1::2], strict=True))

    def system_text(self, instruction: str) -> str:
        """The instruction, the fields, the tools, and how a turn and the answer are to look."""
        said, described = self._parted(instruction)
        tools = [
            f"- {_called(tool.name, tool.arguments)}: {described.get(tool.name, tool.told)}"
            for tool in self.tools
        ]
        ends = (
            f"What the tool gives is told to you as the observation of your next turn. After "
            f"`{FINISH}`, or after {self.max_turns} turns, you are asked for:\n"
            f"{form_of(self.reply_fields)}"
        )
        listed = "\n".join(["Tools:", *tools, f"- {FINISH}(): {_FINISHES}"])
        return "\n\n".join([*task_parts(self, said), listed, self._turn_form, ends])

    @property
    def _turn_form(self) -> str:
        return f"In each turn answer with a JSON object:\n{form_of(self._turn_fields)}"

    def _functions(self, instruction: str) -> Functions:
        """The tools as functions, for models that call such."""
        _said, described = self._parted(instruction)
        tools = (
            (t.name, described.get(t.name, t.told), object_schema(t.arguments)) for t in self.tools
        )
        finish = (FINISH, _FINISHES, object_schema(()))
        return Functions((*tools, finish), self._turn_form, self._reminder)

    def _parted(self, instruction: str) -> tuple[str, dict[str, str]]:
        """An instruction without the lines that describe tools, and what those say."""
        said, described = [], {}
        for line in instruction.split("\n"):
            head, colon, text = line.strip().lstrip("-* ").partition(":")
            named = next((t.name for t in self.tools if head.strip() == f"{{{t.name}}}"), "")
            if named and colon and text.strip():
                described[named] = text.strip()
            else:
                said.append(line)
        return "\n".join(said).strip(), described

    @property
    def _over(self) -> str:
        """What is said when the turns are over."""
        return f"{OVER} {answer_form(self.reply_fields)}"

    @property
    def _reminder(self) -> str:
        return "" if self.layout is Layout.LINES else answer_form(self._turn_fields)

    @property
    def _given(self) -> tuple[Field, ...]:
        """The arguments of all tools as one object."""
        every = {f.name: f for tool in self.tools for f in tool.arguments}
        parts = tuple(replace(field, nullable=True) for field in every.values())
        return (Field("arguments", FieldType.OBJECT, fields=parts, nullable=True),) if parts else ()

    @property
    def _turn_fields(self) -> tuple[Field, ...]:
        names = (*(tool.name for tool in self.tools), FINISH)
        thought = Field("thought", description="what is known, and what to do next")
        return (thought, Field("tool", FieldType.CHOICE, choices=names), *self._given)

    # How it runs

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        if self.samples == 1:
            return (yield from self._conversation(prompt, values, sample))
        draws = (sample + DRAW * number for number in range(self.samples))
        ran = yield from side_by_side([self._conversation(prompt, values, d) for d in draws])
        return replace(self._drawn(ran), parts=tuple(part for each in ran for part in each.parts))

    def _conversation(
        self, prompt: ModulePrompt, values: dict[str, Value], sample: int
    ) -> Steps[Ran]:
        begun, parts = self._begun(prompt, values), list[Ran]()
        functions = self._functions(prompt.instruction)
        taking = turns_taken(self._kinds, self.max_turns)
        used, reply = Used(), Reply("")
        wanted = next(taking)
        while True:
            if isinstance(wanted, Say):
                parts += self._turn_parts(wanted.turns, len(parts), reply)
                said = self._said(begun, wanted.turns)
                reply = yield from self._told(said, sample, self._turn_schema, functions)
                fault = no_answer(reply.finish_reason)
                if fault:
                    return self._stopped(_cut(fault, reply), parts)
                told = reply.text
            else:
                used = yield from self._tool(wanted.tool).use(wanted.arguments)
                if used.problem:
                    turn = Ran({}, reply, f"{wanted.tool}: {used.problem}", answered=False)
                    return self._stopped(turn, parts)
                told = used.observation
            try:
                wanted = taking.send(told)
            except StopIteration as end:
                turns: list[Turn] = end.value
                break
        parts += self._turn_parts(turns, len(parts), reply)
        said = self._said(begun, turns, self._over)
        answer = self.read((yield from self._told(said, sample, reply_schema(self))))
        last = replace(answer, given={**values, TURNS: _plain(turns)})
        outputs = answer.outputs and {TURNS: _plain(turns), **answer.outputs}
        return replace(answer, outputs=outputs, parts=(*parts, last))

    def _told(
        self,
        messages: tuple[Message, ...],
        sample: int,
        schema: dict[str, Any],
        functions: Functions | None = None,
    ) -> Steps[Reply]:
        prompt = Prompt(messages, schema, self.temperature, self.max_tokens, sample, functions)
        return (yield from say(prompt, self.model))

    def _turn_parts(self, turns: list[Turn], known: int, reply: Reply) -> list[Ran]:
        """Turns that have come to their end since, as parts of the whole: one at most."""
        return [Ran(dict(turn), reply, turn=True) for turn in turns[known:]]

    @staticmethod
    def _stopped(turn: Ran, parts: list[Ran]) -> Ran:
        return replace(turn, parts=(*parts, replace(turn, turn=True)))

    def _tool(self, name: str) -> Tool:
        return next(tool for tool in self.tools if tool.name == name)

    @property
    def _turn_schema(self) -> dict[str, Any]:
        return object_schema(self._turn_fields)

    @property
    def _kinds(self) -> Mapping[str, Mapping[str, Kind]]:
        return {tool.name: {f.name: f.kind for f in tool.arguments} for tool in self.tools}

    # How files write it

    def python_constant(self) -> dict[str, Any]:
        told = super().python_constant()
        shown = [pair for demo in fixed_of(self.demos) for pair in self._pairs(demo)]
        reminder = {"reminder": self._reminder} if self._reminder else {}
        return told | {
            "system": self.system_text(self.signature.instruction),
            "demos": shown,
            "turn": self._turn_schema,
            "arguments": {name: dict(kinds) for name, kinds in self._kinds.items()},
            "most": self.max_turns,
            "over": self._over,
            **reminder,
        }

    def not_in_dspy(self) -> list[Problem]:
        return [problem("react.not_in_dspy", module=self.name)]

    def python_tools(self) -> dict[str, tuple[str, dict[str, Any]]]:
        return {tool.name: (tool.python_class, tool.python_constant()) for tool in self.tools}

    def python_nearest(self) -> dict[str, Any] | None:
        told = super().python_nearest()
        if told is None or not isinstance(self.demos, NearestDemos):
            return told
        rows = zip(told["rows"], self.demos.pool.demos, strict=True)
        return told | {
            "rows": [
                (values, [part for pair in self._pairs(demo) for part in pair][1:], key, label)
                for (values, _reply, key, label), demo in rows
            ]
        }


def _called(name: str, arguments: tuple[Field, ...]) -> str:
    told = (f"{f.name}{'?' if f.nullable else ''}" for f in arguments)
    return f"{name}({', '.join(told)})"


def _cut(fault: str, reply: Reply) -> Ran:
    told = f"{fault}: “{short(reply.text)}”"
    return Ran({}, reply, told, answered=False, cut_off=is_cut_off(reply.finish_reason))


def _plain(turns: list[Turn]) -> list[Any]:
    """Turns as a value that nobody else changes."""
    copied: list[Any] = json.loads(json.dumps(turns))
    return copied
