"""A program whose one kernel writes where it is told: run by test_fences.

python planted.py index 32      through an array of 32 floats
python planted.py address 32    by address alone
"""

import sys

from numba import carray

from handgrad.engine.kernels.entry import Entry, address_of, floats, integer
from handgrad.engine.kernels.machine import float_pointer
from handgrad.engine.memory import Memory
from handgrad.engine.program import Operation, Program, tiled


def by_index_entry(arguments: int, tile: int, worker: int) -> None:
    place = integer(arguments, 3)
    floats(arguments, 0, tile, worker, 32)[place] = 1


def by_address_entry(arguments: int, tile: int, worker: int) -> None:
    start = address_of(arguments, 0, tile, worker) + 4 * integer(arguments, 3)
    carray(float_pointer(start), (1,))[0] = 1


def main(kind, place):
    noticed = []
    sys.unraisablehook = lambda found: noticed.append(found.exc_value)
    memory = Memory(32, 1, 1, per_tile=False)
    outputs = memory.dense("outputs", "activations", (1,))
    kernel = {"index": by_index_entry, "address": by_address_entry}[kind]
    planted = Operation(Entry(kernel), (outputs.pointer, int(place)), "planted")
    Program([tiled("all", [planted], 1)], memory).run()
    print(noticed)


if __name__ == "__main__":
    main(*sys.argv[1:])
