import gzip

import pytest

from handgrad.datasets.formats.first_bytes import head_of


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_first_bytes_are_those_of_the_content(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(b"content" * 99))
    assert head_of(tmp_path / "a", 9) == b"contentco"


def test_an_unreadable_file_has_no_head(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(b"content")[:9])
    assert head_of(tmp_path / "a") == head_of(tmp_path / "b") == b""
