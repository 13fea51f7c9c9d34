import numpy as np
import pytest

from handgrad.engine.kernels import dropout
from handgrad.engine.kernels.gather import COUNT, INPUTS
from handgrad.engine.kernels.gather import EXAMPLES as EXAMPLE_NUMBERS
from handgrad.layers import Dropout
from handgrad.randomness import Key, keep_threshold, philox

from .run import assert_same, floats, run_entry

KEY = Key(7).child("dropout").child("dropout_1")
EXAMPLES = np.arange(900, 900 + 32, dtype=np.int64)[::-1].copy()


def dropped(values, rate, *, in_place, examples=EXAMPLES, tile=0, columns=32):
    """Values (features, columns) through the compiled kernel at step 5."""
    block = np.zeros(INPUTS, np.int64)
    block[EXAMPLE_NUMBERS], block[COUNT] = examples.ctypes.data, len(examples)
    draw = np.array([*KEY.words, 5, keep_threshold(rate)], np.int64)
    scale = np.array([1 / (1 - rate)], np.float32)
    values, outputs = values.copy(), np.zeros_like(values)
    run_entry(
        dropout.dropout_kernel(in_place=in_place),
        *(block, values, outputs, draw, scale, np.zeros(columns, np.int64)),
        *(len(values), columns, columns, columns),
        tile=tile,
    )
    return values if in_place else outputs


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
def test_it_is_the_plain_layer_to_the_bit(rate, in_place):
    values = floats(11, 32, nan=True)
    layer = Dropout(rate)
    expected, mask = layer.forward(
        np.ascontiguousarray(values.T), training=True, key=KEY.at(5, EXAMPLES)
    )
    found = dropped(values, rate, in_place=in_place)
    assert_same(found, np.ascontiguousarray(expected.T))
    blame = floats(11, 32, seed=1)
    d_inputs, _ = layer.backward(np.ascontiguousarray(blame.T), mask)
    assert_same(dropped(blame, rate, in_place=True), np.ascontiguousarray(d_inputs.T))


def test_a_draw_belongs_to_the_example_and_not_to_its_place():
    values = np.ones((6, 32), np.float32)
    examples = np.concatenate([EXAMPLES, EXAMPLES[:5]])
    first = dropped(values, 0.5, in_place=True, examples=examples)
    second = dropped(values, 0.5, in_place=True, examples=examples, tile=1)
    np.testing.assert_array_equal(second[:, :5], first[:, :5])


def test_python_and_machine_code_draw_alike():
    k0, k1 = (np.uint64(word) for word in KEY.words)
    counters = [np.uint64(word) for word in (3, 2**32 - 1, 12)]
    expected = philox([np.array([c]) for c in (*counters, np.uint64(0))], KEY.words)
    for function in (dropout.philox_words, dropout.philox_words.py_func):
        words = function(*counters, k0, k1)
        assert [int(word) for word in words] == [int(lane[0]) for lane in expected]


def test_it_runs_without_compilation():
    values, outputs = floats(5, 4).reshape(-1), np.zeros(20, np.float32)
    draw = tuple(np.uint64(n) for n in (*KEY.words, 5, keep_threshold(0.4)))
    sizes, scale = (5, 4, 4, 4), np.float32(1 / 0.6)
    dropout.drop.py_func(values, outputs, EXAMPLES[:4], draw, sizes, scale)
    expected, _ = Dropout(0.4).forward(
        np.ascontiguousarray(values.reshape(5, 4).T),
        training=True,
        key=KEY.at(5, EXAMPLES[:4]),
    )
    assert_same(outputs.reshape(5, 4), np.ascontiguousarray(expected.T))
