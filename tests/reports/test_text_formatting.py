import pytest

from handgrad.reports.text_formatting import (
    capital,
    counted,
    cut,
    duration_words,
    listed,
    mean_and_spread,
    metric_words,
    number,
    short_names,
    tick_words,
    variant_words,
    with_spread,
)
from handgrad.studies.study_summary import Summary


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("train_loss", "training loss"),
        ("highest_validation_accuracy", "highest validation accuracy"),
        ("validation_loss_rises", "increases of the validation loss"),
        ("test_f1", "test F1"),
        ("diverged", "fraction of diverged seeds"),
    ],
)
def test_metrics_are_words(metric, words):
    assert metric_words(metric) == words
    assert metric_words(metric, 5) == f"{words} after epoch 5"


def test_variants_are_words():
    assert variant_words("learning_rate=0.1") == "learning rate 0.1"
    assert variant_words("main") == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.12345, "0.1235"),
        (0.0, "0"),
        (0.000123456, "0.000123"),
        (-2.5, "-2.5000"),
        (203530.0, "203,530"),
        (1234567890123.0, "1.235e+12"),
    ],
)
def test_numbers_have_the_digits_that_say_something(value, words):
    assert number(value) == words


def test_a_spread_has_the_digits_of_its_mean():
    assert mean_and_spread(0.447, 0.00066) == "0.4470 ± 0.0007"
    assert mean_and_spread(0.447, None) == "0.4470"
    assert mean_and_spread(25000.0, 12.0) == "25,000 ± 12"
    assert mean_and_spread(6.0, 0.0) == "6 ± 0"
    assert mean_and_spread(4699.0, 53.7) == "4,699 ± 54"
    assert with_spread(Summary((0.5, 0.6))) == "0.5500 ± 0.0707"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3.04, "3.0 s"),
        (59.6, "60 s"),
        (350, "5.8 min"),
        (7200, "2.0 h"),
        (4e5, "111 h"),
    ],
)
def test_durations_have_the_unit_that_fits(seconds, words):
    assert duration_words(seconds) == words


def test_lists_and_counts():
    assert [listed(x) for x in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert [counted(n, "trial") for n in (1, 2000)] == ["1 trial", "2,000 trials"]
    assert capital("he's") == "He's"


def test_numbers_at_the_axis_are_short():
    values = (0.0, -0.0, 0.1 + 0.2, 12000.0, 2.5e6, 3e-07)
    assert list(map(tick_words, values)) == ["0", "0", "0.3", "12,000", "2.5M", "3e-07"]


def test_a_long_text_is_cut():
    assert [cut(text, 3) for text in ("abc", "abcd")] == ["abc", "ab…"]


def test_one_setting_is_named_once():
    rates = ["learning_rate=0.1", "learning_rate=0.5"]
    assert short_names(rates) == ("learning rate", {rates[0]: "0.1", rates[1]: "0.5"})
    both = ["depth=1, width=2", "depth=2, width=2"]
    assert short_names(both) == ("", {name: name for name in both})
    assert short_names(["He", "leaky_relu"])[1]["leaky_relu"] == "leaky relu"
    assert short_names(["momentum=0"]) == ("", {"momentum=0": "momentum=0"})
