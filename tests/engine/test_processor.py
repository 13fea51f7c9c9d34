"""Instruction sets: asked for once, however many decisions hang on them."""

import numba
import pytest
from llvmlite import binding

from handgrad.engine import matrix_unit, processor
from handgrad.engine.lowering.geometry import output_block
from handgrad.engine.prediction import PredictionProgram

from .networks import NETWORKS, cpu_engine


@pytest.fixture
def asked(monkeypatch):
    """Every question to LLVM, as if the process had asked none yet."""
    questions, answer = [], binding.get_host_cpu_features()
    ask = lambda: questions.append(1) or answer  # noqa: E731
    monkeypatch.setattr(binding, "get_host_cpu_features", ask)
    for function in (processor.features, matrix_unit.has_matrix_unit):
        function.cache_clear()
    yield questions
    for function in (processor.features, matrix_unit.has_matrix_unit):
        function.cache_clear()


@pytest.mark.parametrize("name", ["many channels", "perceptron", "softmax regression"])
def test_lowering_a_network_asks_once(asked, monkeypatch, name):
    monkeypatch.setattr(numba.config, "CPU_FEATURES", None)
    engine = cpu_engine(NETWORKS[name])
    assert engine.training is not None
    assert isinstance(engine.prediction, PredictionProgram)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("chosen", "wide"), [("+avx2,+avx512f", True), ("+avx2,-avx512f", False)]
)
@pytest.mark.usefixtures("asked")
def test_what_numba_compiles_for_decides(monkeypatch, chosen, wide):
    monkeypatch.setattr(numba.config, "CPU_FEATURES", chosen)
    assert processor.has_wide_registers() == wide
    assert "avx2" in processor.features()
    assert output_block(12) == (12 if wide else 3)
