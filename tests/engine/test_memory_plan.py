import numpy as np
import pytest

from handgrad.engine.memory_plan import Memory, Pointer, Tensor, numbers_at, pointer_to
from handgrad.engine.pages import whole_pages
from handgrad.errors import ResourceError


@pytest.fixture
def memory():
    return Memory(32, 3, 2, per_tile=False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
@pytest.mark.parametrize("count", [1, 1000])
def test_an_array_is_zero_and_begins_on_a_cache_line(memory, dtype, count):
    array = memory.array("a", "settings", count, dtype)
    assert array.dtype == dtype
    assert array.shape == (count,)
    assert not array.any()
    assert array.ctypes.data % 64 == 0


def test_every_buffer_stands_in_the_table(memory):
    memory.array("steps", "settings", 3, np.int64)
    memory.shared("rates", "settings", 5)
    memory.each_tile("sums", "gradients", 16)
    memory.each_worker("scratch", "scratch", 16)
    assert [(line.name, line.role) for line in memory.table] == [
        ("steps", "settings"),
        ("rates", "settings"),
        ("sums", "gradients"),
        ("scratch", "scratch"),
    ]
    assert memory.total_bytes == 24 + 20 + 3 * 128 + 2 * 128
    assert memory.page_bytes == whole_pages(3 * 64 + 3 * 128 + 128)


@pytest.mark.parametrize("per_tile", [False, True])
def test_a_tiles_tensor_is_its_workers_or_its_own(per_tile):
    memory = Memory(32, 3, 2, per_tile=per_tile)
    tensor = memory.dense("outputs", "activations", (5, 2, 2))
    assert (tensor.rows, tensor.stride, tensor.is_batch_first) == (20, 32, False)
    step = 20 * 32 * 4 + 64
    strides = (tensor.pointer.tile_stride, tensor.pointer.worker_stride)
    assert strides == ((step, 0) if per_tile else (0, step))
    assert memory.total_bytes == (3 if per_tile else 2) * step


def test_a_tensor_may_have_spare_rows(memory):
    tensor = memory.dense("outputs", "activations", (5,), rows=8)
    assert tensor.shape == (5,)
    assert tensor.pointer.worker_stride == 8 * 32 * 4 + 64


def test_a_tile_is_some_columns_of_a_matrix(memory):
    tensor = memory.matrix("outputs", "activations", (7,))
    assert tensor.stride == memory.capacity + 16 == 112
    assert tensor.pointer.tile_stride == 32 * 4
    assert tensor.pointer.worker_stride == 0
    assert memory.total_bytes == 7 * 112 * 4


def test_other_names_for_the_same_numbers():
    tensor = Tensor((2, 3), Pointer(4096, 8, 16), 32)
    turned = tensor.reshaped((6,))
    assert (turned.shape, turned.rows, turned.pointer) == ((6,), 6, tensor.pointer)
    assert tensor.pointer.plus(64) == Pointer(4160, 8, 16)
    array = np.zeros(3)
    assert pointer_to(array[1:]).base == array.ctypes.data + 8


def test_a_buffer_is_kept_under_every_shape_and_name(memory):
    kept, other = memory.matrix("a", "x", (2, 3)), memory.matrix("b", "x", (2, 3))
    memory.keep(kept)
    assert memory.is_kept(kept)
    assert memory.is_kept(kept.reshaped((6,)))
    assert not memory.is_kept(other)


def test_buffers_wait_for_places_that_they_may_share():
    memory = Memory(32, 3, 2, per_tile=True, shares=True)
    first, second = (memory.dense(name, "x", (4,)) for name in ("a", "b"))
    with pytest.raises(AssertionError, match="a has no place yet"):
        _ = first.pointer.base
    size = memory.unplaced[0].bytes
    memory.place(dict.fromkeys(memory.unplaced, 64), 64 + size)
    assert first.pointer.base == second.pointer.base
    assert [line.bytes for line in memory.table] == [size, size]
    assert sorted(line.own for line in memory.table) == [0, size]
    assert memory.unplaced == []


def test_an_order_of_more_numbers_than_int32_counts_is_refused(memory):
    most = np.array([3, 2**31 - 1])
    pointer = memory.order(most)
    np.testing.assert_array_equal(numbers_at(pointer, 2, np.dtype(np.int32)), most)
    with pytest.raises(
        ResourceError, match=r"at most 2,147,483,648 .* got 2,147,483,649"
    ):
        memory.order(most + 1)
    assert memory.order(most[:0]).region.bytes == 0
