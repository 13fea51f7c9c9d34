import numpy as np
import pytest

from handgrad.engine.kernels import skinny
from handgrad.testing.closeness import assert_close

from .run import floats, run_entry

ONE_ROW = np.zeros(2, np.int64)


@pytest.mark.parametrize("at_once", [2, 4])
@pytest.mark.parametrize(("outs", "blocks"), [(1, 1), (3, 2), (5, 2)])
def test_logits_of_images_as_they_lie(outs, blocks, at_once):
    features, examples, stride = 48, 12, 20
    weight, inputs = floats(outs * blocks, features), floats(examples, features, seed=1)
    outputs = np.full((outs * blocks, stride), 9, np.float32)
    offsets = np.arange(at_once, dtype=np.int64) * features * 4
    run_entry(
        skinny.forward_kernel(outs, at_once),
        *(weight, inputs, outputs, offsets, ONE_ROW),
        *(blocks, features, examples, stride),
    )
    assert_close(outputs[:, :examples], weight.astype(np.float64) @ inputs.T, features)
    np.testing.assert_array_equal(outputs[:, examples:], 9)


@pytest.mark.parametrize(("outs", "at_once"), [(1, 1), (10, 5), (12, 12)])
def test_weight_gradients_of_some_columns(outs, at_once):
    features, columns, examples, stride = 64, 32, 12, 15
    d_outputs, inputs = floats(outs, stride), floats(examples, features, seed=1)
    d_weight = np.full((outs, 40), 9, np.float32)
    run_entry(
        skinny.weight_gradient_kernel(outs, at_once),
        *(d_outputs, inputs, d_weight, np.zeros(examples * outs, np.float32)),
        *(ONE_ROW, np.zeros(outs, np.float32)),
        *(examples, stride, features, columns, 40),
    )
    expected = d_outputs[:, :examples].astype(np.float64) @ inputs[:, :columns]
    assert_close(d_weight[:, :columns], expected, examples)
    np.testing.assert_array_equal(d_weight[:, columns:], 9)
