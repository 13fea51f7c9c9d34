"""Three ways to change the images of a batch, and the same images in each."""

import numpy as np
import pytest

from handgrad import augmentation
from handgrad.augmentation import Cutout, RandomAffine, RandomCrop, RandomFlip
from handgrad.augmentation.mixture import mix
from handgrad.datasets.dataset import Split
from handgrad.errors import ShapeError
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import from_layers
from handgrad.optimizers import SGD
from handgrad.randomness import Key, random_bits
from handgrad.training.augmented import augmented, operations_of
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer import Trainer

SHAPE = (3, 8, 8)
IMAGES = (random_bits(Key(5), (90, *SHAPE)) % 256).astype(np.uint8)
TARGETS = (random_bits(Key(6), (90,)) % 4).astype(np.int64)
WEIGHTS = (1 + random_bits(Key(7), (90,)) % 3).astype(np.float32)
TRAIN = Split(IMAGES, TARGETS)
ROWS = np.arange(40, 7, -1)
KEY = Key(3).at(5, ROWS)
ALL = [
    augmentation.RandomAffine(),
    augmentation.RandomFlip(),
    augmentation.RandomResizedCrop(),
    augmentation.ColorJitter(),
    augmentation.RandomGrayscale(0.5),
    augmentation.GaussianNoise(),
    augmentation.RandomErasing(),
    augmentation.RandomVerticalFlip(),
    augmentation.RandomRotate90(),
]
LAYERS = [
    {"name": "conv2d", "out_channels": 8, "kernel_size": 3, "padding": 1},
    {"name": "relu"},
    {"name": "flatten"},
    {"name": "linear", "out_features": 4},
]


class Copying:
    """The same change as another, but one that only copies images."""

    def __init__(self, change):
        self.apply = change.apply


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        ([], "as they are"),
        ([RandomCrop(2), Cutout(3)], "viewed"),
        ([RandomCrop(2), RandomAffine()], "recorded"),
        ([RandomCrop(2), Copying(RandomFlip()), RandomAffine()], "copied"),
    ],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_way_that_costs_least(changes, way, weights):
    split = Split(IMAGES, TARGETS, weights)
    batch = augmented(split, changes, ROWS, KEY)
    assert (batch.views is not None) == (way == "viewed")
    assert (batch.recorded is not None) == (way == "recorded")
    assert (batch.images is not IMAGES) == (way == "copied")
    expected = IMAGES[ROWS]
    for number, change in enumerate(changes):
        expected = change.apply(expected, KEY.child(str(number)))
    np.testing.assert_array_equal(batch.pictures(), expected)
    np.testing.assert_array_equal(batch.targets[batch.rows], TARGETS[ROWS])
    np.testing.assert_array_equal(batch.examples, ROWS)
    own = batch.example_weights()
    assert own is None if weights is None else own.tolist() == weights[ROWS].tolist()


def trainer(changes=(), *, engine="cpu", workers=1, dtype="uint8"):
    """A trainer of a small convolutional network."""
    return Trainer.for_model(
        from_layers(layers=LAYERS, input_shape=SHAPE, classes=4),
        Split(IMAGES.astype(dtype), TARGETS),
        loss=SoftmaxCrossEntropy(),
        optimizer=SGD(1e-3 if dtype == "uint8" else 1e-7),
        settings=TrainingSettings(epochs=1, batch_size=35),
        engine=engine,
        workers=workers if engine == "cpu" else None,
        augmentation=changes,
    )


def trained(changes, **options):
    """The state after an epoch."""
    made = trainer(changes, **options)
    assert len(list(made)) > 2
    return made.state()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_recorded_operations_and_copies_train_to_the_same_bits(engine, dtype):
    first = trained(ALL, engine=engine, dtype=dtype)
    second = trained([*map(Copying, ALL)], engine=engine, dtype=dtype)
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


def test_any_number_of_workers_finds_the_same_bits():
    states = [trained(ALL, workers=workers) for workers in (1, 2, 3)]
    for state in states[1:]:
        for name, array in state.items():
            assert array.tobytes() == states[0][name].tobytes()


