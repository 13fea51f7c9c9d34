"""What is shipped: the package's own files and nothing else, and nothing to fetch."""

import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "handgrad"
OWN = {".py", ".typed", ".css", ".html", ".js", ".svg", ".toml", ".md", ".json"}
BESIDE = ("pyproject.toml", "README.md", "LICENSE")
BUILD = """
import sys
from setuptools import build_meta
getattr(build_meta, sys.argv[1])(sys.argv[2])
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("setuptools") is None, reason="needs setuptools"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Wheel and sdist, built without a network from a copy of the sources."""
    copy, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    left = ignore_patterns("__pycache__")
    copytree(SOURCE, copy / "src" / "handgrad", ignore=left)
    copytree(ROOT / "tests" / "definitions", copy / "tests", ignore=left)  # to stay out
    for name in BESIDE:
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for what in ("build_sdist", "build_wheel"):
        code = [sys.executable, "-c", BUILD, what, str(out)]
        done = subprocess.run(
            code, cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return sorted(out.iterdir())


@pytest.fixture(scope="module")
def wheel(built):
    """The names in the wheel, and its metadata."""
    path = next(path for path in built if path.suffix == ".whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        about = next(name for name in names if name.endswith("dist-info/METADATA"))
        entry = next(name for name in names if name.endswith("entry_points.txt"))
        texts = [archive.read(name).decode() for name in (about, entry)]
    return path.name, names, *texts


def own_files():
    """The package's files as they lie in the tree."""
    files = [path for path in SOURCE.rglob("*") if path.suffix in OWN]
    return {f"handgrad/{path.relative_to(SOURCE).as_posix()}" for path in files}


def test_the_wheel_holds_the_package_and_its_metadata(wheel):
    _, names, _, _ = wheel
    metadata = {name for name in names if name.startswith("handgrad-0.")}
    assert set(names) - metadata == own_files()
    assert {name.partition("/")[2] for name in metadata} == {
        *("METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt"),
        "licenses/LICENSE",
    }


def test_the_wheel_is_for_any_machine(wheel):
    name, names, _, _ = wheel
    assert name.endswith("-py3-none-any.whl")
    assert {Path(name).suffix for name in own_files()} == OWN
    assert not [name for name in names if name.endswith((".pth", ".so", ".pyd"))]


def test_the_command_is_there(wheel):
    assert wheel[3] == "[console_scripts]\nhandgrad = handgrad.__main__:main\n"


def test_nothing_is_fetched_from_elsewhere(wheel):
    required = message_from_string(wheel[2]).get_all("Requires-Dist")
    assert len(required) > 15
    assert not [one for one in required if "@" in one or "://" in one]


def test_the_sdist_holds_what_the_wheel_is_made_of(built, wheel):
    with tarfile.open(next(path for path in built if path.suffix == ".gz")) as archive:
        members = archive.getmembers()
    assert all(member.isreg() or member.isdir() for member in members)
    files = {m.name.partition("/")[2] for m in members if m.isreg()}
    beside = {name for name in files if not name.startswith("src/")}
    assert beside == {*BESIDE, "PKG-INFO", "setup.cfg"}
    inside = {name.removeprefix("src/") for name in files - beside}
    assert {name for name in inside if "egg-info" not in name} == own_files()
