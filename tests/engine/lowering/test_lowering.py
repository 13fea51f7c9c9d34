import pytest

from handgrad.engine import training_program
from handgrad.engine.kernels.products import clear
from handgrad.engine.lowering import lowering as module
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.table import TABLE
from handgrad.engine.memory_plan import NOWHERE, Memory, Pointer
from handgrad.engine.parameter_store import ParameterStore
from handgrad.layers import Tanh

from ..by_rows import BY_ROWS, SKINNY
from ..networks import NETWORKS, cpu_engine


@pytest.fixture
def lowering():
    memory = Memory(32, 3, 1, per_tile=False)
    return Lowering(memory, ParameterStore({}), NOWHERE, training=True)


def test_operations_since_the_last_meeting_are_a_phase(lowering):
    lowering.barrier("nothing yet")
    lowering.add(clear, "first", values=NOWHERE, size=0)
    lowering.add(clear, "second", values=NOWHERE, size=0)
    lowering.barrier("both")
    lowering.barrier("nothing since")
    (phase,) = lowering.phases
    assert phase.name == "both"
    assert [task.tile for task in phase.tasks] == [0, 1, 2]
    shown = [operation.stands_for for operation in phase.tasks[0].operations]
    assert shown == ["first", "second"]


@pytest.mark.parametrize("feeds_matrix", [False, True])
def test_outputs_stand_as_the_next_layer_reads_them(lowering, feeds_matrix):
    node = Node("tanh_1", Tanh(), TABLE[Tanh], feeds_matrix=feeds_matrix)
    outputs = lowering.outputs("outputs", (4,), node)
    assert (outputs.stride == lowering.memory.columns) is feeds_matrix
    lowering.by_rows = True
    assert lowering.outputs("outputs", (4,), node).is_batch_first


def test_a_scratch_buffer_grows_to_the_largest_of_its_users(lowering):
    small, again = (lowering.scratch("parts", size) for size in (100, 60))
    assert small == again
    large = lowering.scratch("parts", 300)
    assert large != small
    assert large.region.lane >= 300


def test_what_a_backward_pass_reads_is_kept_while_training(lowering):
    memory = lowering.memory
    read, other = (memory.dense(name, "activations", (4,)) for name in ("a", "b"))
    lowering.add_backward(lambda d_outputs: d_outputs, read)
    assert memory.is_kept(read)
    assert memory.is_kept(read.reshaped((2, 2)))
    assert not memory.is_kept(other)
    lowering.training = False
    lowering.add_backward(lambda d_outputs: d_outputs, other)
    assert not memory.is_kept(other)


class Watch:
    """Records a network's activations, and the gradients that layers hand on."""

    def __init__(self, monkeypatch):
        self.activations, self.gradients = [], []
        lower_node, back = module.lower_node, training_program.lower_backwards

        def lower(lowering, node, inputs):
            outputs = lower_node(lowering, node, inputs)
            self.activations += [inputs, outputs]
            return outputs

        def lower_backwards(lowering, d_outputs):
            self.gradients.append(d_outputs)
            lowering.backwards[:] = map(self.watched, lowering.backwards)
            back(lowering, d_outputs)

        monkeypatch.setattr(module, "lower_node", lower)
        monkeypatch.setattr(training_program, "lower_backwards", lower_backwards)

    def watched(self, backward):
        def recorded(d_outputs):
            d_inputs = backward(d_outputs)
            self.gradients += [d_inputs] if d_inputs is not None else []
            return d_inputs

        return recorded


def read_going_back(program):
    """The buffers that the operations after the loss touch, and which touch them."""
    operations = {
        id(operation): operation
        for phase in program.phases
        for task in phase.tasks
        for operation in task.operations
    }
    shown = [operation.stands_for for operation in operations.values()]
    (loss,) = [n for n, text in enumerate(shown) if "forward and backward" in text]
    return {
        (argument.region, operation.stands_for)
        for operation in list(operations.values())[loss + 1 :]
        for argument in operation.arguments.values()
        if isinstance(argument, Pointer) and argument.region
    }


@pytest.mark.parametrize("name", [*NETWORKS, *BY_ROWS, *SKINNY])
def test_no_backward_pass_reads_activations_that_it_does_not_keep(monkeypatch, name):
    watch = Watch(monkeypatch)
    network = {**NETWORKS, **BY_ROWS, **SKINNY}[name]
    program = cpu_engine(network).training.program
    memory = program.memory
    free = {
        tensor.pointer.region
        for tensor in watch.activations
        if not memory.is_kept(tensor)
    }
    used = {tensor.pointer.region for tensor in watch.gradients}
    touched = read_going_back(program)
    assert touched
    assert {text for buffer, text in touched if buffer in free - used} == set()
