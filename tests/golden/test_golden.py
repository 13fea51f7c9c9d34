"""Files of every released version load, predict, go on and count as done (R27)."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from golden.make import IMAGES
from handgrad.datasets import load as load_dataset
from handgrad.studies.ledger import DONE, Ledger
from handgrad.studies.library import read_study
from handgrad.training import RunFolder, load
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.environment import code_checksum

HERE = Path(__file__).parent
VERSIONS = sorted(path.name for path in HERE.iterdir() if path.name[0].isdigit())
EPS = np.finfo(np.float32).eps
LONGEST_SUM = 64  # pixels that a unit of the first layer looks at
GO_ON = """
import sys
from pathlib import Path
from handgrad.training import resume
run = resume(Path(sys.argv[1]))
print(run.trainer.position.epoch)
for _ in run:
    pass
"""
both = pytest.mark.parametrize("engine", ["plain", "cpu"])
every = pytest.mark.parametrize("version", VERSIONS)


def at_night(engine):
    """An engine that compiles kernels of another instruction set first."""
    return pytest.param(engine, marks=pytest.mark.nightly)


def expected(version, engine):
    return json.loads((HERE / version / "expected.json").read_text())[engine]


@every
@both
def test_a_checkpoint_loads_and_predicts_what_it_did(version, engine):
    test = load_dataset("digits", image_size=(8, 8)).test
    found = load(HERE / version / engine).logits(test.images[:IMAGES])
    wanted = np.array(expected(version, engine)["logits"])
    # two layers, sums of at most 64 terms: the order of addition may be another one
    bound = 4 * EPS * np.sqrt(LONGEST_SUM) * np.abs(wanted).max()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=bound)


@every
@pytest.mark.parametrize("engine", ["plain", at_night("cpu")])
def test_a_run_goes_on_to_the_same_end(tmp_path, version, engine):
    folder = shutil.copytree(HERE / version / engine, tmp_path / "run")
    before = (folder / "metrics.jsonl").read_bytes()
    made_with = json.loads((folder / "environment.json").read_text())["code_sha256"]
    # a process of its own, since this one may have another instruction set than the run
    done = subprocess.run(
        [sys.executable, "-c", GO_ON, str(folder)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
    run = RunFolder.open(folder)
    wanted = expected(version, engine)
    assert (folder / "metrics.jsonl").read_bytes().startswith(before)
    assert len(run.records()) == wanted["records"]
    for name in ("test_loss", "test_accuracy", "train_loss"):
        # Adam's five steps of an epoch let rounding errors grow; a wrong state,
        # position or order of images changes the third digit
        assert run.result[name] == pytest.approx(wanted["result"][name], rel=1e-4)
    if made_with == code_checksum():
        assert run.result["best_epoch"] == wanted["result"]["best_epoch"]


@every
@both
def test_metrics_and_positions_are_read(version, engine):
    folder = RunFolder.open(HERE / version / engine)
    records = folder.records()
    assert [r["epoch"] for r in records if r["kind"] == "epoch"] == [1, 2]
    checkpoint = load_checkpoint(folder.checkpoints)
    assert checkpoint.position.step == records[-1]["step"]
    folder.check_config(checkpoint)


@every
def test_a_ledger_counts_its_trials_as_done(version):
    ledger = Ledger(HERE / version / "study")
    cells = read_study(HERE / version / "rows").cells("full")
    outcomes = ledger.outcomes()
    assert len(outcomes) == 2
    assert {cell.trial.key for cell in cells} == outcomes.keys(), "done again otherwise"
    assert all(outcome["status"] == DONE for outcome in outcomes.values())
    for key, outcome in outcomes.items():
        assert 0 < outcome["metrics"]["test_accuracy"] < 1
        assert ledger.outcome(key) == outcome


def test_the_files_are_small():
    for version in VERSIONS:
        files = [path for path in (HERE / version).rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 60_000
