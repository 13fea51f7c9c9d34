import sys

import numpy as np
import pytest

from handgrad.inspection.speed import allocator
from handgrad.inspection.speed.allocator import keep_memory, page_faults


def test_other_systems_are_not_changed(monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    assert keep_memory() is False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs glibc")
def test_freed_memory_is_reused_without_page_faults():
    import subprocess

    code = """
import ctypes
from handgrad.inspection.speed.allocator import keep_memory, page_faults
import sys
kept = keep_memory() if sys.argv[1] == "keep" else True
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [
    ctypes.c_void_p]
SIZE = 50_000_000
for turn in range(3):
    before = page_faults()
    place = malloc(SIZE)
    ctypes.memset(place, 1, SIZE)
    free(place)
print(int(kept), page_faults() - before)
"""

    def faults(word):
        done = subprocess.run(
            [sys.executable, "-c", code, word],
            capture_output=True,
            text=True,
            check=True,
        )
        kept, count = map(int, done.stdout.split())
        return kept, count

    assert faults("leave")[1] > 20
    kept, count = faults("keep")
    if not kept:
        pytest.skip("this C library keeps no memory")
    assert count < 10


def test_page_faults_are_counted():
    before = page_faults()
    np.ones(50_000_000, dtype=np.uint8).sum()
    assert page_faults() >= before
