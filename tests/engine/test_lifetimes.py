"""Buffers share a place only if no step needs both at one time."""

import ctypes

import numpy as np
import pytest

from handgrad.engine.batch_check import are_all_finite
from handgrad.engine.engine import Batch
from handgrad.engine.lifetimes import LARGE, PAGE, Lifetime, lifetimes, plan_offsets
from handgrad.engine.memory_plan import Region

from .networks import NETWORKS, cpu_engine

NAN = 0x7FC00000


def alive(*phases, times=None, lane=""):
    life = Lifetime()
    for phase in phases:
        life.note(phase, times or [phase], lane, "writes")
    return life


def placed(*regions):
    """Places of (size, life) pairs."""
    lived = {Region(f"{n}", 0, size): life for n, (size, life) in enumerate(regions)}
    found, total = plan_offsets(list(lived), lived)
    return [found[region] for region in lived], total


def test_a_place_is_free_after_the_last_phase_that_touches_it():
    assert placed((128, alive(0, 1)), (128, alive(2, 3))) == ([0, 0], 128)
    assert placed((128, alive(0, 2)), (128, alive(2, 3))) == ([0, 128], 256)


def test_the_lowest_gap_that_is_large_enough_is_taken():
    found, total = placed(
        (512, alive(0, 9)), (256, alive(0, 1)), (192, alive(0, 9)), (64, alive(3, 4))
    )
    assert found == [0, 512, 768, 512]
    assert total == 960


def test_large_buffers_begin_on_pages():
    """Else a kernel that reads one and writes another waits for its own stores."""
    always, large = alive(0, 9), LARGE + 64
    found, _ = placed((large, always), (large, always), (128, always))
    assert found == [0, LARGE + PAGE, LARGE + 64]


def test_what_is_read_before_it_is_written_is_never_shared():
    constant = Lifetime()
    constant.note(3, [3], "", "reads")
    assert placed((128, constant), (128, alive(0, 1))) == ([0, 128], 256)


@pytest.mark.parametrize(
    ("step", "lane", "shares"),
    [(64, "tile", True), (64, "", False), (32, "tile", False)],
)
def test_within_a_phase_lanes_take_over_only_lane_for_lane(step, lane, shares):
    first, second = Region("a", 0, 128, 64), Region("b", 0, 128, step)
    lived = {
        first: alive(1, times=[10, 11], lane=lane),
        second: alive(1, times=[12], lane=lane),
    }
    _, total = plan_offsets(list(lived), lived)
    assert total == (128 if shares else 256)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_step_reads_what_another_buffer_left(name):
    network = NETWORKS[name]
    clean, soiled = cpu_engine(network), cpu_engine(network)
    batch = batch_for(clean)
    for step in (1, 2):
        soil(soiled)
        results = [engine.train_step(batch, step) for engine in (clean, soiled)]
        assert results[0] == results[1]
    assert are_all_finite(soiled.store.values)
    np.testing.assert_array_equal(clean.store.values, soiled.store.values)


def soil(engine):
    """NaN wherever a step should write before it reads."""
    for region, life in lifetimes(engine.training.program.phases).items():
        if not life.is_constant:
            kind = ctypes.c_uint8 * region.bytes
            place = np.ctypeslib.as_array(kind.from_address(region.first))
            place[: len(place) // 4 * 4].view(np.uint32)[:] = NAN


def batch_for(engine):
    rng = np.random.default_rng(0)
    count, check = engine.batch_size - 1, engine.check
    shape = (count, *check.input_shape)
    images = rng.integers(0, 256, shape).astype(check.input_dtype)
    rows = np.arange(count)
    return Batch(images, rng.integers(0, 2, count), rows, rows)
