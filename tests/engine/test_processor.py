"""Instruction sets: asked for once, chosen once, and the same bits for each."""

import os
import pickle
import platform
import subprocess
import sys

import pytest
from llvmlite import binding

from handgrad.engine import processor
from handgrad.engine.kernels.kernel_cache import source_digest
from handgrad.engine.lowering.convolution_tables import output_block
from handgrad.engine.prediction import PredictionProgram
from handgrad.engine.processor import NAMED, SETS, VARIABLE, hold_to, instruction_set
from handgrad.errors import ConfigError

from .networks import NETWORKS, cpu_engine

has_avx512 = pytest.mark.skipif(
    "avx512" not in processor.offered(), reason="needs a processor with AVX-512"
)


@pytest.fixture
def fresh(monkeypatch):
    """A process that has chosen nothing; the matrix library is left alone."""
    asked = (processor.features, processor.offered, processor.is_granted)
    for function in asked:
        function.cache_clear()
    held = []
    monkeypatch.setattr(processor, "_choice", processor._Choice())
    monkeypatch.setattr(processor, "hold_family", held.append)
    monkeypatch.delenv(VARIABLE, raising=False)
    yield held
    for function in asked:
        function.cache_clear()


@pytest.fixture
def able(fresh, monkeypatch):
    """A processor that has everything, and a system that grants the matrix unit."""
    features = dict.fromkeys(SETS["amx"].features, True)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    monkeypatch.setattr(processor, "is_granted", lambda: True)
    return features


def run(program, **variables):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split() or done.stderr.splitlines()[-1:]


@pytest.mark.parametrize("name", ["many channels", "perceptron", "softmax regression"])
@pytest.mark.usefixtures("fresh")
def test_lowering_a_network_asks_once(monkeypatch, name):
    questions, answer = [], binding.get_host_cpu_features()
    ask = lambda: questions.append(1) or answer  # noqa: E731
    monkeypatch.setattr(binding, "get_host_cpu_features", ask)
    engine = cpu_engine(NETWORKS[name])
    assert engine.training is not None
    assert isinstance(engine.prediction, PredictionProgram)
    assert len(questions) == 1


@pytest.mark.usefixtures("able")
def test_the_largest_set_is_chosen_and_the_matrix_library_left_alone(fresh):
    assert instruction_set() == "amx"
    assert processor.has_matrix_unit()
    assert fresh == []


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.usefixtures("able")
def test_a_set_is_chosen_by_name_with_the_matrix_librarys_kernels(fresh, name):
    hold_to(name)
    assert instruction_set() == name
    assert processor.has_wide_registers() == (name != "avx2")
    assert processor.has_matrix_unit() == name.startswith("amx")
    assert processor.rounds_to_bfloat16() == (name == "amx-bf16")
    assert output_block(12) == (12 if name != "avx2" else 6)
    assert fresh == [NAMED[name].family]


@pytest.mark.usefixtures("able")
def test_rounded_products_are_chosen_by_name_alone():
    assert processor.named() == (*processor.offered(), "amx-bf16")
    assert processor.offered()[-1] == instruction_set() == "amx"


def test_rounded_products_need_the_matrix_unit(able):
    able["amx-bf16"] = False
    assert processor.named() == processor.offered() == ("avx2", "avx512")
    with pytest.raises(ConfigError, match="no amx-bf16: it supports avx2, avx512"):
        hold_to("amx-bf16")


@pytest.mark.usefixtures("able")
def test_a_name_wins_over_the_variable_and_that_over_the_processor(monkeypatch):
    monkeypatch.setenv(VARIABLE, "avx512")
    hold_to("avx2")
    assert instruction_set() == "avx2"
    hold_to()  # what asks for nothing takes what is there
    monkeypatch.setattr(processor, "_choice", processor._Choice())
    hold_to()
    assert instruction_set() == "avx512"


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("empty", [None, ""])
def test_no_name_is_no_choice(monkeypatch, empty):
    monkeypatch.setenv(VARIABLE, "")
    hold_to(empty)
    assert instruction_set() == "amx"


