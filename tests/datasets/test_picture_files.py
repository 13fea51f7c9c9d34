import io
import os
import random
import stat
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.datasets import picture_files
from handgrad.datasets.picture_files import Folder, PictureFile, Zip, is_picture
from handgrad.datasets.pictures import FILE_LIMIT
from handgrad.errors import DatasetError

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
    "dog/a.gif",
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
    """A function that puts files into a folder or a zip, and opens it."""

    def put(content):
        if request.param == "folder":
            return Folder(in_folder(tmp_path / "root", content))
        return Zip(in_zip(tmp_path / "root.zip", content))

    return put


@pytest.mark.parametrize("seed", range(3))
def test_files_come_sorted_by_their_folders_whatever_the_listing(opened, seed):
    with opened(shuffled(CONTENT, seed)) as pictures:
        files = pictures.sorted_files()
        assert [file.name for file in files] == SORTED
        assert [file.size for file in files] == [len(CONTENT[name]) for name in SORTED]
        assert [pictures.read(name) for name in SORTED] == [CONTENT[n] for n in SORTED]


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


def test_other_files_and_hidden_ones_are_passed_over(opened):
    with opened({**CONTENT, **dict.fromkeys(PASSED_OVER, b"x")}) as pictures:
        assert [file.name for file in pictures.sorted_files()] == SORTED


def test_nothing_is_nothing(opened):
    with opened({"readme.txt": b""}) as pictures:
        assert pictures.sorted_files() == []


def test_folders_with_odd_names_keep_them(opened):
    odd = ["!a/1.png", "+/1.png", "-a/1.png"]
    with opened(dict.fromkeys([*odd, "1.png"], b"x")) as pictures:
        assert [file.name for file in pictures.sorted_files()] == [*odd, "1.png"]


def test_one_byte_more_than_the_limit_is_read_to_show_it(opened, monkeypatch):
    monkeypatch.setattr(picture_files, "FILE_LIMIT", 3)
    with opened({"1.png": b"12345"}) as pictures:
        assert pictures.read("1.png") == b"1234"


def test_a_file_that_is_gone_is_named(opened):
    with (
        opened(CONTENT) as pictures,
        pytest.raises(DatasetError, match=r"cat/gone\.png"),
    ):
        pictures.read("cat/gone.png")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", True),
        ("A.JPEG", True),
        ("a/b.webp", True),
        ("a.tif", False),
        ("png", False),
        (".png", False),
        ("a/.b.png", False),
        (".a/b.png", False),
    ],
)
def test_a_picture_is_known_by_its_name(name, expected):
    assert is_picture(name) == expected


def test_parts_are_folders_then_the_name():
    assert PictureFile("a/b/c.png", 0, 0).parts == ("a", "b", "c.png")


def test_a_changed_file_shows(tmp_path):
    root = in_folder(tmp_path, {"cat/1.png": b"old"})
    (before,) = Folder(root).sorted_files()
    (root / "cat/1.png").write_bytes(b"new")
    os.utime(root / "cat/1.png", ns=(0, before.stamp + 1))
    (after,) = Folder(root).sorted_files()
    assert after != before


def test_a_changed_member_shows_by_its_content(tmp_path):
    stamps = [
        Zip(in_zip(tmp_path / "a.zip", {"cat/1.png": data})).sorted_files()[0].stamp
        for data in (b"old", b"new", b"old")
    ]
    assert stamps[0] == stamps[2] != stamps[1]


