"""Read a torch module, as layers that can be inspected and trained.

Needs torch, the extra `torch`.
"""

from math import inf, prod
from typing import Any

from torch import nn

from handgrad import layers
from handgrad.arrays import Pair, Shape, as_pair
from handgrad.errors import ConfigError, HandgradError, ShapeError
from handgrad.interop.torch_blocks import BLOCKS, Chain
from handgrad.interop.torch_checks import check_hooks, check_numbers, check_tensors
from handgrad.interop.torch_functions import Pixels
from handgrad.interop.torch_graph import Graph
from handgrad.interop.torch_pixels import check_factors, check_pixels
from handgrad.layers import Layer, Sequential
from handgrad.layers.window_settings import Pooled, Windowed
from handgrad.text import some
from handgrad.torch_modules import BY_MODULE, UnsupportedError


def _takes_border(layer: Windowed, value: float) -> bool:
    """Whether padding images with a value equals padding in the layer after it."""
    if isinstance(layer, Pooled) and layer.ceil_mode:
        return False
    if isinstance(layer, layers.AveragePool2d) and not layer.count_include_pad:
        return False
    return value == (-inf if isinstance(layer, layers.MaxPool2d) else 0)


def _sides(border: Any) -> tuple[Pair, Pair]:
    """Padding (top, bottom) and (left, right) of a module that pads."""
    left, right, top, bottom = border.padding
    return (top, bottom), (left, right)


AS_THEY_ARE = {nn.AdaptiveAvgPool2d, Pixels}  # their layers depend on the shape
PADDING = {nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d}  # the layers of these pad


