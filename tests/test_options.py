from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import pytest

from handgrad.errors import ConfigError
from handgrad.options import call, checked, defaults_of, in_words, named, options_of


def paint(
    width: int,
    *,
    rate: float = 0.5,
    size: int | tuple[int, int] = 2,
    form: Literal["flat", "round"] = "flat",
    names: Sequence[str] = (),
    key: str = "none",
    seed: int = 0,
):
    return width, rate, size, form, tuple(names), key


class Brush:
    def __init__(self, width: int, *, key: str = "none") -> None:
        self.width = width


def test_options_are_those_that_a_user_may_set():
    assert options_of(paint) == ("width", "rate", "size", "form", "names")
    assert options_of(Brush) == ("width",)
    assert options_of(partial(paint, rate=1.0))[0] == "width"


def test_defaults_are_those_of_the_options():
    assert defaults_of(Brush) == {"width": None}
    found = {"width": None, "rate": 0.5, "size": 2, "form": "flat", "names": ()}
    assert defaults_of(paint) == found


@pytest.mark.parametrize("name", ["red", "blue"])
def test_a_known_name_is_found(name):
    assert named("colour", {"red": 1, "blue": 2}, name) in (1, 2)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("blu", "There is no colour named 'blu'. Did you mean 'blue'"),
        (3, "A colour is selected by name, got 3. Give one of: blue, red"),
    ],
)
def test_an_unknown_name_offers_the_nearest(name, words):
    with pytest.raises(ConfigError, match=words):
        named("colour", {"red": 1, "blue": 2}, name)


def test_values_become_the_kinds_of_the_signature():
    options = {"width": 3, "rate": 1e-1, "size": [3, 5], "names": ["a", "b"]}
    assert call("paint", paint, options, key="k") == (
        3,
        0.1,
        (3, 5),
        "flat",
        ("a", "b"),
        "k",
    )
    assert call("brush", Brush, {"width": 3}).width == 3
    assert call("paint", partial(paint, rate=1.0), {"width": 3})[0] == 3


def test_options_can_be_checked_without_a_call():
    assert checked("paint", paint, {"rate": 1}, given=["width"]) == {"rate": 1.0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "paint needs width. Add width to its options"),
        ({"widht": 3}, "no option of paint named 'widht'. Did you mean 'width'"),
        ({"width": 3, "seed": 1}, "no option of paint named 'seed'"),
        ({"width": "wide"}, "paint takes width as an integer, got 'wide'"),
        ({"width": "3"}, "paint takes width as an integer, got '3'"),
        ({"width": 3, "rate": "1e-1"}, "paint takes rate as a number, got '1e-1'"),
        ({"width": 3, "size": ["3", 5]}, r"each an integer, got \['3', 5\]"),
        ({"width": 3.5}, "paint takes width as an integer, got 3.5"),
        ({"width": 3, "rate": "x"}, "paint takes rate as a number, got 'x'"),
        (
            {"width": 3, "size": [1, 2, 3]},
            "size as an integer or 2 values, each an integer, got",
        ),
        ({"width": 3, "form": "odd"}, "form as 'flat' or 'round', got 'odd'"),
        ({"width": 3, "names": 5}, "names as a list, each item a string, got 5"),
    ],
)
def test_refuses_options_that_cannot_be(options, words):
    with pytest.raises(ConfigError, match=words):
        call("paint", paint, options)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int | None, "an integer or None"),
        (bool, "true or false"),
        (Mapping[str, Any], "a table with a name"),
        (float | Callable[[int], float], "a number or a function"),
    ],
)
def test_kinds_in_words(kind, words):
    assert in_words(kind) == words


def test_what_is_given_elsewhere_is_no_option():
    def schedule(learning_rate: float, *, steps: int = 3):
        return learning_rate, steps

    assert call("cosine", schedule, {"steps": 5}, learning_rate=0.1) == (0.1, 5)
    with pytest.raises(ConfigError, match="no option of cosine named 'learning_rate'"):
        call("cosine", schedule, {"learning_rate": 1}, learning_rate=0.1)


def test_an_argument_beside_the_options_is_one_of_the_function():
    with pytest.raises(ConfigError, match=r"argument of paint named 'seeed'\. Did"):
        call("paint", paint, {"width": 1}, seeed=1)
