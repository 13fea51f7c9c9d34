"""What a written program does with its files, on arrays of every layout it takes."""

import numpy as np
import pytest

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
