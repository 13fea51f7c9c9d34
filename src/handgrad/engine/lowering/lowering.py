"""Lower a network from layers to operations, forward and backward.

The function of a node's row adds the operations of the forward pass, and a function
that adds those of the backward pass once the gradient of the outputs has a buffer. It
sees the node and its inputs only; results are collected in `Lowering`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.engine.gradient_blocks import GradientBlock
from handgrad.engine.kernels.entry import Kernel
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import FLOAT_BYTES, NOWHERE, Memory, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.parameter_store import ParameterStore
from handgrad.engine.program import Phase, Task, tiled

Backward: TypeAlias = Callable[[Tensor], Tensor | None]


@dataclass
class StepContext:
    """What the plain layers need of the current step."""

    number: int = 0
    count: int = 0
    examples: NumpyArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    labels: NumpyArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    main_labels: NumpyArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    weights: NumpyArray | None = None


@dataclass
class Lowering:
    """What all nodes share while a network is lowered, and what they add."""

    memory: Memory
    store: ParameterStore
    inputs: Pointer
    training: bool
    seed: int = 0
    by_rows: bool = False  # activations have an example a row
    image_steps: Pointer = NOWHERE  # the operations that augment a batch's images
    phases: list[Phase] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    blocks: list[GradientBlock] = field(default_factory=list)
    prepare: list[Task] = field(default_factory=list)
    per_step: list[Callable[[int], None]] = field(default_factory=list)
    step: StepContext = field(default_factory=StepContext)
    scratches: dict[str, tuple[int, Pointer]] = field(default_factory=dict)

    def add(
        self, kernel: Kernel, stands_for: str, /, **arguments: Pointer | int
    ) -> None:
        """Add one operation to the task of every tile."""
        self.operations.append(Operation(kernel, stands_for, **arguments))

    def add_backward(self, backward: Backward, *kept: Tensor) -> None:
        """Add a layer's backward pass, and name the activations that it reads.

        No later operation overwrites those. A prediction has no backward pass and
        keeps nothing, so all of its operations may write in place.
        """
        self.backwards.append(backward)
        if self.training:
            self.memory.keep(*kept)

    def add_preparation(self, *operations: Operation) -> None:
        """Add a task that runs before each step: weights in other layouts."""
        self.prepare.append(Task(operations))

    def barrier(self, name: str, tiles: range | None = None) -> None:
        """End a phase, of some tiles or all: later operations see its results."""
        if self.operations:
            tiles = range(self.memory.tiles) if tiles is None else tiles
            self.phases.append(tiled(name, self.operations, tiles))
            self.operations = []

    def scratch(self, name: str, size: int, *, is_large: bool = False) -> Pointer:
        """A buffer of so many bytes for each worker, shared by layers.

        Where the memory plan reuses buffers, a large one belongs to one layer.
        """
        least, pointer = self.scratches.get(name, (0, NOWHERE))
        if least < size or (is_large and self.memory.shares):
            count = -(-size // FLOAT_BYTES)
            pointer = self.memory.each_worker(name, "scratch", count)
            self.scratches[name] = (size, pointer)
        return pointer

    def outputs(self, name: str, shape: Shape, node: Node) -> Tensor:
        """A buffer for a node's outputs, in the layout that the next node reads."""
        if self.by_rows:
            return self.memory.rows_matrix(name, "activations", shape)
        if node.feeds_matrix:
            return self.memory.matrix(name, "activations", shape)
        return self.memory.dense(name, "activations", shape)

    def run_backwards(
        self, backwards: Sequence[Backward], d_outputs: Tensor
    ) -> Tensor | None:
        """Backpropagate until no layer before needs a gradient."""
        tensor: Tensor | None = d_outputs
        for backward in reversed(backwards):
            if tensor is None:
                return None
            assert not self.memory.is_kept(tensor)
            tensor = backward(tensor)
        return tensor


def bias_of(lowering: Lowering, node: Node) -> Pointer:
    """The bias of a linear layer or a convolution; NOWHERE if it has none."""
    if node.layer.bias is None:
        return NOWHERE
    return lowering.store.pointer(f"{node.name}.bias")


def lower_nodes(lowering: Lowering, nodes: Sequence[Node], inputs: Tensor) -> Tensor:
    """Lower all nodes, first to last; returns the outputs of the last."""
    for node in nodes:
        inputs = lower_node(lowering, node, inputs)
    return inputs


def lower_frozen(lowering: Lowering, nodes: Sequence[Node], inputs: Tensor) -> Tensor:
    """Lower the first nodes, which are frozen, as for a prediction."""
    lowering.training = False
    outputs = lower_nodes(lowering, nodes, inputs)
    lowering.backwards.clear()
    lowering.training = True
    return outputs


def lower_node(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Lower one node by its row of the table; returns its outputs."""
    return node.row.lower(lowering, node, inputs)


def lower_backwards(lowering: Lowering, d_outputs: Tensor) -> None:
    """Lower the backward passes, last to first; none is kept."""
    backwards, lowering.backwards = lowering.backwards, []  # or cycles keep the memory
    lowering.run_backwards(backwards, d_outputs)
