"""What a user changes between steps: both engines follow it, or say why not."""

import copy

import numpy as np
import pytest
import torch

from handgrad.engine.bound_model import BoundModel
from handgrad.engine.prediction import predictor
from handgrad.errors import ShapeError
from handgrad.layers import GELU, LeakyReLU, Linear, Tanh
from handgrad.losses import L2, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam
from handgrad.parameter import Parameter
from handgrad.randomness import Key

from .networks import (
    FLATTEN,
    NORM_ROWS,
    Settings,
    cpu_engine,
    layer,
    linear,
    network,
)
from .test_cpu import plain_engine

NETWORK = network(
    *(FLATTEN, linear(16), NORM_ROWS, layer("leaky_relu"), layer("dropout", rate=0.3)),
    *(layer("residual", body=[linear(16), layer("tanh")]), linear(4)),
    shape=(1, 4, 5),
)
KEY = Key(5)


def settings():
    loss = SoftmaxCrossEntropy(0.1)
    return Settings(loss=loss, optimizer=SGD(0.05, momentum=0.9), l2=L2(0.01))


def both():
    return cpu_engine(NETWORK, settings(), workers=2), plain_engine(NETWORK, settings())


def array(engine, name):
    return {**engine.model.parameters(), **engine.model.buffers()}[name]


def numbers(shape, dtype=np.float32):
    return np.linspace(-0.5, 0.5, int(np.prod(shape))).reshape(shape).astype(dtype)


def assign(name, dtype=np.float32):
    def change(engine):
        parameter = array(engine, name)
        parameter.value = numbers(parameter.shape, dtype)

    return change


def in_place(name):
    def change(engine):
        array(engine, name).value[...] = 0.25

    return change


def set_of_layer(name, attribute, value):
    return lambda engine: setattr(engine.model.layers[name], attribute, value)


def replace_parameter(engine):
    weight = Parameter(numbers((16, 20)))
    engine.model.layers["linear_1"].weight = weight


def replace_layer(engine):
    engine.model.layers["leaky_relu_1"] = Tanh()


def larger_layer(engine):
    layers = engine.model.layers
    layers["linear_2"] = Linear(16, 7, key=KEY.child("a"))
    layers["gelu_1"] = GELU()
    layers["linear_3"] = Linear(7, 4, key=KEY.child("b"))


def another_optimizer(engine):
    engine.optimizer = Adam(0.01, eps=0.01)


def remove_layer(engine):
    del engine.model.layers["residual_1"]


CHANGES = {
    "weight": assign("linear_1.weight"),
    "bias": assign("linear_2.bias"),
    "nested weight": assign("residual_1.body.linear_1.weight"),
    "scale": assign("batch_norm1d_1.weight"),
    "running mean": assign("batch_norm1d_1.running_mean"),
    "weight in place": in_place("linear_1.weight"),
    "running variance in place": in_place("batch_norm1d_1.running_var"),
    "dropout rate": set_of_layer("dropout_1", "rate", 0.6),
    "slope": set_of_layer("leaky_relu_1", "negative_slope", 0.3),
    "no slope": set_of_layer("leaky_relu_1", "negative_slope", 0),
    "batch norm momentum": set_of_layer("batch_norm1d_1", "momentum", 0.7),
    "batch norm eps": set_of_layer("batch_norm1d_1", "eps", 0.1),
    "nested layer": lambda engine: setattr(
        engine.model.layers["residual_1"], "body", Linear(16, 16, key=KEY)
    ),
    "another Parameter": replace_parameter,
    "another layer": replace_layer,
    "larger layers": larger_layer,
    "a layer less": remove_layer,
    "layers in a new dictionary": lambda engine: setattr(
        engine.model,
        "layers",
        {**engine.model.layers, "leaky_relu_1": LeakyReLU(0.5)},
    ),
    "momentum": lambda engine: setattr(engine.optimizer, "momentum", 0.2),
    "no momentum": lambda engine: setattr(engine.optimizer, "momentum", 0.0),
    "nesterov": lambda engine: setattr(engine.optimizer, "nesterov", True),
    "weight decay": lambda engine: setattr(engine.optimizer, "weight_decay", 0.1),
    "another optimizer": lambda engine: setattr(
        engine, "optimizer", Adam(0.01, eps=0.01)
    ),
    "clip norm": lambda engine: setattr(engine, "clip_norm", 0.01),
    "label smoothing": lambda engine: setattr(engine.loss, "label_smoothing", 0.4),
    "another loss": lambda engine: setattr(engine, "loss", MulticlassSVM()),
    "L2 strength": lambda engine: setattr(engine.l2, "strength", 0.5),
    "learning rate": lambda engine: setattr(engine.optimizer, "learning_rate", 0.5),
    "seed": lambda engine: setattr(engine, "seed", 77),
    "no L2": lambda engine: setattr(engine, "l2", None),
    "another L2": lambda engine: setattr(engine, "l2", L2(0.3, factor=1.0)),
}


def assert_agree(fast, plain, what):
    for name, value in plain.items():
        np.testing.assert_allclose(
            fast[name], value, rtol=0, atol=2e-5, err_msg=f"{what}: {name}"
        )