def test_links_to_folders_are_not_followed_and_none_goes_round(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    (root / "cat" / "round").symlink_to(root)
    assert [file.name for file in Folder(root).sorted_files()] == ["cat/1.png"]


def test_a_link_to_a_file_is_that_file(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    (root / "cat" / "2.png").symlink_to(root / "cat" / "1.png")
    names = [file.name for file in Folder(root).sorted_files()]
    assert names == ["cat/1.png", "cat/2.png"]


def test_a_link_to_nothing_is_named_or_passed_over(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    (root / "cat" / "2.png").symlink_to(root / "gone.png")
    try:
        names = [file.name for file in Folder(root).sorted_files()]
    except DatasetError as error:
        names = ["cat/1.png"] if "2.png" in str(error) else []
    assert names == ["cat/1.png"]


def test_a_pipe_is_not_waited_for(tmp_path):
    root = in_folder(tmp_path / "root", {"cat/1.png": b"x"})
    os.mkfifo(root / "cat" / "2.png")
    assert [file.name for file in Folder(root).sorted_files()] == ["cat/1.png"]


@pytest.mark.parametrize(
    "kind",
    [
        stat.S_IFLNK,
        stat.S_IFIFO,
        stat.S_IFBLK,
        stat.S_IFCHR,
        stat.S_IFSOCK,
        stat.S_IFDIR,
    ],
)
def test_only_plain_members_of_a_zip_are_read(tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        about = zipfile.ZipInfo("cat/1.png")
        about.external_attr = (kind | 0o777) << 16
        archive.writestr(about, "/etc/passwd")
        archive.writestr("cat/2.png", b"x")
    with Zip(tmp_path / "a.zip") as pictures:
        assert [file.name for file in pictures.sorted_files()] == ["cat/2.png"]


@pytest.mark.parametrize(
    "name", ["../1.png", "/1.png", "a/../../1.png", "a\\..\\1.png"]
)
def test_a_name_that_leads_out_of_a_zip_is_refused(tmp_path, name):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x", name: b"x"})
    with Zip(path) as pictures, pytest.raises(DatasetError, match="leads out of the"):
        pictures.sorted_files()


def test_a_name_that_is_twice_in_a_zip_is_refused(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x"})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Dupl"):
        archive.writestr("cat/1.png", b"y")
    with (
        Zip(path) as pictures,
        pytest.raises(DatasetError, match=r"1\.png is there twic"),
    ):
        pictures.sorted_files()


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_files, "MOST_FILES", 3)
    with (
        Zip(in_zip(tmp_path / "a.zip", CONTENT)) as pictures,
        pytest.raises(DatasetError, match="holds 5 files; up to 3 are read"),
    ):
        pictures.sorted_files()


def test_a_bomb_is_read_no_further_than_a_picture_can_be(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": bytes(FILE_LIMIT + 1000)})
    assert path.stat().st_size < 100_000
    with Zip(path) as pictures:
        assert len(pictures.read("cat/1.png")) <= FILE_LIMIT + 1


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2]
)
def test_every_packing_is_read(tmp_path, packing):
    with Zip(in_zip(tmp_path / "a.zip", CONTENT, packing)) as pictures:
        assert pictures.read("dog/10.png") == b"ten"


def test_a_password_is_one_sentence(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x"})
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + place] |= 1  # the flag of encryption
    path.write_bytes(content)
    with Zip(path) as pictures, pytest.raises(DatasetError, match="without a password"):
        pictures.read("cat/1.png")


@pytest.mark.parametrize("wrong", [b"", b"text", b"PK\5\6", b"PK\3\4" + bytes(40)])
def test_what_is_no_zip_is_named(tmp_path, wrong):
    path = tmp_path / "a.zip"
    path.write_bytes(wrong)
    with pytest.raises(DatasetError, match=r"a\.zip cannot be read as a zip"):
        Zip(path)


def whole_zip():
    buffer = io.BytesIO()
    in_zip(buffer, CONTENT)
    return buffer.getvalue()


WHOLE = whole_zip()


def read_all(path):
    with Zip(path) as pictures:
        return {file.name: pictures.read(file.name) for file in pictures.sorted_files()}


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_a_zip_cut_off_anywhere_is_refused(tmp_path, end):
    path = tmp_path / "a.zip"
    path.write_bytes(WHOLE[:end])
    with pytest.raises(DatasetError, match=r"a\.zip"):
        read_all(path)


@settings(max_examples=300)
@given(place=st.integers(0, len(WHOLE) - 1), change=st.integers(1, 255))
def test_a_damaged_zip_never_gives_other_content(tmp_path_factory, place, change):
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    changed = bytearray(WHOLE)
    changed[place] ^= change
    path.write_bytes(changed)
    try:
        found = read_all(path)
    except DatasetError:
        return
    # a name can be damaged unseen, and then be no picture's; the content cannot
    assert set(found.values()) <= set(CONTENT.values())


def test_sizes_that_a_zip_makes_up_are_not_believed(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x" * 100}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\1\2") + 24
    content[place : place + 4] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with Zip(path) as pictures:
        assert pictures.read("cat/1.png") == b"x" * 100
