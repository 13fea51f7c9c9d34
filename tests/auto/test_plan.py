from dataclasses import replace

import pytest

from handgrad.auto.candidates import candidates_for
from handgrad.auto.facts import Facts
from handgrad.auto.plan import (
    choose,
    config_of,
    epoch_seconds,
    input_shape,
    learning_rate,
    least_epochs,
    most_epochs,
    split_sizes,
    tables_of,
    with_augmentation,
    with_length,
)
from handgrad.auto.timing import Pace

FACTS = Facts(("cat", "dog"), (1500, 1500), (3, 400, 300))
SLOW, FAST = 1e-1, 1e-4  # seconds per image


def length(facts, image, left, given=None):
    """The planned configuration of the cheapest candidate."""
    tables = tables_of(facts, candidates_for(facts)[0], given or {})
    return config_of(with_length(tables, facts, image, left))


@pytest.mark.parametrize("images", [1, 2, 100, 3000, 50_000, 10**7])
def test_the_bounds_of_the_epochs(images):
    assert 6 <= least_epochs(images) <= 40
    assert least_epochs(images) < most_epochs(images) <= 120


def test_the_epochs_fill_the_time_with_their_validation():
    config = length(FACTS, 1e-3, 100)
    seconds = epoch_seconds(FACTS, config, 1e-3)
    assert seconds == pytest.approx(0.1 + 1e-3 * (2700 + 0.3 * 4 * 300))
    assert config.training.epochs == int(100 / seconds)
    assert config.training.early_stopping == max(20, config.training.epochs // 2)
    assert config.dataset.train_count is None


def test_more_time_than_is_useful_is_not_used():
    assert length(FACTS, FAST, 1e9).training.epochs == 120
    assert length(FACTS, FAST, 6e10).training.epochs == 120


def test_without_time_for_one_epoch_there_are_fewer_images():
    config = length(FACTS, SLOW, 30)
    assert config.training.epochs == 1
    assert 2 <= config.dataset.train_count < 2700 * 0.11
    assert length(FACTS, SLOW, -5).dataset.train_count == 2


def test_what_is_given_stays():
    given = {"training": {"epochs": 3, "batch_size": 8}, "dataset": {"validation": 50}}
    given |= {"optimizer": {"name": "sgd", "learning_rate": 0.5}, "": {"seed": 4}}
    config = length(FACTS, SLOW, 1, given)
    assert (config.training.epochs, config.training.batch_size) == (3, 8)
    assert (config.optimizer.name, config.optimizer.options) == ("sgd", {})
    assert config.dataset.train_count is None
    assert config.seed == 4
    assert split_sizes(FACTS, config) == (2950, 50)


def test_two_images_are_trained_on_without_validation():
    pair = replace(FACTS, counts=(1, 1))
    config = length(pair, FAST, 1, {"training": {"epochs": 1}})
    assert (config.schedule.name, config.dataset.validation) == ("cosine", "none")


@pytest.mark.parametrize(
    ("dataset", "own", "sizes"),
    [
        ({}, True, (3000, 0)),
        ({}, False, (2700, 300)),
        ({"validation": "none"}, True, (3000, 0)),
        ({"validation": "test"}, False, (3000, 70)),
        ({"validation": 0.5, "train_count": 10}, False, (10, 1500)),
    ],
)
def test_the_sizes_of_the_splits(dataset, own, sizes):
    facts = replace(FACTS, has_validation=own, tests=70)
    given = {"dataset": dataset}
    config = config_of(tables_of(facts, candidates_for(facts)[0], given))
    assert split_sizes(facts, config) == sizes


def test_the_most_expensive_candidate_that_is_not_too_slow():
    paces = [
        Pace(one, 0.1 * (k + 1)) for k, one in enumerate(candidates_for(FACTS)[:3])
    ]
    assert choose(paces, lambda pace: pace.image > 0.25) is paces[1]
    assert choose(paces, lambda pace: False) is paces[2]
    assert choose(paces, lambda pace: True) is paces[0]


def test_the_input_shape_follows_from_the_image_size():
    config = length(FACTS, FAST, 1)
    assert input_shape(FACTS, config) == (3, 32, 32)
    assert input_shape(replace(FACTS, is_fixed=True), config_of({})) == FACTS.shape


def resnet(epochs, given=None):
    tables = tables_of(FACTS, candidates_for(FACTS)[2], given or {})
    tables["training"]["epochs"] = epochs
    return with_length(tables, FACTS, FAST, 1e4)


def test_a_resnet_is_trained_by_muon():
    config = config_of(resnet(100))
    assert config.optimizer.name == "muon"
    assert (config.optimizer.learning_rate, config.loss.l2) == (0.006, 0)
    assert config.training.average_from is None
    kept = config_of(resnet(100, {"training": {"average_from": 9, "batch_size": 16}}))
    assert kept.training.average_from == 9
    assert kept.optimizer.learning_rate == 0.003


@pytest.mark.parametrize(
    ("batch", "steps", "expected"),
    [
        (64, 10_000, 0.006),
        (64, 2000, 0.006),
        (64, 500, 0.012),
        (64, 320, 0.015),
        (64, 1, 0.015),
        (256, 2000, 0.012),
        (16, 500, 0.006),
    ],
)
def test_the_learning_rate_of_muon_follows_from_batch_and_steps(batch, steps, expected):
    assert learning_rate(batch, steps) == expected


@pytest.mark.parametrize(
    ("epochs", "given", "decay"),
    [
        (100, {}, 0.19),  # 43 steps an epoch
        (20, {}, 0.64),
        (20, {"learning_rate": 0.006}, 0.97),
        (1, {}, 1.0),
        (100, {"learning_rate": 1e-9}, 1.0),
        (100, {"name": "Muon", "learning_rate": 0.006}, 0.19),
        (100, {"learning_rate": 0.003}, 0.39),
        (100, {"weight_decay": 0.0}, 0.0),
    ],
)
def test_the_weight_decay_of_muon_follows_from_the_steps(epochs, given, decay):
    config = config_of(resnet(epochs, {"optimizer": given}))
    assert config.optimizer.options == {"weight_decay": decay}


def test_another_optimizer_has_no_option_of_the_recipe():
    adam = config_of(resnet(100, {"optimizer": {"name": "adam"}}))
    assert adam.optimizer.options == {}
    rate = config_of(resnet(100, {"optimizer": {"learning_rate": 0.01}}))
    assert (rate.optimizer.name, rate.optimizer.learning_rate) == ("muon", 0.01)


def augmented(epochs, facts=None, given=None):
    facts, given = facts or FACTS, given or {}
    tables = tables_of(facts, candidates_for(facts)[0], given)
    tables["training"]["epochs"] = epochs
    config = config_of(with_augmentation(tables, facts, given))
    return [row.name for row in config.dataset.augmentation], config


def test_few_epochs_have_weak_augmentation():
    names, config = augmented(29)
    assert names == ["random_crop", "random_flip"]
    assert config.dataset.augmentation[0].options == {"padding": 2}
    assert (config.prediction.with_flip, config.prediction.center_crop) == (True, None)
    names, config = augmented(30)
    assert names[0] == "random_resized_crop"
    assert config.prediction.center_crop == (1.0, 0.8)


def test_few_epochs_keep_what_is_given_and_what_suits_the_images():
    given = {"dataset": {"augmentation": [{"name": "cutout"}]}}
    assert augmented(3, given=given)[0] == ["cutout"]
    crop = augmented(3, given={"prediction": {"center_crop": 0.9}})[1]
    assert crop.prediction.center_crop == 0.9
    digits = replace(FACTS, class_names=("0", "1"))
    assert augmented(3, digits)[0][0] == "random_affine"
    sided = replace(FACTS, class_names=("left", "right"))
    assert augmented(3, sided)[0] == ["random_crop"]
    assert augmented(3, replace(FACTS, shape=(5,)))[0] == []
    tiny = replace(FACTS, shape=(3, 9, 9))
    given = {"dataset": {"image_size": [9, 9]}}
    for names, _ in (
        augmented(3, tiny),
        augmented(99, tiny),
        augmented(99, None, given),
    ):
        assert names == ["random_crop", "random_flip"]


def test_predictions_mirror_only_what_training_mirrors():
    given = {"dataset": {"augmentation": [{"name": "color_jitter"}]}}
    for epochs in (3, 99):
        assert not augmented(epochs, given=given)[1].prediction.with_flip
