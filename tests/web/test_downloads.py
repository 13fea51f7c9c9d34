import tomllib

import numpy as np
import pytest

import handgrad
from handgrad.web.downloads import KINDS, file_name, safetensors_of, script_of


def test_the_network_gives_the_same_answers(trained, tmp_path):
    file = tmp_path / "network.safetensors"
    file.write_bytes(safetensors_of(trained))
    images = np.zeros((2, 1, 8, 8), np.uint8)
    found = handgrad.training.load(file).logits(images)
    assert (found == handgrad.training.load(trained).logits(images)).all()


def test_the_script_trains_the_same_network(trained, tmp_path, monkeypatch):
    names = {"__name__": "script"}
    exec(script_of(trained).decode(), names)
    run = handgrad.training.start(
        handgrad.training.config_from(tomllib.loads(names["SETTINGS"])), tmp_path / "a"
    )
    list(run)
    before = handgrad.training.RunFolder.open(trained).result
    assert run.result["sha256"] == before["sha256"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_file_has_content(trained, kind):
    assert len(KINDS[kind][1](trained)) > 100


@pytest.mark.parametrize("name", ["../x", 'a"; b', "\n", "", "ä" * 99, "a" * 99])
def test_a_file_name_is_plain(name):
    assert file_name(name, "csv").replace(".csv", "").replace("-", "a").isascii()
    assert len(file_name(name, "csv")) <= 44
