import os
import random
import shutil
import time
import unicodedata
import warnings
import zipfile
from types import SimpleNamespace

import pytest

from handgrad.datasets import image_files
from handgrad.datasets.image_files import (
    HIDDEN,
    PLAIN,
    Folder,
    ImageFile,
    Zip,
    in_words,
    is_image,
)
from handgrad.errors import DatasetError, HandgradWarning

CONTENT = {
    "dog/10.png": b"ten",
    "dog/9.JPG": b"nine",
    "cat/deep/er/1.webp": b"one",
    "cat-2/1.bmp": b"two",
    "cat/1.jpeg": b"three",
}
SORTED = ["cat/1.jpeg", "cat/deep/er/1.webp", "cat-2/1.bmp", "dog/10.png", "dog/9.JPG"]
PASSED_OVER = [
    "notes.txt",
    "dog/Thumbs.db",
    "dog/.hidden.png",
    ".git/a.png",
    "dog/a.eps",
    "@eaDir/a.png",
]
PASSED_OVER += ["__MACOSX/dog/10.png", "dog/png", "x.png.txt"]


def shuffled(content, seed):
    names = sorted(content)
    random.Random(seed).shuffle(names)
    return {name: content[name] for name in names}


def in_folder(root, content):
    for name, data in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def in_zip(path, content, packing=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["folder", "zip"])
def opened(request, tmp_path):
    """A function that writes files into a folder or a zip, and opens it."""

    def put(content):
        if request.param == "folder":
            return Folder(in_folder(tmp_path / "root", content))
        return Zip(in_zip(tmp_path / "root.zip", content))

    return put


@pytest.mark.parametrize("seed", range(3))
def test_files_come_sorted_by_their_folders_whatever_the_listing(opened, seed):
    with opened(shuffled(CONTENT, seed)) as images:
        files = images.sorted_files()
        assert [file.name for file in files] == SORTED
        assert [file.size for file in files] == [len(CONTENT[name]) for name in SORTED]
        assert [images.read(name) for name in SORTED] == [CONTENT[n] for n in SORTED]


def test_the_order_of_a_disk_does_not_matter(tmp_path, monkeypatch):
    root = in_folder(tmp_path / "root", CONTENT)
    expected = Folder(root).sorted_files()
    walk = os.walk

    def backwards(*arguments, **options):
        for folder, below, names in walk(*arguments, **options):
            below.sort(reverse=True)
            yield folder, below, sorted(names, reverse=True)

    monkeypatch.setattr(os, "walk", backwards)
    assert Folder(root).sorted_files() == expected


def test_other_and_hidden_files_are_ignored(opened):
    with opened({**CONTENT, **dict.fromkeys(PASSED_OVER, b"x")}) as images:
        assert [file.name for file in images.sorted_files()] == SORTED
        assert sum(images.passed_over.values()) >= 6
        assert images.passed_over[".txt"] == 2
        assert images.passed_over[".eps"] == 1


def test_an_empty_folder_has_no_images(opened):
    with opened({"readme.txt": b""}) as images:
        assert images.sorted_files() == []


def test_folders_with_odd_names_keep_them(opened):
    odd = ["!a/1.png", "+/1.png", "-a/1.png"]
    with opened(dict.fromkeys([*odd, "1.png"], b"x")) as images:
        assert [file.name for file in images.sorted_files()] == [*odd, "1.png"]


def test_one_byte_more_than_the_limit_is_read(opened, monkeypatch):
    monkeypatch.setattr(image_files, "FILE_LIMIT", 3)
    with opened({"1.png": b"12345"}) as images:
        assert images.read("1.png") == b"1234"


def test_a_removed_file_is_named(opened):
    with (
        opened(CONTENT) as images,
        pytest.raises(DatasetError, match=r"cat/gone\.png"),
    ):
        images.read("cat/gone.png")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", True),
        ("A.JPEG", True),
        ("a/b.webp", True),
        ("a.tif", True),
        ("a.JFIF", True),
        ("a.eps", False),
        ("@eaDir/a.png", False),
        ("png", False),
        (".png", False),
        ("a/.b.png", False),
        (".a/b.png", False),
    ],
)
def test_images_are_recognized_by_name(name, expected):
    assert is_image(name) == expected


def test_parts_are_folders_then_the_name():
    assert ImageFile("a/b/c.png", 0, (0,)).parts == ("a", "b", "c.png")


def rewrite(old, new):
    old.write_bytes(new.read_bytes())


def put_over(old, new):
    new.rename(old)


def swap_folders(old, new):
    old.parent.rename(old.parent.with_name("aside"))
    shutil.copytree(new.parent, old.parent)


@pytest.mark.parametrize("replace", [rewrite, put_over, swap_folders])
def test_a_replaced_file_of_the_same_size_and_time_is_detected(tmp_path, replace):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"old"})
    new = in_folder(tmp_path / "new", {"cat/1.png": b"new"}) / "cat/1.png"
    (before,) = Folder(root).sorted_files()
    time.sleep(0.05)  # longer than the time resolution of the file systems
    replace(root / "cat/1.png", new)
    os.utime(root / "cat/1.png", ns=(before.stamp[0],) * 2)
    after = next(f for f in Folder(root).sorted_files() if f.name == "cat/1.png")
    assert (after.size, after.stamp[0]) == (before.size, before.stamp[0])
    assert after != before


