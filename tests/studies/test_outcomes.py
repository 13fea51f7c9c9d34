import pytest

from handgrad.studies.outcomes import difference, numbers_of, rises, wrong_in

from .made_up import OUTCOME, TRIAL, changed


def wrong(**others):
    return wrong_in({**OUTCOME, **others}, TRIAL.key)


def test_a_valid_outcome_has_no_error():
    assert wrong() == ""
    assert wrong(curves={}, sha256="x", later={"versions": "may say more"}) == ""
    assert wrong(status="diverged", reason="NaN.", metrics={}, seconds=None) == ""


@pytest.mark.parametrize(
    "path",
    [
        *(("trial",), ("status",), ("reason",), ("metrics",), ("seconds",)),
        *(("environment",), ("environment", "cores"), ("trial", "kind")),
        ("trial", "config", "training", "epochs"),
        ("metrics", "epochs"),
    ],
)
def test_a_field_that_is_missing_is_named(path):
    made = changed(OUTCOME, path, lambda holder, key: holder.pop(key))
    assert path[-1] in wrong_in(made, TRIAL.key)


@pytest.mark.parametrize(
    "value", ["0.5", True, None, [], float("nan"), float("inf"), 1e101, 10**400]
)
def test_a_metric_that_is_no_number_is_named(value):
    metrics = {**OUTCOME["metrics"], "test_accuracy": value}
    assert wrong(metrics=metrics).startswith("metrics.test_accuracy: ")


@pytest.mark.parametrize("status", ["diverged", "failed", "pruned", "crashed"])
def test_only_done_trials_have_metrics(status):
    expected = f"status: {status} requires a reason and no metrics"
    assert wrong(status=status, reason="Why.") == expected
    assert wrong(status=status, metrics={}) == expected
    assert wrong(status=status, reason="Why.", metrics={}) == ""


def test_the_outcome_of_another_trial_is_known_by_its_key():
    assert wrong_in(OUTCOME, "0" * 16) == (
        f"it is the outcome of the trial {TRIAL.key}, not of 0000000000000000"
    )


@pytest.mark.parametrize(
    "name", ["train_loss", "lowest_train_loss", "epochs", "best_epoch"]
)
def test_a_metric_that_its_curve_contradicts_is_named(name):
    metrics = {**OUTCOME["metrics"], name: 7.0}
    assert wrong(metrics=metrics).startswith(f"metrics.{name}: 7.0, but its curve")


@pytest.mark.parametrize("name", ["test_accuracy", "test_mistakes"])
def test_a_metric_that_its_confusion_matrix_contradicts_is_named(name):
    metrics = {**OUTCOME["metrics"], "test_accuracy": 0.75, "test_mistakes": 1.0}
    confusion = [[2, 1], [0, 1]]
    assert wrong(metrics=metrics, confusion=confusion) == ""
    assert wrong(metrics={**metrics, name: 7.0}, confusion=confusion).startswith(
        f"metrics.{name}: 7.0, but its confusion matrix gives"
    )


@pytest.mark.parametrize("confusion", [[[1, -1]], [[0.5]], [1], "1"])
def test_a_confusion_matrix_that_is_none_is_named(confusion):
    assert wrong(confusion=confusion).startswith("confusion")


def test_the_validation_loss_tells_the_best_epoch():
    curves = {"train_loss": [2.0, 1.0], "validation_loss": [1.0, 2.0]}
    assert numbers_of(curves)["best_epoch"] == 1.0


def test_the_last_digits_of_another_version_are_no_contradiction():
    assert wrong(metrics={**OUTCOME["metrics"], "train_loss": 0.5 + 1e-12}) == ""


def test_numbers_of_curves():
    curves = {
        "train_loss": [2.0, 1.0, 1.5],
        "validation_accuracy": [0.25, 0.75, 0.5],
        "validation_loss": [],
    }
    assert numbers_of(curves) == {
        "train_loss": 1.5,
        "lowest_train_loss": 1.0,
        "train_loss_rises": 0.5,
        "validation_accuracy": 0.5,
        "highest_validation_accuracy": 0.75,
        "epochs": 3.0,
        "best_epoch": 2.0,
    }
    assert numbers_of({}) == {}


def test_rises():
    assert list(rises([3.0, 1.0, 2.0, 2.5])) == [0, 1.0, 0.5]
    assert list(rises([3.0])) == []


def test_the_first_place_that_differs_is_named():
    assert difference({"a": {"b": 1}}, {"a": {"b": 1.0}}) == ""
    assert difference({"a": {"b": 1}}, {"a": {"b": 2}}) == "a.b is 1 and 2"
    assert difference({"a": 1}, {"a": 1, "b": 2}) == "b is in only one of them"
    assert difference({"a": [1]}, {"a": {"b": 1}}) == "a is [1] and {'b': 1}"
    assert difference("x" * 50, 1) == f" is '{'x' * 36}... and 1"
