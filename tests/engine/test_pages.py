"""Zeroed buffers that begin on cache lines and never overlap."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from handgrad.engine.pages import (
    CHUNK,
    LARGE_PAGE,
    LINE,
    Arena,
    whole_pages,
    zeros,
)


@pytest.mark.parametrize("size", [0, 1, 65, LARGE_PAGE - 1, LARGE_PAGE, LARGE_PAGE + 3])
def test_memory_is_zero_and_begins_on_a_line(size):
    found = zeros(size)
    assert len(found) == size
    assert not found.any()
    if size:
        found[:] = 255
        line = LARGE_PAGE if size >= LARGE_PAGE else LINE
        assert (
            found.ctypes.data % (line if hasattr(mmap, "MADV_HUGEPAGE") else LINE) == 0
        )


def test_without_large_pages_there_is_memory_all_the_same(monkeypatch):
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    found = zeros(LARGE_PAGE + 5)
    assert (len(found), found.any()) == (LARGE_PAGE + 5, False)
    assert found.ctypes.data % LINE == 0


def test_parts_do_not_overlap_and_outlive_the_arena():
    arena, sizes = Arena(), [3, 64, LARGE_PAGE, 100, LARGE_PAGE - 1, CHUNK // 2, 7]
    parts = [arena.take(size) for size in sizes * 3]
    del arena
    for number, part in enumerate(parts, 1):
        assert part.ctypes.data % LINE == 0
        part[:] = number
    for number, part in enumerate(parts, 1):
        np.testing.assert_array_equal(part, number)


def test_what_was_taken_is_counted_by_small_pages():
    page = mmap.PAGESIZE
    assert whole_pages(LARGE_PAGE + 1) == LARGE_PAGE + page
    arena = Arena()
    assert arena.page_bytes == 0
    arena.take(10)
    assert arena.page_bytes == page
    arena.take(LARGE_PAGE + 1)
    assert arena.page_bytes == LARGE_PAGE + 2 * page
    arena.take(CHUNK)  # does not fit beside the first part
    assert arena.page_bytes == LARGE_PAGE + 2 * page + CHUNK


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_no_more_is_taken_than_is_written():
    found = zeros(LARGE_PAGE + LARGE_PAGE // 2)
    before = resident_pages()
    found[:: mmap.PAGESIZE] = 1
    taken = (resident_pages() - before) * mmap.PAGESIZE
    assert taken <= whole_pages(len(found)) + LARGE_PAGE // 8


def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
