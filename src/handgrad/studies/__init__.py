"""Studies: experiments as data, run trial by trial, compared with published results."""

from handgrad.studies.experiment import Experiment, read_experiment
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study, find, names
from handgrad.studies.runner import run_trials
from handgrad.studies.trials import Cell, Trial
from handgrad.studies.verdicts import decide, judge

__all__ = [
    "Cell",
    "Experiment",
    "Ledger",
    "Study",
    "Trial",
    "decide",
    "find",
    "judge",
    "names",
    "read_experiment",
    "run_trials",
]
