import numpy as np
import pytest

from handgrad.cli.screens.balance import (
    Balance,
    imbalance_notice,
    is_unequal,
    macro_recall_note,
)
from handgrad.metrics import evaluate


def found(targets, answers):
    """An evaluation with these answers."""
    logits = np.eye(3, dtype=np.float32)[np.array(answers)]
    return evaluate(logits, np.array(targets), 0.0)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((10, 10, 10), ""),
        ((29, 10, 20), ""),
        ((10, 30, 20), "imbalanced classes: 30 b, 20 c, 10 a (3 to 1); for equal"),
        ((1200, 63, 70), "1,200 a, 70 c, 63 b (19 to 1)"),
        ((10, 0, 3), "10 a, 3 c, 0 b (a class has none)"),
    ],
)
def test_imbalance_is_reported_from_a_ratio_of_three_on(counts, words):
    said = imbalance_notice(Balance(("a", "b", "c"), counts), None)
    assert words in said
    assert bool(words) == bool(said)


def test_of_many_classes_only_the_extremes_are_listed():
    names = tuple(f"c{k}" for k in range(13))
    balance = Balance(names, tuple(range(1, 14)))
    assert "from 13 c12 to 1 c0 (13 to 1)" in balance.in_words()


def test_weights_that_are_in_use_are_not_suggested():
    said = imbalance_notice(Balance(("a", "b"), (9, 1)), "balanced")
    assert said == "imbalanced classes: 9 a, 1 b (9 to 1); weighted by --class-weight"


def test_macro_recall_is_said_where_it_differs():
    missed = found([0] * 19 + [1], [0] * 20)
    assert is_unequal(missed)
    assert macro_recall_note(missed) == (
        "macro recall 50.00% (unweighted mean over classes with images), "
        "accuracy 95.00%"
    )
    right = found([0] * 19 + [1], [0] * 19 + [1])
    assert not is_unequal(right)
    assert macro_recall_note(right) == macro_recall_note(None) == ""
    better = found([0] * 19 + [1], [0] * 15 + [1] * 5)  # rare ones are found more often
    assert not is_unequal(better)
    assert "macro recall" in macro_recall_note(better)


def test_a_class_without_images_has_no_recall():
    some = found([0] * 6 + [1] * 4, [0] * 4 + [2] * 2 + [1] * 4)
    assert some.support.tolist() == [6, 4, 0]
    assert macro_recall_note(some) == (
        "macro recall 83.33% (unweighted mean over classes with images), "
        "accuracy 80.00%"
    )
    equal = found([0, 0, 1, 1], [0, 2, 1, 2])
    assert macro_recall_note(equal) == ""


@pytest.mark.parametrize("weight", ["", "--class-weight balanced"])
def test_a_run_on_unequal_classes_says_so_at_both_ends(handgrad, tmp_path, weight):
    from studies.test_contents import pictures

    pictures(tmp_path / "p")
    for path in sorted((tmp_path / "p" / "b").iterdir())[5:]:
        path.unlink()
    words = f"train softmax_regression --engine plain --dataset p {weight}"
    done = handgrad(f"{words} --epochs 1 --learning-rate 1e-9 --run r")
    assert done.code == 0, done.err
    assert "imbalanced classes: 14 a, 4 b (3.5 to 1)" in done.err
    suggested = "handgrad train r/config.toml --class-weight balanced" in done.out
    assert suggested == (not weight and "macro recall" in done.out)


def test_a_class_name_with_a_line_break_stays_in_its_line():
    said = imbalance_notice(Balance(("a\nb", "c"), (9, 1)), None)
    assert r"9 a\nb, 1 c" in said
