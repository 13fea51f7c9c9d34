"""Names in a graph are unique, and a missing package is one sentence."""

import sys

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.interop.onnx_graph import Graph, import_onnx


def test_every_value_has_its_own_name():
    pytest.importorskip("onnx")
    graph = Graph()
    names = [graph.constant("weight", np.ones(3)) for _ in range(3)]
    names += [graph.add("Relu", "images", name="weight"), graph.integers("a", [1, -1])]
    assert len(set(names)) == 5
    assert [each.name for each in graph.constants] == [*names[:3], "a"]
    assert graph.nodes[0].output == [names[3]]


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[onnx\]'"):
        import_onnx()
