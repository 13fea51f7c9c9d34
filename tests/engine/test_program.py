import numpy as np
import pytest

from handgrad.engine.kernels.products import clear
from handgrad.engine.memory_plan import Memory, pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Program, Task, tiled


@pytest.fixture
def memory():
    return Memory(32, 3, 1, per_tile=False)


def clearing(array, *, name="clearing"):
    """An operation that sets an array to zero."""
    return Operation(clear, name, values=pointer_to(array), size=len(array))


def test_phases_follow_one_another_and_plain_work_runs_between(memory):
    array, seen = memory.array("numbers", "settings", 4), []

    def note():
        seen.append(array.copy())
        array[:] = 5

    program = Program(
        [
            Phase("first", plain=note),
            Phase("clear", [Task([clearing(array)])]),
            Phase("nothing"),
            Phase("second", plain=note),
        ],
        memory,
    )
    array[:] = 3
    program.run()
    np.testing.assert_array_equal(seen, [[3] * 4, [0] * 4])
    np.testing.assert_array_equal(array, 5)
    assert [phase.name for phase in program.phases] == ["first", "clear", "second"]


def test_a_tiled_phase_runs_its_operations_for_every_tile(memory):
    array = memory.array("numbers", "settings", 3 * 16)
    array[:] = 1
    moving = pointer_to(array).by_tile(64)
    operation = Operation(clear, "clear", values=moving, size=2)
    program = Program([tiled("tiles", [operation], range(3))], memory)
    program.run()
    np.testing.assert_array_equal(np.flatnonzero(array == 0), [0, 1, 16, 17, 32, 33])


def test_compiling_is_announced(memory):
    array, heard = memory.array("numbers", "settings", 4), []
    Program([Phase("clear", [Task([clearing(array)])])], memory, heard.append)
    assert heard in ([], ["clear"])  # nothing where it was compiled before


def test_it_shows_each_operation_once_with_its_cost(memory):
    array = memory.array("numbers", "settings", 1750)
    program = Program(
        [
            tiled("tiles", [clearing(array, name="clear for all")], range(3)),
            Phase("last", [Task([clearing(array, name="clear again")])]),
        ],
        memory,
    )
    shown = repr(program)
    assert shown.startswith("Program: tiles of 32, 3 per batch, 1 workers, 0.0 MB\n")
    assert "tiles  (3 tasks)" in shown
    assert shown.count("clear for all") == shown.count("clear again") == 1
    assert "7.0 kB" in shown
