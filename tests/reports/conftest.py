"""One small study, done once: two seeds, a rate that learns and one that diverges."""

from typing import NamedTuple

import pytest

from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.studies.trial import ending, measure
from handgrad.training.environment import describe_environment
from studies.small import study

RATES = (0.1, 0.3, 1e30)
EPOCHS = 3


class Done(NamedTuple):
    study: Study
    ledger: Ledger


@pytest.fixture(scope="package")
def done(tmp_path_factory):
    """The study of studies/small.py, from its first trial to its last."""
    folder = tmp_path_factory.mktemp("reported")
    found = study(folder / "rows", rates=RATES, seeds=(0, 1), epochs=EPOCHS)
    ledger = Ledger(folder / "trials")
    for cell in found.cells("full"):
        do(cell.trial, ledger)
    return Done(found, ledger)


def do(trial, ledger):
    """A trial in this process, for a process of its own takes seconds to begin."""
    folder = ledger.prepare(trial)
    ended = ending(lambda: measure(trial.spec, folder, 1))
    outcome = {"seconds": 1.0, **ended, "environment": describe_environment()}
    ledger.record(trial.key, {"trial": trial.spec, **outcome})