@pytest.mark.usefixtures("able")
def test_a_second_set_in_one_process_is_refused():
    hold_to("avx2")
    hold_to("avx2")
    with pytest.raises(ConfigError, match="already uses avx2, got avx512"):
        hold_to("avx512")
    assert instruction_set() == "avx2"


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("name", ["axv2", "AVX2", 2, ["avx2"]])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(ConfigError, match="There is no instruction set named"):
        hold_to(name)


@pytest.mark.parametrize("name", SETS["amx"].features)
def test_a_set_needs_all_its_features(able, name):
    able[name] = False
    lacking = [each for each, found in SETS.items() if name in found.features]
    assert processor.offered() == tuple(SETS)[: len(SETS) - len(lacking)]
    with pytest.raises(ConfigError, match=f"This processor has no {lacking[0]}: it"):
        hold_to(lacking[0])


def test_a_processor_without_any_is_compiled_for_as_it_is(able):
    able.clear()
    assert instruction_set() is None
    assert processor.target() is None
    with pytest.raises(ConfigError, match="it supports none of the named sets"):
        hold_to("avx2")


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("where", "name", "value"),
    [(sys, "platform", "darwin"), (platform, "machine", lambda: "aarch64")],
)
def test_the_matrix_unit_is_asked_for_on_linux_only(monkeypatch, where, name, value):
    monkeypatch.setattr(where, name, value)
    assert not processor.is_granted()


@pytest.mark.usefixtures("able")
def test_a_unit_that_the_system_refuses_is_not_there(monkeypatch):
    monkeypatch.setattr(processor, "is_granted", lambda: False)
    assert instruction_set() == "avx512"


@pytest.mark.usefixtures("able")
def test_an_engine_holds_the_process_and_takes_its_set_along(fresh):
    engine = cpu_engine(NETWORKS["perceptron"], isa="avx2")
    assert instruction_set() == "avx2"
    kept = pickle.dumps(engine)
    hold_to("avx2")
    processor._choice.is_made = False
    pickle.loads(kept)
    assert fresh == ["Haswell"] * 3


NAME_AND_CODE = """
from handgrad.engine import processor
from handgrad.engine.kernels.products import row_sums
{hold}
row_sums.address()
code = row_sums._compiled._library.get_asm_str()
print(processor.instruction_set(), "%zmm" in code)
"""


@has_avx512
def test_kernels_are_compiled_for_the_set_that_was_chosen_after_the_import(tmp_path):
    cache = {"HANDGRAD_CACHE": str(tmp_path)}
    own = run(NAME_AND_CODE.format(hold=""), **cache, **{VARIABLE: "avx512"})
    assert own == ["avx512", "True"]
    held = run(NAME_AND_CODE.format(hold='processor.hold_to("avx2")'), **cache)
    assert held == ["avx2", "False"]
    kept = tmp_path / "kernels" / source_digest()
    assert len(list(kept.glob("products.row_sums*"))) == 2


TEXT = """
from handgrad import datasets, models
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.training import Trainer
data = datasets.load("digits", image_size=(8, 8))
Trainer.for_model(
    models.softmax_regression(input_shape=(1, 8, 8), classes=10), data.train,
    loss=SoftmaxCrossEntropy(), optimizer=SGD(0.1), isa="avx2",
)
from handgrad.engine import blas_family, processor
print(processor.instruction_set())
print(*{blas_family.family_in(each) for each in blas_family.matrix_libraries()})
"""


def test_a_trainer_takes_its_name():
    if "avx2" not in processor.offered():
        pytest.skip("needs a processor with AVX2")
    assert run(TEXT) == ["avx2", "Haswell"]


@pytest.mark.skipif("amx" not in processor.offered(), reason="needs a matrix unit")
def test_threads_that_began_before_may_use_the_unit():
    """The permission is the whole process's, whoever asked for it."""
    script = """
import threading
from numba import njit
from handgrad.engine.compiler import for_the_set
from handgrad.engine.kernels.amx import begin_matrices, end_matrices
from handgrad.engine.processor import has_matrix_unit

@njit(nogil=True)
def touch():
    begin_matrices()
    end_matrices()

asked = threading.Event()
thread = threading.Thread(target=lambda: (asked.wait(), touch()))
thread.start()
assert has_matrix_unit()
with for_the_set():
    touch.compile("()")
asked.set()
thread.join()
print("done")
"""
    assert run(script) == ["done"]
