import numpy as np
import pytest
from tests.datasets.image_makers import picture_of

from handgrad.errors import ConfigError, ShapeError
from handgrad.inspection.network_fit import check_network, sizes_of
from handgrad.training import config_from


def of(layers, **dataset):
    model = {"name": "from_layers", "layers": layers}
    return config_from({"model": model, "dataset": {"name": "digits", **dataset}})


def test_a_network_that_fits_is_accepted():
    check_network(config_from({"model": {"name": "lenet"}}))
    check_network(of([{"name": "flatten"}, {"name": "linear"}]))


def test_the_first_layer_that_does_not_fit_is_named():
    with pytest.raises(ConfigError, match=r"Layer 2: .*put a Flatten layer before"):
        check_network(of([{"name": "relu"}, {"name": "linear"}]))
    with pytest.raises(ConfigError, match="needs at least one layer"):
        check_network(of([]))


def test_a_network_of_the_catalogue_that_does_not_fit_is_refused():
    small = {"name": "digits", "image_size": [2, 2]}
    with pytest.raises((ConfigError, ShapeError)):
        check_network(config_from({"model": {"name": "lenet"}, "dataset": small}))


def test_sizes_are_those_that_the_network_gets(tmp_path):
    assert sizes_of(of([])) == ((1, 28, 28), 10)
    assert sizes_of(of([], image_size=[8, 9])) == ((1, 8, 9), 10)
    for label in "ab":
        (tmp_path / label).mkdir()
        content = picture_of(np.full((5, 6), 9))
        (tmp_path / label / "1.png").write_bytes(content)
    assert sizes_of(of([], name=str(tmp_path))) == ((1, 5, 6), 2)
