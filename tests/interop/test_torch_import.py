"""Networks read from torch modules give the same outputs and gradients."""

from math import inf

import pytest
import torch
from torch import nn
from torch.nn import functional

from handgrad import layers
from handgrad.errors import ConfigError, ShapeError
from handgrad.interop import from_torch, torch_names

from .twins import (
    BasicBlock,
    Fire,
    Forward,
    Functions,
    InvertedResidual,
    assert_equal,
    drawn,
    images,
    resnet18,
    resnet50,
)


class Padded(nn.Module):
    """Padding before convolutions and poolings, as modules and as a function."""

    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((0, 1, 2, 0))
        self.conv1 = nn.Conv2d(2, 3, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(3, 2, 2)
        self.pad_most = nn.ConstantPad2d((1, 0, 0, 1), -inf)

    def forward(self, x):
        x = functional.pad(self.conv1(self.pad(x)), [1, 0, 1, 1])
        x = torch.cat([self.conv2(x), functional.avg_pool2d(x, 2, 1)], 1)
        return functional.max_pool2d(self.pad_most(x), 2)


class InPlace(nn.Module):
    """Values that are used again after a change in place."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 3, 1), nn.Conv2d(3, 3, 1)
        self.body = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1))

    def forward(self, x):
        x = self.conv1(x)
        x = self.body(x) + x
        same = y = self.conv2(x)
        y += x
        functional.hardswish(same, inplace=True)
        return torch.cat([same.mul_(x), y.clone().tanh_()], -3)


class Sums(nn.Module):
    """Sums of three values, and sums within sums."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, x):
        x = x.contiguous().view(-1, 8)
        y = torch.clamp(self.fc1(x), 0, 6) + x
        y = self.fc2(y) + y + x
        return torch.cat([self.fc3(y) + y + functional.hardtanh(y, 0.0, 6.0), y], -1)


MODULES = {
    "in place": (InPlace, (2, 3, 3)),
    "sums": (Sums, (2, 2, 2)),
    "ResNet-18": (resnet18, (3, 32, 32)),
    "ResNet-50": (resnet50, (3, 32, 32)),
    "SqueezeNet": (
        lambda: nn.Sequential(Fire(), nn.MaxPool2d(3, 2, ceil_mode=True)),
        (3, 8, 8),
    ),
    "MobileNetV2": (lambda: InvertedResidual(nn.ReLU6, nn.ReLU6), (3, 6, 5)),
    "MobileNetV3": (lambda: InvertedResidual(nn.Hardswish, nn.Hardsigmoid), (3, 6, 5)),
    "EfficientNet": (lambda: InvertedResidual(nn.SiLU, nn.Sigmoid), (3, 6, 5)),
    "normalization": (
        lambda: nn.Sequential(
            nn.GroupNorm(2, 4), nn.ELU(0.5), nn.Flatten(), nn.LayerNorm(24)
        ),
        (4, 3, 2),
    ),
    "padding": (Padded, (2, 6, 7)),
    "functions": (Functions, (2, 8, 8)),
    "nested": (
        lambda: nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.Identity(), nn.SiLU()),
            nn.Conv2d(2, 2, 4, padding="same"),
            *(nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(), nn.Linear(12, 3)),
        ),
        (1, 9, 13),
    ),
    "vectors": (
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Softmax(dim=1)),
        (4,),
    ),
    "one layer": (lambda: nn.Linear(4, 3), (4,)),
}


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("training", [False, True])
def test_a_module_becomes_the_same_network(name, training):
    make, shape = MODULES[name]
    module = drawn(make())
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    network, names = from_torch(module, shape), torch_names(module, shape)
    eps = 1e-10 if training else 1e-12  # batch norm of few values
    if name == "MobileNetV3":
        eps = 1e-7  # torch's hard sigmoid has 1 / 6 in float32
    inputs = images(*shape, count=6)
    assert_equal(network, module, inputs, names=names, training=training, eps=eps)


def test_names_are_those_of_the_module():
    names = torch_names(resnet18(), (3, 32, 32))
    assert names["conv2d_1.weight"] == "conv1.weight"
    assert names["residual_1.body.batch_norm2d_2.running_var"] == (
        "layer1.0.bn2.running_var"
    )
    assert names["residual_3.shortcut.conv2d_1.weight"] == (
        "layer2.0.downsample.0.weight"
    )
    assert torch_names(nn.Linear(2, 1), (2,)) == {
        "linear_1.weight": "weight",
        "linear_1.bias": "bias",
    }


