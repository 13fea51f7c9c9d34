import sys
from pathlib import Path

import pytest

from handgrad.datasets.search_path import (
    cache_folder,
    check_root,
    existing,
    folders,
    named_root,
    plain_name,
)
from handgrad.errors import ConfigError, DatasetError


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch, tmp_path):
    for name in ("HANDGRAD_DATA", "HANDGRAD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "home/.cache/handgrad"),
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/handgrad"),
        ("linux", {"XDG_CACHE_HOME": "x"}, "home/.cache/handgrad"),
        ("linux", {"XDG_CACHE_HOME": ""}, "home/.cache/handgrad"),
        ("linux", {"HANDGRAD_CACHE": ""}, "home/.cache/handgrad"),
        ("linux", {"HOME": "x"}, "/.cache/handgrad"),
        ("darwin", {}, "home/Library/Caches/handgrad"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/handgrad"),
        ("win32", {"LOCALAPPDATA": ""}, "home/handgrad"),
        ("linux", {"HANDGRAD_CACHE": "/mine", "XDG_CACHE_HOME": "/x"}, "/mine"),
        ("linux", {"HANDGRAD_CACHE": "~/mine"}, "home/mine"),
    ],
)
def test_the_cache_is_where_the_platform_has_it(
    monkeypatch, tmp_path, platform, environment, expected
):
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == tmp_path / expected


@pytest.mark.parametrize("named", ["cache", "./cache", "~no-user/cache"])
def test_a_relative_cache_is_refused(monkeypatch, named):
    """It would depend on the current folder."""
    monkeypatch.setenv("HANDGRAD_CACHE", named)
    with pytest.raises(ConfigError, match=r"an absolute path, got .*for example, /"):
        cache_folder()


def test_without_a_home_folder_the_root_is_used(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError))
    assert cache_folder() == Path("/.cache/handgrad")
    assert list(folders(None, ["no-such-set"])) == []


def test_data_dir_replaces_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_DATA", "~/sets")
    home = tmp_path / "home"
    assert named_root(Path("~/given")) == home / "given"
    assert named_root() == home / "sets"
    monkeypatch.setenv("HANDGRAD_DATA", "")
    assert named_root() is None


@pytest.mark.parametrize("is_variable", [True, False])
@pytest.mark.parametrize(
    ("name", "words"), [("none", "does not exist"), ("file", "is not a folder")]
)
def test_a_missing_named_folder_is_refused(
    monkeypatch, tmp_path, is_variable, name, words
):
    (tmp_path / "file").write_text("")
    if is_variable:
        monkeypatch.setenv("HANDGRAD_DATA", name)
    with pytest.raises(DatasetError, match=rf"names {name}, which {words}\. Give"):
        check_root(None if is_variable else name)


def test_an_existing_folder_is_accepted(tmp_path):
    assert check_root(tmp_path) is None
    assert check_root() is None


def test_invalid_folders_are_not_searched():
    assert list(folders("m" * 300, ["mnist"])) == []
    assert list(folders("~no-user", ["mnist"])) == []


USUAL = [
    "data/mnist",
    "home/.cache/handgrad/mnist",
    "home/.cache/mnist",
    "home/.keras/datasets/mnist",
    "home/.mxnet/datasets/mnist",
]


@pytest.mark.parametrize(
    ("given", "variable", "expected"),
    [
        ("given", "sets", ["given/mnist", "given/MNIST/raw", "given"]),
        (None, "sets", ["sets"]),
        (None, "", USUAL),
        ("empty", "sets", ["empty"]),
    ],
)
def test_only_the_named_folder_is_searched(
    monkeypatch, tmp_path, given, variable, expected
):
    monkeypatch.setenv("HANDGRAD_DATA", variable)
    places = ["given/mnist", "given/MNIST/raw", "given", "sets", "empty", *USUAL]
    for place in places:
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
    found = folders(given, ("mnist", "MNIST/raw", "other"))
    assert [tmp_path / path for path in found] == [tmp_path / name for name in expected]


SPELLINGS = [
    "train-images-idx3-ubyte",
    "train-images-idx3-ubyte.gz",
    "TRAIN-IMAGES-IDX3-UBYTE.GZ",
    "train-images.idx3-ubyte",
    "train-images.idx3-ubyte/train-images.idx3-ubyte",
    "train-images.idx3-ubyte.gz",
    "train-images-idx3-ubyte/train-images.idx3-ubyte.gz",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_is_found_however_its_name_is_spelled(tmp_path, spelling):
    (tmp_path / spelling).parent.mkdir(exist_ok=True)
    (tmp_path / spelling).write_text("")
    (tmp_path / "train-labels.idx1-ubyte").write_text("")
    assert existing(tmp_path, SPELLINGS[0]) == tmp_path / spelling


def test_the_exact_name_comes_first(tmp_path):
    for name in reversed(SPELLINGS[:4]):
        (tmp_path / name).write_text("")
        assert existing(tmp_path, SPELLINGS[0]) == tmp_path / name


def test_a_folder_without_the_file_holds_none(tmp_path):
    (tmp_path / "a").mkdir()
    assert existing(tmp_path, "a") is None
    assert existing(tmp_path, "b") is None
    assert plain_name("A_b.idx3-ubyte.gz") == "a-b-idx3-ubyte"
