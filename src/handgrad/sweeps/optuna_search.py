"""Bayesian optimization with Optuna's tree-structured Parzen estimator (TPE).

The first seed of a setting is run before its other seeds, so that a setting that is
pruned or diverges costs one trial. Optuna's journal, a plain file in the sweep's
folder, stores the search; settings that were open when the sweep was killed are
proposed again, and the ledger knows their trials. The seed of each proposal is derived
from the number of settings before it: with one trial at a time, a killed sweep ends
with the same results as an uninterrupted one.

Source
    Bergstra, Bardenet, Bengio, Kegl (2011), Algorithms for hyper-parameter
    optimization.
    Golovin et al. (2017), Google Vizier, section 3.2.2: the median stopping rule.
"""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.errors import ConfigError, IntegrityError
from handgrad.randomness import Key, random_bits
from handgrad.studies.ledger import CRASHED, FAILED, Ledger, Outcome
from handgrad.studies.study_summary import metric_of
from handgrad.studies.trials import Cell
from handgrad.sweeps.space import Choice, Parameter, Setting
from handgrad.sweeps.sweep import TRIALS, Sweep
from handgrad.training.atomic import append, cut, make_folder
from handgrad.training.real_files import read_file

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import Trial

JOURNAL = "optuna.journal"
AT_RANDOM = 8  # random settings before the first proposal of TPE
JUDGED_FROM = 2  # epochs before pruning
COMPARED = 4  # completed settings before pruning
PROPOSALS = 50  # attempts to propose a setting that is not open already


@dataclass
class _Open:
    """A setting whose seeds are not all finished."""

    trial: "Trial"
    setting: Setting
    rest: list[Cell]
    values: list[float] = field(default_factory=list)
    reported: int = 0  # epochs of the first seed reported to Optuna


class TreeSearch:
    """The plan of a TPE sweep."""

    def __init__(self, sweep: Sweep, ledger: Ledger, *, retry: bool = False) -> None:
        self.sweep, self.ledger = sweep, ledger
        self.again = {CRASHED, FAILED} if retry else set()
        make_folder(ledger.folder)
        cut_torn_line(ledger.folder / JOURNAL)
        self.study = open_study(sweep, ledger.folder)
        self.distributions = {p.name: _distribution(p) for p in sweep.space}
        self.ready: deque[Cell] = deque()
        self.open: dict[str, _Open] = {}  # by the name of the setting
        self._propose_again()

    def next(self) -> Cell | None:
        """The next seed of an open setting, or the first seed of a new one."""
        while True:
            if not self.ready and not self._propose():
                return None
            cell = self.ready.popleft()
            outcome = self.ledger.outcome(cell.trial.key)
            if outcome is None:
                return cell
            if outcome["status"] in self.again:
                self.ledger.forget(cell.trial.key)
                return cell
            self.take(cell, outcome)

    def why_end(self, cell: Cell, said: dict[str, Any]) -> str:
        """Apply the median stopping rule to the first seed of a setting."""
        open_ = self.open.get(cell.variant)
        if self.sweep.pruning == "none" or open_ is None or open_.values:
            return ""
        epoch, value = int(said["epoch"]), said[self.sweep.curve]
        if value is None or epoch <= open_.reported or epoch == cell.trial.epochs:
            return ""
        open_.reported = epoch
        open_.trial.report(value, epoch)
        if not open_.trial.should_prune():
            return ""
        return (
            f"Up to epoch {epoch}, its best {self.sweep.curve} was worse than the "
            "median of the other settings at that epoch."
        )

    def take(self, cell: Cell, outcome: Outcome) -> None:
        """Tell Optuna the result once all seeds are finished, or one has no number."""
        from optuna.trial import TrialState

        open_ = self.open.get(cell.variant)
        if open_ is None:  # another seed has closed the setting already
            return
        value = metric_of(self.sweep.metric, outcome)
        if value is None:
            self.study.tell(open_.trial, state=TrialState.PRUNED)
            self._close(cell.variant)
            return
        open_.values.append(value)
        self.ready.extend(open_.rest)
        open_.rest = []
        if len(open_.values) == len(self.sweep.seeds):
            self.study.tell(open_.trial, mean(open_.values))
            self._close(cell.variant)

    def _close(self, name: str) -> None:
        del self.open[name]
        self.ready = deque(cell for cell in self.ready if cell.variant != name)

    def _propose(self) -> bool:
        """Open another setting, unless there are enough."""
        for attempt in range(PROPOSALS):
            count = len(_settled(self.study)) + len(self.open)
            if count >= (self.sweep.trials or TRIALS):
                return False
            self.study.sampler = _sampler(self.sweep.seed, count, attempt)
            trial = self.study.ask(self.distributions)
            setting = setting_from(self.sweep, trial.params)
            if setting.name not in self.open:
                first, *rest = self.sweep.cells(setting)
                self.open[setting.name] = _Open(trial, setting, rest)
                self.ready.append(first)
                return True
            _drop(self.study, trial.number)  # open already; ask for another
        return False

    def _propose_again(self) -> None:
        """Enqueue the settings that were open when the sweep was stopped."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(states=(TrialState.RUNNING,)):
            _drop(self.study, trial.number)
            self.study.enqueue_trial(trial.params)


def settings_tried(sweep: Sweep, folder: Path) -> list[Setting]:
    """The settings of the search so far, without repetition, in order of proposal."""
    trials = _settled(open_study(sweep, folder)) if _is_begun(folder) else []
    made = (setting_from(sweep, trial.params) for trial in trials)
    return list({setting.name: setting for setting in made}.values())


def trials_ahead(sweep: Sweep, ledger: Ledger) -> int:
    """The number of trials left, if no setting is proposed twice."""
    from optuna.trial import TrialState

    settings, seeds = sweep.trials or TRIALS, len(sweep.seeds)
    if not _is_begun(ledger.folder):
        return settings * seeds
    study = open_study(sweep, ledger.folder)
    open_ = study.get_trials(states=(TrialState.RUNNING,))
    begun = [
        ledger.outcome(cell.trial.key)
        for trial in open_
        for cell in sweep.cells(setting_from(sweep, trial.params))
    ]
    done = sum(outcome is not None for outcome in begun)
    return max(0, (settings - len(_settled(study))) * seeds - done)


def setting_from(sweep: Sweep, proposed: dict[str, Any]) -> Setting:
    """Convert Optuna's parameters to a setting."""
    values = {p.name: _value(p, proposed[p.name]) for p in sweep.space}
    return sweep.setting(values)


