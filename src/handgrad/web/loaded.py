"""Networks of runs, loaded once and kept while their files stay the same."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from handgrad.errors import HandgradError
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
        self._kept: OrderedDict[Any, Loaded] = OrderedDict()

    def get(self, path: Path) -> Loaded:
        """The network of the best checkpoint of a run folder."""
        with self._lock:
            key = (path, _stamp(path))
            if key not in self._kept:
                subject = subject_of(path)
                network: TrainedNetwork = subject.classifier
                self._kept[key] = Loaded(network, subject, {}, Lock())
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def last(self, path: Path) -> Subject:
        """The network of the last checkpoint, which changes while a run trains."""
        return subject_of(load(path, "last"))


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes with the checkpoints of a run and its calibration."""
    names = ("checkpoints/best.json", "result.json", "calibration.json")
    files = [path / name for name in names]
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)


def sentence(error: HandgradError) -> str:
    """The message of an error, on one line."""
    return " ".join(str(error).split())
