import json

import pytest

from handgrad import catalog
from handgrad.cli.models import described, takes, written


def test_every_network_is_listed_with_its_options(handgrad):
    code, out, err = handgrad("models")
    assert (code, err) == (0, "")
    for name in catalog.MODELS:
        assert name in out
    assert "kernel_sizes" in out


def test_one_network_shows_defaults_and_what_each_option_takes(handgrad):
    out = handgrad("models lenet").out
    assert "activation   sigmoid" in out
    assert "gelu_tanh" in out
    assert "global_average" not in out


@pytest.mark.parametrize("name", ["mlp", "lenet", "resnet"])
def test_the_command_that_it_offers_works(handgrad, name):
    line = handgrad(f"models {name}").out.splitlines()[-1]
    words = line.partition("--set: ")[2].removeprefix("handgrad train ")
    assert handgrad(f"summary {words}").code == 0


def test_json_holds_the_same(handgrad):
    out = handgrad("models --json").out
    assert out.count("\n") == 1
    assert json.loads(out)["lenet"]["options"]["pooling"] == "average"


def test_an_unknown_network_offers_the_nearest(refused):
    assert "Did you mean 'lenet'?" in refused("models lenett")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "(none)"), (True, "true"), ((256,), "256,"), ((3, 5), "3,5"), (0.5, "0.5")],
)
def test_defaults_are_written_as_set_takes_them(value, text):
    assert written(value) == text


@pytest.mark.parametrize("name", catalog.MODELS)
def test_every_option_of_every_network_says_what_it_takes(name):
    for option in described(name)["options"]:
        assert takes(name, option)
