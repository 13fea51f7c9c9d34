import subprocess
import sys

import numpy as np
import pytest

from handgrad import augmentation, catalog, layers, losses, models, optimizers
from handgrad.errors import ConfigError
from handgrad.layers import Layer
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer
from handgrad.schedules import cosine


def concrete(package, base):
    """The public classes of a package that stand on this base."""
    found = (getattr(package, name) for name in package.__all__)
    return {c for c in found if isinstance(c, type) and issubclass(c, base)} - {base}


@pytest.mark.parametrize(
    ("table", "package", "base"),
    [
        (catalog.LAYERS, layers, Layer),
        (catalog.LOSSES, losses, Loss),
        (catalog.OPTIMIZERS, optimizers, Optimizer),
    ],
)
def test_everything_public_can_be_named(table, package, base):
    classes = {entry for entry in table.values() if isinstance(entry, type)}
    assert classes == concrete(package, base)


def test_every_model_and_augmentation_can_be_named():
    as_lists = {"as_python", "as_toml", "to_layers"}
    assert set(catalog.MODELS) == set(models.__all__) - as_lists
    classes = {getattr(augmentation, name) for name in augmentation.__all__}
    assert set(catalog.AUGMENTATIONS.values()) <= classes


@pytest.mark.parametrize("kind", catalog.CATALOG)
def test_every_name_is_snake_case_and_found(kind):
    for name, entry in catalog.CATALOG[kind].items():
        assert name == name.lower()
        assert catalog.find(kind, name) is entry


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("model", "lennet", "There is no model named 'lennet'. Did you mean 'lenet'"),
        ("optimizer", "Adma", "no optimizer named 'Adma'. Did you mean 'adam'"),
        ("loss", "cross_entropy", "Did you mean 'softmax_cross_entropy'"),
        ("modle", "lenet", "There is no kind of part named 'modle'. Did you mean 'mo"),
    ],
)
def test_an_unknown_name_offers_the_nearest(kind, name, words):
    with pytest.raises(ConfigError, match=words):
        catalog.find(kind, name)


def test_options_of_a_model_leave_out_what_the_data_gives():
    assert catalog.options_of(models.lenet) == ("activation", "pooling", "initializer")
    assert catalog.options_of(optimizers.RMSProp) == (
        "learning_rate",
        "decay",
        "eps",
        "weight_decay",
    )


@pytest.mark.parametrize("name", [n for n in catalog.MODELS if n != "from_layers"])
def test_builds_every_model(name):
    options = {"channels": 4} if name == "alexnet" else {}
    model = catalog.build(
        "model", name, options, input_shape=(1, 28, 28), classes=3, seed=2
    )
    assert model.output_shape((1, 28, 28)) == (3,)


def test_builds_a_model_from_values_as_a_file_gives_them():
    model = catalog.build("model", "perceptron", {"hidden": 5}, classes=3)
    assert model.layers["linear_1"].out_features == 5
    options = {"hidden_sizes": [8, 4], "activations": "tanh", "dropout": 0.5}
    model = catalog.build("model", "mlp", options)
    assert [p.shape[0] for p in model.parameters().values()] == [8, 8, 4, 4, 10, 10]


def test_builds_optimizers_with_a_schedule():
    optimizer = catalog.build("optimizer", "adam", {"learning_rate": 1e-3})
    assert optimizer.learning_rate(1) == 0.001
    schedule = catalog.build("schedule", "cosine", {"learning_rate": 0.5, "steps": 9})
    optimizer = catalog.build("optimizer", "sgd", {"learning_rate": schedule})
    assert optimizer.learning_rate(4) == cosine(0.5, steps=9)(4)


def test_builds_a_layer_and_a_loss():
    layer = catalog.build("layer", "dropout", {"rate": 0.5})
    assert layer.output_shape((3,)) == (3,)
    loss = catalog.build("loss", "softmax_cross_entropy", {"label_smoothing": 0.1})
    assert loss.label_smoothing == 0.1


@pytest.mark.parametrize(
    ("kind", "name", "options", "words"),
    [
        ("model", "lenet", {"activaton": "relu"}, "option of lenet named 'activaton'"),
        ("model", "lenet", {"activaton": "relu"}, "Did you mean 'activation'"),
        ("model", "perceptron", {"hidden": "many"}, "takes hidden as an integer"),
        ("model", "alexnet", {"batch_norm": "perhaps"}, "batch_norm as true or false"),
        ("optimizer", "sgd", {}, "sgd needs learning_rate"),
        ("optimizer", "sgd", {"learning_rate": "fast"}, "takes learning_rate as a num"),
        ("optimizer", "sgd", {"learning_rate": -1}, "learning_rate of at least 0"),
        ("schedule", "cosine", {"learning_rate": 1}, "cosine needs steps"),
    ],
)
def test_refuses_options_that_cannot_be(kind, name, options, words):
    with pytest.raises(ConfigError, match=words):
        catalog.build(kind, name, options)


def test_options_can_be_checked_before_anything_is_built():
    assert catalog.check_options("model", "mlp", {"dropout": 0.1}) == {"dropout": 0.1}
    with pytest.raises(ConfigError, match="Did you mean 'dropout'"):
        catalog.check_options("model", "mlp", {"drop": 0.1})


def test_the_initializer_parser_is_here():
    assert np.std(catalog.initializer("normal:2")((50, 50), layers_key())) > 1.8


def layers_key():
    from handgrad.randomness import Key

    return Key(0)


def test_the_l2_term_is_a_setting_of_the_loss_and_not_a_loss():
    assert L2 not in catalog.LOSSES.values()


def test_reading_the_catalogue_loads_nothing_heavy():
    heavy = ["numba", "sklearn", "matplotlib", "torch", "pydantic", "scipy.stats"]
    code = f"import sys, handgrad.catalog; print({heavy!r} & sys.modules.keys())"
    code = code.replace(repr(heavy), f"set({heavy!r})")
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
