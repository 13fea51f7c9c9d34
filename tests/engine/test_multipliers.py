"""Learning-rate multipliers of parameters, and layers frozen by a multiplier of 0."""

import copy

import numpy as np
import pytest

from handgrad.engine.network_layers import frozen_count, layers_of
from handgrad.engine.plain import PlainEngine
from handgrad.losses import L2
from handgrad.optimizers import SGD, Adam, AdamW
from handgrad.randomness import Key

from .by_rows import BY_ROWS
from .networks import FLATTEN, NETWORKS, RELU, Settings, conv, linear, network
from .networks import cpu_engine as cpu_engine_of
from .test_cpu import assert_same_bits
from .test_parameters import Doubled

NORMED = NETWORKS["batch norm of pictures"]
FROZEN = {  # networks, and how many layers with parameters are frozen
    "lenet": (NETWORKS["lenet"], 2),
    "linear before linear": (NETWORKS["linear after linear"], 1),
    "rows": (BY_ROWS["odd hidden outputs"], 1),
    "a convolution before its batch norm": (NORMED, 1),
    "a convolution with its batch norm": (NORMED, 2),
    "two convolutions": (NORMED, 4),
    "winograd": (NETWORKS["many channels, batch norm"], 2),
    "residual": (NETWORKS["residual"], 2),
    "dropout of pictures": (NETWORKS["dropout of pictures"], 1),
    "dropout of rows": (NETWORKS["dropouts"], 2),
    "softmax between": (NETWORKS["softmax between"], 1),
    "everything": (NETWORKS["lenet"], 5),
}


def mark(engine, frozen, multiplier=1.0):
    """Freeze the first layers with parameters; multiply the rates of the others."""
    owners = [layer for _, layer in layers_of(engine.model) if layer.parameters()]
    for place, layer in enumerate(owners):
        for parameter in layer.parameters().values():
            value = 0.0 if place < frozen else multiplier
            parameter.learning_rate_multiplier = value
    return engine


def cpu_engine(net, settings=None, frozen=0, multiplier=1.0, **options):
    return mark(cpu_engine_of(net, settings, **options), frozen, multiplier)


def plain_engine(net, settings=None, frozen=0, multiplier=1.0):
    given = settings or Settings()
    engine = PlainEngine(
        net.model(),
        given.loss,
        given.optimizer,
        net.normalization,
        input_shape=net.shape,
        seed=given.seed,
        l2=given.l2,
        clip_norm=given.clip_norm,
    )
    return mark(engine, frozen, multiplier)


def train(engine, net, steps=3):
    """Three steps; the results of all."""
    return [
        engine.train_step(net.batch(70, seed=step), step)
        for step in range(1, steps + 1)
    ]


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_layers_stay_and_the_others_train_as_on_fixed_features(name):
    """Independent reference: the layers after them, trained on their predictions."""
    net, frozen = FROZEN[name]
    setting = Settings(optimizer=SGD(0.1, momentum=0.9, weight_decay=0.1), l2=L2(0.01))
    engine = cpu_engine(net, setting, frozen)
    before = copy.deepcopy(engine.model)
    results = train(engine, net)
    layers = layers_of(before)
    count = frozen_count(layer for _, layer in layers_of(engine.model))
    states = {}
    for step, result in enumerate(results, 1):
        batch = net.batch(70, seed=step)
        values = net.normalization.apply(batch.pictures())
        for _, layer in layers[:count]:
            values, _ = layer.forward(values)
        key = Key(setting.seed).child("dropout").at(step, batch.examples)
        caches = {}
        for part, layer in layers[count:]:
            values, caches[part] = layer.forward(
                values, training=True, key=key.child(part)
            )
        trained = {
            f"{part}.{own}": parameter
            for part, layer in layers[count:]
            for own, parameter in layer.parameters().items()
        }
        loss, cache = setting.loss.forward(values, batch.targets[batch.rows])
        assert result.loss == pytest.approx(
            loss + setting.l2.penalty(trained), rel=1e-4
        )
        gradient, found = setting.loss.backward(cache), {}
        for part, layer in reversed(layers[count:]):
            gradient, own = layer.backward(gradient, caches[part])
            found |= {f"{part}.{each}": value for each, value in own.items()}
        extra = setting.l2.gradients(trained)
        for each, parameter in trained.items():
            state = states.setdefault(each, setting.optimizer.initial_state(parameter))
            total = found[each] + extra.get(each, 0)
            setting.optimizer.update(parameter, total, state, step)
    expected = {**before.parameters(), **before.buffers()}
    now = {**engine.model.parameters(), **engine.model.buffers()}
    start = net.model()
    for each, array in now.items():
        np.testing.assert_allclose(
            array.value, expected[each].value, rtol=1e-3, atol=1e-4, err_msg=each
        )
    for part, layer in layers_of(engine.model)[:count]:
        still = dict(layers_of(start))[part]
        for own, array in {**layer.parameters(), **layer.buffers()}.items():
            kept = {**still.parameters(), **still.buffers()}[own]
            np.testing.assert_array_equal(array.value, kept.value)


