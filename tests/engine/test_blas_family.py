"""OpenBLAS told to work with other kernels, in a process that has it loaded."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from handgrad.engine import blas_family
from handgrad.engine.blas_family import VARIABLE, family_in, hold_family
from handgrad.errors import ConfigError

PRODUCTS = """
import os, sys
import numpy as np
from scipy.linalg.blas import sgemm
from handgrad.engine.blas_family import family_in, hold_family, matrix_libraries
left, right = np.random.default_rng(0).normal(size=(2, 300, 700)).astype(np.float32)
left @ right.T
before = dict(os.environ)
if sys.argv[1:]:
    hold_family(sys.argv[1])
assert os.environ == before
print(hash((left @ right.T).tobytes()), hash(sgemm(1.0, left, right.T).tobytes()))
print(*{family_in(library) for library in matrix_libraries()})
"""


def products(*words, **variables):
    return subprocess.run(
        [sys.executable, "-c", PRODUCTS, *words],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


def test_the_products_are_those_of_a_process_that_began_with_the_family():
    began = products(**{VARIABLE: "Haswell"})
    assert began[2:] == ["Haswell"]
    assert products("Haswell") == began


class Library:
    """A matrix library that is not there."""

    def __init__(self, families, **symbols):
        self.internal_api, self.architecture = "openblas", "Old"
        self.families, self.dynlib = families, SimpleNamespace(**symbols)


def openblas(families):
    """One that chooses among these families when it is told to."""
    library = Library(families)
    library.now = b"Old"

    def choose():
        wanted = os.environ[VARIABLE]
        library.now = (wanted if wanted in families else "Other").encode()

    library.dynlib = SimpleNamespace(
        gotoblas_corename=lambda: library.now,
        gotoblas_dynamic_quit=lambda: None,
        gotoblas_dynamic_init=choose,
    )
    library.dynlib.gotoblas_corename.restype = None
    return library


@pytest.mark.parametrize("variable", [None, "Mine"])
def test_a_family_that_is_not_there_leaves_all_as_it_was(monkeypatch, variable):
    monkeypatch.delenv(VARIABLE, raising=False)
    if variable is not None:
        monkeypatch.setenv(VARIABLE, variable)
    library = openblas(["Old"])
    monkeypatch.setattr(blas_family, "matrix_libraries", lambda: [library])
    with pytest.raises(ConfigError, match="for Old, and cannot change to those for X"):
        hold_family("X")
    assert family_in(library) == "Old"
    assert os.environ.get(VARIABLE) == variable


def test_a_library_that_cannot_be_told_is_refused_unless_it_fits(monkeypatch):
    library = Library([])
    monkeypatch.setattr(blas_family, "matrix_libraries", lambda: [library])
    hold_family("Old")
    with pytest.raises(ConfigError, match=f"Start Python with {VARIABLE}=New set"):
        hold_family("New")


def test_other_libraries_have_no_families(monkeypatch):
    other = SimpleNamespace(internal_api="mkl")
    monkeypatch.setattr(blas_family, "matrix_libraries", lambda: [other])
    hold_family("Haswell")
    assert family_in(SimpleNamespace(dynlib=None)) is None
