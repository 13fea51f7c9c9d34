import os
import shutil
import subprocess
import sys
import time
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.image_decoding import Header
from handgrad.datasets.image_folder import load_images, shape_of
from handgrad.errors import DatasetError, HandgradWarning

from .image_makers import image_bytes, make_folder

TEN = [f"{name}/{number}.png" for name in ("cat", "dog") for number in range(5)]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "pets"


def test_reads_pixels_and_classes(root):
    dataset = load_images(make_folder(root, TEN))
    assert dataset.name == "pets"
    assert dataset.class_names == ("cat", "dog")
    assert dataset.train.images.shape == (8, 3, 8, 6)
    assert dataset.test.images.shape == (2, 3, 8, 6)
    assert dataset.test.targets.tolist() == [0, 1]
    found = {image.tobytes() for image in (*dataset.train.images, *dataset.test.images)}
    expected = set()
    for name in TEN:
        pixels = np.asarray(Image.open(root / name)).transpose(2, 0, 1)
        expected.add(pixels.tobytes())
    assert found == expected


def test_without_the_cache_images_are_decoded_again(root):
    """Another image of the same size and time, as after `cp -p`."""
    names = [name.replace("png", "bmp") for name in TEN]
    before = load_images(make_folder(root, names, form="BMP"))
    path = root / names[0]
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(image_bytes(seed=99, form="BMP"))
    os.utime(path, ns=times)
    again = load_images(root, use_cache=False)
    assert again.checksum != before.checksum
    assert load_images(root).checksum == again.checksum


def test_every_row_has_its_class(root):
    dataset = load_images(make_folder(root, TEN))
    for part in (dataset.train, dataset.test):
        for image, target in zip(part.images, part.targets, strict=True):
            row = next(
                place
                for place, name in enumerate(TEN)
                if np.array_equal(
                    np.asarray(Image.open(root / name)), image.transpose(1, 2, 0)
                )
            )
            assert TEN[row].startswith(dataset.class_names[target])


def test_a_second_load_uses_the_cache(root):
    told = []
    first = load_images(
        make_folder(root, TEN), progress=lambda *words: told.append(words)
    )
    assert told[0] == ("checking 10 images", 1, 10)
    assert told[-1] == ("decoding 10 images to 8 x 6, RGB", 10, 10)
    told.clear()
    second = load_images(root, progress=lambda *words: told.append(words))
    assert told == []
    assert second.checksum == first.checksum
    np.testing.assert_array_equal(second.train.images, first.train.images)
    assert isinstance(second.train.images, np.memmap)


def test_a_changed_file_is_detected(root):
    before = load_images(make_folder(root, TEN))
    (root / TEN[0]).write_bytes(image_bytes(seed=99))
    os.utime(root / TEN[0], ns=(1, 1))
    assert load_images(root).checksum != before.checksum


def test_replaced_files_of_the_same_size_and_time_are_detected(root):
    """As after `cp -p`, `rsync -t` and `unzip`."""
    make_folder(root, ["cat/0.bmp", "cat/1.bmp", "dog/0.bmp", "dog/1.bmp"])
    before, old = load_images(root), root / "cat/0.bmp"
    about = old.stat()
    time.sleep(0.05)  # longer than the time resolution of the file systems
    old.write_bytes((root / "dog/0.bmp").read_bytes())
    os.utime(old, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert old.stat().st_size == about.st_size
    assert load_images(root).checksum != before.checksum


def test_a_copied_or_moved_folder_is_the_same_data_set(root, tmp_path):
    before = load_images(make_folder(root, TEN))
    shutil.copytree(root, tmp_path / "copy")
    assert load_images(tmp_path / "copy").checksum == before.checksum
    root.rename(tmp_path / "moved")
    assert load_images(tmp_path / "moved").checksum == before.checksum
    told = []
    (tmp_path / "moved").rename(root)
    load_images(root, progress=lambda *words: told.append(words))
    assert told == []  # moved back, it is still cached


def test_a_zip_equals_its_folder(root, tmp_path):
    folder = load_images(make_folder(root, TEN))
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in reversed(TEN):
            archive.write(root / name, f"wrapped/{name}")
        archive.writestr("__MACOSX/wrapped/._0.png", b"no image")
    packed = load_images(path)
    assert packed.name == "packed"
    assert packed.checksum == folder.checksum
    assert packed.class_names == folder.class_names


def test_the_order_in_the_file_system_does_not_matter(root, tmp_path, monkeypatch):
    expected = load_images(make_folder(root, TEN)).checksum
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(listdir(path))[::-1])
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "other"))
    assert load_images(root).checksum == expected


