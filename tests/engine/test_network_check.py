"""Networks that do not fit are refused by name, by both engines, before a step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.datasets.normalization import unit
from handgrad.engine.choose import ENGINES, make_engine
from handgrad.engine.network_check import (
    check_channels,
    check_network,
    read_dtype,
)
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAveragePool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
    Softmax,
)
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD


def assert_refused(layers, input_shape, words, error=ShapeError, normalization=None):
    """Both engines refuse the network with the same words."""
    channels = input_shape[0] if len(input_shape) == 3 else 1
    normalization = normalization or unit(channels)
    messages = set()
    for name in ENGINES:
        model = Sequential(layers())
        parts = (model, SoftmaxCrossEntropy(), SGD(0.1), normalization)
        with pytest.raises(error, match=words) as caught:
            make_engine(name, *parts, input_shape=input_shape, workers=1)
        messages.add(str(caught.value))
    assert len(messages) == 1


class Lying(Layer):
    """A layer whose output_shape is not what forward gives."""

    def __init__(self, said):
        self.said = said

    def output_shape(self, input_shape):
        return self.said

    def forward(self, inputs, *, training=False, key=None):
        return inputs[:, :3], None

    def backward(self, d_outputs, cache, /):
        raise AssertionError

    def __repr__(self):
        return "Lying()"


UNFIT = {
    "pixels": (
        lambda: [Flatten(), Linear(32, 4)],
        (1, 4, 5),
        r"linear_1: Linear\(32, 4\) takes examples of shape \(32,\), got \(20,\)",
    ),
    "chain": (
        lambda: [Flatten(), Linear(20, 8), Linear(6, 4)],
        (1, 4, 5),
        r"linear_2: Linear\(6, 4\) takes .* got \(8,\)",
    ),
    "huge": (lambda: [Linear(3_000_000, 4)], (1, 4, 5), "linear_1: .* got \\(1, 4, 5"),
    "channels": (
        lambda: [Conv2d(1, 2, 3), Flatten(), Linear(12, 4)],
        (3, 4, 5),
        "conv2d_1: .* takes images of 1 channels, got 3",
    ),
    "kernel": (
        lambda: [MaxPool2d(5), Flatten(), Linear(1, 4)],
        (1, 4, 5),
        "max_pool2d_1: .* needs images of at least 5x5",
    ),
    "nested": (
        lambda: [Flatten(), Sequential([ReLU(), Linear(19, 4)])],
        (1, 4, 5),
        "sequential_1: linear_1: ",
    ),
    "body": (
        lambda: [Flatten(), Residual(Sequential([Linear(19, 20)])), Linear(20, 4)],
        (1, 4, 5),
        "residual_1: body: linear_1: ",
    ),
    "shortcut": (
        lambda: [Flatten(), Residual(Linear(20, 6), Linear(20, 7))],
        (1, 4, 5),
        "residual_1: Residual adds the outputs of body and shortcut",
    ),
    "features of batch norm": (
        lambda: [Flatten(), BatchNorm1d(4), Linear(20, 4)],
        (1, 4, 5),
        "batch_norm1d_1: ",
    ),
    "images into batch norm": (
        lambda: [BatchNorm2d(4), Flatten(), Linear(20, 4)],
        (1, 4, 5),
        "batch_norm2d_1: ",
    ),
    "vectors into pooling": (
        lambda: [Flatten(), GlobalAveragePool2d()],
        (1, 4, 5),
        "global_average_pool2d_1: ",
    ),
    "images for logits": (
        lambda: [Conv2d(1, 2, 3), Sequential([ReLU(), Softmax()])],
        (1, 4, 5),
        r"sequential_1: softmax_1: Softmax\(\) gives outputs of shape \(2, 2, 3\)",
    ),
    "nothing": (list, (4,), "at least one layer"),
    "nothing within": (lambda: [Sequential([])], (1, 4, 5), r"of shape \(1, 4, 5\)"),
    "lies": (
        lambda: [Flatten(), Lying((5,)), Linear(5, 4)],
        (1, 4, 5),
        r"lying_1: Lying\(\): output_shape\(\(20,\)\) returns \(5,\), but .* \(2, 3\)",
    ),
    "lies within": (
        lambda: [Flatten(), Residual(Lying((20,))), Linear(20, 4)],
        (1, 4, 5),
        "residual_1: body: Lying",
    ),
    "no shape": (
        lambda: [Flatten(), Lying([3]), Linear(3, 4)],
        (1, 4, 5),
        "not a tuple",
    ),
    "empty": (lambda: [Flatten(), Lying((0,)), Linear(3, 4)], (1, 4, 5), "not a tuple"),
    "no pixels": (lambda: [Flatten(), Linear(1, 4)], (1, 0, 5), "each from 1 up"),
    "matrices": (lambda: [Flatten(), Linear(20, 4)], (4, 5), "each from 1 up"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_networks_that_do_not_fit_are_refused_by_name(case):
    assert_refused(*UNFIT[case])


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_normalization_has_a_number_for_each_channel(channels):
    assert_refused(
        *(lambda: [Flatten(), Linear(48, 4)], (3, 4, 4), "3 means and deviations"),
        *(ConfigError, unit(channels)),
    )


@pytest.mark.parametrize(("features", "fits"), [(1, True), (5, True), (4, False)])
def test_vectors_have_numbers_for_each_feature_or_for_all(features, fits):
    if fits:
        check_channels((5,), unit(features))
        return
    with pytest.raises(ConfigError, match="one for each feature, got 4"):
        check_channels((5,), unit(features))


def test_another_dtype_of_inputs_is_refused():
    with pytest.raises(ConfigError, match="dtype of inputs named 'float64'"):
        read_dtype("float64")


def test_a_users_own_kind_of_network_is_checked_as_one_layer():
    class Shifted(Sequential):
        def __repr__(self):
            return "Shifted()"

    assert check_network(Shifted([Linear(4, 3)]), (4,)).last_layer == "Shifted()"
    with pytest.raises(ShapeError, match=r"^linear_1: Linear\(5, 3\) takes"):
        check_network(Shifted([Linear(5, 3)]), (4,))


def test_a_users_own_layer_is_tried_once_and_only_with_zeros():
    calls = []

    class Counting(Lying):
        def forward(self, inputs, *, training=False, key=None):
            calls.append((inputs.copy(), training))
            return super().forward(inputs)

    model = Sequential([Counting((3,)), Linear(3, 2)])
    assert check_network(model, (7,)).classes == 2
    [(inputs, training)] = calls
    assert not training
    np.testing.assert_array_equal(inputs, np.zeros((2, 7), np.float32))


# Random networks of which one size is broken.

PLAIN = [ReLU, Softmax, lambda: Dropout(0.2), lambda: Sequential([])]


@st.composite
def picture_layer(draw, shape):
    """A layer that takes images of this shape, as a function of its channels."""
    channels, height, width = shape
    kind = draw(
        st.sampled_from(["conv", "pool", "norm", "plain", "residual", "nested"])
    )
    if kind == "conv":
        kernel = (draw(st.integers(1, height)), draw(st.integers(1, width)))
        out = draw(st.integers(1, 4))
        return lambda wrong: Conv2d(channels + wrong, out, kernel)
    if kind == "pool":
        kernel = (draw(st.integers(1, height)), draw(st.integers(1, width)))
        return lambda wrong: MaxPool2d(
            (height + wrong, width) if wrong else kernel, stride=1
        )
    if kind == "norm":
        return lambda wrong: BatchNorm2d(channels + wrong)
    inner = draw(st.sampled_from(PLAIN))
    if kind == "plain":
        return inner
    if kind == "residual":
        return lambda wrong: Residual(
            Sequential([inner(), Conv2d(channels + wrong, channels, 1)])
        )
    return lambda wrong: Sequential([inner(), Conv2d(channels + wrong, 2, 1)])


@st.composite
def row_layer(draw, features):
    """A layer that takes vectors of this size."""
    kind = draw(st.sampled_from(["linear", "norm", "plain", "residual", "nested"]))
    inner, out = draw(st.sampled_from(PLAIN)), draw(st.integers(1, 5))
    return {
        "linear": lambda wrong: Linear(features + wrong, out),
        "norm": lambda wrong: BatchNorm1d(features + wrong),
        "plain": inner,
        "residual": lambda wrong: Residual(
            Linear(features + wrong, out), Linear(features, out)
        ),
        "nested": lambda wrong: Sequential(
            [inner(), Sequential([Linear(features + wrong, out)])]
        ),
    }[kind]


@st.composite
def broken_networks(draw):
    """(layers, input shape, name of the layer that does not fit)."""
    shape = start = (
        draw(st.sampled_from([1, 3])),
        draw(st.integers(1, 6)),
        draw(st.integers(1, 6)),
    )
    makers = []

    def add(maker):
        nonlocal shape
        makers.append(maker)
        made = maker() if maker in PLAIN else maker(0)
        shape = made.output_shape(shape)

    for _ in range(draw(st.integers(0, 3))):
        add(draw(picture_layer(shape)))
    add(lambda wrong: Flatten())
    for _ in range(draw(st.integers(0, 3))):
        add(draw(row_layer(shape[0])))
    last = shape[0]
    add(lambda wrong: Linear(last + wrong, 4))
    breakable = [
        place
        for place, maker in enumerate(makers)
        if maker not in PLAIN and type(maker(0)) is not Flatten
    ]
    broken, wrong = draw(st.sampled_from(breakable)), draw(st.integers(1, 9))
    layers = [
        maker() if maker in PLAIN else maker(wrong if place == broken else 0)
        for place, maker in enumerate(makers)
    ]
    name = list(Sequential(layers).layers)[broken]
    return layers, start, name


def assert_broken_is_refused(case):
    layers, shape, name = case
    assert_refused(lambda: layers, shape, f"^{name}: ")


@settings(max_examples=1000)
@given(case=broken_networks())
def test_one_broken_size_is_refused_by_name(case):
    assert_broken_is_refused(case)


@pytest.mark.nightly
@settings(max_examples=10000)
@given(case=broken_networks())
def test_many_broken_sizes_are_refused_by_name(case):
    assert_broken_is_refused(case)
