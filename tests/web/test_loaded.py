from pathlib import Path
from shutil import copytree

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
