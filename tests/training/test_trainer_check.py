import numpy as np
import pytest

from handgrad import models
from handgrad.augmentation import CutMix, Mixup, RandomFlip
from handgrad.datasets.dataset import Split
from handgrad.datasets.normalization import unit
from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError, HandgradWarning, ShapeError
from handgrad.layers import Flatten, Linear, ReLU, Sequential, Softmax
from handgrad.losses import MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.training import Trainer
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer_check import (
    check_are_images,
    check_augmentation,
    check_ending,
    check_kinds,
    check_mixing,
    check_splits,
)


def engine(shape):
    dtype = "uint8" if len(shape) == 3 else "float32"
    rest = {"input_shape": shape, "input_dtype": dtype}
    model = models.mlp(input_shape=shape, hidden_sizes=[4])
    return PlainEngine(model, SoftmaxCrossEntropy(), SGD(0.1), unit(1), **rest)


def test_splits_of_the_networks_shape_pass():
    split = Split(np.zeros((3, 1, 4, 4), np.uint8), np.zeros(3, np.int64))
    check_splits(engine((1, 4, 4)), split, None)
    check_splits(engine((1, 4, 4)), split, split)
    other = Split(np.zeros((3, 1, 5, 4), np.uint8), np.zeros(3, np.int64))
    with pytest.raises(ShapeError):
        check_splits(engine((1, 4, 4)), split, other)


@pytest.mark.parametrize(
    ("settings", "changes", "word"),
    [
        (TrainingSettings(), [RandomFlip()], "augmentation"),
        (TrainingSettings(predict_with_flip=True), [], "predict_with_flip"),
        (TrainingSettings(predict_center_crop=0.9), [], "predict_center_crop"),
        (TrainingSettings(predict_shift=1), [], "predict_shift"),
    ],
)
def test_only_images_are_mirrored(settings, changes, word):
    check_are_images(engine((1, 4, 4)), settings, changes)
    with pytest.raises(ConfigError, match=f"^{word} needs images"):
        check_are_images(engine((16,)), settings, changes)


def test_a_shift_is_smaller_than_the_images():
    check_are_images(engine((1, 4, 4)), TrainingSettings(predict_shift=3), [])
    with pytest.raises(ConfigError, match="takes predict_shift below 4 for images of"):
        check_are_images(engine((1, 4, 4)), TrainingSettings(predict_shift=4), [])
    with pytest.raises(ConfigError, match="at least two pixels on each side, got 4 x"):
        check_are_images(engine((1, 4, 1)), TrainingSettings(predict_shift=1), [])


class Own:
    def apply(self, images, key):
        return images


@pytest.mark.parametrize("given", [[], (), [RandomFlip()], (Own(), Mixup())])
def test_augmentations_are_a_list_of_objects(given):
    check_augmentation(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (RandomFlip(), r"augmentation as a list .* got RandomFlip\(\)\. Put it into a"),
        ("digits", "augmentation as a list .* got 'digits'"),
        (None, "augmentation as a list .* got None"),
        (["digits"], "as objects with a method .* got 'digits'. Create one"),
        ([RandomFlip(), {"name": "cutout"}], "got {'name': 'cutout'}"),
        ([RandomFlip], "got the class RandomFlip. Create one, such as RandomFlip()"),
        ([Mixup], "got the class Mixup"),
        (
            [type("Bare", (), {"apply": lambda self, images: images})()],
            r"apply of Bare takes other arguments .* 'def apply\(self, images, key\)'",
        ),
    ],
)
def test_what_is_no_augmentation_is_refused(given, said):
    with pytest.raises(ConfigError, match=said):
        check_augmentation(given)
    split = Split(np.zeros((3, 1, 4, 4), np.uint8), np.zeros(3, np.int64))
    model = models.mlp(input_shape=(1, 4, 4), hidden_sizes=[4], classes=2)
    parts = {"loss": SoftmaxCrossEntropy(), "optimizer": SGD(0.1), "engine": "plain"}
    with pytest.raises(ConfigError, match=said):
        Trainer.for_model(model, split, augmentation=given, **parts)


def test_splits_and_settings_are_objects_of_their_classes():
    arrays = np.zeros((3, 1, 4, 4), np.uint8), np.zeros(3, np.int64)
    split, settings = Split(*arrays), TrainingSettings()
    check_kinds(split, None, settings)
    for name, given in {
        "train": (arrays, None, settings),
        "validation": (split, arrays, settings),
        "settings": (split, None, {"epochs": 3}),
    }.items():
        with pytest.raises(
            ConfigError, match=f"A Trainer takes as {name} an object of"
        ):
            check_kinds(*given)


@pytest.mark.parametrize(
    "wrong", [{"train": np.zeros((3, 4))}, {"settings": {}}, {"validation": []}]
)
def test_a_trainer_checks_them_first(wrong):
    split = Split(np.zeros((3, 1, 4, 4), np.uint8), np.zeros(3, np.int64))
    model = models.mlp(input_shape=(1, 4, 4), hidden_sizes=[4])
    given = {"train": split, "loss": SoftmaxCrossEntropy(), "optimizer": SGD(0.1)}
    with pytest.raises(ConfigError, match="A Trainer takes as"):
        Trainer.for_model(model, **given | wrong)


def test_labels_are_mixed_once_and_for_a_loss_of_soft_labels():
    for loss in (SoftmaxCrossEntropy(0.1), MeanSquaredError()):
        check_mixing(loss, [RandomFlip(), Mixup()])
    check_mixing(MulticlassSVM(), [RandomFlip()])
    with pytest.raises(ConfigError, match=r"^CutMix\(alpha=1\) mixes the labels"):
        check_mixing(MulticlassSVM(), [CutMix()])
    with pytest.raises(ConfigError, match="Leave one out"):
        check_mixing(SoftmaxCrossEntropy(), [Mixup(), CutMix()])


ROWS = [Flatten(), Linear(16, 3)]


@pytest.mark.parametrize(
    "layers", [[*ROWS, Softmax()], [*ROWS, Sequential([Softmax()])]]
)
def test_a_softmax_before_the_loss_that_takes_it_is_told(layers):
    model = Sequential(layers)
    with pytest.warns(HandgradWarning, match="ends with Softmax, and SoftmaxCrossEntr"):
        check_ending(model, SoftmaxCrossEntropy())
    check_ending(model, MulticlassSVM())  # warnings are errors here


@pytest.mark.parametrize("layers", [[], [ReLU()], [Softmax(), Linear(3, 3)]])
def test_other_endings_are_not(layers):
    check_ending(Sequential(layers), SoftmaxCrossEntropy())


def test_a_trainer_tells_of_it():
    split = Split(np.zeros((3, 1, 4, 4), np.uint8), np.zeros(3, np.int64))
    model = Sequential([Flatten(), Linear(16, 3), Softmax()])
    parts = {"loss": SoftmaxCrossEntropy(), "optimizer": SGD(0.1), "engine": "plain"}
    with pytest.warns(HandgradWarning, match="Remove the last layer"):
        Trainer.for_model(model, split, **parts)
