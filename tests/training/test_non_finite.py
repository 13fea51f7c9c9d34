import json

import numpy as np
import pytest

from handgrad.engine.engine import Batch
from handgrad.errors import NonFiniteError
from handgrad.layers import Linear, ReLU, Residual, Sequential, Sigmoid
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import from_layers
from handgrad.randomness import Key
from handgrad.training import resume, start
from handgrad.training.non_finite import find_non_finite, non_finite_error

from .small import DIGITS, MLP, final_bits, small
from .test_trainer import TRAIN, trainer

LOSS = SoftmaxCrossEntropy()
KEY = Key(0)
TARGETS = np.array([0, 1])


def network():
    key = Key(0)
    return Sequential(
        [Linear(3, 4, key=key), ReLU(), Linear(4, 4, key=key), Linear(4, 2, key=key)]
    )


def inputs():
    return np.linspace(0.5, 1, 6, dtype=np.float32).reshape(2, 3)


def look(model, values=None, key=KEY):
    values = inputs() if values is None else values
    with np.errstate(all="ignore"):
        return find_non_finite(model, LOSS, values, TARGETS, key).words


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("layer", ["linear_1", "linear_2", "linear_3"])
@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_bad_parameter_is_named(bad, layer, name):
    model = network()
    model.parameters()[f"{layer}.{name}"].value.flat[0] = bad
    kind = "NaN" if np.isnan(bad) else "infinity"
    assert look(model) == f"the first {kind} is in {name} of {layer}"


@pytest.mark.parametrize("layer", ["linear_1", "linear_2", "linear_3"])
def test_the_first_layer_that_overflows_is_named(layer):
    model = network()
    model.parameters()[f"{layer}.weight"].value[...] = 3e38
    model.parameters()[f"{layer}.bias"].value[...] = 3e38
    assert look(model) == f"the first infinity is in the outputs of {layer}"


def test_bad_inputs_are_not_attributed_to_a_layer():
    values = inputs()
    values[0, 0] = np.nan
    assert look(network(), values) == "the first NaN is in the inputs of the network"


def blow_up_backwards(model, target):
    """Zeros in the forward pass, and a gradient that overflows in the backward pass."""
    parameters = model.parameters()
    parameters["linear_1.weight"].value[...] = 0
    parameters["linear_1.bias"].value[...] = 0
    parameters["linear_2.weight"].value[...] = 3e38
    parameters["linear_2.weight"].value[target] = -3e38
    parameters["linear_2.bias"].value[...] = 0


def test_a_backward_pass_that_overflows_is_named():
    model = Sequential([Linear(3, 4, key=Key(0)), Linear(4, 10, key=Key(0))])
    blow_up_backwards(model, 7)
    with np.errstate(all="ignore"):
        found = find_non_finite(model, LOSS, inputs()[:1], np.array([7]), Key(0)).words
    assert found == "the first infinity is in the gradient of the inputs of linear_2"


def test_a_prediction_has_no_backward_pass():
    model = network()
    assert look(model, key=None) == "the sum of finite numbers is too large"


def test_within_a_residual_the_outer_layer_is_named():
    inner = Linear(3, 3, key=Key(0))
    inner.weight.value[...] = 3e38
    model = Sequential([Sigmoid(), Residual(inner), Linear(3, 2, key=Key(0))])
    assert look(model) == "the first infinity is in the outputs of residual_1"


def test_large_but_finite_numbers_are_let_through():
    here = trainer(epochs=1)
    here.engine.model.parameters()["linear_2.bias"].value[...] = [1e30, *[-1e30] * 9]
    assert len(list(here)) == 5


