import zlib
from io import BytesIO

import numpy as np
import psutil
import pytest
from PIL import Image

from handgrad.datasets import untrusted_images
from handgrad.datasets.untrusted_images import (
    FORMATS,
    check_untrusted,
    decode_untrusted,
    png_of,
    small_png,
)
from handgrad.errors import DatasetError

from .image_makers import picture_of

GREY = np.tile(np.arange(32, dtype=np.uint8) * 8, (32, 1))
PNG = picture_of(GREY)


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
    **{kind: picture_of(GREY, kind) for kind in FORMATS},
    "colour": picture_of(np.dstack([GREY] * 3)),
    "alpha": picture_of(np.dstack([GREY] * 4)),
    "rotated": picture_of(np.dstack([GREY[:20]] * 3), "JPEG", exif=exif()),
    "one pixel": picture_of([[7]]),
    "long": picture_of(np.zeros((1, 2000))),
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
    **{kind: picture_of(np.dstack([GREY] * 3), kind) for kind in OTHERS},
}


def shown(content):
    """As a network of small grey images receives it."""
    return decode_untrusted(content, (1, 8, 8))


@pytest.mark.parametrize("name", GOOD)
def test_a_picture_is_decoded(name):
    assert shown(GOOD[name]).shape == (1, 8, 8)
    assert Image.open(BytesIO(small_png(GOOD[name]))).format == "PNG"


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_refused_in_a_sentence(name):
    for act in (small_png, shown):
        with pytest.raises(DatasetError, match=r"[Tt]his image|cannot be read"):
            act(BAD[name])


def test_memory_stays_bounded(monkeypatch):
    """The largest pictures that are let through, and the bomb, which is not decoded."""
    side = int(untrusted_images.ALPHA_LIMIT**0.5)
    process, large = psutil.Process(), picture_of(np.zeros((side, side, 4)))
    shown(PNG)
    before = process.memory_info().rss
    with pytest.raises(DatasetError, match="pixels; the limit is"):
        check_untrusted(bomb(5000))
    assert process.memory_info().rss - before < 20e6
    monkeypatch.setattr(np, "asarray", peak := Peak(np.asarray, process))
    shown(large)
    assert peak.most - before < 200e6


class Peak:
    """Calls a function, and notes the memory of the process at that time."""

    def __init__(self, function, process):
        self.function, self.process, self.most = function, process, 0

    def __call__(self, *arguments, **options):
        self.most = max(self.most, self.process.memory_info().rss)
        return self.function(*arguments, **options)


def test_mutated_files_never_escape():
    random = np.random.default_rng(0)
    for _ in range(100):
        content = bytearray(GOOD[list(GOOD)[random.integers(len(GOOD))]])
        for place in random.integers(0, len(content), 4):
            content[place] = random.integers(256)
        try:
            shown(bytes(content))
        except DatasetError:
            continue


def test_a_kept_picture_is_small_and_holds_nothing_else():
    found = Image.open(BytesIO(small_png(GOOD["rotated"])))
    assert found.size == (20, 32)  # upright
    assert not found.getexif()
    assert max(Image.open(BytesIO(small_png(GOOD["long"]))).size) == 256
    assert b"script" not in small_png(GOOD["rest after the end"])
    assert Image.open(BytesIO(png_of(np.zeros((3, 4, 5), np.uint8)))).mode == "RGB"
