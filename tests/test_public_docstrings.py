"""What the docstring of a public name must say: settings, errors and sources."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from handgrad import (
    datasets,
    errors,
    inspection,
    layers,
    losses,
    models,
    network,
    optimizers,
    randomness,
    schedules,
    studies,
    sweeps,
    training,
)  # fmt: skip
from handgrad.augmentation import Cutout, RandomCrop
from handgrad.classifier import Classifier, load
from handgrad.errors import ConfigError
from handgrad.inspection.sample import Where
from handgrad.parameter import Parameter
from handgrad.setting import Setting

PAGE = Path(__file__).parents[1] / "docs" / "api.md"


def listed():
    """(module.name, value) of each function and class of the page, each once."""
    module, seen = "", set()
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            module = line[3:]
        elif line.startswith("| `"):
            name = line.split("`")[1]
            value = getattr(importlib.import_module(module), name)
            if (inspect.isclass(value) or inspect.isfunction(value)) and (
                value not in seen
            ):
                seen.add(value)
                yield f"{module}.{name}", value


def methods_of(kind):
    """The public methods that a class defines itself, by name."""
    for name, value in vars(kind).items():
        function = getattr(value, "__func__", value)
        if not name.startswith("_") and inspect.isfunction(function):
            yield name, function


NAMES = list(listed())
METHODS = [
    (f"{name}.{method}", kind, function)
    for name, kind in NAMES
    if inspect.isclass(kind)
    for method, function in methods_of(kind)
]


def docstring_of(value):
    return inspect.cleandoc(value.__doc__ or "")


def text_of(kind, function):
    """What `help` shows of a method: its class, and the method there and in bases."""
    parents = [parent for parent in kind.__mro__ if "handgrad" in parent.__module__]
    named = [vars(parent).get(function.__name__) for parent in parents]
    found = [getattr(value, "__func__", value) for value in named if value is not None]
    return "\n\n".join(
        [
            docstring_of(function),
            *(docstring_of(value) for value in found if inspect.isfunction(value)),
            *(docstring_of(parent) for parent in parents),
        ]
    )


def parameters_of(value):
    """The names of the parameters, those of `**where` one by one."""
    try:
        found = inspect.signature(value).parameters.values()
    except ValueError:  # an exception has no signature of its own
        return []
    named = [
        part.name
        for part in found
        if part.kind not in {part.VAR_POSITIONAL, part.VAR_KEYWORD}
        and part.name not in {"self", "cls"}
    ]
    is_open = any(part.name == "where" for part in found)
    return named + list(Where.__annotations__) * is_open


def is_described(name, text):
    """Whether a name stands in backticks, or in an indented section."""
    sections = "\n".join(line for line in text.splitlines() if line.startswith(" "))
    code = "\n".join(re.findall(r"`([^`]+)`", text))
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    return bool(word.search(sections) or word.search(code))


def undescribed(names, text):
    return [name for name in names if not is_described(name, text)]


def found(faults):
    """Those of pairs (name, faults) that have any."""
    return {name: each for name, each in faults if each}


def test_every_parameter_is_described():
    assert len(NAMES) > 150
    missing = (
        (name, undescribed(parameters_of(value), docstring_of(value)))
        for name, value in NAMES
    )
    assert found(missing) == {}


def test_every_parameter_of_a_method_is_described():
    assert len(METHODS) > 150
    missing = (
        (name, undescribed(parameters_of(function), text_of(kind, function)))
        for name, kind, function in METHODS
    )
    assert found(missing) == {}


def test_a_parameter_that_is_added_must_be_described():
    def example(rate, surprise):
        """A function of `rate`, and a surprise.

        Units
            rate  a fraction
        """

    assert undescribed(parameters_of(example), docstring_of(example)) == ["surprise"]


def errors_raised_in(value):
    """Names of our errors that the code of a function, or of a class, raises itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(value)))
    called = {"unknown_name": "ConfigError"}
    for name in ("at_least", "count", "fraction", "positive"):
        called[f"check_{name}"] = "ConfigError"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = called.get(node.func.id, node.func.id)
            if found in errors.__all__ and found.endswith("Error"):
                yield found
    has_settings = any(isinstance(part, Setting) for part in vars(value).values())
    if inspect.isclass(value) and has_settings:
        yield "ConfigError"


def whole_text_of(kind):
    """What `help` shows of a class: its docstring and those of its methods."""
    texts = [docstring_of(function) for _, function in methods_of(kind)]
    parents = [parent for parent in kind.__mro__ if "handgrad" in parent.__module__]
    properties = [v for v in vars(kind).values() if isinstance(v, property)]
    texts += [docstring_of(value) for value in [*parents, *properties]]
    return "\n".join(texts)


