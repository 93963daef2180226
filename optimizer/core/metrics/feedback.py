"""Feedback: words on what came of an example, for whoever writes a better instruction.

It comes of the row itself (a column, people's notes) or of rules that look at what was answered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import re2

from optimizer.core.evaluation.cases import Case, Remark, cases_of
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.metrics.comparison import same
from optimizer.core.metrics.regex import compiled
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Value, written
from optimizer.core.programs.values import UnreadableValue, object_in

LONGEST_TEXT = 500
"""Characters of a rule's text: many rules may speak at once."""
TIMES = 3
"""So often must a line or a run of words come for it to be a repetition."""
RUN = 4
"""Words of such a run."""


class Sign(StrEnum):
    """What a rule looks for in an output. `value` is the text, the pattern, the keys with commas
    between them, or the number of words.
    """

    EQUALS = "equals"
    MATCHES = "matches"
    LACKS = "lacks"
    SHAPE = "shape"
    REPEATS = "repeats"
    COPIES = "copies"
    LONGER = "longer"


NEED_VALUE = frozenset({Sign.EQUALS, Sign.MATCHES, Sign.LACKS, Sign.LONGER})


@dataclass(frozen=True)
class FeedbackRule:
    """Where the sign is seen in `output`, `text` is feedback for `module`; "" for every module.

    `output` is one of the program's, or a module's own.
    """

    sign: Sign
    output: str
    text: str
    value: str = ""
    module: str = ""

    def fires(self, case: Case) -> bool:
        return any(self._seen(given, case) for given in self._values(case))

    def problems(self, program: Program) -> list[Problem]:
        """What keeps it from ever firing; places are the names of what it has."""
        found = []
        outputs = {*program.outputs, *(f.name for m in program.modules for f in m.gives)}
        if self.output not in outputs:
            known = tuple(sorted(outputs))
            found.append(problem("feedback.no_output", "output", output=self.output, known=known))
        if self.module and self.module not in {m.name for m in program.modules}:
            found.append(problem("feedback.no_module", "module", module=self.module))
        if self.sign in NEED_VALUE and not self.value.strip():
            found.append(problem("feedback.no_value", "value"))
        if self.sign in (Sign.MATCHES, Sign.LACKS):
            try:
                compiled(self.value)
            except re2.error as error:
                found.append(problem("feedback.no_pattern", "value", why=str(error)))
        if self.sign is Sign.LONGER and not self.value.strip().isdecimal():
            found.append(problem("feedback.no_number", "value"))
        if not self.text.strip():
            found.append(problem("feedback.no_text", "text"))
        return found

    def _values(self, case: Case) -> Iterator[Value]:
        """What was given of the output: by the module where one is named, else by the program."""
        calls = [call for call in case.trace if call.module == self.module or not self.module]
        if not self.module and self.output in case.outputs:
            yield case.outputs[self.output]
            return
        yield from (call.outputs[self.output] for call in calls if self.output in call.outputs)

    def _seen(self, given: Value, case: Case) -> bool:
        text = written(given)
        match self.sign:
            case Sign.EQUALS:
                return same(given, self.value)
            case Sign.MATCHES:
                return compiled(self.value).search(text) is not None
            case Sign.LACKS:
                return compiled(self.value).search(text) is None
            case Sign.SHAPE:
                return _lacks_keys(given, self.value)
            case Sign.REPEATS:
                return repeats(text)
            case Sign.COPIES:
                return any(text.strip() and same(given, value) for value in case.inputs.values())
            case Sign.LONGER:
                return len(text.split()) > int(self.value)


def told_cases(
    examples: Sequence[Example],
    outcomes: Sequence[Outcome],
    rules: Sequence[FeedbackRule] = (),
) -> tuple[Case, ...]:
    """Cases with what the rows and the rules say of them."""
    cases = cases_of(examples, outcomes)
    if not rules:
        return cases
    return tuple(replace(case, remarks=(*case.remarks, *_remarks(case, rules))) for case in cases)


def fired(rules: Sequence[FeedbackRule], cases: Sequence[Case]) -> list[int]:
    """How many of the cases each rule speaks of."""
    return [sum(rule.fires(case) for case in cases) for rule in rules]


def repeats(text: str) -> bool:
    """Whether a line, or a run of a few words, comes again and again."""
    lines = Counter(line.strip().casefold() for line in text.splitlines() if line.strip())
    words = text.casefold().split()
    runs = Counter(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
    return any(n >= TIMES for n in (*lines.values(), *runs.values()))


def _remarks(case: Case, rules: Sequence[FeedbackRule]) -> list[Remark]:
    return [Remark(rule.text.strip(), rule.module) for rule in rules if rule.fires(case)]


def _lacks_keys(given: Value, keys: str) -> bool:
    """Whether a value is no JSON, or no object with each of these keys."""
    wanted = [key.strip() for key in keys.split(",") if key.strip()]
    if not wanted:
        try:
            json.loads(written(given))
        except ValueError:
            return True
        return False
    try:
        found = object_in(given)
    except UnreadableValue:
        return True
    return any(key not in found for key in wanted)
