import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from handgrad.augmentation.presets import PRESETS
from handgrad.errors import ConfigError
from handgrad.training.config import RunConfig, config_from, read_config

EXAMPLE = {
    "seed": 3,
    "engine": "plain",
    "dataset": {
        "name": "fashion_mnist",
        "validation": 5000,
        "image_size": [32, 32],
        "normalization": "standard",
        "augmentation": [{"name": "random_crop", "padding": 2}],
    },
    "model": {"name": "mlp", "hidden_sizes": [128, 64], "dropout": 0.1},
    "loss": {"name": "softmax_cross_entropy", "label_smoothing": 0.1, "l2": 1e-4},
    "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    "schedule": {"name": "cosine", "warmup_epochs": 1},
    "training": {"epochs": 2, "batch_size": 64, "clip_norm": 1, "early_stopping": 3},
}


def test_toml_and_back_is_the_same():
    config = config_from(EXAMPLE)
    assert config_from(tomllib.loads(config.to_toml())) == config
    assert config_from(tomllib.loads(RunConfig().to_toml())) == RunConfig()


@given(
    st.integers(0, 2**63 - 1),
    st.floats(1e-300, 1e38),
    st.one_of(st.floats(0.01, 0.99), st.integers(1, 10**9), st.sampled_from(["none"])),
)
def test_numbers_survive_toml_to_the_bit(seed, rate, validation):
    tables = {
        "seed": seed,
        "optimizer": {"name": "adam", "learning_rate": rate},
        "dataset": {"validation": validation},
    }
    config = config_from(tables)
    assert config_from(tomllib.loads(config.to_toml())) == config
    assert config.dataset.validation == validation


def test_other_keys_of_a_named_table_are_its_options():
    config = config_from(EXAMPLE)
    assert config.model.options == {"hidden_sizes": [128, 64], "dropout": 0.1}
    assert config.loss.options == {"label_smoothing": 0.1}
    assert config.dataset.augmentation[0].options == {"padding": 2}


def test_a_configuration_is_immutable():
    with pytest.raises(ValidationError, match="frozen"):
        RunConfig().seed = 1


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (
            {"trainng": {}},
            r"no key of the top named 'trainng'. Did you mean 'training'",
        ),
        (
            {"training": {"epoch": 3}},
            r"no key of \[training\] named 'epoch'. Did you mean 'epochs'",
        ),
        ({"dataset": {"dir": 1}}, r"no key of \[dataset\] named 'dir'"),
        ({"training": {"epochs": "3"}}, r"training.epochs: .*valid integer, got '3'"),
        ({"training": {"epochs": 0}}, r"training.epochs: .*equal to 1, got 0"),
        (
            {"training": {"clip_norm": 0}},
            r"training.clip_norm: .*greater than 0, got 0",
        ),
        ({"seed": True}, r"seed: .*valid integer, got True"),
        ({"seed": -1}, r"seed: .*got -1"),
        ({"engine": "gpu"}, r"engine: input should be 'plain' or 'cpu', got 'gpu'"),
        ({"optimizer": {"learning_rate": float("inf")}}, r"learning_rate: .*finite"),
        ({"dataset": {"image_size": [28]}}, r"dataset.image_size.1: field required"),
        ({"dataset": {"image_size": [28, 0]}}, r"dataset.image_size.1: .*got 0"),
        ({"dataset": {"validation": "tset"}}, r"dataset.validation: .*got 'tset'"),
        ({"dataset": {"augmentation": [{"size": 1}]}}, r"dataset.augmentation.0"),
        ({"model": 3}, r"model: .*got 3"),
    ],
)
def test_an_error_names_the_file_and_the_key(tables, words):
    with pytest.raises(ConfigError, match=words) as error:
        config_from(tables, "wrong.toml")
    assert str(error.value).startswith("wrong.toml: ")
    assert "\n" not in str(error.value)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(config_from(EXAMPLE).to_toml())
    assert read_config(path) == config_from(EXAMPLE)