def test_grey_files_have_one_channel_and_a_colour_file_gives_three(root):
    make_folder(root, TEN, mode="L")
    grey = load_images(root)
    assert grey.image_shape == (1, 8, 6)
    (root / "cat" / "one_more.png").write_bytes(image_bytes())
    mixed = load_images(root)
    assert mixed.image_shape == (3, 8, 6)
    assert (mixed.train.images[:, 0] == mixed.train.images[:, 2]).all(axis=(1, 2)).any()


def test_resizes_to_the_size_asked_for(root):
    dataset = load_images(make_folder(root, TEN), image_size=(4, 5))
    assert dataset.image_shape == (3, 4, 5)
    assert dataset.test.image_shape == (3, 4, 5)
    assert load_images(root).image_shape == (3, 8, 6)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(8, 6), (8, 6), (4, 4)], (8, 6)),
        ([(8, 6), (4, 4)], (4, 4)),
        ([(128, 128)], (128, 128)),
        ([(129, 20), (129, 20), (8, 8)], (32, 32)),
    ],
)
def test_the_size_is_the_most_common_one_unless_it_is_large(sizes, expected):
    headers = [Header(size, is_grey=True) for size in sizes]
    assert shape_of(headers, None) == (1, *expected)
    assert shape_of(headers, (2, 3)) == (1, 2, 3)


def test_a_damaged_image_is_named_and_leaves_no_cache(root, tmp_path):
    make_folder(root, TEN)
    content = (root / TEN[3]).read_bytes()
    (root / TEN[3]).write_bytes(content[:-40])
    said = r"pets: cat/3.png cannot be read as an image"
    with pytest.raises(DatasetError, match=said):
        load_images(root)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_an_empty_folder_and_another_file_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no images"):
        load_images(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DatasetError, match=r"notes\.txt cannot be read as a zip"):
        load_images(tmp_path / "notes.txt")


def test_all_formats_with_exif_orientation(root):
    for form, suffix in (
        ("PNG", "png"),
        ("JPEG", "JPG"),
        ("BMP", "bmp"),
        ("WEBP", "webp"),
    ):
        make_folder(root, [f"{form}/1.{suffix}"], form=form)
    turned = Image.Exif()
    turned[0x0112] = 6
    stream = BytesIO()
    Image.open(root / "JPEG" / "1.JPG").rotate(90, expand=True).save(
        stream, "JPEG", exif=turned
    )
    (root / "JPEG" / "2.jpeg").write_bytes(stream.getvalue())
    assert load_images(root).train.images.shape == (5, 3, 8, 6)


LOAD = "import sys; from handgrad.datasets import load; load(sys.argv[1])"


@pytest.mark.nightly
def test_a_killed_process_leaves_a_complete_cache_or_none(root, tmp_path):
    make_folder(root, [f"{kind}/{n:04}.png" for kind in "ab" for n in range(400)])
    expected = load_images(root).checksum
    folders = tmp_path / "cache" / "images"
    for wait in np.random.default_rng(0).uniform(0.2, 1.2, 30):
        shutil.rmtree(folders)
        with subprocess.Popen([sys.executable, "-c", LOAD, str(root)]) as program:
            time.sleep(wait)
            program.kill()
        whole = [path for path in folders.glob("*") if not path.name.startswith(".")]
        assert len(whole) <= 1
        assert load_images(root).checksum == expected


@pytest.mark.nightly
def test_the_real_images_in_a_zip(data):
    path = data("cifar10-jpeg.zip")
    dataset = load_images(path)
    assert dataset.train.images.shape == (50_000, 3, 32, 32)
    assert np.bincount(dataset.train.targets).tolist() == [5_000] * 10
    assert np.bincount(dataset.test.targets).tolist() == [1_000] * 10
    assert dataset.class_names[:3] == ("airplane", "automobile", "bird")


def test_a_validation_folder_is_the_validation_split(root):
    names = [f"{s}/{c}/{k}.png" for s in ("train", "val") for c in "ab" for k in "12"]
    (make_folder(root, names) / "notes.txt").write_text("x")
    for _ in ("decoded", "from the cache"):
        dataset = load_images(root)
        assert dataset.test is None
        assert len(dataset.validation) == 4
        assert dataset.sources["validation"] == "the folder val"
        assert dataset.passed_over == {".txt": 1}


