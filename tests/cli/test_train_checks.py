import pytest

from handgrad.cli.train_checks import check_names
from handgrad.errors import ConfigError
from handgrad.training.config import config_from


def test_names_and_paths_that_can_be_are_let_through(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for name in ("digits", "fashion-mnist", "MNIST", "./later", "own.zip", "pictures"):
        check_names(config_from({"dataset": {"name": name}}))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"dataset": {"name": "cifar"}}, "Did you mean 'cifar10'"),
        ({"dataset": {"name": "m" * 300}}, "no data set named 'mmm"),
        ({"model": {"name": "lenet", "depth": 3}}, "no option of lenet named 'depth'"),
        ({"optimizer": {"name": "momentun"}}, "Did you mean 'momentum'"),
        ({"schedule": {"name": "cosine", "finall": 0}}, "Did you mean 'final'"),
        (
            {"dataset": {"augmentation": [{"name": "flip"}]}},
            "augmentation named 'flip'",
        ),
    ],
)
def test_others_are_refused_before_any_data_is_touched(tables, words):
    with pytest.raises(ConfigError, match=words):
        check_names(config_from(tables))
