"""Operators whose defaults and attributes changed between versions of ONNX.

Each is read as onnxruntime computes it, or refused; never with other numbers.
"""

import numpy as np
import pytest

import handgrad as hg
from handgrad.errors import ConfigError

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
IMAGE, VECTOR = (3, 6, 6), (7,)
MEANS = ("GlobalAveragePool", ["x"], "means", {})
GATE = [MEANS, ("Flatten", ["means"], "flat", {}), ("Sigmoid", ["flat"], "s", {})]
PRODUCT = ("Mul", ["x", "u"], "y", {})
STATISTICS = {name: np.full(3, 1.5, np.float32) for name in "abcd"}
FEATURES = {name: np.full(7, 1.5, np.float32) for name in "abcd"}


def norm(**options):
    return ("BatchNormalization", ["x", *"abcd"], "y", options)


def after_means(kind, **options):
    return [MEANS, (kind, ["means"], "y", options)]


def written(path, nodes, shape, version, constants=()):
    """A model of operators, each (kind, inputs, output, attributes)."""
    info, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(k, names, [to], **own) for k, names, to, own in nodes],
        "g",
        [info("x", kind, ["n", *shape])],
        [info(nodes[-1][2], kind, None)],
        [onnx.numpy_helper.from_array(np.asarray(a), n) for n, a in constants],
    )
    imports = [onnx.helper.make_opsetid("", version)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=imports, ir_version=8), path)
    return path


def outputs_of(path, inputs):
    session = onnxruntime.InferenceSession(path.read_bytes())
    return session.run(None, {"x": inputs})[0]


