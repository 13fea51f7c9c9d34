import pytest

from handgrad.reports.findings import finding_words
from handgrad.studies.experiment import Finding
from handgrad.studies.verdicts import decide

from .cells import outcomes

NUMBERS = {"max": (0.9, 0.8), "rate=0.5": (0.7, 0.85), "one": (0.6, 0.6)}


def words_of(holds, numbers=NUMBERS):
    cells, ended = outcomes(numbers)
    finding = Finding(says="x", holds=holds)
    return finding_words(decide(finding, cells, ended), cells, ended)


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        (
            "test_accuracy(max) > test_accuracy(rate=0.5)",
            "Test accuracy of max (0.8500) is above that of rate 0.5 (0.7750). "
            "This holds for 1 of 2 seeds.",
        ),
        (
            "0.95 < test_accuracy(max)",
            "Test accuracy of max (0.8500) is not above 0.95. "
            "This holds for 0 of 2 seeds.",
        ),
        (
            "-0.5 < test_accuracy(max) - test_accuracy(one) <= 0.5",
            "Test accuracy of max minus test accuracy of one "
            "(0.8500 - 0.6000 = 0.2500) is above -0.5 and is at most 0.5. "
            "This holds for each of 2 seeds.",
        ),
        (
            "test_accuracy(max) > 0.65 > 0.62 > test_accuracy(one)",
            "Test accuracy of max (0.8500) is above 0.65; "
            "test accuracy of one (0.6000) is below 0.62. "
            "This holds for each of 2 seeds.",
        ),
        (
            "test_accuracy(one) + test_accuracy(one) > test_accuracy(max)",
            "2 x test accuracy of one (2 x 0.6000 = 1.2000) is above "
            "test accuracy of max (0.8500). This holds for each of 2 seeds.",
        ),
        (
            "0.6 <= test_accuracy(one) <= 0.6",
            "Test accuracy of one (0.6000) equals 0.6. This holds for each of 2 seeds.",
        ),
        (
            "test_accuracy(one) <= test_accuracy(max) <= test_accuracy(one)",
            "Test accuracy of one (0.6000) does not equal that of max (0.8500). "
            "This holds for 0 of 2 seeds.",
        ),
        (
            "test_accuracy(one) >= 0 + test_accuracy(one) >= test_accuracy(one)",
            "Test accuracy of one (0.6000) equals 0 plus test accuracy of one "
            "(0 + 0.6000 = 0.6000). This holds for each of 2 seeds.",
        ),
        (
            "test_accuracy(max) > test_accuracy(one) + 0.1",
            "Test accuracy of max (0.8500) is above test accuracy of one plus 0.1 "
            "(0.6000 + 0.1000 = 0.7000). This holds for each of 2 seeds.",
        ),
    ],
)
def test_the_numbers_say_it(holds, words):
    assert words_of(holds) == words


def test_one_seed_is_not_counted():
    numbers = {"max": (0.9,)}
    said = words_of("test_accuracy(max) > 0.5", numbers)
    assert said == "Test accuracy of max (0.9000) is above 0.5."


def test_what_is_not_known_says_why():
    said = words_of("train_loss(max) > 1")
    assert said == "Not known: train_loss(max): there is no metric train_loss."


def test_different_numbers_of_seeds_are_not_counted_together():
    numbers = {"max": (0.9, 0.8), "one": (0.6,)}
    said = words_of("test_accuracy(max) > test_accuracy(one)", numbers)
    assert said.endswith("that of one (0.6000).")
