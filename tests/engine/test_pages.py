"""Zeroed pieces that begin on cache lines and never overlap."""

import mmap

import numpy as np
import pytest

from handgrad.engine import pages
from handgrad.engine.pages import (
    CHUNK,
    LARGE_PAGE,
    LINE,
    Arena,
    gives_large_pages,
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


def test_pieces_do_not_overlap_and_outlive_the_arena():
    arena, sizes = Arena(), [3, 64, LARGE_PAGE, 100, LARGE_PAGE - 1, CHUNK // 2, 7]
    pieces = [arena.take(size) for size in sizes * 3]
    del arena
    for number, piece in enumerate(pieces, 1):
        assert piece.ctypes.data % LINE == 0
        piece[:] = number
    for number, piece in enumerate(pieces, 1):
        np.testing.assert_array_equal(piece, number)


@pytest.fixture
def setting(monkeypatch, tmp_path):
    """A system whose answer to requests for large pages the test writes."""
    monkeypatch.setattr(pages, "SETTING", tmp_path / "enabled")
    monkeypatch.setattr(mmap, "MADV_HUGEPAGE", 14, raising=False)
    gives_large_pages.cache_clear()
    yield tmp_path / "enabled"
    gives_large_pages.cache_clear()


@pytest.mark.parametrize(
    ("words", "gives"),
    [
        ("always [madvise] never", True),
        ("[always] madvise never", True),
        ("always madvise [never]", False),
        (None, False),
    ],
)
def test_the_system_says_whether_it_has_large_pages(setting, words, gives):
    if words:
        setting.write_text(words)
    assert gives_large_pages() == gives
    assert whole_pages(LARGE_PAGE + 1) == (2 if gives else 1) * LARGE_PAGE + (not gives)


def test_an_arena_counts_whole_pages(setting):
    setting.write_text("always [madvise] never")
    arena = Arena()
    assert arena.page_bytes == 0
    arena.take(10)
    assert arena.page_bytes == LARGE_PAGE
    arena.take(LARGE_PAGE + 1)  # two pages of its own
    assert arena.page_bytes == 3 * LARGE_PAGE
    for _ in range(5):  # four fit beside the first piece, the fifth does not
        arena.take(LARGE_PAGE - LINE)
    assert arena.page_bytes == (2 + 4 + 1) * LARGE_PAGE
