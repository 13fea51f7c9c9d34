import inspect
from pathlib import Path

import pytest

from handgrad import errors
from handgrad.errors import (
    ConfigError,
    DatasetError,
    HandgradError,
    cannot_read,
    sentence,
    unknown_name,
)

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and not issubclass(kind, Warning)
]


def depth_of(kind):
    return kind.__mro__.index(HandgradError)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_ours_and_a_built_in_kind(kind):
    assert issubclass(kind, HandgradError)
    assert issubclass(kind, ValueError)
    assert str(kind("One sentence.")) == "One sentence."


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_in_the_docstring_is_the_tree(kind):
    line = next(
        line for line in errors.__doc__.splitlines() if kind.__name__ in line.split()
    )
    assert len(line) - len(line.lstrip()) == 4 * depth_of(kind)


def test_the_docstring_names_no_other():
    named = {
        line.split()[0] for line in errors.__doc__.splitlines() if "Error " in line
    }
    assert named == {kind.__name__ for kind in KINDS}


def test_a_message_is_one_line():
    assert sentence(ConfigError("a\n  b")) == "a b"


@pytest.mark.parametrize("kind", KINDS)
def test_exit_codes(kind):
    """2 for what was asked wrongly, 3 for another run, 4 for one that went wrong."""
    codes = {
        errors.DifferenceError: 3,
        errors.NonFiniteError: 4,
        errors.UnsavedError: 5,
    }
    assert kind.exit_code == codes.get(kind, 2)


@pytest.mark.parametrize("name", ["lenett", "LeNet", "lnet"])
def test_an_unknown_name_offers_the_nearest(name):
    error = unknown_name("model", name, ["mlp", "lenet", "alexnet"])
    assert isinstance(error, errors.ConfigError)
    assert str(error) == (
        f"There is no model named {name!r}. Did you mean 'lenet'? "
        "Known: alexnet, lenet, mlp."
    )


def test_a_name_near_to_none_gets_the_list_alone():
    error = unknown_name("loss", "qqq", iter(["hinge", "cross"]))
    assert str(error) == "There is no loss named 'qqq'. Known: cross, hinge."


def test_a_warning_points_at_the_line_that_called_the_package():
    inner = {"__name__": "handgrad.some.module", "warn": errors.warn}
    exec("def work():\n    warn('Something to know.')", inner)
    with pytest.warns(errors.HandgradWarning, match="Something to know") as caught:
        inner["work"]()
    assert caught[0].filename == __file__


def test_every_warning_of_the_package_points_at_its_caller():
    root = Path(errors.__file__).parent
    warned = [
        path for path in root.rglob("*.py") if "warnings.warn(" in path.read_text()
    ]
    assert warned == [Path(errors.__file__)]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("option of softmax", "softmax has no options, got 'rate'. Omit it."),
        ("variant", "There is no variant, got 'rate'. Omit it."),
    ],
)
def test_where_nothing_is_known_there_is_no_empty_list(kind, said):
    assert str(unknown_name(kind, "rate", [])) == said


def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_the_next_step():
    error = cannot_read("a.png", OSError(13, "Permission denied"), "Replace it.")
    assert type(error) is DatasetError
    assert str(error) == "a.png cannot be read: Permission denied. Replace it."
    assert str(cannot_read("a", OSError("odd"), "Go.")) == "a cannot be read: odd. Go."
