import errno
import os
import shutil
import time

import numpy as np
import pytest

from handgrad import free_memory
from handgrad.datasets import atomic_files, image_cache
from handgrad.datasets.dataset import checksum_of
from handgrad.datasets.image_cache import ImageCache, fingerprint
from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.layout import Plan
from handgrad.errors import HandgradWarning, ResourceError

FILES = [ImageFile("a/1.png", 10, (7,)), ImageFile("b/2.png", 20, (8,))]
PIXELS = np.arange(5 * 3 * 2 * 4, dtype=np.uint8).reshape(5, 3, 2, 4)
TARGETS = np.array([0, 1, 1, 0, 1])


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path


def cache_of(root, files=FILES, image_size=None):
    return ImageCache(root / "pets", files, image_size)


def build(cache, train_count=3, pixels=PIXELS):
    def fill(rows):
        rows[...] = pixels
        return [f"{row:064x}" for row in range(len(rows))]

    plan = planned(train_count)
    return cache.build("pets", plan, pixels.shape[1:], fill)


def planned(train_count=3, validation=0):
    test = len(TARGETS) - train_count - validation
    counts = (train_count, test, validation)
    files = tuple(ImageFile(f"{row}.png", 1, (1,)) for row in range(len(TARGETS)))
    return Plan(files, TARGETS, counts, ("a", "b"), {"test": "x"}, ("y",))


def test_returns_the_pixels_written(root):
    built = build(cache_of(root))
    found = cache_of(root).open("pets")
    for dataset in (built, found):
        np.testing.assert_array_equal(dataset.train.images, PIXELS[:3])
        np.testing.assert_array_equal(dataset.test.images, PIXELS[3:])
        assert dataset.train.targets.tolist() == TARGETS[:3].tolist()
        assert dataset.test.targets.tolist() == TARGETS[3:].tolist()
        assert dataset.class_names == ("a", "b")
        assert list(dataset.files) == [f"{row}.png" for row in range(len(TARGETS))]
        assert dataset.checksum == checksum_of(dataset.train, dataset.test)
        assert not dataset.train.images.flags.writeable


def test_all_may_be_training_images(root):
    assert build(cache_of(root), train_count=5).test is None
    assert cache_of(root).open("pets").test is None


def test_is_empty_at_first(root):
    assert cache_of(root).open("pets") is None


@pytest.mark.parametrize(
    "other",
    [
        {"files": FILES[:1]},
        {"files": [FILES[0], ImageFile("b/3.png", 20, (8,))]},
        {"files": [FILES[0], ImageFile("b/2.png", 21, (8,))]},
        {"files": [FILES[0], ImageFile("b/2.png", 20, (9,))]},
        {"image_size": (2, 4)},
    ],
)
def test_other_names_sizes_times_or_settings_are_another_cache(root, other):
    build(cache_of(root))
    assert cache_of(root, **other).open("pets") is None
    assert cache_of(root / "elsewhere").open("pets") is None


def damages(seed=0):
    """Every file with one flipped bit, at positions all over it, and truncated."""
    sizes = {"images.bin": PIXELS.size, "index.json": 150, "manifest.json": 250}
    generator = np.random.default_rng(seed)
    for name, size in sizes.items():
        for place in sorted(generator.integers(0, size, 40)):
            yield pytest.param(name, int(place), int(generator.integers(8)))


