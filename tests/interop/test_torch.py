import sys

import numpy as np
import pytest
import torch
from torch import nn

import handgrad as hg
from handgrad import layers
from handgrad.errors import ConfigError
from handgrad.interop.torch import from_torch, to_torch
from handgrad.layers import Sequential


def network():
    return Sequential([layers.Flatten(), layers.Linear(8, 3), layers.Dropout(0.5)])


def test_a_fitted_classifier_a_file_and_its_network_give_one_module(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    clf = hg.Classifier("mlp", epochs=1, engine="plain").fit(images, np.arange(40) % 3)
    clf.save(saved := tmp_path / "net.safetensors")
    inputs = clf.trained_.normalization.apply(images[:5, None])
    with torch.no_grad():
        results = [
            to_torch(subject)(torch.tensor(inputs)).numpy()
            for subject in (clf, clf.trained_, clf.network_, saved)
        ]
    np.testing.assert_allclose(results[0], clf.logits(images[:5]), atol=1e-5)
    assert all((each == results[0]).all() for each in results[1:])


def test_a_module_predicts_until_it_is_trained():
    module = to_torch(network())
    assert isinstance(module, nn.Sequential)
    assert not any(part.training for part in module.modules())
    assert module.train()[2].p == 0.5


def test_there_and_back_again_is_the_same_network():
    parts = [
        layers.Residual(Sequential([layers.Conv2d(2, 2, 3, padding=1)])),
        layers.Residual(
            Sequential([layers.BatchNorm2d(2), layers.Conv2d(2, 3, 1, stride=2)]),
            Sequential([layers.Conv2d(2, 3, 1, stride=2)]),
        ),
        layers.Multiply(
            Sequential([layers.GlobalAveragePool2d(), layers.Linear(3, 3)])
        ),
        layers.Concatenate([Sequential([]), Sequential([layers.Tanh()])]),
        layers.Conv2d(6, 3, 2, padding=((1, 0), (0, 1)), groups=3, bias=False),
        layers.MaxPool2d(2, stride=1, padding=((1, 0), (0, 1))),
        *(layers.MaxPool2d(2, stride=1), layers.AveragePool2d(2, stride=1)),
        *(layers.GlobalAveragePool2d(), layers.Linear(3, 2), layers.Softmax()),
    ]
    before = Sequential(parts)
    after = from_torch(to_torch(before), (2, 6, 6))
    assert repr(after) == repr(before)
    for name, held in before.parameters().items():
        assert (after.parameters()[name].value == held.value).all()


def test_what_comes_from_torch_is_trained():
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
    digits = hg.datasets.load("digits").train
    images, targets = digits.images[:40], digits.targets[:40] % 4
    clf = hg.Classifier(from_torch(module, (1, 8, 8)), epochs=1, engine="plain")
    assert clf.fit(images, targets).n_iter_ == 1


@pytest.mark.parametrize("shape", [None, 3, (3, 8), (0, 8, 8), ("3", 8, 8), (2.0,)])
def test_a_shape_is_of_images_or_vectors(shape):
    with pytest.raises(ConfigError, match=r"input_shape as \(channels, height"):
        from_torch(nn.ReLU(), shape)


def test_wrong_subjects_are_refused():
    with pytest.raises(ConfigError, match="to_torch takes a fitted classifier"):
        to_torch(nn.ReLU())
    with pytest.raises(ConfigError, match=r"takes a torch.nn.Module, got Seq"):
        from_torch(network(), (8,))


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.delattr("handgrad.torch_modules")
    monkeypatch.setitem(sys.modules, "handgrad.torch_modules", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[torch\]'"):
        to_torch(network())


def test_a_classifier_of_a_module_says_how_to_convert_it():
    images = np.random.default_rng(0).random((20, 8))
    clf = hg.Classifier(nn.Linear(8, 3), epochs=1)
    with pytest.raises(ConfigError, match=r"model=handgrad\.interop\.from_torch"):
        clf.fit(images, np.arange(20) % 3)
    clf.set_params(model=from_torch(nn.Linear(8, 3), (8,)))
    assert clf.fit(images, np.arange(20) % 3).n_iter_ == 1
