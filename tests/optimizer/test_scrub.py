"""No key is in any message, however it is spelt, masked or cut; and words stay what they are."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import time
from collections.abc import Callable
from string import ascii_letters, digits
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from optimizer.lm.scrub import HIDDEN, Scrubber, ScrubbingFormatter, remember
from optimizer.lm.spellings import FRAGMENT

KEY = "sk-proj-Ab3/x+Y=9_canary.Zz~17!q"
KEYS = st.text(ascii_letters + digits + "-_./+=~!$&'\"<>:;,", min_size=FRAGMENT, max_size=90)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "in a URL": quote,
    "in a URL, whole": lambda key: quote(key, safe=""),
    "in a form": quote_plus,
    "percent, every character": lambda key: "".join(f"%{ord(c):02x}" for c in key),
    "twice in a URL": lambda key: quote(quote(key, safe=""), safe=""),
    "JSON": json.dumps,
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)),
    "JSON with slashes escaped": lambda key: json.dumps(key).replace("/", "\\/"),
    "JSON, every character": lambda key: "".join(f"\\u{ord(c):04X}" for c in key),
    "Python": repr,
    "Python, every character": lambda key: "".join(f"\\x{ord(c):02x}" for c in key),
    "HTML": html.escape,
    "HTML, every character": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "HTML, in hexadecimal": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "HTML in JSON in a URL": lambda key: quote(json.dumps(html.escape(key))),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of an address": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "basic auth": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "basic auth of u": lambda key: base64.b64encode(f"u:{key}@".encode()).decode(),
    "MIME": lambda key: base64.encodebytes(b"me:" + key.encode() * 3).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "upper case": str.upper,
    "lower case": str.lower,
    "backwards": lambda key: key[::-1],
    "over lines": lambda key: "\n  ".join(re.findall("(?s).{1,5}", key)),
    "spaced out": " ".join,
    "with invisible characters": "\u200b".join,
    "with NULs": "\0".join,
    "twelve characters": lambda key: key[:12],
    "without its end": lambda key: key[: max(12, len(key) - 5)],
    "without its beginning": lambda key: key[-max(12, len(key) - 5) :],
    "quoted and cut": lambda key: json.dumps(key[:12])[:-1],
    "twice": lambda key: key + key,
}


def tells(cleaned: str, key: str, spelt: str) -> bool:
    """Whether twelve characters of the key, or half of its spelling, are still to be read."""
    flat = re.sub(r"\s", "", cleaned).casefold()
    parts = [key[i : i + FRAGMENT].casefold() for i in range(len(key) - FRAGMENT + 1)]
    half = re.sub(r"\s", "", spelt).casefold()[: max(len(spelt) // 2, 10)]
    return half in flat or any(part in flat for part in parts)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_known_key_is_taken_out_however_it_is_spelt(spelling: Callable[[str], str]) -> None:
    @given(KEYS, WORDS, WORDS)
    def holds(key: str, before: str, after: str) -> None:
        spelt = spelling(key)
        assume(not tells(f"{before}{after}", key, spelt))
        cleaned = Scrubber(key).clean(f"{before} {spelt} {after}")
        assert not tells(cleaned, key, spelt)
        assert HIDDEN in cleaned

    holds()
    for key in (KEY, 'one\\two"three/four\\five%six&seven'):
        assert HIDDEN in Scrubber(key).clean(f"wrong key “{spelling(key)}”, sorry")


@pytest.mark.parametrize(
    "spelling",
    [s for name, s in SPELLINGS.items() if name != "without its beginning"],
    ids=[name for name in SPELLINGS if name != "without its beginning"],
)
def test_a_key_at_the_place_where_words_are_cut_is_taken_out_before(
    spelling: Callable[[str], str],
) -> None:
    spelt = spelling(KEY)
    for start in range(200 - len(spelt), 200):
        cleaned = Scrubber(KEY).clean(
            "." + "word " * (start // 5) + "x" * (start % 5) + " " + spelt, 200
        )
        assert not tells(cleaned, KEY, spelt), start


@pytest.mark.parametrize(
    "echo",
    ["sk-proj-******************17!q", "sk-proj-Ab3...7!q", "sk-…17!q", "sk-pro•••••",
     "••••Zz~17!q", "sk-proj-[hidden]17!q", "sk-proj-Ab<redacted>", "sk-projxxxxxxxxxxxx17!q",
     "sk-p . . . 17!q"],
)  # fmt: skip
def test_what_is_left_of_a_known_key_beside_a_mask_goes_with_it(echo: str) -> None:
    cleaned = Scrubber(KEY).clean(f"The key {echo} is wrong.")
    assert cleaned == f"The key {HIDDEN} is wrong."


@pytest.mark.parametrize("key", ["a", "EMPTY", "1234567", "12345678", "lm-studio", "no-key-here"])
def test_a_short_key_is_taken_out_where_it_stands(key: str) -> None:
    for spelt in (key, f"Bearer {key}", f'"{key}"', f"?key={key}&", f"'{key}'", f"({key})."):
        cleaned = Scrubber(key).clean(f"wrong: {spelt}")
        assert not re.search(rf"(?<![A-Za-z]){re.escape(key)}(?![A-Za-z])", cleaned), cleaned
        assert HIDDEN in cleaned


def test_a_short_key_is_not_taken_out_of_the_midst_of_words() -> None:
    assert Scrubber("test", "a").clean("The latest testing failed") == "The latest testing failed"


@pytest.mark.parametrize(
    "text",
    ["sk-proj-abcdefgh12345678", "Bearer abcdefgh12345678", "?key=AIzaSyA1234567890abcdefghijk",
     "api_key='abcdefgh12345678'", "Basic abcdefghMTIzNDU2Nzg=", "sk-abcdefgh...wxyz",
     "sk-abcdefgh…wxyz", "sk-abcdefgh********wxyz", "sk_live_abcdefgh1234"],
)  # fmt: skip
def test_what_looks_like_a_key_is_taken_out_although_nobody_knows_it(text: str) -> None:
    cleaned = Scrubber().clean(f"the provider says {text} is wrong")
    assert "abcdefgh" not in cleaned
    assert "wxyz" not in cleaned
    assert cleaned.startswith("the provider says")
    assert cleaned.endswith("is wrong")


@pytest.mark.parametrize(
    "text",
    [
        "This model's maximum context length is 8192 tokens... Please shorten it.",
        "Rate limit reached for gpt-4o-mini in organization org-1: limit 3 / min, retry in 20s.",
        "Provider List: https://docs.litellm.ai/docs/providers?x=%20y&amp;z \\u00e9 [1] <b>",
        'http://127.0.0.1:8080/v1 answered 500: {"error": "xxx"} *** …',
    ],
)
def test_words_without_a_key_stay_as_they_are(text: str) -> None:
    assert Scrubber(KEY, "EMPTY").clean(text) == text


@given(WORDS, KEYS)
def test_a_text_without_any_part_of_a_key_is_left_alone(text: str, key: str) -> None:
    if not any(key[i : i + 6].casefold() in text.casefold() for i in range(len(key) - 5)):
        assert Scrubber(key).without_keys(text) == text


def test_long_words_of_providers_are_cut_and_put_on_one_line() -> None:
    cleaned = Scrubber().clean("words \n" * 400)
    assert len(cleaned) == 500
    assert "\n" not in cleaned


def test_a_reply_loses_a_long_key_and_nothing_else() -> None:
    scrub = Scrubber(KEY, "EMPTY")
    reply = '{"label": "EMPTY",\n "why": "' + json.dumps(KEY)[1:-1] + '", "x": "sk-...wxyz"}'
    assert json.loads(scrub.without_keys(reply)) == {
        "label": "EMPTY", "why": HIDDEN, "x": "sk-...wxyz",
    }  # fmt: skip


def test_no_log_line_and_no_traceback_tells_a_key() -> None:
    remember("CANARY/in-the-logs-1234")
    form = ScrubbingFormatter("{levelname} {message}", style="{")
    try:
        raise ValueError("bad header Bearer CANARY/in-the-logs-1234")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "x", logging.ERROR, "x.py", 1, "failed: %s", (quote("CANARY/in-the-logs-1234", ""),), told
    )
    said = form.format(record)
    assert "CANARY" not in said
    assert said.count("\n") > 2
    assert said.startswith(f"ERROR failed: {HIDDEN}")


@pytest.mark.parametrize("unit", [KEY[:11], KEY[:6], "..", "\\u0073k-", "%25", "&amp;", "[", "<"])
def test_a_provider_that_knows_how_keys_are_found_gains_no_time(unit: str) -> None:
    """Work grows with the text, not with its square."""
    scrub, started = Scrubber(KEY), time.perf_counter()
    scrub.clean(unit * 2_000_000)
    scrub.without_keys(unit * (200_000 // len(unit)))
    assert time.perf_counter() - started < 10.0
