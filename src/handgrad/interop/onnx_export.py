"""Export a trained network as an ONNX model, from pixels to probabilities."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import Shape
from handgrad.datasets import Normalization
from handgrad.errors import ConfigError, RunError, ShapeError
from handgrad.interop.onnx_center import add_center_crops
from handgrad.interop.onnx_graph import LOGITS, PRODUCER, Graph, import_onnx
from handgrad.interop.onnx_metadata import settings_of
from handgrad.interop.onnx_nodes import add_layer
from handgrad.interop.subject import subject_of
from handgrad.layers import Sequential
from handgrad.paths import path_of
from handgrad.training.atomic import write_file
from handgrad.training.trained_network import TrainedNetwork

OPSET = 26  # the newest that onnxruntime and its versions for the browser all run
IR_VERSION = 13
INPUTS, PROBABILITIES = "images", "probabilities"
RESIZE = {  # what a program that prepares images must do, by `datasets.image_fit`
    "crop": "bilinear, antialiased: the shorter side to that of input_shape, then crop "
    "the centre",
    "pad": "bilinear, antialiased: the longer side to that of input_shape, then pad "
    "both sides with the mean colour of the border",
    "stretch": "bilinear, antialiased, to the height and width of input_shape",
}
LARGEST = 2**31 - 1  # bytes of a model; Protocol Buffers hold no more


def to_onnx(
    subject: Any, path: str | Path, *, input_shape: Shape | None = None
) -> Path:
    """Write a network to `path` as an ONNX model; return the path.

    `subject` is a fitted classifier, a `TrainedNetwork`, the path of a run or of a
    saved network, or a `Sequential` with its `input_shape`. The model normalizes its
    inputs itself, takes batches of any size, and returns the logits and, if the network
    gives them, the probabilities, at the temperature of its calibration. Its metadata
    hold the class names and how images are prepared.

    ConfigError if onnx is not installed, or for a layer without an ONNX operator, which
    it names; RunError if the file cannot be written.

    Shapes
        images         (batch, channels, height, width), uint8; float32 for a network of
                       float32 inputs, (batch, features) for one of vectors
        logits         (batch, classes), float32
        probabilities  (batch, classes), float32

    Example
        to_onnx("runs/lenet-digits-1", "digits.onnx")

    Source
        ONNX, Open neural network exchange, operator schemas, opset 26
    """
    place = path_of("to_onnx", "path", path, RunError)
    model = onnx_model(subject, input_shape)
    content = model.SerializeToString()
    write_file(place, content)
    return place


def onnx_model(subject: Any, input_shape: Shape | None = None) -> Any:
    """The `onnx.ModelProto` of a network, checked in full; see `to_onnx`."""
    onnx = import_onnx()
    trained = subject_of("to_onnx", subject)
    if isinstance(trained, TrainedNetwork):
        model = _model_of(onnx, trained)
    else:
        model = _model_of_layers(onnx, trained, input_shape)
    onnx.checker.check_model(model, full_check=True)
    return model


def _model_of(onnx: Any, network: TrainedNetwork) -> Any:
    """Pixels in, logits and probabilities out.

    `skipped` maps values after a setting of inference to those before it.
    """
    graph, shape = Graph(), network.input_shape
    skipped: dict[str, str] = {}
    values = _numbers(graph, network.form.dtype)
    prediction = network.config.prediction
    if prediction.crops:
        is_bytes = network.form.dtype == "uint8"
        whole = values
        values = add_center_crops(
            graph, whole, prediction.crops, shape, is_bytes=is_bytes
        )
        skipped[values] = whole
    values = _normalized(
        graph, values, network.normalization, network.form.dtype, shape
    )
    if prediction.with_flip:
        one, values = values, _with_flips(graph, values)
        skipped[values] = one
    graph.shapes[values] = shape
    logits = add_layer(graph, network.model, "", values)
    if prediction.views > 1:
        each, classes = logits, len(network.class_names)
        logits = _mean_of_views(graph, logits, prediction.views, classes)
        skipped[logits] = each
    outputs = {LOGITS: graph.add("Identity", logits, name=LOGITS)}
    if network.gives_probabilities:
        scaled = logits
        if network.temperature != 1:
            temperature = graph.constant("temperature", np.array(network.temperature))
            scaled = graph.add("Div", logits, temperature, name="scaled_logits")
        outputs[PROBABILITIES] = graph.add(
            "Softmax", scaled, name=PROBABILITIES, axis=1
        )
    made = _assembled(
        onnx, graph, network.form.dtype, shape, outputs, len(network.class_names)
    )
    metadata = metadata_of(network) | settings_of(network)
    if skipped:
        metadata["prediction_values"] = json.dumps(skipped)
    onnx.helper.set_model_props(made, metadata)
    return made


def _model_of_layers(onnx: Any, network: Sequential, shape: Shape | None) -> Any:
    """Normalized inputs in, the outputs of the last layer out."""
    if shape is None:
        raise ConfigError(
            "A Sequential is exported for inputs of one shape. Give it, for example "
            "input_shape=(1, 28, 28)."
        )
    outputs = network.output_shape(tuple(shape))
    if len(outputs) != 1:
        raise ShapeError(
            f"The network returns {outputs} for each example, but a classifier returns "
            "one number per class. End it with a Flatten and a Linear layer."
        )
    graph = Graph()
    graph.shapes[INPUTS] = tuple(shape)
    logits = add_layer(graph, network, "", INPUTS)
    found = {LOGITS: graph.add("Identity", logits, name=LOGITS)}
    return _assembled(onnx, graph, "float32", tuple(shape), found, outputs[0])


def _numbers(graph: Graph, dtype: str) -> str:
    """The inputs in float32."""
    if dtype != "uint8":
        return INPUTS
    number = graph.onnx.TensorProto.FLOAT
    return graph.add("Cast", INPUTS, name="numbers", to=number)


def _normalized(
    graph: Graph, values: str, normalization: Normalization, dtype: str, shape: Shape
) -> str:
    """The same float32 operations as `Normalization.apply`."""
    axes = (-1, *(1,) * (len(shape) - 1))
    scale, term = (part.reshape(axes) for part in normalization.numbers(dtype))
    factor, added = graph.constant("scale", scale), graph.constant("shift", term)
    if dtype == "uint8":
        scaled = graph.add("Mul", values, factor, name="scaled")
        return graph.add("Add", scaled, added, name="normalized")
    moved = graph.add("Add", values, added, name="shifted")
    return graph.add("Mul", moved, factor, name="normalized")


def _with_flips(graph: Graph, values: str) -> str:
    """The images, then their horizontal flips, as one batch."""
    ends = [graph.integers(n, v) for n, v in _REVERSED.items()]
    flipped = graph.add("Slice", values, *ends, name="flipped")
    return graph.add("Concat", values, flipped, name="both", axis=0)


_REVERSED = {"from": [-1], "to": [-LARGEST], "axis": [3], "step": [-1]}


def _mean_of_views(graph: Graph, logits: str, views: int, classes: int) -> str:
    """The mean of the logits of each image's parts and flips."""
    shape = graph.integers("views", [views, -1, classes])
    of_views = graph.add("Reshape", logits, shape, name="logits_of_views")
    axes = graph.integers("first_axis", [0])
    return graph.add("ReduceMean", of_views, axes, name="mean_logits", keepdims=0)


