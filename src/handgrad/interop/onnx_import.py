"""Read a classifier from an ONNX model, as layers that can be inspected and trained."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import Shape
from handgrad.errors import ConfigError, RunError, ShapeError, warn
from handgrad.interop.onnx_graph import import_onnx
from handgrad.interop.onnx_layers import add_bias, layer_of
from handgrad.interop.onnx_metadata import config_of
from handgrad.interop.onnx_scaling import OPERATORS, Scaling
from handgrad.interop.onnx_source import (
    ENDS,
    Source,
    UnsupportedError,
    attributes,
    named,
    rank_of,
)
from handgrad.layers import (
    Concatenate,
    Flatten,
    GlobalAveragePool2d,
    Layer,
    Linear,
    Multiply,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
)
from handgrad.paths import check_ordinary, path_of
from handgrad.training.finite_numbers import check_numbers
from handgrad.training.trained_network import TrainedNetwork

JOINS = ("Add", "Mul", "Concat")  # of the branches of a value


def network_from_onnx(
    path: str | Path, *, workers: int | None = None
) -> TrainedNetwork:
    """Read the network of the ONNX model at `path`.

    The graph must be a chain of operators that layers of Handgrad stand for, with
    residual connections, products and concatenations of branches; a softmax at the end
    of another program's model is left to the loss. Scaling of the inputs becomes the
    normalization. Labels, loss, optimizer, temperature and other settings of inference
    are those of the metadata, if Handgrad wrote the model; else the classes are numbers
    from 0. `workers` is the number of threads.

    ConfigError that names every operator without a layer, or if onnx is not installed;
    RunError for a file that is no ONNX model, or with weights that are NaN or infinity.
    """
    onnx = import_onnx()
    place = path_of("from_onnx", "path", path, RunError)
    check_ordinary(place, RunError)
    try:
        model = onnx.load_model_from_string(place.read_bytes())
    except OSError as error:
        raise RunError(
            f"{place} cannot be read: {error.strerror or error}. Give an ONNX model."
        ) from error
    except Exception as error:  # of Protocol Buffers
        raise _no_model(place) from error
    if not model.graph.node:
        raise _no_model(place)
    _load_weights_beside(onnx, model, place)
    network = _network_of(Source(model, str(place)), workers)
    check_numbers(network.model, place)
    return network


def _load_weights_beside(onnx: Any, model: Any, place: Path) -> None:
    """Read weights that are in files of their own, in the model's folder."""
    try:
        onnx.load_external_data_for_model(model, str(place.parent))
    except Exception as error:  # of onnx, of several kinds
        raise RunError(
            f"{place} has its weights in another file, which cannot be read. Put both "
            "files into one folder, under the names that they were written with."
        ) from error


def _no_model(place: Path) -> RunError:
    return RunError(
        f"{place} is not an ONNX model: it is cut off, damaged, without operators, or "
        "a file of another kind. Export or download it again."
    )


def _network_of(source: Source, workers: int | None) -> TrainedNetwork:
    try:
        reader = Reader(source)
        network = Sequential(reader.read())
        outputs = network.output_shape(source.shape)
    except UnsupportedError as error:
        raise source.refuse(_all_unsupported(source) or [str(error)]) from error
    except ShapeError as error:
        raise ConfigError(f"{source.what} cannot be read: {error}") from error
    if len(outputs) != 1:
        raise ConfigError(
            f"{source.what} returns {outputs} for each example, but a classifier "
            "returns one number per class. Export the whole network."
        )
    if outputs[0] < 2:
        raise ConfigError(
            f"{source.what} returns one number for each example, in "
            f"{source.output}, but a classifier returns one for each of at least two "
            "classes. Export it with one output for each class, before a softmax."
        )
    if isinstance([*network.layers.values()][-1], Sigmoid) and not source.is_ours:
        warn(
            f"{source.what} ends with sigmoids, which are independent of each other: "
            "predict_proba returns their softmax. Use logits for their values."
        )
    normalization = reader.scaling.normalization()
    config = config_of(source, network, outputs[0], normalization)
    return TrainedNetwork(network, config, workers=workers)


def _all_unsupported(source: Source) -> list[str]:
    """Every operator that has no layer, whatever its attributes."""
    from handgrad.interop.onnx_layers import TABLE

    known = {*TABLE, *OPERATORS, *JOINS, *ENDS}
    return [named(node) for node in source.nodes if node.op_type not in known]


class Branch(NamedTuple):
    """Layers from a value on, the name and shape of their result, and its operator.

    `join` combines the result with that of other branches; None at the end of a graph.
    """

    layers: list[Layer[Any]]
    end: str
    shape: Shape
    join: Any | None


