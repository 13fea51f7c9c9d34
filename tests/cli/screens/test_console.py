import json

from handgrad.cli.screens.console import (
    console,
    finite,
    say,
    say_json,
    show_parts,
    table,
)
from handgrad.inspection import Table


def test_json_is_one_line_and_numbers_that_are_not_finite_become_null(capsys):
    say_json({"loss": float("nan"), "rows": [(1, float("inf"))], "name": "größe"})
    written = capsys.readouterr().out
    assert written.count("\n") == 1
    assert json.loads(written) == {"loss": None, "rows": [[1, None]], "name": "größe"}


def test_other_values_stay_as_they_are():
    assert finite({"a": [1, 2.5, "x", None, True]}) == {"a": [1, 2.5, "x", None, True]}


def test_words_in_brackets_are_no_markup_and_colons_no_emoji(capsys):
    shown = table("name", "count", right=("count",))
    shown.add_row("[red]cat[/red] :cat:", "3")
    console().print(shown)
    assert "[red]cat[/red] :cat:" in capsys.readouterr().out


def test_a_long_line_is_not_folded(capsys):
    say("x" * 500)
    assert capsys.readouterr().out == "x" * 500 + "\n"


def test_a_table_in_a_pipe_carries_no_control_characters(capsys):
    shown = table("name")
    shown.add_row("cat")
    console().print(shown)
    assert "\x1b" not in capsys.readouterr().out


def test_a_table_of_text_is_printed_with_its_paragraphs(capsys):
    made = Table(
        ("class", "images"), (("[b]cat", "7"),), ("images",), ("Above.",), ("a\nb",)
    )
    show_parts(made)
    assert capsys.readouterr().out == (
        "Above.\n\nclass   images\n[b]cat       7\n\na\nb\n"
    )
    show_parts(Table(below=("one", "two")))
    assert capsys.readouterr().out == "one\n\ntwo\n"
