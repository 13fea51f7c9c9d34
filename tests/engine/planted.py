"""A program whose one kernel writes where it is told: run by test_fences.

python planted.py index 32      through an array of 32 floats
python planted.py address 32    by address alone
"""

import sys

from numba import carray

from handgrad.engine.kernels.declaration import FLOATS, SIZE, at, writes
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.machine import float_pointer
from handgrad.engine.memory_plan import Memory
from handgrad.engine.operation import Operation
from handgrad.engine.program import Program, tiled


@kernel_entry(outputs=writes(FLOATS, 32), place=SIZE)
def by_index(outputs, place):
    outputs[place] = 1


@kernel_entry(outputs=writes(at(FLOATS), 32), place=SIZE)
def by_address(outputs, place):
    carray(float_pointer(outputs + 4 * place), (1,))[0] = 1


def main(kind, place):
    noticed = []
    sys.unraisablehook = lambda found: noticed.append(found.exc_value)
    memory = Memory(32, 1, 1, per_tile=False)
    outputs = memory.dense("outputs", "activations", (1,))
    kernel = {"index": by_index, "address": by_address}[kind]
    planted = Operation(kernel, "planted", outputs=outputs.pointer, place=int(place))
    Program([tiled("all", [planted], range(1))], memory).run()
    print(noticed)


if __name__ == "__main__":
    main(*sys.argv[1:])
