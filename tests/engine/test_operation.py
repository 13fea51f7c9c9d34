"""Every argument of every kernel, broken once: no such program is built."""

from dataclasses import replace

import numpy as np
import pytest

from handgrad.engine import processor
from handgrad.engine.kernels.declaration import (
    FLOATS,
    SIZE,
    Array,
    Integer,
    at,
    matrix,
    reads,
    writes,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.lowering import convolution as convolution_row
from handgrad.engine.memory_plan import NOWHERE, Memory, pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.program import Program, tiled
from handgrad.errors import HandgradError, KernelCallError

from .programs import declared_kernels, engines, name_of, operations


@kernel_entry()
def double(
    source: reads(FLOATS, matrix("rows", "columns", "stride")),
    target: writes(at(FLOATS), "rows"),
    rows: SIZE,
    columns: SIZE,
    stride: SIZE,
):
    """Never compiled."""


@pytest.fixture(scope="module")
def every_operation():
    """One operation of each form of each kernel, whatever this processor has."""
    found, kept = {}, []  # engines own the memory that operations point to
    with pytest.MonkeyPatch.context() as patch:
        forms = ((False, False, 64), (True, False, 64), (True, True, 64))
        for wide, unit, few in (*forms, (True, True, 0)):
            patch.setattr(processor, "has_wide_registers", lambda wide=wide: wide)
            patch.setattr(processor, "has_matrix_unit", lambda unit=unit: unit)
            patch.setattr(convolution_row, "FEW_CHANNELS", few)
            for engine in engines():
                kept.append(engine)
                for operation, *_ in operations(engine):
                    found.setdefault(operation.entry, operation)
    yield list(found.values())
    kept.clear()


def again(operation, **changed):
    """The same operation with other arguments."""
    arguments = {**operation.arguments, **changed}
    made = Operation(operation.entry, "a test", **arguments)
    made.check_regions((0, 0), 1)
    return made


def refused(operation, name, *gone, **changed):
    """Whether it is refused with an error that names kernel and argument."""
    arguments = {**operation.arguments, **changed}
    arguments = {key: value for key, value in arguments.items() if key not in gone}
    with pytest.raises(KernelCallError) as error:
        Operation(operation.entry, "a test", **arguments).check_regions((0, 0), 1)
    expected = f"Kernel {operation.entry.name} (a test), argument {name}: "
    assert str(error.value).startswith(expected)
    return True


def ending(pointer, end):
    """The same place in a region of its own that ends so many bytes further on."""
    size = pointer.offset + end
    return replace(pointer, region=replace(pointer.region, bytes=size, step=0))


def test_these_programs_use_every_kernel(every_operation):
    assert {name_of(each.entry) for each in every_operation} == declared_kernels()


def test_every_name_is_needed_and_no_other_is_taken(every_operation):
    for operation in every_operation:
        for name, value in operation.arguments.items():
            assert refused(operation, name, name)
            assert refused(operation, f"no_{name}", **{f"no_{name}": value})


def test_every_region_holds_the_last_element(every_operation):
    checked = 0
    for operation in every_operation:
        for name, argument in operation.entry.arguments.items():
            if not isinstance(argument, Array):
                continue
            span, item = operation.spans[name], argument.element.dtype.itemsize
            if span.end == span.first:
                continue
            pointer, end = operation.arguments[name], span.end * item
            assert again(operation, **{name: ending(pointer, end)})
            refused(operation, name, **{name: ending(pointer, end - 1)})
            refused(operation, name, **{name: replace(pointer, region=None)})
            refused(operation, name, **{name: 5})
            checked += 1
    assert checked > 100


def test_no_number_leaves_its_limits(every_operation):
    for operation in every_operation:
        for name, argument in operation.entry.arguments.items():
            if isinstance(argument, Integer):
                refused(operation, name, **{name: NOWHERE})
                if argument.least is not None:
                    refused(operation, name, **{name: argument.least - 1})
                if argument.largest is not None:
                    refused(operation, name, **{name: argument.largest + 1})


def doubling(source, target, **sizes):
    sizes = {"rows": 3, "columns": 2, "stride": 4, **sizes}
    return Operation(double, "a test", source=source, target=target, **sizes)


def test_the_message_says_what_where_and_what_to_do():
    memory = Memory(1, 2, 1, per_tile=False)
    source, target = (memory.shared(n, "settings", 10) for n in ("numbers", "sums"))
    doubling(source, target).check_regions((0, 0), 1)
    with pytest.raises(KernelCallError) as error:
        doubling(source.plus(4), target).check_regions((0, 0), 1)
    assert str(error.value) == (
        "Kernel double (a test), argument source: it touches bytes 0 to 40 of "
        "'numbers', where tile 0 and worker 0 have -4 to 36. Plan a larger region, or "
        "a smaller size."
    )
    assert isinstance(error.value, HandgradError)


@pytest.mark.parametrize("per_tile", [False, True])
def test_a_tile_or_worker_stays_in_its_own_lane(per_tile):
    """Although the next one's lane would have room for more."""
    memory = Memory(1, 3, 4, per_tile=per_tile)
    own, target = memory.each("own", "scratch", 10), memory.each("x", "scratch", 3)
    program = [tiled("all", [doubling(own, target)], range(3))]
    assert Program(program, memory).phases
    for broken in (doubling(own, target, stride=5), doubling(own.plus(-8), target)):
        with pytest.raises(KernelCallError, match="argument source"):
            Program([tiled("all", [broken], range(3))], memory)
    assert doubling(own.whole(), target, stride=20).check_regions((0, 2), 4) is None


@pytest.mark.parametrize(("tiles", "fits"), [(3, True), (4, False)])
def test_the_last_tile_must_fit_too(tiles, fits):
    numbers = np.zeros(10 + 2 * 8, np.float32)
    moving = pointer_to(numbers, "numbers").by_tile(32)
    operation = doubling(moving, pointer_to(numbers), rows=3)
    memory = Memory(1, tiles, 1, per_tile=False)
    if fits:
        Program([tiled("all", [operation], range(tiles))], memory)
        return
    with pytest.raises(KernelCallError, match="tile 3"):
        Program([tiled("all", [operation], range(tiles))], memory)


def test_what_is_not_touched_may_be_nowhere():
    numbers = np.zeros(3, np.float32)
    for sizes in ({"rows": 0}, {"columns": 0}):
        operation = doubling(NOWHERE, pointer_to(numbers), **sizes)
        operation.check_regions((0, 0), 1)
        assert operation.words()[:4] == [0, 0, 0, 0]


def test_words_are_what_the_kernel_reads_and_bytes_what_it_moves():
    numbers = np.zeros(10, np.float32)
    source = replace(pointer_to(numbers), tile_stride=8, worker_stride=16)
    operation = doubling(source, source.whole().plus(4))
    assert operation.words() == [
        *(source.base, 8, 16, 10),
        *(source.base + 4, 0, 0, 3),
        *(3, 2, 4),
    ]
    assert operation.bytes == 4 * (3 * 2 + 3)
    assert operation.operations == 0
