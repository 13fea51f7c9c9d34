import json

import pytest


def test_gradient_flow_of_a_run(handgrad, trained):
    found = json.loads(handgrad(f"inspect gradient-flow {trained} --json").out)
    (layer,) = found["layers"]
    assert layer["layer"] == "linear_1"
    assert layer["gradient_norm"] > 0


def test_gradient_flow_against_depth(handgrad, tmp_path):
    out = handgrad("inspect gradient-flow --depths 1,6 --figure flow.png").out
    assert "With 6 hidden layers" in out
    assert (tmp_path / "flow.png").stat().st_size > 1000


def test_saturation_against_the_scale_of_the_weights(handgrad, tmp_path):
    found = json.loads(
        handgrad("inspect saturation --scales 0.01,3 --figure s.png --json").out
    )
    first = [row["share"] for row in found["rows"] if row["layer"] == "sigmoid_1"]
    assert first[0] < 0.01 < 0.5 < first[1]
    assert (tmp_path / "s.png").exists()
    assert "relu_1" in handgrad("inspect saturation --activation relu").out


def test_mistakes_are_sentences(refused, trained):
    assert "has none" in refused(f"inspect saturation {trained}")
    assert "integers" in refused("inspect gradient-flow --depths 1.5")
    assert "of at least 1" in refused("inspect gradient-flow --images 0")
    assert "nowhere does not exist" in refused("inspect gradient-flow nowhere")


@pytest.fixture
def sigmoids(handgrad, tmp_path):
    folder = tmp_path / "perceptron"
    words = "train perceptron --epochs 1 --train-count 100 --engine plain -q"
    assert handgrad(f"{words} --run {folder}").code == 0
    return folder


def test_saturation_of_a_run(handgrad, sigmoids, tmp_path):
    out = handgrad(f"inspect saturation {sigmoids} --figure run.png").out
    assert "sigmoid_1" in out
    assert "test images" in out
    assert (tmp_path / "run.png").exists()