def require_optuna() -> None:
    """ConfigError if Optuna is not installed."""
    try:
        import optuna  # noqa: F401 - only to see whether it is there
    except ImportError as error:
        raise ConfigError(
            'method = "tpe" needs Optuna. Install it with '
            "pip install 'handgrad[optuna]', or use method = \"random\"."
        ) from error


def open_study(sweep: Sweep, folder: Path) -> "Study":
    """Create or load the search of the journal in a folder."""
    require_optuna()
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / JOURNAL
    lock: Any = _NoLock()
    median = optuna.pruners.MedianPruner(COMPARED, n_warmup_steps=JUDGED_FROM)
    try:
        return optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path), lock)),
            study_name=sweep.identity,
            direction=sweep.direction,
            pruner=median if sweep.pruning == "median" else optuna.pruners.NopPruner(),
            load_if_exists=True,
        )
    except (ValueError, KeyError) as error:
        raise IntegrityError(
            f"{path} is damaged. Remove it to restart the search; trials that are done "
            "are not run again."
        ) from error


class _NoLock:
    """No locking: one runner owns the folder, and a lock file would survive a kill."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _is_begun(folder: Path) -> bool:
    path = folder / JOURNAL
    return path.is_file() and path.stat().st_size > 0


def cut_torn_line(journal: Path) -> None:
    """Cut off a partial last line, which would corrupt the next one."""
    append(journal, b"")  # as Optuna will: RunError for a link
    content = read_file(journal)
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        cut(journal, whole)


def _settled(study: "Study") -> list[Any]:
    from optuna.trial import TrialState

    return study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))


def _drop(study: "Study", number: int) -> None:
    from optuna.trial import TrialState

    study.tell(number, state=TrialState.FAIL)  # ignored by the sampler


def _sampler(seed: int, count: int, attempt: int) -> "BaseSampler":
    from optuna.samplers import TPESampler

    key = Key(seed).child("tpe").at(count, np.array([attempt]))
    return TPESampler(seed=int(random_bits(key, (1,))[0]), n_startup_trials=AT_RANDOM)


def _distribution(parameter: Parameter) -> "BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(parameter, Choice):  # as strings: Optuna does not support lists
        return CategoricalDistribution([_stored(v) for v in parameter.values])
    if parameter.integer:
        low, high = int(parameter.low), int(parameter.high)
        return IntDistribution(low, high, log=parameter.log)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log)


def _value(parameter: Parameter, proposed: Any) -> Any:
    if isinstance(parameter, Choice):
        return {_stored(v): v for v in parameter.values}[proposed]
    return int(proposed) if parameter.integer else parameter.rounded(proposed)


def _stored(value: Any) -> str:
    """A value as text in the journal, where searches of older versions have it."""
    if isinstance(value, list | tuple):
        return "-".join(map(_stored, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
