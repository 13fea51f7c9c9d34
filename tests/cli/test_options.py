import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handgrad.cli.options import (
    SECTIONS,
    parse_settings,
    parse_value,
    refuse_sections,
)
from handgrad.errors import ConfigError
from handgrad.training.config import RunConfig


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("relu", "relu"),
        ("3", 3),
        ("0.5", 0.5),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("5.", 5.0),
        (".", "."),
        ("1.2.3", "1.2.3"),
        ("5.relu", "5.relu"),
        (".5, 2", [0.5, 2]),
        ("true", True),
        ("256,", [256]),
        ("3,5", [3, 5]),
        ("relu, tanh", ["relu", "tanh"]),
        ("[3, 5]", [3, 5]),
        ("normal:0.01", "normal:0.01"),
        ('{name = "normal", std = 0.01}', {"name": "normal", "std": 0.01}),
        ('"3"', "3"),
        ("", ""),
        ("[3", "[3"),
    ],
)
def test_values_are_read_as_toml_lists_or_words(text, value):
    read = parse_value(text)
    assert read == value
    assert type(read) is type(value)


def test_a_line_break_cannot_bring_a_second_name():
    assert parse_value("1\nother = 2") == "1\nother = 2"


@given(st.text())
def test_no_text_breaks_the_reading(text):
    parse_value(text)


def test_names_belong_to_the_model_unless_they_name_a_section():
    settings = parse_settings(["pooling=max", "optimizer.beta1=0.8", "dropout=0.5"])
    assert settings == {
        "model": {"pooling": "max", "dropout": 0.5},
        "optimizer": {"beta1": 0.8},
    }


def test_every_table_of_a_configuration_is_a_section():
    tables = {
        name
        for name, field in RunConfig.model_fields.items()
        if name != "resolved" and isinstance(field.default, BaseModel)
    }
    assert tables == set(SECTIONS)


@pytest.mark.parametrize(
    "assignments", [["a=1", "a=2"], ["a=1", "a=1"], ["a=32,", "b=1", " model.a=64,"]]
)
def test_a_name_is_given_once(assignments):
    with pytest.raises(ConfigError, match=r"--set model\.a is repeated\. Give it once"):
        parse_settings(assignments)
    assert parse_settings(["a=1", "optimizer.a=1"])["model"] == {"a": 1}


def test_a_value_may_hold_an_equals_sign():
    assert parse_settings(["a=b=c"]) == {"model": {"a": "b=c"}}


@pytest.mark.parametrize("assignment", ["activation", "=relu", "optimizer.=1"])
def test_words_without_a_name_or_a_value_are_refused(assignment):
    with pytest.raises(ConfigError, match="--set takes NAME=VALUE, got "):
        parse_settings([assignment])


def test_an_unknown_section_offers_the_nearest():
    with pytest.raises(ConfigError, match=r"'optimiser'\. Did you mean 'optimizer'"):
        parse_settings(["optimiser.beta1=0.8"])


def test_only_the_model_may_be_set_where_nothing_else_is_made():
    assert refuse_sections({"model": {"a": 1}}, "handgrad summary") == {"a": 1}
    assert refuse_sections({}, "handgrad summary") == {}
    with pytest.raises(ConfigError, match="model only, got an option of optimizer"):
        refuse_sections({"optimizer": {}}, "handgrad summary")
