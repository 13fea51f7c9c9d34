from dataclasses import asdict, replace

import numpy as np
import pytest

import handgrad.augmentation
from handgrad.augmentation import Cutout, RandomCrop, RandomFlip
from handgrad.datasets.dataset import Split
from handgrad.datasets.load import load
from handgrad.datasets.normalization import unit
from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError, DatasetError, NonFiniteError, ShapeError
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models.from_layers import from_layers
from handgrad.optimizers import SGD
from handgrad.randomness import Key, permutation
from handgrad.training.records import TIMINGS, EpochRecord, StepRecord
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer import Trainer

DIGITS = load("digits")
TRAIN = DIGITS.train.take(np.arange(100))
VALIDATION = DIGITS.train.take(np.arange(100, 160))
LAYERS = [
    {"name": "flatten"},
    {"name": "linear", "out_features": 12},
    {"name": "relu"},
    {"name": "dropout", "rate": 0.2},
    {"name": "linear", "out_features": 10},
]


def trainer(
    train=TRAIN,
    validation=VALIDATION,
    *,
    layers=LAYERS,
    classes=10,
    augmentation=(),
    **settings,
):
    model = from_layers(layers=layers, input_shape=(1, 8, 8), classes=classes)
    loss, optimizer = SoftmaxCrossEntropy(), SGD(0.1, momentum=0.9)
    settings = TrainingSettings(**{"epochs": 2, "batch_size": 32, **settings})
    return Trainer(
        PlainEngine(
            *(model, loss, optimizer, unit(1)),
            input_shape=(1, 8, 8),
            seed=settings.seed,
        ),
        train,
        validation,
        loss=loss,
        learning_rate=optimizer.learning_rate,
        settings=settings,
        augmentation=augmentation,
    )


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_trainer_for_a_model_makes_its_engine(engine):
    model = from_layers(layers=LAYERS, input_shape=(1, 8, 8))
    made = Trainer.for_model(
        model,
        TRAIN,
        VALIDATION,
        loss=SoftmaxCrossEntropy(),
        optimizer=SGD(0.1, momentum=0.9),
        settings=TrainingSettings(epochs=2, batch_size=32),
        engine=engine,
    )
    losses = [row.loss for row in made if isinstance(row, StepRecord)]
    wanted = [row.loss for row in trainer() if isinstance(row, StepRecord)]
    assert losses == pytest.approx(wanted, rel=1e-4)


def numbers(records):
    """Records without the values that depend on the machine."""
    return [
        {name: v for name, v in asdict(record).items() if name not in TIMINGS}
        for record in records
    ]


# Recorded once from this network; float32 products may differ by a few eps on other
# processors, and ten steps amplify the difference.
GOLDEN = [
    2.479607,
    2.115947,
    2.132713,
    2.446166,
    2.143657,
    2.085601,
    2.126538,
    1.47153,
    1.879797,
    2.011522,
]


def test_ten_steps_give_the_recorded_losses():
    steps = [r for r in trainer(epochs=3) if isinstance(r, StepRecord)][:10]
    np.testing.assert_allclose([step.loss for step in steps], GOLDEN, rtol=1e-5)


def test_the_last_batch_is_smaller():
    sizes = [r.examples for r in trainer() if isinstance(r, StepRecord)]
    assert sizes == [32, 32, 32, 4] * 2


def test_every_image_is_seen_once_an_epoch_in_the_order_of_the_key():
    here = trainer(seed=5)
    for epoch in (1, 2):
        order = np.concatenate(here.batches(epoch))
        assert sorted(order) == list(range(100))
        expected = permutation(Key(5).child("order").at(epoch), 100)
        np.testing.assert_array_equal(order, expected)
    assert not np.array_equal(here.batches(1)[0], here.batches(2)[0])


def test_the_epochs_loss_is_weighted_by_the_size_of_its_batches():
    records = list(trainer())
    steps, epoch = records[:4], records[4]
    total = sum(step.loss * step.examples for step in steps)
    assert epoch.train_loss == pytest.approx(total / 100, rel=1e-12)
    assert epoch.train_accuracy == sum(step.correct for step in steps) / 100


