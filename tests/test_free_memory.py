import os
import shutil

import pytest

from handgrad import free_memory as module
from handgrad.errors import ResourceError
from handgrad.free_memory import check_disk, check_memory, free_memory, in_units


def test_this_machine_has_some_memory_and_less_than_any_machine():
    free = free_memory()
    assert 1 << 20 < free < 1 << 50


def test_no_program_can_use_more_than_the_machine_has():
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < free_memory() <= pages


def test_what_fits_passes():
    check_memory(1, "A pixel")


def test_what_does_not_fit_is_named_with_both_sizes(monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda: 1_500_000_000)
    with pytest.raises(
        ResourceError, match=r"^Photos needs 2\.00 GB of memory, but 1\.50"
    ):
        check_memory(2_000_000_000, "Photos")
    check_memory(1_500_000_000, "Photos")


def test_no_machine_holds_an_exabyte():
    with pytest.raises(ResourceError, match="Close other programs, or use fewer"):
        check_memory(10**18, "Everything")


def in_a_container(folder, limit):
    """The files of a control group with a limit, and 300 bytes in use, 100 of files."""
    stat = "anon 200\nfile 100\ninactive_file 100\n"
    contents = {
        "memory.max": limit,
        "memory.current": "300",
        "memory.stat": stat,
    }
    for name, content in contents.items():
        (folder / name).write_text(content)
    return folder


def test_a_container_leaves_its_limit_and_what_files_take(tmp_path):
    assert module._of_container(in_a_container(tmp_path, "1000\n")) == 800
    assert module._of_container(in_a_container(tmp_path, "max\n")) is None
    assert module._of_container(tmp_path / "no group") is None


def test_the_smaller_of_machine_and_container_counts(monkeypatch):
    monkeypatch.setattr(module, "_of_container", lambda: None)
    free = free_memory()
    monkeypatch.setattr(module, "_of_container", lambda: 1000)
    assert free_memory() == 1000
    monkeypatch.setattr(module, "_of_container", lambda: 100 * free)
    assert free_memory() > 1000


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
