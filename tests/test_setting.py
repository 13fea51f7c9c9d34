import copy
import pickle

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.layers import BatchNorm2d, Conv2d, Dropout, LeakyReLU, Linear
from handgrad.losses import L2, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import RULES
from handgrad.setting import Setting, at_least, count, fraction, positive

OWNERS = [
    Linear(2, 3),
    Conv2d(1, 2, 3),
    BatchNorm2d(3),
    Dropout(0.5),
    LeakyReLU(),
    SoftmaxCrossEntropy(),
    MulticlassSVM(),
    L2(0.1),
    *(rule(0.1) for rule in RULES),
]
SETTINGS = [
    (owner, name)
    for owner in OWNERS
    for name in vars(owner)
    if isinstance(getattr(type(owner), name, None), Setting)
    and name not in ("ignore_index", "reduction")  # integers of any sign; a word
]


class Owner:
    share = fraction("share (of all)")
    width = positive()
    cost = at_least(0)
    size = count("Give the width.")


def test_every_number_of_these_classes_is_a_setting():
    unguarded = {
        (type(owner).__name__, name)
        for owner in OWNERS
        for name, value in vars(owner).items()
        if isinstance(value, int | float) and (owner, name) not in SETTINGS
    }
    assert unguarded == set()


@pytest.mark.parametrize(
    ("owner", "name"), SETTINGS, ids=[f"{type(o).__name__}.{n}" for o, n in SETTINGS]
)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1", None, True])
def test_what_the_constructor_refuses_is_refused_when_assigned(owner, name, value):
    before = getattr(owner, name)
    if isinstance(before, bool) and isinstance(value, bool):
        value = "true"  # a boolean is what it takes
    with pytest.raises(ConfigError, match=f"{type(owner).__name__} takes {name}"):
        setattr(owner, name, value)
    assert getattr(owner, name) == before


@pytest.mark.parametrize(
    ("name", "value"), [("share", 0), ("width", 2), ("cost", 0), ("size", 7)]
)
@pytest.mark.parametrize("kind", [int, np.int64, np.uint8])
def test_numbers_of_numpy_become_python_s(name, value, kind):
    owner = Owner()
    setattr(owner, name, kind(value))
    assert getattr(owner, name) == value
    assert type(getattr(owner, name)) is (int if name == "size" else float)


def test_a_number_too_large_for_float32_is_refused():
    with pytest.raises(ConfigError, match=r"cost of at most .*, got 1e\+300"):
        Owner().cost = 1e300


def test_a_message_says_the_label_and_the_hint():
    with pytest.raises(ConfigError, match=r"Owner takes share \(of all\) from 0 up"):
        Owner().share = 1
    with pytest.raises(ConfigError, match=r"least 1, got 2\.5\. Give the width\."):
        Owner().size = 2.5


def test_a_setting_that_was_never_given_is_missing():
    with pytest.raises(AttributeError, match="Owner has no share yet"):
        _ = Owner().share
    assert not hasattr(Owner(), "share")


def test_settings_are_copied_and_pickled_with_their_owner():
    for twin in (copy.deepcopy(OWNERS[3]), pickle.loads(pickle.dumps(OWNERS[3]))):
        assert twin.rate == OWNERS[3].rate == vars(twin)["rate"]
