import numpy as np
import pytest

from handgrad.auto.symmetry import compared, exceeds_guessing, keeps, swapped


def answers_of(count=400, classes=4, right=0.8, seed=0):
    """Targets, and answers of which about that part is right."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, classes, count)
    wrong = random.random(count) > right
    answers = np.where(wrong, random.integers(0, classes, count), targets)
    return targets, answers


def test_the_same_answers_keep_the_class():
    targets, answers = answers_of()
    assert keeps(targets, answers, answers)
    assert swapped(targets, answers, answers) is None


def test_other_mistakes_as_often_keep_the_class():
    targets, upright = answers_of(seed=1)
    _, other = answers_of(seed=2)
    mirrored = np.where(upright == targets, other, upright)
    mirrored = np.where(mirrored == upright, mirrored, targets)
    worse = np.where(np.arange(400) % 3, upright, (targets + 1) % 4)
    assert keeps(targets, upright, mirrored)
    assert not keeps(targets, upright, worse)


def test_a_class_that_is_lost_is_enough_not_to_keep_it():
    targets = np.repeat(np.arange(20), 30)
    mirrored = np.where(targets == 7, 3, targets)
    assert (mirrored == targets).mean() == 0.95
    assert not keeps(targets, targets, mirrored)


@pytest.mark.parametrize(("right", "has_learned"), [(0.0, False), (0.3, True)])
def test_more_answers_are_right_than_by_guessing(right, has_learned):
    assert exceeds_guessing(*answers_of(right=right)) is has_learned


@pytest.mark.parametrize("right", [0.0, 0.1])
def test_a_network_that_guesses_shows_nothing(right):
    targets, answers = answers_of(right=right)
    assert not keeps(targets, answers, answers)


def test_the_largest_class_is_a_guess_too():
    targets = np.where(np.arange(400) % 10, 0, 1)
    assert not keeps(targets, np.zeros(400, int), np.zeros(400, int))


def test_few_recognised_images_of_most_classes_show_nothing():
    targets = np.arange(200) % 60
    assert not keeps(targets, targets, targets)


def test_two_classes_that_become_each_other_are_found():
    targets, upright = answers_of(right=0.9)
    mirrored = np.where(targets == 1, 3, np.where(targets == 3, 1, upright))
    assert set(swapped(targets, upright, mirrored)) == {1, 3}
    only_one = np.where(targets == 1, 3, upright)
    assert swapped(targets, upright, only_one) is None


def test_few_images_are_no_pair():
    targets = np.arange(18) % 2
    assert swapped(targets, targets, 1 - targets) is None
    targets = np.arange(20) % 2
    assert set(swapped(targets, targets, 1 - targets)) == {0, 1}


def test_turns_are_kept_only_if_all_of_them_and_the_mirror_are():
    targets, answers = answers_of()
    other = (targets + 1) % 4
    found = compared(targets, answers, answers, [answers] * 3)
    assert found.keeps_mirrored
    assert found.keeps_turned
    assert found.upright == found.mirrored == (answers == targets).mean()
    assert found.images == 400
    assert found.has_learned
    for turned in ([answers, other, answers], [answers] * 2, []):
        found = compared(targets, answers, answers, turned)
        assert found.keeps_mirrored
        assert not found.keeps_turned
    assert not compared(targets, answers, other, [answers] * 3).keeps_turned
