from hypothesis import given
from hypothesis import strategies as st

from handgrad.training.early_stopping import best_epoch, should_stop

losses = st.lists(st.floats(0, 10), max_size=12)


def test_it_stops_after_as_many_epochs_without_a_better_one():
    assert not should_stop([3.0, 2.0, 2.5], 2)
    assert should_stop([3.0, 2.0, 2.5, 2.1], 2)
    assert not should_stop([3.0, 2.0, 2.5, 1.9], 2)


def test_an_equal_loss_is_not_better():
    assert best_epoch([3.0, 2.0, 2.0]) == 2
    assert should_stop([2.0, 2.0], 1)


def test_before_the_first_epoch_nothing_stops():
    assert best_epoch([]) == 0
    assert not should_stop([], 1)


@given(losses)
def test_without_patience_it_never_stops(losses):
    assert not should_stop(losses, None)


@given(losses, st.integers(1, 5))
def test_falling_losses_never_stop(losses, patience):
    falling = sorted(set(losses), reverse=True)
    assert not should_stop(falling, patience)


@given(losses, st.integers(1, 5))
def test_more_patience_stops_no_earlier(losses, patience):
    if should_stop(losses, patience + 1):
        assert should_stop(losses, patience)
