"""Networks read from ONNX are those that were written, and can learn on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import handgrad as hg
from engine.networks import networks
from handgrad import models
from handgrad.errors import ConfigError, HandgradWarning, RunError
from handgrad.interop.onnx_export import onnx_model
from handgrad.interop.onnx_graph import Graph
from handgrad.interop.onnx_import import Reader, network_from_onnx
from handgrad.interop.onnx_source import Source, UnsupportedError
from handgrad.layers import (
    Concatenate,
    Flatten,
    Linear,
    Multiply,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)

from .branched import SHAPE, branched, some_images

onnx = pytest.importorskip("onnx")
CATALOGUE = {
    "mlp": (models.mlp, (3, 8, 8)),
    "lenet": (models.lenet, (1, 28, 28)),
    "alexnet": (models.alexnet, (1, 28, 28)),
    "vgg": (models.vgg, (3, 32, 32)),
    "resnet": (models.resnet, (3, 32, 32)),
}


def again(network, shape):
    """A network written and read."""
    return Sequential(Reader(Source(onnx_model(network, shape), "it")).read())


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_network_of_the_catalogue(name):
    make, shape = CATALOGUE[name]
    network = make(input_shape=shape, classes=7, seed=3)
    found = again(network, shape)
    inputs = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    np.testing.assert_array_equal(found.forward(inputs)[0], network.forward(inputs)[0])
    names = [type(each).__name__ for each in network.layers.values()]
    kept = [name for name in names if name != "Dropout"]
    assert [type(each).__name__ for each in found.layers.values()] == kept


def test_branches_norms_and_options():
    network = branched()
    found = again(network, SHAPE)
    assert repr(found) == repr(network)
    expected, _ = network.forward(some_images())
    np.testing.assert_array_equal(found.forward(some_images())[0], expected)


@pytest.mark.parametrize(
    "block",
    [
        Residual(Sequential([SiLU()])),
        Residual(Sequential([SiLU(), Tanh()])),
        Residual(Sequential([SiLU(), SiLU()]), Sequential([SiLU(), Tanh()])),
        Residual(Sequential([SiLU(), ReLU(), Tanh()]), Sequential([SiLU()])),
        Multiply(Sequential([SiLU(), Tanh()])),
        Multiply(Sequential([Tanh(), Sigmoid()]), Sequential([SiLU()])),
        Concatenate([Sequential([SiLU()]), Sequential([])]),
        Concatenate([Sequential([SiLU(), Tanh()]), Sequential([Sigmoid()])]),
    ],
    ids=repr,
)
def test_branches_that_begin_with_silu(block):
    network = Sequential([Flatten(), block, Linear(block.output_shape((6,))[0], 3)])
    found = again(network, (6,))
    assert repr(found.layers) == repr(
        Sequential(list(network.layers.values())[1:]).layers
    )
    inputs = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(found.forward(inputs)[0], network.forward(inputs)[0])


@pytest.mark.parametrize(
    "block",
    [
        Residual(Sequential([Residual(Sequential([Tanh()])), ReLU()])),
        Residual(Sequential([Residual(Sequential([Tanh(), ReLU()]))])),
        Residual(
            Sequential([Residual(Sequential([Residual(Sequential([Tanh()])), ReLU()]))])
        ),
        Residual(
            Sequential([Residual(Sequential([Tanh()])), ReLU(), Tanh()]),
            Sequential([Multiply(Sequential([Tanh()])), ReLU()]),
        ),
        Multiply(Sequential([Residual(Sequential([Tanh()])), Sigmoid()])),
        Concatenate(
            [Sequential([Residual(Sequential([Tanh()]))]), Sequential([ReLU()])]
        ),
        Concatenate(
            [
                Sequential([Concatenate([Sequential([]), Sequential([Tanh()])])]),
                Sequential([]),
                Sequential([SiLU(), Residual(Sequential([SiLU(), Tanh()]))]),
            ]
        ),
    ],
    ids=repr,
)
def test_branches_that_begin_with_branches(block):
    network = Sequential([block, Linear(block.output_shape((6,))[0], 3)])
    found = again(network, (6,))
    assert repr(found.layers) == repr(network.layers)
    inputs = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(found.forward(inputs)[0], network.forward(inputs)[0])


def graph_of(*nodes, shape=(2, 4, 4)):
    """The source of a model of these operators, each (kind, inputs, output)."""
    made = [
        onnx.helper.make_node(kind, inputs, [output], **options)
        for kind, inputs, output, options in nodes
    ]
    info, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    ends = [info("x", kind, ["n", *shape])], [info(nodes[-1][2], kind, None)]
    return Source(
        onnx.helper.make_model(onnx.helper.make_graph(made, "g", *ends)), "it"
    )


def test_a_convolution_of_one_pixel_is_a_linear_layer():
    """Squeeze-and-excitation as PyTorch writes it: 1 x 1 convolutions of means."""
    source = graph_of(
        ("GlobalAveragePool", ["x"], "means", {}),
        ("Conv", ["means", "w", "b"], "gate", {}),
        ("Mul", ["x", "gate"], "y", {}),
    )
    weight = np.arange(4, dtype=np.float32).reshape(2, 2, 1, 1)
    source.constants.update(w=weight, b=np.ones(2, dtype=np.float32))
    (layer,) = Reader(source).read()
    assert list(layer.body.layers) == ["global_average_pool2d_1", "linear_1"]
    x = np.random.default_rng(0).normal(size=(3, 2, 4, 4)).astype(np.float32)
    gate = x.mean(axis=(2, 3)) @ weight[:, :, 0, 0].T + 1
    np.testing.assert_allclose(
        layer.forward(x)[0], x * gate[:, :, None, None], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            [
                *(("Relu", ["x"], "a", {}), ("Tanh", ["x"], "b", {})),
                ("Concat", ["a", "b"], "y", {"axis": 2}),
            ],
            "Concat along another axis",
        ),
        (
            [
                *(("Relu", ["x"], "a", {}), ("Tanh", ["x"], "b", {})),
                ("Add", ["a", "b"], "c", {}),
                *(("Sigmoid", ["b"], "d", {}), ("Mul", ["c", "d"], "y", {})),
            ],
            "Add of values computed apart",
        ),
    ],
)
def test_branches_that_no_layer_has(nodes, said):
    with pytest.raises(UnsupportedError, match=said):
        Reader(graph_of(*nodes)).read()


@given(network=networks(), count=st.integers(1, 5))
def test_random_networks(network, count):
    model = network.model()
    found = again(model, network.shape)
    inputs = network.normalization.apply(network.images(count))
    np.testing.assert_allclose(
        found.forward(inputs)[0], model.forward(inputs)[0], rtol=1e-5, atol=1e-6
    )


@pytest.fixture(scope="module")
def digits():
    return hg.datasets.load("digits", image_size=(16, 16))


@pytest.fixture(scope="module")
def fitted(digits):
    clf = hg.Classifier("resnet", model_options={"channels": [8, 16]}, epochs=2)
    labels = np.array([f"digit {k}" for k in digits.train.targets])
    return clf.fit(digits.train.images, labels)


def test_a_classifier_is_the_same_and_learns_on(fitted, digits, tmp_path):
    images = digits.test.images
    train, test = (
        np.array([f"digit {k}" for k in each.targets])
        for each in (digits.train, digits.test)
    )
    found = hg.from_onnx(fitted.to_onnx(tmp_path / "net.onnx"))
    assert found.class_names == fitted.class_names
    assert found.trained_.config.fit == fitted.trained_.config.fit == "crop"
    np.testing.assert_allclose(found.logits(images), fitted.logits(images), atol=1e-4)
    found.save(tmp_path / "net.safetensors")
    saved = hg.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(saved.logits(images), found.logits(images))
    before = found.score(images, test)
    for _ in range(3):
        found.partial_fit(digits.train.images, train)
    assert found.score(images, test) > before
    assert len(hg.inspection.filters(found).table().rows) > 0


def test_a_softmax_of_the_network_itself_is_kept(tmp_path):
    """The loss takes the softmax of its outputs, as the training did."""

    def network(input_shape, classes, seed):
        return Sequential([Linear(*input_shape, classes), Softmax()])

    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(60, 8)).astype(np.float32)
    clf = hg.Classifier(network, epochs=1, engine="plain")
    with pytest.warns(HandgradWarning, match="ends with Softmax"):
        clf.fit(inputs, draw.integers(0, 3, 60))
    found = hg.from_onnx(clf.to_onnx(tmp_path / "net.onnx"))
    assert repr(found.network_) == repr(clf.network_)
    expected = clf.predict_proba(inputs)
    np.testing.assert_allclose(found.predict_proba(inputs), expected, atol=1e-5)


ENDINGS = {  # of other programs, and the layers that remain before the loss
    ("Softmax",): ["Linear"],
    ("LogSoftmax",): ["Linear"],
    ("Softmax", "Softmax"): ["Linear", "Softmax"],
    ("Softmax", "LogSoftmax"): ["Linear", "Softmax"],
    ("LogSoftmax", "Softmax"): ["Linear"],
    ("LogSoftmax", "LogSoftmax"): ["Linear"],
}


@pytest.mark.parametrize("kinds", ENDINGS)
def test_one_softmax_of_other_programs_is_left_to_the_loss(tmp_path, kinds):
    runtime = pytest.importorskip("onnxruntime")
    draw, graph = np.random.default_rng(0), Graph()
    last = graph.add(
        "MatMul", "x", graph.constant("w", draw.normal(size=(3, 4))), name="z"
    )
    for number, kind in enumerate(kinds):
        last = graph.add(kind, last, name=f"p{number}", axis=-1)
    path = written(graph, last, tmp_path / "net.onnx")
    found, inputs = hg.from_onnx(path), draw.normal(size=(5, 3)).astype(np.float32)
    layers = [type(each).__name__ for each in found.network_.layers.values()]
    assert layers == ENDINGS[kinds]
    expected = runtime.InferenceSession(path).run(None, {"x": inputs})[0]
    expected = np.exp(expected) if kinds[-1] == "LogSoftmax" else expected
    np.testing.assert_allclose(found.predict_proba(inputs), expected, atol=1e-5)


def test_float_inputs_keep_their_normalization(tmp_path):
    draw = np.random.default_rng(0)
    examples = draw.normal(5, 3, (60, 10)).astype(np.float32)
    clf = hg.Classifier("mlp", epochs=2, engine="plain")
    clf.fit(examples, draw.integers(0, 3, 60))
    found = hg.from_onnx(clf.to_onnx(tmp_path / "net.onnx"))
    np.testing.assert_allclose(found.logits(examples), clf.logits(examples), atol=1e-5)
    assert found.trained_.normalization == clf.trained_.normalization


def written(graph, output, path, shape=(3,)):
    info = onnx.helper.make_tensor_value_info
    made = onnx.helper.make_graph(
        graph.nodes,
        "other",
        [info("x", onnx.TensorProto.FLOAT, ["n", *shape])],
        [info(output, onnx.TensorProto.FLOAT, None)],
        graph.constants,
    )
    model = onnx.helper.make_model(
        made, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10
    )
    onnx.save(model, path)
    return path


def test_a_product_and_a_sum_are_a_linear_layer(tmp_path):
    """As other programs write it; inputs are scaled first, and a softmax follows."""
    draw, graph = np.random.default_rng(0), Graph()
    weight, bias = draw.normal(size=(3, 4)), draw.normal(size=4)
    names = [graph.constant(n, v) for n, v in (("w", weight), ("b", bias))]
    less = graph.add("Sub", "x", graph.constant("mean", [1, 2, 3]), name="less")
    scaled = graph.add("Div", less, graph.constant("std", [2, 4, 8]), name="scaled")
    product = graph.add("MatMul", scaled, names[0], name="product")
    total = graph.add("Add", names[1], product, name="total")
    last = graph.add("Softmax", total, name="p", axis=-1)
    network = network_from_onnx(written(graph, last, tmp_path / "net.onnx"))
    inputs = draw.normal(size=(5, 3)).astype(np.float32)
    expected = (inputs - [1, 2, 3]) / [2, 4, 8] @ weight + bias
    np.testing.assert_allclose(network.logits(inputs), expected, atol=1e-5)
    assert network.class_names == ("0", "1", "2", "3")


def test_all_operators_without_a_layer_are_named(tmp_path):
    graph = Graph()
    first = graph.add("Erf", "x", name="first")
    last = graph.add("Cosh", graph.add("Relu", first, name="r"), name="last")
    path = written(graph, last, tmp_path / "net.onnx")
    with pytest.raises(ConfigError, match=r"Cosh \(last\); Erf \(first\)"):
        network_from_onnx(path)


ATTRIBUTES = {  # of Conv; a setting of Conv2d and its value
    "group": ({"group": 2}, "groups", 2),
    "dilations": ({"dilations": [2, 1]}, "dilation", (2, 1)),
    "auto_pad": ({"auto_pad": "SAME_UPPER"}, "padding", (1, 1)),
    "pads": ({"pads": [0, 0, 1, 1]}, "padding", ((0, 1), (0, 1))),
    "no bias": ({}, "bias", None),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_settings_of_a_convolution_are_read(name, tmp_path):
    graph, (options, setting, value) = Graph(), ATTRIBUTES[name]
    weight = graph.constant("w", np.ones((4, 2 if "group" in name else 4, 3, 3)))
    made = graph.add("Conv", "x", weight, name="c", kernel_shape=[3, 3], **options)
    path = written(
        graph, graph.add("Flatten", made, name="f"), tmp_path / "a.onnx", (4, 8, 8)
    )
    assert getattr(network_from_onnx(path).model.layers["conv2d_1"], setting) == value


def test_branches_that_are_not_added_are_refused():
    graph = Graph()
    one, two = (graph.add(kind, "x", name=kind) for kind in ("Relu", "Tanh"))
    graph.add("Sub", one, two, name="both")
    info = onnx.helper.make_tensor_value_info
    made = onnx.helper.make_graph(
        graph.nodes,
        "other",
        [info("x", onnx.TensorProto.FLOAT, ["n", 3])],
        [info("both", onnx.TensorProto.FLOAT, None)],
    )
    with pytest.raises(UnsupportedError):
        Reader(Source(onnx.helper.make_model(made), "it")).read()


def test_weights_in_a_file_beside_the_model(tmp_path):
    graph = Graph()
    weight = np.arange(6, dtype=np.float32).reshape(3, 2)
    last = graph.add("MatMul", "x", graph.constant("w", weight), name="y")
    path = written(graph, last, tmp_path / "a.onnx")
    beside = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}
    onnx.save(onnx.load(path), path, **beside)
    found = network_from_onnx(path).model.layers["linear_1"]
    np.testing.assert_array_equal(found.weight.value, weight.T)
    (tmp_path / "w.bin").unlink()
    with pytest.raises(RunError, match="has its weights in another file"):
        network_from_onnx(path)


def test_weights_that_are_nan_are_refused(tmp_path):
    graph = Graph()
    weight = graph.constant("w", np.full((3, 2), np.nan))
    last = graph.add("MatMul", "x", weight, name="y")
    with pytest.raises(RunError, match=r"linear_1.weight holds NaN or infinity"):
        network_from_onnx(written(graph, last, tmp_path / "a.onnx"))


def test_a_single_probability_is_no_classifier(tmp_path):
    graph = Graph()
    product = graph.add("MatMul", "x", graph.constant("w", np.ones((3, 1))), name="y")
    last = graph.add("Sigmoid", product, name="p")
    with pytest.raises(ConfigError, match=r"returns one number .* in p, but"):
        network_from_onnx(written(graph, last, tmp_path / "a.onnx"))


def test_sigmoids_at_the_end_are_told(tmp_path):
    draw, graph = np.random.default_rng(0), Graph()
    weight = draw.normal(size=(3, 4)).astype(np.float32)
    product = graph.add("MatMul", "x", graph.constant("w", weight), name="y")
    last = graph.add("Sigmoid", product, name="p")
    with pytest.warns(HandgradWarning, match="ends with sigmoids, which are indep"):
        found = network_from_onnx(written(graph, last, tmp_path / "a.onnx"))
    inputs = draw.normal(size=(5, 3)).astype(np.float32)
    expected = 1 / (1 + np.exp(-inputs @ weight))
    np.testing.assert_allclose(found.logits(inputs), expected, atol=1e-5)


def test_other_files_are_refused(tmp_path):
    for content in (b"", b"no model", b"\x08\x0a" * 50):
        (tmp_path / "a.onnx").write_bytes(content)
        with pytest.raises(RunError, match="is not an ONNX model"):
            hg.from_onnx(tmp_path / "a.onnx")
    with pytest.raises(RunError, match="cannot be read"):
        hg.from_onnx(tmp_path / "none.onnx")
    with pytest.raises(RunError):
        hg.from_onnx(tmp_path)


def test_equal_weights_are_read(tmp_path):
    weight, graph = np.eye(4, dtype=np.float32), Graph()
    value = graph.add("MatMul", "x", graph.constant("a", weight), name="b")
    last = graph.add("MatMul", value, graph.constant("c", weight), name="d")
    found = network_from_onnx(written(graph, last, tmp_path / "a.onnx", (4,)))
    inputs = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(found.logits(inputs), inputs)
