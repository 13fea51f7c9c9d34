from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import handgrad
from handgrad.errors import ConfigError, ShapeError
from handgrad.inspection.microscope import Place, Reading, microscope
from handgrad.layers import (
    Conv2d,
    Flatten,
    Linear,
    ReLU,
    Residual,
    Sequential,
    Tanh,
)
from handgrad.models import lenet
from handgrad.randomness import Key, normal

IMAGES = normal(Key(5), (3, 2, 7, 6))
TARGETS = np.array([0, 2, 1])


@pytest.fixture(scope="module")
def model():
    key = Key(0)
    convolution = Conv2d(
        2, 3, (3, 2), stride=(2, 1), padding=(1, 2), key=key.child("c")
    )
    sizes = int(np.prod(convolution.output_shape((2, 7, 6))))
    last = Linear(sizes, 4, key=key.child("l"))
    return Sequential([convolution, Tanh(), Flatten(), last])


@pytest.mark.parametrize(
    ("layer", "parameter", "index"),
    [
        ("conv2d_1", "weight", (2, 1, 0, 1)),
        ("conv2d_1", "weight", (0, 0, 2, 0)),
        ("conv2d_1", "bias", (1,)),
        ("linear_1", "weight", (3, 11)),
        ("linear_1", "bias", (2,)),
    ],
)
@pytest.mark.parametrize("sample", [0, 2])
def test_sum_backward_and_finite_difference_agree(
    model, layer, parameter, index, sample
):
    reading = microscope(
        model,
        IMAGES,
        TARGETS,
        layer=layer,
        parameter=parameter,
        index=index,
        image=sample,
    )
    assert reading.gradient == pytest.approx(reading.backward, rel=1e-10)
    assert reading.gradient == pytest.approx(reading.numeric, rel=1e-5)
    assert reading.relative_error < 1e-5


def test_the_factors_are_the_inputs_and_outputs_of_the_layer(model):
    reading = microscope(
        model, IMAGES, TARGETS, layer="linear_1", index=(3, 11), image=1
    )
    _, caches = model.forward(IMAGES[1:2])
    (place,) = reading.places
    assert place.local == caches[3][0, 11]
    assert place.forward == pytest.approx(model.forward(IMAGES[1:2])[0][0, 3])
    logits = model.forward(IMAGES[1:2])[0][0]
    probabilities = np.exp(logits) / np.exp(logits).sum()
    assert place.upstream == pytest.approx(probabilities[3])
    assert place.product == place.upstream * place.local


def test_an_index_may_be_the_number_of_the_entry(model):
    def look(index, layer="conv2d_1"):
        return microscope(model, IMAGES, TARGETS, layer=layer, index=index, image=0)

    weight = model.parameters()["conv2d_1.weight"].value
    found = look(weight.size - 1)
    assert found.index == tuple(size - 1 for size in weight.shape)
    assert found.as_dict() == look(found.index).as_dict()
    assert look(np.int64(weight.size - 1)).index == found.index
    for same in (
        list(found.index),
        np.array(found.index),
        (*map(np.int8, found.index),),
    ):
        assert repr(look(same).index) == repr(found.index)
    for wrong in (-1, weight.size, [0, 0], np.array([0, 0, 0, 9])):
        with pytest.raises(ShapeError, match="got the index"):
            look(wrong)


def test_the_line_is_the_layers_equation(model):
    for layer, index, name in (
        ("linear_1", (0, 0), "linear"),
        ("conv2d_1", (0, 0, 0, 0), "conv2d"),
    ):
        reading = microscope(model, IMAGES, TARGETS, layer=layer, index=index, image=0)
        assert reading.file == f"handgrad/layers/{name}.py"
        path = Path(handgrad.__file__).parents[1] / reading.file
        there = path.read_text().splitlines()[reading.line - 1].strip()
        assert there == reading.code
        assert there.startswith("d_weight =")


def test_largest_products_come_first():
    reading = microscope(
        lenet(activation="relu", pooling="max"),
        normal(Key(1), (1, 1, 28, 28)),
        np.array([3]),
        layer="conv2d_1",
        index=(1, 0, 2, 2),
        image=0,
    )
    sizes = [abs(place.product) for place in reading.largest]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == max(abs(place.product) for place in reading.places)
    assert len(reading.places) == 28 * 28