def test_validation_comes_after_the_epoch_without_dropout():
    here = trainer(epochs=1)
    epoch = list(here)[-1]
    logits = here.engine.logits(VALIDATION.images)
    loss, _ = here.loss.forward(logits, VALIDATION.targets)
    assert epoch.validation_loss == loss
    assert epoch.validation_accuracy == np.mean(
        logits.argmax(axis=1) == VALIDATION.targets
    )


def test_without_validation_the_records_say_none():
    here = trainer(validation=None)
    epoch = list(here)[-1]
    assert epoch.validation_loss is None
    assert here.position.losses[-1] == epoch.train_loss


@pytest.mark.parametrize("norm", ["batch_norm1d", "batch_norm2d"])
def test_a_last_batch_of_one_works_with_batch_norm(norm):
    layers = [{"name": "flatten"}, {"name": "linear", "out_features": 10}]
    layers.insert(2 if norm == "batch_norm1d" else 0, {"name": norm})
    records = list(trainer(TRAIN.take(np.arange(33)), layers=layers))
    assert [r.examples for r in records if isinstance(r, StepRecord)] == [32, 1] * 2
    assert all(np.isfinite(record.validation_loss) for record in records[2::3])


def test_one_image_is_enough():
    records = list(trainer(TRAIN.take(np.arange(1)), VALIDATION.take(np.arange(1))))
    assert [type(r) for r in records] == [StepRecord, EpochRecord] * 2


def test_no_images_are_refused():
    nothing = TRAIN.take(np.arange(0))
    with pytest.raises(ConfigError, match="There are no training images"):
        trainer(nothing)
    with pytest.raises(ConfigError, match="There are no validation images"):
        trainer(TRAIN, nothing)


def test_a_break_stops_it_and_a_new_loop_goes_on():
    here = trainer()
    first = []
    for record in here:
        first.append(record)
        if record.step == 3:
            break
    assert numbers(first + list(here)) == numbers(list(trainer()))


@pytest.mark.parametrize("steps", [1, 4, 6])
def test_a_restored_state_goes_on_with_the_same_bits(steps):
    whole = trainer(augmentation=[RandomFlip()])
    expected = numbers(whole)
    before = trainer(augmentation=[RandomFlip()])
    seen = []
    for record in before:
        seen.append(record)
        if record.step == steps and isinstance(record, StepRecord):
            break
    state, position = before.state(), before.position
    list(before)  # later steps do not change the state
    after = trainer(augmentation=[RandomFlip()])
    after.restore(state, position)
    assert numbers(seen) + numbers(after) == expected
    for name, array in whole.state().items():
        assert after.state()[name].tobytes() == array.tobytes()


def test_the_best_epoch_is_the_one_with_the_lowest_validation_loss():
    here = trainer(epochs=6)
    epochs = [record for record in here if isinstance(record, EpochRecord)]
    losses = [epoch.validation_loss for epoch in epochs]
    for number, epoch in enumerate(epochs):
        assert epoch.is_best == (losses[number] == min(losses[: number + 1]))
    assert here.position.best_epoch == int(np.argmin(losses)) + 1


class Watching:
    """An augmentation that records its keys."""

    def __init__(self):
        self.keys = []

    def apply(self, images, key):
        self.keys.append(key)
        return 255 - images


def test_augmentation_gets_a_key_of_the_step_and_the_examples():
    watching = Watching()
    here = trainer(augmentation=[watching, watching], epochs=1)
    before = TRAIN.images.copy()
    rows = here.batches(1)
    list(here)
    assert [key.step for key in watching.keys] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert {key.path for key in watching.keys} == {"/augmentation/0", "/augmentation/1"}
    np.testing.assert_array_equal(watching.keys[2].examples, rows[1])
    np.testing.assert_array_equal(TRAIN.images, before)
    batch = here.batch(rows[0], 1)
    np.testing.assert_array_equal(batch.images[batch.rows], TRAIN.images[rows[0]])


