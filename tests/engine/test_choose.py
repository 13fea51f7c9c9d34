import numpy as np
import pytest

from handgrad.datasets.normalization import unit
from handgrad.engine.choose import ENGINES, make_engine
from handgrad.errors import ConfigError
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import softmax_regression
from handgrad.optimizers import SGD


def engine(name, **settings):
    parts = {
        "model": softmax_regression(input_shape=(1, 3, 4), classes=5),
        "loss": SoftmaxCrossEntropy(),
        "optimizer": SGD(0.1),
        "normalization": unit(1),
        "batch_size": 8,
        "input_shape": (1, 3, 4),
    }
    return make_engine(name, **parts | settings)


def test_every_engine_is_made_by_its_name_and_says_the_same():
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    cpu, plain = (engine(name).logits(images) for name in ENGINES)
    np.testing.assert_allclose(cpu, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("setting", ["batch_size", "workers"])
@pytest.mark.parametrize("value", [0, -1, 32.0, "2", True, np.nan])
def test_counts_are_whole_numbers(name, setting, value):
    with pytest.raises(
        ConfigError, match=f"takes {setting} as an integer of at least 1"
    ):
        engine(name, **{setting: value})


def test_another_name_is_refused():
    with pytest.raises(
        ConfigError, match=r"no engine named 'cpuu'\. Did you mean 'cpu'"
    ):
        engine("cpuu")