@pytest.mark.parametrize(("name", "place", "bit"), list(damages()))
def test_a_flipped_bit_is_detected(root, name, place, bit):
    cache = cache_of(root)
    build(cache)
    path = cache.folder / name
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(bytes(content))
    found = cache.open("pets")
    if name == "manifest.json" and found is not None:  # a flipped bit in white space
        np.testing.assert_array_equal(found.train.images, PIXELS[:3])
    else:
        assert found is None
    np.testing.assert_array_equal(build(cache).train.images, PIXELS[:3])


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["images.bin", "index.json", "manifest.json"])
def test_a_flipped_bit_in_a_large_cache_is_detected(root, name):
    cache = cache_of(root)
    build(cache)
    path, random = cache.folder / name, np.random.default_rng(1)
    whole = path.read_bytes()
    harmless = 0
    for _ in range(5_000):
        content = bytearray(whole)
        content[random.integers(len(content))] ^= 1 << int(random.integers(8))
        path.write_bytes(bytes(content))
        found = cache.open("pets")
        if found is not None:
            assert name == "manifest.json"
            np.testing.assert_array_equal(found.train.images, PIXELS[:3])
            harmless += 1
    print(
        f"{name}: {harmless} of 5,000 flips change no meaning, all others are refused"
    )
    path.write_bytes(whole)
    assert cache.open("pets") is not None


@pytest.mark.parametrize("name", ["images.bin", "index.json", "manifest.json"])
def test_truncated_missing_or_swapped_files_are_refused(root, name):
    cache, other = cache_of(root), cache_of(root, image_size=(2, 4))
    build(cache)
    build(other, pixels=PIXELS[::-1])
    path = cache.folder / name
    content = path.read_bytes()
    for length in {0, 1, len(content) // 2, len(content) - 1}:
        path.write_bytes(content[:length])
        assert cache.open("pets") is None
    path.unlink()
    assert cache.open("pets") is None
    shutil.copy(other.folder / name, path)
    same = content == path.read_bytes()
    assert (cache.open("pets") is None) != same


@pytest.mark.parametrize("turn", [1, -1])  # with either key as the smaller one
def test_the_whole_cache_of_other_images_is_refused(root, turn):
    cache, other = (cache_of(root), cache_of(root, image_size=(2, 4)))[::turn]
    build(cache)
    build(other, pixels=PIXELS[::-1])
    shutil.rmtree(cache.folder)
    shutil.copytree(other.folder, cache.folder)
    assert cache.open("pets") is None


def aged(cache, seconds=2 * 24 * 3600):
    moment = time.time() - seconds
    os.utime(cache.folder, (moment, moment))
    return cache


def test_older_caches_of_the_same_path_are_removed(root):
    older, new = cache_of(root, FILES[:1]), cache_of(root)
    smaller = cache_of(root, image_size=(2, 2))
    elsewhere = ImageCache(root / "cars", FILES, None)
    for cache in (older, smaller, elsewhere):
        build(cache)
        aged(cache)
    build(new)
    assert older.open("pets") is None
    assert not older.folder.exists()
    for cache in (new, smaller, elsewhere):
        assert cache.open("pets") is not None


def test_caches_younger_than_a_day_are_kept(root):
    older, new = cache_of(root, FILES[:1]), cache_of(root)
    build(older)
    build(new)
    assert older.open("pets") is not None


def test_a_rebuilt_cache_is_kept(root):
    build(cache_of(root))
    build(aged(cache_of(root)))
    assert cache_of(root).open("pets") is not None


def test_a_failed_build_keeps_the_old_cache_only(root):
    cache = cache_of(root)
    build(cache)

    def fail(rows):
        rows[0] = 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.build("pets", planned(), PIXELS.shape[1:], fail)
    assert [path.name for path in cache.folder.parent.iterdir()] == [cache.folder.name]
    np.testing.assert_array_equal(cache.open("pets").train.images, PIXELS[:3])


def test_the_cache_of_a_faster_process_is_used(root, monkeypatch):
    def put_by_another(temporary, place):
        os.replace(temporary, place)
        raise FileExistsError

    monkeypatch.setattr(atomic_files, "put_folder", put_by_another)
    dataset = build(cache_of(root))
    np.testing.assert_array_equal(dataset.train.images, PIXELS[:3])


def assert_is_decoded_into_memory(root):
    with pytest.warns(HandgradWarning, match=r"cannot be written: .* into memory"):
        dataset = build(cache_of(root))
    np.testing.assert_array_equal(dataset.train.images, PIXELS[:3])
    np.testing.assert_array_equal(dataset.test.images, PIXELS[3:])
    assert dataset.class_names == ("a", "b")
    assert dataset.checksum == checksum_of(dataset.train, dataset.test)
    assert not dataset.train.images.flags.writeable


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_without_a_writable_cache_pixels_stay_in_memory(root, monkeypatch, number):
    def refuse(temporary, place):
        raise OSError(number, os.strerror(number))

    kept = build(cache_of(root)).checksum
    shutil.rmtree(root / "cache")
    monkeypatch.setattr(atomic_files, "put_folder", refuse)
    assert_is_decoded_into_memory(root)
    assert list((root / "cache" / "images").iterdir()) == []
    monkeypatch.undo()
    assert build(cache_of(root)).checksum == kept


def test_pixels_that_do_not_fit_into_memory_either_are_refused(root, monkeypatch):
    (root / "file").write_text("")
    monkeypatch.setenv("HANDGRAD_CACHE", str(root / "file"))
    monkeypatch.setattr(free_memory, "free_memory", lambda: PIXELS.size - 1)
    with (
        pytest.warns(HandgradWarning, match="cannot be written"),
        pytest.raises(ResourceError, match="images into memory needs 120 bytes"),
    ):
        build(cache_of(root))


def test_a_full_disk_is_an_error(root, monkeypatch):
    def refuse(temporary, place):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic_files, "put_folder", refuse)
    with pytest.raises(ResourceError, match="cannot be written: No space left"):
        build(cache_of(root))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs posix_fallocate")
