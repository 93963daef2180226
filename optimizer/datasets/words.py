"""What the names of columns say."""

from __future__ import annotations

import re

EXPECTED = {
    "annotation", "annotations", "answer", "answers", "category", "class", "completion", "correct",
    "expected", "explanation", "gold", "golden", "groundtruth", "gt", "ideal", "intent", "intents",
    "label", "labels", "output", "outputs", "plan", "rationale", "reasoning", "reference",
    "response", "sentiment", "solution", "supporting", "target", "targets", "truth", "verdict",
    "antwort", "respuesta", "réponse", "resposta", "risposta", "ответ", "答案", "答え", "정답",
}  # fmt: skip
INPUT = {
    "abstract", "article", "body", "claim", "comment", "content", "context", "conversation",
    "dialog", "dialogue", "document", "documents", "email", "headline", "hypothesis", "input",
    "inputs", "message", "messages", "paragraph", "passage", "passages", "premise", "problem",
    "prompt", "query", "question", "questions", "review", "sentence", "sentences", "source", "text",
    "texts", "transcript", "tweet", "utterance",
}  # fmt: skip
EITHER = {
    "completion",
    "output",
    "outputs",
    "reference",
    "response",
    "solution",
    "target",
    "targets",
}
ABOUT = {
    "difficulty", "fold", "hops", "level", "origin", "source", "subtask", "task", "type",
}  # fmt: skip
"""What a row is, and not what is asked or answered: the last word of a name."""
ID = {"guid", "hash", "id", "idx", "index", "key", "uid", "url", "uuid"}
SPLIT = {"split", "fold", "subset", "partition", "set"}

LONGEST = 200
"""Characters of a name; what is longer is a text, which is not looked through."""
_WORD = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(name: str) -> list[str]:
    """`expectedOutput`, `expected_output` and `Expected output` → expected, output."""
    return [word.lower() for word in _WORD.findall(_HUMP.sub(" ", name))]


def sounds_expected(name: str) -> bool:
    words = words_of(name)
    steps = len(words) > 1 and words[0] == "sub" and words[-1] in INPUT  # of a question: its plan
    return steps or not EXPECTED.isdisjoint(words) or name.strip().lower() == "y"


def sounds_like_metadata(name: str) -> bool:
    words = words_of(name)
    return bool(words) and words[-1] in ABOUT


def is_called_metadata(name: str) -> bool:
    """Whether its name begins so: nothing else is meant by it."""
    return words_of(name)[:1] in (["metadata"], ["meta"])


def sounds_like_either(name: str) -> bool:
    """Whether it may be an answer, or what others are about, like a response that is judged."""
    return set(words_of(name)) & EXPECTED <= EITHER


def sounds_like_input(name: str) -> bool:
    """By the last word, which says what it is: a question_type is no question."""
    words = [word for word in words_of(name) if not word.isdigit()]
    return bool(words) and words[-1] in INPUT


def sounds_like_id(name: str) -> bool:
    words = words_of(name)
    return bool(words) and words[-1] in ID


def sounds_like_a_field(name: str) -> bool:
    """Whether a short text is such a name, and not a sentence in which the word stands."""
    words = words_of(name) if 1 < len(name) <= LONGEST else []
    return 0 < len(words) <= 3 and (sounds_expected(name) or sounds_like_input(name))