class Reader:
    """Follows a graph from its input, and collects its layers.

    `scaling` is that of the inputs before the first layer.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.shape = source, source.shape
        self.scaling = Scaling(source)

    def read(self) -> list[Layer[Any]]:
        """All layers, without the scaling before and the softmax after them.

        A softmax at the end of a model of Handgrad is a layer: its loss comes after it.
        """
        value = self.scaling.value
        found, _, join = self._chain(value, self.source.users(value))
        if join is not None:
            raise UnsupportedError(
                f"{named(join)} of values that do not have one source"
            )
        if found and isinstance(found[-1], Softmax) and not self.source.is_ours:
            found.pop()
        return found

    def _chain(
        self, value: str, users: list[Any]
    ) -> tuple[list[Layer[Any]], str, Any | None]:
        """The layers from a value on, the last value, and where it meets others."""
        found: list[Layer[Any]] = []
        while users:
            if len(users) == 1:
                (node,) = users
                if node.op_type in JOINS and self.source.constant(node) is None:
                    return found, value, node
                self._append(found, node)
                value = node.output[0]
            elif len(starts := _starts(value, users)) == 1:
                found.append(SiLU())
                value = starts[0][1].output[0]
            else:
                block, join = self._split(value, starts)
                found.append(block)
                value = join.output[0]
            users = self.source.users(value)
        return found, value, None

    def _append(self, found: list[Layer[Any]], node: Any) -> None:
        """Add the layer of one operator; a bias belongs to the layer before it."""
        after = {user.op_type for user in self.source.users(node.output[0])}
        is_log = node.op_type == "LogSoftmax"
        if is_log and after - set(ENDS):
            raise UnsupportedError(f"{named(node)} before the end of the network")
        bias = self.source.constant(node) if node.op_type == "Add" else None
        if bias is not None and found and isinstance(found[-1], Linear):
            add_bias(found[-1], bias.astype(np.float32).reshape(-1))
            return
        layer = layer_of(self.source, node, self.shape)
        if layer is None or (is_log and after):  # softmax(log_softmax(x)) = softmax(x)
            return
        if isinstance(layer, Flatten) and len(self.shape) != 3:
            return
        if isinstance(layer, GlobalAveragePool2d) and len(self.shape) != 3:
            raise UnsupportedError(named(node))
        self.shape = layer.output_shape(self.shape)
        found.append(layer)

    def _split(self, value: str, starts: list[list[Any]]) -> tuple[Layer[Any], Any]:
        """The block from a value to where all its branches meet, and that operator.

        Where only some of them meet, their block begins a branch of the others.
        """
        before, branches = self.shape, []
        for users in starts:
            self.shape = before
            branches.append(self._branch([], value, users))
        while True:
            join = _meeting(value, branches)
            meeting = {each.end: each for each in branches if each.join is join}
            others = [each for each in branches if each.join is not join]
            block = self._block(join, [meeting[name] for name in join.input])
            self.shape = block.output_shape(before)
            if not others:
                return block, join
            end = join.output[0]
            branches = [*others, self._branch([block], end, self.source.users(end))]

    def _branch(self, begin: list[Layer[Any]], value: str, users: list[Any]) -> Branch:
        found, end, join = self._chain(value, users)
        return Branch([*begin, *found], end, self.shape, join)

    def _block(self, join: Any, branches: list[Branch]) -> Layer[Any]:
        """A concatenation, or a residual connection or product of two branches."""
        bodies = [each.layers for each in branches]
        ranks = [len(each.shape) for each in branches]
        if join.op_type == "Concat":
            axis = attributes(join)["axis"]
            if axis not in (1, 1 - rank_of(self.source, join, branches[0].shape)):
                raise UnsupportedError(f"{named(join)} along another axis")
            return Concatenate([Sequential(each) for each in bodies])
        kind = Residual if join.op_type == "Add" else Multiply
        body, shortcut = sorted(bodies, key=lambda each: -len(each))
        if kind is Multiply and ranks[0] != ranks[1]:
            body, shortcut = bodies if ranks[0] == 1 else bodies[::-1]
        return kind(Sequential(body), Sequential(shortcut) if shortcut else None)


def _meeting(value: str, branches: list[Branch]) -> Any:
    """The operator whose inputs are all ends of branches."""
    for branch in branches:
        if branch.join is None:
            raise UnsupportedError(f"branches of {value} that do not meet")
        ends = {each.end for each in branches if each.join is branch.join}
        if set(branch.join.input) <= ends:
            return branch.join
    raise UnsupportedError(f"{named(branches[0].join)} of values computed apart")


def _starts(value: str, users: list[Any]) -> list[list[Any]]:
    """The operators that begin each branch: one, or both of SiLU, x * sigmoid(x)."""
    gates = {node.output[0]: node for node in users if node.op_type == "Sigmoid"}
    pairs = {
        id(gates[other]): [gates[other], node]
        for node in users
        if node.op_type == "Mul"
        for other in node.input
        if value in node.input and other in gates
    }
    products = {id(product) for _, product in pairs.values()}
    return [pairs.get(id(node), [node]) for node in users if id(node) not in products]
