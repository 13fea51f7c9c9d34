"""What a written program does with its files, on arrays of every layout it takes."""

import numpy as np
import pytest
from PIL import Image

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
    with pytest.raises(SystemExit, match="expected"):
        program.read_array(str(tmp_path / "a.npy"))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(40, 30), (7, 50), (1, 100), (12, 8), (3, 3)])
def test_images_are_fitted_as_in_training(fit, mode, size):
    channels = (3,) if mode == "RGB" else ()
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], *channels))
    image = Image.fromarray(pixels.astype(np.uint8))
    found = getattr(numpy_program, fit)(image, 10, 16)
    expected = fitted(image, (16, 10), fit)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
