import pytest

from handgrad.cli.main import run


def test_the_options_reach_the_server(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(
        "handgrad.web.serve.serve",
        lambda runs, port, *, is_opened, say: calls.append((runs, port, is_opened)),
    )
    assert run(["ui"]) == 0
    assert run(["ui", "--port", "8000", "--no-open", "--runs", str(tmp_path)]) == 0
    assert [(str(runs), port, is_opened) for runs, port, is_opened in calls] == [
        ("runs", None, True),
        (str(tmp_path), 8000, False),
    ]


@pytest.mark.parametrize("words", [["--port", "0"], ["--port", "x"], ["--runs", "a\0"]])
def test_a_wrong_option_is_a_sentence(words, capsys):
    assert run(["ui", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("words", [["--runs", __file__], ["--runs", "/proc/nope"]])
def test_runs_that_are_no_folder_are_refused_before_the_address(words, capsys):
    assert run(["ui", "--no-open", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


def test_a_port_that_is_too_large_is_one_sentence(capsys, tmp_path):
    words = ["ui", "--no-open", "--runs", str(tmp_path), "--port", "99999999"]
    assert run(words) == 2
    assert ".." not in capsys.readouterr().err
