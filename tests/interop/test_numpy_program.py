"""What a written program does with its files, on arrays of every layout it takes."""

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.image_decoding import ORIENTATION, read_image
from handgrad.datasets.image_fit import FITS, fitted
from handgrad.interop import numpy_program


@pytest.fixture
def program(monkeypatch):
    values = {"INPUT_SHAPE": (1, 2, 3), "INPUT_DTYPE": "float32"}
    for name, value in values.items():
        monkeypatch.setattr(numpy_program, name, value, raising=False)
    return numpy_program


@pytest.mark.parametrize("shape", [(4, 1, 2, 3), (1, 2, 3), (4, 2, 3), (2, 3)])
def test_arrays_with_and_without_count_and_channel(shape, program, tmp_path):
    array = np.arange(np.prod(shape)).reshape(shape)
    np.save(tmp_path / "a.npy", array)
    found = program.read_images(str(tmp_path / "a.npy"))
    assert found.dtype == np.float32
    assert (found == array.reshape(-1, 1, 2, 3)).all()


@pytest.mark.parametrize("shape", [(), (6,), (4, 3, 2), (4, 2, 3, 1)])
def test_other_layouts_are_refused(shape, program, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(ValueError, match=r"takes arrays of shape \(count, 1, 2, 3\)"):
        program.read_array(str(tmp_path / "a.npy"))


@pytest.mark.parametrize(
    ("dtype", "examples", "said"),
    [
        ("uint8", np.zeros((4, 2, 3), dtype=np.uint8), r"got \(4, 2, 3\)"),
        ("uint8", np.zeros((1, 2, 3), dtype=np.uint8), r"examples\[None\]"),
        ("uint8", np.zeros((4, 3, 2, 3), dtype=np.uint8), r"got \(4, 3, 2, 3\)"),
        ("uint8", np.zeros((0, 1, 2, 3), dtype=np.uint8), "a count of at least 1"),
        ("uint8", np.zeros((4, 1, 2, 3)), "takes uint8, got float64"),
        ("float32", np.zeros((4, 1, 2, 3), dtype=complex), "float32, got complex128"),
        ("float32", 3, r"got \(\)"),
    ],
)
def test_other_examples_are_refused(program, monkeypatch, dtype, examples, said):
    monkeypatch.setattr(program, "INPUT_DTYPE", dtype, raising=False)
    with pytest.raises(ValueError, match=said):
        program.check(examples)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(program, wrong):
    examples = np.zeros((4, 1, 2, 3), np.float32)
    assert program.check(examples).shape == (4, 1, 2, 3)
    examples[3, 0, 1, 2] = wrong
    with pytest.raises(ValueError, match="takes finite numbers"):
        program.check(examples)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(
    "size", [(40, 30), (7, 50), (1, 100), (12, 8), (3, 3), (16, 40)]
)
def test_images_are_fitted_as_in_training(fit, mode, size):
    channels = (3,) if mode == "RGB" else ()
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], *channels))
    image = Image.fromarray(pixels.astype(np.uint8))
    found = getattr(numpy_program, fit)(image, 10, 16)
    expected = fitted(image, (16, 10), fit)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("size", "orientation"), [((400, 300), 1), ((400, 300), 6), ((401, 77), 1)]
)
def test_a_jpeg_is_decoded_as_in_training(
    fit, size, orientation, program, monkeypatch, tmp_path
):
    shape = (3, 24, 32)
    monkeypatch.setattr(program, "INPUT_SHAPE", shape, raising=False)
    monkeypatch.setattr(program, "fit", getattr(program, fit), raising=False)
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels.astype(np.uint8)).save(path, exif=exif)
    (found,) = program.read_images(str(path))
    np.testing.assert_array_equal(found, read_image(path, shape, fit=fit))


def test_a_large_jpeg_is_decoded_at_half_of_each_side(program, monkeypatch, tmp_path):
    monkeypatch.setattr(program, "fit", program.stretch, raising=False)
    path = tmp_path / "a.jpg"
    Image.linear_gradient("L").resize((4000, 4002)).save(path)
    with Image.open(path) as image:
        program.draft(image, 4000)
        assert image.size == (2000, 2001)
