import json
from pathlib import Path

import pytest

import handgrad as hg


def test_the_table_ends_with_the_totals(handgrad):
    code, out, err = handgrad("summary softmax_regression")
    assert (code, err) == (0, "")
    assert "7,850 parameters; 7,840 multiply-adds" in out.splitlines()[-1]


def test_options_change_the_network(handgrad):
    out = handgrad(
        "summary lenet --set pooling=max --image-size 32 --channels 3 --classes 5"
    ).out
    assert "MaxPool2d" in out
    assert "3 x 32 x 32" in out
    assert "5" in out.splitlines()[-3].split()


def test_json_holds_every_layer(handgrad):
    found = json.loads(handgrad("summary lenet --json").out)
    assert found["parameters"] == sum(row["parameters"] for row in found["layers"])
    assert found["input_shape"] == [1, 28, 28]
    assert found["layers"][0]["receptive_field"] == [5, 5]


@pytest.mark.parametrize("path", ["runs/one", "runs/one.safetensors"])
def test_a_trained_network_is_shown_as_it_is(handgrad, refused, path):
    small = "--set hidden_sizes=8, --epochs 1 --train-count 60"
    assert handgrad(f"train mlp {small} -q --run runs/one").code == 0
    hg.load("runs/one").save("runs/one.safetensors")
    found = json.loads(handgrad(f"summary {path} --json").out)
    named = "summary mlp --set hidden_sizes=8, --json"
    assert found["layers"] == json.loads(handgrad(named).out)["layers"]
    assert found["model"] == path
    assert "1 x 28 x 28" in handgrad(f"summary {path}").out
    assert "no --classes with a trained" in refused(f"summary {path} --classes 3")
    assert "no --set with a trained" in refused(f"summary {path} --set bias=no")


@pytest.mark.parametrize("command", ["models", "inspect memory", "bench", "race"])
def test_commands_for_networks_by_name_say_so(handgrad, refused, command):
    Path("a run").mkdir()
    Path("a run/config.toml").touch()
    said = refused(f"{command} 'a run'")
    assert "takes the name of one of the catalogue" in said
    assert "handgrad summary 'a run'" in said


def test_mistakes_are_sentences(refused):
    assert "Did you mean 'perceptron'" in refused("summary percepton")
    assert "Did you mean 'activation'" in refused("summary lenet --set activaton=relu")
    assert "images of at least 5x5" in refused("summary lenet --image-size 3")
    assert "an integer" in refused("summary perceptron --set hidden=many")
    assert "--classes of at least 2" in refused("summary lenet --classes 1")
    assert "--channels of at least 1" in refused("summary lenet --channels 0")
    assert "model only" in refused("summary lenet --set optimizer.beta1=0.9")
