"""Networks of runs, loaded once and kept while their files stay the same."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from handgrad.inspection.mistakes import Mistakes, mistakes
from handgrad.inspection.subject import Subject, subject_of
from handgrad.training.trained_network import TrainedNetwork, load

MOST = 4  # networks in memory
ALL = 1_000_000_000  # mistakes: all of them


@dataclass
class Loaded:
    """A network with what was computed from it; one thread uses it at a time."""

    network: TrainedNetwork
    subject: Subject
    judged: dict[str, Mistakes]
    lock: Lock

    def predictions(self, split: str) -> Mistakes:
        """The predictions on a split of the run, with all mistakes."""
        if split not in self.judged:
            found = mistakes(self.subject, split=split or None, count=ALL)
            self.judged[split] = found
        return self.judged[split]


class Networks:
    """The networks that were used last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept = lru_cache(MOST)(_loaded)

    def get(self, path: Path) -> Loaded:
        """The network of the best checkpoint of a run folder."""
        with self._lock:
            return self._kept(path, _stamp(path))

    def last(self, path: Path) -> Subject:
        """The network of the last checkpoint, which changes while a run trains."""
        return subject_of(load(path, "last"))


def _loaded(path: Path, _: tuple[int, ...]) -> Loaded:
    subject = subject_of(path)
    return Loaded(subject.classifier, subject, {}, Lock())


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes with the checkpoints of a run and its calibration."""
    names = ("checkpoints/best.json", "result.json", "calibration.json")
    files = [path / name for name in names]
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
