"""Zips of images: whole, damaged, hostile."""

import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.datasets import image_files, load
from handgrad.datasets.image_decoding import FILE_LIMIT
from handgrad.datasets.image_files import Zip
from handgrad.errors import DatasetError

from .formats.makers import encrypted
from .test_image_files import CONTENT, in_zip

pytestmark = pytest.mark.filterwarnings("ignore:.*does not state the encoding")


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
def test_only_regular_files_of_a_zip_are_read(tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        about = zipfile.ZipInfo("cat/1.png")
        about.external_attr = (kind | 0o777) << 16
        archive.writestr(about, "/etc/passwd")
        archive.writestr("cat/2.png", b"x")
    with Zip(tmp_path / "a.zip") as images:
        assert [file.name for file in images.sorted_files()] == ["cat/2.png"]


@pytest.mark.parametrize(
    "name", ["../1.png", "/1.png", "a/../../1.png", "a\\..\\1.png"]
)
def test_a_name_outside_the_zip_is_refused(tmp_path, name):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x", name: b"x"})
    with Zip(path) as images, pytest.raises(DatasetError, match="points outside the"):
        images.sorted_files()


def test_a_duplicate_name_in_a_zip_is_refused(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x"})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Dupl"):
        archive.writestr("cat/1.png", b"y")
    with (
        Zip(path) as images,
        pytest.raises(DatasetError, match=r"1\.png occurs twic"),
    ):
        images.sorted_files()


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(image_files, "MOST_FILES", 3)
    with (
        Zip(in_zip(tmp_path / "a.zip", CONTENT)) as images,
        pytest.raises(DatasetError, match="holds 5 files; the limit is 3"),
    ):
        images.sorted_files()


def test_a_zip_bomb_is_read_up_to_the_file_limit_only(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": bytes(FILE_LIMIT + 1000)})
    assert path.stat().st_size < 100_000
    with Zip(path) as images:
        assert len(images.read("cat/1.png")) <= FILE_LIMIT + 1


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2]
)
def test_every_compression_is_supported(tmp_path, packing):
    with Zip(in_zip(tmp_path / "a.zip", CONTENT, packing)) as images:
        assert images.read("dog/10.png") == b"ten"


def test_a_password_is_refused(tmp_path):
    path = encrypted(in_zip(tmp_path / "a.zip", {"cat/1.png": b"x", "a.csv": b"x,y"}))
    with Zip(path) as images:
        for read in (images.sorted_files, lambda: load(path)):
            with pytest.raises(DatasetError, match=r"a\.zip is encrypted\. Create the"):
                read()


@pytest.mark.parametrize("wrong", [b"", b"text", b"PK\5\6", b"PK\3\4" + bytes(40)])
def test_a_file_that_is_not_a_zip_is_named(tmp_path, wrong):
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
    with Zip(path) as images:
        return {file.name: images.read(file.name) for file in images.sorted_files()}


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_a_truncated_zip_is_refused(tmp_path, end):
    path = tmp_path / "a.zip"
    path.write_bytes(WHOLE[:end])
    with pytest.raises(DatasetError, match=r"a\.zip"):
        read_all(path)


@pytest.mark.filterwarnings("ignore:.*does not state the encoding:UserWarning")
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
    # a name can be damaged undetected and not be an image's; content cannot
    assert set(found.values()) <= set(CONTENT.values())


def test_false_sizes_in_a_zip_are_not_trusted(tmp_path):
    path = in_zip(tmp_path / "a.zip", {"cat/1.png": b"x" * 100}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\1\2") + 24
    content[place : place + 4] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with Zip(path) as images:
        assert images.read("cat/1.png") == b"x" * 100


def raw_zip(path, names):
    """A zip whose names are these bytes, without the UTF-8 flag."""

    class Raw(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):  # noqa: N802  zipfile calls it so
            return self.raw, 0

    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            about = Raw("x")
            about.raw, about.filename = name, name.decode("latin1")
            about.create_system = 0
            archive.writestr(about, b"x")
    return path


@pytest.mark.filterwarnings("ignore:.*does not state the encoding:UserWarning")
@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"cat\\june\\1.png", "cat/june/1.png"),
        ("Kätzchen/1.png".encode(), "Kätzchen/1.png"),
        ("Kätzchen/1.png".encode("cp437"), "Kätzchen/1.png"),
        ("猫/1.png".encode(), "猫/1.png"),
    ],
)
def test_names_are_decoded_as_the_system_encoded_them(tmp_path, raw, name):
    with Zip(raw_zip(tmp_path / "a.zip", [raw])) as images:
        (file,) = images.sorted_files()
        assert file.name == name
        assert images.read(file.name) == b"x"


@pytest.mark.parametrize("raw", [b"..\\1.png", b"C:\\1.png", b"a\\..\\..\\1.png"])
def test_backslashes_do_not_lead_out_of_the_zip(tmp_path, raw):
    with (
        Zip(raw_zip(tmp_path / "a.zip", [raw])) as images,
        pytest.raises(DatasetError, match="points outside the"),
    ):
        images.sorted_files()
