"""The house as drawn: arrows point one way, nothing dangerous, every mirror there."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import handgrad

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "handgrad"
TESTS = ROOT / "tests"
MODULES = sorted(SOURCE.rglob("*.py"))

# Each part of the house and the parts it may know, besides itself.
GROUND = {
    *(
        "arrays",
        "calls",
        "docstrings",
        "equations",
        "errors",
        "free_memory",
        "imports",
        "names",
        "parameter",
    ),
    *("parsing", "paths", "quantile", "randomness", "ranges", "setting", "text"),
}
PLAIN = {*GROUND, "initializers", "schedules", "layers", "losses", "optimizers"}
BUILDING = {
    *(*PLAIN, "arguments", "options", "models", "augmentation", "datasets", "catalog"),
    "starting_points",
}
TRAINING = {*BUILDING, "engine", "metrics", "training"}
STANDING = {
    *TRAINING, "inspection", "reports", "studies", "sweeps", "torch_modules",
}  # fmt: skip
TOP = {*STANDING, "interop", "lessons", "testing"}
KNOWS = {
    "errors": set(),
    "arrays": {"errors"},
    "parameter": {"arrays", "errors", "randomness", "setting"},
    "parsing": {"errors", "paths"},
    "quantile": {"arrays"},
    "randomness": {"arrays", "errors", "quantile", "ranges"},
    "ranges": {"errors"},
    "setting": {"errors", "ranges"},
    "calls": set(),
    "equations": set(),
    "text": set(),
    "docstrings": set(),
    "free_memory": {"errors"},
    "imports": set(),
    "names": set(),
    "paths": {"errors", "ranges"},
    "initializers": GROUND,
    "schedules": GROUND,
    "layers": {*GROUND, "initializers"},
    "losses": {*GROUND, "initializers"},
    "optimizers": {*GROUND, "schedules"},
    "options": GROUND,
    "arguments": GROUND | {"options"},
    "metrics": GROUND,
    "augmentation": GROUND,
    "datasets": GROUND,
    "models": {*PLAIN, "options"},
    "layer_rows": GROUND,
    "network": GROUND | {"initializers", "layer_rows"},
    "catalog": {*PLAIN, "options", "models", "augmentation", "datasets"},
    "starting_points": {*PLAIN, "options", "catalog"},
    "engine": {*PLAIN, "augmentation", "datasets"},
    "training": TRAINING,
    "auto": TRAINING,
    "torch_modules": {*PLAIN, "models", "options"},
    "inspection": {*TRAINING, "torch_modules"},
    "studies": {*TRAINING, "inspection"},
    "reports": {*TRAINING, "inspection", "studies"},
    "sweeps": {*TRAINING, "inspection", "studies"},
    "lessons": {*GROUND, "training"},
    "testing": {*STANDING, "lessons"},
    "interop": {*STANDING, "estimator", "run"},
    "run": {*TRAINING, "inspection"},
    "estimator": {*STANDING, "auto", "network", "run"},
    "classifier": {*STANDING, "auto", "network", "estimator", "interop", "run"},
    "web": {*TOP, "run"},
    "cli": {*TOP, "auto", "network", "estimator", "classifier", "run", "web"},
    "__main__": {"cli"},
    "__init__": {*TOP, "network", "classifier", "run"},
}


def part_of(path):
    """The part of the house in which a module lies."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def name_of(path):
    return str(path.relative_to(ROOT))


def imported(tree):
    """The full names of what a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def tree_of(source):
    """The syntax tree of a source, which several rules look at."""
    return ast.parse(source)


def own_parts(source):
    """The parts of Handgrad that a module's source imports."""
    known = {path.stem for path in SOURCE.iterdir()}
    for name in imported(tree_of(source)):
        house, _, rest = name.partition(".")
        part = rest.partition(".")[0]
        if house == "handgrad" and part in known:
            yield part


def arrows_back(source, part):
    """The parts that a module of `part` imports and may not know."""
    return sorted(set(own_parts(source)) - KNOWS[part] - {part})


def test_every_part_has_its_place_in_the_order():
    assert {part_of(path) for path in MODULES} <= set(KNOWS)


def faults(check):
    """What a check finds, by module; nothing of those where it finds nothing."""
    found = {name_of(path): check(path) for path in MODULES}
    assert len(found) > 300
    return {name: fault for name, fault in found.items() if fault}


def test_imports_point_one_way():
    assert faults(lambda path: arrows_back(path.read_text(), part_of(path))) == {}


def test_an_arrow_that_points_back_is_seen():
    assert arrows_back("from handgrad.training import Trainer", "layers") == [
        "training"
    ]
    assert arrows_back("def f():\n    import handgrad.cli.main", "web") == ["cli"]
    assert arrows_back("from handgrad import engine", "losses") == ["engine"]
    assert arrows_back("from handgrad.arrays import Array", "layers") == []


def test_the_order_itself_has_no_way_round():
    def reach(part, seen):
        for other in KNOWS[part] - {part} - seen:
            seen = reach(other, seen | {other})
        return seen

    rounds = [part for part in KNOWS if part in reach(part, set())]
    assert rounds == []


