from handgrad import catalog
from handgrad.training.starting_points import STARTING_POINTS


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
