"""Run one trial in its own process: python -m handgrad.studies.trial FOLDER WORKERS.

It reads FOLDER/trial.json, trains in FOLDER/run (resuming where a killed process
stopped) and writes FOLDER/outcome.json last. Each epoch is a line of JSON on stdout.
When its standard input ends, its parent process is gone, and it ends too.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

from handgrad.errors import HandgradError, NonFiniteError, RunError
from handgrad.metrics import as_lists
from handgrad.studies.contents import check_content
from handgrad.studies.experiment import CURVES
from handgrad.studies.inspections import Place, inspect
from handgrad.studies.ledger import DIVERGED, DONE, FAILED, Outcome, as_json
from handgrad.studies.outcomes import numbers_of
from handgrad.studies.trial_outcomes import curves_of
from handgrad.studies.trial_runs import run_of
from handgrad.studies.trials import Trial
from handgrad.training.atomic import write_file
from handgrad.training.environment import describe_environment
from handgrad.training.real_files import read_file
from handgrad.training.records import EpochRecord
from handgrad.training.run import Run
from handgrad.training.trained_network import load

ORPHANED = 3  # exit code of a trial whose parent process is gone

Report = Callable[[dict[str, Any]], None]


def main(folder: Path, workers: int | None) -> None:
    """Run the trial and write its outcome, whatever happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides
    Thread(target=_end_with_parent, daemon=True).start()
    spec = json.loads(read_file(folder / "trial.json"))
    begun = perf_counter()
    outcome = {"trial": spec, **ending(lambda: measure(spec, folder, workers))}
    outcome.setdefault("seconds", round(perf_counter() - begun, 3))
    outcome["environment"] = describe_environment()
    write_file(folder / "outcome.json", as_json(outcome))


def measure(spec: dict[str, Any], folder: Path, workers: int | None) -> Outcome:
    """Return the results of a trial."""
    if spec["kind"] == "inspection":
        return look(spec, folder, workers)
    return train(spec, folder, workers, _say)


def look(spec: dict[str, Any], folder: Path, workers: int | None) -> Outcome:
    """Return the results of an inspection; its figures go into the trial's folder."""
    place = Place(folder, study_data(), workers)
    metrics = inspect(spec["name"], spec["options"], spec["seed"], place)
    check_content(Trial(spec), place.dataset_sha256)
    return {"metrics": metrics, "dataset_sha256": place.dataset_sha256}


def ending(work: Callable[[], Outcome]) -> Outcome:
    """Return the results of the work, or the reason why there are none."""
    try:
        return {"status": DONE, "reason": None, **work()}
    except NonFiniteError as error:
        return {"status": DIVERGED, "reason": str(error), "metrics": {}}
    except HandgradError as error:
        return {"status": FAILED, "reason": str(error), "metrics": {}}
    except MemoryError:
        reason = "It needs more memory than is available."
        return {"status": FAILED, "reason": reason, "metrics": {}}
    except Exception as error:  # any error belongs in the ledger
        reason = f"{type(error).__name__}: {error}"
        return {"status": FAILED, "reason": reason, "metrics": {}}


def train(
    spec: dict[str, Any], folder: Path, workers: int | None, report: Report
) -> Outcome:
    """Train to the end and evaluate the network that `test` names."""
    trial, path = Trial(spec), folder / "run"
    run = run_of(trial.tables, path, workers=workers, data_dir=study_data())
    assert run.config.resolved is not None
    content = run.config.resolved.dataset_sha256
    check_content(trial, content)
    for record in run:
        if isinstance(record, EpochRecord):
            curves = {name: getattr(record, name) for name in CURVES}
            report({"epoch": record.epoch, **curves})
    curves = curves_of(run.folder)
    ended = ("parameters", "seconds")
    metrics = {**numbers_of(curves), **{name: run.result[name] for name in ended}}
    tested, confusion = test_values(run, spec["test"], workers)
    return {
        "metrics": {k: float(v) for k, v in {**metrics, **tested}.items()},
        "curves": curves,
        "confusion": confusion,
        "sha256": run.result["sha256"],
        "dataset_sha256": content,
        "seconds": run.result["seconds"],
    }


def test_values(
    run: Run, which: str, workers: int | None
) -> tuple[dict[str, float], list[list[int]] | None]:
    """Test metrics and the confusion matrix; empty without test images.

    With very many classes the matrix would take gigabytes, and is left out.
    """
    test = run.parts.dataset.test
    if test is None:
        return {}, None
    found = load(run.folder.path, which, workers=workers).evaluate(test)
    values = {
        "test_loss": found.loss,
        "test_accuracy": found.accuracy,
        "test_precision": found.macro_precision,
        "test_recall": found.macro_recall,
        "test_f1": found.macro_f1,
        "test_mistakes": int(found.mistakes_per_class.sum()),
    }
    finite = {name: value for name, value in values.items() if isfinite(value)}
    return finite, as_lists(found.confusion)


def study_data() -> Path | None:
    """The data folder that was given to the parent process."""
    named = os.environ.get("HANDGRAD_STUDY_DATA")
    return Path(named) if named else None


def _say(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not sys.stdin: its lock aborts the exit
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]) or None)
    except RunError as error:  # the outcome cannot be written: the parent reads it here
        sys.exit(str(error))
