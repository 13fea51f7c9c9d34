import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.deep_images import (
    as_bytes,
    bits_of,
    is_deep,
    new_bit_depth,
    numbers_of,
    white_in_words,
)
from handgrad.datasets.image_decoding import decode, read_header
from handgrad.errors import DatasetError, HandgradWarning

RANDOM = np.random.default_rng(0)
GREY_ALPHA, RGB, RGBA = (
    RANDOM.integers(0, 65536, (5, 7, channels), np.uint16) for channels in (2, 3, 4)
)


def png16(numbers, kind, data=None, *, interlaced=False):
    """A PNG with 16 bits per channel, of the colour type `kind`."""
    height, width = numbers.shape[:2]
    rows = data or b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, interlaced)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )  # fmt: skip


def tiff16(numbers, order="<", *, packed=False, colours=2, turned=1, planes=1):
    """A TIFF with 16 bits per channel: one strip, uncompressed or deflated."""
    height, width, channels = numbers.shape
    data = numbers.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if packed else data
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    tags = {
        256: width, 257: height, 258: 8 + len(data), 259: 8 if packed else 1,
        262: colours, 273: 8, 274: turned, 277: channels, 278: height, 279: len(data),
        284: planes, **({338: 2} if channels == 4 and colours == 2 else {}),
    }  # fmt: skip
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, kind, count, value)
        for tag, value in tags.items()
        for kind, count in [(3, channels) if tag == 258 else (4, 1)]
    )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = struct.pack(f"{order}I", 8 + len(data) + len(bits))
    directory = struct.pack(f"{order}H", len(tags)) + entries + b"\0\0\0\0"
    return mark + start + data + bits + directory


def opened(content):
    return Image.open(BytesIO(content))


def numbers(content):
    assert is_deep(opened(content))
    return numbers_of(opened(content), opened(content), "x")


FILES = {
    "png": (png16(RGB, 2), RGB),
    "png with alpha": (png16(RGBA, 6), RGBA),
    "grey png with alpha": (png16(GREY_ALPHA, 4), GREY_ALPHA[..., [0, 0, 0, 1]]),
    "ppm": (b"P6 7 5 65535\n" + RGB.astype(">u2").tobytes(), RGB),
}
for order in "<>":
    for packed in (False, True):
        how = {"order": order, "packed": packed}
        FILES |= {
            f"tiff rgb {how}": (tiff16(RGB, **how), RGB),
            f"tiff rgba {how}": (tiff16(RGBA, **how), RGBA),
            f"tiff cmyk {how}": (tiff16(RGBA, colours=5, **how), RGBA),
        }


@pytest.mark.parametrize("name", FILES)
def test_16_bit_colours_keep_all_bits(name):
    content, expected = FILES[name]
    np.testing.assert_array_equal(numbers(content), expected)


def test_an_interlaced_png_has_its_rows_in_order():
    places = [(0, [0]), (0, [1]), (1, [0, 1])]  # of 2 x 2 pixels, pass by pass
    data = b"".join(b"\0" + RGB[y, x].astype(">u2").tobytes() for y, x in places)
    content = png16(RGB[:2, :2], 2, data=data, interlaced=True)
    np.testing.assert_array_equal(numbers(content), RGB[:2, :2])


def test_numbers_in_text_are_scaled_by_the_largest_that_the_file_names():
    content = b"P3 2 1 65535\n0 4095 65535 65535 0 0\n"
    assert read_header(content, "x").bit_depth is None
    found = decode(content, "x", (3, 1, 2))
    assert found[:, 0].T.tolist() == [[0, 16, 255], [255, 0, 0]]


@pytest.mark.parametrize(("content", "is_grey"), [
    (png16(GREY_ALPHA, 4), True), (png16(RGB, 2), False), (tiff16(RGBA), False),
])  # fmt: skip
def test_greys_with_alpha_have_no_colours(content, is_grey):
    assert read_header(content, "x").is_grey == is_grey


