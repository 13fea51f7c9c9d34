"""A run with invalid numbers is neither resumed nor tested."""

import numpy as np
import pytest

from handgrad.errors import NonFiniteError, RunError
from handgrad.training import resume
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint

from .small import small, train


def spoil(path, which, bad):
    """Fill a weight of a checkpoint with an invalid number and seal it again."""
    saved = load_checkpoint(path / "checkpoints", which)
    name = max(name for name in saved.arrays if name.startswith("parameters/"))
    arrays = saved.arrays | {name: saved.arrays[name].copy()}
    arrays[name][...] = bad
    save_checkpoint(
        path / "checkpoints",
        arrays,
        saved.position,
        notes=saved.notes,
        is_best=which == "best",
        is_last=which == "last",
    )


@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("which", ["last", "best"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_finished_run_of_bad_numbers_says_no_accuracy(tmp_path, engine, which, bad):
    path = tmp_path / "run"
    train(path, small(engine=engine, training={"epochs": 1}))
    spoil(path, which, bad)
    before = (path / "result.json").read_bytes()
    with pytest.raises(RunError, match="holds NaN or infinity, so its predictions"):
        list(resume(path))
    assert (path / "result.json").read_bytes() == before


def test_outputs_that_overflow_give_no_accuracy(tmp_path):
    path = tmp_path / "run"
    train(path, small(engine="plain", training={"epochs": 1}))
    for which in ("best", "last"):
        spoil(path, which, 3e38)
    with pytest.raises(NonFiniteError):
        list(resume(path))
