"""What a model says beside its thoughts, whichever way a provider or a template marks these.

It stands alone, on the standard library: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# ----------------------------------------------------------------------------------------------

INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_THINKING = (
    "think|thinking|thoughts?|thought_process|reason|reasoning|reflection|reflect|scratch_?pad|"
    "analysis|inner_?monologue|internal_?monologue|monologue|antthinking|deliberation|"
    "chain_of_thought|cot|rationale|(?:thinking|reasoning)_process|internal(?:_thoughts?)?|plan(?:ning)?"
)
THINKS = re.compile(_THINKING.replace("_?", "").replace("_", ""))
_OPENS = (
    r"<[|｜]\s*(?:begin|start)_(?:of_)?(?:thinking|thought)\s*[|｜]>"
    r"|<unused94>|<\|channel>\s*thought|<\|im_start\|>\s*think\b|^Thinking\.\.\.$"
)
_CLOSES = (
    r"<[|｜]\s*end_(?:of_)?(?:thinking|thought)\s*[|｜]>|<unused95>|<channel\|>"
    r"|<\|im_start\|>\s*answer\b|^\.\.\.done thinking\.$"
)
_THOUGHT = re.compile(
    r"(?:<[|｜]?|&lt;|◁|\[(?=/?(?:think|thinking|thought|reasoning)\]))\s*"
    r"(?P<close>/)?\s*(?:[\w-]+:)?"
    rf"(?P<name>{_THINKING})(?:\s[^<>]*?)?(?P<empty>/)?\s*(?:[|｜]?>|&gt;|▷|\])"
    rf"|{_OPENS}|(?P<closed>{_CLOSES})",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
_FENCED = re.compile(r"^```(?:think|thinking|thoughts?|reasoning)\n.*?^```$", re.I | re.M | re.S)
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(\w+)(?:[^<]|<\|constrain\|>)*<\|message\|>(.*?)(?=<\||\Z)", re.DOTALL
)
_TOKEN = re.compile(
    r"<[|｜][^<>|｜\n]{1,40}[|｜]>(?:\s*(?:assistant|model)\s*\n)?|</?s>|\[/?INST\]|\[EOS\]"
    r"|<(?:eos|bos|pad|end_of_turn|start_of_turn)>(?:model\n)?",
    re.IGNORECASE,
)


def without_thinking(text: str, own: Iterable[str] = ()) -> str:
    """What a model says after, before and between its thoughts, which stand in tags or channels.

    An opening tag that is missing makes all before the closing one a thought, a closing one that
    is missing all after the opening one. Tags named as one of `own` hold an output.
    """
    text = _final_channel(text)
    text = _FENCED.sub("", text) if text.count("```") < 50 else text
    names = {folded(name) for name in own}
    kept: list[str] = []
    place, thinking = 0, False
    for tag in _THOUGHT.finditer(text):
        if folded(tag["name"] or "") in names:
            continue
        if tag["close"] or tag["closed"]:
            kept = kept if thinking else []
            thinking, place = False, tag.end()
        elif not thinking:
            kept.append(text[place : tag.start()])
            thinking, place = not tag["empty"], tag.end()
    return _without_tokens("".join(kept if thinking else [*kept, text[place:]]))


def _final_channel(text: str) -> str:
    """What models say in the channel `final`, with the marks of channels or stripped of them."""
    parts = _CHANNEL.findall(text)
    if parts:
        return "".join([said for channel, said in parts if channel == "final"][-1:])
    if re.match(r"\s*analysis(?=[A-Z]|\S.*assistantfinal)", text, re.DOTALL):
        return text.rpartition("assistantfinal")[2] if "assistantfinal" in text else ""
    return text


def _without_tokens(text: str) -> str:
    """The first turn of a text without the marks of turns, and without what cannot be seen."""
    turns = (part.strip().strip(INVISIBLE).strip() for part in _TOKEN.split(text))
    return next(filter(None, turns), "")


def unfenced(text: str) -> str:
    """What stands in the fence that a whole text is."""
    fence = _FENCE.fullmatch(text)
    return fence[1].strip() if fence else text


def folded(text: str) -> str:
    """A name for comparing: without case, width, decoration and marks between its words."""
    return re.sub(r"[\s_*`\"'“”:-]+", "", unicodedata.normalize("NFKC", text).casefold())
