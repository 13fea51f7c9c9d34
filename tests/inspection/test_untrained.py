import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection.untrained import check_no_options, is_catalogue_name, untrained
from handgrad.models import mlp


def test_a_name_is_one_of_the_catalogue_unless_it_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlp").mkdir()
    (tmp_path / "runs").mkdir()
    assert is_catalogue_name("mlp")
    assert is_catalogue_name("LeNet")
    assert is_catalogue_name("lenett")  # refused with the nearest name
    assert not is_catalogue_name("runs")
    assert not is_catalogue_name(tmp_path)
    assert not is_catalogue_name(mlp())


def test_the_network_has_the_options_and_the_seed():
    options = {"hidden_sizes": [5]}
    subject = untrained("mlp", options, input_shape=(1, 2, 3), classes=4, seed=7)
    expected = mlp(hidden_sizes=[5], input_shape=(1, 2, 3), classes=4, seed=7)
    for name, parameter in expected.parameters().items():
        found = subject.network.parameters()[name].value
        np.testing.assert_array_equal(found, parameter.value)
    with pytest.raises(ConfigError, match="Did you mean 'mlp'"):
        untrained("mlpp", None, input_shape=(1, 2, 3), classes=4)


def test_options_of_another_network_are_refused():
    check_no_options(None)
    check_no_options({})
    with pytest.raises(ConfigError, match="got hidden for an existing"):
        check_no_options({"hidden": 3})
