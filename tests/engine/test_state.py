import numpy as np
import pytest

from handgrad.engine.state import model_arrays, model_state, restore_model
from handgrad.errors import RunError
from handgrad.models.from_layers import from_layers


@pytest.fixture
def model():
    rows = [
        {"name": "linear", "out_features": 4},
        {"name": "batch_norm1d"},
        {"name": "linear", "out_features": 2},
    ]
    return from_layers(layers=rows, input_shape=(3,), classes=2)


def test_parameters_and_buffers_are_named_by_what_they_are(model):
    assert list(model_arrays(model)) == [
        "parameters/linear_1.weight",
        "parameters/linear_1.bias",
        *[f"parameters/{name}" for name in model.parameters() if "norm" in name],
        "parameters/linear_2.weight",
        "parameters/linear_2.bias",
        *[f"buffers/{name}" for name in model.buffers()],
    ]


def test_a_state_is_a_copy_in_row_order(model):
    weight = model.parameters()["linear_1.weight"]
    weight.value = np.asfortranarray(weight.value)
    state = model_state(model)
    saved = state["parameters/linear_1.weight"]
    assert saved.flags.c_contiguous
    weight.value[...] = 7
    assert not np.any(saved == 7)


def test_what_is_restored_is_the_same_to_the_bit_and_a_copy(model):
    state = model_state(model)
    for array in model_arrays(model).values():
        array.value = array.value + 1
    restore_model(model, state)
    for name, array in model_state(model).items():
        assert array.tobytes() == state[name].tobytes()
    state["parameters/linear_1.bias"][...] = 9
    assert not np.any(model.parameters()["linear_1.bias"].value == 9)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("parameters/linear_2.bias", None, "holds no parameters/linear_2.bias"),
        (
            "parameters/linear_2.bias",
            np.zeros(3, np.float32),
            r"should be \(2,\) float",
        ),
        ("parameters/linear_2.bias", np.zeros(2), "holds .* float64"),
    ],
)
def test_nothing_changes_unless_all_of_it_fits(model, name, change, words):
    before = model_state(model)
    state = {key: array + 1 for key, array in before.items()}
    del state[name]
    if change is not None:
        state[name] = change
    with pytest.raises(RunError, match=words):
        restore_model(model, state)
    for key, array in model_state(model).items():
        np.testing.assert_array_equal(array, before[key])
