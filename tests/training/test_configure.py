import pytest

from handgrad.errors import ConfigError, HandgradWarning
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


OPTIONS = """
[optimizer]
name = "adam"
learning_rate = 0.05
beta1 = 0.8
[loss]
l2 = 0.01
class_weight = "balanced"
label_smoothing = 0.1
[schedule]
name = "step_decay"
every = 7
warmup_epochs = 1.0
"""


@pytest.fixture
def settings(tmp_path):
    """Writes a file of settings, and returns its path."""

    def write(text=OPTIONS):
        (tmp_path / "own.toml").write_text(text)
        return str(tmp_path / "own.toml")

    return write


def test_the_name_that_a_file_has_changes_nothing(settings):
    path = settings()
    names = {"optimizer": "Adam", "loss": "softmax-cross-entropy"}
    names |= {"schedule": "step-decay", "model": "LeNet"}
    over = {table: {"name": name} for table, name in names.items()}
    assert configure(path, over) == configure(path, {})


@pytest.mark.parametrize(
    ("table", "name", "words", "kept"),
    [
        ("optimizer", "sgd", "replaces adam .* learning_rate = 0.05, beta1 = 0.8", {}),
        (
            "loss",
            "multiclass_svm",
            "replaces softmax_cross_entropy .* its label_smoothing = 0.1",
            {"l2": 0.01, "class_weight": "balanced"},
        ),
        (
            "schedule",
            "cosine",
            r"replaces step_decay .* its every = 7\. .*--set schedule\.NAME",
            {"warmup_epochs": 1.0},
        ),
    ],
)
def test_another_name_leaves_out_only_what_belongs_to_the_old_one(
    settings, table, name, words, kept
):
    with pytest.warns(HandgradWarning, match=words) as found:
        config = configure(settings(), {table: {"name": name}})
    assert len(found) == 1
    part = getattr(config, table)
    assert part.options == {}
    assert {key: getattr(part, key) for key in kept} == kept
    if table == "optimizer":
        assert part.learning_rate == 0.1


def test_an_option_that_is_set_as_well_is_not_named(settings):
    over = {"optimizer": {"name": "sgd", "learning_rate": 0.3}}
    with pytest.warns(HandgradWarning, match=r"without its beta1 = 0\.8\."):
        assert configure(settings(), over).optimizer.learning_rate == 0.3


@pytest.mark.parametrize(
    ("table", "name", "rate", "momentum"),
    [
        ('name = "momentum"\nlearning_rate = 0.5', "momentum", 0.5, 0.9),
        ('name = "sgd"\nmomentum = 0.95\nlearning_rate = 0.5', "momentum", 0.5, 0.95),
        ('name = "sgd"\nmomentum = 0.95\nlearning_rate = 0.5', "sgd", 0.5, 0.95),
        ("learning_rate = 0.5", "sgd", 0.5, None),
    ],
)
def test_an_optimizer_is_the_same_by_its_usual_name(
    settings, table, name, rate, momentum
):
    path = settings(f"[optimizer]\n{table}")
    config = configure(path, {"optimizer": {"name": name}})
    assert config.optimizer.learning_rate == rate
    assert config.optimizer.options.get("momentum") == momentum


@pytest.mark.parametrize(
    ("old", "new"), [("momentum", "sgd"), ("nesterov", "momentum")]
)
def test_usual_names_of_one_optimizer_are_different_ones(settings, old, new):
    path = settings(f'[optimizer]\nname = "{old}"\nlearning_rate = 0.5')
    with pytest.warns(HandgradWarning, match=f"{new} replaces {old} .* its learning"):
        config = configure(path, {"optimizer": {"name": new}})
    fresh = config_from({"optimizer": {"name": new}})
    assert config.optimizer == fresh.optimizer


def test_the_recipe_of_the_quick_start_is_left_without_a_word():
    config = configure(None, {"optimizer": {"name": "sgd"}})
    assert config.optimizer.learning_rate == 0.1