def _assembled(
    onnx: Any,
    graph: Graph,
    dtype: str,
    shape: Shape,
    outputs: dict[str, str],
    classes: int,
) -> Any:
    from handgrad import __version__

    kind = onnx.TensorProto.UINT8 if dtype == "uint8" else onnx.TensorProto.FLOAT
    info = onnx.helper.make_tensor_value_info
    made = onnx.helper.make_graph(
        graph.nodes,
        "handgrad",
        [info(INPUTS, kind, ["batch", *shape])],
        [info(n, onnx.TensorProto.FLOAT, ["batch", classes]) for n in outputs],
        graph.constants,
    )
    return onnx.helper.make_model(
        made,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
        producer_version=__version__,
    )


def metadata_of(network: TrainedNetwork) -> dict[str, str]:
    """Class names, and how an image becomes an input; JSON where it is not text."""
    shape, form = network.input_shape, network.form
    values = {
        "class_names": json.dumps(list(network.class_names)),
        "input_dtype": form.dtype,
        "input_shape": json.dumps(list(shape)),
        "loss": network.config.loss.name,
        "mean": json.dumps(list(network.normalization.mean)),
        "std": json.dumps(list(network.normalization.std)),
    }
    if len(shape) == 3:
        color = "grey" if shape[0] == 1 else "RGB" if shape[0] == 3 else "as given"
        values["color"] = color
        values["layout"] = "batch, channels, height, width"
        values["fit"] = network.config.fit
        values["resize"] = RESIZE[network.config.fit]
    return values
