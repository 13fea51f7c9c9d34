import pytest

from handgrad.errors import ConfigError
from handgrad.sweeps.values import check_values, corners, first_values

from .small import BATCH, RATE, WIDTH, sweep_of


def test_every_end_and_every_choice_is_a_corner_once(tmp_path):
    sweep = sweep_of(tmp_path, parameters=(RATE, WIDTH))
    assert [setting.name for setting in corners(sweep)] == [
        "learning_rate=0.01, hidden_sizes=8",
        "learning_rate=1, hidden_sizes=8",
        "learning_rate=0.01, hidden_sizes=16",
        "learning_rate=0.01, hidden_sizes=8-8",
    ]
    assert first_values(sweep)["model.hidden_sizes"] == [8]


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_what_can_be_built_is_let_through(tmp_path, method):
    sizes = '"dataset.image_size" = [[8, 8], [12, 12]]'
    parameters = (RATE, WIDTH, BATCH, sizes)
    check_values(sweep_of(tmp_path, f'method = "{method}"', parameters=parameters))


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ('"model.activations" = ["relu", "rleu"]', "activations=rleu: .*'relu'"),
        ('"model.dropout" = { low = 0.1, high = 1.5 }', "dropout=1.5"),
        ('"model.hidden_sizes" = [[8], [-8]]', "hidden_sizes=-8"),
        ('"optimizer.momentum" = [0.9, -1.0]', "momentum=-1"),
        ('"schedule.name" = ["constant", "cosinee"]', "Did you mean 'cosine'"),
    ],
)
def test_what_cannot_be_built_is_named(tmp_path, parameter, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check_values(sweep_of(tmp_path, parameters=(parameter,)))
