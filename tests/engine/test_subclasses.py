"""A user's subclass of any public class runs as it is written, on both engines."""

import numpy as np
import pytest

from handgrad.engine.network_layers import layers_of
from handgrad.layers import BatchNorm1d, Linear, Sequential
from handgrad.losses import L2, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.randomness import Key

from .agreement import MIXED, agrees, assert_two_steps_agree, engines
from .altered import (
    LAYER_CLASSES,
    LOSS_CLASSES,
    OPTIMIZER_CLASSES,
    SCALE,
    AlteredL2,
    AlteredNetwork,
    WholeNetwork,
    altered_layer,
    altered_loss,
    altered_optimizer,
    as_subclass,
    in_place,
)
from .lowering.test_table import WITHOUT_KERNELS
from .networks import FLATTEN, Settings, cpu_engine, layer, linear, network
from .pairs import LAYERS, PLACES, networks_of

WAYS = {"subclass": as_subclass, "own methods": in_place}
PARTNERS = {  # beside which a layer stands
    "subclass": ("relu", "max_pool2d", "linear", "batch_norm2d"),
    "own methods": ("relu",),
}


def class_of(name):
    """The class that a row of the table makes."""
    place, made = next(iter(networks_of(name)))
    return type(list(made.model().layers.values())[len(PLACES[place][0])])


def altered_networks(name, way):
    """Networks with this layer altered, beside others that are fused with it."""
    alter = WAYS[way]
    for other in PARTNERS[way]:
        for names in ((name, other), (other, name)):
            for place, made in networks_of(*names):
                index = len(PLACES[place][0]) + names.index(name)
                yield AlteredNetwork(made.rows, made.shape, made.classes, index, alter)


def test_every_public_layer_with_kernels_is_in_the_table():
    """The others run by their own methods anyway."""
    others = WITHOUT_KERNELS - {"Sequential", "Softmax"}
    assert {class_of(name).__name__ for name in LAYERS} == set(LAYER_CLASSES) - others


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_ones_own_runs_as_it_is_written(name, way):
    seen = []
    for made in altered_networks(name, way):
        try:
            seen.append(agrees(made, predicts=True))
        except AssertionError as error:
            error.add_note(f"layer {made.place + 1} of {made.rows} altered")
            raise
    assert sum(seen) > 3


@pytest.mark.parametrize("name", LAYERS)
def test_an_altered_layer_can_be_told_from_the_original(name):
    """Or the test above could not fail."""
    made = next(altered_networks(name, "subclass"))
    plain = network(*made.rows, shape=made.shape, classes=made.classes)
    values = made.images(5).astype(np.float64)
    (ours, _), (theirs, _) = (m.model().forward(values) for m in (made, plain))
    assert np.abs(ours - theirs).max() > 1e-4


def assert_differs(setting, original):
    """The altered settings agree on both engines, and not with the original."""
    state, other = assert_two_steps_agree(setting), assert_two_steps_agree(original)
    assert max(np.abs(state[name] - other[name]).max() for name in state) > 1e-4


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LOSS_CLASSES)
def test_a_loss_of_ones_own_runs_as_it_is_written(name, way):
    make = LOSS_CLASSES[name]
    assert_differs(
        Settings(loss=WAYS[way](make(), altered_loss)), Settings(loss=make())
    )


@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", OPTIMIZER_CLASSES)
def test_an_optimizer_of_ones_own_runs_as_it_is_written(name, way, clip_norm):
    made = [OPTIMIZER_CLASSES[name](0.001) for _ in range(2)]
    own = WAYS[way](made[0], altered_optimizer)
    assert_differs(
        Settings(optimizer=own, clip_norm=clip_norm),
        Settings(optimizer=made[1], clip_norm=clip_norm),
    )