def test_swapped_files_with_equal_times_are_detected(tmp_path, monkeypatch):
    root = in_folder(tmp_path, {"cat/1.png": b"old", "dog/1.png": b"new"})

    def made_at_one_moment(path):
        about = os.stat(path)
        kept = {
            name: getattr(about, name)
            for name in ("st_mode", "st_size", "st_ino", "st_dev")
        }
        return SimpleNamespace(**kept, st_mtime_ns=1, st_ctime_ns=1)

    monkeypatch.setattr(image_files, "_about", made_at_one_moment)
    before = Folder(root).sorted_files()
    (root / "cat").rename(root / "aside")
    (root / "dog").rename(root / "cat")
    (root / "aside").rename(root / "dog")
    assert Folder(root).sorted_files() != before


def test_a_changed_member_is_detected_by_its_content(tmp_path):
    stamps = [
        Zip(in_zip(tmp_path / "a.zip", {"cat/1.png": data})).sorted_files()[0].stamp
        for data in (b"old", b"new", b"old")
    ]
    assert stamps[0] == stamps[2] != stamps[1]


def test_links_to_folders_are_followed_without_cycles(tmp_path):
    root = in_folder(tmp_path / "pets", {"cat/1.png": b"x"})
    other = in_folder(tmp_path / "store", {"wolf/2.png": b"y"})
    (root / "cat" / "round").symlink_to(root)
    (root / "wolf").symlink_to(other / "wolf")
    (root / "gone").symlink_to(root / "nowhere")
    images = Folder(root)
    names = [file.name for file in images.sorted_files()]
    assert names == ["cat/1.png", "wolf/2.png"]
    assert images.read("wolf/2.png") == b"y"
    assert images.folders == {"cat", "wolf"}
    assert images.passed_over == {
        "links to a folder around them": 1,
        "broken links": 1,
    }


def test_ignored_files_are_counted_by_kind():
    once = {"broken links": 1, ".csv": 1, "pipes or devices": 1}
    assert in_words(once) == "ignored: 1 .csv, 1 broken link, 1 pipe or device"
    assert in_words({"broken links": 2}) == "ignored: 2 broken links"


def test_a_link_to_a_file_is_that_file(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    (root / "cat" / "2.png").symlink_to(root / "cat" / "1.png")
    names = [file.name for file in Folder(root).sorted_files()]
    assert names == ["cat/1.png", "cat/2.png"]


def test_a_broken_link_is_named_or_ignored(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    (root / "cat" / "2.png").symlink_to(root / "gone.png")
    try:
        names = [file.name for file in Folder(root).sorted_files()]
    except DatasetError as error:
        names = ["cat/1.png"] if "2.png" in str(error) else []
    assert names == ["cat/1.png"]


def test_a_pipe_does_not_block(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    os.mkfifo(root / "cat" / "2.png")
    assert [file.name for file in Folder(root).sorted_files()] == ["cat/1.png"]


class Raw(zipfile.ZipInfo):
    """An entry with a name of raw bytes, without the UTF-8 flag."""

    def _encodeFilenameFlags(self):  # noqa: N802 - zipfile calls it so
        return self.filename.encode("latin1"), self.flag_bits


@pytest.mark.parametrize(
    ("name", "is_known"),
    [("狗".encode("gbk"), False), ("猫".encode(), True), (b"cat", True)],
)
def test_names_of_unknown_encoding_give_a_warning(tmp_path, name, is_known):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(Raw((name + b"/1.png").decode("latin1")), b"one")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        (file,) = Zip(tmp_path / "a.zip").sorted_files()
    assert [one.category for one in said] == [HandgradWarning] * (not is_known)
    assert all(file.name in str(one.message) for one in said)


def test_ignored_files_are_described_on_one_line():
    assert in_words({".txt": 1200, ".csv": 1}) == "ignored: 1 .csv, 1,200 .txt"


def test_both_forms_of_an_accent_are_one_name(tmp_path):
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    one, other = (ImageFile(f"{name}/1.png", 1, (1,)) for name in (composed, apart))
    assert one.parts == other.parts == (composed, "1.png")
    in_folder(tmp_path, dict.fromkeys((other.name, one.name), b""))
    names = [file.name for file in Folder(tmp_path).sorted_files()]
    assert names == sorted([one.name, other.name])


def test_ignored_files_are_counted_by_folder(tmp_path):
    names = ["hat/june/1.HEIC", "hat/june/2.heic", "hat/3", "4.txt", "hat/.hidden"]
    root = in_folder(tmp_path / "pets", dict.fromkeys(names, b"x"))
    packed = tmp_path / "pets.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    for images in (Folder(root), Zip(packed)):
        for _ in range(2):
            assert images.sorted_files() == []
            assert "hat/june" in images.folders
            assert images.ignored == {
                "hat/june": {".heic": 2},
                "hat": {PLAIN: 1, HIDDEN: 1},
                "": {".txt": 1},
            }
