from pathlib import Path

import pytest

from handgrad.errors import ConfigError
from handgrad.web.handles import (
    ID,
    Home,
    MissingError,
    handle_of,
    looked_up,
    new_handle,
)


@pytest.mark.parametrize("name", ["Large", "a b", "..", "ä", "x" * 65, "a.b", "\udcff"])
def test_a_folder_of_any_name_has_a_handle(name):
    assert ID.fullmatch(handle_of(name))
    assert handle_of(name) == handle_of(name) != handle_of(name + "x")


def test_only_folders_with_settings_are_runs(tmp_path):
    for name in ("lenet-1", "Odd Name", "empty", ".page"):
        (tmp_path / name).mkdir()
    for name in ("lenet-1", "Odd Name", ".page"):
        (tmp_path / name / "config.toml").write_text("")
    home = Home(tmp_path)
    assert set(home.run_folders()) == {"lenet-1", handle_of("Odd Name")}
    assert home.run("lenet-1") == tmp_path / "lenet-1"
    assert Home(tmp_path / "none").run_folders() == {}
    for wrong in ("empty", "../lenet-1", "Odd Name", ".page"):
        with pytest.raises(MissingError, match="no run with this handle"):
            home.run(wrong)


def test_a_new_handle_is_random():
    assert ID.fullmatch(new_handle("data"))
    assert new_handle("data") != new_handle("data")
    with pytest.raises(MissingError):
        looked_up("file", {"../a": 1}, "../a")


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "file" / "in", Path("/proc/nope")):
        with pytest.raises(ConfigError, match=r"cannot be kept in .*\(--runs\)\.$"):
            Home(wrong).create()
