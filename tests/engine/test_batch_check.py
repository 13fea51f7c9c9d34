"""One check of data: both engines refuse the same with the same words."""

import numpy as np
import pytest

from handgrad.datasets.dataset import Split
from handgrad.datasets.normalization import unit
from handgrad.engine.batch_check import BatchCheck, are_all_finite
from handgrad.engine.choose import ENGINES, make_engine
from handgrad.engine.engine import Batch
from handgrad.errors import ConfigError, DatasetError, HandgradError, ShapeError
from handgrad.layers import Flatten, Linear, Sequential
from handgrad.losses import Loss, SoftmaxCrossEntropy
from handgrad.optimizers import SGD

IMAGES = np.arange(96, dtype=np.uint8).reshape(6, 1, 4, 4)
FLOATS = IMAGES.astype(np.float32) / 96
TARGETS = np.arange(6, dtype=np.int64) % 3
ROWS = np.array([5, 0], dtype=np.int64)
TURNED = np.zeros((6, 4, 4, 1), np.uint8).transpose(0, 3, 2, 1)
GAPS = (np.arange(12) % 3)[::2]
ONES = np.ones(6, np.float32)


def network():
    return Sequential([Flatten(), Linear(16, 3)])


def check_of(dtype="uint8", loss=None):
    return BatchCheck(network(), (1, 4, 4), unit(1), dtype, loss)


def engine(name, dtype="uint8", loss=None, shape=(1, 4, 4)):
    loss = loss or SoftmaxCrossEntropy()
    parts = (network(), loss, SGD(0.1), unit(1))
    return make_engine(
        name, *parts, input_shape=shape, input_dtype=dtype, batch_size=4, workers=1
    )


def batch(images=IMAGES, targets=TARGETS, rows=ROWS, examples=None, weights=None):
    examples = rows if examples is None else examples
    return Batch(images, targets, rows, examples, weights=weights)


def with_value(array, place, value):
    changed = array.copy()
    changed[place] = value
    return changed