def test_the_step_shrinks_to_avoid_a_kink():
    first, last = Linear(1, 2, key=Key(0)), Linear(2, 2, key=Key(1))
    model = Sequential([first, ReLU(), last])
    arrays = model.parameters()
    arrays["linear_1.weight"].value[:] = [[1.0], [1.0]]
    arrays["linear_1.bias"].value[:] = [-1.0, 0.0]

    def look(pixel):
        inputs, targets = np.array([[pixel]]), np.array([0])
        return microscope(
            model, inputs, targets, layer="linear_1", index=(0, 0), image=0
        )

    near = look(1 + 2e-5)
    assert near.numeric == pytest.approx(near.gradient, rel=1e-4)
    assert look(1.0).numeric is None
    assert look(1.0).relative_error is None


def test_mistakes_are_sentences(model):
    def look(layer="linear_1", index=(0, 0), image=0, parameter="weight"):
        microscope(
            model,
            IMAGES,
            TARGETS,
            layer=layer,
            index=index,
            image=image,
            parameter=parameter,
        )

    with pytest.raises(ConfigError, match="Did you mean 'linear_1'"):
        look(layer="linear_2")
    with pytest.raises(ConfigError, match=r"named 'wieght'\. Did you mean 'weight'"):
        look(parameter="wieght")
    with pytest.raises(ShapeError, match="Give 2 numbers"):
        look(index=(4, 0))
    with pytest.raises(ShapeError, match="Give 2 numbers"):
        look(index=(0,))
    with pytest.raises(ConfigError, match="from 0 to 2"):
        look(image=3)


def test_residual_layers_are_supported():
    body = Sequential([Conv2d(2, 2, 3, padding=1), ReLU()])
    model = Sequential([Residual(body), Flatten(), Linear(84, 4)])
    found = microscope(
        model,
        IMAGES[1],
        1,
        layer="residual_1.body.conv2d_1",
        index=(1, 0, 1, 1),
    )
    assert found.gradient == pytest.approx(found.backward, rel=1e-10)
    assert found.gradient == pytest.approx(found.numeric, rel=1e-5)


def test_it_takes_a_run_and_prints_the_factors(run):
    found = microscope(run, layer="linear_2", index=(3,), parameter="bias", image=4)
    assert found.gradient == pytest.approx(found.numeric, rel=1e-5)
    lines = str(found).splitlines()
    assert lines[0].startswith("linear_2.bias[3] = ")
    assert "image 4, loss" in lines[0]
    assert lines[-1].startswith("handgrad/layers/linear.py:")


PLACES = tuple(Place((1, 0, k), 0.5, float(k - 4), 2.0) for k in range(9))
READING = Reading(
    layer="conv2d_1",
    parameter="weight",
    index=(1, 0, 2, 2),
    sample=4,
    value=0.25,
    loss=1.5,
    places=PLACES,
    gradient=2.0,
    backward=2.0,
    numeric=2.5,
    file="handgrad/layers/conv2d.py",
    line=126,
    code="d_weight = something",
)


def test_a_product_is_upstream_times_local_and_the_largest_come_first():
    assert PLACES[0].product == -8
    sizes = [abs(place.product) for place in READING.largest]
    assert sizes == [8, 8, 6, 6, 4, 4]


def test_the_error_is_relative_to_the_larger_number():
    assert READING.relative_error == 0.2
    assert replace(READING, numeric=None).relative_error is None


def test_the_table_has_the_factors_the_sum_and_the_line():
    table = READING.table()
    assert table.above == ("conv2d_1.weight[1,0,2,2] = 0.25; image 4, loss 1.5",)
    assert table.rows[0] == ("1, 0, 0", "0.5", "-4", "2", "-8")
    assert table.below == (
        "gradient (sum of 9): 2\n"
        "finite difference:      2.5 (relative error 2.0e-01)\n"
        "handgrad/layers/conv2d.py:126: d_weight = something",
    )
    kinked = replace(READING, numeric=None).table()
    assert "every step crossed a kink" in kinked.below[0]


def test_all_fields_are_plain_values():
    values = READING.as_dict()
    assert values["places"][8] == {
        "output": (1, 0, 8), "forward": 0.5, "upstream": 4.0, "local": 2.0
    }  # fmt: skip
    assert (values["gradient"], values["line"]) == (2.0, 126)
    assert values["relative_error"] == READING.relative_error
