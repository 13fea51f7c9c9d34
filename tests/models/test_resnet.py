import numpy as np
import pytest
from torch import nn

from handgrad.errors import ConfigError
from handgrad.layers import Residual
from handgrad.models import resnet

from .twins import assert_same_network


class Block(nn.Module):
    """Body and shortcut, their sum."""

    def __init__(self, before, count, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, count, 3, stride, padding=1),
            nn.BatchNorm2d(count),
            nn.ReLU(),
            nn.Conv2d(count, count, 3, padding=1),
            nn.BatchNorm2d(count),
        )
        self.shortcut = nn.Sequential()
        if (before, stride) != (count, 1):
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, count, 1, stride), nn.BatchNorm2d(count)
            )

    def forward(self, inputs):
        return self.body(inputs) + self.shortcut(inputs)


def textbook(channels, blocks, stem):
    """The paper's network, with biases."""
    before = channels[0]
    size, stride = (7, 2) if stem == "large" else (3, 1)
    parts = [nn.Conv2d(3, before, size, stride, padding=size // 2)]
    parts += [nn.BatchNorm2d(before), nn.ReLU()]
    pools = {"medium": [nn.MaxPool2d(2)], "large": [nn.MaxPool2d(3, 2, padding=1)]}
    parts += pools.get(stem, [])
    repeats = [blocks] * len(channels) if isinstance(blocks, int) else blocks
    for stage, count in enumerate(channels):
        for number in range(repeats[stage]):
            parts.append(Block(before, count, 2 if stage and not number else 1))
            parts.append(nn.ReLU())
            before = count
    parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10)]
    return nn.Sequential(*parts)


@pytest.mark.parametrize(
    ("channels", "blocks", "stem", "size"),
    [
        ((4, 6), 1, "small", 8),
        ((3, 4, 4), 2, "small", 9),
        ((4, 6), [1, 2], "medium", 17),
        ((4, 6), 1, "large", 33),
    ],
)
def test_is_the_network_written_with_torch(channels, blocks, stem, size):
    model = resnet(
        channels=channels, blocks=blocks, stem=stem, input_shape=(3, size, size)
    )
    twin = textbook(channels, blocks, stem)
    assert_same_network(model, twin, (3, size, size), training=True)


@pytest.mark.parametrize(("blocks", "expected"), [(1, 78_378), (3, 273_258)])
def test_the_documented_numbers_of_parameters(blocks, expected):
    model = resnet(blocks=blocks)
    assert sum(p.value.size for p in model.parameters().values()) == expected


def test_only_a_block_that_changes_the_shape_has_a_shortcut():
    layers = resnet(channels=(4, 8), blocks=2).layers.values()
    blocks = [layer for layer in layers if isinstance(layer, Residual)]
    assert [b.shortcut is None for b in blocks] == [True, True, False, True]


def test_one_pixel_is_enough():
    model = resnet(channels=(4, 4), input_shape=(1, 1, 1), classes=2)
    logits, _ = model.forward(np.zeros((5, 1, 1, 1), np.float32))
    assert logits.shape == (5, 2)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"channels": ()}, "at least one stage"),
        ({"blocks": 0}, "at least one block in each stage"),
        ({"blocks": [1, 0, 1]}, "at least one block in each stage"),
        ({"blocks": [1, 1]}, "one value or a list of 3"),
    ],
)
def test_zero_blocks_are_refused(options, match):
    with pytest.raises(ConfigError, match=match):
        resnet(**options)


def test_an_unknown_stem_is_refused():
    with pytest.raises(ConfigError, match="There is no stem named 'tall'"):
        resnet(stem="tall")
