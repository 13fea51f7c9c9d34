"""The public names are those of docs/api.md, and each says what it is."""

import subprocess
import sys
from importlib import import_module
from inspect import getdoc, isclass, isfunction
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api.md").read_text()


def listed():
    """(module, name) of every row of the page."""
    module = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            module = line[3:]
        elif line.startswith("| `"):
            yield module, line.split("`")[1]


NAMES = list(listed())


def test_the_page_is_what_the_packages_export():
    made = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "api")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == PAGE, "renew it: scripts/api > docs/api.md"
    assert len(NAMES) > 150


def bare_names(name, value):
    """The name itself, and those of public methods, where there is no docstring."""
    if (isclass(value) or isfunction(value)) and not getdoc(value):
        yield name
    if isclass(value):
        methods = [n for n in vars(value) if not n.startswith("_")]
        parts = [(n, getattr(value, n)) for n in methods]
        yield from (f"{name}.{n}" for n, part in parts if is_bare(part))


def is_bare(part):
    return callable(part) and not getdoc(part)


def test_every_name_is_there_and_described():
    values = [(name, getattr(import_module(module), name)) for module, name in NAMES]
    assert [bare for name, value in values for bare in bare_names(name, value)] == []


def test_a_name_without_a_docstring_is_seen():
    class Example:
        def method(self):
            pass

    assert list(bare_names("Example", Example)) == ["Example", "Example.method"]


@pytest.mark.parametrize(
    "promised",
    [
        "Classifier", "load", "network", "inspection", "datasets", "layers", "losses",
        "models", "optimizers", "schedules", "initializers", "training",
    ],
)  # fmt: skip
def test_what_scripts_rely_on_is_on_the_page(promised):
    assert ("handgrad", promised) in NAMES


def test_documented_modules_are_attributes_of_the_package():
    code = (
        "import handgrad\n"
        "for name in handgrad.MODULES: getattr(handgrad, name)\n"
        "print(handgrad.lessons.write.__name__, handgrad.testing.check_layer.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "write check_layer\n"
