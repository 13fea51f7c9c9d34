from dataclasses import replace

import pytest

from handgrad.datasets.sources import SOURCES

from .mirrors import closed_address

DOWNLOADS = {name: source for name, source in SOURCES.items() if source.files}


@pytest.fixture
def place(monkeypatch, tmp_path):
    """A machine without any data and without network."""
    for name in ("HANDGRAD_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    down = closed_address()
    for name, source in SOURCES.items():
        monkeypatch.setitem(SOURCES, name, replace(source, mirrors=(down,)))
    return tmp_path
