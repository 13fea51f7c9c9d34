import json
import os

import pytest

from handgrad.text import (
    composed,
    csv_of,
    decoded,
    in_file_name,
    in_markdown,
    nearly_equal,
    number_of,
    one_line,
    one_of,
    printable,
    printable_json,
    quoted,
    slug,
    some,
)

ODD = {
    "colour \x1b[31m": r"colour \x1b[31m",
    "bell\x07": r"bell\x07",
    "over\rwritten": r"over\rwritten",
    "turned \u202egnp.exe": r"turned \u202egnp.exe",
    "isolated \u2066x": r"isolated \u2066x",
    "no text \udcff": r"no text \xff",
    "no character \ud800": r"no character \ud800",
    "outside XML \ufffe": r"outside XML \ufffe",
    "C1 \x9b31m": r"C1 \x9b31m",
    "Grüße 数 $0_$50 <b>": "Grüße 数 $0_$50 <b>",
}


@pytest.mark.parametrize("text", ODD)
def test_what_a_terminal_would_obey_is_written_out(text):
    assert printable(text) == one_line(text) == ODD[text]


@pytest.mark.parametrize("name", ["../x", 'a"; b', "\n", "", "ä" * 199, "a" * 199])
def test_a_name_within_that_of_a_file_is_plain(name):
    assert in_file_name(name) in ("x", "a_b", "", "a" * 100)
    assert in_file_name("fashion_mnist-2") == "fashion_mnist-2"


def test_lines_stay_lines_unless_one_is_wanted():
    assert printable("a\n\tb") == "a\n\tb"
    assert one_line("a\n\tb") == r"a\n\tb"


@pytest.mark.parametrize(
    ("name", "expected"),
    [(b"cat", "cat"), ("Grüße".encode(), "Grüße"), (b"bad\xff\xfe", r"bad\xff\xfe")],
)
def test_names_of_any_bytes_are_text(name, expected):
    text = decoded(os.fsdecode(name))
    assert text == expected
    text.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("a|b", r"a\|b"),
        ("a\nb", r"a\\nb"),
        ("`x` *y* [z](u)", r"\`x\` \*y\* \[z\](u)"),
        ("learning_rate=0.1", "learning_rate=0.1"),
        ("R&D", "R&amp;D"),
    ],
)
def test_markdown_shows_what_is_there(text, expected):
    if text == "a\nb":
        expected = "a\\\\nb"
    assert in_markdown(text) == expected


@pytest.mark.parametrize("text", ["=1+1", "+1-1", "-1e", "@cmd", "\tx", "=HYPERLINK()"])
def test_no_word_is_a_formula(text):
    assert csv_of([[text]]).lstrip('"').startswith(f"'{text}")


@pytest.mark.parametrize("text", ODD)
def test_no_word_is_a_code(text):
    assert csv_of([["a", text]]) == f"a,{ODD[text]}\n"


@pytest.mark.parametrize("text", ["-1", "+1", "-0.5"])
def test_signed_numbers_stay_as_they_are(text):
    assert csv_of([[text]]) == f"{text}\n"


def test_numbers_are_numbers_and_nothing_is_empty():
    assert csv_of([["a", "b"], [-1.5, None], [-3, 'say "x", y']]) == (
        'a,b\n-1.5,\n-3,"say ""x"", y"\n'
    )


@pytest.mark.parametrize("text", [*ODD, "del \x7f", "new\nline"])
def test_json_stays_json_and_says_the_same(text):
    shown = printable_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(shown) == [text]
    assert printable(shown) == shown


def test_an_accent_apart_from_its_letter_is_composed():
    assert composed("cafe\u0301") == composed("caf\xe9") == "caf\xe9"
    assert composed("no text \udcff") == "no text \udcff"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 steps"), (1, "1 step"), (2000, "2,000 steps")]
)
def test_a_count_has_its_noun_in_the_right_number(count, said):
    assert number_of(count, "step") == said


def test_the_first_few_names():
    assert some(["a", "b"], 2) == "a, b"
    assert some(["a", "b", "c"], 2) == "a, b, ..."


def test_names_as_a_choice():
    assert one_of(["sgd"]) == "sgd"
    assert one_of(["sgd", "adam", "adamw"]) == "sgd, adam or adamw"


@pytest.mark.parametrize(
    ("name", "found"),
    [("My Birds, 2", "my-birds-2"), ("Vögel", "vogel"), ("鳥", ""), ("a__b", "a-b")],
)
def test_a_slug_has_letters_digits_and_hyphens(name, found):
    assert slug(name) == found


@pytest.mark.parametrize(
    "group",
    [
        ["Hat", "hat"],
        ["hat", "hat "],
        ["T shirt", "tshirt"],
        ["cafe\u0301", "caf\xe9"],
        ["hat", "hat\u200b"],
        ["STRASSE", "stra\xdfe"],
        ["Hat", "\uff28at"],
    ],
)
def test_names_that_hardly_differ_are_found_and_shown_apart(group):
    assert nearly_equal([*group, "shoe", "hats"]) == [sorted(group)]
    assert len({quoted(name) for name in group}) == 2
    assert all(quoted(name)[0] in "'\"" for name in group)


@pytest.mark.parametrize("names", [["a", "A"], ["1", "-1"], ["t-shirt", "tshirt"], []])
def test_letters_in_both_cases_and_other_names_differ(names):
    assert nearly_equal(names) == []
