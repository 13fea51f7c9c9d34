import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import handgrad as hg
from handgrad import layers, models
from handgrad.errors import ConfigError, RunError
from handgrad.interop import (
    from_torch,
    load_torch_weights,
    save_torch_weights,
    to_torch,
    torch_names,
)
from handgrad.layers import Sequential

from .twins import drawn, resnet18


def small(seed=0):
    return models.resnet(channels=(2, 3), input_shape=(1, 8, 8), classes=3, seed=seed)


def arrays(network):
    return {
        n: a.value for n, a in {**network.parameters(), **network.buffers()}.items()
    }


def test_names_are_those_of_the_module():
    for network in (small(), Sequential([Sequential([layers.Linear(2, 1)])])):
        theirs = set(torch_names(network).values())
        state = {n for n in to_torch(network).state_dict() if "num_batches" not in n}
        assert theirs == state
        assert torch_names(network).keys() == arrays(network).keys()


def test_torch_loads_what_is_saved_exactly(tmp_path):
    network = small()
    network.buffers()["batch_norm2d_1.running_var"].value += 0.3
    path = save_torch_weights(network, tmp_path / "net.safetensors")
    assert path.read_bytes() == save_torch_weights(network, path).read_bytes()
    module = to_torch(small(seed=1))
    module.load_state_dict(load_file(path))
    for ours, theirs in torch_names(network).items():
        expected = arrays(network)[ours]
        np.testing.assert_array_equal(module.state_dict()[theirs].numpy(), expected)


def test_what_torch_saves_is_loaded_exactly(tmp_path):
    module = drawn(resnet18(), torch.float32)
    save_file(module.state_dict(), tmp_path / "resnet.safetensors")
    network = from_torch(resnet18(), (3, 32, 32))
    names = torch_names(module, (3, 32, 32))
    load_torch_weights(network, tmp_path / "resnet.safetensors", names)
    for ours, array in arrays(network).items():
        np.testing.assert_array_equal(array, module.state_dict()[names[ours]].numpy())
        assert array.dtype == np.float32


def test_half_precision_becomes_float32(tmp_path):
    module = nn.Sequential(nn.Linear(3, 2)).half()
    save_file(module.state_dict(), tmp_path / "a.safetensors")
    network = Sequential([layers.Linear(3, 2)])
    load_torch_weights(network, tmp_path / "a.safetensors")
    found = network.parameters()["linear_1.weight"].value
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, module[0].weight.detach().float().numpy())


def test_metadata_say_how_images_are_normalized(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4), np.uint8)
    clf = hg.Classifier("softmax_regression", epochs=1, engine="plain")
    clf.fit(images, np.array(["a", "b"] * 10))
    path = save_torch_weights(clf, tmp_path / "net.safetensors")
    with safe_open(path, "numpy") as file:
        notes = json.loads(file.metadata()["network"])
    assert notes["mean"] == json.dumps(list(clf.trained_.normalization.mean))
    assert json.loads(notes["class_names"]) == ["a", "b"]
    with pytest.raises(RunError, match="was not written by"):
        hg.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"1.weight": torch.zeros(2, 4)}, r"1.weight is \(2, 4\), not \(2, 3\)"),
        ({"1.bias": None}, "it has no 1.bias"),
        ({"2.bias": torch.zeros(2)}, "it has, but the network has not, 2.bias"),
        ({"1.bias": torch.tensor([0, torch.nan])}, "NaN or infinity, .* in 1.bias"),
        ({"1.bias": torch.tensor([0, 1e39]).double()}, "infinity, .* in 1.bias"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(change, message, tmp_path):
    network = Sequential([layers.Flatten(), layers.Linear(3, 2)])
    before = {name: array.copy() for name, array in arrays(network).items()}
    values = {"1.weight": torch.ones(2, 3), "1.bias": torch.ones(2), **change}
    kept = {name: value for name, value in values.items() if value is not None}
    save_file(kept, tmp_path / "a.safetensors")
    with pytest.raises(ConfigError, match=message):
        load_torch_weights(network, tmp_path / "a.safetensors")
    assert all((arrays(network)[name] == array).all() for name, array in before.items())


def test_files_that_cannot_be_read(tmp_path):
    network = Sequential([layers.Linear(3, 2)])
    with pytest.raises(RunError, match="No such file"):
        load_torch_weights(network, tmp_path / "none")
    (tmp_path / "text").write_text("weights")
    with pytest.raises(RunError, match="is not a safetensors file"):
        load_torch_weights(network, tmp_path / "text")
    with pytest.raises(ConfigError, match="takes a Sequential, got int"):
        load_torch_weights(3, tmp_path / "text")
    with pytest.raises(RunError):
        save_torch_weights(network, tmp_path / "none" / "a")
