"""The Example sections of public docstrings run, and what they state is true."""

import ast
import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest

import handgrad
from handgrad.initializers import normal
from handgrad.randomness import uniform
from handgrad.training import config_from, start

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
SECTION = "Example\n"


def section(value):
    """The code below the word Example, to the next line that is not indented."""
    _, found, after = inspect.cleandoc(value.__doc__ or "").partition(f"\n{SECTION}")
    lines = after.splitlines() if found else []
    ends = (k for k, line in enumerate(lines) if line and line[0] != " ")
    return inspect.cleandoc("\n".join(lines[: next(ends, len(lines))]))


def public():
    """(module, name, value) of each line of the page of public names."""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            module = importlib.import_module(line[3:])
        elif line.startswith("| `"):
            name = line.split("`")[1]
            yield module, name, getattr(module, name)


def documented():
    """Classes and functions, and the public methods of classes, with an example."""
    for module, name, value in public():
        if inspect.isclass(value) or inspect.isfunction(value):
            yield f"{module.__name__}.{name}", module, value
        if inspect.isclass(value):
            for method, function in vars(value).items():
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{module.__name__}.{name}.{method}", module, function


EXAMPLES = {name: (module, section(v)) for name, module, v in documented()}
EXAMPLES = {name: pair for name, pair in EXAMPLES.items() if pair[1]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """What examples take for granted: a fitted classifier, images, a run's folder."""
    folder = tmp_path_factory.mktemp("examples")
    digits = handgrad.datasets.load("digits", image_size=(28, 28))
    given = {
        "dataset": {"name": "digits", "image_size": [28, 28]},
        "training": {"epochs": 1},
    }
    (folder / "runs").mkdir()
    for _ in start(config_from(given), folder / "runs" / "lenet-digits-1"):
        pass
    clf = handgrad.Classifier("lenet", epochs=1)
    clf.fit(digits.train.images[:300, 0], digits.train.targets[:300])
    known = {"np": np, "Path": Path, "normal": normal, "uniform": uniform}
    known |= {name: value for _, name, value in public()}
    return folder, known | {
        "clf": clf,
        "digits": digits,
        "images": digits.train.images[:100],
        "labels": digits.train.targets[:100],
        "test_images": digits.test.images[:100, 0],
        "test_labels": digits.test.targets[:100],
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_what_it_states_is_true(name, world, monkeypatch):
    folder, known = world
    monkeypatch.chdir(folder)
    module, code = EXAMPLES[name]
    others = {name: getattr(module, name) for name in module.__all__}
    own = name.removeprefix(f"{module.__name__}.").partition(".")[0]
    names = {**others, **known, own: others[own]}
    statements = ast.parse(code).body
    *before, last = statements
    run(before, names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), name, "eval"), names)
        assert value is not False, f"{code} is false"
        assert not isinstance(value, np.bool) or value
    else:
        run([last], names)


def run(statements, names):
    exec(compile(ast.Module(statements, []), "example", "exec"), names)


def test_examples_are_found():
    assert len(EXAMPLES) >= 50


def test_a_wrong_example_is_noticed():
    def function():
        """One.

        Example
            function() == 2

        Source
            Nobody
        """

    assert section(function) == "function() == 2"
    with pytest.raises(NameError):
        run(ast.parse("nobody()").body, {})
