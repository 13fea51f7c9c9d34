"""Pickles and copies go on as the original does, and share no memory with it."""

import copy
import pickle
from inspect import isfunction

import numpy as np
import pytest

from engine.networks import (
    FLATTEN,
    NETWORKS,
    Settings,
    cpu_engine,
    layer,
    linear,
    network,
)
from engine.test_cpu import assert_same_bits, plain_engine
from handgrad import augmentation, layers, losses, models, optimizers, schedules
from handgrad.augmentation import Cutout, RandomCrop, RandomFlip
from handgrad.catalog import AUGMENTATIONS, OPTIMIZERS
from handgrad.datasets.dataset import Split
from handgrad.engine.prediction import predictor
from handgrad.losses import L2, MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam
from handgrad.randomness import Key
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer import Trainer


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


NEEDING = ("random_crop", "cutout")  # an argument
COPIES = {"pickle": pickled, "deepcopy": copy.deepcopy}
ENGINES = {"cpu": cpu_engine, "plain": plain_engine}
SCHEDULES = {
    "constant": schedules.constant(0.1),
    "step_decay": schedules.step_decay(0.1, every=2),
    "cosine": schedules.cosine(0.1, steps=9),
    "one_cycle": schedules.one_cycle(0.1, steps=9),
    "reschedule": schedules.reschedule(abs, after=1, steps=9, end=4),
    "warm_up": schedules.warm_up(schedules.cosine(0.1, steps=9), steps=3),
}
VALUES = {
    **{f"schedule {name}": each for name, each in SCHEDULES.items()},
    "scheduled": SGD(SCHEDULES["one_cycle"], momentum=0.9),
    **{name: rule(0.1) for name, rule in OPTIMIZERS.items()},
    "cross entropy": SoftmaxCrossEntropy(0.1),
    "svm": MulticlassSVM(),
    "squared": MeanSquaredError(),
    "L2": L2(0.1),
    "crop": RandomCrop(2),
    "flip": RandomFlip(),
    "cutout": Cutout(3),
    **{name: AUGMENTATIONS[name]() for name in sorted({*AUGMENTATIONS} - {*NEEDING})},
    "key": Key(3).child("a").at(4, np.arange(3)),
    "settings": TrainingSettings(epochs=3),
}


@pytest.fixture(params=COPIES)
def copied(request):
    return COPIES[request.param]


@pytest.mark.parametrize("name", VALUES)
def test_values(name, copied):
    assert (
        repr(copied(VALUES[name])).split(" at 0x")[0]
        == repr(VALUES[name]).split(" at 0x")[0]
    )


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_give_the_same_rates(name, copied):
    found = copied(SCHEDULES[name])
    steps = range(1, 12)
    assert [*map(found, steps)] == [*map(SCHEDULES[name], steps)]


def test_every_class_that_is_exported_has_a_row():
    """Layers are in the networks below; abstract classes cannot be made."""
    named = {type(value).__name__ for value in VALUES.values()}
    exported = {*optimizers.__all__, *losses.__all__, *augmentation.__all__}
    kinds = {name for name in exported if name[0].isupper()}
    assert kinds - named <= {"Optimizer", "Loss", "Augmentation", "State"}
    assert set(schedules_of()) == set(SCHEDULES)


def schedules_of():
    own = {name: each for name, each in vars(schedules).items() if isfunction(each)}
    places = {name: each.__module__ for name, each in own.items() if name[0] != "_"}
    here = {name for name, place in places.items() if place == schedules.__name__}
    return here - {"check_schedule"}


WITHOUT_KERNELS = network(
    *(layer(name) for name in ("relu6", "elu", "hardsigmoid", "hardswish")),
    layer("concatenate", branches=[[layer("group_norm", groups=1)], [layer("relu")]]),
    *(layer("multiply", body=[layer("sigmoid")]), FLATTEN, layer("layer_norm")),
    linear(4),
)
ALL = {**NETWORKS, "layers without kernels": WITHOUT_KERNELS}


