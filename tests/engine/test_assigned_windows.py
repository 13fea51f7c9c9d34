"""Windows of convolution and pooling that are set after the engine was made."""

import numpy as np
import pytest

from handgrad.errors import ShapeError

from .networks import cpu_engine, layer, linear, network, pool
from .test_bound_model import assert_agree, set_of_layer, settings
from .test_cpu import plain_engine

PICTURES = network(
    *(layer("conv2d", out_channels=4, kernel_size=3), layer("tanh")),
    *(pool("average", 2, stride=1), pool("max", 2)),
    *(layer("global_average_pool2d"), linear(4)),
    shape=(1, 9, 10),
)
WINDOWS = {
    "conv2d_1": [("stride", 2), ("padding", (1, 0)), ("stride", (1, 3))],
    "average_pool2d_1": [("kernel_size", 3), ("stride", 2), ("padding", 1)],
    "max_pool2d_1": [("kernel_size", (1, 3)), ("stride", 1), ("padding", (0, 1))],
}
ASSIGNED = [(name, *each) for name, settings in WINDOWS.items() for each in settings]


@pytest.mark.parametrize(("name", "attribute", "value"), ASSIGNED)
def test_both_engines_follow_other_windows(name, attribute, value):
    fast, plain = cpu_engine(PICTURES, settings()), plain_engine(PICTURES, settings())
    images, batch = PICTURES.images(40), PICTURES.batch(70)
    unchanged = fast.logits(images)
    for engine in (fast, plain):
        engine.train_step(batch, 1)
        set_of_layer(name, attribute, value)(engine)
        engine.train_step(batch, 2)
    assert_agree(fast.state(), plain.state(), "trained")
    np.testing.assert_allclose(
        fast.logits(images), plain.logits(images), rtol=0, atol=2e-5
    )
    assert not np.allclose(fast.logits(images), unchanged, atol=1e-3)


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize(("attribute", "value"), [("kernel_size", 2), ("stride", 9)])
def test_windows_that_no_longer_fit_are_refused_until_they_do(kind, attribute, value):
    engine = (cpu_engine(PICTURES), plain_engine(PICTURES, settings()))[kind]
    conv = engine.model.layers["conv2d_1"]
    expected, right = engine.logits(PICTURES.images(3)), getattr(conv, attribute)
    setattr(conv, attribute, value)
    with pytest.raises(ShapeError, match=r"conv2d_1|pool2d_1"):
        engine.train_step(PICTURES.batch(9), 1)
    setattr(conv, attribute, right)
    np.testing.assert_array_equal(engine.logits(PICTURES.images(3)), expected)
