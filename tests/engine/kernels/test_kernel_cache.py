"""Machine code comes back only if it is sound, and only this user could write it."""

import os
import stat
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from handgrad.engine.kernels import kernel_cache
from handgrad.engine.kernels.declaration import FLOATS, SIZE, updates
from handgrad.engine.kernels.entry import Kernel, kernel
from handgrad.engine.kernels.kernel_cache import (
    KernelCache,
    is_private,
    kernels_folder,
    source_digest,
)
from handgrad.errors import HandgradWarning

from .run import run_entry


@kernel
def _twice(value):
    return value + value


def _doubling(values, size):
    """Each is doubled."""
    for place in range(size):
        values[place] = _twice(values[place])


DECLARED = {"values": updates(FLOATS, lambda size: size), "size": SIZE}


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty cache, and warnings that were not said before."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path))
    kernel_cache._say.cache_clear()
    yield kernels_folder()
    kernel_cache._say.cache_clear()


def doubled():
    """Compile the entry or read it, run it; whether it came from the disk."""
    entry, values = Kernel(_doubling, DECLARED), np.array([1.5, -2.0], np.float32)
    run_entry(entry, values, 2)
    np.testing.assert_array_equal(values, [3.0, -4.0])
    return bool(entry._compiled.cache_hits)


def the_file(folder):
    [path] = [path for path in folder.iterdir() if "_doubling" in path.name]
    return path


def silently(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call()


def test_machine_code_is_kept_for_this_user_alone(folder):
    assert not silently(doubled)
    assert silently(doubled)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_another_process_reads_it_without_what_compiles(folder):
    program = """
import sys
from tests.engine.kernels.test_kernel_cache import doubled
print(doubled(), "numba.cpython.cmathimpl" in sys.modules)
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["False True", "True False"]


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


DAMAGED = {
    "empty": lambda content: b"",
    "halved": lambda content: content[: len(content) // 2],
    "zeroed": lambda content: bytes(len(content)),
    "longer": lambda content: content + b"\0",
    "a bit of the digest": lambda content: flipped(content, 3),
    "a bit of the code": lambda content: flipped(content, len(content) // 2),
    "the last bit": lambda content: flipped(content, -1),
    "sealed, but no kernel": lambda content: kernel_cache.sealed(b"cos\nno such\n."),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_file_is_compiled_anew_and_said_once(folder, how):
    doubled()
    path = the_file(folder)
    content = path.read_bytes()
    path.write_bytes(DAMAGED[how](content))
    with pytest.warns(HandgradWarning, match="is damaged. It is deleted") as said:
        assert not doubled()
    assert len(said) == 1
    assert path.stat().st_size == pytest.approx(len(content), abs=64)
    assert silently(doubled)


def another_users(path):
    os.chown(path, 12345, 12345)


def for_all(path):
    path.chmod(0o777)


def for_the_group(path):
    path.chmod(0o770)


@pytest.mark.parametrize("spoil", [another_users, for_all, for_the_group])
@pytest.mark.parametrize("which", ["folder", "file"])
def test_what_others_could_have_written_is_not_used(folder, spoil, which):
    if spoil is another_users and os.getuid() != 0:
        pytest.skip("only root can give a file away")
    doubled()
    path = folder if which == "folder" else the_file(folder)
    spoil(path)
    with pytest.warns(HandgradWarning, match="others could have written them") as said:
        assert not doubled()
    assert len(said) == 1
    before = path.stat()
    assert not (silently(doubled) and which == "folder")
    assert path.stat().st_uid == before.st_uid or which == "file"


def test_links_and_pipes_are_not_followed(folder, tmp_path):
    doubled()
    path = the_file(folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.warns(HandgradWarning, match="others could"):
        assert not doubled()
    path.unlink()
    os.mkfifo(path)
    kernel_cache._say.cache_clear()
    with pytest.warns(HandgradWarning, match="others could"):
        assert not doubled()


def test_a_linked_folder_is_not_used(folder, tmp_path):
    doubled()
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.warns(HandgradWarning, match="others could"):
        assert not doubled()


def test_without_a_place_for_it_code_is_compiled_in_each_process(folder, tmp_path):
    (tmp_path / "kernels").write_text("in the way")
    before = replace(kernel_cache.tally)
    assert not silently(doubled)
    assert kernel_cache.tally.compiled > before.compiled
    assert kernel_cache.tally.kept == before.kept
    assert not silently(doubled)
    assert [path.name for path in tmp_path.iterdir()] == ["kernels"]


def test_what_is_compiled_kept_and_read_is_counted(folder):
    before = replace(kernel_cache.tally)
    assert not silently(doubled)
    kept = kernel_cache.tally.kept - before.kept
    assert kept == kernel_cache.tally.compiled - before.compiled > 0
    before = replace(kernel_cache.tally)
    assert silently(doubled)
    assert kernel_cache.tally == before


def test_a_read_only_cache_is_read(folder, monkeypatch):
    doubled()
    monkeypatch.setattr(os, "mkdir", None)
    monkeypatch.setattr(os, "replace", None)
    assert silently(doubled)


def test_the_administrators_cache_is_read():
    assert is_private(os.stat("/usr")) == (os.stat("/usr").st_uid == 0)


def test_nothing_is_written_beside_the_source(folder):
    doubled()
    assert not list(kernel_cache.Path(__file__).parent.glob("__pycache__/*.nb*"))


def test_closures_have_files_of_their_own(folder):
    def plus(number):
        def add(value):
            return value + number

        return kernel(add)

    assert [plus(1)(1), plus(2)(1), plus(1)(1)] == [2, 3, 2]
    assert len([path for path in folder.iterdir() if "add" in path.name]) == 2


def test_code_that_checks_bounds_is_kept_apart(monkeypatch):
    folders = set()
    for checks in (False, True):
        monkeypatch.setattr(kernel_cache, "checks_bounds", lambda checks=checks: checks)
        folders.add(kernels_folder())
    assert len(folders) == 2


def test_the_digest_is_of_every_kernels_source(monkeypatch, tmp_path):
    digest = source_digest.__wrapped__
    sources = []
    for text in ("a = 1", "a = 2", "a = 1"):
        (tmp_path / "one.py").write_text(text)
        monkeypatch.setattr(kernel_cache, "__file__", str(tmp_path / "entry.py"))
        sources.append(digest())
    assert sources[0] == sources[2] != sources[1]
    assert len(sources[0]) == 16


def test_numba_may_ask_for_its_folder():
    cache = KernelCache(_twice.py_func)
    assert cache.cache_path == str(kernels_folder())
    cache.flush()