NAN = with_value(FLOATS, (4, 0, 2, 1), np.nan)
BAD = {
    "float images": ({"images": FLOATS}, ShapeError, r"bytes \(uint8\)"),
    "signed images": ({"images": IMAGES.astype(np.int8)}, ShapeError, "of int8"),
    "wide images": ({"images": IMAGES.astype(np.int64)}, ShapeError, "of int64"),
    "lists": ({"images": IMAGES.tolist()}, ShapeError, "got list"),
    "other size": (
        {"images": IMAGES[:, :, :3].copy()},
        ShapeError,
        r"\('count', 1, 4, 4\)",
    ),
    "rows of pixels": ({"images": IMAGES.reshape(6, 16)}, ShapeError, r"\(6, 16\)"),
    "order in memory": ({"images": TURNED}, ShapeError, "ascontiguousarray"),
    "no images": (
        {"images": IMAGES[:0], "targets": TARGETS[:0]},
        DatasetError,
        "got none",
    ),
    "int32 targets": ({"targets": TARGETS.astype(np.int32)}, ShapeError, "int64"),
    "float targets": ({"targets": TARGETS.astype(float)}, ShapeError, "of float64"),
    "bool targets": ({"targets": TARGETS > 0}, ShapeError, "of bool"),
    "one column": ({"targets": TARGETS[:, None]}, ShapeError, r"\(6, 1\)"),
    "one-hot": ({"targets": np.eye(6, dtype=np.int64)}, ShapeError, r"\(6, 6\)"),
    "too few targets": ({"targets": TARGETS[:5]}, ShapeError, "one int64 target"),
    "too many targets": ({"targets": np.arange(7) % 3}, ShapeError, r"\(7,\)"),
    "targets with gaps": ({"targets": GAPS}, ShapeError, "ascontiguousarray"),
    "too few classes": (
        {"targets": TARGETS + 1},
        ShapeError,
        r"linear_1: Linear\(16, 3\) gives 3 logits, but targets go from 1 to 3",
    ),
    "negative": ({"targets": TARGETS - 1}, DatasetError, "0 to 2, got -1 at row 0"),
    "rows beyond": ({"rows": ROWS + 1}, ShapeError, "rows from 0 to 5"),
    "rows below": ({"rows": ROWS - 1}, ShapeError, "got -1 to 4"),
    "int32 rows": ({"rows": ROWS.astype(np.int32)}, ShapeError, "takes rows as int64"),
    "no rows": ({"rows": ROWS[:0]}, ShapeError, "at least one row"),
    "rows of rows": ({"rows": ROWS[:, None]}, ShapeError, r"\(2, 1\)"),
    "examples with gaps": (
        {"examples": np.arange(4)[::2]},
        ShapeError,
        "takes examples as int64",
    ),
    "one example": ({"examples": ROWS[:1]}, ShapeError, "takes examples as int64"),
    "float64 weights": ({"weights": ONES.astype(float)}, ShapeError, "float32 weight"),
    "too few weights": ({"weights": ONES[:5]}, ShapeError, r"\(5,\)"),
    "negative weight": (
        {"weights": with_value(ONES, 2, -1)},
        DatasetError,
        r"got -1\.0 at row 2",
    ),
    "NaN weight": ({"weights": with_value(ONES, 1, np.nan)}, DatasetError, "got nan"),
    "infinite weight": (
        {"weights": with_value(ONES, 1, np.inf)},
        DatasetError,
        "got inf at row 1",
    ),
    "no weight": ({"weights": 0 * ONES}, DatasetError, "weights of all 6 examples"),
    "no weight in the batch": (
        {"weights": with_value(ONES, ROWS, 0)},
        DatasetError,
        "weights of the 2 examples of a batch are all 0",
    ),
}
BAD_FLOATS = {
    "bytes": ({"images": IMAGES}, ShapeError, "as float32, got"),
    "float64": ({"images": FLOATS.astype(float)}, ShapeError, "of float64"),
    "other byte order": ({"images": FLOATS.astype(">f4")}, ShapeError, "of >f4"),
    "NaN": ({"images": NAN}, DatasetError, "nan in example 4, channel 0, row 2, co"),
    "infinity": (
        {"images": with_value(FLOATS, (0, 0, 0, 0), -np.inf)},
        DatasetError,
        "got -inf in example 0",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_bytes_are_refused_by_both_engines_alike(case):
    refused_alike("uint8", *BAD[case])


@pytest.mark.parametrize("case", BAD_FLOATS)
def test_bad_floats_are_refused_by_both_engines_alike(case):
    refused_alike("float32", *BAD_FLOATS[case])


def refused_alike(dtype, changes, error, words):
    images = {"images": FLOATS if dtype == "float32" else IMAGES}
    messages = set()
    for name in ENGINES:
        here = engine(name, dtype)
        before = here.state()
        with pytest.raises(error, match=words) as caught:
            here.train_step(batch(**images | changes), 1)
        messages.add(str(caught.value))
        for key, array in here.state().items():
            np.testing.assert_array_equal(array, before[key])
    assert len(messages) == 1


PREDICTIONS = {
    "int64": IMAGES.astype(np.int64),
    "float64": IMAGES / 255,
    "float32": FLOATS,
    "other size": IMAGES[:, :, :3],
    "one image": IMAGES[0],
    "two channels": IMAGES.reshape(3, 2, 4, 4),
}


@pytest.mark.parametrize("case", PREDICTIONS)
def test_predictions_of_other_inputs_are_refused_by_both_engines_alike(case):
    messages = set()
    for name in ENGINES:
        with pytest.raises(ShapeError, match="takes images of shape") as caught:
            engine(name).logits(PREDICTIONS[case])
        messages.add(str(caught.value))
    assert len(messages) == 1


@pytest.mark.parametrize("name", ENGINES)
def test_predictions_of_nan_are_refused(name):
    with pytest.raises(DatasetError, match="nan in example 4"):
        engine(name, "float32").logits(NAN)


@pytest.mark.parametrize("name", ENGINES)
def test_predictions_take_any_order_in_memory_and_no_images(name):
    here = engine(name)
    twice = np.repeat(IMAGES, 2, axis=0)[::2]
    np.testing.assert_array_equal(here.logits(twice), here.logits(IMAGES))
    turned = np.asfortranarray(IMAGES)
    np.testing.assert_array_equal(here.logits(turned), here.logits(IMAGES))
    assert here.logits(IMAGES[:0]).shape == (0, 3)


class Own(Loss):
    """A loss of the user's own without weights."""

    def forward(self, logits, targets):
        return SoftmaxCrossEntropy().forward(logits, targets)

    def backward(self, cache, /):
        return SoftmaxCrossEntropy().backward(cache)


@pytest.mark.parametrize("name", ENGINES)
def test_a_loss_without_weights_refuses_them_and_trains_without(name):
    here = engine(name, loss=Own())
    here.train_step(batch(), 1)
    with pytest.raises(ConfigError, match="a third parameter, weights=None"):
        here.train_step(batch(weights=ONES), 2)


def test_a_good_set_is_looked_at_once(monkeypatch):
    look, looked = check_of("float32"), []
    monkeypatch.setattr(
        "handgrad.engine.batch_check.are_all_finite",
        lambda part: looked.append(len(part)) or True,
    )
    for _ in range(3):
        look(batch(FLOATS, weights=ONES))
    assert looked == [6]


def test_another_set_is_looked_at_anew():
    look = check_of()
    look(batch())
    with pytest.raises(HandgradError):
        look(batch(targets=TARGETS + 1))
    with pytest.raises(HandgradError):
        look(batch(weights=-ONES))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("bad", [-1, 3, 10**6, -(2**63)])
def test_targets_changed_in_place_are_seen(name, bad):
    here, targets = engine(name), TARGETS.copy()
    here.train_step(batch(targets=targets), 1)
    before = here.state()
    targets[0] = bad
    with pytest.raises(HandgradError, match=f"{bad}"):
        here.train_step(batch(targets=targets), 2)
    for key, array in here.state().items():
        np.testing.assert_array_equal(array, before[key])
    targets[0] = 1
    here.train_step(batch(targets=targets), 2)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("bad", [-1, np.nan, np.inf])
def test_weights_changed_in_place_are_seen(name, bad):
    here, weights = engine(name), ONES.copy()
    here.train_step(batch(weights=weights), 1)
    weights[5] = bad
    with pytest.raises(DatasetError, match=f"got {bad}.* at row 5"):
        here.train_step(batch(weights=weights), 2)


def test_large_weights_whose_sum_overflows_pass():
    check_of()(batch(weights=np.float32(3e38) * ONES))


def test_targets_and_weights_are_looked_at_without_the_inputs():
    check_of().labels(Split(IMAGES, TARGETS, ONES))
    with pytest.raises(ShapeError, match="gives 3 logits"):
        check_of().labels(Split(IMAGES, TARGETS + 1))


def test_a_bad_row_is_found_beyond_the_first_chunk(monkeypatch):
    monkeypatch.setattr("handgrad.engine.batch_check.CHUNK", 16)
    with pytest.raises(DatasetError, match="example 4"):
        check_of("float32").split(Split(NAN, TARGETS))


def test_vectors_name_their_column():
    model, vectors = Sequential([Linear(4, 3)]), np.ones((5, 4), np.float32)
    check = BatchCheck(model, (4,), unit(1), "float32")
    assert check.inputs(vectors) is vectors
    vectors[3, 2] = np.inf
    with pytest.raises(DatasetError, match="inf in example 3, column 2"):
        check.inputs(vectors)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0], True),
        ([3e38, 3e38], True),  # their sum overflows, they do not
        ([1.0, np.inf], False),
        ([np.inf, -np.inf], False),
        ([np.nan], False),
        ([], True),
    ],
)
def test_finite_is_judged_value_by_value(values, expected):
    assert are_all_finite(np.array(values, dtype=np.float32)) == expected
