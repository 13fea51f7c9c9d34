"""Networks as torch modules, and torch modules as networks."""

from typing import Any

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.interop.subject import network_of
from handgrad.layers import Sequential
from handgrad.ranges import is_whole, shown

MISSING = (
    "torch is needed, but not installed. Install it with pip install 'handgrad[torch]'."
)


def to_torch(subject: Any) -> Any:
    """Make a `torch.nn.Module` with the outputs and gradients of a network.

    `subject` is a fitted classifier, a `TrainedNetwork`, the path of a run or of a
    saved network, or a `Sequential`. The module is an `nn.Sequential` with copies of
    all arrays, in their dtypes, and in evaluation mode: call its `train()` to train it.
    Branches keep their names, such as `body` and `shortcut`; `torch_names` lists the
    names of all arrays. The module is the network alone: it takes what the first layer
    takes, so normalize images first, by `trained_.normalization`, and it applies
    none of `predict_with_flip`, `predict_center_crop`, `predict_shift` and temperature.

    ConfigError if torch is not installed, or for a layer without a torch module, which
    it names.

    Shapes
        inputs   (batch, channels, height, width) or (batch, features)
        outputs  those of the last layer, (batch, classes)

    Example
        module = to_torch(clf)
    """
    network = network_of("to_torch", subject)
    return torch_modules().module_of(network).eval()


def torch_modules() -> Any:
    """`handgrad.torch_modules`; ConfigError that says how to install torch."""
    try:
        from handgrad import torch_modules
    except ModuleNotFoundError as error:
        raise ConfigError(MISSING) from error
    return torch_modules


def from_torch(module: Any, input_shape: Shape) -> Sequential:
    """Make a network with the outputs and gradients of a torch module.

    `module` is an `nn.Sequential`, or any module whose forward method is a chain of
    operations for which there are layers, with branches that are added, multiplied or
    concatenated, such as a ResNet of torchvision; `input_shape` is that of one example.
    The arrays are copied; all are trained, those with `requires_grad=False`, too.
    Identity and stochastic depth are left out. After an operation in place, all others
    take the changed values, as in torch. `torch_names` lists the names of all arrays.

    ConfigError that names every operation without a layer, for hooks, for weights that
    are used twice or that are not finite, or if torch is not installed; ShapeError for
    examples that the module cannot take.

    Shapes
        input_shape  (channels, height, width) or (features,)

    Example
        network = from_torch(to_torch(clf), clf.input_shape)
    """
    network: Sequential = reader_of(module, input_shape).network
    return network


def reader_of(module: Any, input_shape: Shape | None) -> Any:
    """The `Reader` of a torch `module`; see `from_torch`."""
    nn = torch_modules().nn
    if not isinstance(module, nn.Module):
        raise ConfigError(
            f"from_torch takes a torch.nn.Module, got {type(module).__name__}. Give, "
            "for example, an nn.Sequential."
        )
    from handgrad.interop.torch_import import Reader

    sizes = tuple(input_shape) if isinstance(input_shape, list | tuple) else ()
    if len(sizes) not in (1, 3) or not all(is_whole(n) and n > 0 for n in sizes):
        raise ConfigError(
            "from_torch takes input_shape as (channels, height, width) or (features,), "
            f"got {shown(input_shape)}. Give, for example, (3, 32, 32)."
        )
    return Reader(module, sizes)
