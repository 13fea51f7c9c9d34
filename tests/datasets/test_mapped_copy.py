import os
from collections import namedtuple

import numpy as np
import pytest

from handgrad import datasets, free_memory
from handgrad.datasets import Split, mapped_copy
from handgrad.randomness import Key


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Mapped images, of which more than 1,000 bytes are a large part."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(mapped_copy, "LARGE", 1000)
    monkeypatch.setattr(mapped_copy, "TOGETHER", 100)
    found = np.memmap(tmp_path / "images", np.uint8, "w+", shape=(40, 3, 4, 5))
    found[:] = np.arange(40 * 60, dtype=np.int64).reshape(found.shape) % 251
    return found


def test_a_large_part_of_mapped_images_is_mapped(images, tmp_path):
    rows = np.arange(39, -1, -1)
    part = Split(images, np.arange(40)).take(rows)
    assert isinstance(part.images, np.memmap)
    np.testing.assert_array_equal(part.images, images[rows])
    assert part.targets.tolist() == rows.tolist()
    assert part.side_by_side() is part
    assert not part.images.flags.writeable
    assert os.listdir(tmp_path / "cache") == []  # the file has no name


def test_a_split_has_a_large_part_mapped_and_a_small_one_in_memory(images):
    whole = Split(images, np.arange(40) % 2)
    train, validation = datasets.split(whole, 0.1, Key(0))
    assert isinstance(train.images, np.memmap)
    assert not isinstance(validation.images, np.memmap)
    assert len(train) + len(validation) == 40


@pytest.mark.parametrize("rows", [np.arange(3), np.arange(0)])
def test_a_small_part_is_in_memory(images, rows):
    assert mapped_copy.mapped_copy(images, rows) is None
    np.testing.assert_array_equal(
        Split(images, np.arange(40)).take(rows).images, images[rows]
    )


def test_images_in_memory_are_copied_in_memory(images):
    assert mapped_copy.mapped_copy(np.array(images), np.arange(40)) is None


def test_without_room_on_the_disk_the_part_is_in_memory(images, monkeypatch):
    usage = namedtuple("Usage", "free")
    monkeypatch.setattr(free_memory.shutil, "disk_usage", lambda _: usage(10))
    part = Split(images, np.arange(40)).take(np.arange(30))
    assert not isinstance(part.images, np.memmap)
    np.testing.assert_array_equal(part.images, images[:30])
