from contextlib import closing

import pytest

from handgrad.studies.ledger import Ledger
from handgrad.studies.processes import LocalProcesses
from handgrad.studies.runner import Begun, Ended, run_on

from .small import study


class Growing(LocalProcesses):
    """A back end that gains one slot with each trial that ends."""

    def __init__(self):
        super().__init__(jobs=1, workers=1)
        self.is_closed = False

    def slots(self):
        return self.jobs

    def close(self):
        self.is_closed = True


def test_the_runner_follows_a_back_end_that_grows(tmp_path):
    cells = study(tmp_path / "rows", seeds=(0, 1, 2), epochs=1).cells("full")[:3]
    backend, kinds = Growing(), []
    for event in run_on(backend, cells, Ledger(tmp_path / "trials")):
        kinds += [type(event)] if isinstance(event, Begun | Ended) else []
        if isinstance(event, Ended):
            backend.jobs += 1
    assert kinds[:4] == [Begun, Ended, Begun, Begun]
    assert backend.is_closed


@pytest.mark.parametrize("events", [0, 1])
def test_a_back_end_is_closed_when_the_runner_is_stopped(tmp_path, events):
    cells = study(tmp_path / "rows", rates=(0.1,), epochs=10**5).cells("full")
    backend, ledger = Growing(), Ledger(tmp_path / "trials")
    with closing(run_on(backend, cells, ledger)) as begun:
        next(begun)
        for _ in range(events):
            next(begun)
    assert backend.is_closed
