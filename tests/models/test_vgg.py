import numpy as np
import pytest
from torch import nn

from handgrad.errors import ConfigError
from handgrad.models import vgg

from .twins import assert_same_network


def textbook(stages, pool_early=False):
    """Convolutions in stages, a pooling between them."""
    parts, before = [], 1
    for stage, counts in enumerate(stages, 1):
        for count in counts:
            parts.append(nn.Conv2d(before, count, 3, padding=1))
            parts += [nn.BatchNorm2d(count), nn.ReLU()]
            before = count
        if stage < len(stages):
            parts.insert(-2 if pool_early else len(parts), nn.MaxPool2d(2))
    parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10)]
    return nn.Sequential(*parts)


@pytest.mark.parametrize(
    ("channels", "convolutions", "stages"),
    [
        ((4, 6), 1, [[4], [6]]),
        ((3, 4, 5), 2, [[3, 3], [4, 4], [5, 5]]),
        (((2, 3), 4, [5]), 2, [[2, 3], [4, 4], [5]]),
    ],
)
@pytest.mark.parametrize("pool_early", [False, True])
def test_is_the_network_written_with_torch(channels, convolutions, stages, pool_early):
    model = vgg(channels=channels, convolutions=convolutions, pool_early=pool_early)
    twin = textbook(stages, pool_early)
    assert_same_network(model, twin, (1, 28, 28), training=True)


def test_the_default_is_small():
    count = sum(p.value.size for p in vgg().parameters().values())
    assert count == 288_618


def test_dropout_follows_poolings():
    names = [*vgg(channels=(4, 4), convolutions=1, dropout=0.2).layers]
    for name in ("dropout_1", "dropout_2"):
        assert "pool" in names[names.index(name) - 1]
    assert not any("dropout" in name for name in vgg(channels=(4,)).layers)


def test_one_pixel_is_enough_for_one_stage():
    model = vgg(channels=(4,), input_shape=(3, 1, 1), classes=2)
    logits, _ = model.forward(np.zeros((5, 3, 1, 1), np.float32))
    assert logits.shape == (5, 2)


@pytest.mark.parametrize(
    "options", [{"channels": ()}, {"convolutions": 0}, {"channels": ((4,), ())}]
)
def test_zero_convolutions_are_refused(options):
    with pytest.raises(ConfigError, match="at least one stage"):
        vgg(**options)