@pytest.mark.parametrize("name", CHANGES)
def test_both_engines_follow_a_change(name):
    fast, plain = both()
    images = NETWORK.images(40)
    for engine in (fast, plain):
        engine.train_step(NETWORK.batch(70, seed=1), 1)
        engine.logits(images)
    before = plain.state(), plain.logits(images)
    for engine in (fast, plain):
        CHANGES[name](engine)
    np.testing.assert_allclose(
        fast.logits(images), plain.logits(images), rtol=0, atol=2e-5
    )
    assert fast.state().keys() == plain.state().keys()
    assert_agree(fast.state(), plain.state(), "changed")
    for step in (2, 3):
        batch = NETWORK.batch(70, seed=step)
        found, expected = fast.train_step(batch, step), plain.train_step(batch, step)
        assert found.loss == pytest.approx(expected.loss, rel=1e-5)
    assert_agree(fast.state(), plain.state(), "trained")
    unchanged, _ = both()
    unchanged.restore(before[0])
    for step in (2, 3):
        unchanged.train_step(NETWORK.batch(70, seed=step), step)
    same = unchanged.state()
    assert any(
        name not in same
        or same[name].shape != value.shape
        or not np.allclose(same[name], value, rtol=0, atol=1e-4)
        for name, value in fast.state().items()
    ), "the change has no effect, so nothing was tested"


KINDS = {
    "float64": np.float64,
    "int64": np.int64,
    "float16": np.float16,
    "torch": torch.from_numpy,
    "masked": lambda values: np.ma.masked_array(values, mask=False),
    "read-only": lambda values: np.broadcast_to(values, values.shape),
}


@pytest.mark.parametrize("name", KINDS)
def test_an_array_of_another_kind_is_converted_and_left_alone(name):
    given = KINDS[name](np.arange(320).reshape(16, 20) % 3)
    kept = copy.copy(given)
    fast, plain = both()
    for engine in (fast, plain):
        array(engine, "linear_1.weight").value = given
        engine.train_step(NETWORK.batch(9), 1)
        value = array(engine, "linear_1.weight").value
        assert type(value) is np.ndarray
        assert value.dtype == np.float32
        np.testing.assert_array_equal(np.asarray(given), np.asarray(kept))
    assert_agree(fast.state(), plain.state(), "trained")


@pytest.mark.parametrize("name", ["linear_1.weight", "batch_norm1d_1.running_var"])
@pytest.mark.parametrize("kind", [0, 1])
def test_a_wrong_shape_is_refused_until_it_is_put_right(name, kind):
    engine = both()[kind]
    engine.train_step(NETWORK.batch(9), 1)
    parameter = array(engine, name)
    right = parameter.value
    parameter.value = numbers((3, 3))
    for use in (
        lambda: engine.train_step(NETWORK.batch(9), 2),
        lambda: engine.logits(NETWORK.images(2)),
        engine.state,
    ):
        with pytest.raises(ShapeError, match=f"^{name} of "):
            use()
    parameter.value = right
    engine.train_step(NETWORK.batch(9), 2)


def test_layers_that_do_not_fit_are_refused():
    for engine in both():
        engine.train_step(NETWORK.batch(9), 1)
        engine.model.layers["linear_2"] = Linear(5, 4)
        with pytest.raises(ShapeError, match="linear_2"):
            engine.train_step(NETWORK.batch(9), 2)
        with pytest.raises(ShapeError, match="linear_2"):
            engine.logits(NETWORK.images(2))


def test_two_engines_over_one_model_see_each_others_steps():
    one, reference = cpu_engine(NETWORK, settings()), cpu_engine(NETWORK, settings())
    other = cpu_engine(NETWORK, settings())
    other.model = one.model  # both move the same parameters
    alone = predictor(one.model, NETWORK.shape, NETWORK.normalization, 1)
    for step in (1, 2, 3, 4):
        batch, images = NETWORK.batch(70, seed=step), NETWORK.images(20)
        engine = one if step % 2 else other
        states = {k: v for k, v in one.state().items() if k.startswith("optimizer/")}
        if engine is other:
            states = {k: v for k, v in other.state().items() if k in states}
        model = {k: v for k, v in one.state().items() if k not in states}
        reference.restore(model | states)
        reference.train_step(batch, step)
        engine.train_step(batch, step)
        expected = reference.logits(images)
        for each in (one, other, alone):
            np.testing.assert_array_equal(each.logits(images), expected)


def test_a_version_counts_changes_of_layers_only():
    engine, _ = both()
    bound = BoundModel(engine.model)
    assign("linear_1.weight")(engine)
    bound.refresh()
    assert (bound.version, bound.updates) == (0, 1)
    CHANGES["slope"](engine)
    bound.refresh()
    bound.refresh()
    assert (bound.version, bound.updates) == (1, 1)


class Sized(Linear):
    """A layer of the user's own, whose weight may take another shape."""


def test_a_layer_of_the_users_own_may_change_the_shape_of_its_parameters():
    engine, _ = both()
    own = Sized(16, 4, key=KEY)
    engine.model.layers["linear_2"] = own
    engine.train_step(NETWORK.batch(9), 1)
    own.weight.value, own.in_features = numbers((4, 16)), 16
    own.bias.value = numbers((1,))  # broadcast by the layer's own forward
    plain, _ = engine.model.forward(NETWORK.normalization.apply(NETWORK.images(3)))
    found = engine.logits(NETWORK.images(3))
    np.testing.assert_allclose(found, plain, rtol=0, atol=1e-5)
