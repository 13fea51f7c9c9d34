"""Damaged zips of every compression are read, or refused with a clear error."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.datasets import load
from handgrad.errors import HandgradError

from .formats.makers import image_bytes

PICTURES = {f"{name}/{n}.png": image_bytes(40 * n) for name in "ab" for n in range(3)}
LISTED = {f"{n}.png": image_bytes(40 * n) for n in range(4)}
PIXELS = ",".join(f"pixel{n}" for n in range(16))
CONTENTS = {
    "folders": PICTURES,
    "a list": {
        **LISTED,
        "labels.csv": "file,label\n0.png,x\n1.png,y\n2.png,x\n3.png,y",
    },
    "pixels": {"train.csv": f"label,{PIXELS}\n" + f"0{',7' * 16}\n1{',9' * 16}\n" * 9},
}
COMPRESSIONS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def whole(contents, compression):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


ZIPS = {
    (kind, how): whole(contents, compression)
    for kind, contents in CONTENTS.items()
    for how, compression in COMPRESSIONS.items()
}


@pytest.mark.parametrize(("kind", "how"), ZIPS)
def test_every_compression_is_read(tmp_path, kind, how):
    path = tmp_path / "a.zip"
    path.write_bytes(ZIPS[kind, how])
    assert load(path).classes == 2


@pytest.mark.filterwarnings("ignore::handgrad.errors.HandgradWarning")
@pytest.mark.parametrize(("kind", "how"), ZIPS)
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_zips_are_refused(tmp_path_factory, kind, how, data):
    content = bytearray(ZIPS[kind, how])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    path.write_bytes(content)
    with suppress(HandgradError):
        assert load(path).classes > 1


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("name", ["", "/", "//"])
def test_an_entry_without_a_name_is_ignored(tmp_path, kind, name):
    path = tmp_path / "a.zip"
    path.write_bytes(whole({name: b"", **CONTENTS[kind], "z": b"x"}, 0))
    assert load(path).classes == 2


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("version", [64, 110, 255])
def test_a_zip_of_a_later_version_is_refused(tmp_path, kind, version):
    content = bytearray(ZIPS[kind, "deflated"])
    content[content.index(b"PK\1\2") + 6] = version
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(HandgradError, match=r"a\.zip cannot be read as a zip \(zip"):
        load(path)
