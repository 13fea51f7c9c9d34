import pytest

from handgrad.cli.inspect_options import (
    count,
    known_network,
    network_or_settings,
    numbers,
    of_model,
    parse_integers,
    parse_numbers,
    square,
    unset,
)
from handgrad.errors import ConfigError

COMMAND = "handgrad inspect memory"


def test_numbers_are_read():
    assert parse_numbers("--sizes", "1, 2.5,1e5") == [1.0, 2.5, 1e5]
    assert parse_integers("--depths", "1,12") == (1, 12)
    for wrong in ("", "1,,2", "a", "1;2", "nan", "inf"):
        with pytest.raises(ConfigError, match="--sizes takes comma-separated numbers"):
            parse_numbers("--sizes", wrong)
    for wrong in ("1.5", "1e300"):
        with pytest.raises(ConfigError, match="takes comma-separated integers"):
            parse_integers("--depths", wrong)


def test_an_option_reads_its_value():
    assert numbers("sizes", "1,2").read(COMMAND, "0.5,3") == [0.5, 3.0]
    assert numbers("depths", "1,2", parse_integers).read(COMMAND, "3") == (3,)
    assert count("pairs", 10, "Pairs.").read(COMMAND, 4) == 4
    assert square(COMMAND, None) is None
    assert square(COMMAND, 9) == (9, 9)
    assert of_model(COMMAND, ["pooling=max"]) == {"pooling": "max"}
    assert of_model(COMMAND, None) == {}


def test_an_unset_option_is_none_and_shows_its_default():
    own = numbers("depths", "1,2", parse_integers)
    one = unset(own)
    assert (one.read(COMMAND, None), one.read(COMMAND, "3")) == (None, (3,))
    assert one.parameter.default is None
    assert one.parameter.annotation.__metadata__[0].show_default == "1,2"
    assert own.parameter.annotation.__metadata__[0].show_default is True


@pytest.mark.parametrize(
    ("read", "value", "words"),
    [
        (count("pairs", 10, "Pairs.").read, 0, f"{COMMAND} takes --pairs of at least"),
        (square, 0, f"{COMMAND} takes --image-size of at least 1"),
        (of_model, ["optimizer.beta1=0.9"], f"{COMMAND} takes --set for the model"),
        (known_network, "lenett", "Did you mean 'lenet'"),
        (known_network, "config.toml", "config.toml"),
        (network_or_settings, "lenett", "Did you mean 'lenet'"),
    ],
)
def test_an_error_names_the_command_and_the_option(read, value, words):
    with pytest.raises(ConfigError, match=words):
        read(COMMAND, value)


def test_a_settings_file_needs_no_known_name():
    assert network_or_settings(COMMAND, "config.toml") == "config.toml"
