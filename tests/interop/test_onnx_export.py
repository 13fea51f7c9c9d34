"""ONNX models give the logits and classes of the networks they were made from."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import handgrad as hg
from engine.networks import networks
from handgrad import layers, models
from handgrad.errors import ConfigError, ShapeError
from handgrad.interop import to_onnx
from handgrad.interop.onnx_export import onnx_model
from handgrad.layers import Layer, Sequential
from handgrad.randomness import Key
from handgrad.training import config_from, load, start
from interop.programs import AVERAGED

from .branched import SHAPE, branched, some_images

onnxruntime = pytest.importorskip("onnxruntime")
CATALOGUE = {
    "softmax_regression": (models.softmax_regression, (1, 8, 8)),
    "perceptron": (models.perceptron, (1, 8, 8)),
    "mlp": (models.mlp, (3, 8, 8)),
    "lenet": (models.lenet, (1, 28, 28)),
    "alexnet": (models.alexnet, (1, 28, 28)),
    "vgg": (models.vgg, (3, 32, 32)),
    "resnet": (models.resnet, (3, 32, 32)),
    "airbench": (models.airbench, (3, 20, 20)),
}


def session_of(model):
    return onnxruntime.InferenceSession(model.SerializeToString())


def assert_agrees(model, network, inputs):
    """Logits within 1e-4 of their scale, from ONNX Runtime and from the layers."""
    (found, *_) = session_of(model).run(None, {"images": inputs})
    expected = network.forward(inputs)[0]
    assert found.shape == expected.shape
    scale = max(1e-6, abs(expected).max())
    np.testing.assert_allclose(found, expected, atol=1e-4 * scale)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_network_of_the_catalogue(name):
    make, shape = CATALOGUE[name]
    network = make(input_shape=shape, classes=7, seed=3)
    with_statistics(network)
    inputs = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    assert_agrees(onnx_model(network, shape), network, inputs)


def test_branches_norms_and_options():
    network = branched()
    assert_agrees(onnx_model(network, SHAPE), network, some_images())


def with_statistics(network):
    """Running statistics as after training, and biases that are not zero."""
    draw = np.random.default_rng(5)
    for name, held in {**network.parameters(), **network.buffers()}.items():
        if name.endswith("running_var"):
            held.value = draw.uniform(0.5, 2, held.value.shape).astype(np.float32)
        elif name.endswith(("bias", "running_mean")):
            held.value = draw.normal(0, 0.3, held.value.shape).astype(np.float32)


@given(network=networks(), count=st.integers(1, 9))
def test_random_networks(network, count):
    model = network.model()
    with_statistics(model)
    inputs = network.normalization.apply(network.images(count))
    assert_agrees(onnx_model(model, network.shape), model, inputs)


LAYERS = {
    "rectangular convolution": (
        [layers.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), key=Key(1))],
        (2, 9, 7),
    ),
    "max pooling": (
        [layers.MaxPool2d((3, 2), stride=(1, 2), padding=(1, 0))],
        (2, 6, 8),
    ),
    "average pooling": ([layers.AveragePool2d(3, stride=2, padding=1)], (2, 7, 8)),
    "leaky ReLU": ([layers.LeakyReLU(0.2)], (1, 4, 4)),
    "GELU": ([layers.GELU(), layers.GELU("tanh")], (1, 4, 4)),
    "SiLU": ([layers.SiLU()], (1, 4, 4)),
    "dropout": ([layers.Dropout(0.5)], (1, 4, 4)),
    "softmax": ([layers.Flatten(), layers.Softmax()], (1, 4, 4)),
    "batch norm of vectors": ([layers.Flatten(), layers.BatchNorm1d(16)], (1, 4, 4)),
    "shortcut": (
        [
            layers.Residual(
                Sequential([layers.Conv2d(2, 4, 3, padding=1, key=Key(2))]),
                layers.Conv2d(2, 4, 1, key=Key(3)),
            )
        ],
        (2, 5, 5),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_each_layer(name):
    parts, shape = LAYERS[name]
    network = Sequential(
        [*parts, *([] if "Flatten" in repr(parts) else [layers.Flatten()])]
    )
    with_statistics(network)
    inputs = np.random.default_rng(1).normal(size=(3, *shape)).astype(np.float32)
    assert_agrees(onnx_model(network, shape), network, inputs)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    tables = {
        "engine": "plain",
        "dataset": {"name": "digits", "normalization": "standard"},
        "model": {"name": "lenet"},
        "optimizer": {"name": "adam", "learning_rate": 0.003},
        "training": {"epochs": 2, "batch_size": 64},
    }
    folder = tmp_path_factory.mktemp("runs") / "lenet"
    for _ in start(config_from(tables), folder):
        pass
    return folder


@pytest.fixture(scope="module")
def images():
    return hg.datasets.load("digits", image_size=(28, 28)).test.images


def test_a_run_from_pixels_to_probabilities(run, images, tmp_path):
    path = to_onnx(run, tmp_path / "digits.onnx")
    session, network = onnxruntime.InferenceSession(path), load(run)
    assert [each.name for each in session.get_inputs()] == ["images"]
    assert session.get_inputs()[0].type == "tensor(uint8)"
    logits, probabilities = session.run(None, {"images": images})
    expected = network.logits(images)
    np.testing.assert_allclose(logits, expected, atol=1e-4 * abs(expected).max())
    np.testing.assert_allclose(
        probabilities, network.predict_probabilities(images), atol=1e-4
    )
    assert (logits.argmax(axis=1) == network.predict(images)).all()
    values = session.get_modelmeta().custom_metadata_map
    assert json.loads(values["class_names"]) == list(network.class_names)
    assert json.loads(values["input_shape"]) == [1, 28, 28]
    assert values["input_dtype"] == "uint8"
    assert values["fit"] == network.config.fit == "crop"
    assert values["resize"].endswith("crop the centre")


@pytest.mark.parametrize("averaged", AVERAGED, ids=str)
def test_calibration_crops_and_flips_are_part_of_the_model(averaged, run, images):
    network = load(run)
    network.set_temperature(2.5)
    prediction = network.config.prediction.model_copy(update=averaged)
    network.config = network.config.model_copy(update={"prediction": prediction})
    logits, probabilities = session_of(onnx_model(network)).run(
        None, {"images": images}
    )
    np.testing.assert_allclose(logits, network.logits(images), atol=2e-3)
    np.testing.assert_allclose(
        probabilities, network.predict_probabilities(images), atol=1e-4
    )


@pytest.mark.parametrize("shape", [(10,), (6, 5)])
def test_float_inputs_and_vectors(shape, tmp_path):
    draw = np.random.default_rng(0)
    examples = draw.normal(5, 3, (60, *shape)).astype(np.float32)
    clf = hg.Classifier("mlp", epochs=2, engine="plain")
    clf.fit(examples, draw.integers(0, 3, 60))
    session = onnxruntime.InferenceSession(clf.to_onnx(tmp_path / "net.onnx"))
    assert session.get_inputs()[0].type == "tensor(float)"
    inputs = examples.reshape(60, *clf.input_shape)
    logits = session.run(["logits"], {"images": inputs})[0]
    np.testing.assert_allclose(logits, clf.logits(examples), atol=1e-4)


def test_scores_have_no_probabilities(images):
    digits = hg.datasets.load("digits")
    clf = hg.Classifier("softmax_regression", epochs=1, loss="multiclass_svm")
    clf.fit(digits.train.images, digits.train.targets)
    session = session_of(onnx_model(clf))
    assert [each.name for each in session.get_outputs()] == ["logits"]


class Doubled(Layer):
    """A layer of a user's own."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return 2 * inputs, None

    def backward(self, d_outputs, cache, /):
        return 2 * d_outputs, {}


def test_a_layer_of_ones_own_is_named():
    network = Sequential([layers.Flatten(), Doubled()])
    with pytest.raises(
        ConfigError, match=r"doubled_1 is a Doubled, for which there is"
    ):
        onnx_model(network, (1, 4, 4))


def test_a_subclass_is_not_taken_for_its_layer():
    class Other(layers.ReLU):
        pass

    with pytest.raises(ConfigError, match="is a Other"):
        onnx_model(Sequential([layers.Flatten(), Other()]), (1, 4, 4))


def test_wrong_subjects_are_refused(tmp_path):
    network = Sequential([layers.ReLU()])
    with pytest.raises(ConfigError, match="input_shape="):
        onnx_model(network)
    with pytest.raises(ShapeError, match="Flatten and a Linear"):
        onnx_model(network, (1, 4, 4))
    with pytest.raises(ConfigError, match="got int"):
        onnx_model(3)
    with pytest.raises(hg.errors.RunError, match="does not exist"):
        to_onnx(tmp_path / "none", tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


def test_the_same_network_gives_the_same_bytes(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    first, second = (
        to_onnx(r, tmp_path / f"{n}.onnx") for n, r in enumerate((run, copy))
    )
    assert first.read_bytes() == second.read_bytes()
