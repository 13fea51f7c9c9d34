import pytest

from handgrad.engine.kernels.products import clear_entry
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import NOWHERE, Memory
from handgrad.engine.parameter_store import ParameterStore
from handgrad.layers import Dropout, Flatten, Linear, ReLU
from handgrad.randomness import Key

LINEAR = Linear(3, 2, key=Key(0))


@pytest.fixture
def lowering():
    memory = Memory(32, 3, 1, per_tile=False)
    return Lowering(memory, ParameterStore({}), NOWHERE, training=True)


def test_operations_since_the_last_meeting_are_a_phase(lowering):
    lowering.meet("nothing yet")
    lowering.add(clear_entry, (NOWHERE, 3), "first", 1, 2)
    lowering.add(clear_entry, (NOWHERE, 3), "second")
    lowering.meet("both")
    lowering.meet("nothing since")
    (phase,) = lowering.phases
    assert phase.name == "both"
    assert [task.tile for task in phase.tasks] == [0, 1, 2]
    shown = [operation.stands_for for operation in phase.tasks[0].operations]
    assert shown == ["first", "second"]


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        ([], False),
        ([LINEAR], True),
        ([Flatten(), Dropout(0.1), LINEAR], True),
        ([ReLU(), LINEAR], False),
        ([Flatten()], False),
    ],
)
def test_a_matrix_is_made_where_a_linear_layer_comes_next(
    lowering, following, expected
):
    lowering.following = following
    assert lowering.feeds_linear() is expected
    outputs = lowering.outputs("outputs", (4,))
    assert (outputs.stride == lowering.memory.columns) is expected