OPTIMIZERS = {
    "sgd": SGD(0.1, momentum=0.9, weight_decay=0.1),
    "adam": Adam(0.01, eps=0.1),  # biases before batch norm have gradients of rounding
    "adamw": AdamW(0.01, eps=0.1, weight_decay=0.5),
    "own": Doubled(0.1, momentum=0.5),
}


@pytest.mark.parametrize("frozen", [0, 3])
@pytest.mark.parametrize("clip_norm", [None, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_both_engines_agree(name, clip_norm, frozen):
    l2 = L2(0.05) if clip_norm is None else OwnL2(0.05)
    setting = Settings(optimizer=OPTIMIZERS[name], clip_norm=clip_norm, l2=l2)
    plain = plain_engine(NORMED, setting, frozen, 0.1)
    fast = cpu_engine(NORMED, setting, frozen, 0.1)
    for one, other in zip(train(plain, NORMED), train(fast, NORMED), strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)
        if clip_norm is not None:
            assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-3)
    for each, array in plain.state().items():
        np.testing.assert_allclose(
            array, fast.state()[each], rtol=1e-3, atol=1e-4, err_msg=each
        )


class OwnL2(L2):
    """A term that the engine computes by its own methods."""


def test_a_multiplier_is_another_learning_rate():
    net = network(FLATTEN, linear(6), RELU, linear(4))
    slow = cpu_engine(net, Settings(optimizer=AdamW(0.1, weight_decay=0.1)), 0, 0.25)
    same = cpu_engine(net, Settings(optimizer=AdamW(0.025, weight_decay=0.1)))
    train(slow, net)
    train(same, net)
    assert_same_bits(slow.state(), same.state())


def test_the_number_of_workers_does_not_change_the_bits():
    setting = Settings(optimizer=Adam(0.01), clip_norm=1.0)
    states = []
    for workers in (1, 3):
        engine = cpu_engine(NORMED, setting, 2, 0.5, workers=workers)
        train(engine, NORMED)
        states.append(engine.state())
    assert_same_bits(*states)


@pytest.mark.parametrize("make", [plain_engine, cpu_engine])
def test_layers_may_be_frozen_and_released_between_steps(make):
    engine, net = make(NORMED), NORMED
    engine.train_step(net.batch(70), 1)
    state = engine.state()
    mark(engine, 2)
    engine.train_step(net.batch(70), 2)
    moved = {n for n, a in engine.state().items() if not np.array_equal(a, state[n])}
    assert not any("_1." in n and "linear" not in n for n in moved)
    assert any("conv2d_2" in n for n in moved)
    mark(engine, 0)
    engine.train_step(net.batch(70), 3)
    state_now = engine.state()
    assert all(not np.array_equal(state_now[n], state[n]) for n in moved)
    assert not np.array_equal(
        state_now["parameters/conv2d_1.weight"], state["parameters/conv2d_1.weight"]
    )


def test_a_frozen_layer_after_a_trained_one_only_keeps_its_values():
    net = network(conv(3, 2), RELU, FLATTEN, linear(6), linear(4))
    plain, fast = plain_engine(net), cpu_engine(net)
    for engine in (plain, fast):
        for part in engine.model.layers["linear_1"].parameters().values():
            part.learning_rate_multiplier = 0
        train(engine, net)
    before = net.model().parameters()
    for each, parameter in plain.model.parameters().items():
        other = fast.model.parameters()[each].value
        np.testing.assert_allclose(parameter.value, other, rtol=1e-4, atol=1e-5)
        is_same = np.array_equal(other, before[each].value)
        assert is_same == each.startswith("linear_1.")


def test_frozen_layers_need_no_backward_pass_and_no_memory_for_gradients():
    whole, part = cpu_engine(NETWORKS["lenet"]), cpu_engine(NETWORKS["lenet"], None, 2)
    kernels = [
        {name for name in _stands_for(engine) if "conv2d" in name and " d_" in name}
        for engine in (whole, part)
    ]
    assert kernels[0]
    assert not kernels[1]
    sizes = [engine.planned_bytes(70).roles["gradients"] for engine in (whole, part)]
    assert sizes[1] < sizes[0]


def _stands_for(engine):
    return [
        operation.stands_for
        for phase in engine.training.program.phases
        for task in phase.tasks
        for operation in task.operations
    ]
