import io
import json
import sys

import pytest

from handgrad.cli.screens.console import (
    console,
    finite,
    say,
    say_json,
    say_lines,
    show,
    show_parts,
    table,
)
from handgrad.cli.screens.loading import loading
from handgrad.cli.screens.progress import TrainingScreen
from handgrad.inspection import Table
from handgrad.training.records import StepRecord


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


class Terminal(io.StringIO):
    def isatty(self):
        return True


def table_of(cell, head="name"):
    shown = table(head)
    shown.add_row(cell)
    return shown


def test_a_terminal_gets_a_bold_heading_and_nothing_of_a_name(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    show(table_of("a\x1b[31m", "b\x1b[32m"))
    heading, row = screen.getvalue().splitlines()
    assert heading == "\x1b[1mb\\x1b[32m\x1b[0m"
    assert row == "a\\x1b[31m"


@pytest.mark.parametrize("value", ["1", "3", "true"])
@pytest.mark.parametrize(
    "variable", ["FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE"]
)
def test_a_file_holds_no_codes_whatever_is_forced(monkeypatch, capsys, variable, value):
    monkeypatch.setenv(variable, value)
    show(table_of("cat"))
    screen = TrainingScreen(epochs=1, steps=2)
    with screen, loading() as report:
        report("reading", 1, 2)
        screen.show(StepRecord(1, 1, 1.0, 1, 2, 0.1, None, 0.5))
    out, err = capsys.readouterr()
    assert out == "name\ncat\n"
    assert "reading" in err
    assert "\x1b" not in err


def test_what_a_terminal_would_obey_is_written_out(capsys):
    console(stderr=True).print("a \x1b[31m name \u202e", soft_wrap=True)
    assert capsys.readouterr().err == "a \\x1b[31m name \\u202e\n"


def test_a_line_break_in_a_name_is_escaped(capsys):
    say("runs/a\nb")
    console(stderr=True).print("runs/a\nb")
    say_lines("one\ntwo\x1b")
    shown = capsys.readouterr()
    assert shown.out == "runs/a\\nb\none\ntwo\\x1b\n"
    assert shown.err == "runs/a\\nb\n"