def test_an_image_is_changed_alike_in_any_batch():
    whole = augmented(TRAIN, ALL, ROWS, KEY).pictures()
    some = ROWS[[3, 9, 4]]
    part = augmented(TRAIN, ALL, some, KEY.at(5, some)).pictures()
    np.testing.assert_array_equal(part, whole[[3, 9, 4]])


MIXERS = [augmentation.Mixup(1.0), augmentation.CutMix()]


@pytest.mark.parametrize("mixer", MIXERS, ids=repr)
@pytest.mark.parametrize("changes", [[], [RandomCrop(2)], ALL[:4]], ids=len)
def test_second_images_are_augmented_as_in_a_batch_of_the_step(mixer, changes):
    """Wherever the mixing stands in the list; recorded or copied, to the same bits."""
    split = Split(IMAGES, TARGETS, WEIGHTS)
    batch = augmented(split, [*changes, mixer], ROWS, KEY)
    mixture = batch.mixture
    others = mixture.rows
    own = [
        augmented(TRAIN, changes, rows, KEY.at(5, rows)).pictures()
        for rows in (ROWS, others)
    ]
    np.testing.assert_array_equal(batch.pictures(), mix(*own, mixture))
    copied = augmented(split, [*map(Copying, changes), mixer], ROWS, KEY)
    np.testing.assert_array_equal(copied.pictures(), batch.pictures())
    np.testing.assert_array_equal(copied.labels(4), batch.labels(4))
    np.testing.assert_array_equal(copied.main_labels(), batch.main_labels())
    np.testing.assert_array_equal(copied.example_weights(), batch.example_weights())
    assert batch.operations == len(batch.recorded.steps) + 1
    assert operations_of(split, [*changes, mixer]) == batch.operations
    assert operations_of(split, [*map(Copying, changes), mixer]) <= 1 + len(changes)
    first = augmented(split, [mixer, RandomFlip()], ROWS, KEY)
    assert first.mixture.recorded.steps.tolist() == [[0, 0]]


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("mixer", MIXERS, ids=repr)
def test_mixed_batches_and_copies_train_to_the_same_bits(mixer, dtype):
    """With any number of workers."""
    states = [
        trained([*way(ALL[:4]), mixer], dtype=dtype, workers=workers)
        for way, workers in ((list, 1), (list, 2), (lambda a: [*map(Copying, a)], 1))
    ]
    for state in states[1:]:
        for name, array in state.items():
            assert array.tobytes() == states[0][name].tobytes()


def test_an_engine_takes_batches_with_more_and_fewer_operations():
    """Its program is made anew for more, and serves fewer, views and none as well."""
    lists = [[], ALL[:1], ALL, [RandomFlip()], [], ALL[3:5], [Cutout(2), ALL[0]]]
    states = []
    for way in (list, lambda changes: [*map(Copying, changes)]):
        engine = trainer().engine
        for step, changes in enumerate(lists, 1):
            key = KEY.at(step, ROWS)
            engine.train_step(augmented(TRAIN, way(changes), ROWS, key), step)
        states.append({name: a.tobytes() for name, a in engine.state().items()})
    assert states[0] == states[1]


@pytest.mark.parametrize(
    ("returned", "got"),
    [
        (lambda images: None, r"NoneType \(\)"),
        (lambda images: images[:, :1], r"uint8 \(33, 1, 8, 8\)"),
        (lambda images: images / 255, r"float64 \(33, 3, 8, 8\)"),
        (lambda images: images.tolist(), r"list \(33, 3, 8, 8\)"),
    ],
)
def test_what_apply_returns_is_checked(returned, got):
    class Own:
        def apply(self, images, key):
            return returned(images)

    said = rf"apply of Own returned {got}, expected an array of uint8 \(33, 3, 8, 8\)"
    for changes in ([Own()], [RandomFlip(), Own(), augmentation.Mixup()]):
        with pytest.raises(ShapeError, match=said):
            augmented(TRAIN, changes, ROWS, KEY)
