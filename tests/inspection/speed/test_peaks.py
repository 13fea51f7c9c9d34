from dataclasses import asdict

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from handgrad.engine.processor import has_matrix_unit
from handgrad.inspection.speed.peaks import (
    Peaks,
    blocks,
    calibrate,
    copies,
    measure_peaks,
    one_thread_each,
    products,
)

SMALL = {
    "matrix_sizes": (64,),
    "memory_floats": 4096,
    "cache_floats": 1024,
    "repeats": 2,
}


def test_every_limit_is_positive():
    found = measure_peaks(2, **SMALL)
    assert found.workers == 2
    values = asdict(found)
    for unit in ("unit_all", "unit_one"):
        assert (values.pop(unit) > 0) == has_matrix_unit()
    assert all(np.isfinite(value) and value > 0 for value in values.values())


def test_the_product_is_computed():
    program, operations = products(1, 16)
    program.run()
    outputs = program.memory._held[-1]
    assert operations == 2 * 2 * 16**3
    values = outputs[-outputs.ctypes.data % 64 :][: 16 * 16 * 4].view(np.float32)
    assert (values == 16 * 0.5 * 0.5).all()


@pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")
def test_blocks_have_nonzero_inputs():
    program, operations = blocks(1, 2, 3)
    program.run()
    outputs = program.memory._held[-1]
    assert operations == 2 * 3 * 2 * 32 * 32 * 64
    values = outputs[-outputs.ctypes.data % 64 :][: 32 * 32 * 4].view(np.float32)
    assert np.isfinite(values).all()
    assert np.std(values) > 1


@pytest.mark.parametrize("repeats", [1, 2])
def test_the_copy_is_made(repeats):
    program, moved = copies(1, 64, repeats)
    source, target = (
        held[-held.ctypes.data % 64 :][: 64 * 4].view(np.float32)
        for held in program.memory._held
    )
    source[:] = np.arange(64)
    program.run()
    assert np.array_equal(target, np.arange(64))
    assert moved == 2 * repeats * 2 * 4 * 64  # two tasks; read and written


def test_the_best_of_two_measurements():
    one = Peaks(2, 1.0, 20.0, 3.0, 40.0, 5.0, 60.0)
    two = Peaks(2, 10.0, 2.0, 30.0, 4.0, 50.0, 6.0)
    assert one.best(two) == Peaks(2, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0)


def test_blas_threads_are_limited_and_restored():
    def threads():
        return [row["num_threads"] for row in threadpool_info() if is_blas(row)]

    def is_blas(row):
        return row["user_api"] == "blas"

    before = threads()
    with one_thread_each():
        assert set(threads()) == {1}
    assert threads() == before


def test_calibration_takes_time():
    assert calibrate() > 0
