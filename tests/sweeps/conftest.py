"""One sweep that was really run: three draws, two seeds each."""

from typing import Any, NamedTuple

import pytest

from handgrad.studies.ledger import Ledger
from handgrad.studies.processes import LocalProcesses
from handgrad.sweeps.run_sweep import run_sweep
from handgrad.sweeps.sweep import Sweep

from .small import RATE, sweep_of


class Done(NamedTuple):
    sweep: Sweep
    ledger: Ledger
    events: list[Any]


@pytest.fixture(scope="package")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    sweep = sweep_of(folder, "trials = 2\nseeds = [0, 1]", parameters=(RATE,))
    ledger = Ledger(folder / "sweep")
    backend = LocalProcesses(jobs=2, workers=2)
    return Done(sweep, ledger, list(run_sweep(sweep, backend, ledger)))
