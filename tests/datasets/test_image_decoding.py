import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from handgrad.datasets.image_decoding import (
    FILE_LIMIT,
    ORIENTATION,
    PIXEL_LIMIT,
    Header,
    decode,
    quiet_decoder,
    read_header,
    read_image,
)
from handgrad.datasets.image_fit import fitted
from handgrad.errors import DatasetError

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (5, 7, 3), np.uint8)
GREY = RANDOM.integers(0, 256, (5, 7), np.uint8)
SMOOTH = np.linspace(0, 255, 5 * 7 * 3).astype(np.uint8).reshape(5, 7, 3)


def saved(image, kind="PNG", **options):
    """The bytes of an image in a file format."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


LOSSLESS = {
    "png": saved(RGB),
    "bmp": saved(RGB, "BMP"),
    "webp": saved(RGB, "WEBP", lossless=True),
}


@pytest.mark.parametrize("content", LOSSLESS.values(), ids=LOSSLESS)
def test_colours_come_channel_first(content):
    assert read_header(content, "x") == Header((5, 7), False)
    np.testing.assert_array_equal(
        decode(content, "x", (3, 5, 7)), RGB.transpose(2, 0, 1)
    )


def test_jpeg_comes_close():
    smooth = np.kron(SMOOTH, np.ones((8, 8, 1), dtype=np.uint8))
    found = decode(saved(smooth, "JPEG", quality=95), "x", (3, 40, 56))
    assert np.abs(found.astype(int) - smooth.transpose(2, 0, 1)).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_grey_is_one_channel_or_three_equal_ones(kind):
    content = saved(GREY, kind)
    assert read_header(content, "x") == Header((5, 7), True)
    np.testing.assert_array_equal(decode(content, "x", (1, 5, 7)), GREY[None])
    np.testing.assert_array_equal(decode(content, "x", (3, 5, 7)), np.stack([GREY] * 3))


def test_colours_become_grey_by_their_brightness():
    content = saved(np.full((2, 2, 3), (255, 0, 0), dtype=np.uint8))
    assert (decode(content, "x", (1, 2, 2)) == 76).all()  # 0.299 of 255


@pytest.mark.parametrize("level", [0, 255, 256, 4660, 65535])
def test_the_high_byte_of_16_bits_is_used(level):
    content = saved(np.full((3, 4), level, dtype=np.uint16))
    assert read_header(content, "x").is_grey
    assert (decode(content, "x", (1, 3, 4)) == level >> 8).all()


@pytest.mark.parametrize(
    ("largest", "depth"),
    [(0, 8), (255, 8), (256, 10), (1023, 10), (1024, 12), (4095, 12), (4096, 16)],
)
def test_a_deep_image_uses_so_many_bits(largest, depth):
    content = saved(np.array([[0, largest]], dtype=np.uint16))
    assert read_header(content, "x").bit_depth == depth
    found = decode(content, "x", (1, 1, 2), depth)
    assert found[0, 0].tolist() == [0, largest >> (depth - 8)]
    assert read_header(saved(GREY), "x").bit_depth is None


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_photograph_is_decoded_at_a_fraction_of_its_size(progressive):
    stripes = Image.fromarray(np.uint8([[0, 255]])).resize((7000, 4000), 0)
    content = saved(stripes, "JPEG", progressive=progressive)
    assert read_header(content, "x").size == (4000, 7000)
    found = decode(content, "x", (1, 4, 8))
    assert found[0][:, :3].max() == 0
    assert found[0][:, 5:].min() == 255


def test_a_palette_is_replaced_by_its_colours():
    image = Image.fromarray(RGB).quantize(8)
    content = saved(image)
    assert not read_header(content, "x").is_grey
    expected = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    np.testing.assert_array_equal(decode(content, "x", (3, 5, 7)), expected)


def test_a_palette_of_greys_is_grey():
    image = Image.fromarray(GREY).convert("P")
    assert read_header(saved(image), "x").is_grey


def test_one_bit_is_black_and_white():
    content = saved(Image.fromarray(GREY > 127))
    assert read_header(content, "x").is_grey
    np.testing.assert_array_equal(
        decode(content, "x", (1, 5, 7))[0], (GREY > 127) * 255
    )


@pytest.mark.parametrize("alpha", [0, 128, 255])
def test_transparency_is_composited_over_white(alpha):
    image = np.dstack([RGB, np.full((5, 7), alpha, dtype=np.uint8)])
    found = decode(saved(image), "x", (3, 5, 7)).transpose(1, 2, 0)
    expected = RGB * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(found - expected).max() <= 1


def test_grey_transparency_is_composited_over_white():
    grey = np.dstack([GREY, np.zeros((5, 7), dtype=np.uint8)])
    assert (decode(saved(grey), "x", (1, 5, 7)) == 255).all()
    black = np.zeros((2, 2, 3), dtype=np.uint8)
    content = saved(black, transparency=(0, 0, 0))
    assert (decode(content, "x", (3, 2, 2)) == 255).all()


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = decode(saved(image, "JPEG", quality=100), "x", (3, 8, 8))
    assert (red[0] > 240).all()
    assert (red[1:] < 15).all()


TURNS = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_images_are_rotated_by_exif_orientation(orientation, kind):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = saved(RGB, kind, exif=exif, lossless=True)
    expected = TURNS[orientation](RGB)
    height, width = expected.shape[:2]
    assert read_header(content, "x").size == (height, width)
    found = decode(content, "x", (3, height, width))
    np.testing.assert_array_equal(found, expected.transpose(2, 0, 1))


def test_the_first_frame_of_an_animation_is_used():
    first, second = Image.fromarray(RGB), Image.fromarray(255 - RGB)
    content = saved(first, save_all=True, append_images=[second])
    np.testing.assert_array_equal(
        decode(content, "x", (3, 5, 7)), RGB.transpose(2, 0, 1)
    )


def test_other_sizes_are_bilinear():
    expected = Image.fromarray(RGB).resize((4, 3), Image.Resampling.BILINEAR)
    found = decode(saved(RGB), "x", (3, 3, 4), fit="stretch")
    np.testing.assert_array_equal(found, np.asarray(expected).transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["EPS", "PDF", "SPIDER"])
def test_other_formats_are_not_even_tried(kind):
    with pytest.raises(DatasetError, match=r"x\.png cannot be read as an image"):
        decode(saved(RGB, kind), "x.png", (3, 5, 7))


def huge_png(width, height):
    """A PNG that declares a huge size, and holds almost no data."""

    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


@pytest.mark.parametrize("side", [4001, 20_000, 2**31 - 1])
@pytest.mark.parametrize("look", [read_header, lambda c, n: decode(c, n, (1, 8, 8))])
def test_too_many_pixels_are_refused_before_decoding(side, look):
    assert side**2 > PIXEL_LIMIT
    with quiet_decoder(), pytest.raises(DatasetError, match=r"bomb\.png"):
        look(huge_png(side, side), "bomb.png")


def test_the_limit_of_pixels_is_stated():
    with pytest.raises(
        DatasetError, match=r"4001 x 4000 pixels; the limit is 16 million"
    ):
        read_header(huge_png(4001, 4000), "x")
    largest = saved(np.zeros((4000, 4000), dtype=np.uint8))
    assert read_header(largest, "x").size == (4000, 4000)


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "read_bytes", None)
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.truncate(FILE_LIMIT + 1)
    with pytest.raises(DatasetError, match="larger than 64 MiB, the limit of an image"):
        read_image(path, (3, 8, 8))


CUT = {**LOSSLESS, "jpeg": saved(SMOOTH, "JPEG")}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8])
def test_a_truncated_image_is_refused(name, share):
    content = CUT[name][: int(share * len(CUT[name]))]
    with pytest.raises(DatasetError, match=f"^a.{name} cannot be read as an image"):
        decode(content, f"a.{name}", (3, 5, 7))


@settings(max_examples=150)
@given(
    name=st.sampled_from(sorted(CUT)),
    place=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=8),
)
def test_a_damaged_image_gives_pixels_or_an_error(name, place, junk):
    start = int(place * len(CUT[name]))
    content = CUT[name][:start] + junk + CUT[name][start + len(junk) :]
    try:
        with quiet_decoder():
            read_header(content, "x")
            found = decode(content, "x", (3, 5, 7))
    except DatasetError:
        return
    assert found.shape == (3, 5, 7)
    assert found.dtype == np.uint8


@given(content=st.binary(max_size=64))
def test_any_bytes_are_refused(content):
    with pytest.raises(DatasetError, match="cannot be read"):
        decode(content, "x", (3, 5, 7))


def test_warnings_are_suppressed_only_inside():
    with quiet_decoder():
        warnings.warn("decoder", stacklevel=1)
    with pytest.raises(UserWarning, match="outside"):
        warnings.warn("outside", stacklevel=1)


def test_one_file_is_read_by_the_same_decoder(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(saved(RGB))
    for shape in ((3, 5, 7), (1, 8, 8)):
        np.testing.assert_array_equal(
            read_image(path, shape), decode(path.read_bytes(), "x", shape)
        )


def test_a_missing_file_a_folder_and_a_wrong_shape_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"gone\.png cannot be read: No such file"):
        read_image(tmp_path / "gone.png", (3, 8, 8))
    with pytest.raises(DatasetError, match="cannot be read: Is a directory"):
        read_image(tmp_path, (3, 8, 8))
    for shape in ((2, 8, 8), (8, 8), (3, 8, 8, 8)):
        with pytest.raises(DatasetError, match="1 or 3 channels, got shape") as one:
            read_image(tmp_path / "x.png", shape)
        assert str(shape) in str(one.value)


def full_size(content, size, fit):
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(fitted(image, size, fit)).transpose(2, 0, 1)


@pytest.mark.parametrize(
    ("fit", "size", "target", "part"),
    [
        ("crop", (400, 520), (24, 20), 8),
        ("crop", (520, 200), (24, 24), 4),
        ("crop", (100, 90), (48, 48), 1),  # less than two pixels for each new one
        ("crop", (197, 400), (48, 48), 1),  # the last block would be stretched
        ("pad", (400, 104), (24, 24), 8),
        ("stretch", (400, 520), (24, 20), 1),  # as in earlier versions
    ],
)
def test_a_jpeg_is_decoded_at_a_part_of_its_size(fit, size, target, part):
    smooth = RANDOM.integers(0, 256, (5, 7, 3), np.uint8)
    image = Image.fromarray(smooth).resize(size[::-1], Image.Resampling.BICUBIC)
    content = saved(image, "JPEG", quality=90)
    with Image.open(io.BytesIO(content)) as opened:
        opened.draft(None, (size[1] // part, size[0] // part))
        assert opened.size == (-(-size[1] // part), -(-size[0] // part))
        expected = np.asarray(fitted(opened, target, fit)).transpose(2, 0, 1)
    found = decode(content, "x", (3, *target), fit=fit)
    np.testing.assert_array_equal(found, expected)
    difference = found.astype(float) - full_size(content, target, fit)
    assert np.sqrt((difference**2).mean()) < 2.55  # 40 dB
