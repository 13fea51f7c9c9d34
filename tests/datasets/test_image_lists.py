import numpy as np
import pytest
import torch
from PIL import Image

import handgrad as hg
from handgrad.datasets.image_decoding import decode
from handgrad.datasets.image_lists import alike
from handgrad.errors import DatasetError, ShapeError

RED, GREEN = (255, 0, 0), (0, 255, 0)


def palette(colours, indices):
    image = Image.fromarray(np.asarray(indices, np.uint8))
    image.putpalette([number for colour in colours for number in colour])
    return image


def noise(mode, size=(5, 4), seed=0):
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 256, (*size[::-1], 4), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def as_file(image, tmp_path, channels):
    path = tmp_path / "image.png"
    image.save(path)
    height, width = image.size[::-1]
    return decode(path.read_bytes(), "image", (channels, height, width))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_images_are_read_as_their_files_are(mode, tmp_path):
    images = [noise(mode, seed=seed) for seed in (1, 2)]
    found = alike(images)
    channels = 1 if mode in ("1", "L") else 3
    if found.ndim == 3:  # shades of grey
        channels = 1
    for image, pixels in zip(images, found, strict=True):
        expected = as_file(image, tmp_path, channels)
        given = pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
        np.testing.assert_array_equal(given, expected)
        assert pixels.dtype == np.uint8


def test_palettes_with_the_same_indices_are_different_images():
    one, other = (palette(c, [[0, 1], [1, 0]]) for c in ([RED, GREEN], [GREEN, RED]))
    found = alike([one, other])
    assert found.shape == (2, 2, 2, 3)
    assert found[0, 0, 0].tolist() == found[1, 0, 1].tolist() == list(RED)
    clf = hg.Classifier("softmax_regression", epochs=30, random_state=0)
    clf.fit([one, other] * 20, ["x", "z"] * 20)
    assert clf.predict([one, other]).tolist() == ["x", "z"]
    assert clf.trained_.predict(alike(one)[None]).shape == (1,)


def test_grey_becomes_colour_beside_colour():
    found = alike((noise("L"), noise("RGB")))
    assert found.shape == (2, 4, 5, 3)
    assert np.ptp(found[0], axis=-1).max() == 0


def test_an_image_is_turned_upright():
    image = noise("RGB", size=(6, 3))
    image.getexif()[0x0112] = 6
    assert alike(image).shape == (6, 3, 3)


def test_deep_images_keep_their_numbers():
    deep = Image.fromarray(np.array([[0, 40_000]], dtype=np.uint16))
    np.testing.assert_array_equal(alike([deep]), [[[0, 40_000]]])


@pytest.mark.parametrize(
    "sizes", [[(8, 8), (8, 7)], [(8, 8), (8, 8), (8, 8, 3)], [(2, 2)] * 5 + [(3,)]]
)
def test_the_first_of_another_shape_is_named(sizes):
    place = len(sizes) - 1
    with pytest.raises(ShapeError, match=rf"Example {place}, .* but example 0 has"):
        hg.Classifier().fit([np.zeros(s) for s in sizes], [0, 1] * (place // 2 + 1))


def test_images_of_two_sizes_are_refused():
    with pytest.raises(ShapeError, match=r"Example 1, .* shape \(4, 9\), but .*\(4, 5"):
        alike([noise("L"), noise("L", (9, 4))])


@pytest.mark.parametrize("values", [[], (), [[1, 2], [3, 4]], "ab", 3, None])
def test_everything_else_is_left_alone(values):
    assert alike(values) is values


BYTES = np.full((4, 5), 200, np.uint8)
MIXED = {
    "bytes and fractions": ([BYTES / 255, BYTES], "is uint8, but .* is float64"),
    "bytes of another depth": ([BYTES, BYTES.astype("u2")], "is uint16, but .* uint8"),
    "fractions and integers": ([BYTES / 255, BYTES.astype(int)], "is int64, but"),
    "tensors": ([*map(torch.tensor, (BYTES, BYTES / 255))], "is float64, but .* uint8"),
    "rows": ([BYTES[0], BYTES[0] > 9], "is bool, but example 0 is uint8"),
    "L and F": ([noise("L"), noise("F")], "is float32, but example 0 is uint8"),
    "L and I;16": (
        [noise("L"), Image.fromarray(BYTES.astype("u2"))],
        "is uint16, but example 0 is uint8",
    ),
    "an image and an array": ([noise("L"), BYTES / 255], "is float64, but .* uint8"),
}


@pytest.mark.parametrize("kind", MIXED)
def test_numbers_of_two_scales_are_refused(kind):
    values, said = MIXED[kind]
    fitted = hg.Classifier("mlp", epochs=1, workers=1)
    fitted.fit([BYTES, BYTES // 2], [0, 1])
    for take in (
        alike,
        fitted.predict,
        lambda examples: fitted.fit(examples, [0, 1]),
        lambda examples: fitted.partial_fit(examples, [0, 1]),
        lambda examples: fitted.evaluate(examples, [0, 1]),
    ):
        with pytest.raises(DatasetError, match=rf"Example .* {said}.* one scale"):
            take(values)


@pytest.mark.parametrize(
    "values",
    [
        [BYTES, noise("L")],
        [np.float32(BYTES), np.float64(BYTES), torch.ones(4, 5, dtype=torch.bfloat16)],
        [np.arange(3), np.ones(3)],
        [np.uint8(1), 2.5, np.int64(3)],
        [BYTES.astype(">i4"), BYTES.astype("i8")],
    ],
)
def test_numbers_of_one_scale_pass(values):
    assert len(alike(values)) == len(values)


def test_an_image_beside_arrays_is_read_as_its_file_is():
    image = palette([RED, GREEN], [[0, 1], [1, 0]])
    found = alike([image, alike(image)])
    np.testing.assert_array_equal(found[0], found[1])