class Reader:
    """Follows a module from its input, and collects its layers.

    `network` are the layers, `names` the names of their arrays in the module.
    """

    def __init__(self, module: Any, input_shape: Shape) -> None:
        check_hooks(module)
        check_numbers(module)
        self.graph, self.shape = Graph(module), input_shape
        self._places: list[tuple[Layer[Any], str]] = []
        self._global: Layer[Any] | None = None  # an average pooling of whole images
        if problems := self._unsupported():
            raise _refused(module, problems)
        try:
            self.network = Sequential(self._layers())
        except UnsupportedError as error:
            raise _refused(module, [str(error)]) from error
        self.names = self._names()
        check_tensors(module, list(self.names.values()))

    def _unsupported(self) -> list[str]:
        """What operations have no layer, each with the names of some of them."""
        found: dict[str, tuple[str, list[str]]] = {}
        for node in self.graph.nodes:
            try:
                if self.graph.join(node) in (None, "?"):
                    self._parts(node)
            except UnsupportedError as error:
                kind = str(error).partition("=")[0]
                found.setdefault(kind, (str(error), []))[1].append(
                    self.graph.name(node)
                )
        return [f"{kind} ({some(names, 3)})" for kind, names in found.values()]

    def _layers(self) -> list[Layer[Any]]:
        value = self.graph.input
        chain = self._chain(value, self.graph.users(value))
        if chain.join is not None:
            raise UnsupportedError(
                f"{self.graph.shown(chain.join)} of values without a common source"
            )
        return chain.layers

    def _chain(self, value: Any, users: list[Any]) -> "Chain":
        """The layers from a value on, up to where they meet others."""
        found: list[Layer[Any]] = []
        while users:
            if len(users) == 1:
                if self.graph.join(users[0]) is not None:
                    return Chain(found, value, self.shape, users[0])
                (value,) = users
                self._append(found, value)
            else:
                block, value = self._branches(value, users)
                found.append(block)
            users = self.graph.users(value)
        return Chain(found, value, self.shape, None)

    def _branches(self, value: Any, users: list[Any]) -> tuple[Layer[Any], Any]:
        """A block of parallel branches, and the operation that joins them.

        Branches that meet before others do become a block within the block.
        """
        before, chains = self.shape, []
        for node in users:
            self.shape = before
            chains.append(self._chain(value, [node]))
        while True:
            join = next(
                (c.join for c in chains if self._is_whole(c.join, chains)), None
            )
            if join is None:
                names = " and ".join(map(self.graph.shown, users))
                raise UnsupportedError(
                    f"the branches {names}, which meet others before they are joined"
                )
            block = self._block(join, [c for c in chains if c.join is join])
            self.shape = before
            self._pass(block, join)
            chains = [chain for chain in chains if chain.join is not join]
            if not chains:
                return block, join
            rest = self._chain(join, self.graph.users(join))
            chains.append(rest._replace(layers=[block, *rest.layers]))

    def _is_whole(self, join: Any, chains: list[Chain]) -> bool:
        """Whether all values that an operation joins are those of the branches."""
        found = {chain.last for chain in chains if chain.join is join}
        return join is not None and found == {*self.graph.operands(join)}

    def _block(self, join: Any, chains: list[Chain]) -> Layer[Any]:
        """The layer of the branches that an operation joins."""
        kind, order = self.graph.join(join), self.graph.operands(join)
        if kind == "cat":
            axis, axes = self.graph.axis(join), len(chains[0].shape) + 1
            if axis not in (1, 1 - axes):
                raise UnsupportedError(f"{self.graph.shown(join)} along axis {axis}")
        if kind == "mul":
            check_factors(self.graph, join, chains)
        return BLOCKS[kind](sorted(chains, key=lambda c: order.index(c.last)))

    def _append(self, found: list[Layer[Any]], node: Any) -> None:
        """Add the layers of one operation."""
        for part in self._parts(node):
            if isinstance(part, Pixels):
                check_pixels(self.graph, node, self.shape)
                continue
            layer = part if isinstance(part, Layer) else self._pooling(part, node)
            if isinstance(layer, layers.Flatten):
                self._check_features(node)
                if found and found[-1] is self._global:
                    found.pop()
                    layer = layers.GlobalAveragePool2d()
                elif len(self.shape) == 1:
                    continue
            if isinstance(layer, layers.Softmax):
                self._check_axis(node)
            if layer is not None:
                self._pass(layer, node)
                found.append(layer)
                self._places.append((layer, self.graph.name(node)))

    def _check_axis(self, node: Any) -> None:
        """UnsupportedError for a softmax over another axis than the last."""
        axis = self.graph.module(node).dim
        if axis not in (-1, len(self.shape)):
            raise UnsupportedError(
                f"{self.graph.shown(node)} over axis {axis} of {len(self.shape) + 1}"
            )

    def _check_features(self, node: Any) -> None:
        """UnsupportedError for a reshape to another number of features."""
        wanted = getattr(self.graph.module(node), "features", None)
        if wanted not in (None, prod(self.shape)):
            raise UnsupportedError(
                f"{self.graph.shown(node)} of {prod(self.shape)} values to {wanted}"
            )

    def _pass(self, layer: Layer[Any], node: Any) -> None:
        """Update the shape; ShapeError that names the operation."""
        try:
            self.shape = layer.output_shape(self.shape)
        except ShapeError as error:
            raise ShapeError(f"{self.graph.shown(node)}: {error}") from error

    def _parts(self, node: Any) -> list[Any]:
        """The layers of one operation; an adaptive pooling as it is."""
        module = self.graph.supported(node)
        if isinstance(module, nn.ConstantPad2d):
            return self._check_border(node)
        parts = module if type(module) is nn.Sequential else [module]
        return [
            part if type(part) in AS_THEY_ARE else self._layer(part, node)
            for part in parts
            if type(part) is not nn.Identity
        ]

    def _layer(self, module: Any, node: Any) -> Layer[Any]:
        """The layer of one module, with copies of its arrays."""
        if type(module) is nn.Softmax:
            return layers.Softmax()  # `_append` checks its axis
        pair = BY_MODULE.get(type(module))
        if pair is None:
            raise UnsupportedError(self.graph.kind(node))
        try:
            return self._with_border(pair.make_layer(module), node)
        except UnsupportedError as error:
            raise UnsupportedError(f"{self.graph.kind(node)} with {error}") from error
        except HandgradError as error:
            raise ConfigError(f"{self.graph.shown(node)}: {error}") from error

    def _check_border(self, node: Any) -> list[Any]:
        """No layer: those after it pad. UnsupportedError if others use the values."""
        users = [type(self.graph.module(user)) for user in self.graph.users(node)]
        if not users or not {*users} <= PADDING:
            raise UnsupportedError(
                f"{self.graph.kind(node)} that no convolution or pooling follows"
            )
        return []

    def _with_border(self, layer: Any, node: Any) -> Layer[Any]:
        """The layer, with the padding of an operation before it added to its own."""
        border = self.graph.module(self.graph.operands(node)[0])
        if isinstance(layer, Windowed) and isinstance(border, nn.ConstantPad2d):
            if not _takes_border(layer, border.value):
                raise UnsupportedError(f"padding by {border.value:g} before it")
            sides = zip(layer.windows.borders, _sides(border), strict=True)
            height, width = ((a + c, b + d) for (a, b), (c, d) in sides)
            layer.padding = (height, width)
        return layer  # type: ignore[no-any-return]

    def _pooling(self, module: Any, node: Any) -> Layer[Any] | None:
        """The average pooling of an adaptive one; None if it changes nothing."""
        if len(self.shape) != 3:
            raise UnsupportedError(f"{self.graph.shown(node)} of vectors")
        height, width = self.shape[1:]
        rows, columns = as_pair(module.output_size)
        kernel = (height // (rows or height), width // (columns or width))
        if (height, width) != (kernel[0] * (rows or 1), kernel[1] * (columns or 1)):
            raise UnsupportedError(
                f"{self.graph.shown(node)} from {height} x {width} to {rows} x "
                f"{columns} pixels, which does not divide them"
            )
        is_global = kernel == (height, width)
        if kernel == (1, 1) and not is_global:
            return None
        pool = layers.AveragePool2d(kernel)
        self._global = pool if is_global else self._global
        return pool

    def _names(self) -> dict[str, str]:
        """The name in the module of each array of the network."""
        own = {
            id(held): name
            for name, held in {
                **self.network.parameters(),
                **self.network.buffers(),
            }.items()
        }
        return {
            own[id(held)]: f"{place}.{key}" if place else key
            for layer, place in self._places
            for key, held in {**layer.parameters(), **layer.buffers()}.items()
        }


def _refused(module: Any, problems: list[str]) -> ConfigError:
    return ConfigError(
        f"{type(module).__name__} cannot be converted: there is no layer for "
        f"{', '.join(problems)}. Replace them, or give the part without them."
    )
