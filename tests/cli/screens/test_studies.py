import pytest

from handgrad.cli.screens.studies import StudyScreen, ending, is_result
from handgrad.studies.runner import Advanced, Died, Ended
from handgrad.studies.trials import Cell, Trial

CONFIG = {"dataset": {"name": "digits"}, "training": {"epochs": 4}}
CELL = Cell("a9", "max", Trial({"kind": "training", "seed": 0, "config": CONFIG}))


def outcome(status="done", **metrics):
    return {"status": status, "reason": "NaN.", "metrics": metrics, "seconds": 61.0}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (outcome(test_accuracy=0.5, epochs=4.0), "test accuracy 0.5000 (1:01)"),
        (outcome(parameters=203530.0), "parameters 203530 (1:01)"),
        (outcome("diverged"), "diverged. NaN."),
    ],
)
def test_how_a_trial_ended_in_words(given, words):
    assert ending(Ended(CELL, given)) == words


def test_a_lasting_line_for_each_end(capsys):
    screen = StudyScreen([CELL], quiet=False)
    screen.take(Advanced(CELL, 2))
    screen.take(Died(CELL, "signal SIGKILL"))
    screen.take(Ended(CELL, outcome(test_accuracy=0.5)))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a9 max, seed 0: its process died (signal SIGKILL); retrying.",
        "  1 of 1  a9 max, seed 0: test accuracy 0.5000 (1:01)",
    ]


def test_quiet_says_nothing(capsys):
    screen = StudyScreen([CELL], quiet=True)
    screen.take(Ended(CELL, outcome(test_accuracy=0.5)))
    assert capsys.readouterr() == ("", "")


def test_diverged_is_a_result_and_crashed_is_none():
    assert is_result(outcome("diverged"))
    assert not is_result(outcome("crashed"))
