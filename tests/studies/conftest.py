"""One small study, run once: two rates, one of them twice, and one that diverges."""

from typing import Any, NamedTuple

import pytest

from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.studies.runner import run_trials

from .small import study

RATES = (0.01, 0.3, 1e30)
EPOCHS = 200  # a second: enough to kill it in the middle on a busy machine


class Done(NamedTuple):
    study: Study
    ledger: Ledger
    events: list[Any]


@pytest.fixture(scope="package")
def done(tmp_path_factory):
    """The study of small.py, from its first trial to its last."""
    folder = tmp_path_factory.mktemp("done")
    found = study(folder / "rows", rates=RATES, epochs=EPOCHS)
    ledger = Ledger(folder / "trials")
    events = list(run_trials(found.cells("full"), ledger, jobs=2))
    return Done(found, ledger, events)
