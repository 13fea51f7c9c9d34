import json

import pytest
from typer.main import get_command

from handgrad.cli.main import app
from handgrad.cli.train_options import OPTIONS, tables_from
from handgrad.errors import ConfigError
from handgrad.training.config import RunConfig, StartConfig, config_from
from handgrad.training.configure import merged


def test_only_what_was_given_is_in_the_tables():
    assert tables_from({}, {}) == {}
    assert tables_from({"epochs": 3, "seed": 0}, {}) == {
        "training": {"epochs": 3},
        "": {"seed": 0},
    }


def test_set_goes_over_the_options():
    tables = tables_from(
        {"optimizer": "momentum"}, {"optimizer": {"momentum": 0.5}, "model": {"a": 1}}
    )
    assert tables["optimizer"]["momentum"] == 0.5
    assert tables["model"] == {"a": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.2", 0.2),
        (".2", 0.2),
        ("2.", 2.0),
        ("1000", 1000),
        ("test", "test"),
        ("none", "none"),
    ],
)
def test_validation_is_a_fraction_a_count_or_a_word(text, value):
    read = tables_from({"validation": text}, {})["dataset"]["validation"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ["tset", "true", "1,2", ""])
def test_other_words_for_validation_are_refused(text):
    with pytest.raises(ConfigError, match="--validation takes a fraction, a number"):
        tables_from({"validation": text}, {})


def test_an_image_size_is_both_sides():
    assert tables_from({"image_size": 32}, {})["dataset"]["image_size"] == [32, 32]
    with pytest.raises(ConfigError, match="of at least 1, got 0"):
        tables_from({"image_size": 0}, {})


def test_an_option_and_set_must_agree():
    given, agreed = {"epochs": 1, "optimizer": "adam"}, {"training": {"epochs": 1}}
    assert tables_from(given, agreed)["training"] == {"epochs": 1}
    for said in ({"training": {"epochs": 2}}, {"optimizer": {"name": "sgd"}}):
        with pytest.raises(ConfigError, match=r"--\w+ is .*, but --set .* is"):
            tables_from(given, said)


def test_every_setting_is_a_key_of_the_configuration_with_the_default_shown():
    settings = {one.setting: one for one in OPTIONS.values() if one.setting}
    assert len(settings) == 35
    places = [one.place for one in settings.values()]
    of_a_start = {key for table, key in places if table == "start"}
    assert of_a_start <= set(StartConfig.model_fields)  # there may be none
    for table, key in (place for place in places if place[0] != "start"):
        model = RunConfig.model_fields[table].annotation if table else RunConfig
        assert key in model.model_fields or model.model_config["extra"] == "allow"
        shown = settings[f"{table}.{key}".strip(".")].default
        if key in model.model_fields and shown not in (True, "none", "all"):
            default = model.model_fields[key].default
            written = f"{default:g}" if isinstance(default, float) else str(default)
            assert default is None or shown.startswith(written)


def test_every_option_is_in_the_help(handgrad):
    shown = handgrad("train --help").out
    for name in OPTIONS.keys() - {"model", "settings", "as_json"}:
        assert f"--{name.replace('_', '-')}"[:25] in shown


def test_a_failed_save_stops_a_run_or_not(handgrad, tmp_path, monkeypatch):
    from handgrad.errors import ResourceError
    from handgrad.training import run as runs

    def full(*arguments, **options):
        raise ResourceError("The disk is full.")

    monkeypatch.setattr(runs, "save_checkpoint", full)
    words = "train softmax_regression --engine plain --epochs 2 -q --train-count 64"
    code, out, err = handgrad(f"{words} --run a")
    assert (code, out) == (2, "")
    assert err == "The disk is full.\n"
    code, out, err = handgrad(f"{words} --run b --on-failed-save continue --json")
    assert code == 5
    assert json.loads(out.splitlines()[-1])["epochs"] == 2
    assert err.count("NOT SAVED: training continues") == 1
    assert "not all of it is saved: saving failed 3 times in a row. The disk" in err
    assert not (tmp_path / "b" / "result.json").exists()


def test_a_failed_save_is_one_of_two_words(refused):
    err = refused("train softmax_regression --on-failed-save hope")
    assert "training.on_failed_save" in err


def test_nan_in_a_section_does_not_conflict_with_itself():
    tables = tables_from({}, {"optimizer": {"beta1": float("nan")}})
    assert list(tables["optimizer"]) == ["beta1"]


def test_none_is_taken_where_the_help_gives_it_as_the_default():
    options = get_command(app).commands["train"].params
    defaults = {option.name: getattr(option, "show_default", "") for option in options}
    found = [name for name, default in defaults.items() if default == "none"]
    assert "class_weight" in found
    for name in found:
        assert config_from(tables_from({name: "none"}, {})) == config_from({})


def test_none_goes_over_the_weights_of_a_file():
    over = tables_from({"class_weight": "none"}, {})
    tables = merged({"loss": {"class_weight": "balanced"}}, over)
    assert config_from({"loss": tables["loss"]}).loss.class_weight is None
