"""What a network's nodes decide together."""

import pytest

from handgrad.engine import processor
from handgrad.engine.lowering.fusion import fused
from handgrad.engine.lowering.plan import (
    first_to_compute,
    goes_by_rows,
    needs_barriers,
    tile_of,
)
from handgrad.engine.network_layers import layers_of
from handgrad.layers import Flatten, Sequential

from ..by_rows import BY_ROWS
from ..networks import (
    FLATTEN,
    NETWORKS,
    NORM_ROWS,
    RELU,
    conv,
    cpu_engine,
    layer,
    linear,
    network,
)


def nodes_of(chosen):
    return fused(layers_of(chosen.model()))


def shown(name):
    return repr(cpu_engine(NETWORKS[name]).training.program)


def test_tiles_meet_where_examples_do_and_nowhere_else():
    assert "forward to batch_norm2d_2" in shown("batch norm of pictures")
    assert "forward to" not in shown("lenet")


@pytest.mark.parametrize(
    ("name", "training", "expected"),
    [
        ("batch norm of rows", True, True),
        ("batch norm of rows", False, False),
        ("residual", True, True),  # batch norm within
        ("softmax between", True, True),
        ("softmax between", False, True),
        ("lenet", True, False),
    ],
)
def test_batch_norm_meets_while_training_and_plain_layers_always(
    name, training, expected
):
    assert needs_barriers(nodes_of(NETWORKS[name]), training=training) is expected


@pytest.mark.parametrize(
    ("rows", "batch_size", "expected"),
    [
        ([FLATTEN, linear(13), RELU, linear(4)], None, 128),
        ([FLATTEN, linear(12), RELU, linear(4)], None, 64),
        ([conv(2, 2), FLATTEN, linear(13), linear(4)], None, 32),
        (
            [layer("residual", body=[conv(1, 1)]), FLATTEN, linear(13), linear(4)],
            None,
            32,
        ),
        ([conv(4, (6, 5)), layer("softmax"), FLATTEN], None, 32),
        ([FLATTEN, linear(13), linear(4)], 256, 128),
        ([FLATTEN, linear(13), linear(4)], 129, 96),
        ([FLATTEN, linear(13), linear(4)], 1, 32),
    ],
)
def test_a_tile_is_as_large_as_its_layers_like_and_a_small_batch_allows(
    rows, batch_size, expected
):
    assert tile_of(nodes_of(network(*rows)), batch_size) == expected


@pytest.mark.parametrize("name", [*processor.SETS, None])
def test_perceptrons_whose_sizes_fill_registers_go_by_rows(monkeypatch, name):
    monkeypatch.setattr(processor, "instruction_set", lambda: name)
    for chosen in BY_ROWS.values():
        assert goes_by_rows(nodes_of(chosen)) is (name is not None)


def test_what_is_no_such_perceptron_goes_the_other_way(monkeypatch):
    monkeypatch.setattr(processor, "instruction_set", lambda: "avx512")
    small = {"shape": (1, 4, 4)}
    for rows in (
        [FLATTEN, linear(17), RELU, linear(4)],
        [FLATTEN, linear(16), NORM_ROWS, RELU, linear(4)],
        [FLATTEN, linear(16), RELU, RELU, linear(4)],
        [RELU, FLATTEN, linear(16), linear(4)],
        [layer("dropout", rate=0.5), FLATTEN, linear(16), linear(4)],
        [FLATTEN, linear(4)],
    ):
        assert not goes_by_rows(nodes_of(network(*rows, **small)))


def test_flatten_computes_nothing():
    first = first_to_compute(nodes_of(NETWORKS["perceptron"]))
    assert first.name == "linear_1"
    (only,) = fused(layers_of(Sequential([Flatten()])))
    assert first_to_compute([only]) is only