def with_head(path, nodes, shape, version, constants):
    """The model, followed by a linear layer; its inputs and outputs."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(4, *shape)).astype(np.float32)
    values = outputs_of(written(path, nodes, shape, version, constants), inputs)
    weight = draw.normal(size=(int(np.prod(values.shape[1:])), 5)).astype(np.float32)
    head = [
        ("Flatten", [nodes[-1][2]], "features", {}),
        ("Gemm", ["features", "w", "zero"], "logits", {}),
    ]
    more = [("w", weight), ("zero", np.zeros(5, np.float32))]
    written(path, [*nodes, *head], shape, version, [*constants, *more])
    return inputs, outputs_of(path, inputs)


READ = [
    *(([("Softmax", ["x"], "y", {})], VECTOR, v) for v in (7, 12, 13)),
    *(([("Softmax", ["x"], "y", {"axis": 1})], VECTOR, v) for v in (7, 12, 13)),
    *(([("Softmax", ["x"], "y", {"axis": 3})], IMAGE, v) for v in (7, 12, 13)),
    *(([("Softmax", ["x"], "y", {"axis": -1})], IMAGE, v) for v in (11, 13)),
    ([("Softmax", ["x"], "y", {})], IMAGE, 13),
    *((after_means("Softmax", axis=1), IMAGE, v) for v in (11, 13)),
    (after_means("Softmax"), IMAGE, 11),
    *((after_means("Squeeze", axes=axes), IMAGE, 11) for axes in ([2, 3], [-1])),
    (after_means("Squeeze"), IMAGE, 13),
    *((after_means("Flatten", axis=axis), IMAGE, 11) for axis in (1, -3)),
    ([*GATE, ("Unsqueeze", ["s"], "u", {"axes": [2, 3]}), PRODUCT], IMAGE, 11),
    ([*GATE, ("Unsqueeze", ["s"], "u", {"axes": [-1, -2]}), PRODUCT], IMAGE, 11),
    ([*GATE, ("Unsqueeze", ["s", "axes"], "u", {}), PRODUCT], IMAGE, 13),
    ([norm(spatial=1)], IMAGE, 8),
    ([norm(spatial=0)], VECTOR, 8),
    ([norm()], IMAGE, 9),
    ([("Clip", ["x"], "y", {"min": 0.0, "max": 6.0})], IMAGE, 10),
    ([("Clip", ["x", "low"], "y", {})], IMAGE, 11),
    ([("Dropout", ["x", "half", "off"], "y", {})], IMAGE, 12),
    ([("Gemm", ["x", "seven", "half"], "y", {})], VECTOR, 11),
    ([("Reshape", ["x", "rows"], "y", {})], IMAGE, 13),
]
CONSTANTS = {
    "axes": np.array([-1, 2]),
    "low": np.float32(0),
    "half": np.float32(0.5),
    "off": np.array(False),
    "on": np.array(True),
    "seven": np.ones((7, 2), np.float32),
    "rows": np.array([-1, 108]),
    "channels": np.array([-1, 36]),
}


def constants_of(nodes, shape):
    """The constants that the operators use."""
    known = {**CONSTANTS, **(STATISTICS if shape == IMAGE else FEATURES)}
    used = {name for _, names, _, _ in nodes for name in names}
    return [(name, array) for name, array in known.items() if name in used]


@pytest.mark.parametrize(("nodes", "shape", "version"), READ)
def test_every_version_is_read_as_onnxruntime_computes_it(
    tmp_path, nodes, shape, version
):
    path, constants = tmp_path / "net.onnx", constants_of(nodes, shape)
    inputs, expected = with_head(path, nodes, shape, version, constants)
    found = hg.from_onnx(path).logits(inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


CLASSES = "over an axis other than the classes"
REFUSED = [
    ([("Softmax", ["x"], "y", {})], IMAGE, 11, CLASSES),
    ([("Softmax", ["x"], "y", {})], IMAGE, 12, CLASSES),
    *(([("Softmax", ["x"], "y", {"axis": 1})], IMAGE, v, CLASSES) for v in (11, 13)),
    *((after_means("Softmax", axis=-1), IMAGE, v, CLASSES) for v in (11, 13)),
    (after_means("Softmax"), IMAGE, 13, CLASSES),
    *(
        ([("LogSoftmax", ["x"], "y", {})], VECTOR, v, "before the end of the network")
        for v in (11, 13)
    ),
    ([norm(spatial=0)], IMAGE, 8, "spatial=0"),
    ([("Dropout", ["x", "half", "on"], "y", {})], IMAGE, 12, "training_mode=1"),
    ([("Dropout", ["x", "", "on"], "y", {})], IMAGE, 12, "training_mode=1"),
    ([*after_means("Flatten", axis=-1)], IMAGE, 11, "to a shape other than"),
    ([("Reshape", ["x", "channels"], "y", {})], IMAGE, 13, "to a shape other than"),
    (
        [
            *(MEANS, ("Relu", ["means"], "r", {}), ("Tanh", ["means"], "t", {})),
            ("Concat", ["r", "t"], "y", {"axis": -1}),
        ],
        *(IMAGE, 13, "along another axis"),
    ),
]


@pytest.mark.parametrize(("nodes", "shape", "version", "said"), REFUSED)
def test_other_meanings_are_refused(tmp_path, nodes, shape, version, said):
    path = tmp_path / "net.onnx"
    head = ("Gemm", ["y", "w", "zero"], "logits", {})
    more = [("w", np.ones((7, 5), np.float32)), ("zero", np.zeros(5, np.float32))]
    constants = [*constants_of(nodes, shape), *more]
    with pytest.raises(ConfigError, match=said):
        hg.from_onnx(written(path, [*nodes, head], shape, version, constants))


@pytest.mark.parametrize("version", [11, 13])
def test_a_log_softmax_at_the_end_is_left_to_the_loss(tmp_path, version):
    path = tmp_path / "net.onnx"
    nodes = [
        ("Gemm", ["x", "seven", "half"], "z", {}),
        ("LogSoftmax", ["z"], "y", {}),
    ]
    written(path, nodes, VECTOR, version, constants_of(nodes, VECTOR))
    inputs = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    clf = hg.from_onnx(path)
    assert list(clf.network_.layers) == ["linear_1"]
    np.testing.assert_allclose(
        np.log(clf.predict_proba(inputs)), outputs_of(path, inputs), atol=1e-5
    )


def test_versions_of_other_broadcasting_are_refused(tmp_path):
    nodes = [("Gemm", ["x", "seven", "half"], "y", {})]
    path = written(tmp_path / "a.onnx", nodes, VECTOR, 6, constants_of(nodes, VECTOR))
    with pytest.raises(ConfigError, match=r"version 6 of .* reads versions from 7 on"):
        hg.from_onnx(path)
