"""A run that was left by a `break`, and what others did in the meantime."""

import pytest

from handgrad.errors import RunError
from handgrad.training import resume, start

from .small import small


def test_a_paused_run_that_somebody_else_went_on_with_is_refused(tmp_path):
    paused = start(small(), tmp_path / "run")
    for _ in zip(range(4), paused, strict=False):
        pass
    list(resume(tmp_path / "run"))
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    with pytest.raises(RunError, match="gone on with by somebody else while this run"):
        list(paused)
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


def test_a_paused_run_goes_on_if_nobody_touched_it(tmp_path):
    paused = start(small(), tmp_path / "run")
    for _ in range(3):
        next(iter(paused))
    list(paused)
    assert paused.result["epochs"] == small().training.epochs
