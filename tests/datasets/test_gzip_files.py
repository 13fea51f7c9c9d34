import gzip

import pytest

from handgrad.datasets.gzip_files import head_of, opened


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_first_bytes_are_those_of_the_content(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(b"content" * 99))
    assert head_of(tmp_path / "a", 9) == b"contentco"


def test_an_unreadable_file_has_no_head(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(b"content")[:9])
    assert head_of(tmp_path / "a") == head_of(tmp_path / "b") == b""


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_unpacked_only_if_it_is_gzip(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(b"content" * 99))
    with opened(tmp_path / "a") as stream:
        assert stream.read() == b"content" * 99
        assert isinstance(stream, gzip.GzipFile) == (pack is gzip.compress)
