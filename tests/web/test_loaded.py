from pathlib import Path
from shutil import copytree

import pytest

from handgrad.errors import ConfigError
from handgrad.web import loaded
from handgrad.web.loaded import Networks


def test_a_network_is_loaded_once_until_its_files_change(runs):
    networks = Networks()
    first = networks.get(runs / "tiny")
    assert networks.get(runs / "tiny") is first
    assert first.predictions("") is first.predictions("")
    (runs / "tiny" / "result.json").touch()
    assert networks.get(runs / "tiny") is not first
    assert networks.last(runs / "tiny").network is not first.network


def test_few_networks_are_kept(runs, monkeypatch):
    monkeypatch.setattr(loaded, "MOST", 1)
    networks = Networks()
    first = networks.get(runs / "tiny")
    networks.get(Path(copytree(runs / "tiny", runs / "other")))
    assert networks.get(runs / "tiny") is not first


def test_the_usual_split_is_the_first_that_there_is(runs, monkeypatch):
    found = Networks().get(runs / "tiny")
    assert (found.split(""), found.split("train")) == ("test", "train")
    monkeypatch.setattr(loaded, "split_sizes", lambda *_: {"train": 54})
    del found.sizes
    assert (found.split(""), found.sizes) == ("train", {"train": 54})
    with pytest.raises(ConfigError, match="has no validation images"):
        found.split("validation")
