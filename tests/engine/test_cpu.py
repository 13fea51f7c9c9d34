"""The CPU engine agrees with the plain layers: losses, gradients, states, bits."""

import gc
import threading
import time
import weakref
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handgrad.engine.plain import PlainEngine
from handgrad.errors import RunError
from handgrad.losses import L2, MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam, AdamW
from handgrad.parameter import Parameter
from handgrad.schedules import step_decay
from handgrad.starting_points import STARTING_POINTS, optimizer_named

from .agreement import assert_predicts
from .by_rows import BY_ROWS, SKINNY
from .networks import NETWORKS, SMOOTH, Settings, cpu_engine, networks
from .reference import distance_from_kinks, reference_step

LOSSES = {
    "cross entropy": SoftmaxCrossEntropy(),
    "smoothed cross entropy": SoftmaxCrossEntropy(label_smoothing=0.1),
    "svm": MulticlassSVM(),
    "squared": MeanSquaredError(),
}
OPTIMIZERS = {
    **{
        name: partial(optimizer_named, name, 0.01, weight_decay=1e-3)
        for name in STARTING_POINTS
    },
    "no decay": lambda: SGD(0.1),
    "adamw, scheduled": lambda: AdamW(
        step_decay(0.05, every=1, factor=0.25), weight_decay=0.5
    ),
}
MIXED = NETWORKS["strides and pairs"]


def values_of(engine):
    """The engine's parameters where they stand."""
    return {name: p.value for name, p in engine.model.parameters().items()}


def assert_steps_agree(network, setting, counts):
    """Steps of these sizes, each held to float64 from the same parameters."""
    engine = cpu_engine(network, setting, keep=True)
    for step, count in enumerate(counts, 1):
        batch = network.batch(count, seed=step)
        values = values_of(engine)
        near = distance_from_kinks(network, setting, values, batch, step)
        expected = reference_step(network, setting, values, batch, step)
        result = engine.train_step(batch, step)
        if near < 1:
            continue
        expected.assert_agrees(result, engine.training.gradients())


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradients_are_the_plain_layers(name):
    assert_steps_agree(NETWORKS[name], Settings(), (70, 1, 33))


SMALL_BATCHES = {
    "skinny": SKINNY["softmax regression"],
    "rows": BY_ROWS["odd hidden outputs"],
    "columns": NETWORKS["deep"],
    "pictures": NETWORKS["average pooling"],
}


@pytest.mark.parametrize("size", [1, 20, 33, 64])
@pytest.mark.parametrize("name", SMALL_BATCHES)
def test_small_batches_have_tiles_of_their_own(name, size):
    """Several steps: a tile that looked at its neighbour would see the last step's."""
    chosen, setting = SMALL_BATCHES[name], Settings()
    engine = cpu_engine(chosen, setting, batch_size=size, keep=True)
    for step in (1, 2, 3):
        batch, values = chosen.batch(size, seed=step), values_of(engine)
        expected = reference_step(chosen, setting, values, batch, step)
        result = engine.train_step(batch, step)
        expected.assert_agrees(result, engine.training.gradients())


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_agrees(loss):
    assert_steps_agree(MIXED, Settings(loss=LOSSES[loss]), (65, 1))


@settings(max_examples=25)
@given(network=networks(), count=st.integers(1, 70), loss=st.sampled_from([*LOSSES]))
def test_random_networks_agree(network, count, loss):
    assert_random_network_agrees(network, count, loss)


@pytest.mark.nightly
@settings(max_examples=500)
@given(network=networks(), count=st.integers(1, 70), loss=st.sampled_from([*LOSSES]))
def test_many_random_networks_agree(network, count, loss):
    assert_random_network_agrees(network, count, loss)


def assert_random_network_agrees(network, count, loss):
    setting = Settings(loss=LOSSES[loss])
    engine = cpu_engine(network, setting, keep=True)
    batch, values = network.batch(count), values_of(engine)
    case = (network, setting, values, batch, 1)
    assume(distance_from_kinks(*case, follows_norms=True) > 1)
    expected = reference_step(*case, follows_norms=True)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())
    assert_predicts(engine, network)


