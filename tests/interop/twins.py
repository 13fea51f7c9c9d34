"""Comparison of a network with a torch module, and torch modules to convert."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from handgrad.interop import torch_names
from handgrad.randomness import Key


class Forward(nn.Module):
    """A module whose forward method is given."""

    def __init__(self, forward):
        super().__init__()
        self.own = forward

    def forward(self, x):
        return self.own(x)


def assert_equal(network, module, inputs, *, names=None, training=False, eps=1e-12):
    """Equal outputs and gradients, up to `eps` of the largest value of each array.

    In training the buffers are equal afterwards, too.
    """
    module.train(training)
    names = torch_names(network) if names is None else names
    outputs, caches = network.forward(inputs, training=training, key=Key(0))
    theirs = torch.tensor(inputs, requires_grad=True)
    expected = module(theirs)
    d_outputs = np.random.default_rng(0).normal(size=outputs.shape).astype(inputs.dtype)
    d_inputs, gradients = network.backward(d_outputs, caches)
    expected.backward(torch.tensor(d_outputs))
    close(outputs, expected, eps)
    close(d_inputs, theirs.grad, eps)
    trained, kept = dict(module.named_parameters()), dict(module.named_buffers())
    assert {names[name] for name in gradients} == set(trained)
    scale = max([1.0, *(float(p.grad.abs().max()) for p in trained.values())])
    for name, gradient in gradients.items():
        close(gradient, trained[names[name]].grad, eps, scale)
    for name, held in network.buffers().items():
        close(held.value, kept[names[name]], eps)


def close(found, expected, eps, scale=0.0):
    expected = expected.detach().numpy()
    assert found.dtype == expected.dtype
    scale = max(scale, float(abs(expected).max(initial=0)), 1.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=eps * scale)


def in_float64(network):
    """The network in float64, with statistics and biases as after training."""
    random = np.random.default_rng(5)
    for name, held in {**network.parameters(), **network.buffers()}.items():
        held.value = held.value.astype(np.float64)
        if name.endswith("running_var"):
            held.value = random.uniform(0.5, 2, held.shape)
        elif name.endswith(("bias", "running_mean")):
            held.value = random.normal(0, 0.3, held.shape)
    return network


def drawn(module, dtype=torch.float64):
    """The module with random statistics and biases, as after training."""
    random = torch.Generator().manual_seed(3)
    for name, array in module.state_dict().items():
        if name.endswith("running_var"):
            array.uniform_(0.5, 2, generator=random)
        elif array.dtype.is_floating_point:
            array.normal_(0, 0.3, generator=random)
    return module.to(dtype).eval()


def images(*shape, count=3, dtype=np.float64):
    return np.random.default_rng(1).normal(size=(count, *shape)).astype(dtype)


class BasicBlock(nn.Module):
    """The residual block of ResNet-18, as torchvision writes it."""

    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut(inplanes, planes, stride)

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    """The residual block of ResNet-50, as torchvision writes it."""

    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inplanes, 4 * planes, stride)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def shortcut(inplanes, planes, stride):
    if inplanes == planes and stride == 1:
        return None
    return nn.Sequential(
        nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)
    )


class ResNet(nn.Module):
    """torchvision's ResNet, narrow and with two stages."""

    def __init__(self, *blocks, width):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = nn.Sequential(*blocks[:2])
        self.layer2 = nn.Sequential(*blocks[2:])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width, 5)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.avgpool(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(x, 1))


class Fire(nn.Module):
    """The block of SqueezeNet, as torchvision writes it."""

    def __init__(self):
        super().__init__()
        self.squeeze = nn.Conv2d(3, 2, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(2, 3, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(2, 4, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        first = self.expand1x1_activation(self.expand1x1(x))
        return torch.cat([first, self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeExcitation(nn.Module):
    """Squeeze-and-excitation, as torchvision writes it."""

    def __init__(self, channels, squeezed, scale_activation):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = nn.ReLU()
        self.scale_activation = scale_activation()

    def forward(self, input):
        scale = self.activation(self.fc1(self.avgpool(input)))
        return self.scale_activation(self.fc2(scale)) * input


class InvertedResidual(nn.Module):
    """The block of MobileNet and EfficientNet, as torchvision writes it."""

    def __init__(self, activation, scale_activation):
        super().__init__()
        self.block = nn.Sequential(
            *(nn.Conv2d(3, 6, 1, bias=False), nn.BatchNorm2d(6, 1e-3), activation()),
            nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False),
            *(nn.BatchNorm2d(6), activation()),
            SqueezeExcitation(6, 2, scale_activation),
            *(nn.Conv2d(6, 3, 1, bias=False), nn.BatchNorm2d(3)),
        )

    def forward(self, input):
        result = self.block(input)
        result += input
        return result


def resnet18():
    blocks = BasicBlock(4, 4), BasicBlock(4, 4), BasicBlock(4, 6, 2)
    return ResNet(*blocks, width=6)


def resnet50():
    blocks = Bottleneck(4, 2), Bottleneck(8, 2), Bottleneck(8, 3, 2)
    return ResNet(*blocks, width=12)


class Functions(nn.Module):
    """Operations written as functions and methods."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, padding="same")
        self.fc = nn.Linear(27, 4)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv(x)), 2)
        x = torch.add(x, torch.tanh(x)).sigmoid()
        x = functional.avg_pool2d(functional.gelu(x, approximate="tanh"), 2, stride=1)
        x = functional.dropout(x, 0.0, self.training)
        return functional.leaky_relu(self.fc(x.view(x.size(0), -1)), 0.2)
