import numpy as np
import pytest

from handgrad.datasets.normalization import unit
from handgrad.engine.choose import ENGINES, make_engine
from handgrad.errors import ConfigError
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import softmax_regression
from handgrad.optimizers import SGD


def engine(name):
    model = softmax_regression(input_shape=(1, 3, 4), classes=5)
    parts = (model, SoftmaxCrossEntropy(), SGD(0.1), unit(1))
    return make_engine(name, *parts, input_shape=(1, 3, 4), batch_size=8)


def test_every_engine_is_made_by_its_name_and_says_the_same():
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    cpu, plain = (engine(name).logits(images) for name in ENGINES)
    np.testing.assert_allclose(cpu, plain, rtol=1e-5, atol=1e-6)


def test_another_name_is_refused():
    with pytest.raises(
        ConfigError, match=r"no engine named 'cpuu'\. Did you mean 'cpu'"
    ):
        engine("cpuu")