def test_an_empty_class_is_refused_unless_allowed(root):
    (make_folder(root, TEN) / "emu").mkdir()
    with pytest.raises(DatasetError, match="no images in emu"):
        load_images(root)
    assert load_images(root, allow_empty_classes=True).class_names == ("cat", "dog")


def test_all_bad_files_are_named_at_once(root):
    make_folder(root, TEN)
    (root / TEN[0]).write_bytes(b"")
    (root / TEN[3]).write_bytes((root / TEN[3]).read_bytes()[:-40])
    (root / TEN[7]).write_text("<html>404</html>")
    with pytest.raises(
        DatasetError, match="3 of 10 images cannot be read: "
    ) as refused:
        load_images(root)
    assert all(TEN[k] in str(refused.value) for k in (0, 3, 7))
    for k in (0, 7):
        (root / TEN[k]).write_bytes(image_bytes())
    (root / TEN[5]).write_bytes((root / TEN[5]).read_bytes()[:-40])
    with pytest.raises(DatasetError, match="2 of 10 images cannot be read: "):
        load_images(root)


def spoil(root, *places):
    for place in places:
        (root / TEN[place]).write_bytes((root / TEN[place]).read_bytes()[:-40])


def test_bad_files_are_skipped_and_named_with_skip_bad(root):
    whole = load_images(make_folder(root, TEN))
    spoil(root, 3)
    (root / TEN[7]).write_bytes(b"")
    with pytest.warns(HandgradWarning, match="2 of 10 images skipped: .*cat/3"):
        rest = load_images(root, skip_bad=True)
    assert list(rest.skipped) == [TEN[3], TEN[7]]
    assert rest.files == {k: v for k, v in whole.files.items() if k in rest.files}
    assert len(rest.files) == 8
    assert len(rest.train) + len(rest.test) == 8
    with pytest.warns(HandgradWarning, match="2 of 10 images skipped"):  # and cached
        assert load_images(root, skip_bad=True).checksum == rest.checksum
    with pytest.raises(DatasetError, match="2 of 10 images cannot be read: "):
        load_images(root)


def test_skipping_a_file_does_not_change_other_splits(root):
    before = load_images(make_folder(root, TEN))
    spoil(root, 0)
    with pytest.warns(HandgradWarning):
        after = load_images(root, skip_bad=True)
    tests = [list(found.files)[len(found.train) :] for found in (before, after)]
    assert [name for name in tests[0] if name != TEN[0]] == tests[1]


def test_nothing_is_skipped_if_all_files_are_readable(root, recwarn):
    found = load_images(make_folder(root, TEN), skip_bad=True)
    assert found.skipped == {}
    assert found.checksum == load_images(root).checksum
    assert not recwarn.list


@pytest.mark.parametrize("scale", [1, 16, 257])
def test_deep_images_are_scaled_by_the_bits_they_use(root, scale):
    ramp = np.arange(0, 256, 51, dtype=np.uint16)
    for name in TEN:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.tile(ramp * scale, (2, 1))).save(root / name)
    dataset = load_images(root)
    assert dataset.bit_depth == {1: 8, 16: 12, 257: 16}[scale]
    np.testing.assert_array_equal(dataset.train.images[0, 0, 0], ramp)
    assert load_images(root).bit_depth == dataset.bit_depth


def test_fractions_are_scaled_and_integers_are_not(root):
    ramp = np.arange(0, 256, 51)
    for row, name in enumerate(TEN):
        path = (root / name).with_suffix(".tif")
        path.parent.mkdir(parents=True, exist_ok=True)
        deep = np.tile(ramp / 255, (2, 1)).astype(np.float32)
        shallow = np.tile(ramp, (2, 1)).astype(np.uint8)
        Image.fromarray(deep if row % 2 else shallow).save(path)
    dataset = load_images(root)
    assert dataset.bit_depth == load_images(root).bit_depth == 0
    assert (dataset.train.images == ramp).all()


def test_pixels_out_of_range_are_bad_images(root):
    make_folder(root, TEN)
    place = (root / TEN[0]).with_name("far.tif")
    Image.fromarray(np.full((2, 2), 1000, np.float32)).save(place)
    with pytest.raises(DatasetError, match=r"far\.tif holds .*\(skip_bad"):
        load_images(root)
    with pytest.warns(HandgradWarning, match=r"far\.tif holds .* to 1000,"):
        load_images(root, skip_bad=True)