@pytest.mark.parametrize("layer", ["linear_1", "linear_2"])
def test_training_stops_at_that_step_and_changes_nothing(layer):
    here = trainer(epochs=1)
    records = iter(here)
    next(records)
    parameters = here.engine.model.parameters()
    parameters[f"{layer}.bias"].value[...] = np.inf
    before = here.state()
    position = here.position
    with pytest.raises(
        NonFiniteError,
        match=rf"^Step 2 gave .*the first infinity is in bias of {layer}, at \[0\]\. "
        r"Earlier checkpoints are intact; try a learning rate below 0\.1",
    ) as error:
        next(records)
    assert error.value.exit_code == 4
    assert here.position == position
    for name, array in here.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_gradient_alone_stops_it_too():
    layers = [
        {"name": "flatten"},
        {"name": "linear", "out_features": 4},
        {"name": "linear", "out_features": 10},
    ]
    here = trainer(TRAIN.take(np.arange(1)), layers=layers)
    blow_up_backwards(here.engine.model, int(TRAIN.targets[0]))
    before = here.state()
    with pytest.raises(NonFiniteError, match=r"Step 1 .*gradient of the inputs of lin"):
        next(iter(here))
    for name, array in here.state().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("part", ["weight", "bias"])
def test_the_learning_rate_is_no_cause_before_the_first_update(part):
    here = trainer(epochs=1)
    here.engine.model.parameters()[f"linear_1.{part}"].value.flat[0] = np.nan
    with pytest.raises(
        NonFiniteError,
        match=rf"^Step 1 .* NaN is in {part} of linear_1.* the learning rate is not "
        "the cause: check the initial values",
    ) as error:
        next(iter(here))
    assert "clip_norm" not in str(error.value)
    assert error.value.details["updates"] == 0


def test_the_search_changes_nothing():
    layers = [{"name": "flatten"}, {"name": "batch_norm1d"}]
    here = trainer(layers=[*layers, {"name": "linear", "out_features": 10}])
    before = here.state()
    rows = np.arange(8)
    batch = Batch(TRAIN.images, TRAIN.targets, rows, rows)
    non_finite_error(here, batch, 1)
    for name, array in here.state().items():
        np.testing.assert_array_equal(array, before[name])


# Detection in whole runs, on both engines (R15).

LENET = {"name": "lenet", "activation": "relu", "pooling": "max"}
PICTURES = {
    "name": "digits",
    "image_size": [28, 28],
    "train_count": 48,
    "validation": 20,
}
PARTS = ("weight", "bias")
CASES = [  # a uniformly large bias of the last layer changes no probability
    pytest.param(model, dataset, f"{layer}.{part}", bad, id=f"{layer}.{part}-{bad}")
    for model, dataset, layers in (
        (MLP, DIGITS, ("linear_1", "linear_2")),
        (LENET, PICTURES, ("conv2d_1", "conv2d_2")),
    )
    for layer in layers
    for part in PARTS
    for bad in (np.nan, np.inf, 3e38)
    if (layer, part, bad) != ("linear_2", "bias", 3e38)
]


@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize(("model", "dataset", "name", "bad"), CASES)
def test_it_stops_at_that_step_and_says_everything(
    tmp_path, engine, bad, model, dataset, name
):
    training = {"epochs": 1, "batch_size": 16, "checkpoint_seconds": 0}
    config = small(engine=engine, model=model, dataset=dataset, training=training)
    run = start(config, tmp_path / "run")
    records = iter(run)
    for _ in range(2):
        next(records)
    saved = final_bits(tmp_path / "run")
    value = run.trainer.engine.model.parameters()[name].value
    if np.isfinite(bad):
        value[...] = bad  # a single one might not overflow
    else:
        value.flat[-1] = bad
    with pytest.raises(NonFiniteError, match=r"^Step 3 gave ") as error:
        next(records)
    assert error.value.exit_code == 4
    layer, parameter = name.split(".")
    details = error.value.details
    if np.isfinite(bad):
        assert details["place"].startswith("the first ")
        assert len(details["images"]) <= 16
    else:
        kind = "NaN" if np.isnan(bad) else "infinity"
        assert details["place"] == f"the first {kind} is in {parameter} of {layer}"
        assert details["index"] == [size - 1 for size in value.shape]
    assert details["step"] == 3
    assert len(details["batch"]) == 16
    assert details["ranges"][-1]["not_finite"] > 0
    assert all(row["not_finite"] == 0 for row in details["ranges"][:-1])
    assert final_bits(tmp_path / "run")[:2] == saved[:2]
    written = json.loads((tmp_path / "run" / "non_finite.json").read_text())
    assert written["place"] == details["place"]
    assert [line["step"] for line in written["last_records"]] == [1, 2]
    assert resume(tmp_path / "run").trainer.position.step == 2


