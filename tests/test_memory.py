import os
import shutil

import pytest

from handgrad import memory
from handgrad.errors import ResourceError
from handgrad.memory import check_disk, check_memory, free_memory, in_units


def test_this_machine_has_some_memory_and_less_than_any_machine():
    free = free_memory()
    assert free is None or 1 << 20 < free < 1 << 50


def test_no_program_can_use_more_than_the_machine_has():
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < free_memory() <= pages


def test_what_fits_passes():
    check_memory(1, "A pixel")


def test_what_does_not_fit_is_named_with_both_sizes(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 1_500_000_000)
    with pytest.raises(
        ResourceError, match=r"^Photos needs 2\.00 GB of memory, but 1\.50"
    ):
        check_memory(2_000_000_000, "Photos")
    check_memory(1_500_000_000, "Photos")


def test_no_machine_holds_an_exabyte():
    with pytest.raises(ResourceError, match="Close other programs, or use fewer"):
        check_memory(10**18, "Everything")


def test_where_the_system_does_not_tell_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    check_memory(10**18, "Everything")


def test_room_on_the_disk(tmp_path):
    check_disk(1, tmp_path, "A pixel")
    with pytest.raises(ResourceError, match="HANDGRAD_CACHE"):
        check_disk(shutil.disk_usage(tmp_path).total + 1, tmp_path, "The cache")


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 kB"), (3_141_592, "3.14 MB")],
)
def test_small_sizes_have_small_units(size, expected):
    assert in_units(size) == expected
    assert in_units(2 * 10**12) == "2000.00 GB"
