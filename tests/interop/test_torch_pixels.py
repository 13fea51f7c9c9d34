"""Squeeze-and-excitation with linear layers, as its authors and others write it."""

import re

import pytest
import torch
from torch import nn

from handgrad.errors import ConfigError
from handgrad.interop import from_torch, torch_names

from .twins import assert_equal, drawn, images


class Excitation(nn.Module):
    """Images times one factor for each channel, which `scaled` brings together."""

    def __init__(self, scaled):
        super().__init__()
        self.fc, self.scaled = nn.Linear(4, 4), scaled

    def forward(self, x):
        return self.scaled(x, torch.sigmoid(self.fc(x.mean((2, 3)))))


def with_view(x, factors):
    batch, channels, _, _ = x.size()
    return x * factors.view(batch, channels, 1, 1).expand_as(x)


@pytest.mark.parametrize(
    "scaled",
    [
        with_view,
        lambda x, factors: factors.unsqueeze(-1).unsqueeze(2) * x,
        lambda x, factors: x * factors[:, :, None, None],
        lambda x, factors: x.mul_(factors[:, :, None, None].expand_as(x)),
    ],
)
def test_factors_of_channels(scaled):
    module = drawn(nn.Sequential(nn.Conv2d(3, 4, 1), Excitation(scaled)))
    names = torch_names(module, (3, 3, 2))
    assert_equal(from_torch(module, (3, 3, 2)), module, images(3, 3, 2), names=names)


class Gate(nn.Module):
    """Images times the sigmoid of other images, of the same size or not."""

    def __init__(self, gate):
        super().__init__()
        self.gate, self.fc = gate, nn.Linear(24, 3)

    def forward(self, x):
        return self.fc(torch.flatten(torch.sigmoid(self.gate(x)) * x, 1))


@pytest.mark.parametrize("gate", [nn.Conv2d(4, 4, 1), nn.AvgPool2d((3, 2))])
def test_gates_of_each_pixel_or_channel(gate):
    module = drawn(Gate(gate))
    names = torch_names(module, (4, 3, 2))
    assert_equal(from_torch(module, (4, 3, 2)), module, images(4, 3, 2), names=names)


@pytest.mark.parametrize(
    ("gate", "shape"),
    [(nn.Conv2d(4, 1, 1), (1, 3, 2)), (nn.AvgPool2d((1, 2)), (4, 3, 1))],
)
def test_factors_that_torch_repeats_are_refused_by_their_shapes(gate, shape):
    said = re.escape(f"mul (mul) of values of shapes {shape} and (4, 3, 2), which are")
    with pytest.raises(ConfigError, match=f"no layer for {said} neither equal nor"):
        from_torch(Gate(gate), (4, 3, 2))


@pytest.mark.parametrize(
    ("scaled", "problem"),
    [
        (lambda x, factors: x * factors, "mul .* of vectors and images"),
        (lambda x, factors: x * factors.unsqueeze(-1), "unsqueeze .* of values other"),
        (lambda x, factors: x + factors[:, :, None, None], "getitem .* of values ot"),
        (lambda x, factors: x * factors.expand_as(x), "expand_as .* of values other"),
        (lambda x, factors: factors[:, :, None, None], "getitem .* of values other"),
        (
            lambda x, factors: factors.tanh() * factors[:, :, None, None],
            "mul .* of vectors and images",
        ),
    ],
)
def test_other_products_are_refused(scaled, problem):
    with pytest.raises(ConfigError, match=problem):
        from_torch(Excitation(scaled), (4, 3, 2))
