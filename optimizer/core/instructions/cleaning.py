"""What an optimizer model writes, without what it writes around it."""

from __future__ import annotations

import re

from optimizer.core.conversation.requests import Unfinished
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.ending import is_cut_off
from optimizer.core.programs.reply import read_texts
from optimizer.core.programs.thinking import without_thinking

_WHAT = r"(?:instructions?|prompts?|summary|description|observations?|version|rewrite|rewording)"
_NEW = (
    r"(?:new|proposed|improved|final|revised|updated|optimi[sz]ed|rewritten|better|suggested|refined|"
    r"enhanced|recommended|reworded|rephrased|system|clear|clearer|concise)"
)
_LABEL = (
    rf"(?:(?:the|my|an?|your)\s+)?(?:{_NEW},?\s+){{0,3}}{_WHAT}"
    r"(?:\s+(?:for|of (?:the )?(?:data|dataset|program|module|task|examples))\b[^\n:]{0,60})?"
    r"(?:\s*\([^)\n]{1,40}\))?"
)
MOST_TAGS = 100
"""In a text of which tags may hold the instruction."""
LONGEST_PREFACE = 6000
"""Characters in which a model may think aloud before it says what was asked for."""
_MARK = r"[*_#>\"'“`\s]{0,8}"
_SURE = (
    r"(?:(?:sure|certainly|of course|absolutely|okay|ok|great|understood|got it|yes)"
    r"(?: thing)?[!,.:]?\s+){0,2}"
)
_HERE = r"(?:here(?:'s|’s| is| are)|below is|this is|the following is)"
_MADE = (
    r"i(?:'ve|’ve| have|'d|’d| would)? (?:\w+ )?"
    r"(?:written|rewritten|improved|revised|updated|created|made|refined|suggest|propose|recommend|write)"
)
_OF = r"(?:version|rewrite|rewording|instructions?|prompts?)"
_HERE_ELSEWHERE = (
    r"(?:aquí|aqui|hier|voici|ecco|вот|以下|下面|这是|こちら|以下は|다음은)(?=[^\n:：]{0,60}"
    r"(?:instruc|instruk|anweisung|istruzion|instru[çc]|consigne|инструкци|промпт|prompt|"
    r"指令|提示|指示|プロンプト|지시|프롬프트))"
)
_INTRODUCED = re.compile(
    rf"{_MARK}{_SURE}(?:(?:[^\n:.!?]{{0,120}},\s+)?(?:{_HERE}|{_MADE})\b"
    rf"[^\n:]{{0,160}}\b(?:instructions?|prompts?|version|rewrite|rewording|{_NEW} sentence)\b"
    rf"[^\n:]{{0,120}}|here (?:you go|it is)"
    rf"|{_HERE}\s+{_LABEL}|{_LABEL}(?:\s+(?:is|could be|would be))?|in other words)"
    r"[*_\"'“`]{0,3}(?:\s*[:：→]|\s+[-–—]\s)[*_]{0,3}\s*"
    r"|[*_\s]{0,6}(?:revised|rewritten|improved|reworded|rephrased|refined)[*_]{0,2}:[*_]{0,2}\s+"
    rf"|{_MARK}{_SURE}(?:{_HERE}|{_MADE})\b[^\n:.!?]{{0,60}}(?:as follows:|{_OF}[.:])[ \t]*\n\s*"
    rf"|{_MARK}(?:{_HERE_ELSEWHERE})[^\n:：]{{0,60}}[:：][*_]{{0,3}}[ \t]*\n\s*",
    re.IGNORECASE,
)
"""A sentence before the instruction, or its label, up to the colon."""
_HEADING = re.compile(
    rf"\s*(?:#{{1,6}}\s+[^\n]{{0,60}}\b{_WHAT}\b[^\n]{{0,40}}|\*\*\s*{_LABEL}\s*\*\*|"
    rf"__\s*{_LABEL}\s*__|\[\s*{_LABEL}\s*\]|{_LABEL}[ \t]*\n[=-]{{3,}}|"
    r"(?:[*_]{2})?(?:final answer|answer|output|response|assistant)"
    r"(?:[*_]{2})?:(?:[*_]{2})?)[ \t]*(?:\n|$)",
    re.IGNORECASE,
)
_SURELY = re.compile(
    r"(?:\b(?:new|proposed|improved|final|revised|updated|optimi[sz]ed|rewritten|better|suggested|"
    r"refined|enhanced)\s+(?:system )?|\bfollowing )(?:instructions?|prompt)\b",
    re.IGNORECASE,
)
"""What a lead says of the instruction itself, which may then stand in the midst of a text."""
_ALOUD = re.compile(
    r"\W{0,6}(?:thoughts?|reasoning|analysis|rationale|thinking)\W{0,3}:", re.IGNORECASE
)
"""How a text begins that thinks aloud before its instruction."""
_OPTION = re.compile(
    r"^[#*_\s]{0,6}(?:option|version|alternative|variant|candidate)\s+(?:\d|[a-c])\b[^\n]{0,40}:",
    re.IGNORECASE | re.MULTILINE,
)
_ALONE = re.compile(
    r"(?:sure|certainly|of course|absolutely|okay|ok|great)[^\n:]{0,40}[!.]\s*\n", re.I
)
_OF_IT = r"(?:instructions?|prompts?|version|rewrite|rewording|revision)"
_REMARK = re.compile(
    r"[^\w\n]{0,8}(?:let me know|please let me|would you like me|i hope|hope th(?:is|at)\b|"
    r"thanks\b|thank you\b|is there anything|"
    r"(?:please )?feel free to (?:ask|adjust|modify|let|reach|tweak|change|customi|refine|edit)|"
    r"if you (?:need|want|would|have|'d|prefer)[^\n]{0,80}"
    r"(?:let me|instruction|adjust|questions|me to)|"
    r"i(?:'ve|’ve| have)? "
    r"(?:made|added|kept|tried|changed|focused|clarified|included|removed|simplified)|"
    rf"these changes|this (?:{_NEW} )?(?:instruction|version|rewrite|revision)\b|in this version|"
    rf"(?:this|the) {_NEW} {_OF_IT}\b|what(?:'s| has| i)? changed|"
    r"why this (?:works|is better|helps)|(?:changes made|(?:key|main) (?:changes|improvements)|"
    r"summary of changes|improvements made)\W*:|"
    rf"(?:note|explanation|rationale|reasoning|justification)\b[^\n]*(?:\b{_OF_IT}\b|\bi\b|['’]ve\b))",
    re.IGNORECASE,
)
"""A paragraph that speaks of the instruction, to whoever asked for it."""
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*$", re.MULTILINE)
_TAGGED = re.compile(
    rf"[<\[]\s*((?:{_NEW}[_ -]?){{0,2}}{_WHAT}|answer|output|result)\s*[>\]]"
    r"(.*?)[<\[]\s*/\s*\1\s*[>\]]",
    re.IGNORECASE | re.DOTALL,
)
"""An instruction may speak of such tags, too: they hold it where nothing else comes first."""
_KEYS = tuple(
    f"{new}{what}"
    for what in ("instruction", "prompt", "instructions")
    for new in ("", "new_", "improved_", "revised_", "final_", "updated_", "optimized_", "system_")
)
_OBJECT = re.compile(rf"\{{\s*[\"'](?:{'|'.join(_KEYS)})[\"']\s*:", re.IGNORECASE)
_QUOTES = (
    *((mark, mark) for mark in ('"""', "'''", "''", '"', "'", "`", "**", "*")),
    *(("「", "」"), ("“", "”"), ("«", "»")),
)


