import ast
from inspect import isabstract
from pathlib import Path

import pytest

import handgrad
from handgrad.catalog import MODELS

SOURCE = Path(handgrad.__file__).parent
PUBLIC = {  # what the issue and the house promise
    "Classifier", "__version__", "datasets", "from_onnx", "initializers", "inspection",
    "interop", "layers",
    "load", "losses",
    "models", "network", "optimizers", "schedules", "train", "training",
}  # fmt: skip


def exported(path):
    """The names in `__all__` of a module, as it is written."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [item.value for item in node.value.elts]
    return None


def in_order(names):
    """As ruff sorts them: constants, then classes, then the rest, each by letter."""

    def rank(name):
        is_constant = name.isupper() and len(name) > 1
        return (0 if is_constant else 1 if name[0].isupper() else 2, name)

    return sorted(names, key=rank)


def test_exported_names_are_sorted_and_there_once():
    found = {path: exported(path) for path in SOURCE.rglob("*.py")}
    listed = {path: names for path, names in found.items() if names is not None}
    assert len(listed) > 10
    assert {p for p, names in listed.items() if names != in_order(set(names))} == set()


def test_the_package_exports_what_it_promises():
    assert set(handgrad.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(handgrad, name) is not None
    assert dir(handgrad) == handgrad.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'layer'"):
        _ = handgrad.layer


@pytest.mark.parametrize(
    ("part", "base"),
    [
        (handgrad.layers, handgrad.layers.Layer),
        (handgrad.losses, handgrad.losses.Loss),
        (handgrad.optimizers, handgrad.optimizers.Optimizer),
    ],
)
def test_every_layer_loss_and_optimizer_is_exported(part, base):
    kinds, found = [base], []
    while kinds:
        kinds += (kind := kinds.pop()).__subclasses__()
        is_ours = kind.__module__.startswith(part.__name__)
        found += [kind.__name__] if is_ours and not isabstract(kind) else []
    assert len(found) >= 3
    assert set(found) <= set(part.__all__)


def test_every_model_of_the_catalogue_is_exported():
    assert set(MODELS) <= set(handgrad.models.__all__)
