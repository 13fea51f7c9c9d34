import pytest
from torch import nn

from handgrad.errors import ConfigError, ShapeError
from handgrad.models import airbench

from .twins import assert_same_network


def textbook(channels, patch, stride, last):
    """The paper's network with a trained first convolution, biases and weights."""
    before = 24
    parts = [nn.Conv2d(3, before, patch, stride), nn.GELU()]
    for count in channels:
        parts += [nn.Conv2d(before, count, 3, padding=1), nn.MaxPool2d(2)]
        parts += [nn.BatchNorm2d(count), nn.GELU()]
        parts += [nn.Conv2d(count, count, 3, padding=1)]
        parts += [nn.BatchNorm2d(count), nn.GELU()]
        before = count
    parts += [nn.MaxPool2d(last), nn.Flatten(), nn.Linear(before, 10)]
    return nn.Sequential(*parts)


@pytest.mark.parametrize(
    ("channels", "patch", "stride", "size", "last"),
    [
        ((4, 5), 2, 1, (9, 9), 2),
        ((4, 5), 2, 1, (14, 9), (3, 2)),
        ((3, 4), 4, 2, (18, 18), 2),
        ((3,), 1, 1, (4, 4), 2),
    ],
)
def test_is_the_network_written_with_torch(channels, patch, stride, size, last):
    shape = (3, *size)
    model = airbench(
        channels=channels, patch_size=patch, patch_stride=stride, input_shape=shape
    )
    twin = textbook(channels, patch, stride, last)
    assert_same_network(model, twin, shape, training=True)


def test_the_number_of_patches_is_an_option():
    first, *_ = airbench(patch_channels=7).layers.values()
    assert first.out_channels == 7


def test_the_paper_s_image_size_ends_in_windows_of_three_pixels():
    pools = [x for x in airbench().layers.values() if type(x).__name__ == "MaxPool2d"]
    assert [pool.kernel_size for pool in pools] == [(2, 2)] * 3 + [(3, 3)]


def test_the_documented_number_of_parameters():
    parameters = airbench().parameters().values()
    assert sum(parameter.value.size for parameter in parameters) == 295_554


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"channels": ()}, "at least one stage"),
        ({"patch_size": 0}, "patch_size"),
        ({"patch_stride": 0}, "patch_stride"),
        ({"activation": "rely"}, "Did you mean 'relu'"),
    ],
)
def test_options_out_of_range_are_refused(options, match):
    with pytest.raises(ConfigError, match=match):
        airbench(**options)


@pytest.mark.parametrize("side", [1, 8])
def test_images_that_are_too_small_are_refused(side):
    with pytest.raises(ShapeError, match=r"max_pool2d|conv2d"):
        airbench(input_shape=(3, side, side))


def test_vectors_are_refused():
    with pytest.raises(ShapeError, match="conv2d_1"):
        airbench(input_shape=(30,))
