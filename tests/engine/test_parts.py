"""Parts of another kind are refused by both engines, when made and when assigned."""

import numpy as np
import pytest

from handgrad.engine.choose import ENGINES
from handgrad.errors import ConfigError, HandgradError
from handgrad.layers import Linear
from handgrad.losses import L2, SoftmaxCrossEntropy
from handgrad.optimizers import SGD

from .test_choose import engine

WRONG = [
    ("model", Linear(12, 5)),
    ("model", [Linear(12, 5)]),
    ("model", None),
    ("loss", SoftmaxCrossEntropy),
    ("loss", "svm"),
    ("loss", None),
    ("optimizer", SGD),
    ("optimizer", 0.1),
    ("optimizer", None),
    ("normalization", None),
    ("normalization", (0.5, 0.5)),
    ("l2", 0.1),
    ("l2", L2),
    ("clip_norm", 0),
    ("clip_norm", -1),
    ("clip_norm", np.nan),
    ("clip_norm", np.inf),
    ("clip_norm", "1"),
    ("clip_norm", True),
    ("input_shape", None),
    ("input_shape", (3, 4)),
    ("input_shape", (1, 3, 4.0)),
    ("input_shape", (1, 0, 4)),
    ("input_shape", "134"),
    ("input_dtype", "float64"),
    ("input_dtype", None),
    ("input_dtype", "bytes"),
    ("input_dtype", np.int32),
    ("seed", 1.5),
    ("seed", None),
    ("seed", "a"),
]


def words(name):
    if name in ("input_dtype", "input_shape"):
        return "no dtype of inputs named|A network takes images of shape"
    return f"An engine takes (as )?{name} .*, got .*Give"


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_part_of_another_kind_is_refused_by_name(kind, name, value):
    with pytest.raises(HandgradError, match=words(name)):
        engine(kind, **{name: value})


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_and_when_it_is_assigned_later(kind, name, value):
    here = engine(kind)
    images, right = np.zeros((2, 1, 3, 4), np.uint8), getattr(here, name)
    expected = here.logits(images)
    with pytest.raises(HandgradError, match=words(name)):
        assign(here, name, value).logits(images)
    np.testing.assert_array_equal(assign(here, name, right).logits(images), expected)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("dtype", ["uint8", np.uint8, np.dtype("uint8"), "u1"])
def test_a_dtype_may_be_named_in_any_way(kind, dtype):
    assert engine(kind, input_dtype=dtype).input_dtype == "uint8"


@pytest.mark.parametrize("kind", ENGINES)
def test_other_inputs_are_followed(kind):
    here = engine(kind)
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    expected = here.logits(images)
    found = assign(here, "input_dtype", np.float32).logits(images.astype(np.float32))
    assert not np.allclose(found, expected)  # float32 is not divided by 255
    here.input_dtype, here.input_shape = "uint8", [1, np.int64(4), 3]
    turned = here.logits(images.reshape(2, 1, 4, 3))
    np.testing.assert_allclose(turned, expected, rtol=1e-5, atol=1e-6)


def assign(here, name, value):
    setattr(here, name, value)
    return here


def test_a_class_is_told_from_its_objects():
    with pytest.raises(ConfigError, match=r"got the class SGD\. Give, .*SGD"):
        engine("cpu", optimizer=SGD)