def not_taken(reply: str | Unfinished, text: str) -> Problem | None:
    """Why nothing is taken of a reply, of which `text` was found to be what was asked for."""
    if isinstance(reply, str):
        wrapped = reply.strip() and not text
        return problem("proposal.only_wrapping") if wrapped else None
    code = "proposal.cut_off" if is_cut_off(reply.finish) else "proposal.no_reply"
    return problem(code, finish=reply.finish)


def text_of(reply: str | Unfinished) -> str:
    """What a reply tells where half of it is of use, as a summary is; "" of a refusal."""
    if isinstance(reply, str):
        return without_thinking(reply)
    return without_thinking(reply.text) if is_cut_off(reply.finish) else ""


def clean(reply: str) -> str:
    """The text that was asked for, without what models put around it: thoughts, a sentence before
    it, a label, a heading, a fence, quotes, an object, a remark behind it. "" where there is none,
    or where it cannot be told which of several it is.
    """
    text = _unwrapped(without_thinking(reply))
    if _OPTION.match(text) and len(_OPTION.findall(text)) > 1:
        return ""  # which of them is meant nobody says
    lines = re.finditer(r"\n(?=\S)", text[:LONGEST_PREFACE])
    leads = [line.end() for line in lines if _introduces(text, line.end())]
    if leads:  # behind a preface; of two instructions none
        text = text[leads[0] :] if len(leads) == 1 else ""
    for _ in range(6):  # one wrapping in another
        inner = _unquoted(_without_lead(_without_remarks(text)))
        inner = _unwrapped(inner)
        if inner == text:
            break
        text = inner
    return text