@pytest.mark.parametrize("content", [b"seed = ", b"seed = 1\nseed = 2"])
def test_what_is_not_toml_is_refused(tmp_path, content):
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"run\.toml is not valid TOML"):
        read_config(path)


def test_a_missing_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match=r"run\.toml cannot be read: No such file"):
        read_config(tmp_path / "run.toml")


toml_values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(10**12), 10**12),
        st.floats(),
        st.text(max_size=5),
        st.just(0),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=6,
)
names = st.sampled_from([*RunConfig.model_fields, "x"])
keys = st.sampled_from(["name", "epochs", "validation", "image_size", "augmentation"])


@given(
    st.dictionaries(
        names, st.one_of(toml_values, st.dictionaries(keys, toml_values, max_size=3))
    )
)
def test_any_input_is_accepted_or_a_config_error(tables):
    message = ""
    try:
        config_from(tables)
    except ConfigError as error:
        message = str(error)
    assert message == "" or message.startswith("The configuration: ")


def test_a_class_weight_is_balanced_or_none():
    usual = config_from({})
    assert usual.loss.class_weight is None
    assert "class_weight" not in usual.to_toml()
    chosen = config_from({"loss": {"class_weight": "balanced"}})
    assert chosen.loss.options == {}
    assert 'class_weight = "balanced"' in chosen.to_toml()
    assert config_from({"loss": {"class_weight": "none"}}).loss == usual.loss
    with pytest.raises(ConfigError, match=r"loss\.class_weight: .*got 'even'"):
        config_from({"loss": {"class_weight": "even"}})


TOO_LARGE = [
    ("loss", "l2"),
    ("loss", "l2_factor"),
    ("optimizer", "learning_rate"),
    ("training", "clip_norm"),
    ("training", "checkpoint_seconds"),
]


@pytest.mark.parametrize(("table", "name"), TOO_LARGE)
def test_no_number_is_too_large_for_float32(table, name):
    named = {"loss": "multiclass_svm", "optimizer": "sgd"}
    chosen = {"name": named[table]} if table in named else {}
    with pytest.raises(ConfigError, match=r"at most 3\.40282e\+38, got 1e\+39"):
        config_from({table: chosen | {name: 1e39}})


@pytest.mark.parametrize("name", ["epochs", "batch_size", "early_stopping"])
def test_no_count_is_too_large_to_be_read_again(name):
    for count in (2**31, 10**19, 10**30):
        with pytest.raises(ConfigError, match="less than or equal to 2147483647"):
            config_from({"training": {name: count}})


def test_no_warm_up_is_longer_than_any_training():
    with pytest.raises(ConfigError, match="less than or equal to 2147483647"):
        config_from({"schedule": {"name": "constant", "warmup_epochs": 1e308}})


def test_a_name_that_is_not_utf8_is_refused():
    name = b"/tmp/\xff\xe9".decode("utf-8", "surrogateescape")
    with pytest.raises(ConfigError, match=r"not valid UTF-8.*Rename"):
        config_from({"dataset": {"name": name}})
    with pytest.raises(ConfigError, match=r"not valid UTF-8.*Rename"):
        config_from({"dataset": {"data_dir": name}})


def test_a_list_of_presets_becomes_a_tuple_of_their_rows():
    rows = [{"name": "objects"}, {"name": "cutout", "size": 3}]
    found = config_from({"dataset": {"augmentation": rows}}).dataset.augmentation
    assert isinstance(found, tuple)
    expected = [*PRESETS["objects"], rows[1]]
    assert [row.model_dump() for row in found] == [dict(row) for row in expected]


def test_the_fit_is_crop_unless_a_setting_or_a_resolved_run_says_otherwise():
    assert RunConfig().fit == "crop"
    assert "fit" not in RunConfig().model_dump()["dataset"]  # as in older ledgers
    config = config_from({"dataset": {"fit": "pad"}})
    assert config.fit == "pad"
    assert config_from(tomllib.loads(config.to_toml())) == config
    with pytest.raises(ConfigError, match=r"dataset\.fit: .*'pad' or 'stretch'"):
        config_from({"dataset": {"fit": "centre"}})
