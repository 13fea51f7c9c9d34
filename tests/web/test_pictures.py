import zlib
from io import BytesIO

import numpy as np
import psutil
import pytest
from PIL import Image

from handgrad.errors import DatasetError
from handgrad.training import load
from handgrad.web import pictures
from handgrad.web.pictures import FORMATS, answer, check_picture, kept, png_of

from .conftest import file_of

GREY = np.tile(np.arange(32, dtype=np.uint8) * 8, (32, 1))
PNG = file_of(GREY)


def chunk(name, content):
    size = len(content).to_bytes(4, "big")
    return size + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def bomb(side):
    """A PNG of 10 KB that decodes to `side` squared pixels."""
    header = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    rows = zlib.compress(bytes(side * side), 9)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def exif():
    found = Image.Exif()
    found[0x0112] = 6
    return found


GOOD = {
    **{kind: file_of(GREY, kind) for kind in FORMATS},
    "colour": file_of(np.dstack([GREY] * 3)),
    "alpha": file_of(np.dstack([GREY] * 4)),
    "rotated": file_of(np.dstack([GREY[:20]] * 3), "JPEG", exif=exif()),
    "one pixel": file_of([[7]]),
    "long": file_of(np.zeros((1, 2000))),
    "rest after the end": PNG + b"<script>" * 100,
}
OTHERS = ("TIFF", "BMP", "PPM", "ICO", "TGA", "PCX", "JPEG2000", "SGI", "DIB")
BAD = {
    "empty": b"",
    "text": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "pdf": b"%PDF-1.4 " + PNG,
    "zip": b"PK\x03\x04" + PNG,
    "bomb": bomb(5000),
    **{f"cut {k}": PNG[:k] for k in (1, 8, 20, 33, 60)},
    **{kind: file_of(np.dstack([GREY] * 3), kind) for kind in OTHERS},
}


@pytest.fixture(scope="module")
def network(trained):
    return load(trained)


@pytest.mark.parametrize("name", GOOD)
def test_a_picture_is_answered(network, name):
    found = answer(network, GOOD[name])
    assert sum(found["scores"]) == pytest.approx(1)
    assert found["seen"]["shape"] == [1, 8, 8]
    assert Image.open(BytesIO(kept(GOOD[name]))).format == "PNG"


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_refused_in_a_sentence(network, name):
    for act in (kept, lambda content: answer(network, content)):
        with pytest.raises(DatasetError, match=r"[Tt]his picture|cannot be read"):
            act(BAD[name])


def test_memory_stays_bounded(network, monkeypatch):
    """The largest pictures that are let through, and the bomb, which is not decoded."""
    side = int(pictures.ALPHA_LIMIT**0.5)
    process, large = psutil.Process(), file_of(np.zeros((side, side, 4)))
    answer(network, PNG)
    before = process.memory_info().rss
    with pytest.raises(DatasetError, match="pixels; the limit is"):
        check_picture(bomb(5000))
    assert process.memory_info().rss - before < 20e6
    monkeypatch.setattr(np, "asarray", peak := Peak(np.asarray, process))
    answer(network, large)
    assert peak.most - before < 200e6


class Peak:
    """Calls a function, and notes the memory of the process at that time."""

    def __init__(self, function, process):
        self.function, self.process, self.most = function, process, 0

    def __call__(self, *arguments, **options):
        self.most = max(self.most, self.process.memory_info().rss)
        return self.function(*arguments, **options)


def test_mutated_files_never_escape(network):
    random = np.random.default_rng(0)
    for _ in range(100):
        content = bytearray(GOOD[list(GOOD)[random.integers(len(GOOD))]])
        for place in random.integers(0, len(content), 4):
            content[place] = random.integers(256)
        try:
            answer(network, bytes(content))
        except DatasetError:
            continue


def test_light_and_dark_are_swapped_where_they_look_it(network):
    usual = network.config.resolved.brightness
    dark, light = np.full((8, 8), 40), np.full((8, 8), 250)
    assert usual < 0.5
    assert not answer(network, file_of(dark))["inverted"]
    assert answer(network, file_of(light))["inverted"] == (usual < 0.35)


def test_a_kept_picture_is_small_and_holds_nothing_else():
    found = Image.open(BytesIO(kept(GOOD["rotated"])))
    assert found.size == (20, 32)  # upright
    assert not found.getexif()
    assert max(Image.open(BytesIO(kept(GOOD["long"]))).size) == 256
    assert b"script" not in kept(GOOD["rest after the end"])
    assert Image.open(BytesIO(png_of(np.zeros((3, 4, 5), np.uint8)))).mode == "RGB"