@pytest.mark.parametrize("name", ALL)
def test_networks_before_their_weights_are_drawn_and_after(name, copied):
    for is_drawn in (False, True):
        model = ALL[name].model()
        if is_drawn:
            images = ALL[name].images(3).astype(np.float32)
            model.forward(images)
        twin = copied(model)
        for key, parameter in model.parameters().items():
            np.testing.assert_array_equal(twin.parameters()[key].value, parameter.value)
            assert not np.shares_memory(twin.parameters()[key].value, parameter.value)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("steps", [0, 3])
def test_an_engine_goes_on_with_the_same_bits(kind, steps, copied):
    network = NETWORKS["batch norm of rows"]
    engine = ENGINES[kind](network, Settings(optimizer=Adam(0.01), clip_norm=0.5))
    for step in range(1, steps + 1):
        engine.train_step(network.batch(70, seed=step), step)
    if steps:
        engine.logits(network.images(3))
    twin = copied(engine)
    assert_same_bits(twin.state(), engine.state())
    before = engine.state()
    for step in range(steps + 1, steps + 4):
        twin.train_step(network.batch(70, seed=step), step)
    assert_same_bits(engine.state(), before)  # nothing is shared
    for step in range(steps + 1, steps + 4):
        engine.train_step(network.batch(70, seed=step), step)
    assert_same_bits(twin.state(), engine.state())
    images = network.images(9)
    np.testing.assert_array_equal(twin.logits(images), engine.logits(images))
    weight = twin.model.parameters()["linear_1.weight"]
    weight.value = np.zeros_like(weight.value)  # a copy follows assignments, too
    assert (twin.logits(images) != engine.logits(images)).any()


def test_an_engine_with_an_optimizer_of_the_users_own(copied):
    network = NETWORKS["perceptron"]
    engine = cpu_engine(network, Settings(optimizer=Own(0.1, momentum=0.9)))
    engine.train_step(network.batch(70), 1)
    twin = copied(engine)
    for each in (engine, twin):
        each.train_step(network.batch(70), 2)
    assert_same_bits(twin.state(), engine.state())


class Own(SGD):
    """An optimizer of the user's own runs by its own update."""


def test_a_program_is_lowered_anew(copied):
    network = NETWORKS["lenet"]
    program = predictor(network.model(), network.shape, network.normalization, 2)
    images = network.images(40)
    expected = program.logits(images)
    twin = copied(program)
    np.testing.assert_array_equal(twin.logits(images), expected)
    for parameter in twin.bound.model.parameters().values():
        parameter.value[...] = 0
    np.testing.assert_array_equal(program.logits(images), expected)


def trainer(engine):
    images = np.arange(60 * 64).reshape(60, 1, 8, 8).astype(np.uint8)
    split = Split(images, (np.arange(60) % 10).astype(np.int64))
    model = models.mlp(input_shape=(1, 8, 8), hidden_sizes=[8])
    return Trainer.for_model(
        model,
        split,
        split,
        loss=SoftmaxCrossEntropy(),
        optimizer=Adam(schedules.one_cycle(0.01, steps=15)),
        settings=TrainingSettings(epochs=3, batch_size=16),
        engine=engine,
        augmentation=[RandomCrop(1)],
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("steps", [0, 5])
def test_a_trainer_goes_on_with_the_same_bits(engine, steps, copied):
    original = trainer(engine)
    original.between = lambda: None  # a callback of the caller's is not copied
    for record, _ in zip(original, range(steps), strict=False):
        del record
    twin = copied(original)
    for each in (original, twin):
        for record in each:
            del record
    assert original.position == twin.position
    assert_same_bits(twin.state(), original.state())


def test_all_layers_are_in_these_networks():
    kinds = {type(layer).__name__ for n in ALL.values() for layer in within(n)}
    abstract = {"Layer", "Sequential"}
    assert {n for n in layers.__all__ if n[0].isupper()} - abstract <= kinds


def within(network):
    from handgrad.engine.watch import all_layers

    return all_layers(network.model())
