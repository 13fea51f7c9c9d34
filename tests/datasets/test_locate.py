import sys
from pathlib import Path

import pytest

from handgrad.datasets.locate import cache_folder, first_existing, folders, named_roots
from handgrad.errors import ConfigError


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
    """It would be taken from any folder one stands in."""
    monkeypatch.setenv("HANDGRAD_CACHE", named)
    with pytest.raises(
        ConfigError, match=r"an absolute folder, got .*from the root: /"
    ):
        cache_folder()


def test_a_user_without_a_home_has_the_root(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError))
    assert cache_folder() == Path("/.cache/handgrad")
    assert list(folders(None, ["no-such-set"])) == []


def test_what_the_user_names_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_DATA", "~/sets")
    home = tmp_path / "home"
    assert named_roots(Path("~/given")) == [home / "given", home / "sets"]
    assert named_roots() == [home / "sets"]
    monkeypatch.delenv("HANDGRAD_DATA")
    assert named_roots() == []


def test_what_cannot_be_a_folder_is_none():
    assert list(folders("m" * 300, ["mnist"])) == []
    assert list(folders("~no-user", ["mnist"])) == []


def test_only_existing_folders_in_the_order_of_the_docstring(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_DATA", "sets")
    places = [
        "given/mnist",
        "given/MNIST/raw",
        "given",  # a named folder can itself be the data set's
        "sets",
        "data/mnist",
        "home/.cache/handgrad/mnist",
        "home/.cache/mnist",
        "home/.keras/datasets/mnist",
        "home/.mxnet/datasets/mnist",
    ]
    for place in places:
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
    found = folders(Path("given"), ("mnist", "MNIST/raw", "other"))
    assert [tmp_path / path for path in found] == [tmp_path / place for place in places]


def test_the_first_existing_file(tmp_path):
    (tmp_path / "b").write_text("")
    (tmp_path / "c").write_text("")
    (tmp_path / "a").mkdir()
    assert first_existing(tmp_path, ("a", "b", "c")) == tmp_path / "b"
    assert first_existing(tmp_path, ("x", "y")) is None
