"""Logits belong to an image: no neighbour, place or batch size changes a bit."""

import numpy as np
import pytest

from handgrad.engine.plain import plain_logits
from handgrad.testing.closeness import rounding_bound

from .networks import FLATTEN, NETWORKS, RELU, conv, cpu_engine, linear, network, pool

# products of sizes that fill a matrix library's blocks, and that leave rests
SIZES = (1, 2, 3, 5, 7, 8, 10, 15, 16, 17, 31, 33, 64, 100, 127, 257)
WIDE = {
    f"{size} of {shape}": network(FLATTEN, linear(size), RELU, linear(4), shape=shape)
    for size, shape in [
        *((size, (1, 9, 11)) for size in SIZES),
        (256, (1, 28, 28)),
        (1024, (3, 17, 19)),
        (4, (3, 32, 32)),
    ]
}
LARGE = {
    "large lenet": network(
        *(conv(6, 5, padding=2), RELU, pool("max", 2)),
        *(conv(16, 5), RELU, pool("max", 2), FLATTEN),
        *(linear(120), RELU, linear(84), RELU, linear(4)),
        shape=(1, 28, 28),
    ),
}


@pytest.fixture(scope="module", params=[*NETWORKS, *WIDE, *LARGE])
def predicted(request):
    """An engine, 300 images, and their logits in one call."""
    network = (NETWORKS | WIDE | LARGE)[request.param]
    engine, images = cpu_engine(network, workers=2), network.images(300)
    return network, engine, images, engine.logits(images)


def test_an_image_alone_has_the_logits_it_has_among_others(predicted):
    _, engine, images, logits = predicted
    for place in (0, 1, 31, 32, 127, 128, 150, 255, 256, 299):
        alone = engine.logits(images[place : place + 1])
        assert alone.tobytes() == logits[place].tobytes(), place


def test_order_does_not_matter(predicted):
    _, engine, images, logits = predicted
    np.testing.assert_array_equal(engine.logits(images[::-1])[::-1], logits)


def test_the_number_of_images_does_not_matter(predicted):
    _, engine, images, logits = predicted
    for start, count in ((0, 2), (3, 33), (17, 129), (40, 260)):
        part = engine.logits(images[start : start + count])
        np.testing.assert_array_equal(part, logits[start : start + count])


def test_logits_are_the_plain_layers(predicted):
    network, engine, images, logits = predicted
    plain = plain_logits(engine.model, network.normalization, images)
    assert logits.dtype == np.float32
    bound = rounding_bound(4000, float(np.abs(plain).max()))
    np.testing.assert_allclose(logits, plain, rtol=0, atol=bound)


def test_no_place_is_kept_for_gradients(predicted):
    _, engine, _, _ = predicted
    roles = {line.role for line in engine.prediction.program.memory.table}
    assert "activations" in roles
    assert "gradients" not in roles


@pytest.mark.parametrize("name", NETWORKS)
def test_the_number_of_workers_does_not_matter(name):
    images = NETWORKS[name].images(70)
    first, second = (
        cpu_engine(NETWORKS[name], workers=workers).logits(images) for workers in (1, 3)
    )
    np.testing.assert_array_equal(first, second)


def test_more_images_than_a_program_holds():
    network = NETWORKS["perceptron"]
    engine, images = cpu_engine(network), network.images(5000)
    logits = engine.logits(images)
    assert len(images) > engine.prediction.program.memory.capacity
    np.testing.assert_array_equal(logits[4900:], engine.logits(images[4900:]))


def test_no_images_have_no_logits():
    network = NETWORKS["perceptron"]
    assert cpu_engine(network).logits(network.images(1)[:0]).shape == (0, 4)


def test_images_may_lie_in_any_order_in_memory():
    network = NETWORKS["average pooling"]
    engine, images = cpu_engine(network), network.images(9)
    np.testing.assert_array_equal(
        engine.logits(np.asfortranarray(images)), engine.logits(images)
    )


def test_dropout_does_nothing():
    network = NETWORKS["dropouts"]
    engine, images = cpu_engine(network), network.images(3)
    np.testing.assert_array_equal(engine.logits(images), engine.logits(images))
    assert "dropout_1 forward" not in repr(engine.prediction.program)