@pytest.mark.parametrize("scale", [1, 16, 257])
@pytest.mark.parametrize("make", [lambda a: png16(a, 2), tiff16])
def test_colours_use_as_many_bits_as_greys_do(make, scale):
    ramp = np.arange(0, 256, 17, dtype=np.uint16).reshape(1, -1, 1)
    content = make(np.repeat(ramp * scale, 3, axis=2))
    depth = read_header(content, "x").bit_depth
    assert depth == {1: 8, 16: 12, 257: 16}[scale]
    found = decode(content, "x", (3, 1, 16), depth)
    np.testing.assert_array_equal(found[1, 0], ramp[0, :, 0])


@pytest.mark.parametrize("alpha", [255, 4095, 65535])
def test_alpha_has_bits_of_its_own(alpha):
    image = np.full((2, 2, 4), 2048, dtype=np.uint16)
    image[..., 3] = alpha
    content = png16(image, 6)
    assert read_header(content, "x").bit_depth == 12
    assert (decode(content, "x", (3, 2, 2), 12) == 128).all()


def test_colours_are_rotated_once():
    found = decode(tiff16(RGB, turned=6), "x", (3, 7, 5))
    np.testing.assert_array_equal(found[0], np.rot90(RGB[..., 0] >> 8, -1))


@pytest.mark.parametrize("packed", [False, True])
def test_separate_planes_are_refused(packed):
    content = tiff16(RGB, packed=packed, planes=2)
    with pytest.raises(DatasetError, match=r"x stores its 16-bit .* Save it with"):
        read_header(content, "x")


def tiff(array):
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, "TIFF")
    return buffer.getvalue()


def test_fractions_are_times_255():
    content = tiff(np.array([[0, 0.5, 1]], dtype=np.float32))
    assert read_header(content, "x").bit_depth == 0
    assert decode(content, "x", (1, 1, 3)).tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (np.float32, 1.5, "from 0 to 1.5, expected 0 to 1"),
        (np.float32, -0.5, "from -0.5 to 0, expected 0 to 1"),
        (np.float32, np.nan, "from nan to nan, expected 0 to 1"),
        (np.float32, np.inf, "from 0 to inf, expected 0 to 1"),
        (np.int32, 65536, "from 0 to 65,536, expected 0 to"),
        (np.int32, -1, "from -1 to 0, expected 0 to"),
    ],
)
@pytest.mark.parametrize("read", [read_header, lambda *a: decode(*a, (1, 1, 2))])
def test_numbers_without_a_known_white_are_refused(kind, value, said, read):
    content = tiff(np.array([[0, value]], dtype=kind))
    with pytest.raises(DatasetError, match=f"x holds .*pixels {said}"):
        read(content, "x")


def test_whole_numbers_of_32_bits_that_need_16_are_read():
    content = tiff(np.array([[0, 65535]], dtype=np.int32))
    assert read_header(content, "x").bit_depth == 16
    assert decode(content, "x", (1, 1, 2)).tolist() == [[[0, 255]]]


def test_values_above_the_bit_depth_are_white():
    found = as_bytes(np.array([[4095, 4096, 65535]], dtype=np.uint16), 12)
    assert found.tolist() == [[255, 255, 255]]
    assert bits_of(np.zeros((1, 1), np.float32)) == 0


@pytest.mark.parametrize(
    ("needed", "trained", "used"),
    [(None, None, 16), (None, 12, 12), (None, 0, 16), (10, 12, 12), (0, 12, 12)],
)
def test_new_images_are_read_as_those_of_training(needed, trained, used, recwarn):
    assert new_bit_depth(needed, trained, "new") == used
    assert not recwarn.list


@pytest.mark.parametrize(
    ("needed", "trained", "used", "said"),
    [
        (16, 12, 16, "use 16 bits: 65,535 is white; in training it was 4,095."),
        (12, None, 12, "use 12 bits: 4,095 is white; in training it was 255."),
        (12, 0, 12, "use 12 bits: 4,095 is white; in training it was 1."),
        (0, None, 16, "point images: 1 is white; in training it was 255."),
    ],
)
def test_new_images_with_more_bits_give_a_warning(needed, trained, used, said):
    with pytest.warns(HandgradWarning, match=f"^new: .*{said}"):
        assert new_bit_depth(needed, trained, "new") == used


def test_white_is_described():
    assert white_in_words(10) == "16-bit images use 10 bits: 1,023 is white"
