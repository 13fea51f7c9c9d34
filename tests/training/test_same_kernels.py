"""A run is resumed and verified with the kernels that it was trained with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.engine import processor
from handgrad.errors import HandgradWarning, IntegrityError, RunError
from handgrad.training import same_kernels
from handgrad.training.environment import matrix_kernels
from handgrad.training.same_kernels import (
    compare_with,
    environment_of,
    evaluate_with,
    families_of,
    family_of,
    go_on_with,
    hold_to_kernels_of,
    set_of,
)

NARROWER = "avx2"


def blas(*families):
    return [{"architecture": family} for family in families]


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"instruction_set": "avx2", "blas": blas("SkylakeX")}, "avx2"),
        ({"instruction_set": None, "blas": blas("Haswell")}, None),
        ({"matrix_unit": "AMX", "blas": blas("SkylakeX")}, "amx"),
        ({"matrix_unit": None, "blas": blas("SkylakeX")}, "avx512"),
        ({"blas": blas("Zen")}, "avx2"),
        ({"blas": blas("Haswell", "Haswell")}, "avx2"),
        ({"blas": blas("Prescott")}, None),
        ({"blas": blas(None)}, None),
    ],
)
def test_the_set_is_recorded_or_follows_from_the_matrix_library(environment, name):
    assert set_of(environment) == name
    families = tuple(families_of(environment))
    assert family_of(environment) == (*families, *([name] if name else []))


def test_families_are_named_once():
    assert families_of({"blas": blas("B", "A", "B", None)}) == ["A", "B", "unknown"]


@pytest.fixture
def held(monkeypatch):
    """Records what this process would be restricted to, without doing it."""
    found = []
    hold = lambda name=None: name and found.append(name)  # noqa: E731
    monkeypatch.setattr(processor, "hold_to", hold)
    monkeypatch.setattr(same_kernels, "hold_family", found.append)
    monkeypatch.setattr(processor, "offered", lambda: ("avx2", "avx512"))
    monkeypatch.setattr(processor, "_choice", processor._Choice())  # afterwards as now
    return found


def test_the_process_is_restricted_to_set_and_family(held):
    hold_to_kernels_of({"instruction_set": "avx2", "blas": blas("Prescott")})
    assert held == ["avx2", "Prescott"]


def test_a_family_that_is_there_is_left_alone(held):
    hold_to_kernels_of({"instruction_set": "avx512", "blas": matrix_kernels()["blas"]})
    assert held == ["avx512"]


def test_a_family_that_would_end_the_process_is_not_tried(held, monkeypatch):
    monkeypatch.setattr(processor, "offered", lambda: ("avx2",))
    monkeypatch.setitem(same_kernels.SET_OF_FAMILY, "Larger", "avx512")
    hold_to_kernels_of({"instruction_set": "avx2", "blas": blas("Larger")})
    assert held == ["avx2"]


def folder_of(tmp_path, **environment):
    (tmp_path / "environment.json").write_text(json.dumps(environment))
    return tmp_path


def test_a_set_that_the_processor_lacks_is_warned_of(held, tmp_path):
    folder = folder_of(tmp_path, instruction_set="amx", blas=blas("SkylakeX"))
    with pytest.warns(HandgradWarning, match="set amx, which this processor lacks"):
        go_on_with(folder)
    assert held == []


def test_older_runs_that_record_no_set_are_warned_of_too(held, tmp_path):
    folder = folder_of(tmp_path, matrix_unit="AMX", blas=blas("SkylakeX"))
    with pytest.warns(HandgradWarning, match="set amx, which this processor lacks"):
        go_on_with(folder)
    assert held == []


def test_runs_without_an_environment_resume_without_a_warning(held, tmp_path):
    go_on_with(tmp_path)
    assert held == []


@pytest.mark.parametrize(
    ("made", "offered", "is_open", "expected"),
    [
        ("amx-bf16", True, True, ["amx-bf16"]),
        ("amx-bf16", False, True, []),
        ("amx-bf16", True, False, []),
        ("avx2", True, True, []),
    ],
)
def test_an_evaluation_rounds_where_its_run_did(
    monkeypatch, tmp_path, made, offered, is_open, expected
):
    chosen = []
    monkeypatch.setattr(processor, "hold_to", chosen.append)
    monkeypatch.setattr(processor, "named", lambda: (made,) if offered else ())
    monkeypatch.setattr(processor, "is_open", lambda: is_open)
    evaluate_with(folder_of(tmp_path, instruction_set=made, blas=blas("SkylakeX")))
    assert chosen == expected
    evaluate_with(tmp_path / "no run")
    assert chosen == expected


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.skipif("amx" not in processor.offered(), reason="needs a matrix unit")
def test_a_run_with_rounded_products_is_resumed_verified_and_evaluated(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train = ("train", "resnet", "--train-count", "300", "--quiet")
    wide = ("--set", "channels=32,32,64", "--isa", "amx-bf16", "--run")
    assert command(*train, "--epochs", "2", *wide, whole) == "amx-bf16"
    assert command(*train, "--epochs", "1", *wide, parts) == "amx-bf16"
    assert command("train", "--resume", parts, "--epochs", "2") == "amx-bf16"
    assert weights(parts) == weights(whole)
    assert command("verify", whole, "--from-start", "--steps", "99") == "amx-bf16"
    assert command("evaluate", whole) == "amx-bf16"


@pytest.mark.parametrize(
    ("offered", "advice"),
    [
        (("avx2", "avx512"), r"with amx, or train again with --isa avx2\.$"),
        ((), r"with amx\.$"),
    ],
)
def test_incomparable_kernels_are_a_run_error(monkeypatch, tmp_path, offered, advice):
    monkeypatch.setattr(processor, "offered", lambda: offered)
    folder = folder_of(tmp_path, instruction_set="amx", blas=blas("SkylakeX"))
    wrong = r"trained with SkylakeX, amx, and this processor has no amx\. Verify .* "
    with pytest.raises(RunError, match=wrong + advice):
        compare_with(folder, environment_of(folder))


def test_an_unknown_set_of_a_run_is_a_run_error(tmp_path):
    folder = folder_of(tmp_path, instruction_set="sse9", blas=blas("SkylakeX"))
    with pytest.raises(RunError, match=r"SkylakeX, sse9\. There is no instruction set"):
        compare_with(folder, environment_of(folder))


def test_the_environment_is_read_or_refused(tmp_path):
    with pytest.raises(IntegrityError, match="does not name the kernels"):
        environment_of(tmp_path)


RUN = """
import sys
from pathlib import Path
from handgrad.cli.main import run
code = run(sys.argv[1:])
from handgrad.engine import processor
print(processor.instruction_set())
raise SystemExit(code)
"""
TRAIN = ("train", "lenet", "--image-size", "12", "--train-count", "300", "--quiet")


def command(*words, **variables):
    """The output of a separate process, and the instruction set that it used."""
    kept = {name: value for name, value in os.environ.items() if name != "HANDGRAD_ISA"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, words)],
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def weights(folder: Path):
    return json.loads((folder / "result.json").read_text())["sha256"]


@pytest.mark.slow
@pytest.mark.skipif(
    processor.offered()[-1:] in ((), (NARROWER,)),
    reason="needs a processor with more than AVX2",
)
def test_a_run_of_a_smaller_set_is_resumed_and_verified_to_the_bit(tmp_path):
    """Each runs in a process whose default is the largest set available."""
    whole, parts, own = (tmp_path / name for name in ("whole", "parts", "own"))
    train = (*TRAIN, "--epochs", "2", "--run")
    assert command(*train, whole, "--isa", NARROWER) == NARROWER
    assert command(*train, own) == processor.offered()[-1]
    assert weights(own) != weights(whole)
    short = (*TRAIN, "--epochs", "1", "--run", parts)
    assert command(*short, HANDGRAD_ISA=NARROWER) == NARROWER
    assert command("train", "--resume", parts, "--epochs", "2", "--quiet") == NARROWER
    assert weights(parts) == weights(whole)
    assert command("verify", whole, "--from-start", "--steps", "99") == NARROWER
    assert set_of(environment_of(whole)) == NARROWER


def test_an_unknown_instruction_set_ends_a_command_with_2(tmp_path):
    from handgrad.cli.main import run

    assert run([*TRAIN, "--isa", "sse9", "--run", str(tmp_path / "run")]) == 2
