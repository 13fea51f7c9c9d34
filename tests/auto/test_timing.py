from time import monotonic

import pytest

from handgrad.auto import timing
from handgrad.auto.candidates import TINY_IMAGES
from handgrad.auto.timing import measure, seconds_per_image
from handgrad.errors import ConfigError, ShapeError
from handgrad.training.config import config_from

MLP = {
    "model": {"name": "mlp", "hidden_sizes": [4]},
    "dataset": {"validation": 0.5, "train_count": 3000},
    "training": {"batch_size": 8},
}


def measured(seconds, *, limit=1e9, too_slow=1e9):
    """Measure candidates that take these seconds; an error is raised."""
    now, found = [0.0], iter(seconds)

    def seconds_of(candidate):
        taken = next(found)
        if isinstance(taken, Exception):
            raise taken
        now[0] += taken
        return taken

    return measure(
        TINY_IMAGES,
        seconds_of,
        limit,
        lambda pace: pace.image > too_slow,
        clock=lambda: now[0],
    )


def test_all_are_measured_in_time():
    assert [pace.candidate for pace in measured([1, 2, 3, 4])] == list(TINY_IMAGES)


def test_measuring_ends_with_the_time_or_at_the_first_that_is_too_slow():
    assert len(measured([9, 2, 3, 4], limit=2.5)) == 3
    assert len(measured([5, 1, 1, 1], limit=0)) == 1
    assert len(measured([1, 2, 3, 4], too_slow=1.5)) == 2


def test_a_candidate_that_cannot_be_trained_is_left_out():
    error = ConfigError("no such option")
    found = measured([error, 2, error, 4])
    assert [pace.image for pace in found] == [2, 4]
    with pytest.raises(ConfigError, match="no such option"):
        measured([error, *[ConfigError("another")] * 3])
    with pytest.raises(
        ConfigError, match=r"None of the networks .* \(lenet, resnet\) "
    ):
        measured([error] * 4)
    with pytest.raises(ShapeError, match=r"^too small"):
        measured([ShapeError("too small")] * 4)


@pytest.mark.parametrize(("shape", "dtype"), [((1, 4, 4), "uint8"), ((6,), "float32")])
def test_an_image_takes_some_time(shape, dtype):
    config = config_from(
        {**MLP, "engine": "plain", "loss": {"class_weight": {"a": 2.0}}}
    )
    seconds = seconds_per_image(config, shape, 300, dtype=dtype)
    assert 0 < seconds < 1


def test_a_batch_is_no_larger_than_the_training(monkeypatch):
    config = config_from({**MLP, "engine": "plain", "training": {"batch_size": 10**6}})
    found, real = [], timing.Split
    monkeypatch.setattr(
        timing, "Split", lambda x, y: found.append(x.shape) or real(x, y)
    )
    assert seconds_per_image(config, (1, 4, 4), 2, images=30) > 0
    assert found == [(4 * 30, 1, 4, 4)]


def test_a_window_takes_that_long():
    config = config_from({**MLP, "engine": "plain"})
    begun = monotonic()
    seconds_per_image(config, (1, 4, 4), 2, window=0.1)
    assert monotonic() - begun >= 0.1


def test_an_unknown_option_is_reported():
    model = {"name": "mlp", "width": 3}
    config = config_from({**MLP, "model": model, "engine": "plain"})
    with pytest.raises(ConfigError, match="width"):
        seconds_per_image(config, (1, 4, 4), 2)
