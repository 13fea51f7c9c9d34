from dataclasses import replace

import numpy as np
import pytest

from handgrad.inspection.speed.networks import network, pictures, textbook_operations
from handgrad.inspection.speed.operation_times import (
    OperationTime,
    StepTimes,
    random_batches,
    time_steps,
)
from handgrad.inspection.speed.peaks import Peaks
from handgrad.inspection.speed.race import make_engine

PEAKS = Peaks(2, 200e9, 110e9, 30e9, 20e9, 100e9, 60e9)
PRODUCT = OperationTime("tiles", "product", "linear", 4, 3e-3, 2e-3, 150_000_000, 8)
COPY = OperationTime("tiles", "gather", "images", 4, 1e-3, 1e-3, 8, 25_000_000)
STEP = StepTimes((PRODUCT, COPY), 2.5e-3, 2e-3, 4e-3, 2, 256, 250_000_000)


@pytest.fixture(scope="module")
def found():
    chosen = network("mlp", {"hidden_sizes": [16]})
    engine = make_engine(chosen, 200, 2)
    before = engine.state()
    times = time_steps(engine, *pictures((1, 28, 28), 500), steps=3)
    return engine, before, times


def test_a_step_and_its_operations_are_timed(found):
    engine, _, times = found
    rows = times.rows
    assert times.workers == 2
    assert times.batch_size == 200
    assert times.step_seconds >= times.fastest_seconds > 0
    assert 0 < times.kernel_seconds <= 2 * 2 * times.stamped_seconds
    assert 0 <= times.share_outside < 1
    assert all(row.seconds >= row.fastest >= 0 for row in rows)
    assert {"images, normalized", "linear_1 forward"} <= {r.stands_for for r in rows}
    model = textbook_operations(engine.model, (1, 28, 28))
    assert times.textbook_operations == 200 * model


def test_products_cost_at_least_the_textbooks_operations(found):
    _, _, times = found
    kernels = ("product", "gradient")
    products = [row.operations for row in times.rows if row.kernel.endswith(kernels)]
    assert sum(products) >= times.textbook_operations


def test_the_engine_is_left_as_it_was(found):
    engine, before, _ = found
    for name, value in engine.state().items():
        assert np.array_equal(value, before[name]), name


def test_rates_of_one_worker():
    assert PRODUCT.operations_per_second == pytest.approx(50e9)
    assert COPY.bytes_per_second == pytest.approx(25e9)


def test_fractions_of_the_limit_by_hand():
    assert PRODUCT.limit_seconds(PEAKS) == pytest.approx(1.5e-3)  # 0.15 G at 100 G/s
    assert PRODUCT.fraction_of_limit(PEAKS) == pytest.approx(0.5)
    assert COPY.limit_seconds(PEAKS) == pytest.approx(0.5e-3)  # 25 MB at 50 GB/s
    assert COPY.fraction_of_limit(PEAKS) == pytest.approx(0.5)


def test_operations_of_the_matrix_unit_have_its_limit():
    peaks, product = replace(PEAKS, unit_all=400e9), replace(PRODUCT, by_unit=True)
    assert product.limit_seconds(peaks) == PRODUCT.limit_seconds(PEAKS) / 2
    assert PRODUCT.limit_seconds(peaks) == PRODUCT.limit_seconds(PEAKS)


def test_shares_of_the_workers_time_by_hand():
    assert STEP.kernel_seconds == pytest.approx(4e-3)
    assert STEP.share(PRODUCT) == pytest.approx(3 / 8)
    assert STEP.share_outside == pytest.approx(1 / 2)
    assert STEP.fraction_of_peak(PEAKS) == pytest.approx(0.5)  # 100 of 200 GFLOP/s


def test_batches_go_through_all_images():
    images, targets = pictures((1, 4, 4), 10)
    batches = random_batches(images, targets, 3, 7)
    assert [len(batch) for batch in batches] == [3] * 7
    first = np.concatenate([batch.rows for batch in batches[:3]])
    assert len(set(first.tolist())) == 9
    assert len(random_batches(images, targets, 64, 1)[0]) == 10
