import pytest

from handgrad import catalog
from handgrad.datasets.sources import NAMES
from handgrad.errors import ConfigError
from handgrad.models import from_layers
from handgrad.names import known_name
from handgrad.options import name_of
from handgrad.training.config import config_from

SPELLINGS = [
    str.upper,
    str.title,
    lambda name: name.replace("_", "-"),
    lambda name: name.replace("_", " "),
    lambda name: name.replace("_", ""),
]


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("kind", sorted(catalog.CATALOG))
def test_every_name_of_the_catalogue_is_known_in_every_spelling(kind, spell):
    table = catalog.CATALOG[kind]
    for name in table:
        assert name_of(kind, table, spell(name)) == name
        assert catalog.find(kind, spell(name)) is table[name]


@pytest.mark.parametrize("name", ["cifar-10", "CIFAR-10", "Cifar_10", "cifar10"])
def test_a_data_set_is_known_in_every_spelling(name):
    assert known_name(name, NAMES) == "cifar10"


def test_an_exact_name_comes_before_one_that_is_spelled_alike():
    assert known_name("A_b", ["ab", "A_b"]) == "A_b"


def test_another_name_is_unknown():
    assert known_name("cifar", ["cifar10"]) is None
    with pytest.raises(ConfigError, match="Did you mean 'lenet'"):
        name_of("model", catalog.MODELS, "Le-Nett")


def test_a_configuration_keeps_the_catalogue_spelling():
    config = config_from(
        {
            "dataset": {
                "name": "Fashion-MNIST",
                "augmentation": [{"name": "Random-Flip"}],
            },
            "model": {"name": "LeNet", "activation": "ReLU", "pooling": "Max"},
            "loss": {"name": "Softmax-Cross-Entropy"},
            "optimizer": {"name": "Adam", "learning_rate": 0.001},
            "schedule": {"name": "Cosine"},
        }
    )
    assert config.dataset.name == "fashion_mnist"
    assert config.dataset.augmentation[0].name == "random_flip"
    names = (config.model.name, config.loss.name, config.optimizer.name)
    assert names == ("lenet", "softmax_cross_entropy", "adam")
    assert config.schedule.name == "cosine"


def test_layers_are_known_in_every_spelling():
    rows = [
        {"name": "Flatten"},
        {"name": "Linear", "out_features": 3},
        {"name": "Batch-Norm1d"},
        {"name": "ReLU"},
    ]
    network = from_layers(layers=rows, input_shape=(1, 2, 2), classes=3)
    assert list(network.layers) == ["flatten_1", "linear_1", "batch_norm1d_1", "relu_1"]
