import gzip
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.datasets.archive import Limited, read_tar
from handgrad.errors import DatasetError

WANTED = ("set/a.bin", "set/b.bin")


def member(name, content=b"", kind=tarfile.REGTYPE, target=""):
    about = tarfile.TarInfo(name)
    about.size, about.type, about.linkname = len(content), kind, target
    return about, content


A, B = member("set/a.bin", b"alpha"), member("set/b.bin", b"beta")


def packed(*members):
    """A tar.gz of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for about, content in members:
            archive.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path):
    """A function that writes a tar.gz and returns its path."""

    def write(content):
        path = tmp_path / "set.tar.gz"
        path.write_bytes(content)
        return path

    return write


def test_reads_the_wanted_members_and_no_other(put):
    path = put(packed(member("set/readme", b"..."), A, member("set/x"), B))
    assert read_tar(path, WANTED, 10) == {"set/a.bin": b"alpha", "set/b.bin": b"beta"}
    assert list(path.parent.iterdir()) == [path]


def test_a_leading_dot_is_ignored(put):
    path = put(packed(member("./set/a.bin", b"alpha"), B))
    assert read_tar(path, WANTED, 10)["set/a.bin"] == b"alpha"


def test_a_missing_member_is_named(put):
    with pytest.raises(DatasetError, match=r"holds no set/b\.bin"):
        read_tar(put(packed(A)), WANTED, 10)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(put, kind):
    wrong = member("set/b.bin", kind=kind, target="/etc/passwd")
    with pytest.raises(DatasetError, match=r"set/b\.bin not as a regular file"):
        read_tar(put(packed(A, wrong)), WANTED, 10)


def test_a_duplicate_member_is_refused(put):
    with pytest.raises(DatasetError, match=r"holds set/a\.bin twice"):
        read_tar(put(packed(A, A, B)), WANTED, 10)


@pytest.mark.parametrize("surplus", [0, 1])
def test_the_unpacked_size_is_limited_to_two_more_members(put, surplus):
    limit = (2 + 2) * (10 + 4096)
    unpacked = gzip.decompress(packed(A, B)).rstrip(b"\0")
    whole = unpacked + bytes(limit + surplus - len(unpacked))
    path = put(gzip.compress(whole))
    if surplus:
        with pytest.raises(DatasetError, match="unpacks to more bytes than expected"):
            read_tar(path, WANTED, 10)
    else:
        assert read_tar(path, WANTED, 10)["set/b.bin"] == b"beta"


def test_names_outside_the_archive_are_ignored(put):
    path = put(packed(member("../evil", b"x"), member("/tmp/evil", b"x"), A, B))
    read_tar(path, WANTED, 10)
    assert not (path.parent.parent / "evil").exists()


def test_more_bytes_than_expected_are_refused(put):
    path = put(packed(member("set/bomb", bytes(10_000_000)), A, B))
    assert path.stat().st_size < 20_000
    with pytest.raises(DatasetError, match="unpacks to more bytes than expected"):
        read_tar(path, WANTED, 10)


@pytest.mark.parametrize(
    "wrong", [b"", b"<html>not found</html>", gzip.compress(b"x", mtime=0)]
)
def test_other_files_are_refused(put, wrong):
    with pytest.raises(DatasetError, match=r"set\.tar\.gz"):
        read_tar(put(wrong), WANTED, 10)


WHOLE = packed(A, B)


def whole_or_refused(path):
    """Whether it was refused, with a DatasetError that names the archive."""
    try:
        found = read_tar(path, WANTED, 10)
    except DatasetError as error:
        return str(path) in str(error)
    return found == {"set/a.bin": b"alpha", "set/b.bin": b"beta"}


@pytest.mark.parametrize("end", range(0, len(WHOLE), 3))
def test_a_truncated_archive_is_refused_or_complete(put, end):
    assert whole_or_refused(put(WHOLE[:end]))


@settings(max_examples=300)
@given(place=st.integers(0, len(WHOLE) - 1), change=st.integers(1, 255))
def test_a_changed_byte_never_gives_other_content(tmp_path_factory, place, change):
    path = tmp_path_factory.mktemp("tar") / "set.tar.gz"
    changed = bytearray(WHOLE)
    changed[place] ^= change
    path.write_bytes(changed)
    assert whole_or_refused(path)


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"gone\.tar\.gz"):
        read_tar(tmp_path / "gone.tar.gz", WANTED, 10)


def test_a_limited_stream_raises_beyond_its_limit():
    stream = Limited(io.BytesIO(b"12345678"), 5, "numbers")
    assert stream.read(5) == b"12345"
    with pytest.raises(DatasetError, match=r"^numbers unpacks to more"):
        stream.read(1)
