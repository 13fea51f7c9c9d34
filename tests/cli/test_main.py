import os
import subprocess
import sys

import pytest
import typer

from handgrad import __version__
from handgrad.cli import main
from handgrad.errors import NonFiniteError

SLOW_IMPORTS = {
    *("numpy", "sklearn", "numba", "matplotlib", "scipy", "torch", "PIL", "jinja2")
}


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


def test_help_names_every_command(handgrad):
    code, out, _ = handgrad("--help")
    assert code == 0
    for name in ["train", "evaluate", "predict", "check", "models", "summary", "data"]:
        assert name in out


def test_a_flag_s_help_names_no_type(handgrad):
    _, out, _ = handgrad("study run --help")
    lines = {line.split()[1]: line for line in out.splitlines() if "│ --" in line}
    assert len(lines) > 5
    for name in ("--quick", "--full", "--retry", "--quiet", "--json"):
        assert "bool" not in lines[name]


def texts_of(command, path="handgrad"):
    """Every help text of a command and of those in it, with where it stands."""
    yield path, command.help or ""
    for parameter in command.params:
        yield f"{path} {parameter.name}", getattr(parameter, "help", None) or ""
        yield f"{path} {parameter.name}", str(getattr(parameter, "show_default", ""))
    for name, inner in getattr(command, "commands", {}).items():
        yield from texts_of(inner, f"{path} {name}")


def test_no_help_text_holds_square_brackets_which_are_markup():
    texts = list(texts_of(typer.main.get_command(main.app)))
    assert len(texts) > 200
    assert [place for place, text in texts if "[" in text] == []


def test_without_words_it_shows_the_help(handgrad):
    assert "Usage" in "".join(handgrad("")[1:])


def test_a_group_without_a_command_names_its_commands(handgrad):
    code, _, err = handgrad("data")
    assert code == 2
    assert err.splitlines()[-1] == (
        "handgrad data needs a command: list, fetch, show, inspect. "
        "See: handgrad data --help"
    )


def test_the_version_is_the_package_s(handgrad):
    assert handgrad("--version") == (0, f"handgrad {__version__}\n", "")


def test_help_imports_nothing_heavy():
    done = python(
        "import sys\n"
        "from handgrad.cli.main import run\n"
        "code = run(['train', '--help'])\n"
        f"print('HEAVY', sorted({SLOW_IMPORTS!r} & set(sys.modules)), code)"
    )
    assert done.stdout.splitlines()[-1] == "HEAVY [] 0"


def test_unknown_commands_and_options_offer_the_nearest(refused):
    assert "Did you mean 'train'?" in refused("trian")
    assert "no option --epoch. Did you mean --epochs?" in refused("train --epoch 3")
    assert "handgrad data has no option --jsn" in refused("data --jsn")


def test_a_word_where_a_number_belongs_is_refused(refused):
    assert "'--epochs'" in refused("train --epochs many")


def test_a_missing_word_is_named(refused):
    assert "Missing argument" in refused("summary")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (NonFiniteError("Step 3: the loss\nis nan."), 4, "Step 3: the loss is nan.\n"),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
        (MemoryError(), 2, "Out of memory."),
        (PermissionError(13, "no", "/x"), 2, "/x cannot be used: permission denied"),
    ],
)
def test_errors_become_one_sentence_and_their_code(
    monkeypatch, capsys, error, code, words
):
    def fail(_):
        raise error

    monkeypatch.setattr(main, "_call", fail)
    assert main.run([]) == code
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith(words)
    assert written.err.count("\n") == 1


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    def fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr(main, "_call", fail)
    with pytest.raises(ZeroDivisionError):
        main.run([])


def test_a_reader_that_leaves_early_is_no_error():
    program = (
        "import sys; from handgrad.cli.main import main; "
        "sys.argv = ['handgrad', 'models']; main()"
    )
    done = subprocess.run(
        f"{sys.executable} -c {program!r} | true; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")


LEAVING = """
import atexit, sys
from handgrad.cli import main as program

class Kept:
    def __del__(self):
        print("taken apart")

kept, real = Kept(), program.run

def run():
    atexit.register(print, "cleaned up")
    return real(["--version"]) if sys.argv[1] == "good" else 1 / 0

program.run = run
program.main()
"""


def test_it_leaves_when_all_is_cleaned_up_and_takes_nothing_apart():
    done = left("good")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["cleaned up"]


def test_what_nobody_foresaw_is_reported_as_ever():
    done = left("bad")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stdout.splitlines() == ["cleaned up", "taken apart"]


def left(how):
    return subprocess.run(
        [sys.executable, "-c", LEAVING, how],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_itself_is_the_command():
    for words, code in ((["--version"], 0), (["trian"], 2)):
        command = [sys.executable, "-m", "handgrad", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert ("handgrad" if code == 0 else "Did you mean 'train'") in str(done)


@pytest.mark.parametrize(
    ("words", "after"),
    [
        (["train", "--run", ""], "--run"),
        (["train", "--run="], "--run"),
        (["train", "--resume", ""], "--resume"),
        (["train", "--data-dir", " "], "--data-dir"),
        (["train", ""], "train"),
        (["evaluate", ""], "evaluate"),
        (["predict", "here", ""], "here"),
        (["verify", ""], "verify"),
        (["sweep", ""], "sweep"),
        (["sweep", "s.toml", "--folder", "\t"], "--folder"),
        (["study", "report", "a", "--folder="], "--folder"),
        (["inspect", "flow", "--figure", ""], "--figure"),
        ([""], "handgrad"),
    ],
)
def test_an_empty_word_names_nothing(words, after, capsys):
    """As a path it would be the folder at hand."""
    assert main.run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"The value after {after} is empty, ")
    assert err.count("\n") == 1


def test_an_empty_part_of_a_setting_is_no_empty_word():
    main.check_arguments(["train", "--set", "hidden_sizes=", "--set=a=", "--quiet"])


def test_matplotlib_says_nothing_where_it_cannot_keep_anything(tmp_path):
    """A user without a home, and a folder of caches that is no absolute path."""
    named = {"HOME": os.devnull, "XDG_CACHE_HOME": "relative", "HANDGRAD_CACHE": ""}
    kept = {name: os.environ[name] for name in ("PATH",)}
    words = ["train", "softmax_regression", "--engine", "plain", "--epochs", "1", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "handgrad", *words, "--run", "run"],
        cwd=tmp_path,
        env=kept | named | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "figures" / "curves.png").is_file()
    assert not (tmp_path / "relative").exists()