def test_reading_changes_nothing():
    module = resnet18().train()
    before = {name: array.clone() for name, array in module.state_dict().items()}
    network = from_torch(module, (3, 32, 32))
    network.parameters()["conv2d_1.weight"].value += 1
    assert all(part.training for part in module.modules())
    after = module.state_dict()
    assert all(torch.equal(after[name], array) for name, array in before.items())


def test_average_pooling_of_whole_images_is_global():
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    (layer,) = from_torch(pool, (2, 4, 6)).layers.values()
    assert type(layer) is layers.GlobalAveragePool2d
    (layer,) = from_torch(pool[:1], (2, 4, 6)).layers.values()
    assert layer.kernel_size == (4, 6)


class Doubled(nn.Linear):
    """A module of a user's own, whose equation is unknown."""

    def forward(self, x):
        return 2 * super().forward(x)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(torch.relu(self.fc(x)))


def crossed(x):
    y, z = torch.relu(x), torch.tanh(x)
    return (y * x) + (z * y)


def tied():
    module = nn.Sequential(nn.Flatten(), nn.Linear(32, 32), nn.Linear(32, 32))
    module[2].weight = module[1].weight
    return module


def filled(value):
    module = nn.Conv2d(2, 2, 1)
    nn.init.constant_(module.bias, value)
    return module


REFUSED = {
    "kinds": (
        nn.Sequential(nn.PReLU(), nn.LSTM(2, 2), nn.PReLU()),
        r"no layer for PReLU \(0, 2\), LSTM \(1\)\. Replace",
    ),
    "settings": (
        nn.Sequential(nn.MaxPool2d(2, dilation=2), nn.BatchNorm2d(2, affine=False)),
        r"MaxPool2d with dilation=2 \(0\), BatchNorm2d with affine=False \(1\)",
    ),
    "edges": (nn.Conv2d(2, 2, 3, padding_mode="reflect"), "padding_mode=reflect"),
    "edges of zeros": (
        nn.Sequential(nn.ZeroPad2d(1), nn.ReLU(), nn.ZeroPad2d(1), nn.MaxPool2d(3)),
        r"ZeroPad2d that .* follows \(0\), MaxPool2d with padding by 0 before it \(3\)",
    ),
    "other edges": (nn.ReflectionPad2d(1), r"no layer for ReflectionPad2d"),
    "own equations": (Doubled(4, 4), r"a parameter outside of a module \(weight, bias"),
    "shared weights": (Shared(), r"used twice \(fc.weight, fc.bias"),
    "tied weights": (tied(), r"used twice \(1.weight, 2.weight\)"),
    "NaN": (filled(float("nan")), "NaN or infinity in bias"),
    "axis": (
        Forward(lambda x: torch.cat([x.relu(), x], 2)),
        r"cat \(cat\) along axis 2",
    ),
    "crossed branches": (Forward(crossed), "the branches .* which meet others"),
    "factor": (
        Forward(lambda x: torch.add(x.relu(), x, alpha=2)),
        r"for add with alpha=2 \(add\)",
    ),
    "sum with itself": (Forward(lambda x: x + x), "add of a value and itself"),
    "reshape": (Forward(lambda x: x.view(-1, 16)), "of 32 values to 16"),
    "dropout": (Forward(functional.dropout), "does not stop in evaluation"),
    "output array": (
        Forward(lambda x: (torch.mul(x, x.relu(), out=x), x)[1]),
        "for mul with out=",
    ),
    "negative padding": (
        nn.Sequential(nn.ZeroPad2d(-1), nn.Conv2d(2, 2, 1)),
        r"^Conv2d \(1\): Conv2d takes padding .* got \(-1, -1\)",
    ),
    "values": (nn.Dropout(1.0), r"^Dropout: Dropout takes rate"),
    "pooling": (nn.AdaptiveAvgPool2d(3), r"from 4 x 4 to 3 x 3 pixels"),
    "softmax of channels": (nn.Softmax(dim=1), "Softmax over axis 1 of 4"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_layer_is_named(name):
    module, message = REFUSED[name]
    shape = (4,) if name in ("own equations", "shared weights") else (2, 4, 4)
    with pytest.raises(ConfigError, match=message):
        from_torch(module, shape)


def test_the_error_of_a_shape_names_the_module():
    with pytest.raises(ShapeError, match=r"^Conv2d \(conv1\): Conv2d\(4, 4, .* 4 chan"):
        from_torch(BasicBlock(4, 4), (3, 8, 8))
