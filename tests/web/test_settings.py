import pytest

from handgrad.errors import ConfigError
from handgrad.web.handles import MissingError
from handgrad.web.settings import config_of, data_name


def test_no_settings_are_the_quick_start():
    assert config_of({}, {}).model.name == "lenet"
    assert config_of({}, {}).training.epochs == 20


@pytest.mark.parametrize(
    "name", ["/etc", "../data", "digits.zip", "./digits", "data-0", "arrays", "~"]
)
def test_a_data_set_is_known_or_has_a_handle(name):
    with pytest.raises(MissingError, match="no data set with this handle"):
        config_of({"dataset": {"name": name}}, {})


def test_a_data_set_of_the_server_is_found_by_its_handle(tmp_path):
    assert data_name("data-1", {"data-1": tmp_path}) == str(tmp_path)
    assert data_name("Fashion-MNIST", {}) == "fashion_mnist"


@pytest.mark.parametrize(
    "tables",
    [
        {"start": {"source": "/etc/passwd"}},
        {"resolved": {}},
        {"isa": "avx2"},
        {"dataset": {"data_dir": "/"}},
        {"dataset": {"label_from": "x"}},
        {"model": {"name": "nothing"}},
        {"training": {"epochs": "many"}},
    ],
)
def test_what_the_page_may_not_set_is_an_error(tables):
    with pytest.raises(ConfigError):
        config_of(tables, {})