@pytest.mark.parametrize("folder", [SOURCE, TESTS], ids=["src", "tests"])
def test_at_most_two_folders_deep(folder):
    depths = {p: len(p.relative_to(folder).parts) - 1 for p in folder.rglob("*.py")}
    assert [name_of(path) for path, depth in depths.items() if depth > 2] == []


def mirror_of(path):
    return TESTS / path.relative_to(SOURCE).with_name(f"test_{path.name}")


def test_every_module_has_its_mirror():
    modules = [path for path in MODULES if not path.stem.startswith("__")]
    alone = [name_of(path) for path in modules if not mirror_of(path).exists()]
    assert alone == []


FORBIDDEN_IMPORTS = {
    "pickle", "pickletools", "cPickle", "dill", "cloudpickle", "marshal", "shelve",
    "runpy", "imp",
    "importlib.import_module", "importlib.util", "importlib.machinery", "pkgutil",
    "yaml", "joblib.load", "joblib.dump", "code",
}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {
    "import_module", "yaml.load", "torch.load", "joblib.load", "joblib.dump",
    "pickle.load", "pickle.loads", "os.system", "os.popen",
}  # fmt: skip


def dangers(source):
    """Ways to run code from a file, or to import by a string."""
    tree = tree_of(source)
    for name in imported(tree):
        if {name, name.partition(".")[0]} & FORBIDDEN_IMPORTS:
            yield f"import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from dangers_of_call(node)


def dangers_of_call(call):
    name = ast.unparse(call.func)
    if name in FORBIDDEN_CALLS:
        yield name
    if name in FORBIDDEN_METHODS or name.rpartition(".")[2] == "import_module":
        yield name
    for keyword in call.keywords:
        is_false = isinstance(keyword.value, ast.Constant) and not keyword.value.value
        if keyword.arg == "allow_pickle" and not is_false:
            yield f"{name}(allow_pickle)"
        if keyword.arg == "shell" and not is_false:
            yield f"{name}(shell)"


# The front door fetches its own parts when they are first asked for: names of its own
# closed list, never of a file.
FRONT_DOOR = SOURCE / "__init__.py"


# CIFAR-10's Python version is a pickle. This one module splits it into instructions
# with `pickletools`, which follows none of them, and follows a closed list by itself.
ALLOWED = {
    FRONT_DOOR: set(dangers("from importlib import import_module\nimport_module(a)")),
    SOURCE / "datasets" / "cifar10_python.py": {"import pickletools"},
    # Where scikit-learn is installed; it is not imported.
    SOURCE / "datasets" / "digits.py": {
        *dangers("from importlib.util import find_spec\nfind_spec(a)")
    },
    # Compiled kernels: sealed, and in a folder that nobody else can write.
    SOURCE / "engine" / "kernels" / "kernel_cache.py": {
        *dangers("import pickle\npickle.loads(a)")
    },
    # The names of kernels, from the process that started this one, through its pipe.
    SOURCE / "engine" / "kernels" / "second_compiler.py": {
        *dangers("import pickle\npickle.load(a)")
    },
}


def test_nothing_is_run_from_a_file():
    found = faults(lambda path: {*dangers(path.read_text())} - ALLOWED.get(path, set()))
    assert found == {}


@pytest.mark.parametrize("name", ["os", "layers.conv2d", "pickle", "_private"])
def test_the_front_door_opens_to_its_own_list_alone(name):
    with pytest.raises(AttributeError):
        getattr(handgrad, name)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import pickletools",
        "eval('1')",
        "exec(text)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "importlib.import_module(name)",
        "from importlib import import_module",
        "__import__(name)",
        "yaml.load(text)",
        "torch.load(path)",
        "subprocess.run(line, shell=True)",
    ],
)
def test_the_dangers_are_seen(source):
    assert list(dangers(source))


def test_what_is_safe_is_let_through():
    assert list(dangers("np.load(path, allow_pickle=False)\nre.compile('a')")) == []
    assert list(dangers("from importlib.metadata import version")) == []


def repeated_names(source):
    """Names that stand twice in one dictionary: the second would win in silence."""
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            yield from (key for key in set(keys) if keys.count(key) > 1)


def test_a_name_stands_once_in_a_dictionary():
    assert faults(lambda path: list(repeated_names(path.read_text()))) == {}


def test_a_repeated_name_is_seen():
    assert list(repeated_names("{'relu': 1, 'tanh': 2, 'relu': 3}")) == ["relu"]


def test_catalogue_names_are_unique_and_snake_case():
    from handgrad.catalog import CATALOG

    for kind, entries in CATALOG.items():
        assert [n for n in entries if n != n.lower() or not n.isidentifier()] == [], (
            kind
        )
        values = [id(value) for value in entries.values()]
        assert len(set(values)) == len(values), f"one {kind} has two names"


HEAVY = ["sklearn", "numba", "matplotlib", "torch", "pydantic", "scipy"]


@pytest.mark.parametrize("light", ["handgrad", "handgrad.layers", "handgrad.losses"])
def test_importing_is_light(light):
    code = f"import sys, {light}; print(*sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