def unnamed_errors(value):
    """The errors that a function or class raises, and its docstrings do not name."""
    if inspect.isclass(value) and issubclass(value, Exception):
        return set()
    text = whole_text_of(value) if inspect.isclass(value) else docstring_of(value)
    return {error for error in errors_raised_in(value) if error not in text}


def test_every_error_that_is_raised_is_named():
    assert found((name, unnamed_errors(value)) for name, value in NAMES) == {}


def test_an_error_that_is_not_named_is_seen():
    def example(rate):
        """A function of `rate`."""
        raise ConfigError(rate)

    assert unnamed_errors(example) == {"ConfigError"}


IMAGES = np.zeros((4, 1, 8, 8), dtype=np.uint8)
SPLIT = datasets.Split(IMAGES, np.arange(4))
KEY = randomness.Key(0)
SHARED = layers.Linear(2, 2)
PROBES = [  # wrong calls: whose docstring must name the error, and the call
    (Classifier, lambda: Classifier(3).fit(IMAGES, [0, 1, 0, 1])),
    (Classifier, lambda: Classifier().fit(IMAGES, [0, 0, 0, 0])),
    (Classifier, lambda: Classifier(channels="x").fit(IMAGES, [0, 1, 0, 1])),
    (load, lambda: load("nowhere")),
    (network.residual, lambda: network.residual(3)),
    (network.sequential, lambda: network.sequential("relu")),
    (layers.Linear, lambda: layers.Linear(0, 1)),
    (layers.Linear, lambda: layers.Linear(10**6, 10**7)),
    (layers.Linear, lambda: layers.Linear(2, 1).output_shape((3,))),
    (layers.Conv2d, lambda: layers.Conv2d(1, 1, 0)),
    (layers.Conv2d, lambda: layers.Conv2d(1, 1, 3).output_shape((1, 2, 2))),
    (layers.MaxPool2d, lambda: layers.MaxPool2d(2, padding=2)),
    (layers.AveragePool2d, lambda: layers.AveragePool2d(2).output_shape((3,))),
    (
        layers.GlobalAveragePool2d,
        lambda: layers.GlobalAveragePool2d().output_shape((3,)),
    ),
    (layers.BatchNorm1d, lambda: layers.BatchNorm1d(3, momentum=2)),
    (layers.BatchNorm2d, lambda: layers.BatchNorm2d(3).output_shape((3,))),
    (layers.Dropout, lambda: layers.Dropout(1.0)),
    (layers.Dropout, lambda: layers.Dropout(0.5).forward(IMAGES / 2, training=True)),
    (layers.GELU, lambda: layers.GELU("x")),
    (layers.LeakyReLU, lambda: layers.LeakyReLU(-1)),
    (layers.Residual, lambda: layers.Residual(layers.Flatten()).output_shape((1, 2))),
    (layers.Residual, lambda: layers.Residual(SHARED, SHARED)),
    (layers.Sequential, lambda: layers.Sequential([SHARED, SHARED])),
    (layers.Sequential, lambda: layers.Sequential([SHARED]).output_shape((9,))),
    (layers.Softmax, lambda: layers.Softmax().output_shape(())),
    (losses.L2, lambda: losses.L2(-1.0)),
    (losses.MulticlassSVM, lambda: losses.MulticlassSVM(0)),
    (losses.SoftmaxCrossEntropy, lambda: losses.SoftmaxCrossEntropy(1.0)),
    (optimizers.SGD, lambda: optimizers.SGD(0.1, nesterov=True)),
    (optimizers.Adam, lambda: optimizers.Adam(-0.1)),
    (optimizers.AdamW, lambda: optimizers.AdamW(0.1, beta1=1.0)),
    (optimizers.Muon, lambda: optimizers.Muon(0.1, momentum=1.0)),
    (optimizers.RMSProp, lambda: optimizers.RMSProp(0.1, eps=0)),
    (optimizers.Optimizer.rate, lambda: optimizers.SGD(lambda step: -1.0).rate(1)),
    (optimizers.clip_by_norm, lambda: optimizers.clip_by_norm({}, 0)),
    (schedules.cosine, lambda: schedules.cosine(0.1, steps=0)),
    (schedules.one_cycle, lambda: schedules.one_cycle(0.1, steps=1)),
    (schedules.step_decay, lambda: schedules.step_decay(0.1, every=0)),
    (schedules.reschedule, lambda: schedules.reschedule(int, after=1, steps=3, end=1)),
    (schedules.warm_up, lambda: schedules.warm_up(schedules.constant(1), steps=-1)),
    (models.mlp, lambda: models.mlp(hidden_sizes=[4], dropout=[0.1, 0.1])),
    (models.lenet, lambda: models.lenet(activation="x")),
    (models.lenet, lambda: models.lenet(input_shape=(1, 2, 2))),
    (models.alexnet, lambda: models.alexnet(channels=[1, 2])),
    (models.alexnet, lambda: models.alexnet(input_shape=(1, 2, 2))),
    (models.perceptron, lambda: models.perceptron(hidden=0)),
    (models.softmax_regression, lambda: models.softmax_regression(classes=0)),
    (models.airbench, lambda: models.airbench(channels=())),
    (models.airbench, lambda: models.airbench(input_shape=(3, 8, 8))),
    (models.resnet, lambda: models.resnet(blocks=0)),
    (models.resnet, lambda: models.resnet(channels=(0,))),
    (models.vgg, lambda: models.vgg(convolutions=0)),
    (models.vgg, lambda: models.vgg(input_shape=(1, 2, 2))),
    (models.from_layers, lambda: models.from_layers(layers=[{"name": "x"}])),
    (models.from_layers, lambda: models.from_layers(layers=[network.flatten()])),
    (datasets.load, lambda: datasets.load("nothing")),
    (datasets.load, lambda: datasets.load("digits", image_size=(0, 1))),
    (datasets.fetch, lambda: datasets.fetch("digits")),
    (datasets.fetch, lambda: datasets.fetch("nothing")),
    (datasets.split, lambda: datasets.split(SPLIT, 0.0, KEY)),
    (datasets.normalization, lambda: datasets.normalization("x", IMAGES)),
    (datasets.Normalization, lambda: datasets.Normalization((0.5,), (0.0,))),
    (
        datasets.Normalization.apply,
        lambda: datasets.Normalization((0.0,), (1.0,)).apply(np.zeros((2, 2))),
    ),
    (datasets.Split, lambda: datasets.Split([1], [2])),
    (Cutout, lambda: Cutout(0)),
    (Cutout.check_images, lambda: Cutout(9).check_images(8, 8)),
    (RandomCrop, lambda: RandomCrop(-1)),
    (RandomCrop.check_images, lambda: RandomCrop(9).check_images(8, 8)),
    (randomness.random_bits, lambda: randomness.random_bits(KEY.at(-1), (2,))),
    (
        randomness.random_bits,
        lambda: randomness.random_bits(KEY.at(1, np.arange(3)), (2,)),
    ),
    (Parameter, lambda: setattr(Parameter(IMAGES), "value", 3)),
    (training.TrainingSettings, lambda: training.TrainingSettings(epochs=0)),
    (training.config_from, lambda: training.config_from({"x": 1})),
    (training.read_config, lambda: training.read_config(Path("nowhere.toml"))),
    (training.load, lambda: training.load("nowhere")),
    (training.resume, lambda: training.resume(Path("nowhere"))),
    (training.RunFolder.open, lambda: training.RunFolder.open(Path("nowhere"))),
    (training.Position.from_numbers, lambda: training.Position.from_numbers({})),
    (sweeps.read_sweep, lambda: sweeps.read_sweep(Path("nowhere.toml"))),
    (sweeps.Range.points, lambda: sweeps.Range("x", 0.0, 1.0).points()),
    (studies.find, lambda: studies.find("nothing")),
    (studies.read_experiment, lambda: studies.read_experiment(Path("nowhere.toml"))),
    (
        inspection.activation_functions,
        lambda: inspection.activation_functions(["x"]),
    ),
    (inspection.dropout_statistics, lambda: inspection.dropout_statistics([0.0])),
    (inspection.memory, lambda: inspection.memory("nothing")),
    (inspection.filters, lambda: inspection.filters(models.mlp(), (1, 2))),
]


