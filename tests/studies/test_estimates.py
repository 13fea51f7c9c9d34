from time import perf_counter

import pytest

from handgrad.datasets import load
from handgrad.studies.estimates import (
    estimate,
    images_of,
    likeness,
    products_of,
    seconds_of,
)
from reports.cells import cell, outcome


def known(*cells, seconds):
    return {
        c.trial.key: outcome(c, seconds=s) for c, s in zip(cells, seconds, strict=True)
    }


def test_a_trial_is_estimated_from_the_pace_of_a_similar_one():
    ended = known(cell("a", epochs=2), seconds=[3.0])
    assert seconds_of(cell("a", epochs=20).trial, ended) == 30.0
    assert seconds_of(cell("a", epochs=2, model={"name": "lenet"}).trial, ended) is None
    assert seconds_of(cell("a", dataset={"name": "mnist"}).trial, ended) is None


def test_the_most_similar_trial_is_used():
    small = cell("a", model={"hidden_sizes": [8]})
    other = cell("a", model={"hidden_sizes": [8]}, training={"batch_size": 512})
    large = cell("a", model={"hidden_sizes": [999]})
    ended = known(small, other, large, seconds=[2.0, 1.0, 50.0])
    assert seconds_of(cell("b", model={"hidden_sizes": [8]}).trial, ended) == 2.0
    assert seconds_of(cell("b", model={"hidden_sizes": [999]}).trial, ended) == 50.0


def test_a_network_that_multiplies_more_takes_longer():
    def with_hidden(hidden, **dataset):
        return cell("a", model={"hidden_sizes": [hidden]}, dataset=dataset).trial

    ended = known(cell("a", model={"hidden_sizes": [10]}), seconds=[2.0])
    assert seconds_of(with_hidden(30), ended) == pytest.approx(6.0)
    assert products_of(with_hidden(30).spec["config"]) == 30 * (28 * 28 + 10)
    smaller = with_hidden(30, image_size=[8, 8]).spec["config"]
    assert products_of(smaller) == 30 * (8 * 8 + 10)
    assert products_of(with_hidden(30, name="my/own").spec["config"]) is None
    of_another_version = cell("a", model={"hiden": 3}).trial.spec["config"]
    assert products_of(of_another_version) is None


def test_more_images_take_longer_if_both_counts_are_known():
    ended = known(cell("a", dataset={"train_count": 100}), seconds=[2.0])
    more = cell("a", dataset={"train_count": 1000})
    assert seconds_of(more.trial, ended) == 20.0
    mine = cell("a", dataset={"name": "mine", "train_count": 100})
    ended = known(mine, seconds=[2.0])
    all_mine = cell("a", dataset={"name": "mine"})  # their number is unknown
    assert seconds_of(all_mine.trial, ended) is None


def test_all_images_are_counted_where_the_data_are_known():
    def images(name, validation, train_count=None):
        table = {"name": name, "validation": validation, "train_count": train_count}
        return images_of(table)

    assert images("mnist", "test") == 60000
    assert images("fashion-mnist", 0.2) == 48000
    assert images("cifar10", 5000) == 45000
    assert images("mnist", 0.2, 2000) == 2000
    assert images("mine", 0.2) is None
    assert images("digits", "none") == len(load("digits").train)
    small = cell("a", dataset={"train_count": 479})
    whole = cell("a", dataset={"train_count": None})
    assert seconds_of(whole.trial, known(small, seconds=[2.0])) == 6.0


def test_the_total_is_the_sum_of_the_single_estimates():
    rates = [{"learning_rate": 0.1 * (1 + number)} for number in range(4)]
    first, second, *others = (
        cell("a", seed, optimizer=rate) for rate in rates for seed in (0, 1)
    )
    large = cell("a", optimizer=rates[0], model={"hidden_sizes": [999]})
    ended = known(first, others[0], large, seconds=[2.0, 6.0, 50.0])
    missing = [second, *others[1:]]
    each = [seconds_of(one.trial, ended) for one in missing]
    assert each == [2.0, 6.0, *[4.0] * 4]  # at the same rate, else the mean of all
    assert estimate(missing, ended).seconds == sum(each)


def test_thousands_of_trials_are_estimated_in_one_pass():
    cells = [cell("a", optimizer={"learning_rate": 1e-4 * k}) for k in range(1, 2_001)]
    ended = known(*cells[:500], seconds=[2.0] * 500)
    begun = perf_counter()
    assert estimate(cells, ended).seconds == 3_000.0
    assert perf_counter() - begun < 5  # one by one it takes 12 seconds and more


def test_all_that_is_missing_is_counted_once():
    done, *missing = [cell("a", seed) for seed in range(4)]
    left = estimate([done, *missing, *missing], known(done, seconds=[3.0]))
    assert (left.trials, left.seconds) == (3, 9.0)
    assert estimate([done], known(done, seconds=[3.0])).trials == 0
    assert estimate(missing, {}).seconds is None


def test_trials_of_other_kinds_give_no_estimate():
    other = {"kind": "inspection", "seed": 0, "name": "parameters", "options": {}}
    ended = known(cell("a"), seconds=[3.0])
    ended["k"] = {"trial": other, "status": "done", "metrics": {}, "seconds": 9.0}
    assert seconds_of(cell("a", 1).trial, ended) == 3.0


def test_a_failed_trial_gives_no_estimate():
    failed = cell("a")
    ended = {failed.trial.key: outcome(failed, status="failed", reason="no")}
    assert seconds_of(cell("b").trial, ended) is None


@pytest.mark.parametrize("name", ["parameters", "other"])
def test_inspections_are_compared_by_name(name):
    one = {"kind": "inspection", "seed": 0, "name": "parameters", "options": {}}
    found = likeness(one, {**one, "name": name, "seed": 1})
    assert found == ((True,) if name == "parameters" else None)
    assert likeness(one, cell("a").trial.spec) is None


def test_folders_that_may_have_validation_images_give_no_estimate():
    assert images_of({"name": "pictures", "train_count": None}) is None