class Copying:
    """The same augmentation as another one, but working on copies of the images."""

    def __init__(self, change):
        self.apply = change.apply


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_view_and_a_changed_copy_train_to_the_same_bits(engine):
    changes = [RandomCrop(2), RandomFlip(), Cutout(3)]
    states = []
    for augmentation in (changes, [*map(Copying, changes)]):
        model = from_layers(layers=LAYERS, input_shape=(1, 8, 8))
        made = Trainer.for_model(
            model,
            TRAIN,
            loss=SoftmaxCrossEntropy(),
            optimizer=SGD(0.1),
            settings=TrainingSettings(epochs=1, batch_size=40),
            engine=engine,
            augmentation=augmentation,
        )
        batch = made.batch(made.batches(1)[0], 1)
        assert (batch.views is None) == isinstance(augmentation[0], Copying)
        list(made)
        states.append((batch.pictures(), made.state()))
    (seen, first), (copied, second) = states
    np.testing.assert_array_equal(seen, copied)
    for name, array in first.items():
        assert second[name].tobytes() == array.tobytes()


AUGMENTATIONS = {
    name: kind
    for name, kind in vars(handgrad.augmentation).items()
    if name in handgrad.augmentation.__all__
    and hasattr(kind, "check_images")
    and hasattr(kind, "apply")
}
NEEDED = {"RandomCrop": [2], "Cutout": [2]}  # arguments


@pytest.mark.parametrize("way", ["subclass", "own method"])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_of_ones_own_runs_as_it_is_written(name, way):
    """It does not run through the inherited `view` or `record`."""
    kind = AUGMENTATIONS[name]

    class Own(kind):
        def apply(self, images, key):
            return 255 - kind.apply(self, images, key)

    change = (kind if way == "own method" else Own)(*NEEDED.get(name, []))
    if way == "own method":
        change.apply = lambda images, key: 255 - kind.apply(change, images, key)
    here = trainer(augmentation=[change])
    rows = here.batches(1)[0]
    key = Key(0).child("augmentation").at(1, rows).child("0")
    expected = change.apply(TRAIN.images[rows], key)
    np.testing.assert_array_equal(here.batch(rows, 1).pictures(), expected)


def test_prediction_with_flip_includes_the_flipped_image():
    plain, flipping = trainer(), trainer(predict_with_flip=True)
    images = VALIDATION.images
    mirrored = np.ascontiguousarray(images[..., ::-1])
    mean = (plain.logits(images) + plain.logits(mirrored)) / 2
    np.testing.assert_array_equal(flipping.logits(images), mean)
    loss, _ = SoftmaxCrossEntropy().forward(mean, VALIDATION.targets)
    accuracy = np.mean(mean.argmax(axis=1) == VALIDATION.targets)
    assert flipping.evaluate(VALIDATION) == (loss, accuracy)
    for one, other in zip(plain, flipping, strict=True):  # training is unaffected
        if isinstance(one, StepRecord):
            assert one.loss == other.loss
        else:
            assert one.validation_loss != other.validation_loss


def test_validation_that_is_not_finite_stops_it():
    bright = Split(np.full_like(VALIDATION.images, 255), VALIDATION.targets)
    here = trainer(Split(np.zeros_like(TRAIN.images), TRAIN.targets), bright)
    parameters = here.engine.model.parameters()
    parameters["linear_1.weight"].value[...] = 3e38  # harmless on black images
    with pytest.raises(NonFiniteError, match=r"Validation after step 4.*of linear_1"):
        list(here)


FEW_CLASSES = [{"name": "flatten"}, {"name": "linear", "out_features": 7}]


@pytest.mark.parametrize("split", ["training", "validation"])
def test_too_few_classes_are_refused_before_the_first_step(split):
    low = Split(TRAIN.images, TRAIN.targets % 7)
    splits = (TRAIN, low) if split == "training" else (low, VALIDATION)
    with pytest.raises(
        ShapeError, match=r"linear_1: Linear\(64, 7\) gives 7 logits, b"
    ):
        trainer(*splits, layers=FEW_CLASSES, classes=7)
    trainer(low, low, layers=FEW_CLASSES, classes=7)


