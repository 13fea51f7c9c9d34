import json
import platform

import pytest

from handgrad.training.environment import (
    blas_kernels,
    code_checksum,
    describe_environment,
    draws_figures,
)


def test_the_environment_is_described():
    found = json.loads(json.dumps(describe_environment()))
    assert found["python"] == platform.python_version()
    assert found["libraries"]["numpy"].count(".") == 2
    assert found["cores"] >= 1
    assert len(found["processor"]) > 0


def test_the_family_of_matrix_kernels_is_named():
    import numpy as np

    assert np.ones((2, 2)) @ np.ones((2, 2)) is not None  # loads the BLAS library
    kernels = blas_kernels()
    assert kernels
    assert all(library["architecture"] for library in kernels)


def test_the_code_is_known_by_its_checksum():
    assert code_checksum() == code_checksum()
    assert len(code_checksum()) == 64


@pytest.mark.parametrize(("value", "draws"), [("", True), ("1", True), ("0", False)])
def test_a_variable_leaves_figures_out(monkeypatch, value, draws):
    monkeypatch.setenv("HANDGRAD_FIGURES", value)
    assert draws_figures() is draws
