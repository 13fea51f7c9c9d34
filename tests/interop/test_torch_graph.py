import pytest
import torch
from torch import nn

from handgrad.errors import ConfigError
from handgrad.interop.torch_graph import Graph

from .twins import BasicBlock, Forward, Functions


def test_the_operations_of_a_block():
    graph = Graph(BasicBlock(4, 4))
    names = [graph.name(node) for node in graph.nodes]
    assert names == ["conv1", "bn1", "relu", "conv2", "bn2", "iadd", "relu"]
    assert [graph.join(node) for node in graph.nodes] == [*[None] * 5, "add", None]
    assert len(graph.users(graph.input)) == 2
    assert graph.shown(graph.nodes[0]) == "Conv2d (conv1)"


def test_functions_become_modules():
    graph = Graph(Functions())
    modules = [graph.module(node) for node in graph.nodes]
    kinds = [type(module).__name__ for module in modules]
    assert kinds == [
        *("Conv2d", "ReLU", "MaxPool2d", "Tanh", "NoneType", "Sigmoid", "GELU"),
        *("AvgPool2d", "Dropout", "Flatten", "Linear", "LeakyReLU"),
    ]
    assert (modules[2].kernel_size, modules[7].stride) == (2, 1)
    assert (modules[6].approximate, modules[11].negative_slope) == ("tanh", 0.2)


@pytest.mark.parametrize(
    ("forward", "kind"),
    [
        (lambda x: x.mean((2, 3)), nn.Sequential),
        (lambda x: x.mean((-1, -2), keepdim=True), nn.AdaptiveAvgPool2d),
        (lambda x: x.reshape(x.shape[0], -1), nn.Flatten),
        (lambda x: x.view((len_of(x), -1)), nn.Flatten),
        (lambda x: x.flatten(1), nn.Flatten),
    ],
)
def test_means_and_reshapes(forward, kind):
    graph = Graph(Forward(forward))
    (node,) = graph.nodes
    assert type(graph.module(node)) is kind


def len_of(values):
    return values.size(0)


@pytest.mark.parametrize(
    "forward", [lambda x: x.mean(1), lambda x: x.view(2, 8), lambda x: x.cumsum(1)]
)
def test_other_operations_have_no_module(forward):
    graph = Graph(Forward(forward))
    assert graph.module(graph.nodes[-1]) is None


def test_a_forward_method_that_depends_on_values_is_refused():
    module = Forward(lambda x: x if x.sum() > 0 else -x)
    with pytest.raises(ConfigError, match=r"forward method of Forward: .*control flow"):
        Graph(module)
    assert module.training


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


def test_one_input_and_one_output():
    with pytest.raises(ConfigError, match=r"method of Two: .* required positional"):
        Graph(Two())
    with pytest.raises(ConfigError, match="one output, got Forward"):
        Graph(Forward(lambda x: (x, torch.relu(x))))