@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("has_own_optimizer", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_an_l2_term_of_ones_own_runs_as_it_is_written(
    way, has_own_optimizer, clip_norm
):
    own = WAYS[way](L2(0.1), lambda kind: AlteredL2)
    optimizer = SGD(0.1)
    if has_own_optimizer:
        optimizer = as_subclass(optimizer, altered_optimizer)
    assert_differs(
        Settings(l2=own, optimizer=optimizer, clip_norm=clip_norm),
        Settings(l2=L2(0.1), optimizer=optimizer, clip_norm=clip_norm),
    )


def test_an_optimizer_of_ones_own_moves_nothing_when_the_loss_is_not_finite():
    own = as_subclass(SGD(0.1), altered_optimizer)
    engine = cpu_engine(MIXED, Settings(optimizer=own))
    engine.train_step(MIXED.batch(9), 1)
    engine.model.parameters()["linear_1.bias"].value[0] = np.nan
    before = engine.state()
    assert not engine.train_step(MIXED.batch(9), 2).is_finite
    for name, array in engine.state().items():
        np.testing.assert_array_equal(array, before[name])


class Frozen(Linear):
    """A linear layer whose bias does not train."""

    def parameters(self):
        return {"weight": self.weight}


class OwnStatistics(BatchNorm1d):
    """Batch norm whose running mean counts the batches."""

    def forward(self, inputs, *, training=False, key=None):
        outputs, cache = super().forward(inputs, training=training, key=key)
        if training:
            self.running_mean.value = self.running_mean.value + np.float32(1)
        return outputs, cache


class Rebuilt(AlteredNetwork):
    """A network whose layer is of the class that `alter` names."""

    def model(self, seed=0):
        model = network(*self.rows, shape=self.shape, classes=self.classes).model(seed)
        layers = list(model.layers.values())
        layers[self.place].__class__ = self.alter
        return Sequential(layers)


@pytest.mark.parametrize(("place", "kind"), [(1, Frozen), (2, OwnStatistics)])
def test_parameters_and_buffers_of_ones_own_are_the_layers(place, kind):
    rows = (FLATTEN, linear(5), layer("batch_norm1d"), layer("tanh"), linear(4))
    state = assert_two_steps_agree(Settings(), Rebuilt(rows, place=place, alter=kind))
    if kind is Frozen:
        assert "parameters/frozen_1.bias" not in state
    else:
        assert np.abs(state["buffers/own_statistics_1.running_mean"]).min() > 1


def test_a_network_with_passes_of_its_own_runs_as_it_is_written():
    altered = WholeNetwork(
        (*MIXED.rows[:3], layer("dropout", rate=0.5), *MIXED.rows[3:]),
        MIXED.shape,
        MIXED.classes,
        alter=lambda model: as_subclass(model, altered_layer),
    )
    state = assert_two_steps_agree(Settings(), altered)
    original = network(*altered.rows, shape=altered.shape, classes=altered.classes)
    other = assert_two_steps_agree(Settings(), original)
    assert np.abs(state["parameters/linear_1.bias"]).max() != pytest.approx(
        np.abs(other["parameters/linear_1.bias"]).max(), rel=1e-3
    )
    fast, plain = engines(Settings(), altered)
    images = altered.images(40)
    np.testing.assert_allclose(fast.logits(images), plain.logits(images), atol=1e-5)


class Net(Sequential):
    """A network that only chooses its layers."""

    def __init__(self):
        key = Key(1)
        super().__init__([Linear(3, 2, key=key), Linear(2, 2, key=key.child("b"))])


def test_a_network_that_only_chooses_its_layers_is_lowered_layer_by_layer():
    assert [name for name, _ in layers_of(Net())] == ["linear_1", "linear_2"]


def test_the_altered_loss_is_the_loss_by_half_larger():
    logits, targets = np.eye(3, 4), np.arange(3)
    for make in (SoftmaxCrossEntropy, MulticlassSVM):
        loss, _ = as_subclass(make(), altered_loss).forward(logits, targets)
        assert loss == pytest.approx(SCALE * make().forward(logits, targets)[0])
