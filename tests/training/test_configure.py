import pytest

from handgrad.errors import ConfigError
from handgrad.starting_points import STARTING_POINTS
from handgrad.training.config import RunConfig, config_from
from handgrad.training.configure import check_names, configure, merged

from .small import RESOLVED


def test_names_and_paths_that_can_be_are_let_through(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for name in ("digits", "fashion-mnist", "MNIST", "./later", "own.zip", "pictures"):
        check_names(config_from({"dataset": {"name": name}}))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"dataset": {"name": "cifar"}}, "Did you mean 'cifar10'"),
        (
            {"dataset": {"name": "m" * 300}},
            "named 'mmm.*give a folder or a",
        ),
        ({"model": {"name": "lenet", "depth": 3}}, "no option of lenet named 'depth'"),
        ({"optimizer": {"name": "momentun"}}, "Did you mean 'momentum'"),
        ({"schedule": {"name": "cosine", "finall": 0}}, "Did you mean 'final'"),
        (
            {"dataset": {"augmentation": [{"name": "flip"}]}},
            "augmentation named 'flip'",
        ),
    ],
)
def test_others_are_refused_before_any_data_is_touched(tables, words):
    with pytest.raises(ConfigError, match=words):
        check_names(config_from(tables))


def test_a_new_name_starts_its_table_afresh():
    base = {
        "optimizer": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9},
        "dataset": {"name": "digits", "validation": 0.2},
        "": {"seed": 3},
    }
    over = {
        "optimizer": STARTING_POINTS["adam"],
        "dataset": {"name": "mnist"},
        "": {"engine": "plain"},
    }
    assert merged(base, over) == {
        "optimizer": {"name": "adam", "learning_rate": 0.001},
        "dataset": {"name": "mnist", "validation": 0.2},
        "": {"seed": 3, "engine": "plain"},
    }
    assert base["optimizer"]["name"] == "sgd"


def test_options_without_a_name_are_added():
    base = {"training": {"epochs": 10, "batch_size": 32}}
    tables = merged(base, {"training": {"epochs": 3}})
    assert tables["training"] == {"epochs": 3, "batch_size": 32}


def test_a_named_network_with_changes_is_checked():
    config = configure("mlp", {"training": {"epochs": 3}, "": {"seed": 7}})
    assert (config.model.name, config.training.epochs, config.seed) == ("mlp", 3, 7)
    with pytest.raises(ConfigError, match="no model named 'lenett'"):
        configure("lenett", {})


def test_without_a_model_it_is_the_quick_start():
    config = configure(None, {})
    assert (config.model.name, config.optimizer.learning_rate) == ("lenet", 0.003)


@pytest.mark.parametrize(
    ("resolved", "fit"),
    [
        (None, "crop"),
        (RESOLVED, "stretch"),  # a run from before there was a choice
        ({**RESOLVED, "fit": "pad"}, "pad"),
    ],
)
def test_the_file_of_a_run_keeps_its_fit(tmp_path, resolved, fit):
    (tmp_path / "config.toml").write_text(RunConfig(resolved=resolved).to_toml())
    assert configure(str(tmp_path / "config.toml"), {}).fit == fit
    changed = configure(str(tmp_path / "config.toml"), {"dataset": {"fit": "stretch"}})
    assert changed.fit == "stretch"


@pytest.mark.parametrize("validation", [1.5, 1.0])
def test_a_number_that_is_no_share_is_refused_before_reading_data(validation):
    with pytest.raises(ConfigError, match="validation takes a fraction above 0"):
        configure("mlp", {"dataset": {"validation": validation}})


def test_none_and_false_leave_out_what_a_file_has(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(
        '[model]\nname = "lenet"\n[training]\nearly_stopping = 3\n'
        "[prediction]\nshift = 1\nwith_flip = true\n"
    )
    before = configure(str(path), {})
    assert (before.prediction.shift, before.training.early_stopping) == (1, 3)
    changes = {
        "prediction": {"shift": "none", "with_flip": False},
        "training": {"early_stopping": "none"},
    }
    after = configure(str(path), changes)
    assert (after.prediction.shift, after.training.early_stopping) == (None, None)
    assert not after.prediction.with_flip
