"""A file's characters are read as they were meant, or can be read otherwise. No database."""

from __future__ import annotations

import io

import pytest

from optimizer.datasets.encodings import CHOICES, find_encoding
from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Options
from tests.fakes.telling import all_told, places, refused

TEXTS = {
    "cp1253": (
        "message,label\nκαλημέρα,ham\nγεια,spam\n", "Όνομα,Πόλη\nΓιώργος,Αθήνα\n",
        "ερώτηση,απάντηση\nναι,όχι\n",
    ),
    "cp1251": ("вопрос,ответ\nда,нет\n", "a,b\nЗаказ не пришел уже три дня,жалоба\n"),
    "koi8_r": ("вопрос,ответ\nда,нет\n", "a,b\nсколько стоит доставка,триста рублей\n"),
    "iso8859_5": ("вопрос,ответ\nсколько стоит доставка,триста рублей\n",),
    "cp866": ("вопрос,ответ\nЗаказ не пришел уже три дня,жалоба\n",),
    "iso2022_jp": ("質問,答え\n何時に開きますか,九時\n",),
    "utf-16-le": ("вопрос,ответ\nсколько стоит,триста\nда или нет,нет\n\nода ещё,раз\nи,ещё\n",),
    "utf-16-be": ("ερώτηση,απάντηση\nναι ή όχι τώρα,όχι\nκαι αυτό εδώ,ναι\nένα,δύο\n",),
    "cp1255": ("שאלה,תשובה\nמתי אתם פתוחים,מתשע עד חמש\nכמה עולה המשלוח,שלושים שקל\n",),
    "cp1256": ("text,label\nمرحبا بالعالم,ham\nكيف حالك اليوم,spam\n",),
    "cp874": ("a,b\nสินค้ามาช้า,ร้องเรียน\nขอบคุณครับ,ชม\n",),
    "cp1252": (
        "a,b\nthéâtre français,être né\n", "Name;Straße\nMüller;Königsallee\n", "t\n20°\n",
        "a,b\nIt’s “fine” – really…,£20 or €30\n", "q,a\n¿Dónde está?,aquí\n", "a,b\nx,½\n",
        "©,b\n1,2\n",
        "nome,cidade\nJoão,São Paulo\n", "id,x\n1,Ærø Øresund blåbær\n",
    ),
    "cp1250": ("text,label\npříliš žluťoučký kůň,ham\n", "q,a\nczy działa ciężko,tak źle\n"),
    "cp1254": ("a,b\nkargo ne zaman gelir,teşekkürler\nürün kırık çıktı,şikâyet\n",),
    "cp932": ("質問,答え\nこんにちは、元気ですか,はい\n", "名前,都市\n田中,東京\n鈴木,大阪\n"),
    "euc_jp": ("質問,答え\n何時に開きますか,九時\n",),
    "gb18030": ("问题,答案\n你们几点开门,早上九点\n包裹还没有到,投诉\n",),
    "big5": ("問題,答案\n你們幾點開門,早上九點\n包裹還沒有到,投訴\n",),
    "euc_kr": ("질문,답\n몇 시에 문을 여나요,아홉 시\n",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "text"), [(encoding, text) for encoding in TEXTS for text in TEXTS[encoding]]
)
def test_a_text_of_any_script_is_read_as_it_was_written(encoding: str, text: str) -> None:
    content = text.encode(encoding)
    assert content.decode(find_encoding(io.BytesIO(content))) == text


def test_a_few_null_bytes_are_no_sign_of_two_bytes_a_character() -> None:
    content = b"text,label\n" + b"plain text,ham\n" * 40 + b"a\x00b,spam\n" * 3
    assert find_encoding(io.BytesIO(content)) == "utf-8"


def test_letters_that_come_late_in_a_large_file_tell_its_encoding() -> None:
    text = "text,label\n" + "plain,ham\n" * 60_000 + "παράδοση αργή,spam\n"
    assert find_encoding(io.BytesIO(text.encode("cp1253"))) == "cp1253"


@pytest.mark.parametrize(
    ("content", "chosen"),
    [
        ("name,label\nä,1\n".encode("utf-8-sig"), "utf-8"),
        ("name,label\nä,1\n".encode(), "utf-8"),
        ("name,label\nä,1\n".encode("utf-16"), "utf-16"),
        ("\ufeffname,label\nä,1\n".encode("utf-16-be"), "utf-16"),
        ("name,label\nä,1\n".encode("utf-16-be"), "utf-16"),
        ("name,label\nä,1\n".encode("utf-16-le"), "utf-16"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_a_name_when_its_encoding_is_chosen(
    content: bytes, chosen: str
) -> None:
    table = read_table(io.BytesIO(content), "x.csv", Options(encoding=chosen))
    assert table.columns == ("name", "label")
    assert table.rows[0].cells == ("ä", "1")


def test_json_with_a_mark_is_read_when_utf_8_is_chosen() -> None:
    content = '{"a": 1}\n{"a": 2}\n'.encode("utf-8-sig")
    table = read_table(io.BytesIO(content), "x.jsonl", Options(encoding="utf-8"))
    assert [row.cells for row in table.rows] == [(1,), (2,)]


def test_a_mark_that_the_rest_does_not_keep_to_is_no_promise() -> None:
    content = b"\xef\xbb\xbfa,b\ncaf\xe9,1\n"
    assert read_table(io.BytesIO(content), "x.csv").rows[0].cells == ("café", "1")


@pytest.mark.parametrize("name", ["utf-7", "rot13", "utf8 ", "nonsense"])
def test_what_cannot_be_chosen_is_refused(name: str) -> None:
    with refused("is not an encoding that can be chosen here"):
        find_encoding(io.BytesIO("é".encode()), name)


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_can_be_made(name: str) -> None:
    assert "".encode(name) is not None
    assert find_encoding(io.BytesIO("a,b\n1,2\n".encode(name)), name)


@pytest.mark.parametrize("encoding", ["cp1253", "cp1252"])
def test_a_guess_is_told_as_one(encoding: str) -> None:
    content = TEXTS[encoding][0].encode(encoding)
    notes = all_told(read_table(io.BytesIO(content), "x.csv").notes)
    assert [note for note in notes if CHOICES[encoding] in note]


@pytest.mark.parametrize("chosen", ["", "utf-8"])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_broken_byte_costs_its_row_and_no_other(chosen: str, ending: str) -> None:
    rows = [f"größe {n}" for n in range(9)]
    lines = {
        "csv": ["message,label", *(f"{row},x" for row in rows)],
        "jsonl": [f'{{"message": "{row}", "label": "x"}}' for row in rows],
    }[ending]
    content = "\n".join(lines).encode().replace("größe 4".encode(), b"gr\xf6\xdfe 4")
    table = read_table(io.BytesIO(content), f"x.{ending}", Options(encoding=chosen))
    assert [row.cells[0] for row in table.rows] == [row for row in rows if row[-1] != "4"]
    place = "rows[6]" if ending == "csv" else "rows[5]"
    assert places(table.problems) == [(place, "has a byte that is no character")]


def test_a_file_that_is_cut_off_within_a_character_is_read_but_for_its_last_row() -> None:
    content = ("a,b\n" + "größe,x\n" * 9 + "länge,größ").encode()[:-1]
    table = read_table(io.BytesIO(content), "x.csv")
    assert (len(table.rows), len(table.problems)) == (9, 1)
