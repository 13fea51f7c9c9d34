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


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_every_name_is_there_and_described(module, name):
    value = getattr(import_module(module), name)
    if isclass(value) or isfunction(value):
        assert getdoc(value), f"{module}.{name} has no docstring"
    if isclass(value):
        methods = [n for n in vars(value) if not n.startswith("_")]
        bare = [
            n
            for n in methods
            if callable(getattr(value, n)) and not getdoc(getattr(value, n))
        ]
        assert bare == [], f"methods of {name} without a docstring"


@pytest.mark.parametrize(
    "promised",
    [
        "Classifier", "load", "network", "inspection", "datasets", "layers", "losses",
        "models", "optimizers", "schedules", "initializers", "training",
    ],
)  # fmt: skip
def test_what_scripts_rely_on_is_on_the_page(promised):
    assert ("handgrad", promised) in NAMES