def _introduces(text: str, place: int) -> bool:
    """Whether a line behind other words says beyond doubt that the instruction comes now."""
    lead = _HEADING.match(text, place) or _INTRODUCED.match(text, place)
    if lead is not None and _ALOUD.match(text):
        return re.search(r"\b(?:instructions?|prompt)\b", lead[0], re.IGNORECASE) is not None
    if lead is None or re.search(r"\bI\b", lead[0]):
        return False  # “I made the new instruction shorter: …” stands behind it
    return _SURELY.search(lead[0].strip()) is not None


def _unwrapped(text: str) -> str:
    """What stands in the only tag, object or fence that holds the whole answer."""
    tagged = _TAGGED.search(text) if text.count("<") + text.count("[") <= MOST_TAGS else None
    if tagged and _is_lead(text[: tagged.start()]):
        return "" if _TAGGED.search(text, tagged.end()) else tagged[2].strip()
    if _OBJECT.search(text):
        found = read_texts(_KEYS, text)
        return next(iter(found.values())).strip() if len(found) == 1 else text
    return _unfenced(text)


def _unfenced(text: str) -> str:
    """What stands in a fence with at most a sentence before it; a fence within an instruction, with
    a piece of code or JSON, stays.
    """
    fences = list(_FENCE.finditer(text))
    if not fences or not _is_lead(text[: fences[0].start()]):
        return text
    mark = fences[0][1]
    closing = [fence for fence in fences[1:] if fence[0].strip() == mark]
    if not closing or (len(closing) > 1 and not _nests(fences, mark)):
        return ""  # broken off, or one of several
    return text[fences[0].end() : closing[-1].start()].strip()


def _nests(fences: list[re.Match[str]], mark: str) -> bool:
    """Whether fences open with a language and close without one, so that the first holds all."""
    depth, ends = 0, 0
    for number, fence in enumerate(fences):
        bare = fence[0].strip() == mark
        depth += -1 if bare and number else 1
        ends += depth == 0
    return depth == 0 and ends == 1


def _is_lead(text: str) -> bool:
    """Whether nothing stands before a fence but words about what it holds."""
    return not text.strip() or not _without_lead(f"{text.strip()}\n")


def _without_lead(text: str) -> str:
    """A text without a sentence that introduces it, its heading and its label."""
    text = re.sub(r"^(?:\s*[-*_=]{3,}[ \t]*\n)+", "", text).strip()
    sure = _ALONE.match(text)
    if sure:
        return text[sure.end() :].strip()
    heading = _HEADING.match(text)
    if heading:
        return text[heading.end() :].strip()
    lead = _INTRODUCED.match(text)
    if lead:
        rest = text[lead.end() :]
        bold = lead[0].rstrip().endswith(":") and lead[0].count("**") % 2 == 1 and rest[:2] == "**"
        return (rest[2:] if bold else rest).strip()
    return text


def _without_remarks(text: str) -> str:
    """A text without the paragraphs behind it that speak of it, to the reader."""
    parts = re.split(r"\n[ \t]*\n", text)
    for number, whole in enumerate(parts[1:], 1):
        part = re.sub(r"^(?:\s*[-*_=]{3,}[ \t]*\n)+", "", whole)
        if _REMARK.match(part):
            parts = parts[:number]
            break
    while len(parts) > 1 and re.fullmatch(r"\s*[-*_=]{3,}\s*", parts[-1]):
        parts.pop()
    return re.sub(r"\n[ \t]*[-*_=]{3,}\s*$", "", "\n\n".join(parts)).strip()


def _unquoted(text: str) -> str:
    lines = text.split("\n")
    if len(text) > 1 and all(line.startswith(">") for line in lines):
        return "\n".join(line[1:].removeprefix(" ") for line in lines).strip()
    for left, right in _QUOTES:
        inner = text[len(left) : -len(right)]
        around = len(text) > 2 * len(left) and text.startswith(left) and text.endswith(right)
        if around and left not in inner and right not in inner:
            return inner.strip()
    return text
