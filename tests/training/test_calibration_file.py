"""The temperature belongs to the arrays that it was fitted to, and is kept whole."""

import json

import numpy as np
import pytest

from handgrad.errors import IntegrityError
from handgrad.training.calibration_file import saved_temperature, write_temperature
from handgrad.training.temperature import Temperature

FOUND = Temperature(1.75, 100, 0.5, 0.4)
ARRAYS = {"parameters/weight": np.arange(6.0, dtype=np.float32)}


def test_it_is_that_of_its_arrays(tmp_path):
    assert saved_temperature(tmp_path, ARRAYS) is None
    write_temperature(tmp_path, FOUND, ARRAYS, "validation")
    assert saved_temperature(tmp_path, ARRAYS) == 1.75
    others = {name: array + 1 for name, array in ARRAYS.items()}
    assert saved_temperature(tmp_path, others) is None
    values = json.loads((tmp_path / "calibration.json").read_text())
    assert (values["value"], values["on"], values["images"]) == (
        1.75,
        "validation",
        100,
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"value": 2}'])
def test_a_file_that_is_not_ours_is_named(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(IntegrityError, match=r"calibration\.json is damaged"):
        saved_temperature(tmp_path, ARRAYS)


def test_a_changed_digit_is_noticed(tmp_path):
    write_temperature(tmp_path, FOUND, ARRAYS, "validation")
    path = tmp_path / "calibration.json"
    path.write_text(path.read_text().replace("1.75", "1.76"))
    with pytest.raises(IntegrityError, match="handgrad calibrate"):
        saved_temperature(tmp_path, ARRAYS)
