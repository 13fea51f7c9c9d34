"""How the code looks where no linter can tell."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

from handgrad.layers import Layer
from handgrad.losses import Loss
from handgrad.optimizers import Optimizer

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "handgrad"
MODULES = sorted(SOURCE.rglob("*.py"))
SECTIONS = ["Shapes", "Equations", "Cache", "State", "Units", "Example", "Source"]
LARGEST = 300  # lines of a module


def name_of(path):
    return str(path.relative_to(ROOT))


def classes_of(folder, base):
    """The classes of that kind in a folder, each with its module's name."""
    for path in sorted((SOURCE / folder).glob("[a-z]*.py")):
        module = importlib.import_module(f"handgrad.{folder}.{path.stem}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, base) and kind.__module__ == module.__name__:
                yield pytest.param(kind, path.stem, id=kind.__name__)


KINDS = [
    *classes_of("layers", Layer),
    *classes_of("losses", Loss),
    *classes_of("optimizers", Optimizer),
]


@pytest.mark.parametrize(("kind", "file"), KINDS)
def test_the_file_is_named_like_the_class(kind, file):
    assert file.replace("_", "") == kind.__name__.lower()


@pytest.mark.parametrize(("kind", "file"), KINDS)
def test_the_equations_are_on_the_page(kind, file):
    if not inspect.isabstract(kind):
        assert "Equations" in sections(kind.__doc__)


@pytest.mark.parametrize(("kind", "file"), KINDS)
def test_it_says_what_it_is(kind, file):
    if not inspect.isabstract(kind):
        assert "__repr__" in vars(kind)


def sections(docstring):
    """The section titles of a docstring, in order."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    return [line for line in lines if line in SECTIONS]


def docstrings(path):
    """The docstrings of a module, its classes and functions, by name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield getattr(node, "name", "module"), ast.get_docstring(node) or ""


@pytest.fixture(scope="module")
def written():
    """Every docstring, with its module and its name."""
    return [
        (name_of(path), name, text)
        for path in MODULES
        for name, text in docstrings(path)
    ]


def is_in_order(docstring):
    """Whether the sections stand in the order of the house, each once."""
    found = sections(docstring)
    return found == sorted(set(found), key=SECTIONS.index)


def says_something(docstring):
    """Whether a docstring, if there is one, begins with words."""
    return not docstring or bool(docstring.partition("\n")[0].strip(". "))


@pytest.mark.parametrize("rule", [is_in_order, says_something])
def test_docstrings_follow_the_house(written, rule):
    assert len(written) > 3000
    assert [(path, name) for path, name, text in written if not rule(text)] == []


def test_a_docstring_that_does_not_is_seen():
    assert not is_in_order("A layer.\n\nSource\n    a\n\nShapes\n    b")
    assert not is_in_order("A layer.\n\nShapes\n    a\n\nShapes\n    b")
    assert is_in_order("A layer.\n\nShapes\n    a\n\nSource\n    b")
    assert not says_something(" .\nmore")


def test_modules_are_small():
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name for name, length in lengths.items() if length > LARGEST} == set()
    assert max(lengths.values()) > LARGEST / 2


def texts():
    """All that is written by hand."""
    folders = [
        ROOT / name
        for name in ("src", "tests", "docs", "scripts", "benchmarks", "fuzz")
    ]
    paths = [path for folder in folders for path in folder.rglob("*")]
    paths += [*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / ".ci" / "run"]
    return [
        path
        for path in paths
        if path.is_file()
        and path.suffix in {"", ".py", ".md", ".toml"}
        and "egg-info" not in str(path)
        and path != Path(__file__)
    ]


def test_nothing_is_left_for_later_and_no_machine_is_named():
    forbidden = re.compile(r"TODO|FIXME|XXX|/(work|root)/|/home/\w")
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


PATH_THEN_STOP = re.compile(
    r"\{[^{}\n]*(path|folder|parent|file)[^{}\n]*\}\.(?=[\"'\s])"
)


def test_no_full_stop_stands_after_a_path():
    """Copied with a click, a path or a command takes the full stop along."""
    found = [path for path in MODULES if PATH_THEN_STOP.search(path.read_text())]
    assert found == []


def test_a_full_stop_after_a_path_is_seen():
    for text in (
        'f"Go on: train --resume {path}."',
        "f'is in {a.folder}. No'",
    ):
        assert PATH_THEN_STOP.search(text)
    for text in ('f"{path}.json"', 'f"is in {folder}"', 'f"is in {folder}, and"'):
        assert not PATH_THEN_STOP.search(text)