def plain_engine(network, setting):
    """The plain layers of the same network."""
    return PlainEngine(
        network.model(),
        setting.loss,
        setting.optimizer,
        network.normalization,
        input_shape=network.shape,
        seed=setting.seed,
        l2=setting.l2,
        clip_norm=setting.clip_norm,
    )


@pytest.mark.parametrize("l2", [None, L2(0.1), L2(0.01, factor=1.0)])
@pytest.mark.parametrize("clip_norm", [None, 0.05, 1e6])
def test_l2_and_clipping_are_the_plain_engines(l2, clip_norm):
    """Three steps downhill differ by little more than the roundings of one."""
    setting = Settings(l2=l2, clip_norm=clip_norm)
    fast, plain = cpu_engine(MIXED, setting), plain_engine(MIXED, setting)
    for step in (1, 2, 3):
        batch = MIXED.batch(70, seed=step)
        found, expected = fast.train_step(batch, step), plain.train_step(batch, step)
        assert found.loss == pytest.approx(expected.loss, rel=2e-6)
        assert found.correct == expected.correct
        if clip_norm is None:
            assert found.gradient_norm is None
        else:
            assert found.gradient_norm == pytest.approx(
                expected.gradient_norm, rel=1e-5
            )
    state = fast.state()
    for name, value in plain.state().items():
        np.testing.assert_allclose(state[name], value, rtol=0, atol=4e-6, err_msg=name)


@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("rule", sorted({*OPTIMIZERS} - {"muon"}))
def test_an_optimizer_moves_by_the_plain_rule_to_the_bit(rule, clip_norm):
    """The plain optimizer, given the engine's own gradients, says the same bits."""
    setting = Settings(optimizer=OPTIMIZERS[rule](), clip_norm=clip_norm)
    engine = cpu_engine(MIXED, setting, keep=True)
    plain = OPTIMIZERS[rule]()
    if not isinstance(plain, AdamW):
        plain.weight_decay = 0.0  # the engine adds it to the gradient where it stands
    copies = {n: Parameter(v.copy()) for n, v in values_of(engine).items()}
    states = {n: plain.initial_state(p) for n, p in copies.items()}
    for step in (1, 2, 3, 4):
        engine.train_step(MIXED.batch(40, seed=step), step)
        gradients = engine.training.gradients()
        for name, copy in copies.items():
            plain.update(copy, gradients[name], states[name], step)
    state = engine.state()
    for name, copy in copies.items():
        np.testing.assert_array_equal(state[f"parameters/{name}"], copy.value)
        for key, array in states[name].items():
            np.testing.assert_array_equal(state[f"optimizer/{name}/{key}"], array)


def state_after(network, setting, workers, counts=(70, 70, 5)):
    """The state after some steps, with this many workers."""
    engine = cpu_engine(network, setting, workers=workers)
    for step, count in enumerate(counts, 1):
        engine.train_step(network.batch(count, seed=step), step)
    return engine.state()


def assert_same_bits(state, other):
    assert state.keys() == other.keys()
    for name, array in state.items():
        assert array.tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_workers_gives_the_same_bits(name):
    network, setting = NETWORKS[name], Settings()
    alone = state_after(network, setting, 1)
    for workers in (2, 3, 4):
        assert_same_bits(state_after(network, setting, workers), alone)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_any_number_of_workers_moves_alike(rule):
    setting = Settings(optimizer=OPTIMIZERS[rule](), l2=L2(0.01), clip_norm=0.5)
    alone = state_after(MIXED, setting, 1)
    for workers in (2, 3):
        assert_same_bits(state_after(MIXED, setting, workers), alone)


