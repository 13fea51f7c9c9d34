"""A fitted classifier writes itself in every form."""

import runpy

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import handgrad as hg

IMAGES = (np.arange(40 * 64).reshape(40, 8, 8) * 7 % 251).astype(np.uint8)


@pytest.mark.parametrize("name", ["to_onnx", "to_python", "to_c"])
def test_it_must_be_fitted(name, tmp_path):
    with pytest.raises(NotFittedError):
        getattr(hg.Classifier(), name)(tmp_path / "a")


def test_each_file_is_written(tmp_path):
    pytest.importorskip("onnx")
    clf = hg.Classifier("softmax_regression", epochs=1, engine="plain")
    clf.fit(IMAGES, np.array(["cat", "dog"] * 20))
    program = runpy.run_path(str(clf.to_python(tmp_path / "one.py")))
    assert program["CLASS_NAMES"] == ["cat", "dog"]
    assert "void predict(" in clf.to_c(tmp_path / "one.c").read_text()
    assert clf.to_onnx(tmp_path / "one.onnx").stat().st_size > 0
