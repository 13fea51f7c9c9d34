import pytest

from handgrad import Classifier, catalog
from handgrad.errors import ConfigError
from handgrad.starting_points import (
    STARTING_POINTS,
    optimizer_named,
    usual_name,
    with_start,
)
from handgrad.training.classifier_settings import config_of
from handgrad.training.config import config_from


def test_each_is_an_optimizer_that_can_be_made():
    for table in STARTING_POINTS.values():
        options = {k: v for k, v in table.items() if k != "name"}
        rate = options.pop("learning_rate")
        made = catalog.build(
            "optimizer", table["name"], options, learning_rate=lambda step, r=rate: r
        )
        assert made.learning_rate(1) == rate


def test_every_optimizer_of_the_catalogue_has_one():
    assert {t["name"] for t in STARTING_POINTS.values()} == set(catalog.OPTIMIZERS)


@pytest.mark.parametrize("name", [*STARTING_POINTS, "Momentum", "Adam-W"])
def test_a_file_and_a_classifier_mean_the_same(name):
    of_file = config_from({"optimizer": {"name": name}}).optimizer
    settings = Classifier(optimizer=name).get_params()
    assert config_of(settings, (4,), 10).optimizer == of_file
    assert of_file.name in catalog.OPTIMIZERS


def test_what_a_table_sets_itself_stays():
    given = {"name": "nesterov", "momentum": 0.5, "learning_rate": 0.3}
    assert with_start(given) == {**given, "name": "sgd", "nesterov": True}
    assert config_from({"optimizer": {"momentum": 0.5}}).optimizer.learning_rate == 0.1


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'momentum'"):
        config_from({"optimizer": {"name": "momentun"}})
    with pytest.raises(ConfigError, match="selected by name"):
        config_from({"optimizer": {"name": 3}})


def test_an_optimizer_is_made_by_any_of_the_names():
    made = optimizer_named("momentum", 0.5)
    assert (made.momentum, made.learning_rate(1)) == (0.9, 0.5)
    assert optimizer_named("momentum", 0.5, momentum=0.3).momentum == 0.3


@pytest.mark.parametrize("name", STARTING_POINTS)
def test_the_usual_name_is_found_again(name):
    assert usual_name({"name": name}) == name
    assert usual_name(with_start({"name": name, "learning_rate": 1.0})) == name


def test_the_usual_name_does_not_depend_on_the_amount_of_momentum():
    assert usual_name({"name": "SGD", "momentum": 0.95}) == "momentum"
    assert usual_name({"name": "sgd", "momentum": 0.0}) == "sgd"