@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_learning_rate_beyond_reason_is_stopped(tmp_path, engine, optimizer):
    table = {"name": optimizer, "learning_rate": 1e38}
    run = start(small(engine=engine, optimizer=table), tmp_path / "run")
    with pytest.raises(NonFiniteError, match=r"^Step [2-4] gave .* below 1e\+38"):
        list(run)


def test_the_images_are_named_by_their_number_in_the_training_set():
    here = trainer(epochs=1)
    rows = here.batches(1)[0]
    here.engine.model.parameters()["linear_1.weight"].value[...] = 3e38
    with pytest.raises(
        NonFiniteError, match=r"of images \d+, \d+.* and \d+ more"
    ) as error:
        next(iter(here))
    assert error.value.details["batch"] == rows.tolist()
    assert set(error.value.details["images"]) <= set(rows.tolist())


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_extreme_logits_stay_finite(tmp_path, engine):
    training = {"epochs": 1, "batch_size": 40, "clip_norm": 1.0}
    run = start(small(engine=engine, training=training), tmp_path / "run")
    bias = run.trainer.engine.model.parameters()["linear_2.bias"]
    bias.value[...] = [1e4, -1e4] * 5
    records = list(run)
    assert all(np.isfinite(record.gradient_norm) for record in records[:-1])
    assert records[0].loss > 1e3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_stay_finite_through_the_loss(dtype):
    logits = np.array([[1e4, -1e4, 0], [-1e4, -1e4, 1e4]], dtype=dtype)
    for targets in ([0, 2], [1, 0], [2, 1]):
        loss, cache = LOSS.forward(logits, np.array(targets))
        assert np.isfinite(loss)
        gradient = LOSS.backward(cache)
        assert np.isfinite(gradient).all()
        np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-6)


# A non-finite value from each kind of layer, in the forward and the backward pass.

PIXELS = [
    {"name": "conv2d", "out_channels": 3, "kernel_size": 3},
    {"name": "batch_norm2d"},
    {"name": "relu"},
    {"name": "max_pool2d", "kernel_size": 2},
    {"name": "leaky_relu"},
    {"name": "average_pool2d", "kernel_size": 2},
    {"name": "gelu"},
    {"name": "silu"},
    {"name": "flatten"},
    {"name": "linear", "out_features": 6},
    {"name": "batch_norm1d"},
    {"name": "sigmoid"},
    {"name": "dropout", "rate": 0.3},
    {"name": "linear", "out_features": 6},
    {"name": "tanh"},
    {"name": "linear", "out_features": 10},
]


def of_all_kinds():
    return from_layers(layers=PIXELS, input_shape=(1, 14, 14), classes=10)


def spoilt(method, place, bad):
    """Wrap a method so that its output array contains one bad number."""

    def call(*arguments, **options):
        values, rest = method(*arguments, **options)
        values = np.array(values)
        values.flat[place % values.size] = bad
        return values, rest

    return call


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("way", ["forward", "backward"])
@pytest.mark.parametrize("name", list(of_all_kinds().layers))
def test_a_bad_number_of_any_kind_of_layer_is_named(name, way, bad):
    model = of_all_kinds()
    layer = model.layers[name]
    setattr(layer, way, spoilt(getattr(layer, way), 17, bad))
    values = np.linspace(0, 1, 2 * 196, dtype=np.float32).reshape(2, 1, 14, 14)
    what = {"forward": "outputs", "backward": "gradient of the inputs"}[way]
    kind = "NaN" if np.isnan(bad) else "infinity"
    assert look(model, values) == f"the first {kind} is in the {what} of {name}"