@pytest.mark.parametrize(
    ("documented", "call"),
    [
        pytest.param(documented, call, id=f"{number}-{documented.__qualname__}")
        for number, (documented, call) in enumerate(PROBES)
    ],
)
def test_the_error_of_a_wrong_call_is_documented(documented, call):
    with pytest.raises(errors.HandgradError) as caught:
        call()
    kinds = [kind.__name__ for kind in type(caught.value).__mro__[:-4]]
    assert any(kind in docstring_of(documented) for kind in kinds), kinds


SOURCED = (  # packages of equations, and what in them states none of its own
    ("handgrad.layers.", ()),
    ("handgrad.losses.", ()),
    ("handgrad.optimizers.", ()),
    ("handgrad.schedules.", ()),
    ("handgrad.initializers.", ("zeros",)),
    ("handgrad.models.", ("as_python", "as_toml", "from_layers", "to_layers")),
)


def is_sourced(name, value):
    """Whether a name stands for equations of its own."""
    return not inspect.isabstract(value) and any(
        name.startswith(package) and name.split(".")[-1] not in without
        for package, without in SOURCED
    )


def test_an_equation_has_a_source():
    sourced = [(name, value) for name, value in NAMES if is_sourced(name, value)]
    assert len(sourced) > 40
    lines = {name: docstring_of(value).splitlines() for name, value in sourced}
    assert {name for name, each in lines.items() if "Source" not in each} == set()
