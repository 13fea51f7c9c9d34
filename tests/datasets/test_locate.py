import sys
from pathlib import Path

import pytest

from handgrad.datasets.locate import cache_folder, first_existing, folders, roots


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
        ("linux", {"XDG_CACHE_HOME": "x"}, "x/handgrad"),
        ("darwin", {}, "home/Library/Caches/handgrad"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/handgrad"),
        ("linux", {"HANDGRAD_CACHE": "mine", "XDG_CACHE_HOME": "x"}, "mine"),
        ("linux", {"HANDGRAD_CACHE": "~/mine"}, "home/mine"),
    ],
)
def test_the_cache_is_where_the_platform_has_it(
    monkeypatch, tmp_path, platform, environment, expected
):
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tmp_path / cache_folder() == tmp_path / expected


def test_the_given_folder_comes_first_and_the_cache_last(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_DATA", "~/sets")
    assert roots(Path("given")) == [
        Path("given"),
        tmp_path / "home" / "sets",
        Path("data"),
        cache_folder(),
    ]
    assert roots() == [tmp_path / "home" / "sets", Path("data"), cache_folder()]


def test_only_existing_folders_by_name_then_the_root(tmp_path):
    for name in ("given/mnist", "given/MNIST/raw", "data/mnist"):
        (tmp_path / name).mkdir(parents=True)
    found = list(folders(Path("given"), ("mnist", "MNIST/raw", "other")))
    assert found == [
        Path(path)
        for path in ("given/mnist", "given/MNIST/raw", "given", "data/mnist", "data")
    ]


def test_the_first_existing_file(tmp_path):
    (tmp_path / "b").write_text("")
    (tmp_path / "c").write_text("")
    (tmp_path / "a").mkdir()
    assert first_existing(tmp_path, ("a", "b", "c")) == tmp_path / "b"
    assert first_existing(tmp_path, ("x", "y")) is None