def test_a_step_repeats_from_its_state():
    setting = Settings(optimizer=Adam(0.01))
    engine = cpu_engine(NETWORKS["dropouts"], setting, workers=2)
    network = NETWORKS["dropouts"]
    engine.train_step(network.batch(70), 1)
    saved = engine.state()
    engine.train_step(network.batch(70, seed=1), 2)
    first = engine.state()
    other = cpu_engine(network, setting)
    other.restore(saved)
    other.train_step(network.batch(70, seed=1), 2)
    assert_same_bits(other.state(), first)


def test_a_state_is_a_copy_with_the_plain_engines_names():
    setting = Settings(optimizer=Adam(0.01))
    engine, plain = cpu_engine(MIXED, setting), plain_engine(MIXED, setting)
    state = engine.state()
    assert {n: a.shape for n, a in state.items()} == {
        n: a.shape for n, a in plain.state().items()
    }
    before = {name: array.copy() for name, array in state.items()}
    engine.train_step(MIXED.batch(9), 1)
    assert_same_bits(state, before)


def test_a_state_that_does_not_fit_changes_nothing():
    engine = cpu_engine(MIXED, Settings(optimizer=Adam(0.01)))
    before = engine.state()
    wrong = {name: array + 1 for name, array in before.items()}
    wrong.pop("optimizer/linear_1.bias/mean")
    with pytest.raises(RunError, match="holds no optimizer"):
        engine.restore(wrong)
    assert_same_bits(engine.state(), before)


def test_the_plain_layers_see_what_the_engine_has_learned():
    engine = cpu_engine(MIXED)
    before = {name: value.copy() for name, value in values_of(engine).items()}
    engine.train_step(MIXED.batch(9), 1)
    images = MIXED.images(5)
    plain, _ = engine.model.forward(MIXED.normalization.apply(images))
    np.testing.assert_allclose(engine.logits(images), plain, rtol=0, atol=1e-5)
    assert all((before[n] != value).any() for n, value in values_of(engine).items())


def test_an_engine_that_is_gone_has_no_threads():
    before = set(threading.enumerate())
    engine = cpu_engine(MIXED, workers=4)
    engine.train_step(MIXED.batch(70), 1)
    engine.logits(MIXED.images(40))
    own = set(threading.enumerate()) - before
    assert len(own) == 2 * 3  # of training and of prediction, beside the caller
    del engine
    gc.collect()
    end = time.monotonic() + 5
    while any(thread.is_alive() for thread in own) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(thread.is_alive() for thread in own)


@settings(max_examples=5)
@given(network=networks(activations=SMOOTH, norms=False), count=st.integers(1, 70))
def test_random_networks_train_alike(network, count):
    """Two steps of both engines, on networks without kinks."""
    if any(row["name"] == "max_pool2d" for row in network.rows):
        return
    setting = Settings(optimizer=SGD(0.01, momentum=0.9))
    fast, plain = cpu_engine(network, setting), plain_engine(network, setting)
    for step in (1, 2):
        batch = network.batch(count, seed=step)
        fast.train_step(batch, step)
        plain.train_step(batch, step)
    state = fast.state()
    for name, value in plain.state().items():
        bound = 1e-4 * max(1.0, float(np.abs(value).max()))
        np.testing.assert_allclose(state[name], value, rtol=0, atol=bound, err_msg=name)


def test_memory_and_threads_go_with_the_last_reference():
    """Without waiting for the garbage collector, which does not count megabytes."""
    net = NETWORKS["lenet"]
    gc.collect()
    gc.disable()
    try:
        engine = cpu_engine(net, Settings(optimizer=SGD(0.05, momentum=0.9)), workers=2)
        engine.train_step(net.batch(20), 1)
        engine.logits(net.images(3))
        parts = (engine.training, engine.prediction)
        held = [engine, *parts, *(part.program.memory for part in parts)]
        left = [weakref.ref(one) for one in held]
        del engine, parts, held
        assert [ref() for ref in left] == [None] * 5
    finally:
        gc.enable()
