"""Fitting against Pillow's resize-then-crop, and against a definition in float64."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from tests.datasets.image_makers import as_file, make_folder

from handgrad import datasets
from handgrad.datasets.image_decoding import decode
from handgrad.datasets.image_fit import FITS, fit_named, fitted
from handgrad.datasets.resize import resize_images
from handgrad.errors import ConfigError

BILINEAR = Image.Resampling.BILINEAR
sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


def picture(size, mode="RGB", seed=0):
    channels = (3,) if mode == "RGB" else ()
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (*size, *channels), np.uint8))


def pixels(image):
    return np.asarray(image).astype(float)


def weights(length, start, kept, count):
    """Antialiased bilinear: triangles as wide as a new pixel, (count, length)."""
    scale = kept / count
    reach = max(scale, 1)
    centres = start + (np.arange(count) + 0.5) * scale
    places = np.arange(length) + 0.5
    found = np.maximum(0, 1 - np.abs(places - centres[:, None]) / reach)
    return found / found.sum(axis=1, keepdims=True)


def cropped(image, size):
    """The definition of crop: a centred part of the target's ratio, resampled."""
    (height, width), (high, wide) = pixels(image).shape[:2], size
    scale = min(height / high, width / wide)
    rows = weights(height, (height - scale * high) / 2, scale * high, high)
    columns = weights(width, (width - scale * wide) / 2, scale * wide, wide)
    return np.einsum("hH,HW...,wW->hw...", rows, pixels(image), columns)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(
    ("size", "target", "whole"),
    [
        ((32, 48), (16, 16), (16, 24)),
        ((48, 32), (16, 16), (24, 16)),
        ((10, 30), (20, 20), (20, 60)),  # smaller than the target
        ((60, 30), (10, 20), (40, 20)),  # not a square
        ((1, 1000), (8, 8), (8, 8000)),
    ],
)
def test_crop_is_pillows_resize_and_then_crop(size, target, whole, mode):
    image = picture(size, mode)
    resized = image.resize(whole[::-1], BILINEAR)
    top, left = ((a - b) // 2 for a, b in zip(whole, target, strict=True))
    expected = resized.crop((left, top, left + target[1], top + target[0]))
    # Pillow chooses the order of the two passes, and each rounds to bytes
    difference = pixels(fitted(image, target, "crop")) - pixels(expected)
    assert np.abs(difference).max() <= 1


@given(size=sizes, target=sizes)
def test_crop_is_the_centre_of_the_shorter_side_at_any_size(size, target):
    image = picture(size)
    found = fitted(image, target, "crop")
    # two passes round to bytes, with weights of 22 bits
    assert np.abs(pixels(found) - cropped(image, target)).max() <= 1.01


@given(size=sizes, target=sizes)
def test_stretch_is_pillows_resize(size, target):
    image = picture(size)
    expected = image.resize(target[::-1], BILINEAR)
    np.testing.assert_array_equal(fitted(image, target, "stretch"), expected)


@given(size=sizes, target=sizes, mode=st.sampled_from(["L", "RGB"]))
def test_pad_is_the_whole_image_on_the_mean_colour_of_its_border(size, target, mode):
    image, (height, width) = picture(size, mode), target
    scale = min(height / size[0], width / size[1])
    inner = [max(1, round(side * scale)) for side in size]
    whole = np.asarray(image.resize(inner[::-1], BILINEAR))
    edge = [whole[0], whole[-1][: None if inner[0] > 1 else 0]]
    edge += [whole[1:-1, 0], whole[1:-1, -1][: None if inner[1] > 1 else 0]]
    colour = np.rint(np.concatenate(edge).mean(axis=0))
    expected = np.empty((height, width, *whole.shape[2:]), np.uint8)
    expected[...] = colour
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    expected[top : top + inner[0], left : left + inner[1]] = whole
    np.testing.assert_array_equal(fitted(image, target, "pad"), expected)


@pytest.mark.parametrize("size", [(1, 1000), (1000, 1)])
@pytest.mark.parametrize("fit", FITS)
def test_a_line_fits_as_well(size, fit):
    image = Image.fromarray(np.full((*size, 3), (9, 80, 200), np.uint8))
    found = np.asarray(fitted(image, (32, 32), fit))
    assert found.shape == (32, 32, 3)
    assert (found == (9, 80, 200)).all()


@given(side=st.integers(1, 40), target=st.integers(1, 40))
def test_images_of_the_targets_shape_do_not_depend_on_the_fit(side, target):
    image = picture((side, 2 * side))
    first, *others = (np.asarray(fitted(image, (target, 2 * target), f)) for f in FITS)
    for other in others:
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("fit", FITS)
def test_arrays_are_fitted_as_images_are(fit):
    image = picture((21, 34))
    images = np.asarray(image).transpose(2, 0, 1)[None]
    found = resize_images(images, (10, 12), fit)
    expected = np.asarray(fitted(image, (10, 12), fit)).transpose(2, 0, 1)
    np.testing.assert_array_equal(found[0], expected)


@pytest.mark.parametrize("fit", FITS)
def test_a_turned_image_is_fitted_upright(fit):
    image = picture((20, 34))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = as_file(image, exif=exif)
        upright = ImageOps.exif_transpose(Image.open(BytesIO(content)))
        expected = np.asarray(fitted(upright, (10, 12), fit)).transpose(2, 0, 1)
        found = decode(content, "x", (3, 10, 12), fit=fit)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_colours_are_converted_before_fitting(mode, fit):
    image = picture((20, 34), "L").convert("RGBA" if mode == "RGBA" else "L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) << 8)
    elif mode == "P":
        image = image.convert("RGB").quantize(16)
    elif image.mode != mode:
        image = image.convert(mode)
    content = as_file(image)
    whole = decode(content, "x", (3, 20, 34)).transpose(1, 2, 0)
    expected = fitted(Image.fromarray(whole), (9, 9), fit)
    found = decode(content, "x", (3, 9, 9), fit=fit).transpose(1, 2, 0)
    np.testing.assert_array_equal(found, expected)


def test_padding_of_a_transparent_image_is_white():
    image = Image.new("RGBA", (10, 20), (255, 0, 0, 0))
    assert (decode(as_file(image), "x", (3, 8, 8), fit="pad") == 255).all()


@pytest.mark.parametrize("fit", FITS)
def test_loading_caches_each_fit_of_its_own(tmp_path, monkeypatch, fit):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    names = [f"{name}/{row}.png" for name in "ab" for row in range(3)]
    root = make_folder(tmp_path / "pets", names, size=(20, 34))
    for other in FITS:
        datasets.load(root, image_size=(8, 8), fit=other)
    for use_cache in (True, False):
        found = datasets.load(root, image_size=(8, 8), fit=fit, use_cache=use_cache)
        expected = decode((root / names[0]).read_bytes(), "x", (3, 8, 8), fit=fit)
        np.testing.assert_array_equal(found.train.images[0], expected)


@pytest.mark.parametrize("wrong", ["centre", "Crop", "", 3, ["crop"]])
def test_an_unknown_fit_is_refused(wrong):
    with pytest.raises(ConfigError, match="must be crop, pad or stretch, got"):
        datasets.load("digits", fit=wrong)


def test_the_usual_fit_is_crop():
    assert fit_named(None) == "crop"
