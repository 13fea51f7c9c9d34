import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection.speed.networks import (
    NETWORKS,
    Network,
    network,
    pictures,
    textbook_operations,
)

# Operations of a step of 256 images, in units of 1e9, counted by hand for the table of
# peers: two per multiply-add, three products per layer, two for the first layer.
COUNTED = {
    "softmax": 0.0080,
    "mlp256": 0.2095,
    "mlp5": 1.893,
    "lenet_sigmoid_avg": 0.580,
    "lenet_relu_max": 0.580,
    "alex5": 195.7,
    "mlp_cifar": 3.237,
    "resnet8": 18.98,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_operations_of_the_textbook(name):
    chosen = NETWORKS[name]
    found = 256 * textbook_operations(chosen.build(), chosen.image_shape) / 1e9
    assert found == pytest.approx(COUNTED[name], rel=5e-3)


def test_operations_of_one_layer_counted_by_hand():
    model = network("softmax").build()
    assert textbook_operations(model, (1, 28, 28)) == 2 * 2 * 784 * 10


def test_options_are_added_to_a_known_network():
    chosen = network("mlp256", {"hidden_sizes": [32]})
    assert chosen.build().parameters()["linear_1.weight"].shape == (32, 784)
    assert network("lenet", {"pooling": "max"}).options == {"pooling": "max"}


def test_an_optimizer_has_its_options():
    rule = network("mlp_cifar").build_optimizer()
    assert rule.momentum == 0.9
    assert rule.learning_rate(1) == 0.1


def test_an_unknown_network_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match="Did you mean 'mlp256'"):
        network("mlp255")


def test_pictures_are_reproducible_and_separable():
    images, targets = pictures((1, 8, 8), 1500, seed=3)
    again, _ = pictures((1, 8, 8), 1500, seed=3)
    assert images.dtype == np.uint8
    assert targets.dtype == np.int64
    assert np.array_equal(images, again)
    means = np.stack([images[targets == c].mean(axis=0) for c in range(10)])
    far = ((images[:, None] - means[None]) ** 2).sum(axis=(2, 3, 4))
    assert (far.argmin(axis=1) == targets).mean() > 0.9


def test_a_network_is_plain_data():
    assert Network("mine", "mlp").build_optimizer().learning_rate(1) == 0.1
