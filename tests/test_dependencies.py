"""What pyproject.toml declares is what the code imports, and nothing else."""

import ast
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Commands, and what other tools load by themselves.
RUN_ONLY = {"mypy", "ruff", "pytest-xdist", "setuptools"}
RUN_ONLY |= {"myst-parser", "pydata-sphinx-theme"}
SKIPPING = "pytest.importorskip"  # imports too
# What pytest and other declared tools bring along.
APART = {"packaging", "cosmic-ray", "docutils"}
APART |= {"torchvision"}  # at night, where a build for the pinned torch is installed


def names_of(requirements):
    """The canonical names of requirements."""
    return {canonicalize_name(Requirement(each).name) for each in requirements}


NEEDED = names_of(PROJECT["dependencies"])
EXTRAS = {name: names_of(v) for name, v in PROJECT["optional-dependencies"].items()}
OFFERED = NEEDED | set().union(*(v for k, v in EXTRAS.items() if k != "dev"))


def imported(source):
    """The top-level packages that a module imports, whether or not it always does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            "importorskip"
        ):
            yield str(ast.literal_eval(node.args[0])).partition(".")[0]


FOLDERS = ("src", "tests", "benchmarks", "scripts", "fuzz", "mutation", "docs")
MODULES = {folder: sorted((ROOT / folder).rglob("*.py")) for folder in FOLDERS}
OWN = [path for folder in FOLDERS[1:] for path in MODULES[folder]]
LOCAL = {"handgrad", *(path.stem for path in OWN), *(path.parent.name for path in OWN)}


def imports_below(*folders):
    """The other packages that the modules below some folders import, with a module."""
    found = {}
    for path in (path for folder in folders for path in MODULES[folder]):
        for name in {*imported(path.read_text())} - sys.stdlib_module_names - LOCAL:
            found.setdefault(name, str(path.relative_to(ROOT)))
    return found


def distributions():
    """The distributions that an import may come from, by its name."""
    found = defaultdict(set)
    for name, places in packages_distributions().items():
        found[name] |= {canonicalize_name(place) for place in places}
    return found


def undeclared(found, declared):
    """Imports of which no declared distribution is the source."""
    places = distributions()
    return {
        name: where
        for name, where in found.items()
        if not (places[name] | {canonicalize_name(name)}) & declared
    }


def unused(found, declared):
    """Declared distributions that nothing is imported from."""
    places = distributions()
    used = set().union(*(places[name] | {canonicalize_name(name)} for name in found))
    return declared - used


def test_every_import_of_the_package_is_declared():
    assert undeclared(imports_below("src"), OFFERED) == {}


def test_every_dependency_is_imported():
    assert unused(imports_below("src"), OFFERED) == set()


def test_tests_import_what_is_declared_and_nothing_else_is():
    found = imports_below("src", "tests")
    assert undeclared(found, OFFERED | EXTRAS["dev"] | APART) == {}
    assert unused(found, EXTRAS["dev"]) - RUN_ONLY == set()


def test_a_fault_is_seen():
    found = {"numpy": "a.py", "torchvision": "b.py"}
    assert undeclared(found, {"numpy"}) == {"torchvision": "b.py"}
    assert unused(found, {"numpy", "joblib"}) == {"joblib"}
