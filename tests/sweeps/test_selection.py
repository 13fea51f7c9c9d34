import pytest

from handgrad.errors import ConfigError
from handgrad.sweeps.sweep import read_sweep

from .small import RATE, sweep_of, write

LOSS = '"loss.name" = ["softmax_cross_entropy", "mean_squared_error"]'
SMOOTHING = '"loss.label_smoothing" = { low = 0.0, high = 0.3 }'
PENALTY = '"loss.l2" = [0.0, 0.3]'
WEIGHTS = '"loss.class_weight" = ["none", "balanced"]'
CHANGES = '"dataset.augmentation" = [[], [{ name = "cutout" }]]'


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        *((f"{name}validation_loss", LOSS) for name in ("", "lowest_")),
        ("validation_loss", SMOOTHING),
        ("validation_loss", '"loss.margin" = [1.0, 2.0]'),
        ("validation_loss_rises", LOSS),
        ("train_loss", SMOOTHING),
        ("lowest_train_loss", PENALTY),
        ("train_loss", '"loss.l2_factor" = [0.5, 1.0]'),
        ("train_loss", WEIGHTS),
        ("train_loss", CHANGES),
        ("highest_train_accuracy", CHANGES),
    ],
)
def test_a_key_that_changes_the_metric_is_refused(tmp_path, metric, parameter):
    key = parameter.split('"')[1]
    said = f'{metric} is another .* of {key}, .* Use metric = "validation_accuracy"'
    with pytest.raises(ConfigError, match=said):
        sweep_of(tmp_path, f'metric = "{metric}"', parameters=(RATE, parameter))


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        ("validation_accuracy", LOSS),
        ("train_accuracy", LOSS),
        ("validation_loss", PENALTY),
        ("validation_loss", WEIGHTS),
        ("validation_loss", CHANGES),
        ("validation_loss", '"loss.name" = ["mean_squared_error"]'),
        ("seconds", SMOOTHING),
    ],
)
def test_a_key_that_leaves_the_metric_as_it_is_may_vary(tmp_path, metric, parameter):
    sweep = sweep_of(tmp_path, f'metric = "{metric}"', parameters=(parameter,))
    assert sweep.metric == metric


SPLITS = '"dataset.validation" = {}'
SIZES = '"dataset.train_count" = [50, 100]'


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        ("validation_accuracy", '"dataset.name" = ["digits", "mnist"]'),
        ("highest_validation_accuracy", SPLITS.format("[0.1, 0.2]")),
        ("validation_loss_rises", SPLITS.format("{ low = 0.1, high = 0.3 }")),
        ("validation_accuracy", SPLITS.format('[0.1, "folder"]')),
        ("validation_accuracy", '"dataset.label_from" = ["a", "b"]'),
        ("train_loss", SPLITS.format('["none", 0.2]')),
        ("train_accuracy", SIZES),
    ],
)
def test_a_key_that_changes_the_images_is_refused(tmp_path, metric, parameter):
    key = parameter.split('"')[1]
    said = f"{metric} is measured on other images or labels for each value of {key}, "
    with pytest.raises(ConfigError, match=f"{said}.*Do not vary {key}; write a file"):
        sweep_of(tmp_path, f'metric = "{metric}"', parameters=(RATE, parameter))


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        ("validation_accuracy", SIZES),
        ("validation_accuracy", SPLITS.format("[0.2]")),
        ("seconds", SPLITS.format("[0.1, 0.2]")),
        ("validation_accuracy", '"dataset.image_size" = [[8, 8], [10, 10]]'),
        ("validation_accuracy", '"dataset.normalization" = ["unit", "half"]'),
        ("validation_accuracy", '"dataset.fit" = ["crop", "stretch"]'),
    ],
)
def test_a_key_that_leaves_the_images_as_they_are_may_vary(tmp_path, metric, parameter):
    sweep = sweep_of(tmp_path, f'metric = "{metric}"', parameters=(parameter,))
    assert sweep.metric == metric


def test_a_metric_that_some_settings_lack_is_refused(tmp_path):
    splits = SPLITS.format('["none", 0.2]')
    with pytest.raises(ConfigError, match="needs validation images"):
        sweep_of(tmp_path, parameters=(splits,))
    assert sweep_of(tmp_path, 'metric = "seconds"', parameters=(splits,)).sign == -1


@pytest.mark.parametrize("metric", ["validation_accuracy", "train_loss", "seconds"])
@pytest.mark.parametrize("values", ['["test"]', '["test", 0.1]'])
def test_test_images_are_no_validation_images(tmp_path, metric, values):
    with pytest.raises(ConfigError, match='"test" would select by the test images'):
        sweep_of(
            tmp_path, f'metric = "{metric}"', parameters=(RATE, SPLITS.format(values))
        )


def test_test_images_are_no_validation_images_in_the_base(tmp_path):
    path = write(tmp_path, parameters=(RATE,))
    split = 'name = "digits"\nvalidation = "test"'
    path.write_text(path.read_text().replace('name = "digits"', split))
    with pytest.raises(ConfigError, match='"test" would select by the test images'):
        read_sweep(path)


@pytest.mark.parametrize(
    "parameter",
    ['"dataset.data_dir" = ["a", "b"]', '"training.checkpoint_seconds" = [0.0, 60.0]'],
)
def test_a_key_that_is_no_part_of_a_trial_is_refused(tmp_path, parameter):
    with pytest.raises(ConfigError, match=r"is not part of a trial, .* Remove it from"):
        sweep_of(tmp_path, parameters=(parameter,))
