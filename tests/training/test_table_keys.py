import pytest

from handgrad.errors import ConfigError
from handgrad.studies.experiment import Experiment, Variant
from handgrad.studies.trials import trial_of
from handgrad.training.config import RunConfig, config_from
from handgrad.training.configure import check_names
from handgrad.training.table_keys import home_of, keys_of


@pytest.mark.parametrize(
    ("table", "key", "home"),
    [
        ("training", "learning_rate", "[optimizer]"),
        ("model", "learning_rate", "[optimizer]"),
        ("schedule", "momentum", "[optimizer]"),
        ("optimizer", "l2", "[loss]"),
        ("training", "label_smoothing", "[loss]"),
        ("model", "warmup_epochs", "[schedule]"),
        ("model", "epochs", "[training]"),
        ("dataset", "hidden_sizes", "[model]"),
        ("model", "augmentation", "[dataset]"),
        ("training", "seed", "the top of the file, before all tables"),
        ("optimizer", "engine", "the top of the file, before all tables"),
        ("", "epochs", "[training]"),
        ("training", "sha256", "[start]"),
    ],
)
def test_a_key_of_another_table_is_said_to_belong_there(table, key, home):
    values = {key: 1}
    with pytest.raises(ConfigError, match=f"named '{key}'") as caught:
        check_names(config_from({table: values} if table else values))
    assert str(caught.value).endswith(f" It belongs to {home}.")


def test_a_trial_of_a_study_says_the_same():
    experiment = Experiment(question="?", model={"name": "mlp", "momentum": 0.9})
    with pytest.raises(ConfigError, match=r"^a\.toml: .* belongs to \[optimizer\]"):
        trial_of(experiment, Variant(name="main"), "full", 0, "a.toml")


@pytest.mark.parametrize("key", ["name", "normalization", "nothing", ""])
def test_nothing_is_said_of_a_key_of_several_tables_or_of_none(key):
    assert home_of(RunConfig, key, ["training"]) == ""


def test_a_table_that_is_not_there_has_no_keys():
    assert keys_of(RunConfig, ["seed"]) == keys_of(RunConfig, ["none"]) == []