BAD_SPLITS = {
    "another size": (
        Split(VALIDATION.images[:, :, :7], VALIDATION.targets),
        ShapeError,
    ),
    "another dtype": (Split(VALIDATION.images / 255, VALIDATION.targets), ShapeError),
    "too few targets": (Split(VALIDATION.images, VALIDATION.targets[:9]), ShapeError),
    "negative": (Split(VALIDATION.images, VALIDATION.targets - 1), DatasetError),
    "weights": (
        Split(VALIDATION.images, VALIDATION.targets, -np.ones(60, np.float32)),
        DatasetError,
    ),
}


@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("case", BAD_SPLITS)
def test_bad_splits_are_refused_when_made_and_when_evaluated(case, engine):
    split, error = BAD_SPLITS[case]

    def made(train, validation):
        return Trainer.for_model(
            from_layers(layers=LAYERS, input_shape=(1, 8, 8)),
            train,
            validation,
            loss=SoftmaxCrossEntropy(),
            optimizer=SGD(0.1),
            engine=engine,
        )

    for splits in ((TRAIN, split), (split, TRAIN)):
        if case != "another size" or splits[0] is TRAIN:
            with pytest.raises((error, ConfigError)):
                made(*splits)
    with pytest.raises(error):
        made(TRAIN, None).evaluate(split)
    with pytest.raises(DatasetError, match="at least one example, got none"):
        made(TRAIN, None).evaluate(VALIDATION.take(np.arange(0)))


def test_splits_with_gaps_are_copied_once():
    twice = Split(TRAIN.images.repeat(2, 0)[::2], TRAIN.targets.repeat(2)[::2])
    here = trainer(twice)
    assert numbers(here) == numbers(trainer())
    assert trainer().train is TRAIN


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_float_images_and_vectors_train(engine):
    floats = TRAIN.images.astype(np.float32) / 255
    losses = []
    for images in (floats, floats.reshape(100, 64)):
        made = Trainer.for_model(
            from_layers(layers=LAYERS, input_shape=(1, 8, 8)),
            Split(images, TRAIN.targets),
            loss=SoftmaxCrossEntropy(),
            optimizer=SGD(0.1),
            settings=TrainingSettings(epochs=2, batch_size=32),
            engine=engine,
        )
        losses.append([row.loss for row in made if isinstance(row, StepRecord)])
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0]


@pytest.mark.parametrize(
    "changes",
    [{"augmentation": [RandomFlip()]}, {"settings": {"predict_with_flip": True}}],
)
def test_vectors_cannot_be_augmented_like_images(changes):
    settings = TrainingSettings(1, 32, **changes.pop("settings", {}))
    with pytest.raises(ConfigError, match="got vectors of 64 features"):
        Trainer.for_model(
            from_layers(layers=LAYERS, input_shape=(1, 8, 8)),
            Split(TRAIN.images.reshape(100, 64), TRAIN.targets),
            loss=SoftmaxCrossEntropy(),
            optimizer=SGD(0.1),
            settings=settings,
            engine="plain",
            **changes,
        )


WEIGHTS = np.resize(np.float32([1, 3, 0.5]), 100)


@pytest.mark.parametrize("augmentation", [[], [RandomFlip()], [Copying(RandomFlip())]])
def test_weights_reach_every_kind_of_batch(augmentation):
    here = trainer(replace(TRAIN, weights=WEIGHTS), augmentation=augmentation)
    for rows in here.batches(1):
        weights = here.batch(rows, 1).example_weights()
        np.testing.assert_array_equal(weights, WEIGHTS[rows])
    assert numbers(here) != numbers(trainer(augmentation=augmentation))


def test_validation_is_weighted_where_it_has_weights():
    here = trainer()
    weights = np.resize(np.float32([0, 1, 4]), 60)
    loss, accuracy = here.evaluate(replace(VALIDATION, weights=weights))
    logits, targets = here.logits(VALIDATION.images), VALIDATION.targets
    own = [here.loss.forward(logits[[n]], targets[[n]])[0] for n in range(60)]
    assert loss == pytest.approx(np.average(own, weights=weights), rel=1e-6)
    assert accuracy == here.evaluate(VALIDATION)[1]
