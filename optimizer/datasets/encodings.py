"""Which character encoding a file is in. A person can always choose another one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from optimizer.core.problems import Refused
from optimizer.datasets.table import FILE

CHUNK = 1 << 16
SAMPLE = 1 << 18
BROKEN_BYTES = "surrogateescape"
"""How bytes that are no character are decoded: as halves of one, which no row may have."""
LEAST_ZEROS = 8  # bytes, all on one side, that a text in UTF-16 has
TELLING = 4096  # bytes of words that are not ASCII, which are enough to guess by

CHOICES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "iso8859_5": "Cyrillic (ISO-8859-5)",
    "cp866": "Cyrillic (DOS, CP866)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp874": "Thai (Windows-874)",
    "cp932": "Japanese (Shift_JIS, CP932)",
    "euc_jp": "Japanese (EUC-JP)",
    "iso2022_jp": "Japanese (ISO-2022-JP)",
    "gb18030": "Chinese (GB18030)",
    "big5": "Chinese (Big5)",
    "euc_kr": "Korean (EUC-KR)",
}
_WESTERN = "cp1252"
_LATIN = (_WESTERN, "cp1250", "cp1254")
_SEVEN_BITS = "iso2022_jp"
_OTHER_SCRIPTS = tuple(
    name for name in CHOICES if name not in ("utf-8", "utf-16", _SEVEN_BITS, *_LATIN)
)
_ESCAPES = re.compile(rb"\x1b\$[@B]|\x1b\(J")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def find_encoding(file: BinaryIO, chosen: str = "") -> str:
    """How to decode the whole file, a byte order mark left out; the file is rewound.

    Args:
        chosen: what a person says that it is, a name of CHOICES; "" to find it out.

    Raises:
        Refused: it is empty, or not a text, or not in the encoding that was chosen.
    """
    start = file.read(SAMPLE)
    file.seek(0)
    if len(start) < SAMPLE and not start.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Refused.because("table.empty", FILE)
    told = _told_by(start)
    if chosen:
        return _as_chosen(file, chosen, told)
    for name in filter(None, (told, "utf-8")):
        if _decodes(file, name):
            return name
    if _is_nearly_utf_8(file):
        return "utf-8"
    if _control_share(start) > 0.02:
        raise Refused.because("table.not_text", FILE)
    return next(name for name in (*_guesses(file), _WESTERN, "latin-1") if _decodes(file, name))


def _as_chosen(file: BinaryIO, name: str, told: str) -> str:
    if name not in CHOICES:
        raise Refused.because("table.no_such_encoding", FILE, name=name)
    codec = told if told.startswith(name) else name  # with its mark, or its byte order
    if not _decodes(file, codec) and not (name == "utf-8" and _is_nearly_utf_8(file)):
        raise Refused.because("table.other_encoding", FILE, encoding=CHOICES[name])
    return codec


def is_a_guess(encoding: str) -> bool:
    """Whether another encoding may be the right one: nothing in the file tells it."""
    return not encoding.startswith("utf") and encoding != _SEVEN_BITS


def _told_by(start: bytes) -> str:
    """The encoding that a byte order mark tells, or zeros in every second byte; "" for none."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if start.isascii() and _ESCAPES.search(start):
        return _SEVEN_BITS
    return _utf_16_of(start)


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, UnicodeError):
        return False
    finally:
        file.seek(0)
    return True


def _is_nearly_utf_8(file: BinaryIO) -> bool:
    """Whether only a few bytes are broken: they cost their rows (BROKEN_BYTES), not all others."""
    decoder = codecs.getincrementaldecoder("utf-8")(BROKEN_BYTES)
    good = broken = 0
    chunk = b"-"
    while chunk:
        chunk = file.read(CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii():
            bad = sum("\udc80" <= character <= "\udcff" for character in text)
            good += sum(character > "\x7f" for character in text) - bad
            broken += bad
    file.seek(0)
    return good >= 4 * broken > 0


def _utf_16_of(start: bytes) -> str:
    """Without a mark: nearly every second byte of a mostly Latin text is zero; of other alphabets,
    the spaces and line ends have all their zeros on one side.
    """
    even, odd = start[0:4096:2], start[1:4096:2]
    if len(odd) < 4:
        return ""
    zeros = even.count(0), odd.count(0)
    shares = sorted([zeros[0] / len(even), zeros[1] / len(odd)])
    mostly_latin = shares[1] > 0.7 and shares[0] < 0.1
    one_side = min(zeros) == 0 and max(zeros) >= LEAST_ZEROS and shares[1] > 0.03
    if not mostly_latin and not one_side:
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _control_share(start: bytes) -> float:
    return sum(byte < 32 and byte not in b"\t\n\r\x0c\x1a\x1b" for byte in start) / len(start)


def _guesses(file: BinaryIO) -> list[str]:
    """Encodings that the words which are not ASCII may be in, likeliest first."""
    from charset_normalizer import from_bytes  # most files are UTF-8 and need none

    words = list(_telling_words(file))
    high = sum(len(_HIGH.findall(word)) for word in words)
    foreign = high > 0.6 * sum(map(len, words)) and any(len(_HIGH.findall(w)) > 1 for w in words)
    if not foreign:  # a sign that stands alone, like © or ½, is no word of a language
        words = [word for word in words if re.search(rb"[A-Za-z]", word)]
    text = b" ".join(words)
    if not text:
        return []
    text = b" ".join([text] * -(-400 // len(text)))  # too little is not judged
    group = _OTHER_SCRIPTS if foreign else _LATIN
    found = from_bytes(text, cp_isolation=list(group), threshold=0.6)
    matches = {match.encoding: (match.chaos, match.coherence) for match in found}
    names = list(matches)
    return names if foreign or not names else [_western_first(text, matches), *names]


def _western_first(text: bytes, matches: dict[str, tuple[float, float]]) -> str:
    """Western European, unless another Latin alphabet is clearly likelier."""
    best = next(iter(matches))
    try:
        alike = text.decode(_WESTERN) == text.decode(best)
    except UnicodeDecodeError:
        return best
    if alike:
        return _WESTERN
    if _WESTERN not in matches:
        return best
    (chaos, coherence), (own_chaos, own_coherence) = matches[best], matches[_WESTERN]
    clear = chaos < own_chaos - 0.05 or coherence > own_coherence + 0.1
    return best if clear else _WESTERN


_HIGH = re.compile(rb"[\x80-\xff]")


def _telling_words(file: BinaryIO) -> Iterator[bytes]:
    """The file's first words with bytes that are not ASCII, TELLING bytes of them; rewinds it.

    No byte below 0x40 is a part of a character in any of the encodings.
    """
    seen, rest = 0, b""
    while seen < TELLING and (chunk := file.read(CHUNK)):
        *words, rest = re.split(rb"[\x00-\x3f]+", rest + chunk)
        rest = rest[:TELLING]
        for word in words:
            if seen < TELLING and _HIGH.search(word):
                seen += len(word)
                yield word[:TELLING]
    if seen < TELLING and _HIGH.search(rest):
        yield rest
    file.seek(0)
