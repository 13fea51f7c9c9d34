from tests.training.small import small, train

from handgrad.inspection.health import health


def test_each_layer_has_its_gradient_norm_and_its_dead_units(tmp_path):
    train(tmp_path / "run", small())
    found = health(tmp_path / "run")
    assert found["gradients"]["layers"]
    assert found["units"]["rows"]


def test_a_network_without_activations_says_so(tmp_path):
    layers = {
        "name": "from_layers",
        "layers": [{"name": "flatten"}, {"name": "linear"}],
    }
    train(tmp_path / "run", small(model=layers))
    found = health(tmp_path / "run")
    assert found["gradients"]["layers"]
    assert found["units"]["message"]