def test_disk_space_is_allocated_before_writing(root):
    def fill(rows):
        assert 512 * os.stat(rows.filename).st_blocks >= rows.nbytes
        rows[...] = 1
        return [""] * len(rows)

    cache_of(root).build("pets", planned(), (3, 64, 64), fill)


def test_a_full_disk_is_reported_before_decoding(root, monkeypatch):
    usage = shutil.disk_usage(root)._replace(free=PIXELS.size - 1)
    monkeypatch.setattr(free_memory.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(
        ResourceError, match=r"decoded images needs .* in .* Free some space"
    ):
        build(cache_of(root))


@pytest.mark.parametrize("below", ["", "images"])
def test_with_a_file_as_cache_path_pixels_stay_in_memory(root, monkeypatch, below):
    (root / "file").write_text("")
    (root / "here").mkdir()
    (root / "here" / "images").write_text("")
    monkeypatch.setenv("HANDGRAD_CACHE", str(root / ("here" if below else "file")))
    assert_is_decoded_into_memory(root)


def test_evenly_spaced_blocks_of_very_large_files_are_hashed(root, monkeypatch):
    monkeypatch.setattr(image_cache, "WHOLE_LIMIT", 1000)
    monkeypatch.setattr(image_cache, "BLOCK", 10)
    monkeypatch.setattr(image_cache, "BLOCKS", 5)
    path = root / "large"
    content = bytearray(2000)
    path.write_bytes(bytes(content))
    whole = fingerprint(path)
    for place, is_seen in [
        (0, True),
        (9, True),
        (10, False),
        (1990, True),
        (1999, True),
    ]:
        changed = content.copy()
        changed[place] = 1
        path.write_bytes(bytes(changed))
        assert (fingerprint(path) != whole) == is_seen


def test_up_to_the_limit_every_byte_is_hashed(root, monkeypatch):
    monkeypatch.setattr(image_cache, "WHOLE_LIMIT", 2000)
    monkeypatch.setattr(image_cache, "BLOCK", 10)
    monkeypatch.setattr(image_cache, "BLOCKS", 5)
    path = root / "large"
    path.write_bytes(bytes(2000))
    whole = fingerprint(path)
    path.write_bytes(bytes(10) + b"\1" + bytes(1989))
    assert fingerprint(path) != whole
