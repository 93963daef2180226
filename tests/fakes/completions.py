"""Whole replies in the format of the API that a request's path belongs to."""

from __future__ import annotations

from typing import Any

from tests.fakes.meanings import numbers_for

Body = dict[str, Any]


def said_in(path: str, body: Body) -> str:
    """The last message of a request, whatever its format."""
    if path.endswith("generateContent"):
        return str(body["contents"][-1]["parts"][-1]["text"])
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else str(content[-1]["text"])


def completion(
    path: str,
    model: str,
    text: object,
    *,
    finish: str = "stop",
    tokens: tuple[object, object] | None = (10, 5),
) -> Body:
    """`text`, which may be no text at all; `tokens` of the prompt and of the reply, if told."""
    if path.endswith("/messages"):
        return _anthropic(model, text, finish, tokens)
    if path.endswith("generateContent"):
        return _gemini(model, text, finish, tokens)
    return _openai(model, text, finish, tokens)


def empty(path: str, model: str) -> Body:
    """A reply without anything said: no choice, no block, no candidate."""
    whole = completion(path, model, "")
    for name in ("choices", "content", "candidates"):
        if name in whole:
            whole[name] = []
    return whole


def _openai(model: str, text: object, finish: str, tokens: tuple[object, object] | None) -> Body:
    message = {"role": "assistant", "content": text}
    found: Body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "service_tier": "default",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
    }
    if tokens is not None:
        prompt, reply = tokens
        found["usage"] = {"prompt_tokens": prompt, "completion_tokens": reply}
        if isinstance(prompt, int) and isinstance(reply, int):
            found["usage"]["total_tokens"] = prompt + reply
    return found


def _anthropic(model: str, text: object, finish: str, tokens: tuple[object, object] | None) -> Body:
    stop = {"stop": "end_turn", "length": "max_tokens"}.get(finish, finish)
    found: Body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "stop_sequence": None,
    }
    if tokens is not None:
        found["usage"] = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    return found


def _gemini(model: str, text: object, finish: str, tokens: tuple[object, object] | None) -> Body:
    stop = {"stop": "STOP", "length": "MAX_TOKENS"}.get(finish, finish)
    content = {"role": "model", "parts": [{"text": text}]}
    found: Body = {
        "candidates": [{"content": content, "finishReason": stop, "index": 0}],
        "modelVersion": model,
    }
    if tokens is not None:
        found["usageMetadata"] = {
            "promptTokenCount": tokens[0],
            "candidatesTokenCount": tokens[1],
        }
    return found


def embeddings(body: Body) -> Body:
    """A vector for each text, the last one first: the index counts."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [
        {"object": "embedding", "index": index, "embedding": numbers_for(text)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(len(text) // 4 + 1 for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": body.get("model"), "data": data[::-1], "usage": usage}
